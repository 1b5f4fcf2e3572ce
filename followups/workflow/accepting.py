"""What follows when the mail server took mails about tickets: evidence of contact, a question asked, somebody told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from followups.models import ContactAttempt, Event, Verdict
from followups.models.tickets import TicketState
from followups.workflow.around import updates_that_arrived
from followups.workflow.contact import evidence_stands, mail_counts_as_contact
from followups.workflow.ending import question_accepted, told_in_person
from followups.workflow.opened_many import Lists, opened_many
from followups.workflow.writing import OpenTicket
from nps_loop.bulk import among
from nps_loop.mail.models import Message

# Mails that do something by arriving.
KINDS = ("personal", "resolution", "action_update")


def mails_accepted(messages: Sequence[Message], *, now: datetime) -> None:
    """The mail server took these: a personal one becomes evidence, a resolution asks its question, an update tells.

    Each ticket is as if its mails had been taken one after the other. The same few queries however many there are.
    """
    about = [(message.case, message) for message in messages if message.case is not None and message.kind in KINDS]
    if not about:
        return
    numbers = {case for case, _message in about}
    with opened_many(numbers, now=now, ahead=_looked_at(numbers)) as works:
        for case, message in about:
            if (work := works.get(case)) is not None:
                _accepted(work, message)


def mail_accepted(message: Message, *, now: datetime) -> None:
    """The same for one."""
    mails_accepted([message], now=now)


def _looked_at(numbers: Collection[int]) -> Lists:
    its = among("ticket", numbers)
    return {
        "attempts": (ContactAttempt.objects.filter(its), "ticket_id"),
        "verdicts": (Verdict.objects.filter(its).order_by("-happened_at", "-pk"), "ticket_id"),
        "waits": (Event.objects.filter(its, verb="wait"), "ticket_id"),
        "updates": (updates_that_arrived(among("case", numbers)), "case"),
    }


def _accepted(work: OpenTicket, message: Message) -> None:
    current, at = work.ticket, message.sent_at or work.now
    same_cycle = message.cycle == current.cycle
    if message.kind == "personal":
        _is_evidence(work, message, at)
    elif message.kind == "action_update":
        over = current.state in (TicketState.RESOLVED, TicketState.CLOSED) and same_cycle
        if over and current.told_at is None and (told_at := told_in_person(work)):
            work.write("mail-accepted", data={"message": message.pk}, told_at=told_at)
    elif same_cycle and current.state == TicketState.RESOLVED:
        work.write("mail-accepted", data={"message": message.pk})
        question_accepted(work, at)
    elif same_cycle and current.state == TicketState.CLOSED:
        # It closed before the mail left: on a *settled* said before resolving. The customer was told all the same.
        if current.told_at is None:
            work.write("mail-accepted", data={"message": message.pk}, told_at=at)


def _is_evidence(work: OpenTicket, message: Message, at: datetime) -> None:
    """What a personal mail is, now that it arrived: contact, or the reason why it is none."""
    current = work.ticket
    attempt = next(
        (
            row
            for row in work.around.attempts
            if row.message_id == message.pk and row.evidence_from is None and row.voided_at is None
        ),
        None,
    )
    if attempt is None:
        return
    data: dict[str, object] = {"message": message.pk}
    if attempt.cycle != current.cycle:
        # It was written before the customer came back, so it answers nothing of what they said since.
        _keep_evidence(work, attempt, at)
        work.write("mail-accepted", data=data | {"attempt": attempt.pk})
    elif _was_only_a_template(work, attempt):
        work.write("mail-accepted", data=data | {"counts": False, "because": "template"})
    elif mail_counts_as_contact(work):
        _keep_evidence(work, attempt, at)
        evidence_stands(work, "mail-accepted", at, data=data | {"attempt": attempt.pk})
        if current.state == TicketState.RESOLVED:
            work.set(told_at=current.told_at or at)
    else:
        work.write("mail-accepted", data=data | {"counts": False, "because": "asked_for_a_call"})


def _keep_evidence(work: OpenTicket, attempt: ContactAttempt, at: datetime) -> None:
    attempt.evidence_from = at
    work.keep(attempt, "evidence_from")


def _was_only_a_template(work: OpenTicket, attempt: ContactAttempt) -> bool:
    """Whether a question was asked in the words of a template alone. Other such mails are no try to begin with."""
    if not attempt.line_for_customer:
        return False
    asked = [event.data for event in work.around.waits if event.data.get("attempt") == attempt.pk]
    return any(data.get("unedited") is True for data in asked)
