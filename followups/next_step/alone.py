"""The next step as the ticket and its promises say it, before anything is known of tries and mails. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext, ngettext

from followups.models import Action, Ticket
from followups.models.tickets import TicketState
from followups.templatetags.moments import as_promised, moment
from surveys.models import Contact
from surveys.quoting import disagree
from surveys.scoring import Band

# With so few days to a renewal somebody who said nothing about it is called, where a number is known.
RENEWAL_CALLS = 14


@dataclass(frozen=True, slots=True)
class NextStep:
    """A verb as the API names it (empty: there is nothing to do but look), its button and the sentences beside it.

    `timing` is what is said of the hours a customer likes to be called in: the day says it by its own clock.
    `is_written`: a mail to the customer is written and leaves in time. `then` is the call at a better hour, where a
    mail goes first.
    """

    verb: str
    label: str
    symbol: str
    because: str = ""
    timing: str = ""
    is_written: bool = False
    then: NextStep | None = None

    @property
    def reason(self) -> str:
        return f"{self.because} {self.timing}".strip()


def alone(ticket: Ticket, actions: Sequence[Action], *, name: str, now: datetime) -> NextStep:
    """What to do next. `actions` are those of the present cycle (the open ones are enough), by date; `name` is what
    whoever reads may call the customer.
    """
    if ticket.is_live and ticket.owner_id is None:
        return NextStep("assign", gettext("Take it"), "user", gettext("Nobody has this ticket yet."))
    steps = {
        TicketState.NEW: _reach,
        TicketState.ASSIGNED: _reach,
        TicketState.CONTACTED: _act,
        TicketState.IN_ACTION: _act,
        TicketState.WAITING_ON_CUSTOMER: _wait,
        TicketState.RESOLVED: _ask,
    }
    if step := steps.get(TicketState(ticket.state)):
        return step(ticket, actions, name, now)
    return NextStep("", gettext("Look"), "eye")


def _reach(ticket: Ticket, actions: Sequence[Action], name: str, now: datetime) -> NextStep:
    if ticket.left_in_peace:
        return NextStep(
            "leave-in-peace",
            gettext("Read it, note the cause"),
            "eye",
            gettext("%(name)s asked not to be contacted. Nothing is sent; what is to be learned is yours to note.")
            % {"name": _capital(name)},
        )
    if ticket.nobody_to_reach:
        return NextStep(
            "resolve",
            gettext("Note cause and outcome"),
            "check",
            gettext(
                "Nobody can be reached about this answer. It can be resolved without contact, and counts as not told."
            ),
        )
    until = gettext("It is due %(when)s.") % {"when": moment(ticket.due_at, now)} if ticket.due_at else ""
    if ticket.due_at and ticket.due_at < now:
        until = gettext("It was due %(when)s.") % {"when": moment(ticket.due_at, now)}
    elif ticket.due_at and ticket.due_at == ticket.promised_at:
        until = gettext("It is owed %(when)s.") % {"when": as_promised(ticket.due_at, now)}
    if ticket.customer_waits:
        said = gettext("%(name)s waits for an answer.") % {"name": _capital(name)}
    elif ticket.contact_me:
        said = gettext("%(name)s asked to be contacted.") % {"name": _capital(name)}
    else:
        said = gettext("Nobody has spoken to %(name)s yet.") % {"name": name}
    if ticket.cycle == 0 and not ticket.on_hold and ticket.response is not None:
        if disagree(ticket.score, ticket.response.verbatim):
            doubt = gettext("Words and score do not fit: ask first how %(name)s read the scale, before you apologise.")
            said = f"{doubt % {'name': name}} {said}"
    if ticket.on_hold:
        said = f"{gettext('It is on hold: agree with your lead before you reach out.')} {said}"
    days = renews_within(ticket, now)
    if days is not None:
        said = f"{said} {_renews(days)}"
    reason = f"{said} {until}".strip()
    if calls_first(ticket.contact, ticket.contact_me or days is not None):
        return NextStep("log-contact", gettext("Call %(name)s") % {"name": name}, "phone", reason)
    return NextStep("send-message", gettext("Write to %(name)s") % {"name": name}, "mail", reason)


def renews_within(ticket: Ticket, now: datetime) -> int | None:
    """Days until the contract renews, where that is so near that a call beats a mail; else None."""
    if ticket.account is None or ticket.account.renewal_on is None:
        return None
    days = (ticket.account.renewal_on - timezone.localtime(now).date()).days
    return days if 0 <= days <= RENEWAL_CALLS else None


def _renews(days: int) -> str:
    if days == 0:
        return gettext("The contract renews today.")
    return ngettext("The contract renews in %(n)s day.", "The contract renews in %(n)s days.", days) % {"n": days}


def calls_first(contact: Contact | None, contact_me: bool | None) -> bool:
    """Whether a call comes before a mail: a number is known, and they prefer it, it is wanted, or there is no mail."""
    if contact is None or not contact.phone:
        return False
    if contact.preferred_channel:
        return contact.preferred_channel == Contact.Channel.PHONE
    return bool(contact_me) or not contact.email


def _act(ticket: Ticket, actions: Sequence[Action], name: str, now: datetime) -> NextStep:
    running = [action for action in actions if action.state == Action.State.OPEN]
    if ticket.customer_waits:
        said = gettext("%(name)s waits for an answer.") % {"name": _capital(name)}
        if calls_first(ticket.contact, ticket.contact_me):
            return NextStep("log-contact", gettext("Call %(name)s") % {"name": name}, "phone", said)
        return NextStep("send-message", gettext("Write to %(name)s") % {"name": name}, "mail", said)
    if running:
        first = running[0]
        words = {"title": first.title, "when": as_promised(first.due_at, now), "name": first.owner.name}
        return NextStep(
            "complete-action",
            gettext("Finish action"),
            "task",
            gettext("“%(title)s” is with %(name)s, %(when)s. Then the customer can be asked.") % words,
        )
    if ticket.state == TicketState.CONTACTED and ticket.band != Band.PASSIVE:
        return NextStep(
            "add-action",
            gettext("Plan action"),
            "task",
            gettext("%(name)s now waits to hear what we will do, and by when.") % {"name": _capital(name)},
        )
    return NextStep(
        "resolve",
        gettext("Resolve"),
        "check",
        gettext("Nothing is open any more: say what changed and why it happened, and ask %(name)s.") % {"name": name},
    )


def runs_on(ticket: Ticket, actions: Sequence[Action]) -> Action | None:
    """The promise that falls due while we wait for the customer: a question asked stops no promise."""
    if ticket.state != TicketState.WAITING_ON_CUSTOMER:
        return None
    running = (action for action in actions if action.state == Action.State.OPEN)
    first = min(running, key=lambda action: action.due_at, default=None)
    if first is None or (ticket.waiting_until and first.due_at > ticket.waiting_until):
        return None
    return first


def _wait(ticket: Ticket, actions: Sequence[Action], name: str, now: datetime) -> NextStep:
    when = moment(ticket.waiting_until, now)
    if promise := runs_on(ticket, actions):
        words = {"title": promise.title, "name": promise.owner.name, "when": as_promised(promise.due_at, now)}
        reason = (
            gettext("“%(title)s” is with %(name)s, %(when)s. Waiting for an answer does not move it.")
            if promise.due_at >= now
            else gettext("“%(title)s” was promised %(when)s, by %(name)s. Waiting for an answer did not move it.")
        )
        return NextStep("complete-action", gettext("Finish action"), "task", reason % words)
    reason = gettext("%(name)s was asked something. It comes back by itself: %(when)s.")
    return NextStep("", gettext("Look"), "eye", reason % {"name": _capital(name), "when": when})


def _ask(ticket: Ticket, actions: Sequence[Action], name: str, now: datetime) -> NextStep:
    if ticket.question_accepted_at is None:
        reason = gettext("The question whether it is settled is on its way to %(name)s.") % {"name": name}
    else:
        reason = gettext("%(name)s has the last word. Without one it closes as unconfirmed %(when)s.") % {
            "name": _capital(name),
            "when": moment(ticket.silence_until, now),
        }
    return NextStep("", gettext("Look"), "eye", reason)


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]
