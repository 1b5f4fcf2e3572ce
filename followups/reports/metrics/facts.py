"""The one definition behind every figure about tickets.

Each ticket of a cohort has a few facts, worked out by the database in one pass: its *place* in the cohort, how it
*ended* so far, whether the customer was *told*, when the *first contact* was, and whether the customer said *not yet*.
A figure is a condition on these facts, so the count on the page, the count from the API and the list of tickets that
opens behind it cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import (
    BooleanField,
    Case,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    TextChoices,
    Value,
    When,
)
from django.db.models.fields import CharField
from django.utils.translation import gettext_lazy as _

from followups.models import (
    Deadline,
    DismissalRequest,
    FirstContact,
    Ticket,
    Verdict,
)
from followups.models.tickets import ClosedAs, DismissReason, TicketState
from followups.reports.metrics.then import column, is_then

Tickets = TypeVar("Tickets", bound="QuerySet[Ticket]")


class Place(TextChoices):
    """Where a ticket stands in its cohort: each in exactly one place."""

    DUE = "due", _("due")
    NOT_DUE = "not_due", _("not due yet")
    NOBODY_TO_REACH = "nobody_to_reach", _("nobody to reach")
    LEFT_IN_PEACE = "left_in_peace", _("left in peace")
    REMOVED = "removed", _("duplicate, test or spam")


class Ending(TextChoices):
    """How a ticket ended so far."""

    CONFIRMED = "confirmed", _("the customer said that it is settled")
    DIFFER = "differ", _("agreed to differ")
    DECLARED = "declared", _("resolved or closed")
    DISMISSED = "dismissed", _("dismissed")
    OPEN = "open", _("open")


# When the first contact was, by evidence, against its first deadline.
Contact = FirstContact

# A lead agreed that these were no customers' words to answer, so they leave the closure rates.
NO_ANSWER = (DismissReason.DUPLICATE, DismissReason.TEST, DismissReason.SPAM)


def _place(tickets: QuerySet[Any], now: datetime) -> Case:
    def of(**fields: Any) -> Q:
        return of_ticket(tickets, **fields)

    approved = DismissalRequest.objects.filter(ticket=OuterRef("pk"), approved=True)
    if is_then(tickets):
        approved = approved.filter(decided_at__lte=now)
    removed = of(state=TicketState.DISMISSED, dismissed_as__in=NO_ANSWER) & Q(Exists(approved))
    over = of(state__in=(TicketState.CLOSED, TicketState.DISMISSED)) | of(resolution_due_at__lte=now)
    return Case(
        When(removed, then=Value(Place.REMOVED)),
        When(of(left_in_peace=True) | of(closed_as=ClosedAs.LEFT_IN_PEACE), then=Value(Place.LEFT_IN_PEACE)),
        When(of(nobody_to_reach=True), then=Value(Place.NOBODY_TO_REACH)),
        When(over, then=Value(Place.DUE)),
        default=Value(Place.NOT_DUE),
        output_field=CharField(),
    )


def _ending(tickets: QuerySet[Any]) -> Case:
    def of(**fields: Any) -> Q:
        return of_ticket(tickets, **fields)

    return Case(
        When(of(closed_as=ClosedAs.CONFIRMED), then=Value(Ending.CONFIRMED)),
        When(of(closed_as=ClosedAs.AGREED_TO_DIFFER), then=Value(Ending.DIFFER)),
        When(of(state__in=(TicketState.RESOLVED, TicketState.CLOSED)), then=Value(Ending.DECLARED)),
        When(of(state=TicketState.DISMISSED), then=Value(Ending.DISMISSED)),
        default=Value(Ending.OPEN),
        output_field=CharField(),
    )


def _first_contact(tickets: QuerySet[Any]) -> Any:
    if is_then(tickets):
        return F("then_first_contact")
    met = Deadline.objects.filter(
        ticket=OuterRef("pk"), cycle=0, target=Deadline.Target.FIRST_CONTACT, met_at__isnull=False
    )
    return Case(
        When(Exists(met.filter(met_at__lte=F("due_at"))), then=Value(Contact.IN_TIME)),
        When(Exists(met), then=Value(Contact.LATER)),
        default=Value(Contact.NONE),
        output_field=CharField(),
    )


def of_ticket(tickets: QuerySet[Any], **fields: Any) -> Q:
    """A condition on columns of the tickets: of now, or of the moment they are as of."""
    return Q(**{column(tickets, name): value for name, value in fields.items()})


def _told(tickets: QuerySet[Any]) -> ExpressionWrapper:
    declared = of_ticket(tickets, state__in=(TicketState.RESOLVED, TicketState.CLOSED))
    return ExpressionWrapper(declared & of_ticket(tickets, told_at__isnull=False), output_field=BooleanField())


def _spoken_to(tickets: QuerySet[Any]) -> ExpressionWrapper:
    return ExpressionWrapper(of_ticket(tickets, first_contact_at__isnull=False), output_field=BooleanField())


def _not_yet(tickets: QuerySet[Any], now: datetime) -> Exists:
    said = Verdict.objects.filter(ticket=OuterRef("pk"), choice=Verdict.Choice.NOT_YET)
    return Exists(said.filter(happened_at__lte=now) if is_then(tickets) else said)


_MADE_BY: dict[str, Callable[[QuerySet[Any], datetime], Any]] = {
    "place": _place,
    "ending": lambda tickets, now: _ending(tickets),
    "told": lambda tickets, now: _told(tickets),
    "first_contact": lambda tickets, now: _first_contact(tickets),
    "spoken_to": lambda tickets, now: _spoken_to(tickets),
    "not_yet": _not_yet,
}
FACTS = tuple(_MADE_BY)


def with_facts(tickets: Tickets, *, now: datetime, only: Iterable[str] = FACTS) -> Tickets:
    """The tickets with `place`, `ending`, `told`, `first_contact`, `spoken_to` and `not_yet`, or `only` some of them.

    *Told* asks for a declared end as well: a talk before anything was done closes no loop. Tickets as of a past moment
    (`then.as_of`) have the facts of that moment, which `now` must be.
    """
    return tickets.annotate(**{fact: _MADE_BY[fact](tickets, now) for fact in only})


def without_removed(tickets: Tickets, *, now: datetime) -> Tickets:
    """The tickets but duplicates, tests and spam, whose promises count nowhere."""
    return with_facts(tickets, now=now, only=["place"]).exclude(Q(place=Place.REMOVED))


@dataclass(frozen=True, slots=True)
class Figure:
    """A condition on the facts, read by the database (`q`) and by the fold over grouped counts (`holds`).

    `ways` are alternatives; each names facts with the values they may have.
    """

    ways: tuple[Mapping[str, tuple[Any, ...]], ...]

    @property
    def q(self) -> Q:
        found = Q()
        for way in self.ways:
            found |= Q(**{f"{fact}__in": values for fact, values in way.items()})
        return found

    def of(self, tickets: Tickets, *, now: datetime) -> Tickets:
        """Those of the tickets that it counts, with the facts it asks for and no others."""
        asked = dict.fromkeys(fact for way in self.ways for fact in way)
        return with_facts(tickets, now=now, only=asked).filter(self.q)

    def holds(self, facts: Mapping[str, Any]) -> bool:
        return any(all(facts[fact] in values for fact, values in way.items()) for way in self.ways)


def _where(**values: Any) -> Figure:
    return Figure(({fact: given if isinstance(given, tuple) else (given,) for fact, given in values.items()},))


def _due(**values: Any) -> Figure:
    return _where(place=Place.DUE, **values)


COUNTED = (Place.DUE, Place.NOT_DUE)
DECLARED = (Ending.CONFIRMED, Ending.DIFFER, Ending.DECLARED)
UNCONFIRMED = (Ending.DIFFER, Ending.DECLARED)

# Declared, told, confirmed, on time and dismissed share one denominator: `due`.
OF_FACTS: dict[str, Figure] = {
    "cohort": _where(),
    "counted": _where(place=COUNTED),
    "not_due": _where(place=Place.NOT_DUE),
    "nobody_to_reach": _where(place=Place.NOBODY_TO_REACH),
    "left_in_peace": _where(place=Place.LEFT_IN_PEACE),
    "removed": _where(place=Place.REMOVED),
    "beside": _where(place=(Place.NOBODY_TO_REACH, Place.LEFT_IN_PEACE, Place.REMOVED)),
    "due": _due(),
    "declared": _due(ending=DECLARED),
    "told": _due(told=True),
    "confirmed": _due(ending=Ending.CONFIRMED),
    "told_settled": _due(told=True, ending=Ending.CONFIRMED),
    "told_not_yet": _due(told=True, ending=UNCONFIRMED, not_yet=True),
    "told_silent": _due(told=True, ending=UNCONFIRMED, not_yet=False),
    "told_unconfirmed": _due(told=True, ending=UNCONFIRMED),
    "declared_only": _due(told=False, ending=UNCONFIRMED),
    "not_told": _due(told=False, ending=DECLARED),
    "agreed_to_differ": _due(ending=Ending.DIFFER),
    "said_not_yet": _due(not_yet=True),
    "dismissed": _due(ending=Ending.DISMISSED),
    "still_open": _due(ending=Ending.OPEN),
    "unfinished": Figure(
        ({"place": (Place.NOT_DUE,)}, {"place": (Place.DUE,), "ending": (Ending.DISMISSED, Ending.OPEN)})
    ),
    "on_time": _due(first_contact=Contact.IN_TIME),
    "contacted_later": _due(first_contact=Contact.LATER),
    "not_contacted": _due(first_contact=Contact.NONE),
    "spoken_to": _where(place=COUNTED, spoken_to=True),
    "never_spoken_to": _where(place=COUNTED, spoken_to=False),
}
