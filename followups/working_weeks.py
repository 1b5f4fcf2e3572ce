"""When one person works: their own week, kept or given up for that of their team. Page and API alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from django.db import transaction
from django.utils.translation import gettext

from followups.models import Member, WorkPattern
from followups.refusals import Incomplete, Stale
from nps_loop.people.models import User

DAY_MINUTES = 24 * 60
# Stretches of one day: as many as a line of a form takes.
PERIODS = 20

Day = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Week:
    """When somebody works: seven days of [from, to] in minutes, Monday first, read on the clock of `zone`.

    `row` is their own week, None where it is that of their team's calendar.
    """

    row: WorkPattern | None
    member: Member | None
    zone: str
    weekly: Sequence[Any]


def week_of(user: User) -> Week:
    """The week this person works by: their own, else that of the first team they are in. Two queries."""
    row = WorkPattern.objects.filter(user=user).first()
    member = Member.objects.filter(user=user, is_active=True).select_related("team__calendar").order_by("team").first()
    calendar = member.team.calendar if member else None
    if row is not None:
        return Week(row, member, row.zone, row.weekly)
    return Week(None, member, calendar.zone if calendar else "UTC", calendar.weekly if calendar else [[]] * 7)


def stands(row: WorkPattern | None) -> str:
    """A week as a form or a program was shown it; another text once it was changed."""
    return row.changed_at.isoformat() if row else ""


def wrong_in(day: Day) -> Iterator[tuple[int, int, str]]:
    """What is wrong with the stretches of a day: which of them, its beginning (0) or end (1), and a sentence. Pure."""
    before = 0
    for place, (begins, ends) in enumerate(day):
        if not 0 <= begins < ends <= DAY_MINUTES:
            yield place, 1, gettext("This ends before it begins.")
            continue
        if begins < before:
            yield place, 0, gettext("Stretches of a day follow each other and do not overlap.")
        before = max(before, ends)


def no_day() -> str:
    """What is said of a week in which nobody works."""
    return gettext("Somebody who works on no day has no working week: say at least one.")


def keep(user: User, *, zone: str, weekly: Sequence[Day], now: datetime, shown: str | None = None) -> WorkPattern:
    """From now on this person works by a week of their own.

    Raises Incomplete where zone or days do not fit, and Stale where the week is not as it was `shown` any more (None:
    not compared).
    """
    errors = {}
    if zone not in available_timezones():
        errors["zone"] = gettext("There is no such time zone.")
    wrong = [why_not for day in weekly for _place, _side, why_not in wrong_in(day)]
    if wrong or any(len(day) > PERIODS for day in weekly) or len(weekly) != 7:
        errors["weekly"] = wrong[0] if wrong else gettext("A week is seven days of twenty stretches at most.")
    elif not any(weekly):
        errors["weekly"] = no_day()
    if errors:
        raise Incomplete(errors)
    with transaction.atomic():
        _compare(user, shown)
        fields = {"zone": zone, "weekly": [list(map(list, day)) for day in weekly], "changed_at": now}
        row, _is_new = WorkPattern.objects.update_or_create(user=user, defaults=fields)
    return row


def work_with_the_team(user: User, *, shown: str | None = None) -> None:
    """From now on this person works when their team does. Raises Stale like `keep`."""
    with transaction.atomic():
        _compare(user, shown)
        WorkPattern.objects.filter(user=user).delete()


def _compare(user: User, shown: str | None) -> None:
    # The person, for a week that is not there yet cannot be locked.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    row = WorkPattern.objects.filter(user=user).first()
    if shown is not None and shown != stands(row):
        raise Stale(gettext("The working week was changed meanwhile."), current_version=stands(row))
