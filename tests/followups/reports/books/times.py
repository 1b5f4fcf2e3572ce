"""How long customers wait, on both clocks, recounted: working time is counted minute by minute off the team's wall."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from followups.models import Calendar
from tests.followups.reports.books.arithmetic import curve
from tests.followups.reports.books.cohorts import Books
from tests.followups.reports.books.rows import DAY, SETTLED

MINUTE = timedelta(minutes=1)
WAITING = "waiting_on_customer"


def times(books: Books, asked: Any) -> dict[str, Any]:
    loops = [loop for loop in books.cohort(asked) if loop.counted]
    found: dict[str, Any] = {}
    for name, happened_at, targets in (
        ("first_contact", first_contact_at, ("first_contact", "resolution")),
        ("resolution", resolved_at, ("resolution", "first_contact")),
    ):
        wall, worked, without = [], [], 0
        for loop in loops:
            at = happened_at(loop)
            until = at or books.now
            wall.append(((until - loop.ticket.responded_at).total_seconds(), at is not None))
            calendar = calendar_of(books, loop, targets)
            if calendar is None:
                without += 1
                continue
            worked.append((team_clock(books, calendar, loop, until), at is not None))
        found[name] = {"customer_clock": curve(wall), "team_clock": curve(worked)}
        found["without_calendar"] = without
    return found


def first_contact_at(loop: Any) -> datetime | None:
    at: datetime | None = loop.ticket.first_contact_at
    return at


def resolved_at(loop: Any) -> datetime | None:
    """When it was resolved, where it still is; what was closed without that, when it closed."""
    if loop.ticket.state not in SETTLED:
        return None
    at: datetime | None = loop.ticket.resolved_at or loop.ticket.closed_at
    return at


def waits_within(books: Books, asked: Any, kind: str, start: int, end: int | None) -> set[int]:
    """Tickets whose wait on the customer's clock ended, or has lasted by now, from `start` up to `end` hours."""
    happened_at = first_contact_at if kind in ("spoken", "unspoken") else resolved_at
    found = set()
    for loop in books.cohort(asked):
        at = happened_at(loop)
        if not loop.counted or (at is None) != kind.startswith("un"):
            continue
        hours = max(((at or books.now) - loop.ticket.responded_at) / timedelta(hours=1), 0.0)
        if start <= hours and (end is None or hours < end):
            found.add(loop.ticket.pk)
    return found


# --- the team's clock ------------------------------------------------------------------------------------------


def calendar_of(books: Books, loop: Any, targets: Iterable[str]) -> Calendar | None:
    """The version that the ticket's own deadline is pinned to, else its team's, else the first that is in use."""
    for target in targets:
        for row in books.deadlines[loop.ticket.pk]:
            if row.cycle == 0 and row.target == target:
                return books.calendars[row.calendar_id]
    team = books.teams.get(loop.ticket.team_id)
    if team is not None and team.calendar_id is not None:
        return books.calendars[team.calendar_id]
    return min((row for row in books.calendars.values() if row.is_active), key=lambda row: row.pk, default=None)


def team_clock(books: Books, calendar: Calendar, loop: Any, until: datetime) -> float:
    """Seconds of the team's work from receipt until then, but for those while the customer was asked something."""
    since = loop.ticket.received_at
    if until <= since:
        return 0.0
    seconds = at_work(calendar, since, until)
    for begins, ends in asked_something(loop.events, books.now):
        begins, ends = max(begins, since), min(ends, until)
        if begins < ends:
            seconds -= at_work(calendar, begins, ends)
    return seconds


def asked_something(events: Iterable[Any], now: datetime) -> list[tuple[datetime, datetime]]:
    found, since = [], None
    for event in events:
        if event.to_state == WAITING and event.from_state != WAITING:
            since = event.happened_at
        if event.from_state == WAITING and event.to_state not in ("", WAITING) and since is not None:
            found.append((since, event.happened_at))
            since = None
    return found if since is None else [*found, (since, now)]


def at_work(calendar: Calendar, begins: datetime, ends: datetime) -> float:
    """Seconds between two moments in minutes at which the team's wall shows a time of work."""
    weekly = tuple(tuple((a, b) for a, b in day) for day in calendar.weekly)
    hours = (calendar.zone, weekly, tuple(day for day, _name in calendar.closed_days))
    begins, ends = begins.astimezone(UTC), ends.astimezone(UTC)

    def since(at: datetime, first: date) -> float:
        """Seconds of work from the midnight that `first` begins with."""
        whole, part = divmod(at.hour * 3600 + at.minute * 60 + at.second + at.microsecond / 1e6, 60)
        days = ((first + n * DAY) for n in range((at.date() - first).days))
        today = _works(*hours, at.date())
        minutes = sum(sum(_works(*hours, day)) for day in days) + sum(today[: int(whole)])
        return 60.0 * minutes + (part if today[int(whole)] else 0.0)

    return since(ends, begins.date()) - since(begins, begins.date())


@lru_cache(maxsize=10_000)
def _works(
    zone: str, weekly: tuple[tuple[tuple[int, int], ...], ...], closed: tuple[str, ...], day: date
) -> tuple[bool, ...]:
    """Whether there is work, for each minute of a day of UTC."""
    found, midnight = [], datetime(day.year, day.month, day.day, tzinfo=UTC)
    for n in range(24 * 60):
        shown = (midnight + n * MINUTE).astimezone(ZoneInfo(zone))
        of_day = shown.hour * 60 + shown.minute
        is_open = shown.date().isoformat() not in closed
        found.append(is_open and any(a <= of_day < b for a, b in weekly[shown.weekday()]))
    return tuple(found)
