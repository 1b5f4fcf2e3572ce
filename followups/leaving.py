"""When somebody leaves: what they had goes to the pool at once, in any state, and what they promised to whoever has it.

Whoever switches a log-in off does it in that transaction (`receivers`); the sweep looks again, for log-ins that were
switched off behind the program's back.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q

from followups.actors import Actor
from followups.models import Action, Conversation, Ticket
from followups.models.tickets import LIVE, TicketState
from followups.workflow.handing import assignment_lock
from followups.workflow.letting_go import pass_on_all, release_all
from followups.workflow.locking import WITH
from followups.workflow.reopening import REOPEN_WITHIN

# In one transaction: short enough that nobody waits for the lock for long.
BATCH = 200
HELD = (*LIVE, TicketState.RESOLVED)


def release_from_the_gone(*, now: datetime, users: Collection[int] | None = None) -> int:
    """Tickets of people who are no longer active lose their owner, so that the next round gives them to others.

    Live ones in any state, resolved ones, and those that are over and can still be opened again. What the gone had
    promised on tickets of others is passed on too. `users`: only these. Returns how many tickets and promises.
    """
    return _release_tickets(now, users) + _pass_on_promises(now, users)


def _still_hold_something(users: Collection[int] | None) -> set[int]:
    """People who are switched off and still have something: a ticket that is not over or, of `users`, a conversation.

    A conversation keeps its owner when its tickets are over. No index leads to those of a person, so they are looked
    through once, when somebody is switched off, and not with each sweep: one that comes to life again is found by its
    ticket.
    """
    tickets = Ticket.objects.filter(owner__is_active=False, state__in=HELD)
    if users is None:
        return set(tickets.values_list("owner", flat=True))
    conversations = Conversation.objects.filter(owner__is_active=False, owner__in=users)
    return {
        *tickets.filter(owner__in=users).values_list("owner", flat=True),
        *conversations.values_list("owner", flat=True),
    }


def _release_tickets(now: datetime, users: Collection[int] | None) -> int:
    gone = _still_hold_something(users)
    if not gone:
        return 0
    may_open_again = Q(state=TicketState.CLOSED, closed_at__gt=now - REOPEN_WITHIN) | Q(
        state=TicketState.DISMISSED, changed_at__gt=now - REOPEN_WITHIN
    )
    theirs = Ticket.objects.filter(Q(state__in=HELD) | may_open_again, owner__in=gone)
    released = 0
    while theirs.exists():
        with assignment_lock():
            locked = theirs.select_related(*WITH).select_for_update(of=("self",), no_key=True).order_by("pk")
            tickets = list(locked[:BATCH])
            release_all(tickets, {"because": "inactive"}, actor=Actor.system(), now=now)
        released += len(tickets)
    with assignment_lock():
        # Whose tickets are over for good may come back with another answer.
        Conversation.objects.filter(owner__in=gone).update(owner=None)
    return released


def _pass_on_promises(now: datetime, users: Collection[int] | None) -> int:
    """Open actions of people who are gone go to the owner of the ticket, who has to keep the promise."""
    orphaned = Action.objects.filter(
        state=Action.State.OPEN, owner__is_active=False, ticket__state__in=LIVE, ticket__owner__is_active=True
    )
    if users is not None:
        orphaned = orphaned.filter(owner__in=users)
    if not orphaned.exists():
        return 0
    numbers = orphaned.order_by("ticket", "pk").values_list("ticket", flat=True)
    tickets = Ticket.objects.filter(pk__in=set(numbers[:BATCH]))
    with assignment_lock(tickets):
        found = orphaned.filter(ticket__in=tickets.values("pk")).select_related(*(f"ticket__{name}" for name in WITH))
        heirs = [(action, action.ticket.owner) for action in found.order_by("ticket", "pk") if action.ticket.owner]
        pass_on_all(heirs, {}, actor=Actor.system(), now=now)
    return len(heirs)
