"""What is worth a line of a digest, and in which order. Pure: counts and comparisons in, findings out.

What can be dealt with today stands before what can only be thought about. In the order of the list below, which is that
of severity: a finding of an earlier kind always comes first, and of one kind the larger count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from followups.reports import exact


class Kind(StrEnum):
    """The kinds of findings, the most severe first, each with the threshold from which it is one.

    Counts are of this moment and are left out at zero:

    - `late_first_contact`: tickets at work whose first contact was due before now.
    - `unassigned`: live tickets that nobody has.
    - `promise_over`: live tickets with an open action whose date a customer was told and is over.
    - `not_yet_unanswered`: live tickets whose customer said *not yet* and waits for our answer.
    - `reopened_twice`: live tickets in their second cycle or later after the first one.
    - `silent`: tickets at work with an owner and without an event for seven days.
    - `approval_waiting`: live tickets with a wish to dismiss that nobody has decided on.
    - `mail_stuck`: tickets with a mail to the customer that failed or came back within seven days.

    Comparisons are left out unless chance alone would make them less often than 5 %, after Holm's correction for all
    that one digest compares:

    - `goal_missed`: a figure whose whole 95 % interval lies below the goal that holds now.
    - `touchpoint_worse`: a touchpoint whose NPS lies below that of all other answers of those days.
    - `nps_fell`: an NPS below that of as many days before.
    """

    LATE_FIRST_CONTACT = "late_first_contact"
    UNASSIGNED = "unassigned"
    PROMISE_OVER = "promise_over"
    NOT_YET_UNANSWERED = "not_yet_unanswered"
    REOPENED_TWICE = "reopened_twice"
    SILENT = "silent"
    APPROVAL_WAITING = "approval_waiting"
    MAIL_STUCK = "mail_stuck"
    GOAL_MISSED = "goal_missed"
    TOUCHPOINT_WORSE = "touchpoint_worse"
    NPS_FELL = "nps_fell"


ORDER: tuple[Kind, ...] = tuple(Kind)
COMPARED = (Kind.GOAL_MISSED, Kind.TOUCHPOINT_WORSE, Kind.NPS_FELL)
OF_NOW = tuple(kind for kind in ORDER if kind not in COMPARED)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `n` is what its list holds, `team` whose it is (empty: no need to say), `about` what its words need."""

    kind: Kind
    n: int
    path: str
    team: str = ""
    about: Any = None

    @property
    def rank(self) -> tuple[int, int]:
        """The smaller, the more severe."""
        return ORDER.index(self.kind), -self.n


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison that was made: how often chance alone would go as far, and whether it goes the bad way."""

    finding: Finding
    chance: float
    is_worse: bool


def of_now(counts: Mapping[str, int], paths: Mapping[str, str], team: str = "") -> list[Finding]:
    """A finding for each count that is not zero."""
    return [Finding(kind, counts[kind], paths[kind], team) for kind in OF_NOW if counts.get(kind)]


def beyond_chance(made: Sequence[Comparison]) -> list[Finding]:
    """Those that go the bad way by more than chance, corrected for every comparison made, the good ones included."""
    corrected = exact.holm([each.chance for each in made])
    return [
        each.finding for each, chance in zip(made, corrected, strict=True) if each.is_worse and chance < exact.LEVEL
    ]


def worst_first(found: Iterable[Finding]) -> list[Finding]:
    """By severity; of one kind the larger count first, and then by team."""
    return sorted(found, key=lambda finding: (*finding.rank, finding.team.casefold(), finding.path))
