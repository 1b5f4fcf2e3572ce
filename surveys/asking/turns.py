"""When somebody's turn is: spread over days, on a working day and in the daylight of their own clock. Pure."""

from __future__ import annotations

import functools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from nps_loop.mail.nights import after_the_quiet, is_quiet
from surveys.asking.fatigue import fraction
from surveys.models import Survey

SATURDAY = 5


def turn_in_round(survey: Survey, contact_id: int, starts_on: date, zone: ZoneInfo) -> datetime:
    """When (UTC) a round that starts on that day asks this person, in `zone`: Monday to Friday, outside quiet hours.

    The place within a round follows from survey and person alone: they have the same one in every round, so the time
    between two questions is that of the cadence, and a round planned twice is planned alike.
    """
    days = [day for n in range(survey.spread_days) if (day := starts_on + timedelta(days=n)).weekday() < SATURDAY]
    days = days or [starts_on + timedelta(days=7 - starts_on.weekday())]
    place = fraction("turn", survey.pk, contact_id) * len(days)
    day = days[int(place)]
    minutes = _minutes_awake(survey.quiet_from, survey.quiet_until)
    minute = minutes[int((place % 1) * len(minutes))]
    moment = datetime.combine(day, time(minute // 60, minute % 60), tzinfo=zone).astimezone(UTC)
    return after_the_quiet(moment, zone, survey.quiet_from, survey.quiet_until)


def after_event(survey: Survey, happened_at: datetime, zone: ZoneInfo, *, now: datetime) -> datetime:
    """When (UTC) an event is asked about: after the wait of the survey, not before now, outside quiet hours."""
    moment = max(happened_at + timedelta(hours=survey.wait_hours), now)
    return after_the_quiet(moment, zone, survey.quiet_from, survey.quiet_until)


@functools.cache
def _minutes_awake(quiet_from: int, quiet_until: int) -> list[int]:
    """The minutes of a day in which mails may leave, a quarter of an hour apart; all of them where none is left."""
    midnight, utc = datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("UTC")
    quarters = list(range(0, 24 * 60, 15))
    awake = [
        each for each in quarters if not is_quiet(midnight + timedelta(minutes=each), utc, quiet_from, quiet_until)
    ]
    return awake or quarters
