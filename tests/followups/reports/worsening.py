"""Random companies, and what somebody might do in them to look better by doing worse. Each deed changes rows."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from followups.models import Action, Deadline, Ticket
from followups.models.tickets import DismissReason
from followups.reports import metrics
from followups.reports.metrics.facts import NO_ANSWER
from followups.reports.survival import Curve
from surveys.models import Invitation
from surveys.scoring import Band
from tests import factories as make
from tests.factories import DAY, HOUR, NOW
from tests.followups.reports.lives import throw_together
from tests.surveys.asking.rows import make_planned


def company(seed: int, tickets: int = 24) -> None:
    """Tickets in every state; those resolved say when, those closed were asked again, some answer, some do not."""
    chance = random.Random(seed)
    throw_together(seed, tickets=tickets, answers=0)
    survey = make.make_survey()
    for ticket in Ticket.objects.select_related("response__contact").order_by("pk"):
        make.make_deadline(ticket, Deadline.Target.RESOLUTION, cycle=0, due_at=ticket.responded_at + 21 * DAY)
        if ticket.resolution_due_at is None:
            ticket.resolution_due_at = ticket.responded_at + 21 * DAY
        if ticket.state in ("resolved", "closed"):
            ticket.resolved_at = min(ticket.responded_at + chance.randint(1, 400) * HOUR, NOW)
            ticket.closed_at = ticket.resolved_at if ticket.state == "closed" else None
        ticket.save()
        person = ticket.response.contact or make.make_contact()
        ticket.response.contact = ticket.contact = person
        ticket.response.save()
        ticket.save()
        if ticket.closed_at and chance.random() < 0.8:
            answered = chance.random() < 0.7
            score = chance.choice((2, 7, 8, 9, 10))
            make_planned(
                survey,
                person,
                cause="recovery",
                recovers=ticket.response,
                case=ticket.pk,
                state="answered" if answered else "expired",
                sent_at=NOW - 2 * HOUR,
                response=make.make_response(score, contact=person, responded_at=NOW - HOUR) if answered else None,
            )
        elif chance.random() < 0.5:
            answer = {"survey": ticket.response.survey, "touchpoint": ticket.response.touchpoint}
            make.make_response(chance.choice((2, 8, 10)), contact=person, responded_at=NOW - 2 * HOUR, **answer)


# --- headlines -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Share:
    """A rate that should be high, by its counts: a rate of few is not shown, but can be compared."""

    count: int
    of: int

    def better_than(self, other: Share) -> bool:
        return self.of > 0 and other.of > 0 and self.count * other.of > other.count * self.of

    def gone_from(self, other: Share) -> bool:
        """Nothing is left to be judged by, where something was."""
        return other.of > 0 and self.of == 0


@dataclass(frozen=True)
class Wait:
    """A time that should be short; None is longer than any."""

    seconds: float | None

    def better_than(self, other: Wait) -> bool:
        return self.seconds is not None and (other.seconds is None or self.seconds < other.seconds)

    def gone_from(self, other: Wait) -> bool:
        return False


def headlines(filters: metrics.ReportFilters, now: datetime) -> dict[str, Share | Wait]:
    """Every headline of the reports."""
    closure = metrics.closure_report(filters, now=now)
    recovery = metrics.recovery_report(filters, now=now)
    times = metrics.times_report(filters, now=now)
    found: dict[str, Share | Wait] = {
        name: Share(closure.counts[name], closure.counts["due"])
        for name in ("declared", "told", "confirmed", "on_time")
    }
    found["kept"] = Share(closure.promises["promises_kept"], closure.promises["promises"])
    for first in (Band.DETRACTOR, Band.PASSIVE):
        rate = recovery.recovered_of_due(first)
        found[f"recovered {first.value}s"] = Share(rate.count, rate.of)
    for name in ("first_contact", "resolution", "first_contact_working", "resolution_working"):
        known: Curve = getattr(times, name)
        found[f"median of {name}"] = Wait(known.reached(0.5))
        found[f"nine in ten of {name}"] = Wait(known.reached(0.9))
    return found


# --- deeds -----------------------------------------------------------------------------------------------------


def _undone(ticket: Ticket, chance: random.Random) -> None:
    """What follows once a case does not end: nobody is told, asked or asked again; its promises may stay undone."""
    ticket.told_at = ticket.resolved_at = ticket.closed_at = None
    ticket.closed_as = ""
    ticket.resolutions.all().delete()
    Deadline.objects.filter(ticket=ticket, target=Deadline.Target.RESOLUTION).update(met_at=None)
    _not_asked_again(ticket)
    if chance.random() < 0.5:
        ticket.actions.filter(state=Action.State.DONE).update(state=Action.State.OPEN, done_at=None)


def _not_asked_again(ticket: Ticket) -> None:
    for question in Invitation.objects.filter(recovers=ticket.response).select_related("response"):
        answer = question.response
        question.state, question.stopped_by = Invitation.State.STOPPED, Invitation.Rule.OPEN_CASE
        question.sent_at = question.response = None
        question.save()
        if answer is not None:
            answer.delete()


def leave_open(ticket: Ticket, chance: random.Random) -> None:
    """Spoken to or not, it is left lying."""
    _undone(ticket, chance)
    ticket.state = "contacted" if ticket.first_contact_at else "assigned"
    if chance.random() < 0.5:
        ticket.state, ticket.first_contact_at = "assigned", None
        Deadline.objects.filter(ticket=ticket, target=Deadline.Target.FIRST_CONTACT).update(met_at=None)
    ticket.save()


def dismiss(ticket: Ticket, chance: random.Random) -> None:
    """For whatever reason, with a lead's consent or without; never a duplicate, test or spam that a lead agreed to."""
    _undone(ticket, chance)
    reason = chance.choice([reason for reason in DismissReason if reason])
    approved = chance.choice((True, False, None)) if reason not in NO_ANSWER else chance.choice((False, None))
    ticket.dismissal_requests.all().delete()
    make.make_dismissal_request(ticket, reason=reason, approved=approved)
    ticket.state, ticket.dismissed_as = "dismissed", reason
    ticket.deadlines.filter(met_at=None).update(dropped_at=NOW)
    ticket.actions.filter(state=Action.State.OPEN).update(state=Action.State.DROPPED, dropped_at=NOW)
    ticket.save()


def ask_nobody(ticket: Ticket, chance: random.Random) -> None:
    """Neither whether it is settled, nor, later, how they see us now; perhaps nobody tells them anything either."""
    if ticket.state == "closed" and ticket.closed_as in ("confirmed", "unconfirmed"):
        ticket.closed_as = "not_asked"
        ticket.verdicts.all().delete()
    ticket.question_accepted_at = None
    if chance.random() < 0.5:
        ticket.told_at = None
    _not_asked_again(ticket)
    ticket.save()


def move_a_promise(ticket: Ticket, chance: random.Random) -> None:
    """Before its date or after it; what was promised is done by the new date, or not yet."""
    promises = [a for a in ticket.actions.all() if a.first_promised_at and a.state != Action.State.DROPPED]
    for action in promises:
        first = action.first_promised_at
        action.due_at = max(action.due_at, first) + chance.randint(1, 9) * DAY
        if chance.random() < 0.5:
            action.state, action.done_at = Action.State.OPEN, None
        elif action.done_at:
            action.done_at = max(action.done_at, first + HOUR)
        action.save()
        at = first + chance.choice((-3 * HOUR, 3 * HOUR))
        action.moves.create(from_at=first, to_at=action.due_at, reason="More was broken.", happened_at=at)


Deed = Callable[[Ticket, random.Random], None]
DEEDS: dict[str, Deed] = {
    "left open": leave_open,
    "dismissed": dismiss,
    "not asked": ask_nobody,
    "promise moved": move_a_promise,
}
