"""Working time: when a team is at work, and how long something has waited in that time. Pure: no database, no clock.

Moments go in with any time zone and come out in UTC. Hours are read off the wall clock of the calendar's zone and
counted as the time that really passes: where the clocks jump, a day with an hour less has an hour less.
"""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

Stretch = tuple[datetime, datetime]

DAY = 24 * 60
MINUTE = timedelta(minutes=1)

# No clock of ours runs longer. A search that gets here stands in a calendar that is closed for good.
HORIZON = timedelta(days=20 * 366)
# Working time is added up day by day for so long, and beyond that by whole months.
SHORT = timedelta(days=62)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When a team works, in its own time zone.

    `weekly` holds seven days, Monday first; each is a row of blocks (from, to) in minutes from midnight, so that a
    lunch break is two blocks and (0, 1440) is a whole day. `closed` holds the dates on which nobody works.
    Raises ValueError for an unknown zone, blocks out of order or out of the day, and a week in which nobody works.
    """

    zone: str
    weekly: tuple[tuple[tuple[int, int], ...], ...]
    closed: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{self.zone!r} is not a time zone.") from error
        if len(self.weekly) != 7:
            raise ValueError(f"A week has seven days, this calendar has {len(self.weekly)}.")
        for blocks in self.weekly:
            until = 0
            for start, end in blocks:
                if not until <= start < end <= DAY:
                    raise ValueError(f"Hours must follow each other within one day: {list(blocks)}.")
                until = end
        if not any(self.weekly):
            raise ValueError("This calendar has no working time: nobody works on any day of the week.")

    def __hash__(self) -> int:
        # A key of the cache below, asked for at every step of every sum: these two know their hashes already.
        return hash((self.zone, self.closed))


# --- days ------------------------------------------------------------------------------------------------------


def clock_moment(hours: WorkingHours, day: date, minute: int) -> datetime:
    """The first moment (UTC) at which the calendar's clock shows `minute` of `day`, or jumps over it.

    A time shown twice in autumn means its first showing; one that spring leaves out means the jump itself. So moments
    never run backwards within a day, blocks that touch go on touching, and no minute is counted twice.
    """
    zone = ZoneInfo(hours.zone)
    shown = datetime.combine(day, time()) + timedelta(minutes=minute)
    earlier, later = sorted(shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if earlier == later or earlier.astimezone(zone).replace(tzinfo=None) == shown:
        return earlier
    # Left out: the clock reads less than `shown` at `earlier`, more at `later`, and jumps at a whole second between.
    while later - earlier > timedelta(seconds=1):
        middle = earlier + timedelta(seconds=(later - earlier) // timedelta(seconds=2))
        if middle.astimezone(zone).replace(tzinfo=None) < shown:
            earlier = middle
        else:
            later = middle
    return later


@lru_cache(maxsize=8192)
def working_stretches(hours: WorkingHours, day: date) -> tuple[Stretch, ...]:
    """The working time of one day as (from, to) in UTC, in order; empty on a closed day."""
    if day in hours.closed:
        return ()
    moments = (
        (clock_moment(hours, day, start), clock_moment(hours, day, end)) for start, end in hours.weekly[day.weekday()]
    )
    return tuple((start, end) for start, end in moments if start < end)


def is_working_day(hours: WorkingHours, day: date) -> bool:
    return bool(working_stretches(hours, day))


def next_working_day(hours: WorkingHours, day: date) -> date:
    """The first working day after `day`. Raises ValueError when there is none for twenty years."""
    return add_working_days(hours, day, 1)


def add_working_days(hours: WorkingHours, day: date, n: int) -> date:
    """The n-th working day after `day`, or before it when n is negative. Whether `day` itself is one changes nothing.

    With n = 0, `day` itself if it is a working day, else the next one. Raises ValueError when twenty years hold none.
    """
    if n == 0 and is_working_day(hours, day):
        return day
    step, left = timedelta(days=1 if n >= 0 else -1), max(abs(n), 1)
    last = day
    while left:
        try:
            last += step
            found = is_working_day(hours, last)
        except OverflowError as error:
            raise ValueError("The calendar ends here.") from error
        if abs(last - day) > HORIZON:
            raise _no_working_time(day)
        left -= found
    return last


def working_day_end(hours: WorkingHours, day: date) -> datetime:
    """When the last block of a working day ends (UTC). Raises ValueError when nobody works on that day."""
    stretches = working_stretches(hours, day)
    if not stretches:
        raise ValueError(f"Nobody works on {day:%d %B %Y}.")
    return stretches[-1][1]


def day_of(hours: WorkingHours, at: datetime) -> date:
    """The date on the team's wall at a moment."""
    return _utc(at).astimezone(ZoneInfo(hours.zone)).date()


# --- time ------------------------------------------------------------------------------------------------------


def next_working_moment(hours: WorkingHours, at: datetime) -> datetime:
    """`at` itself while the team works, else the moment it next starts. The moment work ends is no working moment."""
    for start, _end in _stretches_after(hours, _utc(at), ()):
        return start
    raise _no_working_time(at)


def working_time(
    hours: WorkingHours, start: datetime, end: datetime, pauses: Iterable[tuple[datetime, datetime]] = ()
) -> timedelta:
    """Working time from `start` to `end` without the pauses; nothing when `end` is not later than `start`."""
    start, end = _utc(start), _utc(end)
    off = [(max(begins, start), min(ends, end)) for begins, ends in _merged(pauses)]
    return _worked(hours, start, end) - sum((_worked(hours, begins, ends) for begins, ends in off), timedelta())


def _worked(hours: WorkingHours, start: datetime, end: datetime) -> timedelta:
    """Working time between two moments. Whole months between them are added up once and kept."""
    if end - start < SHORT or end.year == date.max.year:
        return sum((ends - begins for begins, ends in counted_stretches(hours, start, end)), timedelta())
    first = (day_of(hours, start).replace(day=28) + timedelta(days=4)).replace(day=1)
    after = day_of(hours, end).replace(day=1)
    total = _worked(hours, start, clock_moment(hours, first, 0)) + _worked(hours, clock_moment(hours, after, 0), end)
    while first < after:
        total += _worked_in_month(hours, first)
        first = (first + timedelta(days=31)).replace(day=1)
    return total


@lru_cache(maxsize=4096)
def _worked_in_month(hours: WorkingHours, first: date) -> timedelta:
    days = (first + timedelta(days=n) for n in range(monthrange(first.year, first.month)[1]))
    return sum((ends - begins for day in days for begins, ends in working_stretches(hours, day)), timedelta())


def working_minutes(
    hours: WorkingHours, start: datetime, end: datetime, pauses: Iterable[tuple[datetime, datetime]] = ()
) -> int:
    """`working_time` in whole minutes, rounded down."""
    return working_time(hours, start, end, pauses) // MINUTE


def add_working(hours: WorkingHours, start: datetime, minutes: int) -> datetime:
    """The earliest moment (UTC) by which `minutes` of working time have passed since `start`.

    So eight hours from Friday morning end on Friday when work does, not on Monday when it begins again; and nothing
    from `start` is `start`, at work or not. Raises ValueError for a negative amount, and when the time does not fit
    into twenty years.
    """
    return due_after(hours, start, minutes)


def due_after(
    hours: WorkingHours, start: datetime, minutes: int, pauses: Iterable[tuple[datetime, datetime]] = ()
) -> datetime:
    """`add_working` on a clock that stands still during the pauses: pairs (from, to), in any order, free to overlap.

    A pause that still runs is given as (from, now): the due time then moves on with `now`, as it should.
    """
    if minutes < 0:
        raise ValueError("Working time cannot be negative.")
    start = _utc(start)
    left = minutes * MINUTE if minutes <= HORIZON // MINUTE else HORIZON
    if not left:
        return start
    for begins, ends in _stretches_after(hours, start, _merged(pauses)):
        if ends - begins >= left:
            return begins + left
        left -= ends - begins
    raise ValueError(f"{minutes} minutes of working time do not fit into the twenty years after {start:%d %B %Y}.")


def subtract_working(hours: WorkingHours, end: datetime, minutes: int) -> datetime:
    """The latest moment (UTC) from which `minutes` of working time pass until `end`: `add_working` the other way round.

    Nothing from `end` is `end`. Raises ValueError for a negative amount, and when twenty years before hold less.
    """
    if minutes < 0:
        raise ValueError("Working time cannot be negative.")
    end = _utc(end)
    left = minutes * MINUTE if minutes <= HORIZON // MINUTE else HORIZON
    if not left:
        return end
    day = day_of(hours, end)
    first = day - HORIZON if day - date.min > HORIZON else date.min
    while day > first:
        for begins, ends in reversed(working_stretches(hours, day)):
            ends = min(ends, end)
            if ends <= begins:
                continue
            if ends - begins >= left:
                return ends - left
            left -= ends - begins
        day -= timedelta(days=1)
    raise ValueError(f"{minutes} minutes of working time do not fit into the twenty years before {end:%d %B %Y}.")


def counted_stretches(
    hours: WorkingHours, start: datetime, end: datetime, pauses: Iterable[tuple[datetime, datetime]] = ()
) -> list[Stretch]:
    """The stretches (UTC, in order) whose lengths `working_time` adds up: what was counted, to be shown as a sum."""
    start, end = _utc(start), _utc(end)
    if end <= start:
        return []
    found = []
    for begins, ends in _stretches_after(hours, start, _merged(pauses), until=end):
        if begins >= end:
            break
        found.append((begins, min(ends, end)))
    return found


def _stretches_after(
    hours: WorkingHours, start: datetime, pauses: Sequence[Stretch], *, until: datetime | None = None
) -> Iterator[Stretch]:
    """Working time from `start` on, in order, without the pauses. Ends at the horizon, or once `until` is passed."""
    day = day_of(hours, start)
    try:
        last = day_of(hours, until or start + HORIZON)
    except OverflowError:
        last = date.max
    starts = [begins for begins, _ends in pauses]
    while day <= last:
        try:
            stretches = working_stretches(hours, day)
        except OverflowError:  # the last days a date can hold
            return
        for begins, ends in stretches:
            begins = max(begins, start)
            # From the last pause that began by then: those before it are over, since merged pauses do not overlap.
            for pause in range(max(bisect_right(starts, begins) - 1, 0), len(pauses)):
                off, on = pauses[pause]
                if off >= ends:
                    break
                if begins < off:
                    yield begins, off
                begins = max(begins, on)
            if begins < ends:
                yield begins, ends
        if day == date.max:
            return
        day += timedelta(days=1)


def _merged(pauses: Iterable[tuple[datetime, datetime]]) -> list[Stretch]:
    """Pauses in order, overlapping ones made one, empty and backward ones left out."""
    merged: list[Stretch] = []
    for off, on in sorted((_utc(off), _utc(on)) for off, on in pauses):
        if on <= off:
            continue
        if merged and off <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], on))
        else:
            merged.append((off, on))
    return merged


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("A moment needs a time zone.")
    return at.astimezone(UTC)


def _no_working_time(after: datetime | date) -> ValueError:
    return ValueError(f"This calendar has no working time in the twenty years after {after:%d %B %Y}.")


# --- closed days -----------------------------------------------------------------------------------------------


def closed_days(country: str, subdivision: str, years: Iterable[int]) -> list[tuple[date, str]]:
    """Public holidays of a country (ISO 3166, "DE") or a part of it ("BY"; "" for none), with their names, in order.

    For making a version of a calendar, which keeps them: a later release of the holidays package rewrites nothing.
    Names are English where the package has them so; left to itself it would follow the locale of the machine. Raises
    ValueError for a country or a part that the package does not know.
    """
    try:
        found = holidays.country_holidays(
            country.upper(), subdiv=subdivision.upper() or None, years=list(years), language="en_US"
        )
    except NotImplementedError as error:
        raise ValueError(f"No holidays are known for {' '.join(filter(None, (country, subdivision)))!r}.") from error
    return sorted(found.items())
