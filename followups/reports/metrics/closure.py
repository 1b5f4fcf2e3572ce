"""How well loops are closed: every figure about tickets, counted by the database and folded here.

The number of queries is constant, whatever the number of tickets, days, people or causes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q

from followups.models import RootCause
from followups.models.tickets import LIVE, TicketQuerySet
from followups.reports.metrics import goals
from followups.reports.metrics.counting import Targets, TicketCohort, figure_counts, targets_of
from followups.reports.metrics.facts import OF_FACTS
from followups.reports.metrics.figures import figure_of
from followups.reports.metrics.filters import ReportFilters, reporting_day
from followups.reports.metrics.of_now import OF_NOW, of_now
from followups.reports.metrics.periods import Period, periods
from followups.reports.metrics.promised import OF_PROMISES
from followups.reports.metrics.then import column
from followups.reports.metrics.ways import Way
from followups.reports.survival import Curve
from surveys.scoring import enough, proportion_interval


@dataclass(frozen=True, slots=True)
class Rate:
    """A part of a whole with its 95 % interval, as fractions of 1. Under 20 there is no rate, only the count."""

    count: int
    of: int
    rate: float | None
    low: float | None
    high: float | None

    @classmethod
    def counted(cls, count: int, of: int) -> Rate:
        if not enough(of):
            return cls(count, of, None, None, None)
        low, high = proportion_interval(count, of)
        return cls(count, of, count / of, low, high)

    def as_dict(self) -> dict[str, Any]:
        return {"count": self.count, "of": self.of, "rate": self.rate, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tickets of one cohort each figure of `OF_FACTS` counts."""

    by_name: Mapping[str, int]

    def __getitem__(self, name: str) -> int:
        return self.by_name[name]

    def rate(self, name: str) -> Rate:
        """The figure as a rate of `due`, the one denominator."""
        return Rate.counted(self[name], self["due"])

    @classmethod
    def added(cls, figures: Iterable[Mapping[str, int]]) -> Counts:
        """From tickets by figure, as counted for days or groups."""
        total: Counter[str] = Counter()
        for each in figures:
            total.update(each)
        return cls({name: total[name] for name in OF_FACTS})

    @classmethod
    def folded(cls, rows: Iterable[Mapping[str, Any]]) -> Counts:
        """From rows of facts with `n`, how many tickets have just these facts."""
        known = list(rows)
        return cls({name: sum(row["n"] for row in known if figure.holds(row)) for name, figure in OF_FACTS.items()})


@dataclass(frozen=True, slots=True)
class Cause:
    slug: str
    name: str
    tickets: int


@dataclass(frozen=True, slots=True)
class Age:
    """Tickets at work now whose answer is `first` to `last` days old (None: and older)."""

    first: int
    last: int | None
    at_work: int
    late: int

    def days(self, today: date) -> tuple[date | None, date]:
        """The days of the answers, from (None: any before) and to."""
        oldest = None if self.last is None else today - timedelta(days=self.last)
        return oldest, today - timedelta(days=self.first)


AGES: tuple[tuple[int, int | None], ...] = ((0, 1), (2, 3), (4, 7), (8, 14), (15, 30), (31, None))


@dataclass(frozen=True, slots=True)
class Goal:
    """What is asked of the first contacts of a cohort: `percent` of them within `hours`, where that is one for all.

    `between` is the shortest and the longest time in hours where there is more than one; None on the team clock, too.
    `targets` are all goals that hold on each of its days, by figure, in per cent or points.
    """

    percent: int | None
    hours: float | None
    targets: Mapping[str, int] = field(default_factory=dict)
    between: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Promises:
    """What became of the actions whose date a customer was told. Counts of promises, not of tickets."""

    by_name: Mapping[str, int]

    def __getitem__(self, name: str) -> int:
        return self.by_name[name]

    @property
    def kept(self) -> Rate:
        return Rate.counted(self["promises_kept"], self["promises"])


@dataclass(frozen=True, slots=True)
class ClosureReport:
    """Everything a page or the API shows about the closing of loops in one cohort, as known at `now`."""

    filters: ReportFilters
    now: datetime
    counts: Counts
    by_period: tuple[tuple[Period, Counts], ...]
    first_contact: Curve
    goal: Goal
    promises: Promises
    causes: tuple[Cause, ...]
    without_cause: int
    ages: tuple[Age, ...]
    at_work: int
    late: int
    silent: int
    waiting: int
    unassigned: int

    @property
    def median_seconds(self) -> float | None:
        """Half of the tickets were spoken to within this time, those still waiting included."""
        return self.first_contact.reached(0.5)

    @property
    def ninety_seconds(self) -> float | None:
        return self.first_contact.reached(0.9)

    def as_dict(self) -> dict[str, Any]:
        """For the API: plain types; rates are fractions of 1, times are seconds, null while there is no figure."""
        return {
            "filters": self.filters.as_dict(),
            "as_of": self.now.isoformat(),
            **self.counts.by_name,
            "rates": {name: self.counts.rate(name).as_dict() for name in RATES},
            "goal_percent": self.goal.percent,
            "goals": dict(self.goal.targets),
            "first_contact": {
                "tickets": self.first_contact.n,
                "spoken_to": self.first_contact.events,
                "approximate": self.first_contact.is_rounded,
                "median_seconds": self.median_seconds,
                "ninety_percent_seconds": self.ninety_seconds,
            },
            "promises": {**self.promises.by_name, "kept": self.promises.kept.as_dict()},
            "root_causes": [{"slug": c.slug, "name": c.name, "tickets": c.tickets} for c in self.causes],
            "without_root_cause": self.without_cause,
            "now": {
                "at_work": self.at_work,
                "late": self.late,
                "silent": self.silent,
                "waiting": self.waiting,
                "unassigned": self.unassigned,
                "by_age": [
                    {"days_from": a.first, "days_to": a.last, "at_work": a.at_work, "late": a.late} for a in self.ages
                ],
            },
            "by_period": [
                {
                    "day_from": period.first.isoformat(),
                    "day_to": period.last.isoformat(),
                    **{name: counts[name] for name in OF_PERIODS},
                }
                for period, counts in self.by_period
            ],
        }


# What a period shows of its counts: its columns, and the rows of the table under them.
OF_PERIODS = (
    "cohort",
    "beside",
    "counted",
    "not_due",
    "due",
    "declared",
    "told",
    "confirmed",
    "told_unconfirmed",
    "declared_only",
    "dismissed",
    "unfinished",
    "on_time",
)
RATES = ("declared", "told", "confirmed", "on_time", "dismissed")


def closure_report(filters: ReportFilters, *, now: datetime) -> ClosureReport:
    """Count one cohort as it stands at `now` (aware), or stood at `filters.as_of`. Up to seventeen queries."""
    now = filters.moment(now)
    cohort = TicketCohort(filters, now=now)
    by_day = cohort.by_day
    counts = Counts.added(by_day.values())
    causes = _causes(cohort.causes)
    return ClosureReport(
        filters=filters,
        now=now,
        counts=counts,
        by_period=tuple(
            (period, Counts.added(figures for day, figures in by_day.items() if period.first <= day <= period.last))
            for period in periods(filters.day_from, filters.day_to)
        ),
        first_contact=cohort.first_contact(),
        goal=_goal_over(filters, _goal(cohort.targets)),
        promises=_promises(cohort.promises),
        causes=causes,
        without_cause=counts["declared"] - sum(cause.tickets for cause in causes),
        **_now_figures(filters, now),
    )


def counts_of(filters: ReportFilters, *, now: datetime) -> Counts:
    """The figures of the facts alone, as the report over the same cohort has them. Up to six queries."""
    return Counts.added(TicketCohort(filters, now=now).by_day.values())


def figure_queryset(name: str, filters: ReportFilters, *, now: datetime) -> TicketQuerySet:
    """The tickets that a figure of this cohort counts; those about now are of all days. Raises KeyError if unknown."""
    tickets = filters.all_days() if name in OF_NOW else filters.tickets()
    return figure_of(tickets, name, now=filters.moment(now))


@dataclass(frozen=True, slots=True)
class TicketGroup:
    """The tickets of one team, touchpoint or whatever they were grouped by. An empty `slug` is those without any."""

    slug: str
    name: str
    counts: Counts

    def as_dict(self) -> dict[str, Any]:
        """For the API: plain types; rates are fractions of 1, null of under 20."""
        rates = {name: self.counts.rate(name).as_dict() for name in RATES}
        return {"slug": self.slug, "name": self.name, **self.counts.by_name, "rates": rates}


def closure_groups(filters: ReportFilters, way: Way, *, now: datetime) -> tuple[TicketGroup, ...]:
    """The tickets of a cohort by one way, by name; those in no group come last. Up to seven queries."""
    found = figure_counts(filters, way, now=now)
    names = way.names(found)
    groups = (TicketGroup(key, names.get(key, key), Counts.added([figures])) for key, figures in found.items())
    return tuple(sorted(groups, key=lambda group: (not group.slug, group.name.casefold(), group.slug)))


def first_contact_curve(filters: ReportFilters, *, now: datetime) -> Curve:
    """Time from the answer to the first evidenced contact on the customer clock, those still waiting included."""
    return TicketCohort(filters, now=now).first_contact()


def _goal(asked: Targets) -> Goal:
    ends = None
    if asked.shortest and asked.longest and not asked.on_team_clock:
        ends = asked.shortest / 60, asked.longest / 60
    is_one = ends is not None and ends[0] == ends[1]
    return Goal(
        percent=asked.lowest if asked.lowest == asked.highest else None,
        hours=ends[0] if ends and is_one else None,
        between=None if is_one else ends,
    )


def goal_over(filters: ReportFilters, tickets: TicketQuerySet) -> Goal:
    """What was set for these tickets, before what the policies behind them ask for where they agree. Two queries."""
    return _goal_over(filters, _goal(targets_of(tickets)))


def _goal_over(filters: ReportFilters, policies: Goal) -> Goal:
    targets = goals.targets_of(filters, policies.percent)
    return replace(policies, percent=targets.get("on_time"), targets=targets)


def promises_in(cohort: TicketCohort) -> Promises:
    """What became of the promises on the tickets of one cohort. One query where not everything is kept."""
    return _promises(cohort.promises)


def _promises(by_kind: Mapping[str, int]) -> Promises:
    return Promises({name: sum(by_kind.get(kind, 0) for kind in kinds) for name, kinds in OF_PROMISES.items()})


def _causes(by_key: Mapping[int, int]) -> tuple[Cause, ...]:
    named = RootCause.objects.order_by().values_list("pk", "slug", "name")
    rows = (Cause(slug, name, by_key[key]) for key, slug, name in named if by_key.get(key))
    return tuple(sorted(rows, key=lambda cause: (-cause.tickets, cause.name)))


def _now_figures(filters: ReportFilters, now: datetime) -> dict[str, Any]:
    today = reporting_day(now)
    tickets = filters.all_days().order_by()
    running_out = Q(**{f"{column(tickets, 'due_at')}__lt": now})
    by_day = (
        figure_of(tickets, "at_work", now=now)
        .values_list("day")
        .annotate(n=Count("pk"), late=Count("pk", filter=running_out))
    )
    at_work: Counter[tuple[int, int | None]] = Counter()
    late: Counter[tuple[int, int | None]] = Counter()
    for day, n, late_n in by_day:
        days = max((today - day).days, 0)
        age = next(age for age in AGES if age[1] is None or days <= age[1])
        at_work[age] += n
        late[age] += late_n
    # Each of them is live, and of those there are few and an index: of all the others nothing is read.
    others = {name: Count("pk", filter=of_now(tickets, name, now)) for name in ("silent", "waiting", "unassigned")}
    counted = tickets.filter(**{f"{column(tickets, 'state')}__in": LIVE}).aggregate(**others)
    return {
        "ages": tuple(Age(*age, at_work=at_work[age], late=late[age]) for age in AGES),
        "at_work": at_work.total(),
        "late": late.total(),
        **counted,
    }
