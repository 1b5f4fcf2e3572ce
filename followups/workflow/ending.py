"""How a loop ends: resolving, confirming, silence, agreeing to differ, leaving in peace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext

from followups import watching
from followups.actors import Actor
from followups.calendars import add_working_days, day_of, working_day_end
from followups.messages import letters
from followups.models import (
    Action,
    ContactAttempt,
    Deadline,
    Note,
    Resolution,
    RootCause,
    Ticket,
    Verdict,
)
from followups.models.tickets import ClosedAs, TicketState
from followups.refusals import Incomplete, NotAllowed
from followups.workflow.locking import opened
from followups.workflow.writing import OpenTicket
from nps_loop.mail.models import Message
from surveys.scoring import Band

if TYPE_CHECKING:
    from followups.workflow.contact import Settlement

TRIES = frozenset(
    {
        ContactAttempt.Outcome.LEFT_MESSAGE,
        ContactAttempt.Outcome.NO_ANSWER,
        ContactAttempt.Outcome.WRONG_NUMBER,
    }
)
# Working days of silence after which a resolved ticket closes, and after which the one reminder goes out.
SILENCE_DAYS = 7
REMINDER_DAYS = 4
# What is looked at where a ticket is resolved, and whose rows are made.
FINISHING = ("wish", "watchers", "verdicts", "last_reply", "suppressed")
FINISHED = (Message, Resolution)
# The recovery question is planned this long after closing, so that the change has had time to be felt.


def working_days_after(work: OpenTicket, days: int, start: datetime | None = None) -> datetime:
    """End of the n-th working day after today (or `start`), by the calendar this ticket is pinned to."""
    _policy, calendar = work.pinned()
    hours = calendar.hours
    day = day_of(hours, start or work.now)
    return working_day_end(hours, add_working_days(hours, day, days))


def nobody_reached(ticket: Ticket, attempts: Iterable[ContactAttempt] | None = None) -> str:
    """Empty where it may be resolved without contact: nobody to reach, or three tries on two days. Else what lacks.

    `attempts` are those of the ticket, where the caller has read them; without them they are read.
    """
    if ticket.nobody_to_reach or (ticket.contact is not None and ticket.contact.erased_at is not None):
        return ""
    zone = ZoneInfo(ticket.team.calendar.zone if ticket.team else "UTC")
    days = [
        attempt.happened_at.astimezone(zone).date()
        for attempt in (ticket.attempts.all() if attempts is None else attempts)
        if attempt.cycle == ticket.cycle and attempt.outcome in TRIES
    ]
    if len(days) >= 3 and len(set(days)) >= 2:
        return ""
    if not days:
        return gettext("a first contact")
    return gettext("a first contact, or three tries on two days (so far %(tries)s on %(days)s)") % {
        "tries": len(days),
        "days": len(set(days)),
    }


def resolve(
    ticket: Ticket,
    *,
    actor: Actor,
    now: datetime,
    version: int | None,
    root_cause: RootCause | None,
    what_changed: str,
    why_it_happened: str,
    send_mail: bool = True,
    no_mail_reason: str = "",
    together: bool = False,
) -> Ticket:
    """Say what changed and why it happened, and ask the customer whether that settles it.

    From *assigned* only where nobody can be reached: that counts as not told. `together`: as one of many at once, which
    the lead sees as a figure. Raises Incomplete naming all that lacks.
    """
    with opened(ticket, actor=actor, now=now, version=version, ahead=FINISHING, makes=FINISHED, may_end=True) as work:
        work.check("resolve")
        state = work.ticket.state
        errors = {}
        if root_cause is None:
            errors["root_cause"] = gettext("Choose the root cause.")
        if not what_changed.strip() and state != TicketState.ASSIGNED:
            errors["what_changed"] = gettext("Say in a sentence what changed. The customer reads it.")
        if not why_it_happened.strip() and state != TicketState.ASSIGNED:
            errors["why_it_happened"] = gettext("Say why it happened. The customer reads it.")
        if lacks := _lacks(work):
            errors["ticket"] = lacks
        if not send_mail and not no_mail_reason.strip() and state != TicketState.ASSIGNED:
            errors["no_mail_reason"] = gettext("Say why the customer gets no mail about it.")
        if errors:
            raise Incomplete(errors)
        told = Resolution.Told.MAIL if send_mail else Resolution.Told.NOT_MAILED
        if state == TicketState.ASSIGNED:
            told = Resolution.Told.NOT_REACHED
        finish(
            work,
            "resolve",
            told=told,
            root_cause=root_cause,
            what_changed=what_changed,
            why_it_happened=why_it_happened,
            no_mail_reason=no_mail_reason,
            at=now,
            together=together,
        )
    return work.ticket


def lacks_for_together(ticket: Ticket, actions: Sequence[Action]) -> str:
    """What a ticket lacks to be resolved as one of many; empty where nothing. `actions`: those of its present cycle.

    Contact and outcome have to be its own: only then is there something to tell this customer and no other.
    """
    if ticket.state not in (TicketState.CONTACTED, TicketState.IN_ACTION):
        return gettext("It has no contact of its own yet.")
    if any(action.state == Action.State.OPEN for action in actions):
        return gettext("An action is still open.")
    if not any(action.state == Action.State.DONE for action in actions):
        return gettext("No action of its own is done, so there is nothing to tell this customer.")
    return ""


def _lacks(work: OpenTicket) -> str:
    """What has to happen before this ticket can be resolved, as one sentence; empty when nothing."""
    ticket = work.ticket
    missing = []
    if ticket.state == TicketState.ASSIGNED:
        if lack := nobody_reached(ticket):
            missing = [lack]
    elif ticket.state == TicketState.CONTACTED:
        if ticket.band != Band.PASSIVE and not work.actions(Action.State.DONE):
            missing.append(gettext("an action that is done, or a talk that settled it"))
    if running := work.actions(Action.State.OPEN):
        titles = ", ".join(f"“{action.title}”" for action in running)
        missing.append(
            gettext("a word on what is still open: %(titles)s (done, or dropped with a reason the customer reads)")
            % {"titles": titles}
        )
    if not missing:
        return ""
    return gettext("Before this can be resolved it lacks %(what)s.") % {"what": gettext(" and ").join(missing)}


def settle_in_talk(work: OpenTicket, settled: Settlement, at: datetime) -> None:
    """The talk settled it: an action done today, the cause and the outcome. Raises Incomplete naming what lacks."""
    errors = {}
    if not settled.what_was_done.strip():
        errors["what_was_done"] = gettext("Say what was done. The customer reads it.")
    if settled.root_cause is None:
        errors["root_cause"] = gettext("Choose the root cause.")
    if not settled.why_it_happened.strip():
        errors["why_it_happened"] = gettext("Say why it happened. The customer reads it.")
    if settled.told not in ("talk", "mail"):
        errors["told"] = gettext("Say how the customer was told: in this talk, or by the resolution mail.")
    if running := work.actions(Action.State.OPEN):
        titles = ", ".join(f"“{action.title}”" for action in running)
        errors["ticket"] = gettext(
            "Still open: %(titles)s. Say that it is done, or drop it with a reason the customer reads."
        ) % {"titles": titles}
    if work.ticket.state == TicketState.RESOLVED:
        errors["ticket"] = gettext("This ticket is resolved already.")
    if errors:
        raise Incomplete(errors)
    owner = work.actor.user or work.ticket.owner
    action = None
    if owner is not None:
        action = work.promise(
            Action(
                ticket=work.ticket,
                cycle=work.ticket.cycle,
                title=settled.what_was_done[:300],
                owner=owner,
                planned_by=work.actor.user,
                state=Action.State.DONE,
                due_at=at,
                # Nobody was told a date before: it is done, and no promise that was kept.
                planned_at=work.now,
                done_at=at,
                what_changed=settled.what_was_done,
            )
        )
    work.write("complete-action", data={"action": action.pk if action else None, "in_talk": True}, happened_at=at)
    finish(
        work,
        "resolve",
        told=Resolution.Told.TALK if settled.told == "talk" else Resolution.Told.MAIL,
        root_cause=settled.root_cause,
        what_changed=settled.what_was_done,
        why_it_happened=settled.why_it_happened,
        at=at,
    )


def finish(
    work: OpenTicket,
    verb: str,
    *,
    told: str,
    root_cause: RootCause | None,
    what_changed: str,
    why_it_happened: str,
    at: datetime,
    no_mail_reason: str = "",
    together: bool = False,
) -> None:
    """Resolved: deadline met, mail queued, question asked. A *settled* pressed before closes it as confirmed."""
    ticket = work.ticket
    row = Resolution(
        ticket=ticket,
        cycle=ticket.cycle,
        root_cause=root_cause,
        what_changed=what_changed,
        why_it_happened=why_it_happened,
        told=told,
        no_mail_reason=no_mail_reason,
        together=together,
        by=work.actor.user,
        happened_at=at,
    )
    message = None
    if told in (Resolution.Told.MAIL, Resolution.Told.TALK):
        draft = letters.resolution(
            ticket,
            row,
            work.actions(),
            work.actor.user or ticket.owner,
            silence_until=working_days_after(work, SILENCE_DAYS),
            now=work.now,
        )
        message = work.mail(replace(draft, send_after=work.leaves_at()))
        row.message = message
        if message.state == Message.State.SKIPPED and told == Resolution.Told.MAIL:
            row.told, row.no_mail_reason = Resolution.Told.NOT_MAILED, message.reason
    work.make(row)
    asked = message is not None and message.state != Message.State.SKIPPED
    told_at = at if row.told == Resolution.Told.TALK else None
    if row.told == Resolution.Told.NOT_MAILED:
        told_at = told_in_person(work)
    work.write(
        verb,
        to=TicketState.RESOLVED,
        data={"resolution": row.pk, "told": row.told, "cause": root_cause.slug if root_cause else ""}
        | ({"message": message.pk} if message else {})
        | work.what_was(),
        happened_at=at,
        resolved_at=at,
        told_at=told_at,
        customer_waits=False,
        snoozed_until=None,
        question_accepted_at=None,
        # Without a question that can arrive nobody answers it: it closes as not asked after the same silence.
        silence_until=None if asked else working_days_after(work, SILENCE_DAYS, at),
        remind_at=None,
    )
    work.mail_later(
        watching.tell_watchers(
            ticket,
            partial(_is_resolved, ticket),
            key=work.with_it("resolved"),
            watchers=work.around.watchers,
            but=[work.actor.user_id],
            send_after=work.leaves_at(),
        )
    )
    # What was owed besides ends here; a first contact that never came about stays unmet.
    work.meet(Deadline.Target.RESOLUTION, at=at)
    for deadline in work.deadlines:
        if deadline.is_open and deadline.cycle == ticket.cycle:
            deadline.dropped_at = work.now
            work.changed(deadline)
    if said := _said_settled(work):
        close(work, "settled-before", ClosedAs.CONFIRMED, data=said, at=work.now)


def _is_resolved(ticket: Ticket) -> tuple[str, str]:
    """How a watcher reads of it, in the active language."""
    name = {"name": ticket.contact.short_name if ticket.contact else gettext("the customer"), "n": ticket.pk}
    line = gettext("It is resolved, and %(name)s has the last word. You follow this ticket.") % name
    return gettext("Resolved: #%(n)s") % name, line


def told_in_person(work: OpenTicket) -> datetime | None:
    """When the customer first heard of it after the last action ended: in a talk, or by a mail that arrived, written by
    a person or telling what that action changed.

    What was said before anything was done closes no loop, so without an action nobody was told.
    """
    ended = [action.done_at or action.dropped_at for action in work.actions(Action.State.DONE, Action.State.DROPPED)]
    if not ended:
        return None
    over_at = max(at for at in ended if at is not None)
    cycle, around = work.ticket.cycle, work.around
    around.read("attempts", "updates")
    outcomes = (ContactAttempt.Outcome.SPOKE, ContactAttempt.Outcome.SENT)
    heard = [
        row.evidence_from
        for row in around.attempts
        if row.cycle == cycle and row.outcome in outcomes and row.voided_at is None
    ]
    read = [row.sent_at for row in around.updates if row.cycle == cycle and row.created_at >= over_at]
    return min([*(at for at in heard if at is not None and at > over_at), *(at for at in read if at)], default=None)


def _said_settled(work: OpenTicket) -> dict[str, Any]:
    """Where the customer's last word of this cycle, pressed or written, was that it is settled: which word. Else empty.

    Somebody who pressed *settled* and wrote again after it has not the last word in that press.
    """
    pressed = next((row for row in work.around.verdicts if row.cycle == work.ticket.cycle), None)
    wrote = next(iter(work.around.last_reply), None)
    if wrote is not None and (pressed is None or wrote.happened_at > pressed.happened_at):
        return {"reply": wrote.pk, "confirmed_by": "reply"} if wrote.says_settled else {}
    if pressed is not None and pressed.choice == Verdict.Choice.SETTLED:
        return {"verdict": pressed.pk}
    return {}


def close(
    work: OpenTicket, verb: str, closed_as: str, *, data: dict[str, Any] | None = None, at: datetime | None = None
) -> None:
    """Close, end the conversation where nothing of it is open, and plan the recovery question."""
    moment = at or work.now
    recovery = None
    if closed_as != ClosedAs.LEFT_IN_PEACE:
        quarantine = timedelta(days=settings.RECOVERY_AFTER_DAYS)
        recovery = timezone.localtime(work.now + quarantine, timezone.get_default_timezone()).date()
    work.write(
        verb,
        to=TicketState.CLOSED,
        data=(data or {}) | {"closed_as": closed_as},
        happened_at=moment,
        closed_as=closed_as,
        closed_at=moment,
        silence_until=None,
        remind_at=None,
        customer_waits=False,
        recovery_on=recovery,
    )
    work.end_conversation()


def confirm(work: OpenTicket, verb: str, *, data: dict[str, Any], at: datetime) -> None:
    """The customer said so."""
    work.set(told_at=work.ticket.told_at or at)
    close(work, verb, ClosedAs.CONFIRMED, data=data, at=at)


def question_accepted(work: OpenTicket, at: datetime) -> None:
    """The mail server took the resolution mail: from here silence counts. Known absence is not skipped blindly:
    days on which the team is closed do not count as silence."""
    ticket = work.ticket
    work.set(
        question_accepted_at=at,
        told_at=ticket.told_at or at,
        silence_until=working_days_after(work, SILENCE_DAYS, at),
        remind_at=_morning_of(work, REMINDER_DAYS, at),
    )


def _morning_of(work: OpenTicket, days: int, start: datetime) -> datetime:
    _policy, calendar = work.pinned()
    hours = calendar.hours
    day = add_working_days(hours, day_of(hours, start), days)
    return datetime.combine(day, time(9, 0), tzinfo=ZoneInfo(hours.zone))


def close_as_silent(ticket: Ticket, *, now: datetime) -> Ticket:
    """Silence ran out: unconfirmed where the question arrived, not asked where it could not."""
    with opened(ticket, actor=Actor.system(), now=now, version=None) as work:
        current = work.ticket
        if current.state == TicketState.RESOLVED and current.silence_until and current.silence_until <= now:
            as_asked = ClosedAs.UNCONFIRMED if current.question_accepted_at else ClosedAs.NOT_ASKED
            close(work, "close", as_asked, data={"because": "silence"})
    return work.ticket


def remind(ticket: Ticket, *, now: datetime) -> Ticket:
    """The one reminder."""
    with opened(ticket, actor=Actor.system(), now=now, version=None) as work:
        current = work.ticket
        if current.state == TicketState.RESOLVED and current.remind_at and current.remind_at <= now:
            message = work.mail(letters.reminder(current, silence_until=current.silence_until or now, now=now))
            work.write("remind", data={"message": message.pk}, remind_at=None)
    return work.ticket


def agree_to_differ(ticket: Ticket, *, actor: Actor, now: datetime, version: int | None, text: str) -> Ticket:
    """After a *not yet*, a lead who is not the owner writes why it ends here, and the customer is mailed."""
    if not text.strip():
        raise Incomplete({"text": gettext("Write why it ends here. The customer reads it.")})
    with opened(
        ticket,
        actor=actor,
        now=now,
        version=version,
        ahead=("wish", "verdicts", "suppressed"),
        makes=(Message,),
        may_end=True,
    ) as work:
        work.check("agree-to-differ")
        current = work.ticket
        said = next((row for row in work.around.verdicts if row.choice == Verdict.Choice.NOT_YET), None)
        if said is None:
            raise NotAllowed(gettext("Two sides can differ only after the customer said “not yet”."))
        message = work.mail(letters.agreed_to_differ(current, text, said.text, actor.user, now=now))
        work.change(current.resolutions.filter(cycle=current.cycle, voided_at=None), differ_text=text)
        close(work, "agree-to-differ", ClosedAs.AGREED_TO_DIFFER, data={"message": message.pk, "verdict": said.pk})
    return work.ticket


def leave_in_peace(
    ticket: Ticket, *, actor: Actor, now: datetime, version: int | None, root_cause: RootCause | None, note: str = ""
) -> Ticket:
    """Read, a cause noted, nothing sent: how an answer ends whose customer asked not to be contacted."""
    if root_cause is None:
        raise Incomplete({"root_cause": gettext("Choose the root cause: it is all this ticket is for.")})
    with opened(ticket, actor=actor, now=now, version=version, ahead=("wish", "suppressed"), may_end=True) as work:
        work.check("leave-in-peace")
        work.add(
            Resolution(
                ticket=work.ticket,
                cycle=work.ticket.cycle,
                root_cause=root_cause,
                told=Resolution.Told.NOT_MAILED,
                no_mail_reason="The customer asked not to be contacted.",
                by=actor.user,
                happened_at=now,
            )
        )
        if note.strip():
            work.add(Note(ticket=work.ticket, by=actor.user, text=note, happened_at=now))
        work.drop_deadlines()
        close(work, "leave-in-peace", ClosedAs.LEFT_IN_PEACE, data={"cause": root_cause.slug})
    return work.ticket
