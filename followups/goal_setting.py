"""Setting goals: leads for their teams, administrators for everybody; never for days that were judged already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from followups.models import SetGoal, Team
from followups.refusals import Forbidden, Incomplete
from followups.reports.metrics import reporting_day
from nps_loop.people.models import User

Metric = SetGoal.Metric
# What may be asked for, by figure: points of NPS, else per cent.
POINTS, PERCENT = (-100, 100), (1, 100)


def teams_to_set(user: User) -> list[Team]:
    """The teams whose goals this person may set, by name. One query."""
    return list(Team.objects.led_by(user).filter(takes_tickets=True).order_by("name", "pk").distinct())


def goals_of(teams: Sequence[Team]) -> list[SetGoal]:
    """Every goal that was ever set for everybody or for one of these teams. One query."""
    whose = Q(team=None) | Q(team__in=teams)
    return list(SetGoal.objects.filter(whose).select_related("team", "set_by"))


def set_goal(
    metric: str, team: Team | None, target: int | None, *, valid_from: date, by: User, now: datetime
) -> SetGoal | None:
    """From `valid_from` on this is the goal; without a `target` there is none any more. None: so it is already.

    `team` None is everybody. Raises Forbidden where it is not theirs to set, and Incomplete naming what is wrong: a
    target beyond its scale, a goal of one team for invitations, or a change of days that are over. Only where no goal
    was set for these people before may the first one begin in the past, because none was judged by another.
    """
    if not by.is_active or not (by.is_superuser or (team is not None and team in teams_to_set(by))):
        raise Forbidden(gettext("Leads set the goals of their teams, administrators those of everybody."))
    low, high = POINTS if metric == Metric.NPS else PERCENT
    errors = {}
    if metric not in Metric.values:
        errors["metric"] = gettext("There is no such figure.")
    if target is not None and not low <= target <= high:
        errors["target"] = gettext("A goal for this figure goes from %(low)s to %(high)s.") % {"low": low, "high": high}
    if metric == Metric.RESPONSE_RATE and team is not None:
        errors["team"] = gettext("Whom we invite belongs to no team yet, so this goal is everybody’s.")
    with transaction.atomic():
        # In line with whoever sets a goal of this team at the same moment; everybody's have no row to wait at, and of
        # two the later one counts.
        if team is not None:
            Team.objects.select_for_update(no_key=True).get(pk=team.pk)
        whose = Q(team=None) | Q(team=team)
        known = list(SetGoal.objects.filter(whose, metric=metric).order_by("valid_from", "pk"))
        before = [goal for goal in known if goal.team_id == (team.pk if team else None)]
        if known and valid_from < reporting_day(now):
            errors["valid_from"] = gettext("Days that are over keep the goal they had: begin today or later.")
        if target is None and not before:
            errors["target"] = gettext("Say what the goal is.")
        if errors:
            raise Incomplete(errors)
        if _holds(before, target, valid_from):
            return None
        return SetGoal.objects.create(
            metric=metric, team=team, target=target, valid_from=valid_from, set_by=by, set_at=now
        )


def _holds(before: Sequence[SetGoal], target: int | None, valid_from: date) -> bool:
    """Whether that very goal holds on that day, and no later one of the same day takes its place."""
    begun = [goal for goal in before if goal.valid_from <= valid_from]
    return bool(begun) and begun[-1].target == target
