"""How far the goals are reached: each figure by team and by stretch of days on which one goal held.

The number of queries is constant, whatever the number of teams, goals and days.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Max, Min, Q

from followups.models import Deadline, Team
from followups.reports import exact
from followups.reports.metrics.closure import Counts
from followups.reports.metrics.facts import FACTS, Place, with_facts
from followups.reports.metrics.filters import ReportFilters, answered_to
from followups.reports.metrics.goals import Metric, Stretch, Verdict, goals_for, stretches, verdict
from followups.reports.metrics.promised import OF_PROMISES, promises
from followups.reports.metrics.recovered import FROM, with_recovery
from followups.reports.metrics.response_rate import ASKED, State, invitations_of
from surveys.scoring import Z95, Band, enough, nps, proportion_interval

# What is counted of tickets as they are, and so by one query.
OF_TICKETS = (Metric.ON_TIME, Metric.TOLD, Metric.CONFIRMED)
# Where the goal comes from.
OWN, EVERYBODYS, POLICY = "team", "everybody", "policy"


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure in per cent, or in points of NPS: `count` of `n` (of an NPS: promoters less detractors).

    `value` and its 95 % interval are None under 20. `chance` is `against`'s answer.
    """

    count: int
    n: int
    value: float | None
    low: float | None
    high: float | None
    margin: float | None = None

    @classmethod
    def rate(cls, count: int, n: int) -> Measured:
        if not enough(n):
            return cls(count, n, None, None, None)
        low, high = proportion_interval(count, n)
        return cls(count, n, 100 * count / n, 100 * low, 100 * high)

    @classmethod
    def score(cls, promoters: int, passives: int, detractors: int) -> Measured:
        found = nps(promoters, passives, detractors)
        if not found.is_enough:
            return cls(promoters - detractors, found.n, None, None, None)
        return cls(promoters - detractors, found.n, found.value, found.low, found.high, found.margin)

    def chance(self, target: float) -> float:
        """How often chance alone would bring it as far from the target, were that the truth; 1 where it is too few.

        The exact binomial test of a rate; for an NPS by the standard error of its Adjusted-Wald interval.
        """
        if self.value is None:
            return 1.0
        if self.margin is not None:
            return exact.normal(self.value - target, self.margin / Z95)
        return exact.binomial(self.count, self.n, target / 100)


@dataclass(frozen=True, slots=True)
class Attainment:
    """One figure of one team (None: everybody) on the days of one goal. `filters` opens what it counted."""

    metric: Metric
    team: Team | None
    stretch: Stretch
    source: str
    target: int
    measured: Measured
    filters: ReportFilters

    @property
    def verdict(self) -> Verdict:
        return verdict(self.target, self.measured.low, self.measured.high, self.measured.n)

    def as_dict(self) -> dict[str, Any]:
        """For the API: plain types, per cent or points, null where there are too few for a figure."""
        found = self.measured
        return {
            "metric": str(self.metric),
            "team": self.team.slug if self.team else None,
            "day_from": self.stretch.first.isoformat(),
            "day_to": self.stretch.last.isoformat(),
            "goal": self.target,
            "goal_of": self.source,
            "count": found.count,
            "of": found.n,
            "value": found.value,
            "low": found.low,
            "high": found.high,
            "verdict": str(self.verdict),
        }


@dataclass(frozen=True, slots=True)
class GoalsReport:
    """Every goal that held on the days of `filters` and how far it was reached, by figure and then by team."""

    filters: ReportFilters
    now: datetime
    rows: tuple[Attainment, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "filters": self.filters.as_dict(),
            "as_of": self.now.isoformat(),
            "goals": [row.as_dict() for row in self.rows],
        }


def goals_report(filters: ReportFilters, *, now: datetime) -> GoalsReport:
    """Judge the figures of a cohort by the goals of its days. Eight queries.

    For whoever leads, by team; for administrators and programs everybody together as well. How many of those asked
    answered belongs to no team. `filters.team` leaves one team, and that figure.
    """
    if filters.as_of is not None:
        raise ValueError("Goals are judged as of now alone.")
    sees_all = filters.viewer is None or filters.viewer.is_superuser
    led = Team.objects.all() if filters.viewer is None else Team.objects.led_by(filters.viewer)
    teams = list(led.filter(takes_tickets=True).order_by("name", "pk"))
    if filters.team:
        teams = [team for team in teams if team.slug == filters.team]
    if not teams and not sees_all:
        return GoalsReport(filters, now, ())
    everybody: list[Team | None] = [None] if sees_all and not filters.team else []
    goals = goals_for((team.pk for team in teams), until=filters.day_to)
    counting = _Counting(filters, teams, now)
    policies = _Policies(filters)
    rows = []
    for metric in Metric:
        whose: Sequence[Team | None] = [*everybody, *teams]
        if metric == Metric.RESPONSE_RATE:
            whose = [None]
        for team in whose:
            key = team.pk if team else None
            for stretch in stretches(goals, metric, key, filters.day_from, filters.day_to):
                target, source = stretch.target, OWN if stretch.own else EVERYBODYS
                if target is None and metric == Metric.ON_TIME:
                    target, source = policies.percent(key, stretch), POLICY
                if target is None:
                    continue
                of_these = replace(filters, team=team.slug if team else "", day_from=stretch.first, day_to=stretch.last)
                measured = counting.measured(metric, key, stretch)
                rows.append(Attainment(metric, team, stretch, source, target, measured, of_these))
    return GoalsReport(filters, now, tuple(rows))


class _Counting:
    """All that is counted, read once by team and day, and added up over stretches."""

    def __init__(self, filters: ReportFilters, teams: Sequence[Team], now: datetime) -> None:
        tickets = filters.tickets().order_by()
        self.facts = _by_day(with_facts(tickets, now=now).values("team", "day", *FACTS).annotate(n=Count("pk")))
        within = with_facts(tickets, now=now).exclude(Q(place=Place.REMOVED)).values("pk")
        self.promises = _by_day(
            promises(now=now)
            .filter(ticket__in=within)
            .order_by()
            .values("ticket__team", "ticket__day", "kept")
            .annotate(n=Count("pk")),
            "ticket__",
        )
        self.recovery = _by_day(
            with_recovery(tickets, now=now)
            .filter(band=Band.DETRACTOR)
            .values("team", "day", "later_band")
            .annotate(n=Count("pk"))
        )
        of_team = {f"team_{team.pk}": Count("pk", filter=answered_to([team.pk])) for team in teams}
        answers = filters.answers().counted().order_by().values("day", "band")
        self.answers = list(answers.annotate(all=Count("pk"), **of_team))
        self.asked = list(invitations_of(filters).order_by().values("day", "state").annotate(n=Count("pk")))

    def measured(self, metric: Metric, team: int | None, stretch: Stretch) -> Measured:
        if metric == Metric.NPS:
            return self._nps(f"team_{team}" if team else "all", stretch)
        if metric == Metric.RESPONSE_RATE:
            by_state = Counter(_added((row["state"], row["n"]) for row in _within(self.asked, stretch)))
            return Measured.rate(by_state[State.ANSWERED], sum(by_state[state] for state in ASKED))
        if metric == Metric.KEPT:
            kept = Counter(_added((row["kept"], row["n"]) for row in _of(self.promises, team, stretch)))
            return Measured.rate(
                sum(kept[kind] for kind in OF_PROMISES["promises_kept"]),
                sum(kept[kind] for kind in OF_PROMISES["promises"]),
            )
        if metric == Metric.RECOVERY:
            later = Counter(_added((row["later_band"], row["n"]) for row in _of(self.recovery, team, stretch)))
            return Measured.rate(sum(later[band] for band in FROM[Band.DETRACTOR]), sum(later[band] for band in Band))
        counts = Counts.folded(_of(self.facts, team, stretch))
        return Measured.rate(counts[metric], counts["due"])

    def _nps(self, column: str, stretch: Stretch) -> Measured:
        by_band = Counter(_added((row["band"], row[column]) for row in _within(self.answers, stretch)))
        return Measured.score(by_band[Band.PROMOTER], by_band[Band.PASSIVE], by_band[Band.DETRACTOR])


class _Policies:
    """What the policies ask for of first contacts, by team and day, where they agree."""

    def __init__(self, filters: ReportFilters) -> None:
        tickets = filters.tickets().order_by().values("pk")
        rows = Deadline.objects.filter(ticket__in=tickets, cycle=0, target=Deadline.Target.FIRST_CONTACT)
        self.rows = _by_day(
            rows.order_by()
            .values("ticket__team", "ticket__day")
            .annotate(lowest=Min("policy__goal_percent"), highest=Max("policy__goal_percent")),
            "ticket__",
        )

    def percent(self, team: int | None, stretch: Stretch) -> int | None:
        found = {row[end] for row in _of(self.rows, team, stretch) for end in ("lowest", "highest")}
        return found.pop() if len(found) == 1 else None


Rows = Mapping[date, Sequence[Mapping[str, Any]]]


def _by_day(rows: Iterable[Mapping[str, Any]], prefix: str = "") -> Rows:
    """Rows of counts by their day, each with its team under `team`."""
    found: defaultdict[date, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row[f"{prefix}day"]].append({**row, "team": row[f"{prefix}team"]})
    return found


def _of(rows: Rows, team: int | None, stretch: Stretch) -> list[Mapping[str, Any]]:
    """Those of a team (None: of all) and of these days."""
    return [
        row
        for day, of_day in rows.items()
        if stretch.first <= day <= stretch.last
        for row in of_day
        if team is None or row["team"] == team
    ]


def _within(rows: Iterable[Mapping[str, Any]], stretch: Stretch) -> list[Mapping[str, Any]]:
    return [row for row in rows if stretch.first <= row["day"] <= stretch.last]


def _added(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for name, n in pairs:
        found[name] += n
    return found
