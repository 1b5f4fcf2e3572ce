"""The one definition behind every figure about tickets.

Each ticket of a cohort has a few facts, worked out by the database in one pass: its *place* in the cohort, how it
*ended* so far, whether the customer was *told*, when the *first contact* was, and whether the customer said *not yet*.
A figure is a condition on these facts, so the count on the page, the count from the API and the list of tickets that
opens behind it cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import (
    BooleanField,
    Case,
    DateTimeField,
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
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from followups.models import Action, ActionMove, Deadline, DismissalRequest, Event, Resolution, Ticket, Verdict
from followups.models.tickets import AT_WORK, LIVE, ClosedAs, DismissReason, TicketState, falls_due
from followups.reports.metrics.recovered import FROM, OF_RECOVERY, with_recovery
from surveys.scoring import Band

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


class Contact(TextChoices):
    """When the first contact was, by evidence, against its first deadline."""

    IN_TIME = "in_time", _("in time")
    LATER = "later", _("later")
    NONE = "none", _("not yet")


# A lead agreed that these were no customers' words to answer, so they leave the closure rates.
NO_ANSWER = (DismissReason.DUPLICATE, DismissReason.TEST, DismissReason.SPAM)

# Shown at the edge of a window: a promise that ends within it is in danger.
SOON = timedelta(hours=24)


def _place(now: datetime) -> Case:
    approved = DismissalRequest.objects.filter(ticket=OuterRef("pk"), approved=True)
    removed = Q(state=TicketState.DISMISSED, dismissed_as__in=NO_ANSWER) & Q(Exists(approved))
    over = Q(state__in=(TicketState.CLOSED, TicketState.DISMISSED)) | Q(resolution_due_at__lte=now)
    return Case(
        When(removed, then=Value(Place.REMOVED)),
        When(Q(left_in_peace=True) | Q(closed_as=ClosedAs.LEFT_IN_PEACE), then=Value(Place.LEFT_IN_PEACE)),
        When(nobody_to_reach=True, then=Value(Place.NOBODY_TO_REACH)),
        When(over, then=Value(Place.DUE)),
        default=Value(Place.NOT_DUE),
        output_field=CharField(),
    )


def _ending() -> Case:
    return Case(
        When(closed_as=ClosedAs.CONFIRMED, then=Value(Ending.CONFIRMED)),
        When(closed_as=ClosedAs.AGREED_TO_DIFFER, then=Value(Ending.DIFFER)),
        When(state__in=(TicketState.RESOLVED, TicketState.CLOSED), then=Value(Ending.DECLARED)),
        When(state=TicketState.DISMISSED, then=Value(Ending.DISMISSED)),
        default=Value(Ending.OPEN),
        output_field=CharField(),
    )


def _first_contact() -> Case:
    met = Deadline.objects.filter(
        ticket=OuterRef("pk"), cycle=0, target=Deadline.Target.FIRST_CONTACT, met_at__isnull=False
    )
    return Case(
        When(Exists(met.filter(met_at__lte=F("due_at"))), then=Value(Contact.IN_TIME)),
        When(Exists(met), then=Value(Contact.LATER)),
        default=Value(Contact.NONE),
        output_field=CharField(),
    )


def with_facts(tickets: Tickets, *, now: datetime) -> Tickets:
    """The tickets with `place`, `ending`, `told`, `first_contact`, `spoken_to` and `not_yet`.

    *Told* asks for a declared end as well: a talk before anything was done closes no loop.
    """
    declared = Q(state__in=(TicketState.RESOLVED, TicketState.CLOSED))
    said_not_yet = Verdict.objects.filter(ticket=OuterRef("pk"), choice=Verdict.Choice.NOT_YET)
    return tickets.annotate(
        place=_place(now),
        ending=_ending(),
        told=ExpressionWrapper(declared & Q(told_at__isnull=False), output_field=BooleanField()),
        first_contact=_first_contact(),
        spoken_to=ExpressionWrapper(Q(first_contact_at__isnull=False), output_field=BooleanField()),
        not_yet=Exists(said_not_yet),
    )


FACTS = ("place", "ending", "told", "first_contact", "spoken_to", "not_yet")


# When what is waited for happened, null where it has not. What closed without being resolved ended when it closed.
FIRST_CONTACT_AT = F("first_contact_at")
RESOLVED_AT = Case(
    When(state__in=(TicketState.RESOLVED, TicketState.CLOSED), then=Coalesce("resolved_at", "closed_at")),
    output_field=DateTimeField(),
)


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


# --- promises --------------------------------------------------------------------------------------------------


class Kept(TextChoices):
    """What became of an action whose date the customer was told."""

    KEPT = "kept", _("done by the first date the customer was told")
    MOVED = "moved", _("the first date was moved before it passed, and not kept")
    LATER = "later", _("done, but later")
    DROPPED = "dropped", _("dropped with a reason")
    BROKEN = "broken", _("the date is over and it is not done")
    NOT_DUE = "not_due", _("not due yet")


def promises(*, now: datetime) -> QuerySet[Any]:
    """Every promise, an action with `kept`. An action whose date no customer was told is no promise, and is not in.

    Whoever moves a date once it has passed has broken the promise: that the customer heard of it then changes nothing.
    """
    moved_too_late = ActionMove.objects.filter(
        action=OuterRef("pk"), from_at=OuterRef("first_promised_at"), happened_at__gt=F("from_at")
    )
    first, open_, dropped, done = F("first_promised_at"), Action.State.OPEN, Action.State.DROPPED, Action.State.DONE
    return Action.objects.filter(first_promised_at__isnull=False).annotate(
        kept=Case(
            When(state=done, done_at__lte=first, then=Value(Kept.KEPT)),
            When(state=dropped, then=Value(Kept.DROPPED)),
            When(state=open_, first_promised_at__gt=now, then=Value(Kept.NOT_DUE)),
            When(Q(due_at__gt=first) & ~Q(Exists(moved_too_late)), then=Value(Kept.MOVED)),
            When(state=done, then=Value(Kept.LATER)),
            default=Value(Kept.BROKEN),
            output_field=CharField(),
        )
    )


PROMISES_DUE = (Kept.KEPT, Kept.MOVED, Kept.LATER, Kept.DROPPED, Kept.BROKEN)
OF_PROMISES: dict[str, tuple[Kept, ...]] = {
    "promises": PROMISES_DUE,
    "promises_kept": (Kept.KEPT,),
    "promises_moved": (Kept.MOVED,),
    "promises_later": (Kept.LATER,),
    "promises_dropped": (Kept.DROPPED,),
    "promises_broken": (Kept.BROKEN,),
}


# --- now -------------------------------------------------------------------------------------------------------

# Figures about this moment, whatever the day of the answer.
IN_HAND = Q(state__in=AT_WORK, owner__isnull=False)
OF_NOW: tuple[str, ...] = (
    "at_work",
    "late",
    "in_time",
    "late_at_work",
    "breaking",
    "unassigned",
    "waiting",
    "silent",
    "at_risk",
    "at_risk_without_value",
)

# An account is at risk while a detractor of it waits for us, whatever the day of the answer.
AT_RISK = Q(band=Band.DETRACTOR, state__in=LIVE, account__isnull=False)
WITHOUT_VALUE = Q(account__annual_value__isnull=True)

# Without an event for so long, a ticket at work is called silent.
SILENT = timedelta(days=7)


def of_now(name: str, now: datetime) -> Q:
    """The condition behind a figure about now. Raises KeyError for a name that is none."""
    running_out = Q(state__in=AT_WORK, due_at__lt=now)
    return {
        "at_work": IN_HAND,
        "late": falls_due(lt=now),
        "late_at_work": IN_HAND & running_out,
        "in_time": IN_HAND & (Q(due_at__isnull=True) | Q(due_at__gte=now)),
        "breaking": falls_due(gte=now, lt=now + SOON),
        "unassigned": Q(state__in=LIVE, owner__isnull=True),
        "waiting": Q(state=TicketState.WAITING_ON_CUSTOMER),
        "silent": IN_HAND & Q(changed_at__lt=now - SILENT),
        "at_risk": AT_RISK,
        "at_risk_without_value": AT_RISK & WITHOUT_VALUE,
    }[name]


# --- recovery of everybody who is due --------------------------------------------------------------------------

# Name -> band, and whether only the recovered are meant. Of those heard again is the larger rate, and whoever asks only
# the happy again lifts it; of all who are due, nobody can.
OF_DUE_BAND: dict[str, tuple[Band, bool]] = {
    **{f"due_{band.value}": (band, False) for band in FROM},
    **{f"recovered_due_{band.value}": (band, True) for band in FROM},
}


# --- what was won back, and what came back ----------------------------------------------------------------------

# An account is saved where a detractor of the cohort recovered.
OF_SAVED: dict[str, Q] = {
    "saved": OF_RECOVERY["recovered_detractor"] & Q(account__isnull=False),
    "saved_without_value": OF_RECOVERY["recovered_detractor"] & Q(account__isnull=False) & WITHOUT_VALUE,
}

# Customers, or we, took up again what had been resolved; a dismissal that a lead takes back is none of these.
OF_REOPENING: tuple[str, ...] = ("ever_resolved", "reopened")


def _reopened() -> Exists:
    return Exists(
        Event.objects.filter(
            ticket=OuterRef("pk"),
            from_state__in=(TicketState.RESOLVED, TicketState.CLOSED),
            to_state=TicketState.ASSIGNED,
        )
    )


def _of_reopening(tickets: Tickets, name: str, now: datetime) -> Tickets:
    found = Q(_reopened())
    if name == "ever_resolved":
        found |= Q(state__in=(TicketState.RESOLVED, TicketState.CLOSED))
    return with_facts(tickets, now=now).filter(OF_FACTS["counted"].q).filter(found)


# --- one figure as a set of tickets ----------------------------------------------------------------------------

FIGURES: tuple[str, ...] = (*OF_FACTS, *OF_PROMISES, *OF_NOW, *OF_RECOVERY, *OF_DUE_BAND, *OF_SAVED, *OF_REOPENING)

# `cause-<slug>` is a figure as well: the tickets declared resolved for this root cause.
CAUSE = "cause-"


def is_figure(name: str) -> bool:
    """Whether `figure_of` knows this name."""
    return name in FIGURES or name.startswith(CAUSE)


def figure_of(tickets: Tickets, name: str, *, now: datetime) -> Tickets:
    """Those of the tickets that the figure `name` counts. Raises KeyError for a name that is none.

    For figures of a cohort the caller narrows the days (and whatever else) as the report did: `day_from`, `day_to`, …
    """
    if name in OF_NOW:
        return tickets.filter(of_now(name, now))
    if name in OF_RECOVERY:
        return tickets.filter(pk__in=with_recovery(tickets).filter(OF_RECOVERY[name]).order_by().values("pk"))
    if name in OF_SAVED:
        return tickets.filter(pk__in=with_recovery(tickets).filter(OF_SAVED[name]).order_by().values("pk"))
    if name in OF_REOPENING:
        return _of_reopening(tickets, name, now)
    if name in OF_DUE_BAND:
        band, recovered = OF_DUE_BAND[name]
        if recovered:
            tickets = figure_of(tickets, f"recovered_{band.value}", now=now)
        return with_facts(tickets, now=now).filter(OF_FACTS["due"].q, band=band)
    if name in OF_PROMISES:
        found = promises(now=now).filter(Q(ticket=OuterRef("pk")) & Q(kept__in=OF_PROMISES[name]))
        return with_facts(tickets, now=now).exclude(Q(place=Place.REMOVED)).filter(Exists(found))
    if name.startswith(CAUSE):
        found_cause = standing_resolutions().filter(ticket=OuterRef("pk"), root_cause__slug=name.removeprefix(CAUSE))
        return with_facts(tickets, now=now).filter(OF_FACTS["declared"].q).filter(Exists(found_cause))
    return with_facts(tickets, now=now).filter(OF_FACTS[name].q)


def standing_resolutions() -> QuerySet[Resolution]:
    """The resolution of each ticket's present cycle, where its mail did not come back: at most one per ticket."""
    return Resolution.objects.filter(cycle=F("ticket__cycle"), voided_at__isnull=True)
