"""Who has a ticket, by a person's hand: assign, release, join, split. All of it under the lock of the assigner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from followups import deadlines, ladders
from followups.actors import Actor
from followups.messages import notices
from followups.models import (
    Away,
    Conflict,
    Conversation,
    Deadline,
    Escalation,
    Event,
    LadderStep,
    Member,
    Note,
    Ticket,
)
from followups.models.tickets import LIVE, TicketState
from followups.permissions import Role
from followups.refusals import Forbidden, Incomplete, NotAllowed
from followups.templatetags.moments import in_full
from followups.workflow.handing import Handing, Surroundings, assignment_lock, hand_over
from followups.workflow.letting_go import LET_GO, let_go_of
from followups.workflow.locking import opened
from followups.workflow.writing import OpenTicket
from nps_loop.mail import outbox
from nps_loop.people.models import User
from surveys.models import Account, Contact, Response
from surveys.recording.merging import answer_given

OPEN = (*LIVE, TicketState.RESOLVED)


def _in_conversation_with(ticket: Ticket, contact: Contact | None = None) -> QuerySet[Ticket]:
    """What belongs to the conversation of a ticket, and to the open one of `contact`."""
    found = Q(conversation__in=Ticket.objects.filter(pk=ticket.pk).values("conversation"))
    if contact is not None:
        found |= Q(conversation__contact=contact, conversation__closed_at=None)
    return Ticket.objects.filter(found)


def assign(
    ticket: Ticket, *, actor: Actor, now: datetime, version: int | None, to: User | None, reason: str = ""
) -> Ticket:
    """A person hands the ticket, with its whole conversation, to somebody; also how one takes it oneself.

    Taking it from another owner needs a reason, and so does giving it to somebody whom the customer complains about,
    which only a lead may. Raises Incomplete, Forbidden, NotAllowed or Stale.
    """
    belongs = _in_conversation_with(ticket)
    known = Surroundings.of(belongs, now=now)
    memberships = Member.objects.filter(user=to, is_active=True, team__takes_tickets=True)
    looked_at = [
        memberships.select_related("team__calendar").order_by("team__is_default", "team_id"),
        Away.objects.at(now).filter(user=to),
        _complaints(belongs).filter(user=to).values_list("because", flat=True),
    ]
    with (
        assignment_lock(),
        opened(
            ticket,
            actor=actor,
            now=now,
            version=version,
            ahead=("suppressed",),
            others=[to],
            besides=[*looked_at, *known.lists],
            together=belongs,
        ) as work,
    ):
        work.check("assign")
        if to is None:
            raise Incomplete({"to": gettext("Choose who gets it.")})
        member, away, because, *known.lists = work.around.besides
        team_of = {row.team_id: row.team for row in member}
        if not to.is_active or not team_of:
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
        present = team_of.get(current.team_id or 0)
        if present is None and not work.roles & {Role.ADMIN, Role.LEAD, Role.OWNER}:
            raise Forbidden(gettext("Only the owner or a lead gives a ticket to another team."))
        absence = next(iter(away), None)
        if absence is not None and actor.user != to:
            words = gettext("%(name)s is away until %(day)s.")
            raise Incomplete({"to": words % {"name": to.name, "day": in_full(absence.ends_at)}})
        team = present or next(iter(team_of.values()))
        data = {"rule": "by_hand"} | _despite_conflict(work, to, reason, next(iter(because), None))
        if reason.strip():
            work.add(Note(ticket=current, by=actor.user, text=reason.strip(), happened_at=now))
        had_it = current.owner
        why = partial(_given_by, actor.user.name if actor.user else "", reason.strip())
        _hand_over(work, [Handing(each, to, team, why, data) for each in (current, *_open_ones(work))], known)
        if had_it is not None and had_it.is_active and had_it != actor.user:
            work.mail_later([_taken_from(current, had_it, to, actor.user, reason.strip())])
    return work.ticket


def _open_ones(work: OpenTicket) -> list[Ticket]:
    """What is open of those that were locked with the ticket."""
    return [each for each in work.together if each.state in OPEN]


def _hand_over(work: OpenTicket, handings: Sequence[Handing], known: Surroundings) -> None:
    """Hand over as the assigner does; what changes is written with the ticket that is open."""
    if not handings:
        return
    given = hand_over(
        handings,
        known,
        actor=work.actor,
        now=work.now,
        open_deadlines={work.ticket.pk: work.deadlines},
        in_hand=[work.ticket, *work.together],
        stops=work.stops,
    )
    work.take_over(given)


def _complaints(tickets: QuerySet[Ticket]) -> QuerySet[Conflict]:
    """Whom the words in these tickets' conversations may complain about."""
    return Conflict.objects.filter(ticket__conversation__in=tickets.order_by().values("conversation")).order_by("pk")


def _despite_conflict(work: OpenTicket, to: User, reason: str, because: str | None) -> dict[str, Any]:
    """What the event keeps where the words complain about whoever gets it. Raises Forbidden or Incomplete."""
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
    belongs = _in_conversation_with(ticket)
    owed = Deadline.objects.filter(ticket__in=belongs.order_by().values("pk"), met_at=None, dropped_at=None)
    steps = LadderStep.objects.filter(policy__in=owed.order_by().values("policy"))
    looked_at: list[QuerySet[Any]] = [
        owed.select_related("policy", "calendar").order_by("pk"),
        steps.select_related("endpoint").order_by("pk"),
        Escalation.objects.filter(ticket__in=belongs.order_by().values("pk")),
    ]
    with (
        assignment_lock(),
        opened(ticket, actor=actor, now=now, version=version, besides=looked_at, together=belongs) as work,
    ):
        work.check("release")
        if work.ticket.owner_id is None:
            raise NotAllowed(gettext("Nobody has this ticket."), code="no_owner")
        work.add(Note(ticket=work.ticket, by=actor.user, text=reason.strip(), happened_at=now))
        work.write("release", data={"from": work.ticket.owner_id}, owner=None, snoozed_until=None)
        # One conversation, one owner: the rest of it goes back too.
        others = {each.pk: each for each in _open_ones(work) if each.owner_id is not None}
        for event in let_go_of(list(others.values()), {"with": work.ticket.pk}, actor=actor, now=now):
            work.add(event)
            work.keep(event.ticket, *LET_GO)
        _climb_again(work, others, *work.around.besides)
        work.ticket.conversation.owner = None
        work.keep(work.ticket.conversation, "owner")
        work.uncover([work.ticket, *others.values()])
    return work.ticket


def _climb_again(
    work: OpenTicket,
    others: Mapping[int, Ticket],
    owed: Iterable[Deadline],
    steps: Iterable[LadderStep],
    told: Iterable[Escalation],
) -> None:
    """A step for tickets that nobody has may have been passed while somebody had them."""
    rows = [row for row in owed if row.ticket_id in others]
    for row in rows:
        row.ticket = others[row.ticket_id]
    for row in ladders.plan(rows, read=ladders.Read(list(steps), list(told))):
        work.keep(row, "next_step_at", "next_step")


def join(ticket: Ticket, *, actor: Actor, now: datetime, version: int | None, other: Ticket | None) -> Ticket:
    """Two tickets that belong together get one owner.

    Of one person, or where nobody knew who this answer was from, this ticket moves into the other's conversation:
    thread and page. Of two people at one account each keeps a conversation of their own, because a page and a thread
    show their reader everything in them. Raises Incomplete or NotAllowed.
    """
    if other is None or other.pk == ticket.pk:
        raise Incomplete({"other": gettext("Name the other ticket by its number.")})
    both = Ticket.objects.filter(pk__in=[ticket.pk, other.pk])
    belongs = Ticket.objects.filter(conversation__in=both.values("conversation"))
    known = Surroundings.of(belongs, now=now)
    with (
        assignment_lock(),
        opened(
            ticket,
            actor=actor,
            now=now,
            version=version,
            ahead=("suppressed",),
            besides=[_complaints(both).values_list("user", flat=True), *known.lists],
            together=belongs,
        ) as work,
    ):
        work.check("join")
        blamed, *known.lists = work.around.besides
        current = work.ticket
        target = next(each for each in work.together if each.pk == other.pk)
        if target.state not in OPEN:
            raise NotAllowed(gettext("The other ticket is over."))
        if current.conversation_id == target.conversation_id:
            raise NotAllowed(gettext("These tickets are joined already."), code="same_conversation")
        one_person = current.contact_id is None or current.contact_id == target.contact_id
        if not one_person and (current.account_id is None or current.account_id != target.account_id):
            raise NotAllowed(gettext("These tickets are of different customers."))
        if not one_person and current.owner_id == target.owner_id:
            raise NotAllowed(gettext("These tickets have one owner already."), code="same_owner")
        owner = target.owner or current.owner
        _not_to_whom_it_is_about(owner, blamed)
        data = {"with": target.pk, "from": current.conversation_id}
        if one_person:
            account = current.account or target.account
            move_into(work, target.conversation, "join", data, owner=owner, contact=target.contact, account=account)
            hand_over_rest(work, owner, [target.conversation], "conversation", known)
        else:
            conversations = [current.conversation, target.conversation]
            work.write("join", data=data)
            hand_over_rest(work, owner, conversations, "same_account", known)
    return work.ticket


def _not_to_whom_it_is_about(owner: User | None, blamed: Iterable[int]) -> None:
    """Raises Forbidden where the customer's words may complain about whoever would have it: one of those `blamed`."""
    if owner is None or owner.pk not in set(blamed):
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
        work.uncover([ticket])
    if becomes_reachable and not any(row.target == Deadline.Target.FIRST_CONTACT for row in work.deadlines):
        policy, calendar = work.pinned()
        work.owe(deadlines.first_contact(ticket, policy, calendar))
    if before is not None and ticket.owner not in (before, work.actor.user):
        work.mail_later(
            notices.assigned([ticket], {ticket.pk: lambda: gettext("It is of a customer whom you have.")}, now=work.now)
        )


def hand_over_rest(
    work: OpenTicket, owner: User | None, conversations: Sequence[Conversation], rule: str, known: Surroundings
) -> None:
    """What is open in these conversations and somebody else's, or nobody's yet, becomes this person's.

    The caller has locked all of it with the ticket, and read what is `known` of it.
    """
    if owner is None:
        return
    one_of = {conversation.pk: conversation for conversation in conversations}
    for each in (work.ticket, *work.together):
        # One object for each conversation, whichever ticket it came with.
        each.conversation = one_of.get(each.conversation_id, each.conversation)
    theirs = [each for each in _open_ones(work) if each.conversation_id in one_of and each.owner_id != owner.pk]
    if work.ticket.owner_id != owner.pk:
        theirs.insert(0, work.ticket)
    why = partial(_belongs_together, work.ticket.pk)
    _hand_over(work, [Handing(each, owner, None, why, {"rule": rule}) for each in theirs], known)
    for conversation in conversations:
        conversation.owner = owner
        work.keep(conversation, "owner")


def _belongs_together(number: int) -> str:
    words = gettext("#%(number)s was put where it belongs, and what belongs together has one owner.")
    return words % {"number": number}


def split(
    ticket: Ticket, *, actor: Actor, now: datetime, version: int | None, contact: Contact | None = None
) -> Ticket:
    """Out of a joined conversation, into one of its own (of `contact`, where it turns out to be another person's)."""
    belongs = _in_conversation_with(ticket, contact)
    known = Surroundings.of(belongs, now=now)
    this = Ticket.objects.filter(pk=ticket.pk)
    of_person = Q(contact=contact) if contact is not None else Q(contact__in=this.values("contact"))
    elsewhere = Conversation.objects.filter(of_person, closed_at=None).exclude(pk__in=this.values("conversation"))
    looked_at: list[QuerySet[Any]] = [
        _complaints(this).values_list("user", flat=True),
        elsewhere.select_related("owner").order_by("pk"),
    ]
    with (
        assignment_lock(answers=Response.objects.filter(ticket=ticket.pk)),
        opened(
            ticket,
            actor=actor,
            now=now,
            version=version,
            ahead=("suppressed",),
            makes=(Conversation,),
            besides=[*looked_at, *known.lists],
            together=belongs,
        ) as work,
    ):
        work.check("split")
        blamed, open_ones, *known.lists = work.around.besides
        current = work.ticket
        shared = any(each.conversation_id == current.conversation_id for each in work.together)
        if not shared and contact is None:
            raise NotAllowed(gettext("This ticket has a conversation of its own already."))
        person = contact if contact is not None else current.contact
        conversation: Conversation | None = next(iter(open_ones), None)
        if conversation is None:
            if person is not None and current.conversation.contact_id == person.pk:
                raise NotAllowed(gettext("All of these tickets are of one person, and a person has one conversation."))
            conversation = work.make(
                Conversation(contact=person, brand=current.brand, owner=current.owner, opened_at=now)
            )
        owner = conversation.owner or current.owner
        if owner != current.owner:
            _not_to_whom_it_is_about(owner, blamed)
        data = {"from": current.conversation_id, "contact": contact.pk if contact else None}
        account = contact.account if contact else None
        if contact is not None and current.response is not None:
            work.also(answer_given(current.response, contact))
        move_into(work, conversation, "split", data, owner=owner, contact=contact, account=account)
        hand_over_rest(work, owner, [conversation], "conversation", known)
    return work.ticket
