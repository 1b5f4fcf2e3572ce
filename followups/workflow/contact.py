"""Reaching the customer: tries, talks, mails and replies. What is evidence of contact, and what is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.utils.translation import gettext

from followups import deadlines, watching
from followups.actors import Actor
from followups.holds import hold_words
from followups.messages import letters, notices
from followups.models import Action, ContactAttempt, Deadline, Event, Reply, RootCause, Ticket, Verdict
from followups.models.tickets import LIVE, TicketState
from followups.refusals import Incomplete, NotAllowed, Refused
from followups.workflow import ending, reopening
from followups.workflow.anew import take_up_anew
from followups.workflow.around import LEADS
from followups.workflow.ending import TRIES
from followups.workflow.locking import opened
from followups.workflow.writing import OpenTicket
from nps_loop.mail.models import Message

Channel, Outcome = ContactAttempt.Channel, ContactAttempt.Outcome
# Clocks of two machines differ a little; more than this is a wrong date, not a skew.
SKEW = timedelta(minutes=5)
# What is looked at once the customer has said something.
HEARING = ("events", "hold_rules", "verdicts", "watchers", "suppressed", *LEADS)
# A mail that waits longer than this would reach somebody whose case is long over.
LATEST = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Settlement:
    """A talk that settled it: becomes an action done today, the cause and the outcome, in the same submit."""

    what_was_done: str
    root_cause: RootCause | None
    why_it_happened: str
    told: str = "talk"


def log_contact(
    ticket: Ticket,
    *,
    actor: Actor,
    now: datetime,
    version: int | None,
    channel: str,
    outcome: str,
    happened_at: datetime | None = None,
    note: str = "",
    line_for_customer: str = "",
    next_try_at: datetime | None = None,
    settled: Settlement | None = None,
) -> Ticket:
    """Log a talk or a try. A talk is evidence and meets the first contact; a try is counted as one.

    `happened_at`: aware, not in the future and not before the answer; default now. With `settled` the ticket is
    resolved in the same transaction. Raises Incomplete, NotAllowed, Forbidden or Stale.
    """
    at = happened_at or now
    _check_contact(ticket, channel, outcome, at, next_try_at, now)
    if settled is not None and outcome != Outcome.SPOKE:
        raise Incomplete(
            {"outcome": gettext("Only a talk can settle it: say that you spoke, or leave the outcome for later.")}
        )
    ahead, makes = (ending.FINISHING, (Action, *ending.FINISHED)) if settled is not None else ((), ())
    with opened(
        ticket,
        actor=actor,
        now=now,
        version=version,
        ahead=ahead,
        makes=(ContactAttempt, *makes),
        may_end=settled is not None,
    ) as work:
        work.check("log-contact")
        spoke = outcome == Outcome.SPOKE
        attempt = work.make(
            ContactAttempt(
                ticket=work.ticket,
                cycle=work.ticket.cycle,
                by=actor.user,
                channel=channel,
                outcome=outcome,
                happened_at=at,
                recorded_at=now,
                note=note,
                line_for_customer=line_for_customer,
                next_try_at=next_try_at,
                evidence_from=at if spoke else None,
            )
        )
        data = {"attempt": attempt.pk, "channel": channel, "outcome": outcome}
        if spoke:
            if work.ticket.state == TicketState.WAITING_ON_CUSTOMER:
                # Whoever was asked has been spoken to: it waits no longer.
                comes_back(work, "resume", data={"because": "talk"}, at=at)
            evidence_stands(work, "log-contact", at, data=data, is_talk=True)
        else:
            work.write("log-contact", data=data, happened_at=at)
            if next_try_at is not None:
                _plan_next_try(work, next_try_at)
        if settled is not None:
            ending.settle_in_talk(work, settled, at)
    return work.ticket


def _check_contact(
    ticket: Ticket, channel: str, outcome: str, at: datetime, next_try_at: datetime | None, now: datetime
) -> None:
    errors = {}
    if channel not in Channel.values:
        errors["channel"] = gettext("Say how you reached out: phone, video, visit or mail.")
    if outcome not in {Outcome.SPOKE, *TRIES}:
        errors["outcome"] = gettext("Say what happened: we spoke, left a message, no answer or wrong number.")
    if channel == Channel.MAIL and outcome in (Outcome.SPOKE, Outcome.WRONG_NUMBER):
        errors["outcome"] = gettext(
            "A mail is a try until the customer replies: log the reply, or write from this page."
        )
    if at > now + SKEW:
        errors["happened_at"] = gettext("A contact is logged after it happened: this time is still to come.")
    elif at < ticket.responded_at - SKEW:
        errors["happened_at"] = gettext("This is before the customer answered.")
    if next_try_at is not None and next_try_at < now - SKEW:
        errors["next_try_at"] = gettext("The next try is still to come: choose a later time.")
    if errors:
        raise Incomplete(errors)


def _plan_next_try(work: OpenTicket, until: datetime) -> None:
    """Out of sight until the next try, but never past what is due and never while the customer waits for us."""
    limit = work.ticket.due_at
    if until > work.now and not work.ticket.customer_waits and (limit is None or until <= limit):
        work.set(snoozed_until=until)


def evidence_stands(
    work: OpenTicket, verb: str, at: datetime, *, data: dict[str, object], is_talk: bool = False
) -> Event:
    """There is evidence of contact from `at` on: meets what is owed, and moves an assigned ticket on."""
    ticket = work.ticket
    fields: dict[str, Any] = {"customer_waits": False, "snoozed_until": None}
    if ticket.first_contact_at is None:
        fields["first_contact_at"] = at
    to = TicketState.CONTACTED if ticket.state == TicketState.ASSIGNED else None
    event = work.write(verb, to=to, data=data, happened_at=at, **fields)
    work.meet(Deadline.Target.FIRST_CONTACT, Deadline.Target.ANSWER, at=at)
    update_given(work, at)
    if ticket.state == TicketState.CONTACTED and work.actions(Action.State.OPEN):
        work.write("start-action", to=TicketState.IN_ACTION, data={"because": "an action is open"})
    if is_talk and ticket.state == TicketState.RESOLVED:
        work.set(told_at=ticket.told_at or at)
    return event


def update_given(work: OpenTicket, at: datetime) -> None:
    """The customer heard something specific: the next update is owed from here, while something is being done."""
    target = Deadline.Target.NEXT_UPDATE
    running = [row for row in work.deadlines if row.target == target and row.is_open and row.cycle == work.ticket.cycle]
    if not running:
        return
    work.meet(target, at=at)
    if work.ticket.state in (TicketState.IN_ACTION, TicketState.WAITING_ON_CUSTOMER):
        policy, calendar = running[0].policy, running[0].calendar
        work.owe(deadlines.next_update(work.ticket, policy, calendar, starts_at=at, ordinal=work.next_ordinal(target)))


def send_message(
    ticket: Ticket,
    *,
    actor: Actor,
    now: datetime,
    version: int | None,
    subject: str,
    body: str,
    send_after: datetime | None = None,
    is_template_unedited: bool = False,
) -> Ticket:
    """Queue a personal mail. It becomes evidence of contact once the mail server accepts it, if a person wrote it.

    Raises Incomplete without words, NotAllowed where the customer cannot be written to.
    """
    if not body.strip():
        raise Incomplete({"body": gettext("Write something first: an empty mail is not sent.")})
    if send_after is not None and send_after < now - SKEW:
        raise Incomplete({"send_after": gettext("This time is over. Leave it empty to send now.")})
    if send_after is not None and send_after > now + LATEST:
        words = gettext("A mail waits for %(days)s days at most: choose an earlier day.")
        raise Incomplete({"send_after": words % {"days": LATEST.days}})
    with opened(
        ticket, actor=actor, now=now, version=version, ahead=("suppressed",), makes=(Message, ContactAttempt)
    ) as work:
        work.check("send-message")
        send_personal(
            work,
            "send-message",
            subject=subject,
            body=body,
            send_after=send_after,
            unedited=is_template_unedited,
            before=work.what_was(),
        )
    return work.ticket


def send_personal(
    work: OpenTicket,
    verb: str,
    *,
    subject: str,
    body: str,
    to: str | None = None,
    send_after: datetime | None = None,
    unedited: bool = False,
    is_question: bool = False,
    before: dict[str, Any] | None = None,
    **fields: Any,
) -> Message:
    """Queue a mail a person wrote, with the try it is. Raises NotAllowed where it may not be sent.

    `before`, kept with the event, is what taking the mail back would need to know.
    """
    draft = letters.personal(
        work.ticket,
        work.actor.user,
        subject=subject,
        body=body,
        now=work.now,
        send_after=work.leaves_at(send_after),
    )
    message = work.mail(draft)
    if message.state == Message.State.SKIPPED:
        raise NotAllowed(message.reason, code="cannot_be_mailed")
    attempt = None
    if not unedited:
        attempt = work.make(
            ContactAttempt(
                ticket=work.ticket,
                cycle=work.ticket.cycle,
                by=work.actor.user,
                channel=Channel.MAIL,
                outcome=Outcome.SENT,
                happened_at=work.now,
                recorded_at=work.now,
                message=message,
                # A question stands on the customer's page until it is answered.
                line_for_customer=body.strip() if is_question else "",
            )
        )
    data = {"message": message.pk, "attempt": attempt.pk if attempt else None}
    work.write(verb, to=to, data=data | (before or {}), **fields)
    return message


def mail_counts_as_contact(work: OpenTicket) -> bool:
    """Who asked to be called is not answered by mail alone: one try by phone first, unless no number is known."""
    ticket, contact = work.ticket, work.ticket.contact
    if contact is None or not contact.phone:
        return True
    asked = bool(ticket.contact_me) and contact.preferred_channel == contact.Channel.PHONE
    pressed = (row for row in work.around.verdicts if row.cycle == ticket.cycle)
    if not asked and not any(row.choice == Verdict.Choice.CALL_ME for row in pressed):
        return True
    return any(row.cycle == ticket.cycle and row.channel == Channel.PHONE for row in work.around.attempts)


def log_reply(
    ticket: Ticket,
    *,
    actor: Actor,
    now: datetime,
    version: int | None,
    text: str,
    happened_at: datetime | None = None,
    to_personal_mail: bool = False,
    says_settled: bool = False,
) -> Ticket:
    """What the customer wrote back, as an employee logs it.

    A reply to a personal mail is evidence of contact; one to an automatic mail is not. A waiting ticket comes back, a
    resolved or closed one is reopened unless the words say that it is settled; more than 90 days after closing they
    open a new ticket, which is then returned. `happened_at`: aware, not in the future and not before the answer;
    default now. Raises Incomplete, NotAllowed, Forbidden or Stale.
    """
    at = happened_at or now
    if not text.strip():
        raise Incomplete({"text": gettext("Put in what the customer wrote, word for word.")})
    if at > now + SKEW:
        raise Incomplete({"happened_at": gettext("A reply is logged after it came: this time is still to come.")})
    if at < ticket.responded_at - SKEW:
        raise Incomplete({"happened_at": gettext("This is before the customer answered.")})
    with opened(
        ticket,
        actor=actor,
        now=now,
        version=version,
        ahead=HEARING,
        makes=(Reply, ContactAttempt),
        may_end=says_settled,
    ) as work:
        work.check("log-reply")
        if not says_settled and reopening.is_too_late_to_reopen(work.ticket, now):
            fresh = take_up_anew(work, at=at, reason="")
            with opened(fresh, actor=actor, now=now, version=None) as anew:
                hear(anew, text, at, via=Reply.Via.MAIL)
            return anew.ticket
        hear(
            work,
            text,
            at,
            via=Reply.Via.MAIL,
            to_personal_mail=to_personal_mail,
            says_settled=says_settled,
        )
    return work.ticket


def hear(
    work: OpenTicket,
    text: str,
    at: datetime,
    *,
    via: str,
    to_personal_mail: bool = False,
    says_settled: bool = False,
    about: Mapping[str, object] | None = None,
) -> Reply:
    """The customer said something: keep the words, and let the ticket follow from them.

    `about` is kept with the event: ids and codes that say how the words came.
    """
    ticket = work.ticket
    reply = work.make(
        Reply(
            ticket=ticket,
            cycle=ticket.cycle,
            via=via,
            text=text,
            to_personal_mail=to_personal_mail,
            says_settled=says_settled,
            logged_by=work.actor.user,
            happened_at=at,
            recorded_at=work.now,
        )
    )
    data: dict[str, object] = {"reply": reply.pk, "via": via} | dict(about or {})
    hold_where_words_ask_for_it(work, text)
    if ticket.left_in_peace and (via == Reply.Via.PAGE or work.actor.kind == Event.Actor.CUSTOMER):
        # Whoever writes to us again wants to be answered.
        work.set(left_in_peace=False)
    if ticket.state == TicketState.RESOLVED and says_settled:
        ending.confirm(work, "log-reply", data=data | {"confirmed_by": "reply"}, at=at)
        return reply
    if ticket.state in (TicketState.RESOLVED, TicketState.CLOSED) and not says_settled:
        reopening.reopen_for_customer(work, "log-reply", text, data=data, at=at)
        return reply
    if ticket.state == TicketState.WAITING_ON_CUSTOMER:
        comes_back(work, "log-reply", data=data, at=at, customer_waits=not says_settled)
    elif to_personal_mail and ticket.state in LIVE:
        # The customer answers what a person wrote: that is contact, and unless it is settled our turn again.
        attempt = work.make(
            ContactAttempt(
                ticket=ticket,
                cycle=ticket.cycle,
                by=work.actor.user,
                channel=Channel.MAIL,
                outcome=Outcome.REPLIED,
                happened_at=at,
                recorded_at=work.now,
                evidence_from=at,
            )
        )
        evidence_stands(work, "log-reply", at, data=data | {"attempt": attempt.pk})
        work.set(customer_waits=not says_settled)
    else:
        work.write("log-reply", data=data, happened_at=at, customer_waits=not says_settled, snoozed_until=None)
    if ticket.state in LIVE and ticket.state != TicketState.NEW and not says_settled:
        answer_owed(work, at)
    work.mail_later(
        watching.tell_watchers(
            ticket,
            partial(_you_follow, ticket),
            key=f"reply:{reply.pk}",
            watchers=work.around.watchers,
            but=[work.actor.user_id],
        )
    )
    if ticket.owner and ticket.owner != work.actor.user:
        key = f"reply:{reply.pk}"
        work.mail_later([notices.to_person(ticket.owner, ticket, lambda: _wrote_back(ticket), dedupe_key=key)])
    return reply


def _wrote_back(ticket: Ticket) -> tuple[str, list[str]]:
    who = {"name": ticket.contact.short_name if ticket.contact else gettext("The customer"), "number": ticket.pk}
    waits = gettext("%(name)s wrote back and waits for an answer.")
    line = waits if ticket.customer_waits else gettext("%(name)s wrote back.")
    return gettext("%(name)s wrote back (#%(number)s)") % who, [line % who]


def _you_follow(ticket: Ticket) -> tuple[str, str]:
    """How a watcher reads of it, in the active language."""
    name = {"name": ticket.contact.short_name if ticket.contact else gettext("The customer"), "number": ticket.pk}
    line = gettext("%(name)s wrote back. You follow this ticket.")
    return gettext("%(name)s wrote back (#%(number)s)") % name, line % name


def hold_where_words_ask_for_it(work: OpenTicket, text: str) -> None:
    """Words of the hold list put a hold on the ticket, whenever a customer says them."""
    if work.ticket.on_hold or not text:
        return
    rule = next((row for row in work.around.hold_rules if hold_words(text, row.words) is not None), None)
    if rule is None:
        return
    work.write("hold", data={"rule": rule.pk}, on_hold=True, hold_reason=rule.name[:200])
    work.mail_later(
        notices.to_leads(
            work.ticket,
            lambda: (
                gettext("On hold: #%(number)s") % {"number": work.ticket.pk},
                [
                    gettext("What the customer wrote matches “%(rule)s”.") % {"rule": rule.name},
                    gettext("Automatic mail stops, and the words are shown to owner and lead only. The clocks run on."),
                ],
            ),
            dedupe_key=f"hold:{work.ticket.pk}:{work.ticket.version}",
            leads=work.around.leads,
        )
    )


def answer_owed(work: OpenTicket, at: datetime) -> Deadline | None:
    """The customer waits for an answer from `at` on; one that runs already stays as it is."""
    target = Deadline.Target.ANSWER
    running = [row for row in work.deadlines if row.target == target and row.is_open and row.cycle == work.ticket.cycle]
    if running or not work.deadlines:
        return running[0] if running else None
    policy, calendar = work.pinned()
    return work.owe(deadlines.answer(work.ticket, policy, calendar, starts_at=at, ordinal=work.next_ordinal(target)))


def wait(
    ticket: Ticket,
    *,
    actor: Actor,
    now: datetime,
    version: int | None,
    question: str,
    until: datetime | None = None,
    subject: str = "",
    is_template_unedited: bool = False,
) -> Ticket:
    """Send a question and wait for the answer. The team clock stands still until it comes back by itself.

    `until`: when it comes back, by default in 5 working days. A question that is nothing but a template is asked all
    the same, and is no evidence of contact. Raises Incomplete or NotAllowed.
    """
    if not question.strip():
        raise Incomplete({"question": gettext("Write the question the customer is to answer.")})
    if until is not None and until <= now:
        raise Incomplete({"until": gettext("The day to come back on has to be still to come.")})
    with opened(
        ticket, actor=actor, now=now, version=version, ahead=(*LEADS, "suppressed"), makes=(Message, ContactAttempt)
    ) as work:
        work.check("wait")
        came_from = work.ticket.state
        back = until or ending.working_days_after(work, 5)
        send_personal(
            work,
            "wait",
            subject=subject,
            body=question,
            to=TicketState.WAITING_ON_CUSTOMER,
            is_question=True,
            before=work.what_was() | ({"unedited": True} if is_template_unedited else {}),
            waiting_from=came_from,
            waiting_until=back,
            wait_count=work.ticket.wait_count + 1,
            customer_waits=False,
            snoozed_until=None,
        )
        update_given(work, now)
        if work.ticket.wait_count == 3:
            work.mail_later(
                notices.to_leads(
                    work.ticket,
                    lambda: (
                        gettext("Waiting for the customer a third time (#%(number)s)") % {"number": work.ticket.pk},
                        [
                            gettext("The customer is asked something for the third time."),
                            gettext("A call may settle more than a mail."),
                        ],
                    ),
                    dedupe_key=work.with_it("third-wait"),
                    leads=work.around.leads,
                    send_after=work.leaves_at(),
                )
            )
    return work.ticket


def resume(ticket: Ticket, *, actor: Actor, now: datetime, version: int | None) -> Ticket:
    """Take a waiting ticket up again. Raises NotAllowed where it does not wait."""
    with opened(ticket, actor=actor, now=now, version=version, ahead=("events",)) as work:
        work.check("resume")
        comes_back(work, "resume", data={}, at=now)
    return work.ticket


def comes_back(
    work: OpenTicket, verb: str, *, data: dict[str, object], at: datetime, customer_waits: bool = False
) -> None:
    """From waiting to where it came from; the team clock runs again from here."""
    ticket = work.ticket
    if ticket.state != TicketState.WAITING_ON_CUSTOMER:
        raise Refused(gettext("This ticket is not waiting."))
    back_to = ticket.waiting_from or TicketState.CONTACTED
    if back_to == TicketState.CONTACTED and work.actions(Action.State.OPEN):
        back_to = TicketState.IN_ACTION
    work.write(
        verb, to=back_to, data=data, happened_at=at, waiting_until=None, waiting_from="", customer_waits=customer_waits
    )
    stretches = deadlines.pauses(work.events, now=work.now)
    for moved in deadlines.moved_by_pauses([row for row in work.deadlines if row.cycle == ticket.cycle], stretches):
        work.changed(moved)
        if moved.target == Deadline.Target.RESOLUTION and moved.cycle == 0:
            work.set(resolution_due_at=moved.due_at)
