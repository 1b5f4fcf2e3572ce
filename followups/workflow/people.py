"""Two persons turn out to be one, or an answer turns out to be another person's. Leads and administrators say so.

One at a time: the lock of the assigner keeps two merges from crossing. Then answers, tickets and conversations are
taken in the order in which everybody takes them. Each ticket concerned keeps an event, with ids only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from followups.actors import Actor
from followups.models import ContactEvent, Conversation, Event, Member, Ticket
from followups.models.tickets import LIVE, TicketState
from followups.refusals import Forbidden, Incomplete, NotAllowed
from followups.workflow.giving import hand_over_rest, move_into
from followups.workflow.handing import Handing, Surroundings, assignment_lock, give
from followups.workflow.locking import WITH, opened
from followups.workflow.writing import OpenTicket
from nps_loop.mail.models import Suppression
from nps_loop.people.models import User
from surveys.models import Contact, ContactKey, Response
from surveys.recording import merging

LEADING = (Member.Role.LEAD, Member.Role.DEPUTY)
OPEN = (*LIVE, TicketState.RESOLVED)


@dataclass(frozen=True, slots=True)
class MergeLook:
    """What a merge would do, before anybody does it. `why_not` is empty where it can be done."""

    kept: Contact
    other: Contact
    keys: list[ContactKey]
    answers: int
    tickets: list[Ticket]
    other_account: bool
    owner: User | None
    given: list[Ticket]
    learns: list[str]
    wishes: list[Suppression]
    why_not: str = ""


def may_merge(user: User) -> bool:
    """Leads, deputies and administrators put persons together and take them apart. One query."""
    return user.is_superuser or Member.objects.filter(user=user, is_active=True, role__in=LEADING).exists()


def look_at_merge(kept: Contact, other: Contact, *, actor: Actor) -> MergeLook:
    """What merging `other` into `kept` would move and change, or why it would be refused. Changes nothing."""
    tickets = list(_concerned(kept, other).select_related("owner", "contact", "conversation").order_by("pk"))
    moving = [ticket for ticket in tickets if ticket.contact_id == other.pk]
    open_ones = [ticket for ticket in tickets if ticket.state in OPEN]
    both = {row.contact_id: row for row in _open_conversations(kept, other)}
    stays, goes = both.get(kept.pk), both.get(other.pk)
    owner = (stays.owner if stays else None) or (goes.owner if goes else None)
    return MergeLook(
        kept=kept,
        other=other,
        keys=list(ContactKey.objects.filter(contact=other).order_by("pk")),
        answers=Response.objects.filter(contact=other).count(),
        tickets=moving,
        other_account=_other_account(kept, other),
        owner=owner,
        given=[ticket for ticket in open_ones if owner is not None and ticket.owner_id != owner.pk],
        learns=merging.learnt(kept, other),
        wishes=merging.wishes(kept, other),
        why_not=_why_not(kept, other) or _not_theirs(actor, open_ones),
    )


def merge(
    kept: Contact, other: Contact, *, actor: Actor, now: datetime, across_accounts: bool = False
) -> list[Ticket] | None:
    """`other` was `kept` all along: keys, answers, tickets and the conversation go there. The tickets that moved.

    None where that was done before. `across_accounts` says that they stand under two accounts and are one person all
    the same. Raises Forbidden, NotAllowed or Incomplete; what is refused changes nothing.
    """
    _check(actor)
    if kept.pk == other.pk:
        raise NotAllowed(gettext("This is one and the same person."), code="same_person")
    answers = Response.objects.filter(contact=other.pk)
    with assignment_lock(answers=answers):
        tickets = list(_concerned(kept, other).select_for_update(of=("self",), no_key=True).order_by("pk"))
        conversations = {row.contact_id: row for row in _open_conversations(kept, other).select_for_update(no_key=True)}
        kept, other = _locked(kept, other)
        if other.merged_into_id == kept.pk:
            return None
        if reason := _why_not(kept, other) or _not_theirs(actor, [row for row in tickets if row.state in OPEN]):
            raise NotAllowed(reason)
        if _other_account(kept, other) and not across_accounts:
            words = gettext("They stand under two accounts. Say that it is one person all the same.")
            raise Incomplete({"across_accounts": words})
        keys = merging.merge_people(kept, other, now=now)
        stays, goes = conversations.get(kept.pk), conversations.get(other.pk)
        target = _one_conversation(stays, goes, kept, now)
        Conversation.objects.filter(contact=other).update(contact=kept)
        moved = []
        for ticket in tickets:
            is_in_it = goes is not None and ticket.conversation_id == goes.pk
            if ticket.contact_id == other.pk or is_in_it:
                into = target if is_in_it or ticket.state in OPEN else None
                moved.append(_of_kept(ticket, kept, other, into, actor=actor, now=now))
            elif ticket.state in OPEN:
                with opened(ticket, actor=actor, now=now, version=None) as work:
                    work.write("merge", data={"kept": kept.pk, "merged": other.pk})
        if target is not None:
            _one_owner(target, actor=actor, now=now)
        ContactEvent.objects.create(
            contact=kept,
            other=other,
            verb=ContactEvent.Verb.MERGE,
            actor=actor.user,
            data={"keys": keys, "tickets": [ticket.pk for ticket in moved]},
            happened_at=now,
        )
    return moved


def _concerned(kept: Contact, other: Contact) -> QuerySet[Ticket]:
    return Ticket.objects.filter(Q(contact__in=[kept.pk, other.pk]) | Q(conversation__contact__in=[kept.pk, other.pk]))


def _open_conversations(*people: Contact) -> QuerySet[Conversation]:
    return Conversation.objects.filter(contact__in=[person.pk for person in people], closed_at=None).order_by("pk")


def _locked(*people: Contact) -> list[Contact]:
    """The same persons as they stand now, in the order they were given."""
    rows = Contact.objects.select_for_update(no_key=True).filter(pk__in=[person.pk for person in people])
    found = {row.pk: row for row in rows.order_by("pk")}
    return [found[person.pk] for person in people]


def _check(actor: Actor) -> None:
    if actor.kind == Event.Actor.PROGRAM and actor.user is None:
        return
    if actor.user is None or not actor.user.is_active or not may_merge(actor.user):
        raise Forbidden(gettext("A lead or an administrator decides this."))


def _why_not(kept: Contact, other: Contact) -> str:
    if kept.pk == other.pk:
        return gettext("This is one and the same person.")
    if other.merged_into_id is not None:
        return gettext("%(name)s was merged into somebody already.") % {"name": other}
    if kept.merged_into_id is not None:
        return gettext("%(name)s was merged into somebody already.") % {"name": kept}
    if kept.erased_at or other.erased_at:
        return gettext("One of the two was erased: nothing of them may be put together again.")
    return ""


def _not_theirs(actor: Actor, tickets: Sequence[Ticket]) -> str:
    """One owner for all that is open: a lead decides that for the teams they lead, for others an administrator does."""
    user = actor.user
    if user is None or user.is_superuser:
        return ""
    led = set(Member.objects.filter(user=user, is_active=True, role__in=LEADING).values_list("team", flat=True))
    if any(ticket.team_id is not None and ticket.team_id not in led for ticket in tickets):
        return gettext("Another team works on a case of theirs: an administrator decides this.")
    return ""


def _other_account(kept: Contact, other: Contact) -> bool:
    return None not in (kept.account_id, other.account_id) and kept.account_id != other.account_id


def _one_conversation(
    stays: Conversation | None, goes: Conversation | None, kept: Contact, now: datetime
) -> Conversation | None:
    """The one open conversation of the person from now on. What the other one's link leads to is found from there."""
    if goes is None:
        return stays
    if stays is None:
        goes.contact = kept
        goes.save(update_fields=["contact"])
        return goes
    goes.contact, goes.closed_at = kept, now
    goes.save(update_fields=["contact", "closed_at"])
    stays.owner_id = stays.owner_id or goes.owner_id
    stays.thread_root = stays.thread_root or goes.thread_root
    stays.save(update_fields=["owner", "thread_root"])
    return stays


def _of_kept(
    ticket: Ticket, kept: Contact, other: Contact, into: Conversation | None, *, actor: Actor, now: datetime
) -> Ticket:
    """One ticket of whoever was merged: the person is another, and it goes `into` where the person is spoken to."""
    with opened(ticket, actor=actor, now=now, version=None) as work:
        current = work.ticket
        data = {"kept": kept.pk, "merged": other.pk, "from": current.conversation_id}
        _move(work, into or current.conversation, "merge", data, owner=None, contact=kept)
    return work.ticket


def _move(
    work: OpenTicket,
    conversation: Conversation,
    verb: str,
    data: dict[str, Any],
    *,
    owner: User | None,
    contact: Contact,
) -> None:
    """What is open is owed to whoever it is from; what is over only changes hands among our rows."""
    if work.ticket.state in OPEN:
        move_into(work, conversation, verb, data, owner=owner, contact=contact, account=work.ticket.account)
    else:
        work.write(verb, data=data | {"to": conversation.pk}, conversation=conversation, contact=contact)


def _one_owner(conversation: Conversation, *, actor: Actor, now: datetime) -> None:
    """All that is open in it is one person's, and the customer hears the name where it is a new one."""
    owner = conversation.owner
    if owner is None:
        return
    rows = Ticket.objects.select_related(*WITH).filter(conversation=conversation, state__in=OPEN)
    theirs = rows.exclude(owner=owner).order_by("pk")

    def why() -> str:
        return gettext("Two entries were one person, and one person has one owner.")

    give([Handing(ticket, owner, None, why, {"rule": "merge"}) for ticket in theirs], actor=actor, now=now)


# --- taking apart ----------------------------------------------------------------------------------------------


def give_answer(
    response: Response,
    *,
    actor: Actor,
    now: datetime,
    to: Contact | None = None,
    name: str = "",
    email: str = "",
    keys: Collection[int] = (),
) -> Contact:
    """This answer, with its ticket, is another person's: `to`, or somebody new with `name` and `email`. That person.

    `keys` of whose it was go along, so that later answers under them find the right person. Doing it twice is refused
    and changes nothing. Raises Forbidden, NotAllowed or Incomplete.
    """
    _check(actor)
    if to is None and not name.strip():
        raise Incomplete({"to": gettext("Say whose answer it is: choose somebody, or give a name.")})
    with _taken_apart(response, to) as (answer, ticket, belongs):
        was = answer.contact
        if was is None:
            raise NotAllowed(gettext("Nobody is known to have given this answer: join its ticket with another."))
        if ticket is not None and (reason := _not_theirs(actor, [ticket] if ticket.state in OPEN else [])):
            raise NotAllowed(reason)
        person = _receives(to, was, name.strip(), email.strip(), now=now)
        went = merging.give_answer(answer, person, keys=keys)
        if ticket is not None:
            _goes_along(ticket, belongs, answer, was, person, actor=actor, now=now)
        ContactEvent.objects.create(
            contact=person,
            other=was,
            verb=ContactEvent.Verb.SPLIT,
            actor=actor.user,
            data={"response": answer.pk, "keys": went, "tickets": [ticket.pk] if ticket else []},
            happened_at=now,
        )
    return person


@contextmanager
def _taken_apart(response: Response, to: Contact | None) -> Iterator[tuple[Response, Ticket | None, QuerySet[Ticket]]]:
    """The answer and its ticket, locked with what they may be joined to, which comes last."""
    people = [to.pk] if to is not None else []
    tickets = Ticket.objects.filter(
        Q(response=response.pk)
        | Q(conversation__in=Ticket.objects.filter(response=response.pk).values("conversation"))
        | Q(conversation__contact__in=people, conversation__closed_at=None)
    )
    with assignment_lock(tickets, answers=Response.objects.filter(pk=response.pk)):
        answer = Response.objects.select_related("contact", "account").get(pk=response.pk)
        yield answer, Ticket.objects.filter(response=answer).first(), tickets


def _receives(to: Contact | None, was: Contact, name: str, email: str, *, now: datetime) -> Contact:
    if to is None:
        made = merging.new_person(name, email, was.account, now=now)
        if made is None:
            raise Incomplete({"email": gettext("Somebody has this address already: choose that person.")})
        return made
    person = _locked(to)[0]
    if person.pk == was.pk:
        raise NotAllowed(gettext("It is the answer of %(name)s already.") % {"name": person}, code="same_person")
    if person.merged_into_id is not None:
        raise NotAllowed(gettext("%(name)s was merged into somebody already.") % {"name": person})
    if person.erased_at is not None:
        raise NotAllowed(gettext("This person was erased."))
    return person


def _goes_along(
    ticket: Ticket,
    belongs: QuerySet[Ticket],
    answer: Response,
    was: Contact,
    person: Contact,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    known = Surroundings.of(belongs, now=now)
    with opened(ticket, actor=actor, now=now, version=None, together=belongs, besides=known.lists) as work:
        known.lists = work.around.besides
        current = work.ticket
        data = {"from": current.conversation_id, "contact": person.pk, "was": was.pk, "response": answer.pk}
        is_open = current.state in OPEN
        conversation = _open_conversations(person).first() if is_open else None
        if conversation is None:
            # Of a case that is over nobody goes on reading in somebody else's: it has a page of its own, and that ends.
            conversation = Conversation.objects.create(
                contact=person,
                brand=current.brand,
                owner=current.owner,
                opened_at=now,
                closed_at=None if is_open else current.conversation.closed_at or now,
            )
        owner = conversation.owner or current.owner
        _move(work, conversation, "split", data, owner=owner, contact=person)
        if is_open:
            hand_over_rest(work, owner, [conversation], "conversation", known)
