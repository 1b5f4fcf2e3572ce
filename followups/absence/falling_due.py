"""What of the absent is due before they are back. Rows only, nothing is changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from followups.models import Action, Away, ContactAttempt, Cover, Ticket
from followups.models.tickets import LIVE, TicketState

Outcome = Cover.Outcome


def _absence_of(person: str, now: datetime, field_name: str, order: str) -> Subquery:
    rows = Away.objects.at(now).filter(user=OuterRef(person)).order_by(order)
    return Subquery(rows.values(field_name)[:1])


def _with_absence(rows: QuerySet[Any], person: str, now: datetime) -> QuerySet[Any]:
    """Rows of people who are away, with from when until when; several absences at once are one."""
    away = Away.objects.at(now).order_by().values("user")
    return rows.filter(**{f"{person}__in": away}).annotate(
        away_from=_absence_of(person, now, "starts_at", "starts_at"),
        away_until=_absence_of(person, now, "ends_at", "-ends_at"),
    )


def falling_due(now: datetime) -> QuerySet[Ticket]:
    """Tickets of people who are away that are due before they are back, or that a customer waits on.

    Left out is what was covered in this absence already, or given back by hand while it lasts.
    """
    newer = ContactAttempt.objects.filter(ticket=OuterRef("ticket"), happened_at__gt=OuterRef("happened_at"))
    tries = ContactAttempt.objects.filter(
        ticket=OuterRef("pk"),
        cycle=OuterRef("cycle"),
        next_try_at__gte=OuterRef("away_from"),
        next_try_at__lt=OuterRef("away_until"),
    ).exclude(Exists(newer))
    due = (
        Q(due_at__lt=F("away_until"))
        | Q(customer_waits=True)
        | Q(snoozed_until__gte=F("away_from"), snoozed_until__lt=F("away_until"))
        | Q(state=TicketState.WAITING_ON_CUSTOMER, waiting_until__lt=F("away_until"))
        | Exists(tries)
    )
    settled = Cover.objects.filter(
        ticket=OuterRef("pk"), action=None, absent=OuterRef("owner"), outcome__in=[Outcome.OPEN, Outcome.GIVEN],
        away__in=Away.objects.at(now).values("pk"),
    )  # fmt: skip
    return _with_absence(Ticket.objects.live(), "owner", now).filter(due).exclude(Exists(settled))


def coming_in(now: datetime) -> QuerySet[Ticket]:
    """New tickets in conversations of people who are away."""
    away = Away.objects.at(now).order_by().values("user")
    return Ticket.objects.unassigned().filter(conversation__owner__in=away)


def promises_due(now: datetime) -> QuerySet[Action]:
    """What people who are away promised for a time before they are back, on whoever's ticket."""
    settled = Cover.objects.filter(
        action=OuterRef("pk"), absent=OuterRef("owner"), outcome__in=[Outcome.OPEN, Outcome.GIVEN],
        away__in=Away.objects.at(now).values("pk"),
    )  # fmt: skip
    rows = Action.objects.filter(state=Action.State.OPEN, ticket__state__in=LIVE)
    return _with_absence(rows, "owner", now).filter(due_at__lt=F("away_until")).exclude(Exists(settled))
