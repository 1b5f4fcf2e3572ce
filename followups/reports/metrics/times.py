"""How long customers wait, by both clocks: until somebody speaks to them, and until their case is declared resolved.

The customer clock is wall time from the answer and never pauses. The team clock is the team's working time from
receipt, less the pauses while the customer is asked something, by the version of the calendar that the ticket's own
deadline is pinned to. Up to five queries, whatever the number of tickets.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, groupby
from typing import Any

from django.db.models import BigIntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from followups.calendars import WorkingHours, counted_stretches
from followups.deadlines import pauses
from followups.models import Calendar, Deadline, Event
from followups.models.tickets import TicketState
from followups.reports.metrics.counting import TicketCohort
from followups.reports.metrics.figures import figure_of
from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.stretches import first_contact_at, resolved_at
from followups.reports.metrics.then import calendar_of_team, is_then
from followups.reports.survival import Curve, Spell, curve
from surveys.scoring import enough

Stretches = Sequence[tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class TimesReport:
    """Four curves of one cohort as known at `now`. Seconds of the team clock are seconds of working time.

    `without_calendar` counts tickets that no calendar can be found for: they are in no curve of the team clock.
    """

    filters: ReportFilters
    now: datetime
    first_contact: Curve
    resolution: Curve
    first_contact_working: Curve
    resolution_working: Curve
    without_calendar: int

    def as_dict(self) -> dict[str, Any]:
        """For the API: plain types; seconds, null while there is no figure, under 20 tickets never."""
        return {
            "filters": self.filters.as_dict(),
            "as_of": self.now.isoformat(),
            "first_contact": {
                "customer_clock": _figures(self.first_contact),
                "team_clock": _figures(self.first_contact_working),
            },
            "resolution": {
                "customer_clock": _figures(self.resolution),
                "team_clock": _figures(self.resolution_working),
            },
            "without_calendar": self.without_calendar,
        }


def _figures(found: Curve) -> dict[str, Any]:
    known = enough(found.n)
    return {
        "tickets": found.n,
        "happened": found.events,
        "waiting": found.n - found.events,
        "approximate": found.is_rounded,
        "median_seconds": found.reached(0.5) if known else None,
        "median_between": list(found.reached_between(0.5)) if known else None,
        "ninety_percent_seconds": found.reached(0.9) if known else None,
        "ninety_percent_between": list(found.reached_between(0.9)) if known else None,
    }


def times_report(filters: ReportFilters, *, now: datetime) -> TimesReport:
    """Both times of one cohort on both clocks, whoever still waits or was dismissed included. Up to five queries."""
    now = filters.moment(now)
    cohort = TicketCohort(filters, now=now)
    contacted, resolved, without = _working_curves(filters, now)
    return TimesReport(
        filters=filters,
        now=now,
        first_contact=cohort.first_contact(),
        resolution=cohort.resolution(),
        first_contact_working=contacted,
        resolution_working=resolved,
        without_calendar=without,
    )


def _pinned(target: str) -> Subquery:
    rows = Deadline.objects.filter(ticket=OuterRef("pk"), cycle=0, target=target).order_by("ordinal")
    return Subquery(rows.values("calendar")[:1])


def _working_curves(filters: ReportFilters, now: datetime) -> tuple[Curve, Curve, int]:
    """First contact and resolution on the team clock, and how many tickets have no calendar. Up to three queries."""
    first, last = _pinned(Deadline.Target.FIRST_CONTACT), _pinned(Deadline.Target.RESOLUTION)
    tickets = filters.tickets()
    counted = figure_of(tickets, "counted", now=now).order_by()
    of_team = calendar_of_team(tickets)
    rows = list(
        counted.values_list(
            "pk",
            "received_at",
            first_contact_at(tickets),
            resolved_at(tickets),
            # A ticket that owes no contact, or is older than its deadlines, goes by what is nearest.
            Coalesce(first, last, of_team, output_field=BigIntegerField()),
            Coalesce(last, first, of_team, output_field=BigIntegerField()),
        )
    )
    since = min((received_at for _, received_at, *_ in rows), default=now)
    meters = _Meters(since, now)
    paused = _pauses_by_ticket(counted.values("pk"), now, then=is_then(tickets))
    contacted: list[Spell] = []
    resolved: list[Spell] = []
    for number, received_at, contact_at, ended_at, of_contact, of_resolution in rows:
        stretches = paused.get(number, ())
        for spells, at, calendar in (
            (contacted, contact_at, of_contact),
            (resolved, ended_at, of_resolution),
        ):
            if (worked := meters.of(calendar)) is not None:
                spells.append(Spell(worked(received_at, at or now, stretches), at is not None))
    return curve(contacted), curve(resolved), len(rows) - len(contacted)


def _pauses_by_ticket(tickets: Any, now: datetime, *, then: bool) -> dict[int, Stretches]:
    """When each ticket waited for its customer, with `then` as known by `now`; the others are left out. One query."""
    waited = Q(from_state=TicketState.WAITING_ON_CUSTOMER) | Q(to_state=TicketState.WAITING_ON_CUSTOMER)
    events = Event.objects.filter(waited, ticket__in=tickets).order_by("ticket", "seq")
    if then:
        events = events.filter(recorded_at__lte=now)
    only = ("ticket_id", "from_state", "to_state", "happened_at")
    by_ticket = groupby(events.only(*only).iterator(chunk_size=5_000), key=lambda event: event.ticket_id)
    return {number: pauses(its, now=now) for number, its in by_ticket}


class _Meters:
    """A meter per calendar, made when first asked for. One query."""

    def __init__(self, since: datetime, now: datetime) -> None:
        self.since, self.now = since, now
        self.known: dict[int, Callable[[datetime, datetime, Stretches], float]] = {}
        self.calendars = {calendar.pk: calendar for calendar in Calendar.objects.order_by("pk")}
        active = [pk for pk, calendar in self.calendars.items() if calendar.is_active]
        self.default = active[0] if active else None

    def of(self, pk: int | None) -> Callable[[datetime, datetime, Stretches], float] | None:
        pk = self.default if pk is None else pk
        if pk is None:
            return None
        if pk not in self.known:
            self.known[pk] = meter(self.calendars[pk].hours, self.since, self.now)
        return self.known[pk]


def meter(hours: WorkingHours, since: datetime, until: datetime) -> Callable[[datetime, datetime, Stretches], float]:
    """A function (start, end, pauses) to seconds of working time, for moments from `since` to `until`.

    It counts what `calendars.working_time` counts. The stretches are laid out once, so that each of many waits costs
    two look-ups instead of a walk through its days. Pauses follow each other, as those of one ticket do.
    """
    stretches = counted_stretches(hours, since, until)
    starts = [begins for begins, _ends in stretches]
    before = [timedelta(), *accumulate(ends - begins for begins, ends in stretches)]

    def so_far(at: datetime) -> timedelta:
        found = bisect_right(starts, at)
        if not found:
            return timedelta()
        begins, ends = stretches[found - 1]
        return before[found - 1] + (min(at, ends) - begins)

    def worked(start: datetime, end: datetime, off: Stretches) -> float:
        if end <= start:
            return 0.0
        total = so_far(end) - so_far(start)
        for begins, ends in off:
            begins, ends = max(begins, start), min(ends, end)
            if begins < ends:
                total -= so_far(ends) - so_far(begins)
        return total.total_seconds()

    return worked
