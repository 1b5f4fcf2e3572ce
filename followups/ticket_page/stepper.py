"""Heard, contacted, action, resolved, confirmed: how far a ticket is. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext

from followups.models import Action, Deadline
from followups.models.tickets import ClosedAs, TicketState
from followups.templatetags.moments import moment, on_day
from followups.ticket_page.case import Case


@dataclass(frozen=True, slots=True)
class Step:
    """One of five. `stage` is "done", "now" or "" for what is to come."""

    word: str
    note: str
    stage: str


# How many of the five are behind a ticket in each state.
REACHED = {
    TicketState.NEW: 1,
    TicketState.ASSIGNED: 1,
    TicketState.CONTACTED: 2,
    TicketState.IN_ACTION: 2,
    TicketState.WAITING_ON_CUSTOMER: 2,
    TicketState.RESOLVED: 4,
    TicketState.CLOSED: 4,
    TicketState.DISMISSED: 1,
}


def steps(case: Case) -> list[Step]:
    """The five steps of the present cycle."""
    ticket = case.ticket
    reached = REACHED[TicketState(ticket.state)]
    done = [action for action in case.current_actions if action.state == Action.State.DONE]
    if reached == 2 and done and not case.open_actions:
        reached = 3
    if ticket.closed_as == ClosedAs.CONFIRMED:
        reached = 5
    notes = [_heard(case), _contacted(case), _action(case, done), _resolved(case), _confirmed(case)]
    words = [gettext("Heard"), gettext("Contacted"), gettext("Action"), gettext("Resolved"), gettext("Confirmed")]
    over = ticket.state in (TicketState.CLOSED, TicketState.DISMISSED)
    return [
        Step(word, note, "done" if at < reached else "now" if at == reached and not over else "")
        for at, (word, note) in enumerate(zip(words, notes, strict=True))
    ]


def _heard(case: Case) -> str:
    ticket = case.ticket
    by_hand = any(event.verb == "open" and event.actor_id for event in case.events[:1])
    when = moment(ticket.opened_at, case.now)
    return gettext("%(when)s, by hand") % {"when": when} if by_hand else gettext("%(when)s, by itself") % {"when": when}


def _contacted(case: Case) -> str:
    evidence = [row for row in case.attempts if row.is_evidence and row.cycle == case.ticket.cycle]
    if evidence:
        first = min(evidence, key=lambda row: row.evidence_from or row.happened_at)
        who = first.by.first_name or first.by.name if first.by else ""
        when = moment(first.evidence_from, case.now)
        return f"{who}, {when}" if who else when
    owed = next(
        (
            row
            for row in case.current_deadlines
            if row.is_open and row.target in (Deadline.Target.FIRST_CONTACT, Deadline.Target.ANSWER)
        ),
        None,
    )
    if owed is not None:
        return gettext("due %(when)s") % {"when": moment(owed.binding_at, case.now)}
    return gettext("nobody to reach") if case.ticket.nobody_to_reach else ""


def _action(case: Case, done: list[Action]) -> str:
    count = len(done) + len(case.open_actions)
    if not count:
        return gettext("not promised yet") if case.ticket.is_live else ""
    return gettext("%(done)s of %(count)s done") % {"done": len(done), "count": count}


def _resolved(case: Case) -> str:
    if case.ticket.resolved_at is not None:
        return moment(case.ticket.resolved_at, case.now)
    owed = next(
        (row for row in case.current_deadlines if row.is_open and row.target == Deadline.Target.RESOLUTION), None
    )
    return gettext("goal: %(day)s") % {"day": on_day(owed.due_at, case.now)} if owed else ""


def _confirmed(case: Case) -> str:
    ticket = case.ticket
    if ticket.closed_as == ClosedAs.CONFIRMED:
        return moment(ticket.closed_at, case.now)
    if ticket.closed_as:
        return {
            ClosedAs.UNCONFIRMED: gettext("no word"),
            ClosedAs.NOT_ASKED: gettext("not asked"),
            ClosedAs.AGREED_TO_DIFFER: gettext("agreed to differ"),
            ClosedAs.LEFT_IN_PEACE: gettext("left in peace"),
        }[ClosedAs(ticket.closed_as)]
    if ticket.contact and case.sees_name:
        return gettext("by %(name)s") % {"name": ticket.contact.short_name}
    return gettext("by the customer") if ticket.contact else ""
