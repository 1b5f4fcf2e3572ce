"""Handing tickets to people: by a round of the assigner or by a person, many or one, under the one lock."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from followups import deadlines, ladders, silence
from followups.actors import Actor
from followups.messages import letters, notices
from followups.messages.reasons import acknowledged_lately
from followups.models import Away, Conflict, Conversation, Deadline, Event, Member, Team, Ticket
from followups.models.tickets import LIVE, TicketState
from followups.permissions import Role
from followups.refusals import Forbidden, Incomplete, NotAllowed
from followups.templatetags.moments import in_full
from followups.workflow.covers import covered_without_a_promise, no_longer_covered
from followups.workflow.letting_go import release_all
from followups.workflow.writing import WITH, OpenTicket, opened
from nps_loop.bulk import update_rows
from nps_loop.mail import outbox
from nps_loop.mail.models import Message
from nps_loop.people.models import User
from surveys.models import Account, Contact, Response
from surveys.recording.merging import give_answer

SILENCE = ("worked_at", "silent_at", "silent_step")
# Any number no other advisory lock of this program uses.
ASSIGNMENT_LOCK = 4_815_162_342


@contextmanager
def assignment_lock(
    tickets: QuerySet[Ticket] | None = None, *, answers: QuerySet[Response] | None = None
) -> Iterator[None]:
    """One hand gives at a time: fair shares and one owner per conversation need to see what was given just before.

    On PostgreSQL a transaction-level advisory lock; SQLite's IMMEDIATE transactions stand in line by themselves.
    `tickets` are locked as `lock_in_order` does; `answers` come before their tickets, as `opening` takes them.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ASSIGNMENT_LOCK])
        if answers is not None:
            list(answers.order_by("pk").select_for_update(no_key=True).values_list("pk"))
        if tickets is not None:
            lock_in_order(tickets)
        yield


def lock_in_order(tickets: QuerySet[Ticket]) -> None:
    """Lock several tickets in the order of their numbers, as everybody does who locks several in one transaction.

    Whoever took them in another order, or some now and some with lower numbers later, could wait crosswise with the
    outbox when it tells what became of mails. So all that a transaction will touch are locked by one call.
    """
    list(tickets.order_by("pk").select_for_update(no_key=True).values_list("pk"))


def _in_conversation_with(ticket: Ticket, contact: Contact | None = None) -> QuerySet[Ticket]:
    """What belongs to the conversation of a ticket, and to the open one of `contact`."""
    found = Q(conversation__in=Ticket.objects.filter(pk=ticket.pk).values("conversation"))
    if contact is not None:
        found |= Q(conversation__contact=contact, conversation__closed_at=None)
    return Ticket.objects.filter(found)


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


def give(
    handings: Sequence[Handing], *, actor: Actor, now: datetime, tell: Collection[int] | None = None
) -> list[Ticket]:
    """Make each ticket its person's: owner, event, first promise and acknowledgement, notice. Constant query count.

    The caller holds `assignment_lock` and passes tickets it locked in this transaction, with `WITH` selected. `tell`
    names the tickets whose owners hear of it from here; all of them where it is left out.
    """
    if not handings:
        return []
    tickets = [handing.ticket for handing in handings]
    old_owners = {ticket.pk: ticket.owner for ticket in tickets}
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
        ticket.version += 1
        ticket.changed_at = now
        events.append(
            Event(
                ticket=ticket,
                seq=ticket.version,
                cycle=ticket.cycle,
                actor_kind=actor.kind,
                actor=actor.user,
                program=actor.program,
                verb=handing.verb,
                from_state=before if new != before else "",
                to_state=new if new != before else "",
                data=handing.data | {"to": handing.to.pk},
                happened_at=now,
                recorded_at=now,
            )
        )
    Event.objects.bulk_create(events, batch_size=1000)
    silence.begin_each(tickets, now=now)
    if actor.kind != Event.Actor.SYSTEM:
        no_longer_covered(tickets, now=now)
    owner_of = {ticket.conversation_id: ticket.owner_id for ticket in tickets}
    conversations = shared_conversations(tickets)
    for conversation in conversations:
        conversation.owner_id = owner_of[conversation.pk]

    _write_to_customers(tickets, old_owners, now=now)

    fields = ["state", "owner", "team", "assigned_at", "snoozed_until", "version", "changed_at", *SILENCE]
    update_rows(tickets, [*fields, "due_at", "due_for", "promised_at", "rank"])
    update_rows(conversations, ["owner", "thread_root"])
    winners = {handing.to.pk for handing in handings}
    Member.objects.filter(user__in=winners).update(last_assigned_at=now)
    reasons = {handing.ticket.pk: handing.why for handing in handings}
    told = [ticket for ticket in tickets if ticket.owner != actor.user and (tell is None or ticket.pk in tell)]
    outbox.queue(notices.assigned(told, reasons, now=now), now=now)
    return tickets


def shared_conversations(tickets: Sequence[Ticket]) -> list[Conversation]:
    """The conversations of these tickets, each as one object that all its tickets then hold."""
    one_of: dict[int, Conversation] = {}
    for ticket in tickets:
        ticket.conversation = one_of.setdefault(ticket.conversation_id, ticket.conversation)
    return list(one_of.values())


def _write_to_customers(tickets: Sequence[Ticket], old_owners: Mapping[int, User | None], *, now: datetime) -> None:
    """Acknowledge those nobody wrote to yet, with the half-day they are promised; tell the others the new name."""
    in_time = [ticket for ticket in tickets if ticket.state in LIVE and not ticket.nobody_to_reach]
    acknowledged = set(
        Message.objects.filter(case__in=[ticket.pk for ticket in in_time], kind="acknowledgement").values_list(
            "case", flat=True
        )
    )
    known_name = set(acknowledged_lately(in_time, now=now)) if in_time else set()
    first = [
        ticket
        for ticket in in_time
        if ticket.pk not in acknowledged and ticket.cycle == 0 and ticket.first_contact_at is None
    ]
    promised = make_promises(first, now=now)
    drafts = letters.acknowledgements(first, promised.times, now=now)
    handed: set[int] = set()
    new_name = [
        ticket
        for ticket in in_time
        if (old_owners[ticket.pk] is not None or ticket.pk in acknowledged)
        and (ticket.conversation_id in known_name or ticket.first_contact_at is not None)
        and not ticket.left_in_peace
    ]
    untold = covered_without_a_promise(new_name)
    for ticket in new_name:
        if ticket.conversation_id not in handed and ticket.pk not in untold:
            handed.add(ticket.conversation_id)
            drafts.append(letters.hand_over(ticket, old_owners[ticket.pk], now=now))
    keep_promises(promised, outbox.queue(drafts, now=now), first)


@dataclass(slots=True)
class Promises:
    """First-contact deadlines with the half-day worked out for each ticket, not stored yet."""

    times: dict[int, datetime]
    deadlines: dict[int, Deadline]


def make_promises(tickets: Sequence[Ticket], *, now: datetime) -> Promises:
    """The half-day each customer can be told for first contact. One query."""
    rows = (
        Deadline.objects.filter(
            ticket__in=[ticket.pk for ticket in tickets],
            target=Deadline.Target.FIRST_CONTACT,
            cycle=0,
            met_at=None,
            dropped_at=None,
        ).select_related("calendar", "policy")
        if tickets
        else ()
    )
    by_ticket = {row.ticket_id: row for row in rows}
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
    ladders.plan(kept)
    update_rows(kept, ["promised_at", "next_step_at", "next_step"])


def assign(
    ticket: Ticket, *, actor: Actor, now: datetime, version: int | None, to: User | None, reason: str = ""
) -> Ticket:
    """A person hands the ticket, with its whole conversation, to somebody; also how one takes it oneself.

    Taking it from another owner needs a reason, and so does giving it to somebody whom the customer complains about,
    which only a lead may. Raises Incomplete, Forbidden, NotAllowed or Stale.
    """
    with assignment_lock(_in_conversation_with(ticket)), opened(ticket, actor=actor, now=now, version=version) as work:
        work.check("assign")
        if to is None:
            raise Incomplete({"to": gettext("Choose who gets it.")})
        member = (
            Member.objects.filter(user=to, is_active=True, team__takes_tickets=True)
            .select_related("team__calendar")
            .order_by("team__is_default", "team_id")
        )
        memberships = {row.team_id: row for row in member}
        if not to.is_active or not memberships:
            raise Incomplete(
                {
                    "to": gettext("%(name)s cannot be given tickets: not an active member of a team that takes them.")
                    % {"name": to.name}
                }
            )
        current = work.ticket
        if current.owner_id == to.pk:
            raise NotAllowed(gettext("%(name)s has this ticket already.") % {"name": to.name}, code="same_owner")
        if current.owner_id is not None and not reason.strip():
            raise Incomplete({"reason": gettext("Say why it changes hands. Colleagues read it.")})
        present = memberships.get(current.team_id or 0)
        is_new_team = present is None
        if is_new_team and not work.roles & {Role.ADMIN, Role.LEAD, Role.OWNER}:
            raise Forbidden(gettext("Only the owner or a lead gives a ticket to another team."))
        away = Away.objects.at(now).filter(user=to).first()
        if away is not None and actor.user != to:
            raise Incomplete(
                {"to": gettext("%(name)s is away until %(day)s.") % {"name": to.name, "day": in_full(away.ends_at)}}
            )
        team = (present or next(iter(memberships.values()))).team
        data = {"rule": "by_hand"} | _despite_conflict(work, to, reason)
        if reason.strip():
            current.notes.create(by=actor.user, text=reason.strip(), happened_at=now)
        siblings = list(
            Ticket.objects.select_related(*WITH)
            .select_for_update(of=("self",), no_key=True)
            .filter(conversation=current.conversation, state__in=[*LIVE, TicketState.RESOLVED])
            .exclude(pk=current.pk)
            .order_by("pk")
        )
        for sibling in siblings:
            sibling.conversation = current.conversation
        had_it = current.owner
        why = partial(_given_by, actor.user.name if actor.user else "", reason.strip())
        handings = [Handing(each, to, team, why, data) for each in (current, *siblings)]
        give(handings, actor=actor, now=now)
        if had_it is not None and had_it.is_active and had_it != actor.user:
            work.mail_later([_taken_from(current, had_it, to, actor.user, reason.strip())])
    return work.ticket


def _despite_conflict(work: OpenTicket, to: User, reason: str) -> dict[str, Any]:
    """What the event keeps where the words complain about whoever gets it. Raises Forbidden or Incomplete."""
    conflicts = Conflict.objects.filter(user=to, ticket__conversation=work.ticket.conversation_id)
    because = conflicts.values_list("because", flat=True).first()
    if because is None:
        return {}
    if not work.roles & {Role.ADMIN, Role.LEAD} or work.actor.user == to:
        raise Forbidden(
            gettext("The customer's words may complain about %(name)s: only another lead gives it to them.")
            % {"name": to.name},
            code="conflict",
        )
    if not reason.strip():
        raise Incomplete(
            {
                "reason": gettext(
                    "The customer's words may complain about %(name)s. If it shall be theirs all the same, say why."
                )
                % {"name": to.name}
            }
        )
    return {"despite": because}


def _given_by(name: str, reason: str) -> str:
    """Why somebody has a ticket that a person gave them, with that person's words."""
    said = {"name": name, "reason": reason}
    if name:
        words = gettext("%(name)s gave it to you: %(reason)s") if reason else gettext("%(name)s gave it to you.")
    else:
        words = gettext("Given to you: %(reason)s") if reason else gettext("Given to you.")
    return words % said


def _taken_from(ticket: Ticket, had_it: User, to: User, by: User | None, reason: str) -> outbox.Draft:
    """To whoever had a ticket until now: who has it, and why."""

    def words() -> tuple[str, list[str]]:
        given = {"by": by.name if by else gettext("A program"), "number": ticket.pk, "name": to.name, "reason": reason}
        return (
            gettext("#%(number)s is with %(name)s now") % given,
            [gettext("%(by)s gave #%(number)s to %(name)s: %(reason)s") % given],
        )

    return notices.to_person(had_it, ticket, words, dedupe_key=f"taken-over:{ticket.pk}:{ticket.version}")


def release(ticket: Ticket, *, actor: Actor, now: datetime, version: int | None, reason: str) -> Ticket:
    """Give it back: nobody has it, and the assigner looks again. Deadlines run on."""
    if not reason.strip():
        raise Incomplete({"reason": gettext("Say why you give it back. Colleagues read it.")})
    with assignment_lock(_in_conversation_with(ticket)), opened(ticket, actor=actor, now=now, version=version) as work:
        work.check("release")
        if work.ticket.owner_id is None:
            raise NotAllowed(gettext("Nobody has this ticket."), code="no_owner")
        work.ticket.notes.create(by=actor.user, text=reason.strip(), happened_at=now)
        work.write("release", data={"from": work.ticket.owner_id}, owner=None, snoozed_until=None)
        # One conversation, one owner: the rest of it goes back too.
        others = (
            Ticket.objects.filter(
                conversation=work.ticket.conversation, state__in=[*LIVE, TicketState.RESOLVED], owner__isnull=False
            )
            # Its own row still waits to be written.
            .exclude(pk=work.ticket.pk)
            .select_for_update(of=("self",), no_key=True)
            .order_by("pk")
        )
        release_all(list(others), {"with": work.ticket.pk}, actor=actor, now=now)
        Conversation.objects.filter(pk=work.ticket.conversation_id).update(owner=None)
        no_longer_covered([work.ticket, *others], now=now)
    return work.ticket


def join(ticket: Ticket, *, actor: Actor, now: datetime, version: int | None, other: Ticket | None) -> Ticket:
    """Two tickets that belong together get one owner.

    Of one person, or where nobody knew who this answer was from, this ticket moves into the other's conversation:
    thread and page. Of two people at one account each keeps a conversation of their own, because a page and a thread
    show their reader everything in them. Raises Incomplete or NotAllowed.
    """
    if other is None or other.pk == ticket.pk:
        raise Incomplete({"other": gettext("Name the other ticket by its number.")})
    both = Ticket.objects.filter(pk__in=[ticket.pk, other.pk]).values("conversation")
    of_both = Ticket.objects.filter(conversation__in=both)
    with assignment_lock(of_both), opened(ticket, actor=actor, now=now, version=version) as work:
        work.check("join")
        current = work.ticket
        target = Ticket.objects.select_related(*WITH).get(pk=other.pk)
        if target.state not in (*LIVE, TicketState.RESOLVED):
            raise NotAllowed(gettext("The other ticket is over."))
        if current.conversation_id == target.conversation_id:
            raise NotAllowed(gettext("These tickets are joined already."), code="same_conversation")
        one_person = current.contact_id is None or current.contact_id == target.contact_id
        if not one_person and (current.account_id is None or current.account_id != target.account_id):
            raise NotAllowed(gettext("These tickets are of different customers."))
        if not one_person and current.owner_id == target.owner_id:
            raise NotAllowed(gettext("These tickets have one owner already."), code="same_owner")
        owner = target.owner or current.owner
        _not_to_whom_it_is_about(owner, current.conversation_id, target.conversation_id)
        data = {"with": target.pk, "from": current.conversation_id}
        if one_person:
            account = current.account or target.account
            move_into(work, target.conversation, "join", data, owner=owner, contact=target.contact, account=account)
            hand_over_rest(work, owner, [target.conversation_id], "conversation")
        else:
            conversations = [current.conversation_id, target.conversation_id]
            work.write("join", data=data)
            hand_over_rest(work, owner, conversations, "same_account")
    return work.ticket


def _not_to_whom_it_is_about(owner: User | None, *conversations: int) -> None:
    """Raises Forbidden where the words of these conversations may complain about whoever would have them."""
    if owner is None or not Conflict.objects.filter(user=owner, ticket__conversation__in=conversations).exists():
        return
    words = gettext("The customer's words may complain about %(name)s: only another lead gives it to them.")
    raise Forbidden(words % {"name": owner.name}, code="conflict")


def move_into(
    work: OpenTicket,
    conversation: Conversation,
    verb: str,
    data: dict[str, Any],
    *,
    owner: User | None,
    contact: Contact | None,
    account: Account | None,
) -> None:
    """Into the conversation of whom it turns out to be from. Who can be reached by that is owed a first contact.

    The customer knows the owner of the conversation and never knew the other one, so no mail tells of a new name. A
    ticket that nobody has yet is given by `hand_over_rest`, as any other is.
    """
    ticket, before = work.ticket, work.ticket.owner
    fields: dict[str, Any] = {"conversation": conversation}
    if contact is not None and ticket.contact_id != contact.pk:
        fields |= {"contact": contact, "account": account}
    becomes_reachable = ticket.nobody_to_reach and contact is not None and contact.can_be_reached
    if becomes_reachable:
        fields["nobody_to_reach"] = False
    if before is not None and owner is not None:
        fields["owner"] = owner
    work.write(verb, data=data | {"to": conversation.pk}, **fields)
    if work.actor.kind != Event.Actor.SYSTEM and ticket.owner != before:
        no_longer_covered([ticket], now=work.now)
    if becomes_reachable and not any(row.target == Deadline.Target.FIRST_CONTACT for row in work.deadlines):
        policy, calendar = work.pinned()
        work.owe(deadlines.first_contact(ticket, policy, calendar))
    if before is not None and ticket.owner not in (before, work.actor.user):
        work.mail_later(
            notices.assigned([ticket], {ticket.pk: lambda: gettext("It is of a customer whom you have.")}, now=work.now)
        )


def hand_over_rest(work: OpenTicket, owner: User | None, conversations: Collection[int], rule: str) -> None:
    """What is open in these conversations and somebody else's, or nobody's yet, becomes this person's."""
    if owner is None:
        return
    others = (
        Ticket.objects.select_related(*WITH)
        .filter(conversation__in=conversations, state__in=[*LIVE, TicketState.RESOLVED])
        .exclude(owner=owner)
        .exclude(pk=work.ticket.pk)
        .order_by("pk")
    )
    work.forget_rows()
    theirs = [*others] if work.ticket.owner_id == owner.pk else [work.ticket, *others]
    why = partial(_belongs_together, work.ticket.pk)
    give([Handing(each, owner, None, why, {"rule": rule}) for each in theirs], actor=work.actor, now=work.now)
    Conversation.objects.filter(pk__in=conversations).update(owner=owner)


def _belongs_together(number: int) -> str:
    words = gettext("#%(number)s was put where it belongs, and what belongs together has one owner.")
    return words % {"number": number}


def split(
    ticket: Ticket, *, actor: Actor, now: datetime, version: int | None, contact: Contact | None = None
) -> Ticket:
    """Out of a joined conversation, into one of its own (of `contact`, where it turns out to be another person's)."""
    with (
        assignment_lock(_in_conversation_with(ticket, contact), answers=Response.objects.filter(ticket=ticket.pk)),
        opened(ticket, actor=actor, now=now, version=version) as work,
    ):
        work.check("split")
        current = work.ticket
        shared = Ticket.objects.filter(conversation=current.conversation).exclude(pk=current.pk).exists()
        if not shared and contact is None:
            raise NotAllowed(gettext("This ticket has a conversation of its own already."))
        person = contact if contact is not None else current.contact
        conversation = (
            Conversation.objects.filter(contact=person, closed_at=None).exclude(pk=current.conversation_id).first()
            if person is not None
            else None
        )
        if conversation is None:
            if person is not None and current.conversation.contact_id == person.pk:
                raise NotAllowed(gettext("All of these tickets are of one person, and a person has one conversation."))
            conversation = Conversation.objects.create(
                contact=person, brand=current.brand, owner=current.owner, opened_at=now
            )
        owner = conversation.owner or current.owner
        if owner != current.owner:
            _not_to_whom_it_is_about(owner, current.conversation_id)
        data = {"from": current.conversation_id, "contact": contact.pk if contact else None}
        account = contact.account if contact else None
        if contact is not None and current.response is not None:
            give_answer(current.response, contact)
        move_into(work, conversation, "split", data, owner=owner, contact=contact, account=account)
        hand_over_rest(work, owner, [conversation.pk], "conversation")
    return work.ticket
