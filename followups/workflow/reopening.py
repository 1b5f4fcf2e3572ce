"""How a loop opens again: taken up by a person, by *not yet* or by a reply, with new deadlines and who is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.utils.translation import gettext

from followups import deadlines, silence, watching
from followups.actors import Actor
from followups.messages import letters, notices
from followups.models import Conflict, Conversation, Deadline, Note, Ticket, Verdict
from followups.models.tickets import TicketState
from followups.refusals import Incomplete
from followups.workflow.anew import take_up_anew
from followups.workflow.around import LEADS
from followups.workflow.locking import opened
from followups.workflow.writing import OpenTicket
from nps_loop.mail.models import Message

REOPEN_WITHIN = timedelta(days=90)


def reopen(ticket: Ticket, *, actor: Actor, now: datetime, version: int | None, reason: str) -> Ticket:
    """A person takes it up again; a dismissed one only a lead. Raises NotAllowed.

    Later than 90 days after closing it is a new ticket that takes it up: then that one is returned.
    """
    if not reason.strip():
        raise Incomplete({"reason": gettext("Say why it is opened again.")})
    ahead = ("verdicts", "watchers", "suppressed", *LEADS)
    with opened(ticket, actor=actor, now=now, version=version, ahead=ahead) as work:
        work.check("reopen")
        if is_too_late_to_reopen(work.ticket, now):
            return take_up_anew(work, at=now, reason=reason.strip())
        start_cycle(work, "reopen", data={"by": "person"}, at=now)
        work.add(Note(ticket=work.ticket, by=actor.user, text=reason, happened_at=now))
        tell_about_reopening(work, reason)
    return work.ticket


def is_too_late_to_reopen(ticket: Ticket, now: datetime) -> bool:
    return (
        ticket.state == TicketState.CLOSED and ticket.closed_at is not None and now - ticket.closed_at > REOPEN_WITHIN
    )


def start_cycle(
    work: OpenTicket, verb: str, *, data: dict[str, Any], at: datetime, customer_waits: bool = False
) -> None:
    """Back to assigned, cycle + 1, with new deadlines; the conversation and the customer's link are open again."""
    ticket = work.ticket
    policy, calendar = work.pinned()
    was_dismissed = ticket.state == TicketState.DISMISSED
    work.write(
        verb,
        to=TicketState.ASSIGNED,
        data=data,
        happened_at=at,
        cycle=ticket.cycle + 1,
        resolved_at=None,
        closed_at=None,
        told_at=None,
        question_accepted_at=None,
        silence_until=None,
        remind_at=None,
        recovery_on=None,
        waiting_until=None,
        waiting_from="",
        snoozed_until=None,
        customer_waits=customer_waits,
    )
    if not ticket.nobody_to_reach:
        target = deadlines.answer(ticket, policy, calendar, starts_at=work.now, ordinal=0)
        if was_dismissed and ticket.first_contact_at is None:
            target.target = Deadline.Target.FIRST_CONTACT
        work.owe(target)
    work.owe(deadlines.resolution(ticket, policy, calendar, starts_at=work.now))
    conversation = ticket.conversation
    if conversation.closed_at is not None:
        other = (
            Conversation.objects.filter(contact=conversation.contact, closed_at=None)
            .exclude(pk=conversation.pk)
            .first()
            if conversation.contact_id
            else None
        )
        if other is not None:
            # One conversation per person: the open one takes the reopened ticket in, with its owner.
            # Not to somebody whom its words may complain about: then the assigner looks.
            heir = other.owner or ticket.owner
            if heir is not None and Conflict.objects.filter(ticket=ticket, user=heir).exists():
                heir = None
            work.set(conversation=other, owner=heir)
        else:
            conversation.closed_at = None
            work.keep(conversation, "closed_at")
    if ticket.owner and not ticket.owner.is_active:
        work.set(owner=None)
    work.set(**(silence.begun(ticket.team, work.now) if ticket.owner else silence.stopped()))
    ticket.conversation.owner = ticket.owner
    work.keep(ticket.conversation, "owner")


def reopen_for_customer(work: OpenTicket, verb: str, words: str, *, data: dict[str, Any], at: datetime) -> None:
    """*Not yet* or a reply: open again, the customer hears who answers and by when, a second time asks the lead."""
    start_cycle(work, verb, data=data | {"by": "customer"}, at=at, customer_waits=True)
    ticket = work.ticket
    if ticket.left_in_peace:
        work.set(left_in_peace=False)
    owed = next(
        (
            row
            for row in work.deadlines
            if row.is_open and row.cycle == ticket.cycle and row.target == Deadline.Target.ANSWER
        ),
        None,
    )
    if owed is not None and ticket.contact:
        promise = deadlines.promise_for(owed, letters.Reader.of(ticket).zone, now=work.now)
        message = work.mail(letters.reopened(ticket, words, promise.ends_at, now=work.now))
        if message.state != Message.State.SKIPPED:
            owed.promised_at = promise.ends_at
            work.changed(owed)
    tell_about_reopening(work)


def tell_about_reopening(work: OpenTicket, reason: str = "") -> None:
    """Owner and lead are told; from the second *not yet* on the lead is asked who calls."""
    ticket = work.ticket
    key = f"reopened:{ticket.pk}:{ticket.cycle}"
    if ticket.owner and ticket.owner != work.actor.user:
        words = partial(_open_again_with_you, ticket, reason)
        work.mail_later([notices.to_person(ticket.owner, ticket, words, dedupe_key=f"{key}:owner")])
    not_yets = sum(row.choice == Verdict.Choice.NOT_YET for row in work.around.verdicts)
    for_leads = (
        partial(_said_not_yet_again, ticket, not_yets) if not_yets >= 2 else partial(_open_again, ticket, reason)
    )
    leads = work.around.leads
    work.mail_later(notices.to_leads(ticket, for_leads, dedupe_key=key, leads=leads))
    told = [work.actor.user_id, *(lead.pk for lead in leads)]
    words_to_watchers = partial(_is_open_again, ticket)
    work.mail_later(watching.tell_watchers(ticket, words_to_watchers, key=key, watchers=work.around.watchers, but=told))


def _open_again_with_you(ticket: Ticket, reason: str) -> tuple[str, list[str]]:
    who = _who(ticket)
    line = gettext("Reason: %(reason)s") if reason else gettext("%(name)s says that it is not settled.")
    return gettext("Open again, with you: %(name)s (#%(number)s)") % who, [line % (who | {"reason": reason})]


def _open_again(ticket: Ticket, reason: str) -> tuple[str, list[str]]:
    who = _who(ticket)
    owner = ticket.owner.name if ticket.owner else gettext("nobody yet")
    lines = [gettext("With %(name)s.") % {"name": owner}]
    if reason:
        lines.append(gettext("Reason: %(reason)s") % {"reason": reason})
    return gettext("Open again: %(name)s (#%(number)s)") % who, lines


def _said_not_yet_again(ticket: Ticket, times: int) -> tuple[str, list[str]]:
    who = _who(ticket)
    line = gettext("%(name)s said “not yet” %(times)s times. Decide who calls: the owner again, or somebody else.")
    return gettext("A second “not yet”: who calls %(name)s? (#%(number)s)") % who, [line % (who | {"times": times})]


def _is_open_again(ticket: Ticket) -> tuple[str, str]:
    name = {"name": ticket.contact.short_name if ticket.contact else gettext("the customer"), "n": ticket.pk}
    line = gettext("The case of %(name)s is open again. You follow this ticket.") % name
    return gettext("Open again: #%(n)s") % name, line


def _who(ticket: Ticket) -> dict[str, object]:
    """The customer and the ticket, as subjects name them in the language that is active."""
    return {"name": ticket.contact.short_name if ticket.contact else gettext("The customer"), "number": ticket.pk}
