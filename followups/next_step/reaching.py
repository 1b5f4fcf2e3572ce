"""Reaching out in the light of what happened: what was tried, what came back, when they like to be called. Pure.

`alone` reads the ticket; what is known besides may turn a call into a mail, a mail into a call, or either into saying
that nobody was reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from followups.calendars import WorkingHours
from followups.good_time import good_time, next_window, zone_of
from followups.messages.reasons import why_not
from followups.models import ContactAttempt, Ticket
from followups.models.tickets import TicketState
from followups.next_step.alone import NextStep
from followups.next_step.known import Known
from followups.templatetags.moments import moment
from followups.workflow.ending import nobody_reached
from nps_loop.mail.models import Message
from nps_loop.mail.wording import in_words

CALL, WRITE = "log-contact", "send-message"
BY_VOICE = frozenset({ContactAttempt.Channel.PHONE, ContactAttempt.Channel.VIDEO})


def in_the_light(step: NextStep, ticket: Ticket, known: Known, *, name: str, zone: str, now: datetime) -> NextStep:
    """`step` as it is best taken now. `zone` is that of whoever reads, where the customer's own is not known.

    Only reaching out is looked at: what comes after it hangs on the ticket alone.
    """
    if step.verb not in (CALL, WRITE):
        return step
    if known.said_not_yet:
        step = _saying(step, gettext("%(name)s said “not yet”.") % {"name": _start(name)})
    no_mail = why_no_mail(ticket, now=now) or _came_back(ticket, known)
    if ticket.state == TicketState.ASSIGNED and len(known.tries) > 1:
        step = _tried(step, ticket, known.tries, name, no_mail)
    else:
        if ticket.state == TicketState.ASSIGNED and step.verb == CALL:
            step = _timely(step, ticket, known.tries, name, no_mail, zone, now)
        step = _possible(step, ticket, name, no_mail)
    if step.verb == WRITE and (leaving := _leaving(ticket, known, name, now)):
        return NextStep("", gettext("Look"), "eye", leaving, is_written=True)
    return step


def why_no_mail(ticket: Ticket, *, now: datetime) -> str:
    """Why this customer cannot be written to; empty where a mail can go."""
    reason = in_words(why_not("personal", ticket, now=now))
    # Without "Not sent:", for nobody has tried yet.
    reason = reason.partition(":")[2].strip() or reason
    return _start(reason)


def _leaving(ticket: Ticket, known: Known, name: str, now: datetime) -> str:
    """What is said of a personal mail that waits to leave in time: nobody has to write a second one. Empty: none."""
    going = (Message.State.QUEUED, Message.State.SENDING)
    mail = next((row for row in known.mails if row.kind == "personal" and row.state in going), None)
    if mail is None or mail.cycle != ticket.cycle:
        return ""
    if mail.send_after <= now:
        words = gettext("The mail to %(name)s is on its way. It counts once the mail server has taken it.")
        return words % {"name": name}
    if ticket.due_at and ticket.due_at < mail.send_after:
        return ""
    words = gettext("The mail to %(name)s leaves %(when)s. It counts once the mail server has taken it.")
    return words % {"name": name, "when": moment(mail.send_after, now)}


def _came_back(ticket: Ticket, known: Known) -> str:
    """Where the newest mail of the case that ended at their present address came back, that no other can go there."""
    address = ticket.contact.email.lower() if ticket.contact else ""
    ended = (Message.State.BOUNCED, Message.State.SENT)
    mails = [row for row in known.mails if row.recipient.lower() == address and row.state in ended]
    if not mails or mails[-1].state != Message.State.BOUNCED:
        return ""
    return gettext("The last one to %(address)s came back.") % {"address": address}


def _tried(step: NextStep, ticket: Ticket, tries: Sequence[ContactAttempt], name: str, no_mail: str) -> NextStep:
    """After two tries without a word another way is better than a third; after enough of them it may end."""
    told = gettext("Tried %(n)s times without an answer.") % {"n": len(tries)}
    if not no_mail:
        written = _saying(step, f"{told} {gettext('A mail that you write yourself counts as contact now.')}")
        return _write(written, name)
    if not nobody_reached(ticket, tries):
        label = gettext("Note that nobody was reached")
        reason = gettext("That is three tries on two days: it can be resolved without contact, and counts as not told.")
        return NextStep("resolve", label, "check", f"{told} {reason}")
    more = gettext("After three tries on two days it can be resolved without contact.")
    return _possible(_saying(step, f"{told} {more}"), ticket, name, no_mail)


def _timely(
    step: NextStep,
    ticket: Ticket,
    tries: Sequence[ContactAttempt],
    name: str,
    no_mail: str,
    zone: str,
    now: datetime,
) -> NextStep:
    """A call at the good time. Where that does not come before it is due, a mail now, if a mail counts."""
    contact = ticket.contact
    known = good_time(contact.good_time) if contact and contact.good_time else None
    if contact is None or known is None:
        return step
    hours: WorkingHours | None = ticket.team.calendar.hours if ticket.team else None
    window = next_window(known, now, contact.time_zone, zone, hours)
    words = {"words": contact.good_time}
    if window is None:
        return step
    if window[0] <= now:
        end = window[1].astimezone(ZoneInfo(zone_of(contact.time_zone, zone)))
        return _at(step, gettext("Now is a good time, until %(end)s there.") % {"end": f"{end:%H:%M}"})
    if ticket.due_at is not None and ticket.due_at < now:
        return _at(step, gettext("It is not the good time (%(words)s), but it is late already.") % words)
    if ticket.due_at is None or window[0] < ticket.due_at:
        return _at(step, gettext("Good time: %(words)s.") % words)
    asked = ticket.contact_me and contact.preferred_channel == contact.Channel.PHONE
    if no_mail or (asked and not any(row.channel in BY_VOICE for row in tries)):
        return _at(step, gettext("The good time (%(words)s) does not come before it is due.") % words)
    said = gettext("The good time to call (%(words)s) does not come before it is due: write now, call %(when)s.")
    written = _write(_at(step, said % (words | {"when": moment(window[0], now)})), name)
    return replace(written, then=step)


def _possible(step: NextStep, ticket: Ticket, name: str, no_mail: str) -> NextStep:
    """A mail that cannot go is no next step: then a call, or whatever else reaches them."""
    if step.verb != WRITE or not no_mail:
        return step
    reason = gettext("No mail can go: %(why)s") % {"why": no_mail}
    if ticket.contact is not None and ticket.contact.phone:
        called = replace(step, verb=CALL, label=gettext("Call %(name)s") % {"name": name}, symbol="phone")
        return _saying(called, reason)
    label = gettext("Reach %(name)s another way") % {"name": name}
    return _saying(replace(step, verb=CALL, label=label, symbol="user"), reason)


def _write(step: NextStep, name: str) -> NextStep:
    return replace(step, verb=WRITE, label=gettext("Write to %(name)s") % {"name": name}, symbol="mail")


def _saying(step: NextStep, words: str) -> NextStep:
    return replace(step, because=f"{words} {step.because}".strip())


def _at(step: NextStep, words: str) -> NextStep:
    return replace(step, timing=words)


def _start(name: str) -> str:
    return name[:1].upper() + name[1:]
