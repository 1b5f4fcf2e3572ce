"""The tickets a lead should look at, each with what there is to decide or to ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext, ngettext

from followups.models import Action, DismissalRequest, Event, Ticket, Verdict
from followups.models.tickets import LIVE, TicketState, falls_due_at
from followups.reports.metrics.facts import NO_ANSWER
from followups.reports.metrics.figures import figure_of
from followups.ticket_rows import Row

# How many rows a group shows before it says how many more there are.
SHOWN = 6

RENEWS_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Case:
    """One row: the ticket as a list shows it, and why it stands here."""

    row: Row
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A wish to dismiss. Who owns the ticket or asked may not decide: then another lead does."""

    row: Row
    request: DismissalRequest
    effect: str
    may_decide: bool


def breaking(tickets: Any, *, now: datetime) -> Any:
    """Promises and targets that run out within a day, the first one first."""
    return figure_of(tickets, "breaking", now=now).order_by(falls_due_at(), "pk")


def late(tickets: Any, *, now: datetime) -> Any:
    return figure_of(tickets, "late", now=now).order_by(falls_due_at(), "pk")


def unassigned(tickets: Any) -> Any:
    return tickets.filter(state__in=LIVE, owner__isnull=True).order_by("rank", "pk")


def who_calls(tickets: Any) -> Any:
    """Reopened by a second *not yet*, nobody has been in touch since, and no lead has said who calls.

    Said is said by a hand-over or a note of somebody other than the owner, in the present cycle.
    """
    not_yets = (
        Verdict.objects.filter(ticket=OuterRef("pk"), choice=Verdict.Choice.NOT_YET)
        .order_by()
        .values("ticket")
        .annotate(n=Count("pk"))
        .filter(n__gte=2)
    )
    decided = Event.objects.filter(
        ticket=OuterRef("pk"), cycle=OuterRef("cycle"), actor_kind=Event.Actor.PERSON, verb__in=("assign", "note")
    ).exclude(actor=OuterRef("owner"))
    return (
        tickets.filter(state=TicketState.ASSIGNED, cycle__gt=0)
        .filter(Exists(not_yets), ~Exists(decided))
        .order_by("rank", "pk")
    )


def at_risk(tickets: Any, *, today: date) -> Any:
    """Live tickets on hold, opened again, or of accounts that renew soon with nothing planned."""
    planned = Action.objects.filter(ticket=OuterRef("pk"), state=Action.State.OPEN)
    renews = Q(
        account__renewal_on__gte=today,
        account__renewal_on__lte=today + RENEWS_SOON,
        state__in=(TicketState.NEW, TicketState.ASSIGNED, TicketState.CONTACTED),
    )
    return (
        tickets.filter(state__in=LIVE)
        .filter(Q(on_hold=True) | Q(cycle__gt=0) | renews & ~Exists(planned))
        .order_by("rank", "pk")
    )


def asked(tickets: Any) -> QuerySet[DismissalRequest]:
    """Open wishes to dismiss, the oldest first; of tickets that ended since there is nothing to decide."""
    live = tickets.filter(state__in=LIVE).order_by().values("pk")
    wishes = DismissalRequest.objects.filter(decided_at=None, ticket__in=live)
    return wishes.select_related("asked_by").order_by("asked_at", "pk")


def not_yets_of(tickets: Iterable[Ticket]) -> dict[int, int]:
    """How often each customer said *not yet*. One query."""
    rows = (
        Verdict.objects.filter(ticket__in=[ticket.pk for ticket in tickets], choice=Verdict.Choice.NOT_YET)
        .order_by()
        .values_list("ticket")
        .annotate(n=Count("pk"))
    )
    return dict(rows)


def ask(row: Row, request: DismissalRequest, user_id: int) -> Ask:
    """What approving means for the figures, and whether this person may decide."""
    if request.reason in NO_ANSWER:
        effect = gettext("Approved for this reason it leaves the closure rates.")
    else:
        effect = gettext("Approved for this reason it stays in the closure rates, as not told.")
    return Ask(row, request, effect, user_id not in (request.asked_by_id, row.ticket.owner_id))


def risk_reason(row: Row, not_yets: Mapping[int, int], now: datetime) -> str:
    """Why a ticket is at risk, in a few words."""
    ticket, said = row.ticket, []
    if ticket.on_hold:
        said.append(
            gettext("held: %(reason)s") % {"reason": ticket.hold_reason} if ticket.hold_reason else gettext("held")
        )
        said.append(gettext("no automatic mail goes out, clocks run"))
    if times := not_yets.get(ticket.pk):
        said.append(ngettext("said “not yet” once", "said “not yet” %(n)s times", times) % {"n": times})
    elif ticket.cycle:
        said.append(gettext("opened again"))
    if row.renews_in is not None and row.step.verb != "complete-action":
        said.append(gettext("no action planned yet"))
    return " · ".join(said)
