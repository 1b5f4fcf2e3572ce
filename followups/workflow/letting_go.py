"""Many at once out of the hands of somebody who cannot keep them: tickets to nobody, promises to others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from followups import ladders
from followups.actors import Actor
from followups.messages import letters, notices
from followups.models import Action, Conversation, Deadline, Event, Ticket
from nps_loop.mail import outbox
from nps_loop.people.models import User

# What letting go changes about a ticket.
LET_GO = ("owner", "snoozed_until", "silent_at", "version", "changed_at")


def event_of(ticket: Ticket, verb: str, data: Mapping[str, Any], *, actor: Actor, now: datetime) -> Event:
    """The event of a change that leaves the state as it is; raises the ticket's version. Neither is saved yet."""
    ticket.version += 1
    ticket.changed_at = now
    return Event(
        ticket=ticket,
        seq=ticket.version,
        cycle=ticket.cycle,
        actor_kind=actor.kind,
        actor=actor.user,
        program=actor.program,
        verb=verb,
        data=dict(data),
        happened_at=now,
        recorded_at=now,
    )


def release_all(tickets: Sequence[Ticket], data: Mapping[str, Any], *, actor: Actor, now: datetime) -> None:
    """Nobody has these any more, nor their conversations. `data` goes into each event, with who had it.

    The caller holds `assignment_lock`, has locked the tickets in this transaction, and passes all of a conversation
    that somebody has. What was snoozed is in sight again, so that whoever gets it looks.
    """
    if not tickets:
        return
    Event.objects.bulk_create(let_go_of(tickets, data, actor=actor, now=now), batch_size=1000)
    Ticket.objects.bulk_update(tickets, LET_GO, batch_size=500)
    Conversation.objects.filter(pk__in={ticket.conversation_id for ticket in tickets}).update(owner=None)
    # A step for tickets that nobody has may have been passed while somebody had them.
    owed = Deadline.objects.filter(ticket__in=tickets, met_at=None, dropped_at=None)
    ladders.keep(ladders.plan(list(owed.select_related("ticket", "policy", "calendar"))))


def let_go_of(tickets: Sequence[Ticket], data: Mapping[str, Any], *, actor: Actor, now: datetime) -> list[Event]:
    """The same on rows in hand, which the caller writes: the columns `LET_GO` of the tickets, and these events."""
    events = []
    for ticket in tickets:
        events.append(event_of(ticket, "release", {"from": ticket.owner_id, **data}, actor=actor, now=now))
        ticket.owner, ticket.snoozed_until, ticket.silent_at = None, None, None
    return events


def pass_on_all(
    heirs: Sequence[tuple[Action, User]],
    data: Mapping[int, Mapping[str, Any]],
    *,
    actor: Actor,
    now: datetime,
    tell: Collection[int] = (),
) -> None:
    """Each open promise to its heir, with an event on its ticket and a notice to the heir. Four queries.

    `data`: action -> what its event keeps besides; `tell`: actions whose customer is mailed the new name, where they
    know of the promise. The caller has locked the tickets, which the actions hold, one
    object each, with `WITH` selected.
    """
    if not heirs:
        return
    events, drafts = [], []
    tickets: dict[int, Ticket] = {}
    for action, heir in heirs:
        ticket = tickets.setdefault(action.ticket_id, action.ticket)
        kept = {"action": action.pk, "from": action.owner_id, "to": heir.pk, **data.get(action.pk, {})}
        events.append(event_of(ticket, "pass-on-action", kept, actor=actor, now=now))
        action.owner = heir
        drafts.append(notices.action_given(ticket, action, now=now))
        if action.pk in tell and action.told_at is not None:
            drafts.append(letters.promise_handed_over(ticket, action, now=now))
    Event.objects.bulk_create(events, batch_size=1000)
    Action.objects.bulk_update([action for action, _heir in heirs], ["owner"], batch_size=500)
    Ticket.objects.bulk_update(list(tickets.values()), ["version", "changed_at"], batch_size=500)
    outbox.queue(drafts, now=now)
