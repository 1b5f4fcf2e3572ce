"""The resolution that stands: what was last declared about a ticket and did not come back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import (
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
)

from followups.models import (
    Resolution,
)
from followups.reports.metrics.then import is_then


def standing_resolutions() -> QuerySet[Resolution]:
    """The resolution of each ticket's present cycle, where its mail did not come back: at most one per ticket."""
    return Resolution.objects.filter(cycle=F("ticket__cycle"), voided_at__isnull=True)


def standing_of(tickets: QuerySet[Any], now: datetime) -> QuerySet[Resolution]:
    """The same for a ticket outside, one of these `tickets`, which may be as of `now`.

    A new one is written only once that before it was void, so of those that were not void by then the first one stood.
    """
    if not is_then(tickets):
        return standing_resolutions().filter(ticket=OuterRef("pk"))
    not_void = Q(voided_at__isnull=True) | Q(voided_at__gt=now)
    of_ticket = Resolution.objects.filter(not_void, ticket=OuterRef("pk"), cycle=OuterRef("then_cycle"))
    earlier = Resolution.objects.filter(
        not_void, ticket=OuterRef("ticket"), cycle=OuterRef("cycle"), pk__lt=OuterRef("pk")
    )
    return of_ticket.filter(~Exists(earlier))
