"""Tickets by how long something took, or has not happened yet: the rows of the table under a curve, as figures.

The figure `spoken-24-48` is the tickets spoken to from 24 up to 48 hours after the answer, `unspoken-24-48` those
nobody has spoken to and whose answer is so old by now; `resolved-…` and `unresolved-…` likewise. Without a last number
there is no end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, DateTimeField, Expression, F, Q, QuerySet, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual, IsNull, LessThan

from followups.models.tickets import TicketState
from followups.reports.metrics.then import column


def first_contact_at(tickets: QuerySet[Any]) -> Expression | F:
    """When somebody first spoke to the customer of each of these tickets; null where nobody has."""
    return F(column(tickets, "first_contact_at"))


def resolved_at(tickets: QuerySet[Any]) -> Expression | F:
    """When each of these tickets was resolved, null where it is not. What only closed ended when it closed."""
    over = Q(**{f"{column(tickets, 'state')}__in": (TicketState.RESOLVED, TicketState.CLOSED)})
    ended = Coalesce(column(tickets, "resolved_at"), column(tickets, "closed_at"))
    return Case(When(over, then=ended), output_field=DateTimeField())


# What a figure begins with -> when that happened, and whether those are meant to whom it did.
KINDS: dict[str, tuple[Callable[[QuerySet[Any]], Expression | F], bool]] = {
    "spoken": (first_contact_at, True),
    "unspoken": (first_contact_at, False),
    "resolved": (resolved_at, True),
    "unresolved": (resolved_at, False),
}
NAMED = re.compile(rf"(?P<kind>{'|'.join(KINDS)})-(?P<start>\d{{1,5}})-(?P<end>\d{{0,5}})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Hours on the customer clock from `start` up to but not including `end` (None: and longer)."""

    start: int
    end: int | None

    def named(self, kind: str) -> str:
        """The name of the figure; `kind` is one of `KINDS`."""
        return f"{kind}-{self.start}-{'' if self.end is None else self.end}"

    def holds(self, seconds: float) -> bool:
        """Whether a wait of so long lies in it."""
        return self.start * 3600 <= seconds and (self.end is None or seconds < self.end * 3600)

    def _ended(self, at: Expression | F) -> Q:
        """It happened so long after the answer. What is dated before the answer took no time."""
        found = Q(IsNull(at, False))
        if self.start:
            found &= Q(GreaterThanOrEqual(at, F("responded_at") + timedelta(hours=self.start)))
        if self.end is not None:
            found &= Q(LessThan(at, F("responded_at") + timedelta(hours=self.end)))
        return found

    def _waiting(self, at: Expression | F, now: datetime) -> Q:
        """It has not happened, for so long by now."""
        found = Q(IsNull(at, True))
        if self.start:
            found &= Q(responded_at__lte=now - timedelta(hours=self.start))
        if self.end is not None:
            found &= Q(responded_at__gt=now - timedelta(hours=self.end))
        return found


def condition(tickets: QuerySet[Any], name: str, *, now: datetime) -> Q | None:
    """The condition that a figure of this kind puts on these tickets; None for another kind of name."""
    found = NAMED.fullmatch(name)
    if found is None:
        return None
    stretch = Stretch(int(found["start"]), int(found["end"]) if found["end"] else None)
    of, happened = KINDS[found["kind"]]
    at = of(tickets)
    return stretch._ended(at) if happened else stretch._waiting(at, now)
