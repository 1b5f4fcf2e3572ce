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
    Exists,
    ExpressionWrapper,
    F,
    Model,
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
    Action,
    ActionMove,
    Deadline,
    DismissalRequest,
    Event,
    FirstContact,
    Resolution,
    Ticket,
    Verdict,
)
from followups.models.standing import PREFIX
from followups.models.tickets import AT_WORK, LIVE, ClosedAs, DismissReason, TicketState, falls_due_among
from followups.models.tickets import falls_due as falls_due_now
from followups.reports.metrics import stretches
from followups.reports.metrics.reachable import Hears, with_hearing
from followups.reports.metrics.recovered import FROM, OF_RECOVERY, with_recovery
from followups.reports.metrics.then import actions_as_of, column, is_then, promises_that_ran_on
from nps_loop.mail.models import Message, Stream
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


# When the first contact was, by evidence, against its first deadline.
Contact = FirstContact

# A lead agreed that these were no customers' words to answer, so they leave the closure rates.
NO_ANSWER = (DismissReason.DUPLICATE, DismissReason.TEST, DismissReason.SPAM)

# Shown at the edge of a window: a promise that ends within it is in danger.
SOON = timedelta(hours=24)


def _place(tickets: QuerySet[Any], now: datetime) -> Case:
    def of(**fields: Any) -> Q:
        return _of(tickets, **fields)

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
        return _of(tickets, **fields)

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


def _of(tickets: QuerySet[Any], **fields: Any) -> Q:
    """A condition on columns of the tickets: of now, or of the moment they are as of."""
    return Q(**{column(tickets, name): value for name, value in fields.items()})


def with_facts(tickets: Tickets, *, now: datetime) -> Tickets:
    """The tickets with `place`, `ending`, `told`, `first_contact`, `spoken_to` and `not_yet`.

    *Told* asks for a declared end as well: a talk before anything was done closes no loop. Tickets as of a past moment
    (`then.as_of`) have the facts of that moment, which `now` must be.
    """
    declared = _of(tickets, state__in=(TicketState.RESOLVED, TicketState.CLOSED))
    said_not_yet = Verdict.objects.filter(ticket=OuterRef("pk"), choice=Verdict.Choice.NOT_YET)
    if is_then(tickets):
        said_not_yet = said_not_yet.filter(happened_at__lte=now)
    return tickets.annotate(
        place=_place(tickets, now),
        ending=_ending(tickets),
        told=ExpressionWrapper(declared & _of(tickets, told_at__isnull=False), output_field=BooleanField()),
        first_contact=_first_contact(tickets),
        spoken_to=ExpressionWrapper(_of(tickets, first_contact_at__isnull=False), output_field=BooleanField()),
        not_yet=Exists(said_not_yet),
    )


FACTS = ("place", "ending", "told", "first_contact", "spoken_to", "not_yet")


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


def promises(*, now: datetime, then: bool = False) -> QuerySet[Any]:
    """Every promise, an action with `kept`; with `then` as they stood at `now`.

    An action whose date no customer was told is no promise, and is not in. Whoever moves a date once it has passed has
    broken the promise: that the customer heard of it then changes nothing.
    """
    of = PREFIX if then else ""
    first_date = f"{of}first_promised_at"
    moved_too_late = ActionMove.objects.filter(
        action=OuterRef("pk"), from_at=OuterRef(first_date), happened_at__gt=F("from_at")
    )
    if then:
        moved_too_late = moved_too_late.filter(happened_at__lte=now)
    first, open_, dropped, done = F(first_date), Action.State.OPEN, Action.State.DROPPED, Action.State.DONE
    actions = actions_as_of(now) if then else Action.objects.all()
    return actions.filter(**{f"{first_date}__isnull": False}).annotate(
        kept=Case(
            When(**{f"{of}state": done}, done_at__lte=first, then=Value(Kept.KEPT)),
            When(**{f"{of}state": dropped}, then=Value(Kept.DROPPED)),
            When(**{f"{of}state": open_, f"{first_date}__gt": now}, then=Value(Kept.NOT_DUE)),
            When(Q(**{f"{of}due_at__gt": first}) & ~Q(Exists(moved_too_late)), then=Value(Kept.MOVED)),
            When(**{f"{of}state": done}, then=Value(Kept.LATER)),
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
OF_NOW: tuple[str, ...] = (
    "at_work", "late", "in_time", "late_at_work", "breaking", "unassigned", "waiting", "silent",
    "late_first_contact", "promise_over", "not_yet_unanswered", "reopened_twice", "approval_waiting", "mail_stuck",
    "at_risk", "at_risk_without_value",
)  # fmt: skip

WITHOUT_VALUE = Q(account__annual_value__isnull=True)

FIRST_CONTACT = Deadline.Target.FIRST_CONTACT
# Without an event for so long, a ticket at work is called silent.
SILENT = timedelta(days=7)
# A mail that failed longer ago was seen, or will not be sent any more.
STUCK = timedelta(days=7)


def of_now(tickets: QuerySet[Any], name: str, now: datetime) -> Q:
    """The condition behind a figure about now. Raises KeyError for a name that is none."""

    def of(**fields: Any) -> Q:
        return _of(tickets, **fields)

    def falls_due(**bounds: datetime) -> Q:
        if is_then(tickets):
            return falls_due_among(promises_that_ran_on(now), PREFIX, bounds)
        return falls_due_now(**bounds)

    then = is_then(tickets)
    in_hand = of(state__in=AT_WORK, owner_id__isnull=False)
    # An account is at risk while a detractor of it waits for us, whatever the day of the answer.
    at_risk = Q(band=Band.DETRACTOR, account__isnull=False) & of(state__in=LIVE)
    return {
        "at_work": lambda: in_hand,
        "late": lambda: falls_due(lt=now),
        "late_at_work": lambda: in_hand & of(due_at__lt=now),
        "in_time": lambda: in_hand & (of(due_at__isnull=True) | of(due_at__gte=now)),
        "breaking": lambda: falls_due(gte=now, lt=now + SOON),
        "unassigned": lambda: of(state__in=LIVE, owner_id__isnull=True),
        "waiting": lambda: of(state=TicketState.WAITING_ON_CUSTOMER),
        "silent": lambda: in_hand & of(changed_at__lt=now - SILENT),
        "late_first_contact": lambda: of(state__in=AT_WORK, due_at__lt=now, due_for=FIRST_CONTACT),
        "promise_over": lambda: of(state__in=LIVE) & Q(Exists(_told_and_over(now, then=then))),
        "not_yet_unanswered": lambda: (
            of(state__in=LIVE, customer_waits=True) & Q(Exists(_said_not_yet(now, then=then)))
        ),
        "reopened_twice": lambda: of(state__in=LIVE, cycle__gte=2),
        "approval_waiting": lambda: of(state__in=LIVE) & Q(Exists(_wishes(now, then=then))),
        "mail_stuck": lambda: Q(Exists(_stuck_mails(now, then=then))),
        "at_risk": lambda: at_risk,
        "at_risk_without_value": lambda: at_risk & WITHOUT_VALUE,
    }[name]()


def _rows(rows: type[Model], **which: Any) -> QuerySet[Any]:
    return rows._default_manager.filter(ticket=OuterRef("pk"), **which)


def _told_and_over(now: datetime, *, then: bool) -> QuerySet[Any]:
    """Open actions whose date a customer was told and the date they have now is over."""
    of = PREFIX if then else ""
    actions = actions_as_of(now) if then else Action.objects.all()
    asked: dict[str, Any] = {
        f"{of}state": Action.State.OPEN,
        f"{of}first_promised_at__isnull": False,
        f"{of}due_at__lt": now,
    }
    return actions.filter(ticket=OuterRef("pk"), **asked)


def _said_not_yet(now: datetime, *, then: bool) -> QuerySet[Any]:
    said = _rows(Verdict, choice=Verdict.Choice.NOT_YET)
    return said.filter(happened_at__lte=now) if then else said


def _wishes(now: datetime, *, then: bool) -> QuerySet[Any]:
    """Wishes to dismiss the ticket that nobody decided on."""
    if not then:
        return _rows(DismissalRequest, decided_at=None)
    return _rows(DismissalRequest, asked_at__lte=now).filter(Q(decided_at=None) | Q(decided_at__gt=now))


def _stuck_mails(now: datetime, *, then: bool) -> QuerySet[Message]:
    """Mails to the customer about this ticket that came back or could not leave lately.

    One that left after all since is not known any more to have been stuck then.
    """
    lost = (Message.State.FAILED, Message.State.BOUNCED)
    stuck = Message.objects.filter(case=OuterRef("pk"), stream=Stream.CASE, state__in=lost, ended_at__gte=now - STUCK)
    return stuck.filter(ended_at__lte=now) if then else stuck


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


def _reopened(tickets: QuerySet[Any], now: datetime) -> Exists:
    events = Event.objects.filter(
        ticket=OuterRef("pk"),
        from_state__in=(TicketState.RESOLVED, TicketState.CLOSED),
        to_state=TicketState.ASSIGNED,
    )
    return Exists(events.filter(recorded_at__lte=now) if is_then(tickets) else events)


def _of_reopening(tickets: Tickets, name: str, now: datetime) -> Tickets:
    found = Q(_reopened(tickets, now))
    if name == "ever_resolved":
        found |= _of(tickets, state__in=(TicketState.RESOLVED, TicketState.CLOSED))
    return with_facts(tickets, now=now).filter(OF_FACTS["counted"].q).filter(found)


# --- one figure as a set of tickets ----------------------------------------------------------------------------

# Tickets declared resolved for a root cause whose customer can be told the news, or cannot and why.
HEARS = {f"hears_{hears.value}": hears for hears in Hears}
# Tickets with an action that is still open and whose date the customer was told.
PROMISES_OPEN = "promises_open"

FIGURES: tuple[str, ...] = (
    *OF_FACTS, *OF_PROMISES, *OF_NOW, *OF_RECOVERY, *OF_DUE_BAND, *OF_SAVED, *OF_REOPENING, *HEARS,
    PROMISES_OPEN,
)  # fmt: skip

# `cause-<slug>` is a figure as well: the tickets declared resolved for this root cause; `causes-<slug>` those for this
# one or one below it; `cause_but-<slug>.<slug>` and `causes_but-` those for another than these. `with_cause` has all
# that have one.
CAUSE, CAUSE_BUT, CAUSES, CAUSES_BUT = OF_CAUSES = ("cause-", "cause_but-", "causes-", "causes_but-")
WITH_CAUSE = {"with_cause": True, "without_cause": False}


def is_figure(name: str) -> bool:
    """Whether `figure_of` knows this name."""
    return (
        name in FIGURES
        or name in WITH_CAUSE
        or name.startswith(OF_CAUSES)
        or stretches.NAMED.fullmatch(name) is not None
    )


def figure_of(tickets: Tickets, name: str, *, now: datetime) -> Tickets:
    """Those of the tickets that the figure `name` counts. Raises KeyError for a name that is none.

    For figures of a cohort the caller narrows the days (and whatever else) as the report did: `day_from`, `day_to`, …
    """
    if name in OF_NOW:
        return tickets.filter(of_now(tickets, name, now))
    if name in OF_RECOVERY:
        return tickets.filter(pk__in=with_recovery(tickets, now=now).filter(OF_RECOVERY[name]).order_by().values("pk"))
    if name in OF_SAVED:
        return tickets.filter(pk__in=with_recovery(tickets, now=now).filter(OF_SAVED[name]).order_by().values("pk"))
    if name in OF_REOPENING:
        return _of_reopening(tickets, name, now)
    if name in OF_DUE_BAND:
        band, recovered = OF_DUE_BAND[name]
        if recovered:
            tickets = figure_of(tickets, f"recovered_{band.value}", now=now)
        return with_facts(tickets, now=now).filter(OF_FACTS["due"].q, band=band)
    if name in OF_PROMISES:
        kept = promises(now=now, then=is_then(tickets)).filter(Q(ticket=OuterRef("pk")) & Q(kept__in=OF_PROMISES[name]))
        return with_facts(tickets, now=now).exclude(Q(place=Place.REMOVED)).filter(Exists(kept))
    if name == PROMISES_OPEN:
        told = promises(now=now, then=is_then(tickets))
        still_open = told.filter(**{"ticket": OuterRef("pk"), column(tickets, "state"): Action.State.OPEN})
        return with_facts(tickets, now=now).exclude(Q(place=Place.REMOVED)).filter(Exists(still_open))
    if name in HEARS:
        return with_hearing(figure_of(tickets, "with_cause", now=now)).filter(hears=HEARS[name])
    if name.startswith(OF_CAUSES) or name in WITH_CAUSE:
        given = Exists(_resolutions_of(tickets, name, now))
        declared = with_facts(tickets, now=now).filter(OF_FACTS["declared"].q)
        return declared.filter(given) if WITH_CAUSE.get(name, True) else declared.filter(~given)
    if (stretch := stretches.condition(tickets, name, now=now)) is not None:
        return with_facts(tickets, now=now).filter(OF_FACTS["counted"].q).filter(stretch)
    return with_facts(tickets, now=now).filter(OF_FACTS[name].q)


def _resolutions_of(tickets: QuerySet[Any], name: str, now: datetime) -> QuerySet[Resolution]:
    """The standing resolutions, for a ticket outside, with a cause that a figure of causes is about."""
    given = standing_of(tickets, now).filter(root_cause__isnull=False)
    kind, _dash, slugs = name.partition("-")
    found = Q(root_cause__slug__in=slugs.split("."))
    if kind.startswith("causes"):
        found |= Q(root_cause__parent__slug__in=slugs.split("."))
    if name.startswith(OF_CAUSES):
        return given.exclude(found) if kind.endswith("_but") else given.filter(found)
    return given


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
