"""How far the goals are reached: each figure by team and by stretch of days on which one goal held.

The number of queries is constant, whatever the number of teams, goals and days.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from followups.models import Deadline, RecoveryTally, RollupKind, Team, TicketTally
from followups.models.tickets import TicketQuerySet
from followups.reports import exact
from followups.reports.metrics.closure import Counts
from followups.reports.metrics.counting import figures_of, kept_answers
from followups.reports.metrics.facts import FACTS, Place, with_facts
from followups.reports.metrics.filters import ReportFilters, answered_to
from followups.reports.metrics.goals import Metric, Stretch, Verdict, goals_for, stretches, verdict
from followups.reports.metrics.promised import OF_PROMISES, promises
from followups.reports.metrics.recovered import FROM, with_recovery
from followups.reports.metrics.response_rate import ASKED, State, invitation_counts
from followups.reports.rollups import answers as of_answers
from followups.reports.rollups.cells import parts
from followups.reports.rollups.days import KeptDays
from followups.reports.rollups.recovery import LATER
from followups.reports.rollups.tickets import Sums
from surveys.scoring import Z95, Band, band, enough, nps, proportion_interval

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
    """Judge the figures of a cohort by the goals of its days. Up to twenty-two queries.

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
                    target, source = counting.policy_percent(key, stretch), POLICY
                if target is None:
                    continue
                of_these = replace(filters, team=team.slug if team else "", day_from=stretch.first, day_to=stretch.last)
                measured = counting.measured(metric, key, stretch)
                rows.append(Attainment(metric, team, stretch, source, target, measured, of_these))
    return GoalsReport(filters, now, tuple(rows))


class _Counting:
    """All that is counted, read once by team and day from kept counts where these hold, and added up over stretches."""

    def __init__(self, filters: ReportFilters, teams: Sequence[Team], now: datetime) -> None:
        kept = KeptDays.read(RollupKind.TICKETS, filters.day_from, filters.day_to, now=now)
        cohort = parts(TicketTally, filters, kept)
        sums = _sums(cohort.tallies)
        self.facts = _by_day({"team": team, "day": day, "kept": each.figures} for (team, day), each in sums.items())
        self.promises = _by_day(
            {"team": team, "day": day, "kept": fate, "n": n}
            for (team, day), each in sums.items()
            for fate, n in each.promises.items()
        )
        self.asked_of = _by_day(
            {"team": team, "day": day, "lowest": each.lowest_goal, "highest": each.highest_goal}
            for (team, day), each in sums.items()
            if each.lowest_goal is not None
        )
        for tickets in cohort.tickets:
            self._add_rows(tickets.order_by(), now)
        self.recovery = _by_day(_recovery(filters, now))
        self.answers = _answers(filters, teams, now)
        self.asked = [
            {"day": day, "state": state, "n": n}
            for day, state, n in invitation_counts(filters, "day", "state", now=now)
        ]

    def _add_rows(self, tickets: TicketQuerySet, now: datetime) -> None:
        """The same of tickets that are not kept. Three queries."""
        _add(self.facts, with_facts(tickets, now=now).values("team", "day", *FACTS).annotate(n=Count("pk")))
        within = with_facts(tickets, now=now).exclude(Q(place=Place.REMOVED)).values("pk")
        made = promises(now=now).filter(ticket__in=within).order_by().values("ticket__team", "ticket__day", "kept")
        _add(self.promises, made.annotate(n=Count("pk")), "ticket__")
        first_ones = Deadline.objects.filter(
            ticket__in=tickets.values("pk"), cycle=0, target=Deadline.Target.FIRST_CONTACT
        )
        percents = first_ones.order_by().values("ticket__team", "ticket__day")
        ends = {"lowest": Min("policy__goal_percent"), "highest": Max("policy__goal_percent")}
        _add(self.asked_of, percents.annotate(**ends), "ticket__")

    def policy_percent(self, team: int | None, stretch: Stretch) -> int | None:
        """What the policies ask for of first contacts on these days, where they agree."""
        found = {row[end] for row in _of(self.asked_of, team, stretch) for end in ("lowest", "highest")}
        return found.pop() if len(found) == 1 else None

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
        rows = _of(self.facts, team, stretch)
        counts = Counts.added(row["kept"] if "kept" in row else figures_of(row) for row in rows)
        return Measured.rate(counts[metric], counts["due"])

    def _nps(self, column: str, stretch: Stretch) -> Measured:
        by_band = Counter(_added((row["band"], row[column]) for row in _within(self.answers, stretch)))
        return Measured.score(by_band[Band.PROMOTER], by_band[Band.PASSIVE], by_band[Band.DETRACTOR])


def _sums(tallies: QuerySet[TicketTally] | None) -> dict[tuple[int | None, date], Sums]:
    """Kept rows added up by team and day. One query."""
    if tallies is None:
        return {}
    found: defaultdict[tuple[int | None, date], list[Sums]] = defaultdict(list)
    rows = tallies.order_by().values_list("team_id", "day", "counts", "lowest_goal", "highest_goal")
    for team, day, counts, lowest, highest in rows:
        found[team, day].append(Sums(0, {"counts": bytes(counts)}, lowest, highest))
    return {key: Sums.together(each) for key, each in found.items()}


def _recovery(filters: ReportFilters, now: datetime) -> Iterator[dict[str, Any]]:
    """Detractors' tickets by team, day and the band heard later. Up to six queries."""
    kept = KeptDays.read(RollupKind.RECOVERY, filters.day_from, filters.day_to, now=now)
    cohort = parts(RecoveryTally, filters, kept)
    if cohort.tallies is not None:
        rows = cohort.tallies.filter(band=Band.DETRACTOR).order_by()
        for team, day, *later in rows.values_list("team_id", "day", *LATER.values()):
            for band, n in zip(LATER, later, strict=True):
                yield {"team": team, "day": day, "later_band": band, "n": n}
    for tickets in cohort.tickets:
        heard = with_recovery(tickets.order_by(), now=now).filter(band=Band.DETRACTOR)
        yield from heard.values("team", "day", "later_band").annotate(n=Count("pk"))


def _answers(filters: ReportFilters, teams: Sequence[Team], now: datetime) -> list[dict[str, Any]]:
    """Answers that count by day and band, `all` of them and `team_<key>` those that belong to a team. Four queries."""
    whose = {"all": Q(), **{f"team_{team.pk}": answered_to([team.pk]) for team in teams}}
    tallies, answers = of_answers.read(filters, kept_answers(filters, now=now))
    found: list[dict[str, Any]] = []
    if tallies is not None:
        scores = {each: sum((F(f"score_{n}") for n in range(11) if band(n) == each), start=Value(0)) for each in Band}
        sums = {
            f"{name}_{each}": Coalesce(Sum(total, filter=q or None), 0)
            for name, q in whose.items()
            for each, total in scores.items()
        }
        by_day: Any = tallies.order_by().values("day").annotate(**sums)
        for row in by_day:
            for each in Band:
                found.append({"day": row["day"], "band": each, **{name: row[f"{name}_{each}"] for name in whose}})
    if answers is not None:
        by_band: Any = answers.counted().order_by().values("day", "band")
        found += by_band.annotate(**{name: Count("pk", filter=q or None) for name, q in whose.items()})
    return found


Rows = defaultdict[date, list[Mapping[str, Any]]]


def _by_day(rows: Iterable[Mapping[str, Any]]) -> Rows:
    """Rows of counts by their day, each with its team under `team`."""
    found: Rows = defaultdict(list)
    _add(found, rows)
    return found


def _add(found: Rows, rows: Iterable[Mapping[str, Any]], prefix: str = "") -> None:
    for row in rows:
        found[row[f"{prefix}day"]].append({**row, "team": row[f"{prefix}team"]})


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
