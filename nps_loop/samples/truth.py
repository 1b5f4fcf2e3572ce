"""What the sample set must hold, known from its plan alone: the figures that reports, API and tests are compared with.

Nothing here asks the database. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from followups.models.tickets import ClosedAs, DismissReason, TicketState
from nps_loop.samples import answers, company, desk, hard_lives, lives
from nps_loop.samples.answers import Answer
from nps_loop.samples.lives import End
from surveys.scoring import Band, nps

ENDS: dict[str, End] = {
    name: end for stories in (lives.LIVES, desk.LIVES, hard_lives.LIVES) for name, (_story, end) in stories.items()
}
# Answers with whom nobody can get in touch, whatever their score.
NOBODY_TO_REACH = ("X-anonymous-", "X-do-not-contact-")
REMOVED = (DismissReason.DUPLICATE, DismissReason.TEST, DismissReason.SPAM)
FIRST_CONTACT_WITHIN = timedelta(hours=48)


@dataclass(frozen=True)
class Truth:
    """Counts of one sample set. `by_moment` holds scores per touchpoint; `closure` the figures of the closure report."""

    recorded: int
    excluded: Mapping[str, int]
    scores: Mapping[int, int]
    by_moment: Mapping[str, Mapping[int, int]]
    tickets: int
    states: Mapping[str, int]
    closings: Mapping[str, int]
    closure: Mapping[str, int]
    dip: tuple[str, datetime, datetime]
    slow_owner: str = company.SLOW
    # Log-in -> (first contacts in time, later), as they were made.
    first_contacts: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def bands(self) -> Counter[Band]:
        return _bands(self.scores)

    @property
    def nps(self) -> float:
        """Rounded to two decimals, as an import prints it."""
        return round(_nps(self.scores), 2)

    def nps_of(self, moment: str) -> float:
        return round(_nps(self.by_moment[moment]), 2)


def truth_of(plan: Sequence[Answer], contacts: Mapping[str, tuple[datetime, str]], *, now: datetime) -> Truth:
    """The figures of a planned set. `contacts`: when and by whom each first contact was made, as the stage noted it."""
    counted = [answer for answer in plan if not answer.excluded]
    by_moment: dict[str, Counter[int]] = {}
    for answer in counted:
        by_moment.setdefault(answer.moment, Counter())[answer.score] += 1
    opening = [answer for answer in plan if answer.opens]
    ends = {answer.key: ENDS[answer.life] for answer in opening}
    days = answers.DAY
    return Truth(
        recorded=len(plan),
        excluded=Counter(answer.excluded for answer in plan if answer.excluded),
        scores=Counter(answer.score for answer in counted),
        by_moment=by_moment,
        tickets=len(opening),
        states=Counter(str(end.state) for end in ends.values()),
        closings=Counter(str(end.closed_as) for end in ends.values() if end.closed_as),
        closure=_closure(opening, ends, contacts),
        dip=(answers.DIP_MOMENT, now - answers.DIP_FROM * days, now - answers.DIP_TO * days),
        first_contacts=_by_owner(opening, contacts),
    )


def _closure(
    opening: Sequence[Answer], ends: Mapping[str, End], contacts: Mapping[str, tuple[datetime, str]]
) -> Mapping[str, int]:
    places: Counter[str] = Counter(cohort=len(opening))
    due: list[Answer] = []
    for answer in opening:
        end = ends[answer.key]
        if end.dismissed_as in REMOVED:
            places["removed"] += 1
        elif end.closed_as == ClosedAs.LEFT_IN_PEACE or answer.contact_me is False:
            places["left_in_peace"] += 1
        elif answer.key.startswith(NOBODY_TO_REACH):
            places["nobody_to_reach"] += 1
        elif end.state in (TicketState.CLOSED, TicketState.DISMISSED):
            due.append(answer)
        else:
            places["not_due"] += 1
    declared = [answer for answer in due if ends[answer.key].closed_as]
    places.update(
        due=len(due),
        declared=len(declared),
        told=sum(ends[answer.key].told for answer in declared),
        confirmed=sum(ends[answer.key].closed_as == ClosedAs.CONFIRMED for answer in declared),
        agreed_to_differ=sum(ends[answer.key].closed_as == ClosedAs.AGREED_TO_DIFFER for answer in declared),
        dismissed=len(due) - len(declared),
        on_time=sum(_is_in_time(answer, contacts) is True for answer in due),
        contacted_later=sum(_is_in_time(answer, contacts) is False for answer in due),
    )
    return places


def _is_in_time(answer: Answer, contacts: Mapping[str, tuple[datetime, str]]) -> bool | None:
    """Whether first contact was in time; None where there was none. Lukewarm ones have five working days: always."""
    if answer.key not in contacts:
        return None
    return answer.band is Band.PASSIVE or contacts[answer.key][0] - answer.at <= FIRST_CONTACT_WITHIN


def _by_owner(opening: Sequence[Answer], contacts: Mapping[str, tuple[datetime, str]]) -> Mapping[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for answer in opening:
        if answer.key in contacts:
            owner = contacts[answer.key][1]
            in_time, later = found.get(owner, (0, 0))
            found[owner] = (in_time + 1, later) if _is_in_time(answer, contacts) else (in_time, later + 1)
    return found


def _bands(scores: Mapping[int, int]) -> Counter[Band]:
    found: Counter[Band] = Counter()
    for score, n in scores.items():
        found[answers.band(score)] += n
    return found


def _nps(scores: Mapping[int, int]) -> float:
    bands = _bands(scores)
    return nps(bands[Band.PROMOTER], bands[Band.PASSIVE], bands[Band.DETRACTOR]).value or 0.0
