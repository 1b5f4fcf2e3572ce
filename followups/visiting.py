"""One visit, several cases: the same contact on each open ticket of an account, each through the workflow alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from followups import workflow
from followups.actors import Actor
from followups.models import Ticket
from followups.models.tickets import LIVE
from followups.refusals import Refused
from followups.viewing import Viewer, name_of
from followups.workflow.table import VERBS, why_not
from surveys.models import Account

# More open cases than this at one company are no visit but a list: the filters have them.
MOST = 100


@dataclass(frozen=True, slots=True)
class Stop:
    """An open ticket of the account with the name this person may read, and why a contact is not logged on it."""

    ticket: Ticket
    name: str
    why_not: str = ""


def stops(account: Account, viewer: Viewer, *, ticked: Collection[int] = ()) -> list[Stop]:
    """The open tickets of the account that this person works on, what is due first on top. One query.

    `ticked` ones are among them even where they are over by now, so that nobody wonders where they went.
    """
    tickets = Ticket.objects.visible_to(viewer.user).filter(Q(state__in=LIVE) | Q(pk__in=ticked), account=account)
    rows = tickets.select_related("response", "contact", "account", "owner", "team").in_queue_order()[:MOST]
    verb = VERBS["log-contact"]
    return [
        Stop(row, name_of(row, viewer), why_not(verb, row, viewer.roles_on(row)))
        for row in rows
        if viewer.works_on(row)
    ]


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of it, ticket by ticket: logged, or refused with the reason."""

    done: list[Stop]
    refused: list[Stop]


def log_visit(
    there: Sequence[Stop],
    seen: Mapping[int, int],
    *,
    actor: Actor,
    now: datetime,
    channel: str,
    outcome: str,
    happened_at: datetime | None,
    note: str,
    line_for_customer: str,
) -> Visit:
    """Log one contact on each ticket of `there`. `seen` holds the version of each that the page showed.

    One that is refused changes nothing and keeps none of the others back. Sent twice, the second time refuses all: each
    has changed by the first.
    """
    done, refused = [], []
    for stop in there:
        try:
            ticket = workflow.log_contact(
                stop.ticket,
                actor=actor,
                now=now,
                version=seen.get(stop.ticket.pk, -1),
                channel=channel,
                outcome=outcome,
                happened_at=happened_at,
                note=note,
                line_for_customer=line_for_customer,
            )
        except Refused as refusal:
            refused.append(Stop(stop.ticket, stop.name, refusal.message))
        else:
            done.append(Stop(ticket, stop.name))
    return Visit(done, refused)
