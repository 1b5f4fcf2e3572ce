"""Signals of tickets by day, team, band and person: counted for whole days, and read again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet, Sum

from followups.models import Action, SignalTally, Ticket
from followups.reports.metrics.promised import promises
from followups.reports.metrics.signals import OF_DECLARED, OF_TICKETS, SignalCount, count_signals
from followups.reports.rollups.bounds import OVER, Bounds
from followups.reports.rollups.layout import ALL, Layout

# Signal -> the column of how many it looks at; its own is of how many it counts.
LOOKED_AT = {name: "of_declared" if name in OF_DECLARED else f"of_{name}" for name in OF_TICKETS}


def add_up(tallies: QuerySet[SignalTally]) -> Iterator[SignalCount]:
    """Every signal by person. One query."""
    sums = {f"sum_{name}": Sum(name) for name in {*LOOKED_AT, *LOOKED_AT.values()}}
    rows: Any = tallies.order_by().values("person").annotate(**sums)
    for row in rows:
        for name, of in LOOKED_AT.items():
            if n := row[f"sum_{of}"]:
                yield SignalCount(name, (), row["person"], row[f"sum_{name}"], n)


def size_of(days: Q) -> QuerySet[Ticket]:
    """What has to be read to count these days."""
    return Ticket.objects.filter(days)


def count(
    days: Q, layout: Layout, *, now: datetime
) -> tuple[list[SignalTally], dict[date, tuple[str, ...]], dict[date, tuple[datetime | None, datetime | None]]]:
    """The kept rows of the days as they stand at `now`, and from when until when each holds. Seven queries.

    The second part is empty: signals are kept by no way.
    """
    tickets = Ticket.objects.filter(days).order_by()
    rows: dict[tuple[Any, ...], SignalTally] = {}
    for each in count_signals(tickets, "day", "team_id", "band", now=now):
        key = (*each.group, each.person)
        if key not in rows:
            day, team, band = each.group
            rows[key] = SignalTally(day=day, way=ALL, group="", team_id=team, band=band, person=each.person)
        setattr(rows[key], LOOKED_AT[each.signal], each.n)
        setattr(rows[key], each.signal, each.counted)
    bounds = Bounds(now)
    for day, until in tickets.exclude(state__in=OVER).values_list("day", "resolution_due_at"):
        if until is not None:
            bounds.add(day, until)
    open_ = promises(now=now).filter(ticket__in=tickets.values("pk"), state=Action.State.OPEN).order_by()
    for day, first in open_.values_list("ticket__day", "first_promised_at"):
        bounds.add(day, first)
    return list(rows.values()), {}, bounds.by_day
