"""Every way a ticket may go, and which verbs take it there. The writer checks this table and the buttons read it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop

from followups.models import Ticket
from followups.models.tickets import LIVE, ClosedAs, TicketState
from followups.permissions import WORKING, Role

S = TicketState

# (from, to) -> what has to be true. Everything that is not here is refused, whoever asks.
TABLE: dict[tuple[str, str], str] = {
    (S.NEW, S.ASSIGNED): gettext_noop("somebody eligible takes it"),
    (S.ASSIGNED, S.CONTACTED): gettext_noop("there is evidence of contact"),
    (S.ASSIGNED, S.RESOLVED): gettext_noop("nobody can be reached: none to reach, or three tries on two days"),
    (S.ASSIGNED, S.CLOSED): gettext_noop(
        "the customer asked to be left in peace; the answer was read and a cause noted"
    ),
    (S.CONTACTED, S.IN_ACTION): gettext_noop("an action with an owner and a date is promised"),
    (S.CONTACTED, S.RESOLVED): gettext_noop("the score was a passive one, or it was settled in the talk"),
    (S.CONTACTED, S.WAITING_ON_CUSTOMER): gettext_noop("a question was sent"),
    (S.CONTACTED, S.ASSIGNED): gettext_noop("the only evidence of contact came back undelivered"),
    (S.IN_ACTION, S.RESOLVED): gettext_noop("cause, what changed and why are said, and no action is open"),
    (S.IN_ACTION, S.WAITING_ON_CUSTOMER): gettext_noop("a question was sent"),
    (S.IN_ACTION, S.ASSIGNED): gettext_noop("the only evidence of contact came back undelivered"),
    (S.WAITING_ON_CUSTOMER, S.CONTACTED): gettext_noop(
        "the customer replied, the date came, or a person takes it up again"
    ),
    (S.WAITING_ON_CUSTOMER, S.IN_ACTION): gettext_noop(
        "the customer replied, the date came, or a person takes it up again"
    ),
    (S.WAITING_ON_CUSTOMER, S.ASSIGNED): gettext_noop("the only evidence of contact came back undelivered"),
    (S.RESOLVED, S.CLOSED): gettext_noop(
        "the customer said so, or stayed silent, or a lead closes it as agreed to differ"
    ),
    (S.RESOLVED, S.ASSIGNED): gettext_noop("not yet, a reply, or a person reopens it"),
    (S.RESOLVED, S.IN_ACTION): gettext_noop(
        "the resolution mail came back undelivered, or was taken back before it left"
    ),
    (S.RESOLVED, S.CONTACTED): gettext_noop("the resolution mail was taken back before it left"),
    (S.CLOSED, S.ASSIGNED): gettext_noop("not yet, a reply, or a person reopens it within 90 days"),
    (S.NEW, S.DISMISSED): gettext_noop("a reason from the list, with a lead's approval where one is needed"),
    (S.ASSIGNED, S.DISMISSED): gettext_noop("a reason from the list, with a lead's approval where one is needed"),
    (S.CONTACTED, S.DISMISSED): gettext_noop("a reason from the list, with a lead's approval where one is needed"),
    (S.IN_ACTION, S.DISMISSED): gettext_noop("a reason from the list, with a lead's approval where one is needed"),
    (S.WAITING_ON_CUSTOMER, S.DISMISSED): gettext_noop(
        "a reason from the list, with a lead's approval where one is needed"
    ),
    (S.DISMISSED, S.ASSIGNED): gettext_noop("a lead takes it up again"),
}

ALLOWED: dict[str, frozenset[str]] = {
    state: frozenset(to for (from_state, to) in TABLE if from_state == state) for state in TicketState.values
}


def allows(from_state: str, to_state: str) -> bool:
    """Whether a ticket may go this way. Staying where it is is no change."""
    return to_state in ALLOWED[from_state]


WITH_OWNER = frozenset({S.ASSIGNED, S.CONTACTED, S.IN_ACTION, S.WAITING_ON_CUSTOMER})
TALKED = frozenset({S.CONTACTED, S.IN_ACTION})
TALKING = frozenset({S.CONTACTED, S.IN_ACTION, S.WAITING_ON_CUSTOMER})
EVERY = frozenset(TicketState.values)
LEADING = frozenset({Role.ADMIN, Role.LEAD})


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing a person can do. `states` and `roles` say when and who; what else must hold the verb itself checks.

    `label` and `elsewhere` are messages of the catalogues; an `Offer` says them in the language of whoever reads.
    """

    name: str
    label: str
    states: frozenset[str]
    roles: frozenset[Role] = WORKING
    elsewhere: str = ""


# `elsewhere` is the sentence a person reads where the state does not allow it.
VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            "assign",
            gettext_noop("Hand over"),
            frozenset(LIVE) | {S.RESOLVED},
            elsewhere=gettext_noop("Only an open ticket can be handed over."),
        ),
        Verb(
            "release", gettext_noop("Give back"), WITH_OWNER, elsewhere=gettext_noop("Nobody has this ticket at work.")
        ),
        Verb(
            "log-contact",
            gettext_noop("Log a contact"),
            WITH_OWNER | {S.RESOLVED},
            elsewhere=gettext_noop("A contact is logged on a ticket that somebody has."),
        ),
        Verb(
            "log-reply",
            gettext_noop("Log a reply"),
            EVERY - {S.DISMISSED},
            elsewhere=gettext_noop("This ticket was dismissed; a lead can take it up again."),
        ),
        Verb(
            "send-message",
            gettext_noop("Write"),
            WITH_OWNER | {S.RESOLVED},
            elsewhere=gettext_noop("A mail is written on a ticket that somebody has."),
        ),
        Verb(
            "add-action",
            gettext_noop("Plan an action"),
            TALKED,
            elsewhere=gettext_noop("An action is promised after a first contact and before the resolution."),
        ),
        Verb(
            "move-action",
            gettext_noop("Move a date"),
            WITH_OWNER,
            WORKING | {Role.ACTION_OWNER},
            elsewhere=gettext_noop("A date is moved while the ticket is at work."),
        ),
        Verb(
            "delay",
            gettext_noop("Say that it comes later"),
            WITH_OWNER,
            elsewhere=gettext_noop("A promise is put off while the ticket is at work."),
        ),
        Verb(
            "complete-action",
            gettext_noop("Done"),
            WITH_OWNER,
            WORKING | {Role.ACTION_OWNER},
            elsewhere=gettext_noop("An action is completed while the ticket is at work."),
        ),
        Verb(
            "drop-action",
            gettext_noop("Drop an action"),
            WITH_OWNER,
            elsewhere=gettext_noop("An action is dropped while the ticket is at work."),
        ),
        Verb(
            "wait",
            gettext_noop("Ask, and wait"),
            TALKED,
            elsewhere=gettext_noop("A question is asked after a first contact."),
        ),
        Verb(
            "resume",
            gettext_noop("Take up again"),
            frozenset({S.WAITING_ON_CUSTOMER}),
            elsewhere=gettext_noop("This ticket is not waiting."),
        ),
        Verb(
            "resolve",
            gettext_noop("Resolve"),
            frozenset({S.ASSIGNED, S.CONTACTED, S.IN_ACTION}),
            elsewhere=gettext_noop("A ticket is resolved after contact and action."),
        ),
        Verb(
            "reopen",
            gettext_noop("Reopen"),
            frozenset({S.RESOLVED, S.CLOSED, S.DISMISSED}),
            elsewhere=gettext_noop("This ticket is open already."),
        ),
        Verb(
            "ask-dismissal",
            gettext_noop("Ask to dismiss"),
            frozenset(LIVE),
            elsewhere=gettext_noop("Only an open ticket can be dismissed."),
        ),
        Verb(
            "decide-dismissal",
            gettext_noop("Decide on the dismissal"),
            frozenset(LIVE),
            LEADING,
            elsewhere=gettext_noop("Only an open ticket can be dismissed."),
        ),
        Verb(
            "hold",
            gettext_noop("Put on hold"),
            EVERY - {S.DISMISSED},
            elsewhere=gettext_noop("This ticket was dismissed."),
        ),
        Verb("unhold", gettext_noop("Lift the hold"), EVERY, LEADING),
        Verb("note", gettext_noop("Note for colleagues"), EVERY, WORKING | {Role.ACTION_OWNER}),
        Verb(
            "snooze",
            gettext_noop("Snooze"),
            WITH_OWNER,
            elsewhere=gettext_noop("Only a ticket at work can be snoozed."),
        ),
        Verb(
            "join",
            gettext_noop("Join with another ticket"),
            frozenset(LIVE) | {S.RESOLVED},
            elsewhere=gettext_noop("This ticket is over."),
        ),
        Verb(
            "split",
            gettext_noop("Split from the conversation"),
            frozenset(LIVE) | {S.RESOLVED},
            elsewhere=gettext_noop("This ticket is over."),
        ),
        Verb(
            "link",
            gettext_noop("Link to an initiative"),
            EVERY - {S.DISMISSED},
            elsewhere=gettext_noop("This ticket was dismissed."),
        ),
        Verb(
            "leave-in-peace",
            gettext_noop("Read it, leave in peace"),
            frozenset({S.ASSIGNED}),
            elsewhere=gettext_noop("This is for tickets of customers who asked not to be contacted."),
        ),
        Verb(
            "agree-to-differ",
            gettext_noop("Agree to differ"),
            frozenset({S.RESOLVED}),
            LEADING,
            elsewhere=gettext_noop("Two sides can agree to differ after a resolution and a not yet."),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A verb as a page offers it: open to this person now, or why not."""

    verb: Verb
    why_not: str = ""

    @property
    def is_open(self) -> bool:
        return not self.why_not

    @property
    def name(self) -> str:
        return self.verb.name

    @property
    def label(self) -> str:
        return gettext(self.verb.label)


def why_not(verb: Verb, ticket: Ticket, roles: frozenset[Role]) -> str:
    """Empty where state and role allow the verb; else a sentence. The writer and the buttons ask the same."""
    if not roles & verb.roles:
        if verb.roles == LEADING:
            return gettext("A lead of the team decides this.")
        return gettext("Only the owner, the team and its lead work on this ticket.")
    if ticket.state not in verb.states:
        return gettext(verb.elsewhere)
    if verb.name == "leave-in-peace" and not ticket.left_in_peace:
        return gettext(verb.elsewhere)
    if verb.name == "unhold" and not ticket.on_hold:
        return gettext("There is no hold on this ticket.")
    if verb.name == "hold" and ticket.on_hold:
        return gettext("There is a hold on this ticket already.")
    if verb.name == "reopen" and ticket.state == S.DISMISSED and not roles & LEADING:
        return gettext("A lead takes a dismissed ticket up again.")
    if verb.name == "agree-to-differ" and Role.OWNER in roles:
        return gettext("Another lead than the owner decides this.")
    if verb.name == "delay" and ticket.promised_at is None:
        return gettext("No contact or answer is promised to the customer now.")
    if verb.name == "link" and ticket.response_id is None:
        return gettext("There is no answer behind this ticket that could be linked.")
    if verb.name == "snooze" and ticket.customer_waits:
        return gettext("The customer waits for our answer, so this ticket cannot be snoozed.")
    return ""


def offers(ticket: Ticket, roles: frozenset[Role]) -> dict[str, Offer]:
    """Every verb with whether it is open to somebody with these roles. No query."""
    return {name: Offer(verb, why_not(verb, ticket, roles)) for name, verb in VERBS.items()}


ENDS = {
    ClosedAs.CONFIRMED: gettext_noop("the customer said that it is settled"),
    ClosedAs.UNCONFIRMED: gettext_noop("the customer was asked and stayed silent"),
    ClosedAs.NOT_ASKED: gettext_noop("no question could be delivered"),
    ClosedAs.AGREED_TO_DIFFER: gettext_noop("after a not yet, a lead wrote why it ends here"),
    ClosedAs.LEFT_IN_PEACE: "the customer asked not to be contacted",
}
