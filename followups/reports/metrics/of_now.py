"""Figures about this moment, whatever the day of the answer: what is at work, late, in danger or left alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Exists,
    Model,
    OuterRef,
    Q,
    QuerySet,
)

from followups.models import (
    Action,
    Deadline,
    DismissalRequest,
    Verdict,
)
from followups.models.standing import PREFIX
from followups.models.tickets import AT_WORK, LIVE, TicketState, falls_due_among
from followups.models.tickets import falls_due as falls_due_now
from followups.reports.metrics.facts import of_ticket
from followups.reports.metrics.then import actions_as_of, is_then, promises_that_ran_on
from nps_loop.mail.models import Message, Stream
from surveys.scoring import Band

# Figures about this moment, whatever the day of the answer.
OF_NOW: tuple[str, ...] = (
    "at_work", "late", "in_time", "late_at_work", "breaking", "unassigned", "waiting", "silent",
    "late_first_contact", "promise_over", "not_yet_unanswered", "reopened_twice", "approval_waiting", "mail_stuck",
    "at_risk", "at_risk_without_value",
)  # fmt: skip

WITHOUT_VALUE = Q(account__annual_value__isnull=True)

FIRST_CONTACT = Deadline.Target.FIRST_CONTACT
# Shown at the edge of a window: a promise that ends within it is in danger.
SOON = timedelta(hours=24)
# Without an event for so long, a ticket at work is called silent.
SILENT = timedelta(days=7)
# A mail that failed longer ago was seen, or will not be sent any more.
STUCK = timedelta(days=7)


def of_now(tickets: QuerySet[Any], name: str, now: datetime) -> Q:
    """The condition behind a figure about now. Raises KeyError for a name that is none."""

    def of(**fields: Any) -> Q:
        return of_ticket(tickets, **fields)

    def falls_due(**bounds: datetime) -> Q:
        if is_then(tickets):
            return falls_due_among(promises_that_ran_on(now), PREFIX, bounds)
        return falls_due_now(**bounds)

    then = is_then(tickets)
    in_hand = of(state__in=AT_WORK, owner_id__isnull=False)
    # An account is at risk while a detractor of it waits for us, whatever the day of the answer.
    at_risk = Q(band=Band.DETRACTOR, account__isnull=False) & of(state__in=LIVE)
    return {
        "at_work": lambda: in_hand,
        "late": lambda: falls_due(lt=now),
        "late_at_work": lambda: in_hand & of(due_at__lt=now),
        "in_time": lambda: in_hand & (of(due_at__isnull=True) | of(due_at__gte=now)),
        "breaking": lambda: falls_due(gte=now, lt=now + SOON),
        "unassigned": lambda: of(state__in=LIVE, owner_id__isnull=True),
        "waiting": lambda: of(state=TicketState.WAITING_ON_CUSTOMER),
        "silent": lambda: in_hand & of(changed_at__lt=now - SILENT),
        "late_first_contact": lambda: of(state__in=AT_WORK, due_at__lt=now, due_for=FIRST_CONTACT),
        "promise_over": lambda: of(state__in=LIVE) & Q(Exists(_told_and_over(now, then=then))),
        "not_yet_unanswered": lambda: (
            of(state__in=LIVE, customer_waits=True) & Q(Exists(_said_not_yet(now, then=then)))
        ),
        "reopened_twice": lambda: of(state__in=LIVE, cycle__gte=2),
        "approval_waiting": lambda: of(state__in=LIVE) & Q(Exists(_wishes(now, then=then))),
        "mail_stuck": lambda: Q(Exists(_stuck_mails(now, then=then))),
        "at_risk": lambda: at_risk,
        "at_risk_without_value": lambda: at_risk & WITHOUT_VALUE,
    }[name]()


def _rows(rows: type[Model], **which: Any) -> QuerySet[Any]:
    return rows._default_manager.filter(ticket=OuterRef("pk"), **which)


def _told_and_over(now: datetime, *, then: bool) -> QuerySet[Any]:
    """Open actions whose date a customer was told and the date they have now is over."""
    of = PREFIX if then else ""
    actions = actions_as_of(now) if then else Action.objects.all()
    asked: dict[str, Any] = {
        f"{of}state": Action.State.OPEN,
        f"{of}first_promised_at__isnull": False,
        f"{of}due_at__lt": now,
    }
    return actions.filter(ticket=OuterRef("pk"), **asked)


def _said_not_yet(now: datetime, *, then: bool) -> QuerySet[Any]:
    said = _rows(Verdict, choice=Verdict.Choice.NOT_YET)
    return said.filter(happened_at__lte=now) if then else said


def _wishes(now: datetime, *, then: bool) -> QuerySet[Any]:
    """Wishes to dismiss the ticket that nobody decided on."""
    if not then:
        return _rows(DismissalRequest, decided_at=None)
    return _rows(DismissalRequest, asked_at__lte=now).filter(Q(decided_at=None) | Q(decided_at__gt=now))


def _stuck_mails(now: datetime, *, then: bool) -> QuerySet[Message]:
    """Mails to the customer about this ticket that came back or could not leave lately.

    One that left after all since is not known any more to have been stuck then.
    """
    lost = (Message.State.FAILED, Message.State.BOUNCED)
    stuck = Message.objects.filter(case=OuterRef("pk"), stream=Stream.CASE, state__in=lost, ended_at__gte=now - STUCK)
    return stuck.filter(ended_at__lte=now) if then else stuck
