"""Between which moments the counts of a day hold: nothing comes due, and no promise runs out. Pure."""

from __future__ import annotations

from datetime import date, datetime

from followups.models.tickets import TicketState

# Counted as due whatever their target.
OVER = (TicketState.CLOSED, TicketState.DISMISSED)


class Bounds:
    """From when until when the counts of each day hold: between the moments at which something comes due by itself."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.by_day: dict[date, tuple[datetime | None, datetime | None]] = {}

    def add(self, day: date, moment: datetime) -> None:
        since, until = self.by_day.get(day, (None, None))
        if moment <= self.now:
            since = moment if since is None else max(since, moment)
        else:
            until = moment if until is None else min(until, moment)
        self.by_day[day] = (since, until)
