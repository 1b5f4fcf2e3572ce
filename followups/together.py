"""One verb on several tickets: what it would leave out is shown first, then each goes through the workflow alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from followups import workflow
from followups.actors import Actor
from followups.models import Ticket
from followups.queue_page import stays_in_sight
from followups.refusals import Refused
from followups.viewing import Viewer, name_of
from followups.workflow.table import VERBS, why_not

ACTS: dict[str, Callable[..., Ticket]] = {"snooze": workflow.snooze, "assign": workflow.assign}
# What one page can hold; more is a job for the filters and the API.
MOST = 200


@dataclass(frozen=True, slots=True)
class Chosen:
    """A ticket that was ticked, and why it would be left out (empty where it would not)."""

    ticket: Ticket
    name: str
    why_not: str


def chosen(viewer: Viewer, numbers: Sequence[int], verb: str, *, now: datetime) -> list[Chosen]:
    """The ticked tickets this person may see, with what keeps each from `verb`. One query."""
    tickets = Ticket.objects.visible_to(viewer.user).filter(pk__in=list(numbers)[:MOST])
    rows = tickets.select_related("response", "contact", "account", "owner").in_queue_order()
    return [Chosen(ticket, name_of(ticket, viewer), _left_out(ticket, viewer, verb, now)) for ticket in rows]


def _left_out(ticket: Ticket, viewer: Viewer, verb: str, now: datetime) -> str:
    reason = why_not(VERBS[verb], ticket, viewer.roles_on(ticket))
    return reason or (stays_in_sight(ticket, now) if verb == "snooze" else "")


@dataclass(frozen=True, slots=True)
class Outcome:
    done: list[Ticket]
    left_out: list[tuple[Ticket, str]]


def act_on(rows: Sequence[Chosen], verb: str, *, actor: Actor, now: datetime, **arguments: Any) -> Outcome:
    """Do `verb` on each; one that is refused is left out with its reason, and the others go on."""
    done, left_out = [], []
    given: set[int] = set()
    for row in rows:
        if row.ticket.conversation_id in given:
            # One customer has one owner: it went along with the first of them.
            done.append(row.ticket)
            continue
        try:
            done.append(ACTS[verb](row.ticket, actor=actor, now=now, version=row.ticket.version, **arguments))
        except Refused as refusal:
            left_out.append((row.ticket, refusal.message))
        else:
            given |= {row.ticket.conversation_id} if verb == "assign" else set()
    return Outcome(done, left_out)
