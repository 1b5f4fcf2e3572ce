"""Undo: a mail that has not left is taken back, and with it what hung on its being sent.

Nothing counted before the mail server took the mail, so no evidence ever rests on a mail that can still be taken back.
What was sent with it is undone as an event of its own: both stay in the history.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from followups import silence
from followups.actors import Actor
from followups.models import ContactAttempt, Deadline, Event, Resolution, Ticket
from followups.models.tickets import TicketState
from followups.refusals import Forbidden, NotAllowed
from followups.workflow.contact import comes_back
from followups.workflow.locking import opened
from followups.workflow.writing import OpenTicket
from nps_loop.mail import outbox
from nps_loop.mail.models import Message, Stream

# What a person sends from a ticket's page, and the verbs that send it.
KINDS = frozenset({"personal", "resolution"})
SENDING = ("send-message", "wait", "resolve")


def take_back(ticket: Ticket, *, actor: Actor, now: datetime, message: Message) -> Ticket:
    """Take back a mail this person sent, while it is still queued, and undo what was done with it.

    The try it was is void; a ticket that waits for the answer goes back to where it came from; a resolved one goes back
    to where it was resolved from, its resolution void. Raises Forbidden for somebody else's mail and NotAllowed with
    the code `has_left` where delivery was faster: then nothing is changed.
    """
    with opened(ticket, actor=actor, now=now, version=None) as work:
        if message.case != ticket.pk or message.kind not in KINDS:
            raise NotAllowed(gettext("Only a mail that a person wrote on this ticket is taken back."))
        if actor.user is None or message.written_by_id != actor.user.pk:
            raise Forbidden(gettext("A mail is taken back by whoever sent it."))
        if not outbox.cancel([message.pk], now=now):
            raise NotAllowed(_too_late(message), code="has_left")
        sent = Event.objects.filter(ticket=ticket, verb__in=SENDING, data__message=message.pk).order_by("-seq").first()
        data = {"message": message.pk, "of": sent.verb if sent else ""}
        attempt = ContactAttempt.objects.filter(message=message, voided_at=None).first()
        if attempt is not None:
            attempt.voided_at = now
            attempt.save(update_fields=["voided_at"])
            data["attempt"] = attempt.pk
        if message.kind == "resolution":
            _unresolve(work, message, sent, data)
        elif _is_waiting_for_it(work, attempt):
            _unask(work, sent, data)
        else:
            work.write("take-back", data=data)
        if sent is not None:
            _take_back_notices(work, sent)
            if not Event.objects.filter(ticket=ticket, verb__in=silence.DOING, seq__gt=sent.seq).exists():
                work.set(**silence.as_it_was(work.ticket, sent.data.get("silence"), now=now))
    return work.ticket


def _too_late(message: Message) -> str:
    message.refresh_from_db(fields=["state", "reason"])
    if message.state == Message.State.CANCELLED:
        return gettext("This mail was taken back already.")
    name = message.recipient_name or message.recipient
    if message.state in (Message.State.SENDING, Message.State.SENT, Message.State.BOUNCED):
        return gettext("Too late: the mail to %(name)s has left. Nothing was taken back.") % {"name": name}
    return gettext("This mail did not leave, so there is nothing to take back.")


def _is_waiting_for_it(work: OpenTicket, attempt: ContactAttempt | None) -> bool:
    """Whether the ticket waits for the answer to this very question."""
    if attempt is None or work.ticket.state != TicketState.WAITING_ON_CUSTOMER or not attempt.line_for_customer:
        return False
    asked = work.ticket.attempts.filter(outcome=ContactAttempt.Outcome.SENT).exclude(line_for_customer="")
    return asked.order_by("-happened_at", "-pk").values_list("pk", flat=True).first() == attempt.pk


def _unask(work: OpenTicket, sent: Event | None, data: dict[str, Any]) -> None:
    """Nobody was asked: back to where it came from, and the update that the question was is owed as before."""
    before = sent.data if sent else {}
    waited = bool(before.get("waited"))
    comes_back(work, "take-back", data=data, at=work.now, customer_waits=waited)
    work.set(wait_count=max(work.ticket.wait_count - 1, 0), snoozed_until=_snooze_of(work, before))
    if sent is None:
        return
    target = Deadline.Target.NEXT_UPDATE
    for row in work.deadlines:
        if row.cycle != work.ticket.cycle or row.target != target:
            continue
        if row.met_at == sent.recorded_at:
            row.met_at = None
            work.changed(row)
        elif row.is_open and row.starts_at == sent.recorded_at:
            row.dropped_at = work.now
            work.changed(row)


def _unresolve(work: OpenTicket, message: Message, sent: Event | None, data: dict[str, Any]) -> None:
    """Nobody was told: the resolution is void and the ticket where it was resolved from, with all that was owed then.

    Where it closed at once, on a *settled* said before, the customer's word stands and only the mail is taken back.
    """
    ticket = work.ticket
    rows = Resolution.objects.filter(ticket=ticket, message=message, voided_at=None)
    if ticket.state != TicketState.RESOLVED or message.cycle != ticket.cycle or sent is None:
        rows.filter(told=Resolution.Told.MAIL).update(
            told=Resolution.Told.NOT_MAILED, no_mail_reason="Taken back before it left."
        )
        work.write("take-back", data=data)
        return
    rows.update(voided_at=work.now)
    if wish := sent.data.get("withdrew"):
        # A lead has it to decide again.
        ticket.dismissal_requests.filter(pk=wish, approved=None).update(decided_at=None, decided_by=None)
    for row in work.deadlines:
        if row.cycle != ticket.cycle:
            continue
        if row.target == Deadline.Target.RESOLUTION and row.met_at == ticket.resolved_at:
            row.met_at = None
            work.changed(row)
        elif row.dropped_at == sent.recorded_at:
            row.dropped_at = None
            work.changed(row)
    back_to = sent.from_state if sent.from_state == TicketState.IN_ACTION else TicketState.CONTACTED
    work.write(
        "take-back",
        to=back_to,
        data=data,
        resolved_at=None,
        told_at=None,
        question_accepted_at=None,
        silence_until=None,
        remind_at=None,
        customer_waits=bool(sent.data.get("waited")),
        snoozed_until=_snooze_of(work, sent.data),
    )


def _snooze_of(work: OpenTicket, before: dict[str, Any]) -> datetime | None:
    until = before.get("snoozed_until")
    moment = datetime.fromisoformat(until) if until else None
    return moment if moment is not None and moment > work.now else None


def _take_back_notices(work: OpenTicket, sent: Event) -> None:
    """Colleagues who would have heard of what was undone hear nothing: their notices waited as long as the mail."""
    waiting = Message.objects.filter(
        case=work.ticket.pk,
        stream=Stream.STAFF,
        state=Message.State.QUEUED,
        dedupe_key__startswith=f"with:{work.ticket.pk}:{sent.seq}:",
    )
    outbox.cancel(list(waiting.values_list("pk", flat=True)), now=work.now)
