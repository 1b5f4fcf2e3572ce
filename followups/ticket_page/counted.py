"""Why something is due when it is, opened down to the stretches of time that were counted. Pure, given the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, ngettext, pgettext

from followups import calendars, deadlines
from followups.calendars import Stretch
from followups.models import Calendar, Deadline, Event, SlaPolicy, Ticket
from followups.templatetags.moments import as_promised, moment, span

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class CountedDay:
    """One date of the team's calendar: the stretches that counted, how long they were, what had been counted by then.

    `why_not` says why a day counted nothing; `paused` that the clock stood still for a part of it.
    """

    day: date
    zone: ZoneInfo
    stretches: list[Stretch]
    time: timedelta
    together: timedelta
    why_not: str = ""
    paused: bool = False

    @property
    def periods(self) -> list[str]:
        """`09:00–12:30` on the calendar's clock."""
        return [f"{_clock(begins, self.zone)}–{_clock(ends, self.zone)}" for begins, ends in self.stretches]

    @property
    def length(self) -> str:
        return _hours(self.time) if self.time else ""

    @property
    def so_far(self) -> str:
        return _hours(self.together)


@dataclass(frozen=True, slots=True)
class CountedDeadline:
    """One deadline with its sum. `days` is empty on the customer's clock, which counts every minute there is."""

    deadline: Deadline
    name: str
    status: str
    tone: str
    pairs: list[tuple[str, str]]
    zone: str
    paused: list[Stretch] = field(default_factory=list)
    days: list[CountedDay] = field(default_factory=list)


def counted(
    ticket: Ticket, rows: Sequence[Deadline], events: Sequence[Event], *, now: datetime
) -> list[CountedDeadline]:
    """Every deadline of a ticket, the open ones first, with policy and calendar read."""
    stretches = deadlines.pauses(events, now=now)
    order = sorted(rows, key=lambda row: (not row.is_open, -row.cycle, row.due_at))
    return [_counted(ticket, row, stretches, now) for row in order]


def _counted(ticket: Ticket, row: Deadline, stretches: list[Stretch], now: datetime) -> CountedDeadline:
    on_customer_clock = row.clock == SlaPolicy.Clock.CUSTOMER
    zone = ZoneInfo(row.calendar.zone)
    length = timedelta(minutes=row.minutes)
    paused = [] if on_customer_clock else [each for each in stretches if row.starts_at <= each[0] < row.due_at]
    pairs = [(gettext("Began"), moment(row.starts_at, now))]
    if on_customer_clock:
        pairs.append((gettext("Wall time, day and night"), span(length)))
    else:
        day = deadlines.working_day_minutes(row.calendar.hours)
        days = row.minutes // day if row.minutes % day == 0 else 0
        words = ngettext("%(n)s working day", "%(n)s working days", days) % {"n": days}
        pairs.append((gettext("Working time"), f"{words} = {_hours(length)}" if days else _hours(length)))
        if paused:
            stood = sum((on - off for off, on in paused), timedelta())
            pairs.append((gettext("Stood still, waiting for the customer"), span(stood)))
    pairs.append((gettext("Due"), moment(row.due_at, now)))
    if row.promised_at:
        pairs.append((gettext("The customer was told"), as_promised(row.promised_at, now)))
    pairs += [(gettext("Policy"), _version(row.policy)), (gettext("Calendar"), _version(row.calendar))]
    status, tone = _status(row, now)
    name = str(Deadline.Target(row.target).label)
    return CountedDeadline(
        deadline=row,
        name=name[:1].upper() + name[1:],
        status=status,
        tone=tone,
        pairs=pairs,
        zone=str(zone),
        paused=paused,
        days=[] if on_customer_clock else _days(row, stretches, zone),
    )


def _status(row: Deadline, now: datetime) -> tuple[str, str]:
    """How it stands, and the tone of its tag."""
    if row.dropped_at:
        return gettext("no longer owed"), ""
    if row.met_at:
        if row.met_at <= row.binding_at:
            return gettext("met %(when)s") % {"when": moment(row.met_at, now)}, "good"
        late = span(row.met_at - row.binding_at)
        return gettext("met %(when)s, %(late)s late") % {"when": moment(row.met_at, now), "late": late}, "warn"
    if now > row.binding_at:
        return gettext("late by %(late)s") % {"late": span(now - row.binding_at)}, "bad"
    return pgettext("promise", "open"), ""


def _days(row: Deadline, stretches: list[Stretch], zone: ZoneInfo) -> list[CountedDay]:
    hours = row.calendar.hours
    closed = {date.fromisoformat(day): name for day, name in row.calendar.closed_days}
    by_day: dict[date, list[Stretch]] = {}
    for begins, ends in calendars.counted_stretches(hours, row.starts_at, row.due_at, stretches):
        by_day.setdefault(begins.astimezone(zone).date(), []).append((begins, ends))
    day, last = row.starts_at.astimezone(zone).date(), row.due_at.astimezone(zone).date()
    so_far = timedelta()
    found = []
    while day <= last:
        parts = by_day.get(day, [])
        length = sum((ends - begins for begins, ends in parts), timedelta())
        so_far += length
        worked = calendars.working_stretches(hours, day)
        paused = any(off < ends and on > begins for off, on in stretches for begins, ends in worked)
        found.append(
            CountedDay(
                day=day,
                zone=zone,
                stretches=parts,
                time=length,
                together=so_far,
                why_not="" if parts else _why_not(day, closed, worked=bool(worked), paused=paused),
                paused=paused and bool(parts),
            )
        )
        day += timedelta(days=1)
    return found


def _why_not(day: date, closed: dict[date, str], *, worked: bool, paused: bool) -> str:
    if day in closed:
        return gettext("closed: %(name)s") % {"name": closed[day]}
    if not worked:
        return gettext("nobody works")
    if paused:
        return gettext("stood still, waiting for the customer")
    return gettext("after hours")


def _version(row: SlaPolicy | Calendar) -> str:
    return gettext("%(name)s, version %(version)s") % {"name": row.name, "version": row.version}


def _hours(length: timedelta) -> str:
    """Working time as hours and minutes: a day of it is no day of the calendar."""
    hours, minutes = divmod(int(length.total_seconds() // 60), 60)
    parts = [f"{hours} h"] if hours else []
    return " ".join([*parts, f"{minutes} min"] if minutes or not hours else parts)


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M}"
