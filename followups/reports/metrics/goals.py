"""Which goal holds on which day, and whether a figure reaches it as far as its interval can tell. Pure but for reading.

A goal holds from its day until the next one of the same figure and team, so what lies before it is judged by the goal
of then. A team's own goal comes before everybody's; where a team gives its own up, everybody's holds again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, TextChoices

from followups.models import SetGoal
from followups.reports.metrics.filters import DAY, ReportFilters
from surveys.scoring import enough

Metric = SetGoal.Metric


class Verdict(TextChoices):
    """How a figure stands to its goal. Only an interval that leaves the goal out says that it lies on one side."""

    ABOVE = "above"
    AT = "at"
    BELOW = "below"
    FEW = "few"


@dataclass(frozen=True, slots=True)
class Stretch:
    """The days `first` to `last`, both included, on which one goal held, in per cent or points; None: there was none.

    `own`: it was the team's own and not everybody's.
    """

    first: date
    last: date
    target: int | None
    own: bool = False


def goal_on(goals: Iterable[SetGoal], metric: str, team: int | None, day: date) -> SetGoal | None:
    """The goal of a team (a key; None: of everybody) on that day; None where there is none. Pure."""
    begun = [goal for goal in goals if goal.metric == metric and goal.valid_from <= day]
    for whose in dict.fromkeys((team, None)):
        newest = max((goal for goal in begun if goal.team_id == whose), key=_age, default=None)
        if newest is not None and newest.target is not None:
            return newest
    return None


def _age(goal: SetGoal) -> tuple[date, int]:
    return goal.valid_from, goal.pk or 0


def stretches(goals: Sequence[SetGoal], metric: str, team: int | None, first: date, last: date) -> tuple[Stretch, ...]:
    """The days `first` to `last` cut where the goal changes, in order and without a gap. Pure."""
    of_metric = [goal for goal in goals if goal.metric == metric and goal.team_id in (team, None)]
    starts = sorted({first, *(goal.valid_from for goal in of_metric if first < goal.valid_from <= last)})
    found: list[Stretch] = []
    for start, following in zip(starts, [*starts[1:], last + DAY], strict=True):
        goal = goal_on(of_metric, metric, team, start)
        target, own = (goal.target, goal.team_id is not None) if goal else (None, False)
        if found and (found[-1].target, found[-1].own) == (target, own):
            found[-1] = Stretch(found[-1].first, following - DAY, target, own)
        else:
            found.append(Stretch(start, following - DAY, target, own))
    return tuple(found)


def held_throughout(found: Sequence[Stretch], otherwise: int | None = None) -> int | None:
    """The one goal of all these days; None where they had different ones. `otherwise` is that of days without. Pure."""
    targets = {otherwise if stretch.target is None else stretch.target for stretch in found}
    return targets.pop() if len(targets) == 1 else None


def verdict(target: float, low: float | None, high: float | None, n: int) -> Verdict:
    """How a figure with the 95 % interval `low` to `high` over `n` stands to its goal, all on one scale. Pure."""
    if low is None or high is None or not enough(n):
        return Verdict.FEW
    if low > target:
        return Verdict.ABOVE
    return Verdict.BELOW if high < target else Verdict.AT


def goals_for(teams: Iterable[int] = (), *, until: date) -> list[SetGoal]:
    """Everybody's goals and those of these teams that had begun by then. One query."""
    whose = Q(team=None) | Q(team__in=list(teams))
    return list(SetGoal.objects.filter(whose, valid_from__lte=until).order_by("valid_from", "pk"))


def targets_of(filters: ReportFilters, policies: int | None) -> Mapping[str, int]:
    """Figure -> the goal that holds on all days of a cohort, its team's or else everybody's. One query.

    Where no goal of first contacts in time was set, what the policies ask for stands in, `policies` per cent.
    """
    whose = Q(team=None) | Q(team__slug=filters.team) if filters.team else Q(team=None)
    goals = list(SetGoal.objects.filter(whose, valid_from__lte=filters.day_to))
    team = next((goal.team_id for goal in goals if goal.team_id is not None), None)
    found = {}
    for metric in Metric:
        days = stretches(goals, metric, team, filters.day_from, filters.day_to)
        target = held_throughout(days, policies if metric == Metric.ON_TIME else None)
        if target is not None:
            found[str(metric)] = target
    return found
