"""The team clock of tickets: the team's working time from receipt, less the pauses while the customer is asked.

Working time is that of the version of the calendar which the ticket's own deadline is pinned to; without a deadline it
is the team's calendar, without a team the first that is in use.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import accumulate, groupby
from typing import Any

from django.db.models import BigIntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from followups.calendars import WorkingHours, counted_stretches
from followups.deadlines import pauses
from followups.models import Calendar, Deadline, Event
from followups.models.tickets import TicketState
from followups.reports.metrics.then import calendar_of_team

Stretches = Sequence[tuple[datetime, datetime]]


def _pinned(target: str) -> Subquery:
    rows = Deadline.objects.filter(ticket=OuterRef("pk"), cycle=0, target=target).order_by("ordinal")
    return Subquery(rows.values("calendar")[:1])


def calendars_of(tickets: Any) -> tuple[Coalesce, Coalesce]:
    """The keys of the calendars of first contact and resolution of each ticket; null where only the default is left."""
    first, last = _pinned(Deadline.Target.FIRST_CONTACT), _pinned(Deadline.Target.RESOLUTION)
    of_team = calendar_of_team(tickets)
    # A ticket that owes no contact, or is older than its deadlines, goes by what is nearest.
    return (
        Coalesce(first, last, of_team, output_field=BigIntegerField()),
        Coalesce(last, first, of_team, output_field=BigIntegerField()),
    )


def pauses_by_ticket(tickets: Any, now: datetime, *, then: bool = False) -> dict[int, Stretches]:
    """When each ticket waited for its customer, with `then` as known by `now`; the others are left out. One query.

    A pause that still runs ends at `now`.
    """
    waited = Q(from_state=TicketState.WAITING_ON_CUSTOMER) | Q(to_state=TicketState.WAITING_ON_CUSTOMER)
    events = Event.objects.filter(waited, ticket__in=tickets).order_by("ticket", "seq")
    if then:
        events = events.filter(recorded_at__lte=now)
    only = ("ticket_id", "from_state", "to_state", "happened_at")
    by_ticket = groupby(events.only(*only).iterator(chunk_size=5_000), key=lambda event: event.ticket_id)
    return {number: pauses(its, now=now) for number, its in by_ticket}


class Meter:
    """Working time between moments from `since` to `until`: it counts what `calendars.working_time` counts.

    The stretches are laid out once, so that each of many waits costs two look-ups instead of a walk through its days.
    """

    def __init__(self, hours: WorkingHours, since: datetime, until: datetime) -> None:
        stretches = counted_stretches(hours, since, until)
        self._starts = [begins for begins, _ends in stretches]
        self._ends = [ends for _begins, ends in stretches]
        self._before = [timedelta(), *accumulate(ends - begins for begins, ends in stretches)]

    def so_far(self, at: datetime) -> timedelta:
        """Working time from `since` to this moment."""
        found = bisect_right(self._starts, at)
        if not found:
            return timedelta()
        return self._before[found - 1] + (min(at, self._ends[found - 1]) - self._starts[found - 1])

    def worked(self, start: datetime, end: datetime, off: Stretches) -> float:
        """Seconds of working time from start to end without these pauses, which follow each other."""
        if end <= start:
            return 0.0
        return (self.so_far(end) - self.so_far(start) - self.paused(start, end, off)).total_seconds()

    def paused(self, start: datetime, end: datetime, off: Stretches) -> timedelta:
        """Working time of these pauses between start and end."""
        total = timedelta()
        for begins, ends in off:
            begins, ends = max(begins, start), min(ends, end)
            if begins < ends:
                total += self.so_far(ends) - self.so_far(begins)
        return total

    def later(self, start: datetime, work: timedelta) -> datetime:
        """A moment by which so much working time has passed since `start`."""
        if not work:
            return start
        wanted = self.so_far(start) + work
        at = min(bisect_right(self._before, wanted), len(self._starts)) - 1
        return self._starts[at] + (wanted - self._before[at]) if at >= 0 else start


class Meters:
    """A meter per calendar, made when first asked for. One query."""

    def __init__(self, since: datetime, until: datetime) -> None:
        self.since, self.until = since, until
        self._known: dict[int, Meter] = {}

    @cached_property
    def _calendars(self) -> dict[int, Calendar]:
        return {calendar.pk: calendar for calendar in Calendar.objects.order_by("pk")}

    @cached_property
    def default(self) -> int | None:
        """The first calendar that is in use; None without any."""
        return next((pk for pk, calendar in self._calendars.items() if calendar.is_active), None)

    def of(self, pk: int | None) -> Meter | None:
        """The meter of this calendar, of the default one for None; None where there is no calendar at all."""
        pk = self.default if pk is None else pk
        if pk is None or pk not in self._calendars:
            return None
        if pk not in self._known:
            self._known[pk] = Meter(self._calendars[pk].hours, self.since, self.until)
        return self._known[pk]
