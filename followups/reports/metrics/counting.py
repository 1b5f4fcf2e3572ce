"""Where every count of a report comes from: kept counts of whole days where they hold, else the rows themselves.

What is kept, and when it holds, is the business of `reports.rollups`; the figures are the same either way. Only medians
of many tickets differ, by at most the width in which waits are kept (2 %).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache, cached_property
from typing import Any

from django.db.models import Count, Expression, F, Max, Min, Q, Subquery

from followups.models import Deadline, RecoveryTally, RollupKind, SlaPolicy, TicketTally
from followups.models.tickets import TicketQuerySet
from followups.reports.metrics.facts import FACTS, OF_FACTS, Place, with_facts, without_removed
from followups.reports.metrics.figures import OF_REOPENING, figure_of
from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.promised import promises
from followups.reports.metrics.recovered import is_recovered, with_recovery
from followups.reports.metrics.standing import standing_of
from followups.reports.metrics.stretches import first_contact_at, resolved_at
from followups.reports.metrics.then import is_then
from followups.reports.metrics.ways import Way
from followups.reports.rollups import answers as of_answers
from followups.reports.rollups import recovery as of_recovery
from followups.reports.rollups import tickets as of_tickets
from followups.reports.rollups.cells import Parts, parts
from followups.reports.rollups.days import KeptDays
from followups.reports.rollups.work import Worked, worked
from followups.reports.survival import Curve, curve_of_counts

# The times of fewer tickets are looked up one by one, so that their medians are exact.
EXACT_UNDER = 2_000
# When what is waited for happened to each of some tickets.
When = Callable[[TicketQuerySet], Expression | F]


# --- answers -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ScoreCount:
    """`n` answers that count gave this score on this day; `group` is empty where nothing was grouped."""

    day: date
    group: str
    score: int
    n: int


def kept_answers(filters: ReportFilters, *, now: datetime) -> KeptDays:
    """The days of a cohort, and of the one before it, whose answers are counted already. Two queries."""
    return KeptDays.read(RollupKind.ANSWERS, filters.before().day_from, filters.day_to, now=now)


def score_counts(filters: ReportFilters, kept: KeptDays) -> list[ScoreCount]:
    """The answers of a cohort that count in NPS, by day and score. One query, two where not every day is kept."""
    return [ScoreCount(day, "", score, n) for (day, _group, score), n in _scores(filters, kept).items() if day]


def group_counts(filters: ReportFilters, kept: KeptDays, way: Way) -> dict[str, Counter[int]]:
    """How often each score was given in each group of a way. One query, two where not every day is kept.

    An answer that is in several groups is counted in each.
    """
    found: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for (_day, group, score), n in _scores(filters, kept, way).items():
        found[group][score] += n
    return dict(found)


def _scores(filters: ReportFilters, kept: KeptDays, way: Way | None = None) -> Counter[tuple[date | None, str, int]]:
    by_day = way is None
    tallies, answers = of_answers.read(filters, kept, way)
    found = Counter() if tallies is None else of_answers.scores(tallies, way, by_day=by_day)
    if answers is not None:
        columns = way.columns(tickets=False) if way else {}
        counted = answers.counted().order_by()
        score = counted.column("score")
        keys = (*(("day",) if by_day else ()), score, *columns)
        rows = counted.annotate(**columns).values(*keys).annotate(n=Count("pk"))
        for row in rows:
            for group in way.groups(row) if way else ("",):
                found[row["day"] if by_day else None, group, row[score]] += row["n"]
    return found


def excluded_counts(filters: ReportFilters, kept: KeptDays) -> dict[str, int]:
    """The answers of a cohort that are left out of NPS, by why. One query, two where not every day is kept."""
    tallies, answers = of_answers.read(filters, kept)
    found = Counter() if tallies is None else of_answers.excluded(tallies)
    if answers is not None:
        excluded = answers.left_out().order_by()
        found.update(dict(excluded.values_list(excluded.column("excluded_as")).annotate(n=Count("pk"))))
    return dict(found)


# --- tickets -----------------------------------------------------------------------------------------------------


class TicketCohort:
    """The tickets of one cohort, counted as they stand at `now`. Each figure is read when it is first asked for.

    Up to four queries say which part of it is kept; the kept part is one more, and each figure at most two for the
    rest.
    """

    def __init__(self, filters: ReportFilters, *, now: datetime) -> None:
        self.filters, self.now = filters, filters.moment(now)
        kept = KeptDays.read(RollupKind.TICKETS, filters.day_from, filters.day_to, now=self.now)
        self.parts: Parts = parts(TicketTally, filters, kept)

    @cached_property
    def _kept(self) -> dict[date, of_tickets.Sums]:
        return {} if self.parts.tallies is None else of_tickets.add_up(self.parts.tallies, "day")

    @cached_property
    def _together(self) -> of_tickets.Sums:
        return of_tickets.Sums.together(self._kept.values())

    @cached_property
    def by_day(self) -> dict[date, Counter[str]]:
        """Tickets of each day by figure of `OF_FACTS`."""
        found: defaultdict[date, Counter[str]] = defaultdict(Counter)
        for day, sums in self._kept.items():
            found[day].update(sums.figures)
        for part in self.parts.tickets:
            for row in fact_counts(part, now=self.now):
                found[row["day"]].update(figures_of(row))
        return dict(found)

    @property
    def due_by_band(self) -> Counter[str]:
        """Tickets that are due, by band."""
        found: Counter[str] = Counter()
        if self.parts.tallies is not None:
            for band, sums in of_tickets.add_up(self.parts.tallies, "band", ("counts",)).items():
                found[band] += sums.figures["due"]
        for part in self.parts.tickets:
            due = OF_FACTS["due"].of(part, now=self.now).order_by()
            found.update(dict(due.values_list("band").annotate(n=Count("pk"))))
        return found

    @cached_property
    def counted(self) -> int:
        """How many are counted: the others are in no rate and no curve."""
        return sum(figures["counted"] for figures in self.by_day.values())

    @property
    def promises(self) -> Counter[str]:
        """Promises by what became of them; one query where not everything is kept."""
        found = self._together.promises if self._kept else Counter()
        for part in self.parts.tickets:
            tickets = without_removed(part, now=self.now).order_by().values("pk")
            made = promises(now=self.now, then=is_then(part)).filter(ticket__in=tickets).order_by()
            found.update(dict(made.values_list("kept").annotate(n=Count("pk"))))
        return found

    @property
    def reopening(self) -> Counter[str]:
        """Tickets by figure of `OF_REOPENING`; two queries where not everything is kept."""
        found = self._together.reopening if self._kept else Counter()
        for part in self.parts.tickets:
            for name in OF_REOPENING:
                found[name] += figure_of(part, name, now=self.now).order_by().count()
        return found

    @property
    def causes(self) -> Counter[int]:
        """Declared tickets by the key of the root cause that stands; one query where not everything is kept."""
        found = self._together.causes if self._kept else Counter()
        for part in self.parts.tickets:
            declared = OF_FACTS["declared"].of(part, now=self.now).order_by()
            standing = standing_of(part, self.now).order_by().values("root_cause")[:1]
            by_cause: Any = declared.annotate(cause=Subquery(standing)).filter(cause__isnull=False)
            found.update(dict(by_cause.values_list("cause").annotate(n=Count("pk"))))
        return found

    @property
    def targets(self) -> Targets:
        """What is asked of the first contacts; one query where not everything is kept."""
        of_kept = self._together
        found = [
            Targets(of_kept.lowest_goal, of_kept.highest_goal, of_kept.shortest, of_kept.longest, of_kept.on_team_clock)
        ]
        return Targets.together([*found, *(targets_of(part) for part in self.parts.tickets)])

    def first_contact(self) -> Curve:
        """Time from the answer to the first evidenced contact, on the customer clock."""
        return self._curve(first_contact_at, resolved=False)

    def resolution(self) -> Curve:
        """Time from the answer to the declared end that stands, on the customer clock."""
        return self._curve(resolved_at, resolved=True)

    @property
    def is_looked_up(self) -> bool:
        """Whether times are those of the rows, because nothing is kept or there are too few."""
        return not self._kept or self.counted < EXACT_UNDER

    def worked(self) -> Worked:
        """The times of the kept part on the team clock. Up to two queries."""
        if self.parts.tallies is None:
            return Worked.together(())
        return worked(self.parts.tallies, self._together.figures["counted"], now=self.now)

    def _curve(self, happened_at: When, *, resolved: bool) -> Curve:
        if self.is_looked_up:
            return curve_of_counts(*_waits(self.filters.tickets(), happened_at, self.now))
        happened, waiting = self._together.waits(resolved=resolved, now=self.now)
        for part in self.parts.tickets:
            also_happened, also_waiting = _waits(part, happened_at, self.now)
            happened.update(also_happened)
            waiting.update(also_waiting)
        return replace(curve_of_counts(happened, waiting), is_rounded=True)


@dataclass(frozen=True, slots=True)
class Targets:
    """The bounds of what policies ask for: percent of first contacts in time, minutes, and how many by team clock."""

    lowest: int | None
    highest: int | None
    shortest: int | None
    longest: int | None
    on_team_clock: int

    @classmethod
    def together(cls, each: Iterable[Targets]) -> Targets:
        known = list(each)

        def end(name: str, of: Any) -> int | None:
            given = [value for targets in known if (value := getattr(targets, name)) is not None]
            return of(given) if given else None

        return cls(
            end("lowest", min),
            end("highest", max),
            end("shortest", min),
            end("longest", max),
            sum(targets.on_team_clock for targets in known),
        )


def targets_of(tickets: TicketQuerySet) -> Targets:
    """What is asked of the first contacts of these tickets. One query."""
    first_ones = Deadline.objects.filter(
        ticket__in=tickets.order_by().values("pk"), cycle=0, target=Deadline.Target.FIRST_CONTACT
    )
    return Targets(
        **first_ones.aggregate(
            lowest=Min("policy__goal_percent"),
            highest=Max("policy__goal_percent"),
            shortest=Min("minutes"),
            longest=Max("minutes"),
            on_team_clock=Count("pk", filter=Q(clock=SlaPolicy.Clock.TEAM)),
        )
    )


def fact_counts(tickets: TicketQuerySet, way: Way | None = None, *, now: datetime) -> list[dict[str, Any]]:
    """Tickets, from their rows, by day, facts and, with `way`, its groups: rows of `day`, `group`, `FACTS` and `n`.

    A ticket that is in several groups is counted in each. One query.
    """
    columns = {} if way is None else way.columns_then() if is_then(tickets) else way.columns(tickets=True)
    rows = with_facts(tickets, now=now).order_by().annotate(**columns).values("day", *FACTS, *columns)
    return [
        {"day": row["day"], "group": group, **{fact: row[fact] for fact in FACTS}, "n": row["n"]}
        for row in rows.annotate(n=Count("pk"))
        for group in (way.groups(row) if way else ("",))
    ]


def figure_counts(
    filters: ReportFilters, way: Way, *, now: datetime, teams: list[int] | None = None
) -> dict[str, Counter[str]]:
    """The tickets of a cohort by group of a way and figure of `OF_FACTS`; with `teams`, those of these teams only.

    A ticket that is in several groups is counted in each. Up to six queries.
    """
    now = filters.moment(now)
    kept = KeptDays.read(RollupKind.TICKETS, filters.day_from, filters.day_to, now=now)
    cohort = parts(TicketTally, filters, kept, way)
    if teams is not None:
        cohort = cohort.of_teams(teams)
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    if cohort.tallies is not None:
        by = "team__slug" if way.name == "team" else "group"
        for group, sums in of_tickets.add_up(cohort.tallies, by, ("counts",)).items():
            found[group or ""].update(sums.figures)
    for part in cohort.tickets:
        for row in fact_counts(part, way, now=now):
            found[row["group"]].update(figures_of(row))
    return dict(found)


def figures_of(row: Mapping[str, Any]) -> dict[str, int]:
    """How many tickets with these facts each figure of `OF_FACTS` counts."""
    return dict.fromkeys(_figures_that_hold(tuple(row[fact] for fact in FACTS)), row["n"])


@cache
def _figures_that_hold(facts: tuple[Any, ...]) -> tuple[str, ...]:
    """Worked out once for each of the few hundred combinations there are: a report meets each of them many times."""
    named = dict(zip(FACTS, facts, strict=True))
    return tuple(name for name, figure in OF_FACTS.items() if figure.holds(named))


def _waits(tickets: TicketQuerySet, happened_at: When, now: datetime) -> tuple[Counter[float], Counter[float]]:
    """How many took so many seconds, and how many have waited for so long. Dismissed ones wait, see `survival`."""
    happened: Counter[float] = Counter()
    waiting: Counter[float] = Counter()
    rows = figure_of(tickets, "counted", now=now).order_by().values_list("responded_at", happened_at(tickets))
    for responded_at, at in rows.iterator(chunk_size=5_000):
        seconds = max(((at or now) - responded_at).total_seconds(), 0.0)
        (waiting if at is None else happened)[seconds] += 1
    return happened, waiting


# --- recovery ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    """Tickets that were asked again, those of them that answered, and all by (band then, band now).

    Of what is due: all by band then, and those whose band now is a better one.
    """

    asked: int
    answered: int
    changes: Counter[tuple[str, str]]
    due: Counter[str]
    recovered_due: Counter[str]


def recovery_counts(filters: ReportFilters, *, now: datetime) -> Heard:
    """What was heard again from the tickets of a cohort. Up to twelve queries."""
    now = filters.moment(now)
    kept = KeptDays.read(RollupKind.RECOVERY, filters.day_from, filters.day_to, now=now)
    cohort = parts(RecoveryTally, filters, kept)
    asked, answered, changes, recovered = 0, 0, Counter[tuple[str, str]](), Counter[str]()
    if cohort.tallies is not None:
        asked, answered, changes, recovered = of_recovery.add_up(cohort.tallies)
    facts = ("band", "place", "asked_again", "answered_again", "later_band")
    for part in cohort.tickets:
        tickets = with_recovery(with_facts(part, now=now), now=now).order_by()
        for row in tickets.values(*facts).annotate(n=Count("pk")):
            asked += row["n"] if row["asked_again"] else 0
            answered += row["n"] if row["asked_again"] and row["answered_again"] else 0
            if row["later_band"]:
                changes[row["band"], row["later_band"]] += row["n"]
            if is_recovered(row["band"], row["later_band"]) and row["place"] == Place.DUE:
                recovered[row["band"]] += row["n"]
    return Heard(asked, answered, changes, TicketCohort(filters, now=now).due_by_band, recovered)
