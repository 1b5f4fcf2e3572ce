"""Who hears of what changed: the customers who raised one of the causes, and of those the ones who can be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet

from followups.reports.metrics.figures import figure_of
from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.reachable import Hears, with_hearing


@dataclass(frozen=True, slots=True)
class Audience:
    """Customers and their tickets by whether they can be told. Somebody unknown counts once per ticket."""

    customers_by: Mapping[str, int]
    tickets_by: Mapping[str, int]

    @property
    def customers(self) -> int:
        return sum(self.customers_by.values())

    @property
    def tickets(self) -> int:
        return sum(self.tickets_by.values())

    @property
    def can_be_told(self) -> int:
        return self.customers_by.get(Hears.YES, 0)

    @property
    def left_out(self) -> dict[Hears, int]:
        """Why the others cannot, in the order in which the reasons are asked."""
        known = {hears: self.customers_by.get(hears, 0) for hears in Hears if hears != Hears.YES}
        return {hears: n for hears, n in known.items() if n}

    def as_dict(self) -> dict[str, Any]:
        return {
            "customers": self.customers,
            "tickets": self.tickets,
            "can_be_told": self.can_be_told,
            "left_out": {hears.value: n for hears, n in self.left_out.items()},
        }


def audience_of(filters: ReportFilters, *, now: datetime) -> Audience:
    """Of the tickets of the cohort that were resolved for a cause; whom a mail may reach is as known now. One query."""
    now = filters.moment(now)
    found: QuerySet[Any] = with_hearing(figure_of(filters.tickets(), "with_cause", now=now)).order_by()
    rows = found.values("hears", unknown=ExpressionWrapper(Q(contact=None), output_field=BooleanField()))
    customers: dict[str, int] = {}
    tickets: dict[str, int] = {}
    for row in rows.annotate(n=Count("pk"), people=Count("contact", distinct=True)):
        hears = row["hears"]
        tickets[hears] = tickets.get(hears, 0) + row["n"]
        customers[hears] = customers.get(hears, 0) + (row["n"] if row["unknown"] else row["people"])
    return Audience(customers, tickets)
