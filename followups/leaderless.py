"""Teams that have nobody to turn to: no lead and no deputy, or all of them away in working time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from followups.availability import absences_between
from followups.calendars import Stretch, working_time
from followups.models import Member, Team

# So far ahead an absence can still be provided for.
AHEAD = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of working time in which nobody leads a team. `ends_at` None: there is no lead at all."""

    team: Team
    starts_at: datetime
    ends_at: datetime | None
    is_now: bool


def gaps(teams: Sequence[Team], *, now: datetime, ahead: timedelta = AHEAD) -> list[Gap]:
    """Where teams are without a present lead or deputy, from now on, the next first. Two queries.

    The teams come with their calendar. A stretch in which nobody would be at work anyway is no gap.
    """
    until = now + ahead
    leading: dict[int, set[int]] = {team.pk: set() for team in teams}
    for team, user in Member.objects.filter(
        team__in=list(leading),
        role__in=[Member.Role.LEAD, Member.Role.DEPUTY],
        is_active=True,
        user__is_active=True,
    ).values_list("team", "user"):
        leading[team].add(user)
    away = absences_between({user for users in leading.values() for user in users}, start=now, end=until)
    found = []
    for each in teams:
        users = leading[each.pk]
        if not users:
            found.append(Gap(each, now, None, is_now=True))
            continue
        for start, end in _all_away([away.get(user, []) for user in users], now, until):
            if working_time(each.calendar.hours, start, end):
                found.append(Gap(each, start, end, is_now=start <= now))
    return sorted(found, key=lambda gap: (gap.starts_at, gap.team.name.casefold(), gap.team.pk))


def undirected(teams: Iterable[Team]) -> list[Team]:
    """Those of these teams, which come with their directors, that have none: a step for one reaches nobody there."""
    return [team for team in teams if team.director is None or not team.director.is_active]


def _all_away(absences: Sequence[Sequence[Stretch]], start: datetime, end: datetime) -> list[Stretch]:
    """The stretches from `start` to `end` in which everybody is away. Pure."""
    moments = sorted({start, end, *(at for rows in absences for row in rows for at in row if start < at < end)})
    found: list[Stretch] = []
    for first, last in zip(moments, moments[1:], strict=False):
        if all(any(a <= first and b >= last for a, b in rows) for rows in absences):
            if found and found[-1][1] == first:
                found[-1] = (found[-1][0], last)
            else:
                found.append((first, last))
    return found
