"""When a mail that is to leave later leaves. Pure: no database, no clock."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from followups.calendars import HORIZON, WorkingHours, is_working_day

MORNING = time(9)


def next_morning_there(hours: WorkingHours | None, zone: str, *, now: datetime) -> datetime:
    """Nine in the morning in the customer's `zone`, on the next day on which the team works too; today's counts while
    it is still to come.

    The team's days decide, so that an answer finds somebody at work; without a team, Monday to Friday.
    """
    there = ZoneInfo(zone)
    first = now.astimezone(there).date()
    for days in range(HORIZON.days):
        day = first + timedelta(days=days)
        at = datetime.combine(day, MORNING, tzinfo=there)
        if at > now and (is_working_day(hours, day) if hours else day.weekday() < 5):
            return at
    raise ValueError(f"This calendar has no working day in the twenty years after {now:%d %B %Y}.")
