"""How much of a stretch of time people are at work: their team's hours, their own week, less their absences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from followups.calendars import (
    Stretch,
    WorkingHours,
    add_working_days,
    clock_moment,
    next_working_moment,
    working_time,
)
from followups.models import Away, Member, WorkPattern


def working_time_of(
    team: WorkingHours,
    own: WorkingHours | None,
    absences: Iterable[Stretch],
    *,
    start: datetime,
    end: datetime,
) -> timedelta:
    """Time from `start` to `end` in which somebody is at work.

    A person with a week of their own works by it on the days their team is open at all (closed days of the team count
    for everybody); anybody else works when the team does. Absences are (from, to), in any order, free to overlap.
    """
    if own is None:
        return working_time(team, start, end, absences)
    closed = WorkingHours(own.zone, own.weekly, team.closed)
    return working_time(closed, start, end, absences)


def available_minutes(members: Sequence[Member], *, start: datetime, end: datetime) -> dict[int, int]:
    """User -> whole minutes at work from `start` to `end`; of several memberships the first in order counts.

    Two queries; the members come with their team and its calendar.
    """
    users = {member.user_id for member in members}
    weeks = {row.user_id: row.hours for row in WorkPattern.objects.filter(user__in=users)}
    absences = absences_between(users, start=start, end=end)
    found: dict[int, int] = {}
    for member in members:
        if member.user_id not in found:
            at_work = working_time_of(
                member.team.calendar.hours,
                weeks.get(member.user_id),
                absences.get(member.user_id, ()),
                start=start,
                end=end,
            )
            found[member.user_id] = at_work // timedelta(minutes=1)
    return found


def absences_between(users: Iterable[int], *, start: datetime, end: datetime) -> Mapping[int, list[Stretch]]:
    """User -> absences that touch the stretch. One query."""
    return by_user(stretches_between(users, start=start, end=end))


def stretches_between(users: Any, *, start: Any, end: Any) -> QuerySet[Away, tuple[int, datetime, datetime]]:
    """The same as rows; `users` may be a queryset."""
    rows = Away.objects.filter(user__in=users, ends_at__gt=start, starts_at__lt=end)
    return rows.values_list("user", "starts_at", "ends_at")


def by_user(rows: Iterable[tuple[int, datetime, datetime]]) -> dict[int, list[Stretch]]:
    """User -> those stretches."""
    found: dict[int, list[Stretch]] = {}
    for user, starts_at, ends_at in rows:
        found.setdefault(user, []).append((starts_at, ends_at))
    return found


def next_at_work(
    team: WorkingHours, own: WorkingHours | None, absences: Iterable[Stretch], *, start: datetime
) -> datetime | None:
    """The first moment from `start` on in which somebody is at work; None where there is none in sight."""
    hours = team if own is None else WorkingHours(own.zone, own.weekly, team.closed)
    if not any(hours.weekly):
        return None
    at = start
    try:
        for begins, ends in sorted(absences):
            at = next_working_moment(hours, at)
            if begins <= at < ends:
                at = ends
        return next_working_moment(hours, at)
    except ValueError:
        return None


def after_working_days(hours: WorkingHours, start: datetime, days: int) -> datetime | None:
    """The same time of day so many working days of the team later; None where there are not so many in sight."""
    if not any(hours.weekly):
        return None
    wall = start.astimezone(ZoneInfo(hours.zone))
    try:
        return clock_moment(hours, add_working_days(hours, wall.date(), days), wall.hour * 60 + wall.minute)
    except ValueError:
        return None
