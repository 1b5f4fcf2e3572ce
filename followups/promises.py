"""What a customer is told about time: a working half-day, in their words, language and zone. Pure: no database, no
clock.

A promise is an instant, the end of a team's half-day, and all that a customer reads is made from that instant in the
customer's own zone:

* up to 13:00 on their clock it is *midday* of that date; after that it is *evening*, and midnight is the evening of the
  date that ends;
* so whoever takes *midday* as one o'clock and *evening* as the end of the day is never told less than the team means.
  Across the world the words may be later than the instant (17:30 in Berlin is 08:30 in Los Angeles, *by midday*), and
  the instant is what we hold ourselves to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from followups.calendars import HORIZON, WorkingHours, clock_moment, day_of, working_minutes, working_stretches
from nps_loop.moments import NBSP, WORDINGS, date_in_words, wording_of

Part = Literal["midday", "evening"]

# Midday, in minutes from midnight: the last o'clock that people still call so in all four languages.
MIDDAY = 13 * 60

# Where no half-day within the target is left, the next one counts only with this much working time (minutes) before it.
# Nobody can keep "by midday" that is written at five to one.
ROOM = 60

# Until then a Spanish evening is "la tarde", later it is "la noche".
SPANISH_NIGHT = 20 * 60


# --- which half-day --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HalfDay:
    """A promised half-day: the date and part a customer reads, and the instant (UTC) at which it is broken."""

    date: date
    part: Part
    ends_at: datetime


def half_day(ends_at: datetime, zone: str) -> HalfDay:
    """The half-day that ends at an instant, as somebody in `zone` reads it."""
    local, ends_at = ends_at.astimezone(ZoneInfo(zone)), ends_at.astimezone(UTC)
    minute = _minute_of_day(local)
    if minute == 0:
        return HalfDay(local.date() - timedelta(days=1), "evening", ends_at)
    return HalfDay(local.date(), "midday" if minute <= MIDDAY else "evening", ends_at)


def half_day_ends(hours: WorkingHours, day: date) -> tuple[datetime, ...]:
    """When the half-days of a team's day end (UTC), in order: the last moment worked by 13:00, and the end of work.

    One where nobody works before or after 13:00, none on a closed day.
    """
    stretches = working_stretches(hours, day)
    if not stretches:
        return ()
    midday = clock_moment(hours, day, MIDDAY)
    morning = [min(end, midday) for start, end in stretches if start < midday]
    return tuple(sorted({*morning[-1:], stretches[-1][1]}))


def promised_half_day(
    hours: WorkingHours, start: datetime, target_ends_at: datetime, zone: str, *, not_before: datetime
) -> HalfDay:
    """The half-day a customer in `zone` is promised: the team's last that ends within the target, else the first after.

    `start` is when the customer's clock started and `not_before` is now; a half-day that is over by the later of the
    two is no promise. Within the target any half-day still ahead will do. After it, the first that leaves an hour of
    working time: an answer of Friday 18:00, due in 48 hours, is promised by Monday midday, before a Monday holiday by
    Tuesday midday. Raises ValueError when the calendar holds no half-day for twenty years.
    """
    start, target_ends_at, not_before = (at.astimezone(UTC) for at in (start, target_ends_at, not_before))
    now = max(start, not_before)
    first = day_of(hours, now)
    if target_ends_at > now:
        day = day_of(hours, target_ends_at)
        while day >= first:
            for ends_at in reversed(half_day_ends(hours, day)):
                if now < ends_at <= target_ends_at:
                    return half_day(ends_at, zone)
            day -= timedelta(days=1)
    for ends_at in _half_days_after(hours, max(target_ends_at, now)):
        if working_minutes(hours, now, ends_at) >= ROOM:
            return half_day(ends_at, zone)
    raise ValueError(f"This calendar has no half-day in the twenty years after {now:%d %B %Y}.")


def next_half_day(hours: WorkingHours, at: datetime) -> HalfDay:
    """The team's first half-day after `at` that leaves an hour of working time, as the team reads it."""
    for ends_at in _half_days_after(hours, at):
        if working_minutes(hours, at, ends_at) >= ROOM:
            return half_day(ends_at, hours.zone)
    raise ValueError(f"This calendar has no half-day in the twenty years after {at:%d %B %Y}.")


def _half_days_after(hours: WorkingHours, at: datetime) -> Iterator[datetime]:
    first = day_of(hours, at)
    for days in range(HORIZON.days):
        yield from (ends_at for ends_at in half_day_ends(hours, first + timedelta(days=days)) if ends_at > at)


# --- in the customer's language --------------------------------------------------------------------------------


def in_words(half_day_end: datetime, language: str, zone: str, *, now: datetime, with_date: bool = True) -> str:
    """A promise as its customer reads it: "by Tuesday evening, 24 November", "bis Dienstagmittag, 24. November".

    `half_day_end` is HalfDay.ends_at. The year is added unless it is the one `now` lies in. Without the date the words
    are "by Tuesday evening" as long as that can only mean one Tuesday: from a week ahead on, and once it is over, the
    date stays. An unknown language is English.
    """
    promise = half_day(half_day_end, zone)
    today = now.astimezone(ZoneInfo(zone)).date()
    wording = wording_of(language)
    words = (wording.midday if promise.part == "midday" else wording.evening).format(
        weekday=wording.weekdays[promise.date.weekday()]
    )
    if wording is WORDINGS["es"] and promise.part == "evening":
        minute = _minute_of_day(half_day_end.astimezone(ZoneInfo(zone)))
        if minute == 0 or minute > SPANISH_NIGHT:
            words = words.replace("por la tarde", "por la noche")
    if not with_date and 0 <= (promise.date - today).days < 7:
        return words
    return f"{words}, {date_in_words(wording, promise.date, today)}"


def _minute_of_day(local: datetime) -> int:
    """Minutes since midnight, a begun one counted whole, so that one second past 13:00 is past it."""
    return local.hour * 60 + local.minute + bool(local.second or local.microsecond)


# --- for colleagues --------------------------------------------------------------------------------------------


def time_left(now: datetime, due: datetime) -> str:
    """What the clock beside a ticket says, in English: "3 h left", "late by 1 h 30", "3 days left", "due now".

    Rounded down, so that there is never less time than it says: to the half hour within a day, to days from there on.
    Wall time; a caller with a stretch of working time passes now + that stretch.
    """
    left = due.astimezone(UTC) - now.astimezone(UTC)
    if not left:
        return "due now"
    return f"{_span(left)} left" if left > timedelta() else f"late by {_span(-left)}"


def _span(span: timedelta) -> str:
    minutes = max(int(span.total_seconds() // 60), 1)
    if minutes < 60:
        return f"{minutes}{NBSP}min"
    if minutes < 24 * 60:
        hours, rest = divmod(minutes, 60)
        return f"{hours}{NBSP}h" + (f"{NBSP}30" if rest >= 30 else "")
    days = minutes // (24 * 60)
    return f"{days}{NBSP}day" + ("s" if days > 1 else "")
