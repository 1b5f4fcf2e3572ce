"""Whom somebody stands in for: as a list shows it on a row, and as a day begins with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import CharField, Count, F, Max, OuterRef, Subquery, Value
from django.db.models.functions import Concat, Trim

from followups.models import Cover
from followups.models.tickets import TicketQuerySet
from nps_loop.people.models import User


def with_cover(tickets: TicketQuerySet) -> TicketQuerySet:
    """Tickets with `covered_for`, the name of whoever has them by right and is away, and `covered_until` when.

    Both are None where nobody stands in. No query of its own.
    """
    covers = Cover.objects.open().filter(ticket=OuterRef("pk"), action=None).exclude(absent=OuterRef("owner"))
    first = covers.order_by("pk")
    name = Trim(Concat(F("absent__first_name"), Value(" "), F("absent__last_name")), output_field=CharField())
    return tickets.annotate(
        covered_for=Subquery(first.annotate(name=name).values("name")[:1]),
        covered_until=Subquery(first.values("away__ends_at")[:1]),
    )


@dataclass(frozen=True, slots=True)
class StandIn:
    """Somebody who is away, with how many tickets are held for them."""

    name: str
    tickets: int
    until: datetime | None


def held_for_others(user: User) -> list[StandIn]:
    """For whom this person holds tickets now, by name. One query."""
    covers = Cover.objects.open().filter(action=None, ticket__owner=user).exclude(absent=user)
    rows = (
        covers.order_by("absent__first_name", "absent__last_name", "absent")
        .values_list("absent__first_name", "absent__last_name", "absent")
        .annotate(n=Count("ticket", distinct=True), until=Max("away__ends_at"))
    )
    return [StandIn(f"{first} {last}".strip(), n, until) for first, last, _pk, n, until in rows]
