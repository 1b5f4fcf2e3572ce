"""How long customers wait, by both clocks: until somebody speaks to them, and until their case is declared resolved.

The customer clock is wall time from the answer and never pauses. The team clock is the team's working time from
receipt, less the pauses while the customer is asked something (`working`). Both come from kept counts where these hold.
The number of queries is constant, whatever the number of tickets.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from followups.models.tickets import TicketQuerySet
from followups.reports.metrics.counting import TicketCohort
from followups.reports.metrics.figures import figure_of
from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.stretches import first_contact_at, resolved_at
from followups.reports.metrics.then import is_then
from followups.reports.metrics.working import Meters, calendars_of, pauses_by_ticket
from followups.reports.rollups.work import Worked
from followups.reports.survival import Curve, curve_of_counts
from surveys.scoring import enough


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
    """Both times of one cohort on both clocks, whoever still waits or was dismissed included. Up to nine queries."""
    now = filters.moment(now)
    cohort = TicketCohort(filters, now=now)
    contacted, resolved, without = _working_curves(cohort)
    return TimesReport(
        filters=filters,
        now=now,
        first_contact=cohort.first_contact(),
        resolution=cohort.resolution(),
        first_contact_working=contacted,
        resolution_working=resolved,
        without_calendar=without,
    )


def _working_curves(cohort: TicketCohort) -> tuple[Curve, Curve, int]:
    """First contact and resolution on the team clock, and how many tickets have no calendar. Up to six queries."""
    if cohort.is_looked_up:
        found = [_worked(cohort.filters.tickets(), cohort.now)]
    else:
        found = [cohort.worked(), *(_worked(part, cohort.now) for part in cohort.parts.tickets)]
    together = Worked.together(found)
    contacted, resolved = (
        replace(curve_of_counts(happened, waiting), is_rounded=not cohort.is_looked_up)
        for happened, waiting in (
            (together.spoken, together.unspoken),
            (together.resolved, together.unresolved),
        )
    )
    return contacted, resolved, together.n - contacted.n


def _worked(tickets: TicketQuerySet, now: datetime) -> Worked:
    """The times of these tickets on the team clock, from their rows. Up to three queries."""
    counted = figure_of(tickets, "counted", now=now).order_by()
    times = first_contact_at(tickets), resolved_at(tickets)
    rows = list(counted.values_list("pk", "received_at", *times, *calendars_of(tickets)))
    # What was written down before it happened, by a clock that ran ahead, ends after now.
    latest = max((at for *_, contact_at, ended_at, _c, _r in rows for at in (contact_at, ended_at) if at), default=now)
    meters = Meters(min((received_at for _, received_at, *_ in rows), default=now), max(now, latest))
    paused = pauses_by_ticket(counted.values("pk"), now, then=is_then(tickets))
    found = Worked(len(rows), Counter(), Counter(), Counter(), Counter())
    for number, received_at, contact_at, ended_at, of_contact, of_resolution in rows:
        off = paused.get(number, ())
        for happened, waiting, at, calendar in (
            (found.spoken, found.unspoken, contact_at, of_contact),
            (found.resolved, found.unresolved, ended_at, of_resolution),
        ):
            if (meter := meters.of(calendar)) is not None:
                seconds = max(meter.worked(received_at, at or now, off), 0.0)
                (waiting if at is None else happened)[seconds] += 1
    return found
