"""Tickets into somebody's hands: by a round of the assigner or by a person, many or one, under the one lock.

What handing over looks at is read in one query (`Surroundings`), then everything is worked out in memory (`hand_over`),
and written in one statement: by `give`, or by the verb that has one of the tickets open.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Expression, Func, QuerySet, TextField, Value

from followups import deadlines, ladders, silence
from followups.actors import Actor
from followups.messages import letters, notices
from followups.messages.reasons import acknowledged_lately, acknowledgements_lately, thanks_lately
from followups.models import Conversation, Deadline, Escalation, Event, LadderStep, Member, Team, Ticket
from followups.models.tickets import LIVE, TicketState
from followups.prepared import Kind, Prepared
from followups.workflow.covers import covered_without_a_promise, covers_of
from followups.workflow.letting_go import event_of
from nps_loop.at_once import Change, Insert, Update, Write, write_at_once
from nps_loop.bulk import among, update_rows
from nps_loop.mail import outbox
from nps_loop.mail.models import Message
from nps_loop.people.models import User
from surveys.models import Contact, Response

# What handing over changes about a ticket, about its conversation, and about a promise that is made with it.
OF_TICKET = (
    *("state", "owner", "team", "assigned_at", "snoozed_until", "version", "changed_at"),
    *("worked_at", "silent_at", "silent_step", "due_at", "due_for", "promised_at", "rank"),
)
OF_CONVERSATION = ("owner", "thread_root")
OF_PROMISE = ("promised_at", "next_step_at", "next_step")
# Any number no other advisory lock of this program uses.
ASSIGNMENT_LOCK = 4_815_162_342
_LASTING = "SELECT pg_advisory_xact_lock(%s)"
_FOUND_AGAIN = f"{_LASTING}, set_config('synchronous_commit', 'off', true)"


@contextmanager
def assignment_lock(
    tickets: QuerySet[Ticket] | None = None,
    *,
    answers: QuerySet[Response] | None = None,
    is_found_again: bool = False,
) -> Iterator[None]:
    """One hand gives at a time: fair shares and one owner per conversation need to see what was given just before.

    On PostgreSQL a transaction-level advisory lock; SQLite's IMMEDIATE transactions stand in line by themselves.
    `tickets` are locked as `lock_in_order` does; `answers` come before their tickets, as `opening` takes them.
    `is_found_again`: the next look finds and does what is done here, were it lost. Then nobody waits until it is on the
    disk. It outlives whatever becomes of this process; only a crash of the database server takes the last half second
    with it, and all that was built on it, because what is waited for later writes out all before it.
    """
    with transaction.atomic():
        if answers is not None:
            # The function is called before the row is locked: LockRows stands above what a query puts out.
            rows = answers.order_by("pk").select_for_update(no_key=True).annotate(has_lock=_lock())
            has_lock = bool(rows.values_list("pk", "has_lock"))
        else:
            has_lock = False
        if not has_lock and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(_FOUND_AGAIN if is_found_again else _LASTING, [ASSIGNMENT_LOCK])
        if tickets is not None:
            lock_in_order(tickets)
        yield


def lock_in_order(tickets: QuerySet[Ticket]) -> None:
    """Lock several tickets in the order of their numbers, as everybody does who locks several in one transaction.

    Whoever took them in another order, or some now and some with lower numbers later, could wait crosswise with the
    outbox when it tells what became of mails. So all that a transaction will touch are locked by one call.
    """
    list(tickets.order_by("pk").select_for_update(no_key=True).values_list("pk"))


def _lock() -> Expression:
    """The lock as a column: whoever asks for a row with it has the lock first."""
    if connection.vendor != "postgresql":
        return Value("")
    return Func(Value(ASSIGNMENT_LOCK), function="pg_advisory_xact_lock", output_field=TextField())


@dataclass(slots=True)
class Handing:
    """One ticket to one person. `why` is the sentence the person reads, `data` the codes the event keeps.

    With the verb `hand-over` somebody stands in for its owner, or the owner is back: a snooze then stays as it is.
    """

    ticket: Ticket
    to: User
    team: Team | None
    why: notices.Sentence
    data: dict[str, Any] = field(default_factory=dict)
    verb: str = "assign"


@dataclass(slots=True)
class Surroundings:
    """What handing over looks at. Each list may be read ahead with others."""

    lists: Sequence[Any]

    @classmethod
    def read(cls, tickets: Collection[int], *, now: datetime) -> Surroundings:
        """Of the tickets with these numbers. One query."""
        return cls(_surroundings(numbers=tickets, now=now))

    @classmethod
    def of(cls, tickets: QuerySet[Ticket], *, now: Any) -> Surroundings:
        """Of the tickets that a queryset names, not asked for yet."""
        its = tickets.order_by().values("pk")
        in_peace = Contact.objects.filter(tickets__in=its, tickets__left_in_peace=True)
        owed = _first_contacts(its)
        steps = LadderStep.objects.filter(policy__in=owed.order_by().values("policy"))
        lists: Sequence[QuerySet[Any, Any]] = (
            Message.objects.filter(case__in=its, kind="acknowledgement").order_by("pk").values_list("case", flat=True),
            acknowledgements_lately(tickets.order_by().values("conversation"), now=now),
            thanks_lately(in_peace.order_by().values("email"), now=now),
            owed,
            steps.select_related("endpoint").order_by("pk"),
            Escalation.objects.filter(ticket__in=its),
        )
        return cls(lists)

    @property
    def acknowledged(self) -> set[int]:
        return set(self.lists[0])

    @property
    def lately(self) -> list[tuple[int, int, datetime]]:
        return list(self.lists[1])

    @property
    def thanked(self) -> set[str]:
        return set(self.lists[2])

    @property
    def owed(self) -> list[Deadline]:
        """First contacts that can still be promised."""
        return list(self.lists[3])

    @property
    def climbing(self) -> ladders.Read:
        return ladders.Read(list(self.lists[4]), list(self.lists[5]))


_surroundings = Prepared(
    lambda numbers, now: Surroundings.of(Ticket.objects.filter(among("pk", numbers)), now=now).lists,
    numbers=Kind.KEYS,
    now=Kind.MOMENT,
)


@dataclass(slots=True)
class Given:
    """What handing over has changed on rows in hand, for whoever writes it. `before`: the states of the tickets."""

    tickets: list[Ticket]
    before: dict[int, str]
    events: list[Event]
    conversations: list[Conversation]
    promised: list[Deadline]
    mails: list[Message]
    winners: set[int]

    def last_given(self) -> tuple[QuerySet[Member], datetime]:
        """Whose turn it was, and when."""
        return Member.objects.filter(user__in=sorted(self.winners)), self.events[0].recorded_at


def give(
    handings: Sequence[Handing], *, actor: Actor, now: datetime, tell: Collection[int] | None = None
) -> list[Ticket]:
    """Make each ticket its person's: owner, event, first promise and acknowledgement, notice. Constant query count.

    The caller holds `assignment_lock` and passes tickets it locked in this transaction, with `WITH` selected. `tell`
    names the tickets whose owners hear of it from here; all of them where it is left out.
    """
    if not handings:
        return []
    known = Surroundings.read([handing.ticket.pk for handing in handings], now=now)
    given = hand_over(handings, known, actor=actor, now=now, tell=tell)
    members, at = given.last_given()
    writes: list[Write] = [
        Insert(given.events),
        Update(given.tickets, OF_TICKET),
        Update(given.conversations, OF_CONVERSATION),
        Update(given.promised, OF_PROMISE),
        Change(members, {"last_assigned_at": at}),
        Insert(given.mails, unless_there=True),
    ]
    if actor.kind != Event.Actor.SYSTEM:
        rows, values = covers_of([ticket.pk for ticket in given.tickets], now=now)
        writes.append(Change(rows, values))
    write_at_once(*writes)
    outbox.ring_for(given.mails, now=now)
    return given.tickets


def hand_over(
    handings: Sequence[Handing],
    known: Surroundings,
    *,
    actor: Actor,
    now: datetime,
    tell: Collection[int] | None = None,
    open_deadlines: Mapping[int, Sequence[Deadline]] | None = None,
    in_hand: Sequence[Ticket] = (),
    stops: outbox.Stops | None = None,
) -> Given:
    """The same without writing: the rows in hand are changed, new ones are made.

    `open_deadlines` are those of tickets whose deadlines somebody has in hand; `in_hand` tickets that may have moved to
    another conversation since they were read; `stops` what was looked up for their mails.
    """
    tickets = [handing.ticket for handing in handings]
    old_owners = {ticket.pk: ticket.owner for ticket in tickets}
    states = {ticket.pk: ticket.state for ticket in tickets}
    events = []
    for handing in handings:
        ticket, before = handing.ticket, handing.ticket.state
        new = TicketState.ASSIGNED if before == TicketState.NEW else before
        vars(ticket)["state"] = new
        ticket.owner = handing.to
        ticket.team = handing.team or ticket.team
        ticket.assigned_at = ticket.assigned_at or now
        if handing.verb == "assign":
            ticket.snoozed_until = None
        event = event_of(ticket, handing.verb, handing.data | {"to": handing.to.pk}, actor=actor, now=now)
        if new != before:
            event.from_state, event.to_state = before, new
        events.append(event)
    silence.begin_each(tickets, now=now)
    owner_of = {ticket.conversation_id: ticket.owner_id for ticket in tickets}
    conversations = shared_conversations(tickets)
    for conversation in conversations:
        conversation.owner_id = owner_of[conversation.pk]

    in_time = [ticket for ticket in tickets if ticket.state in LIVE and not ticket.nobody_to_reach]
    lately = acknowledged_lately([*in_hand, *in_time], now=now, rows=known.lately)
    first = _not_written_to(in_time, known)
    promised = _promises(first, known.owed, open_deadlines or {}, now=now)
    drafts = letters.acknowledgements(first, promised.times, now=now, lately=lately, thanked=known.thanked)
    for_customers = outbox.draw_up(
        [*drafts, *_new_names(in_time, old_owners, known, lately, actor=actor, now=now)], now=now, known=stops
    )
    kept = _keep(promised, for_customers, first)
    ladders.plan(kept, read=known.climbing)

    reasons = {handing.ticket.pk: handing.why for handing in handings}
    told = [ticket for ticket in tickets if ticket.owner != actor.user and (tell is None or ticket.pk in tell)]
    for_owners = outbox.draw_up(notices.assigned(told, reasons, now=now), now=now, known=stops)
    winners = {handing.to.pk for handing in handings}
    return Given(tickets, states, events, conversations, kept, [*for_customers, *for_owners], winners)


def shared_conversations(tickets: Sequence[Ticket]) -> list[Conversation]:
    """The conversations of these tickets, each as one object that all its tickets then hold."""
    one_of: dict[int, Conversation] = {}
    for ticket in tickets:
        ticket.conversation = one_of.setdefault(ticket.conversation_id, ticket.conversation)
    return list(one_of.values())


def _not_written_to(tickets: Sequence[Ticket], known: Surroundings) -> list[Ticket]:
    """Those whose customer is acknowledged now, with the half-day they are promised."""
    acknowledged = known.acknowledged
    return [
        ticket
        for ticket in tickets
        if ticket.pk not in acknowledged and ticket.cycle == 0 and ticket.first_contact_at is None
    ]


def _new_names(
    tickets: Sequence[Ticket],
    old_owners: Mapping[int, User | None],
    known: Surroundings,
    lately: Collection[int],
    *,
    actor: Actor,
    now: datetime,
) -> list[outbox.Draft]:
    """To customers who know another name: the new one, once for each conversation."""
    acknowledged = known.acknowledged
    new_name = [
        ticket
        for ticket in tickets
        if (old_owners[ticket.pk] is not None or ticket.pk in acknowledged)
        and (ticket.conversation_id in lately or ticket.first_contact_at is not None)
        and not ticket.left_in_peace
    ]
    # Whoever gives by hand ends what is covered: then nobody has it for a while only.
    untold = covered_without_a_promise(new_name) if actor.kind == Event.Actor.SYSTEM else set()
    drafts, handed = [], set()
    for ticket in new_name:
        if ticket.conversation_id not in handed and ticket.pk not in untold:
            handed.add(ticket.conversation_id)
            drafts.append(letters.hand_over(ticket, old_owners[ticket.pk], now=now))
    return drafts


@dataclass(slots=True)
class Promises:
    """First-contact deadlines with the half-day worked out for each ticket, not stored yet."""

    times: dict[int, datetime]
    deadlines: dict[int, Deadline]


def _first_contacts(tickets: Any) -> QuerySet[Deadline]:
    """First contacts of these tickets (keys, or a queryset of them) that are still owed in their first cycle."""
    owed = Deadline.objects.filter(
        ticket__in=tickets, target=Deadline.Target.FIRST_CONTACT, cycle=0, met_at=None, dropped_at=None
    )
    return owed.select_related("calendar", "policy").order_by("pk")


def make_promises(tickets: Sequence[Ticket], *, now: datetime) -> Promises:
    """The half-day each customer can be told for first contact. One query."""
    owed = list(_first_contacts([ticket.pk for ticket in tickets])) if tickets else []
    return _promises(tickets, owed, {}, now=now)


def _promises(
    tickets: Sequence[Ticket],
    owed: Sequence[Deadline],
    in_hand: Mapping[int, Sequence[Deadline]],
    *,
    now: datetime,
) -> Promises:
    by_ticket = {row.ticket_id: row for row in owed if row.ticket_id not in in_hand}
    by_ticket |= {
        pk: row
        for pk, rows in in_hand.items()
        for row in rows
        if row.target == Deadline.Target.FIRST_CONTACT and row.cycle == 0 and row.is_open
    }
    times = {
        ticket.pk: deadlines.promise_for(by_ticket[ticket.pk], letters.Reader.of(ticket).zone, now=now).ends_at
        for ticket in tickets
        if ticket.pk in by_ticket
    }
    return Promises(times, by_ticket)


def keep_promises(promises: Promises, messages: Sequence[Message], tickets: Sequence[Ticket]) -> None:
    """What an acknowledgement that will leave says becomes a stored promise, and with it the ticket's due time.

    Sets due time, promise and rank on the tickets (the caller saves them) and their conversation's thread root.
    """
    kept = _keep(promises, messages, tickets)
    ladders.plan(kept)
    update_rows(kept, OF_PROMISE)


def _keep(promises: Promises, messages: Sequence[Message], tickets: Sequence[Ticket]) -> list[Deadline]:
    """The same, with the deadlines that are promised now for the caller to save."""
    told = {
        message.case: message
        for message in messages
        if message.kind == "acknowledgement" and message.state != Message.State.SKIPPED
    }
    kept = []
    for ticket in tickets:
        message = told.get(ticket.pk)
        if message is None or ticket.pk not in promises.times:
            continue
        row = promises.deadlines[ticket.pk]
        if row.promised_at is None:
            row.promised_at = promises.times[ticket.pk]
            row.ticket = ticket
            kept.append(row)
        if not ticket.conversation.thread_root:
            ticket.conversation.thread_root = message.message_id
        others = [] if ticket.due_at is None or ticket.due_for == row.target else [ticket.due_at]
        ticket.promised_at = row.promised_at
        ticket.due_at = min([row.binding_at, *others])
        ticket.due_for = row.target if ticket.due_at == row.binding_at else ticket.due_for
        ticket.rank = deadlines.priority.rank(ticket.due_at, ticket.bonus)
    return kept
