"""The next step as the page of a ticket knows it: what was tried, what came back, when they like to be called. Pure.

`next_step` reads the ticket alone and says the same in every list. Here the rows of the case are at hand, and they may
turn a call into a mail, a mail into a call, or either into saying that nobody was reached.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from followups.calendars import WorkingHours
from followups.good_time import good_time, next_window, zone_of
from followups.models import ContactAttempt, Ticket, Verdict
from followups.models.tickets import TicketState
from followups.next_step import NextStep
from followups.templatetags.moments import moment
from followups.ticket_page.case import Case
from followups.workflow.ending import TRIES, nobody_reached
from nps_loop.mail.models import Message

CALL, WRITE = "log-contact", "send-message"
BY_VOICE = frozenset({ContactAttempt.Channel.PHONE, ContactAttempt.Channel.VIDEO})


def as_known(step: NextStep, case: Case, *, name: str, why_no_mail: str, zone: str, now: datetime) -> NextStep:
    """`step` in the light of the case. `why_no_mail` is empty where a mail can go; `zone` is that of whoever reads.

    Only reaching out is looked at: what comes after it hangs on the ticket alone.
    """
    if step.verb not in (CALL, WRITE):
        return step
    tries = [row for row in case.attempts if row.cycle == case.ticket.cycle and row.outcome in TRIES]
    step = _not_yet(step, case, name)
    why_no_mail = why_no_mail or _came_back(case)
    if case.ticket.state != TicketState.ASSIGNED:
        return _possible(step, case.ticket, name, why_no_mail)
    if len(tries) > 1:
        return _tried(step, case, name, why_no_mail, len(tries))
    if step.verb == CALL:
        step = _timely(step, case.ticket, tries, name, why_no_mail, zone, now)
    return _possible(step, case.ticket, name, why_no_mail)


def _not_yet(step: NextStep, case: Case, name: str) -> NextStep:
    verdicts = case.of_kind("verdict")
    if case.ticket.cycle and verdicts and verdicts[-1].code == Verdict.Choice.NOT_YET:
        return _saying(step, gettext("%(name)s said “not yet”.") % {"name": _start(name)})
    return step


def _came_back(case: Case) -> str:
    """Where the newest mail of the case that ended at their present address came back, that no other can go there."""
    address = case.ticket.contact.email.lower() if case.ticket.contact else ""
    ended = (Message.State.BOUNCED, Message.State.SENT)
    mails = [row for row in case.messages if row.recipient.lower() == address and row.state in ended]
    if not mails or mails[-1].state != Message.State.BOUNCED:
        return ""
    return gettext("The last one to %(address)s came back.") % {"address": address}


def _tried(step: NextStep, case: Case, name: str, why_no_mail: str, tries: int) -> NextStep:
    """After two tries without a word another way is better than a third; after enough of them it may end."""
    told = gettext("Tried %(n)s times without an answer.") % {"n": tries}
    if not why_no_mail:
        written = _saying(step, f"{told} {gettext('A mail that you write yourself counts as contact now.')}")
        return _write(written, name)
    if not nobody_reached(case.ticket, case.attempts):
        label = gettext("Note that nobody was reached")
        reason = gettext("That is three tries on two days: it can be resolved without contact, and counts as not told.")
        return NextStep("resolve", label, "check", f"{told} {reason}")
    more = gettext("After three tries on two days it can be resolved without contact.")
    return _possible(_saying(step, f"{told} {more}"), case.ticket, name, why_no_mail)


def _timely(
    step: NextStep,
    ticket: Ticket,
    tries: list[ContactAttempt],
    name: str,
    why_no_mail: str,
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
        return _adding(step, gettext("Now is a good time, until %(end)s there.") % {"end": f"{end:%H:%M}"})
    if ticket.due_at is not None and ticket.due_at < now:
        return _adding(step, gettext("It is not the good time (%(words)s), but it is late already.") % words)
    if ticket.due_at is None or window[0] < ticket.due_at:
        return _adding(step, gettext("Good time: %(words)s.") % words)
    asked = ticket.contact_me and contact.preferred_channel == contact.Channel.PHONE
    if why_no_mail or (asked and not any(row.channel in BY_VOICE for row in tries)):
        return _adding(step, gettext("The good time (%(words)s) does not come before it is due.") % words)
    said = gettext("The good time to call (%(words)s) does not come before it is due: write now, call %(when)s.")
    return _write(_adding(step, said % (words | {"when": moment(window[0], now)})), name)


def _possible(step: NextStep, ticket: Ticket, name: str, why_no_mail: str) -> NextStep:
    """A mail that cannot go is no next step: then a call, or whatever else reaches them."""
    if step.verb != WRITE or not why_no_mail:
        return step
    reason = gettext("No mail can go: %(why)s") % {"why": why_no_mail}
    if ticket.contact is not None and ticket.contact.phone:
        called = replace(step, verb=CALL, label=gettext("Call %(name)s") % {"name": name}, symbol="phone")
        return _saying(called, reason)
    label = gettext("Reach %(name)s another way") % {"name": name}
    return _saying(replace(step, verb=CALL, label=label, symbol="user"), reason)


def _write(step: NextStep, name: str) -> NextStep:
    return replace(step, verb=WRITE, label=gettext("Write to %(name)s") % {"name": name}, symbol="mail")


def _saying(step: NextStep, words: str) -> NextStep:
    return replace(step, reason=f"{words} {step.reason}".strip())


def _adding(step: NextStep, words: str) -> NextStep:
    return replace(step, reason=f"{step.reason} {words}".strip())


def _start(name: str) -> str:
    return name[:1].upper() + name[1:]
