"""What a customer's press on their page does. A press carries the cycle it showed; who comes second sees what is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from followups import watching
from followups.actors import Actor
from followups.messages import notices
from followups.models import Conversation, Event, Reply, Ticket, Verdict
from followups.models.tickets import LIVE, ClosedAs, TicketState
from followups.workflow import ending, reopening
from followups.workflow.contact import answer_owed, hear, hold_where_words_ask_for_it
from followups.workflow.locking import opened
from followups.workflow.writing import OpenTicket
from nps_loop.people.models import User
from surveys import recording
from surveys.models import Response

Choice = Verdict.Choice
MAX_WORDS = 10_000
CORRECTED = "correct-score"


@dataclass(frozen=True, slots=True)
class Press:
    """What a customer sent from the page."""

    choice: str
    cycle: int
    words: str = ""
    phone: str = ""
    in_demo_by: User | None = None
    # The ticket the page showed: another of the conversation may have come to the front since. None: not said.
    ticket: int | None = None


def ticket_on_page(conversation: Conversation) -> Ticket | None:
    """The ticket a customer's page is about: the newest that is resolved, else at work, else the newest of all.

    Where a reopened ticket went over into the conversation the person has open, the old link shows that one.
    """
    tickets = _shown_of(conversation)
    if not tickets and conversation.contact_id is not None:
        present = Conversation.objects.filter(contact=conversation.contact_id, closed_at=None).first()
        tickets = _shown_of(present) if present is not None else []
    for wanted in ((TicketState.RESOLVED,), LIVE):
        for ticket in tickets:
            if ticket.state in wanted:
                return ticket
    return tickets[0] if tickets else None


def _shown_of(conversation: Conversation) -> list[Ticket]:
    """Newest first."""
    rows = conversation.tickets.exclude(state=TicketState.DISMISSED).select_related(
        "response__touchpoint", "contact", "account", "owner", "brand", "team__calendar", "conversation"
    )
    return list(rows.order_by("-pk"))


def press(ticket: Ticket, pressed: Press, *, now: datetime) -> bool:
    """Let the ticket follow from what the customer pressed. Returns whether it counted.

    It does not count where the page showed another ticket, or another cycle than the present one, or where there is
    nothing left to decide: the customer then sees how things stand.
    """
    # A NUL comes from scripts only, and PostgreSQL stores none; what stands around it is still what they say.
    words = pressed.words.replace("\x00", "").strip()[:MAX_WORDS]
    with transaction.atomic(), opened(ticket, actor=Actor.customer(), now=now, version=None) as work:
        current = work.ticket
        if pressed.cycle != current.cycle or current.state == TicketState.DISMISSED:
            return False
        if pressed.ticket not in (None, current.pk) or reopening.is_too_late_to_reopen(current, now):
            return False
        if pressed.choice == "add_words":
            return _words(work, words)
        act = _ACTS.get(pressed.choice)
        if act is None:
            return False
        if pressed.choice == Choice.SETTLED and current.state == TicketState.CLOSED:
            return False
        if pressed.choice == Choice.NOT_YET and current.state in LIVE:
            # Nothing was asked yet; what they say is words for the owner.
            return _words(work, words) if words else False
        verdict = Verdict.objects.create(
            ticket=current,
            cycle=current.cycle,
            choice=pressed.choice,
            text=words,
            happened_at=now,
            in_demo_by=pressed.in_demo_by,
        )
        data: dict[str, object] = {"verdict": verdict.pk}
        if pressed.in_demo_by is not None:
            data["in_demo_by"] = pressed.in_demo_by.pk
        if pressed.phone.strip():
            _keep_number(current, pressed.phone.strip())
        # Before anything is written from it: what a hold keeps inside the application stands in no mail.
        hold_where_words_ask_for_it(work, words)
        act(work, words, data)
    return True


def correct_score(ticket: Ticket, score: int | None, *, cycle: int, in_demo_by: User | None, now: datetime) -> bool:
    """The customer meant another score: recorded as a later version, once per answer. Returns whether it counted.

    The case stays as it is: event and notice follow when the new version is decided on, and a lower score owes what
    the rules say.
    """
    if ticket.response_id is None or score is None or not 0 <= score <= 10:
        return False
    with transaction.atomic():
        # The answer before its ticket, in the order in which answers are decided on.
        answer = Response.objects.select_for_update().select_related(None).get(pk=ticket.response_id)
        with opened(ticket, actor=Actor.customer(), now=now, version=None) as work:
            current = work.ticket
            if cycle != current.cycle or reopening.is_too_late_to_reopen(current, now) or was_corrected(current):
                return False
            if answer.score == score or not recording.correct_score(answer, score, now=now):
                return False
            data: dict[str, object] = {"response": answer.pk, "from": answer.score, "to": score}
            if in_demo_by is not None:
                data["in_demo_by"] = in_demo_by.pk
            work.write(CORRECTED, data=data)
    return True


def was_corrected(ticket: Ticket) -> bool:
    """Whether the customer has corrected the score before."""
    return Event.objects.filter(ticket=ticket, verb=CORRECTED).exists()


def _keep_number(ticket: Ticket, phone: str) -> None:
    """A number the customer gives becomes theirs where none was known; one we know is never replaced by a press."""
    contact = ticket.contact
    if contact is not None and not contact.phone:
        contact.phone = "".join(char for char in phone if char.isprintable())[:40]
        contact.save(update_fields=["phone"])


def _words(work: OpenTicket, words: str) -> bool:
    if not words:
        return False
    hear(work, words, work.now, via=Reply.Via.PAGE)
    return True


def _settled(work: OpenTicket, words: str, data: dict[str, object]) -> None:
    """Resolved: closed as confirmed. Before that it is an event, and resolving then closes as confirmed."""
    if work.ticket.state == TicketState.RESOLVED:
        ending.confirm(work, "settled", data=data, at=work.now)
        _tell_owner(work, gettext_noop("%(name)s says that it is settled"), words)
    else:
        work.write("settled-early", data=data)
        _tell_owner(work, gettext_noop("%(name)s says that it is settled already"), words)


def _not_yet(work: OpenTicket, words: str, data: dict[str, object]) -> None:
    reopening.reopen_for_customer(work, "not-yet", words, data=data, at=work.now)


def _call_me(work: OpenTicket, words: str, data: dict[str, object]) -> None:
    """A call is wanted: owed like an answer; a resolved or closed ticket is open again for it."""
    reopened = work.ticket.state in (TicketState.RESOLVED, TicketState.CLOSED)
    if reopened:
        reopening.reopen_for_customer(work, "call-me", words, data=data, at=work.now)
    else:
        work.write("call-me", data=data, customer_waits=work.ticket.state != TicketState.NEW, snoozed_until=None)
        if work.ticket.state != TicketState.NEW:
            answer_owed(work, work.now)
    _tell_owner(work, gettext_noop("%(name)s asks for a call"), words, reopened=reopened)


def _somebody_else(work: OpenTicket, words: str, data: dict[str, object]) -> None:
    """Another person is wanted: the lead decides who, and an answer is owed. A resolved or closed ticket reopens."""
    if work.ticket.state in (TicketState.RESOLVED, TicketState.CLOSED):
        reopening.reopen_for_customer(work, "somebody-else", words, data=data, at=work.now)
    else:
        work.write("somebody-else", data=data, customer_waits=work.ticket.state != TicketState.NEW, snoozed_until=None)
        if work.ticket.state != TicketState.NEW:
            answer_owed(work, work.now)
    work.mail_later(
        notices.to_leads(
            work.ticket,
            lambda: _wants_somebody_else(work.ticket),
            dedupe_key=f"somebody-else:{work.ticket.pk}:{work.ticket.version}",
        )
    )


def _wants_somebody_else(ticket: Ticket) -> tuple[str, list[str]]:
    name = _name(ticket)
    owner = ticket.owner.name if ticket.owner else gettext("the present owner")
    line = gettext("%(name)s would like somebody else than %(owner)s to answer. Decide who.")
    return (
        gettext("%(name)s asks for somebody else (#%(number)s)") % {"name": name, "number": ticket.pk},
        [line % {"name": name, "owner": owner}],
    )


def _name(ticket: Ticket) -> str:
    return ticket.contact.short_name if ticket.contact else gettext("The customer")


def _leave_it(work: OpenTicket, words: str, data: dict[str, object]) -> None:
    """No more mail and no call. A resolved ticket closes without a yes; one at work ends without a mail."""
    if work.ticket.state == TicketState.RESOLVED:
        ending.close(work, "leave-it", ClosedAs.UNCONFIRMED, data=data)
        work.set(recovery_on=None, left_in_peace=True)
    else:
        work.write("leave-it", data=data, left_in_peace=True, customer_waits=False, recovery_on=None)
    _tell_owner(work, gettext_noop("%(name)s asks to be left in peace about it: no more mail, no call"), words)


def _pressed(ticket: Ticket) -> tuple[str, str]:
    """How a watcher reads of a press, in the active language."""
    name = {"name": ticket.contact.short_name if ticket.contact else gettext("The customer"), "n": ticket.pk}
    line = gettext("%(name)s said something on the page of the case. You follow this ticket.") % name
    return gettext("%(name)s answered (#%(n)s)") % name, line


def _tell_owner(work: OpenTicket, what: str, words: str, *, reopened: bool = False) -> None:
    """The owner hears what was said, whoever follows the ticket that something was: once, where it was reopened too.

    `what` is a message of the catalogues with the customer's name in it; `words` are the customer's own.
    """
    ticket = work.ticket
    if not reopened:
        key = f"press:{ticket.pk}:{ticket.version}"
        work.mail_later(watching.tell_watchers(ticket, partial(_pressed, ticket), key=key))
    owner = work.ticket.owner
    if owner is None or not owner.is_active:
        return
    quoted = [f"“{words[:500]}”"] if words and not work.ticket.on_hold else []

    def said() -> tuple[str, list[str]]:
        sentence = gettext(what) % {"name": _name(work.ticket)}
        return f"{sentence} (#{work.ticket.pk})", [f"{sentence}.", *quoted]

    work.mail_later(
        [
            notices.to_person(
                owner,
                work.ticket,
                said,
                dedupe_key=f"press:{work.ticket.pk}:{work.ticket.version}",
            )
        ]
    )


_ACTS: dict[str, Callable[[OpenTicket, str, dict[str, object]], None]] = {
    Choice.SETTLED: _settled,
    Choice.NOT_YET: _not_yet,
    Choice.CALL_ME: _call_me,
    Choice.SOMEBODY_ELSE: _somebody_else,
    Choice.LEAVE_IT: _leave_it,
}
