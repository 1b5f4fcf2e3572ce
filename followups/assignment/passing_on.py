"""The work of people who left: their tickets go back to the pool, their promises to whoever has the ticket."""

from __future__ import annotations

from datetime import datetime

from followups.actors import Actor
from followups.messages import notices
from followups.models import Action, Conversation, Ticket
from followups.models.tickets import LIVE, TicketState
from followups.workflow.giving import assignment_lock
from followups.workflow.writing import WITH, opened

# Tickets in one transaction: each is a verb of its own, so that few that nobody waits for the lock for long.
BATCH = 50


def release_from_the_gone(*, now: datetime) -> int:
    """Live tickets of people who are no longer active lose their owner, so that the next round gives them to others.

    What they had promised on tickets of others is passed on too. Returns how many tickets and promises.
    """
    released = 0
    theirs = Ticket.objects.filter(state__in=[*LIVE, TicketState.RESOLVED], owner__is_active=False)
    while theirs.exists():
        with assignment_lock():
            tickets = list(
                theirs.select_related(*WITH).select_for_update(of=("self",), no_key=True).order_by("pk")[:BATCH]
            )
            for ticket in tickets:
                gone = ticket.owner_id
                with opened(ticket, actor=Actor.system(), now=now, version=None) as work:
                    work.write("release", data={"from": gone, "because": "inactive"}, owner=None, snoozed_until=None)
                Conversation.objects.filter(pk=ticket.conversation_id, owner=gone).update(owner=None)
            released += len(tickets)
    return released + _pass_on_promises(now)


def _pass_on_promises(now: datetime) -> int:
    """Open actions of people who are no longer active go to the owner of the ticket, who has to keep the promise."""
    orphaned = Action.objects.filter(
        state=Action.State.OPEN, owner__is_active=False, ticket__state__in=LIVE, ticket__owner__is_active=True
    )
    passed = 0
    for action in orphaned.select_related("ticket", "owner").order_by("ticket", "pk")[:BATCH]:
        with opened(action.ticket, actor=Actor.system(), now=now, version=None) as work:
            heir, gone = work.ticket.owner, action.owner
            still_theirs = Action.objects.filter(pk=action.pk, owner=gone, state=Action.State.OPEN)
            if heir is None or not still_theirs.update(owner=heir):
                continue
            action.owner = heir
            work.write("pass-on-action", data={"action": action.pk, "from": gone.pk, "to": heir.pk})
            work.mail_later([notices.action_given(work.ticket, action, now=now)])
            passed += 1
    return passed
