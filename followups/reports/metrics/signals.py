"""Where a figure may look better than the loop behind it: what is counted, and whom it is put down to.

Each signal is a set of tickets, the part of it that is counted, and the person it is put down to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from django.db.models import (
    BigIntegerField,
    BooleanField,
    Count,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    Window,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Lag, Lead
from django.db.models.lookups import LessThanOrEqual

from followups.models import ActionMove, ContactAttempt, DismissalRequest, Event, Resolution, Team, Ticket
from followups.models.tickets import TicketState
from followups.reports.metrics.facts import OF_FACTS, with_facts, without_removed
from followups.reports.metrics.filters import ReportFilters, answered_to
from followups.reports.metrics.promised import PROMISES_DUE, promises
from followups.reports.metrics.standing import standing_resolutions
from surveys.models.responses import ResponseQuerySet

# Three or more that one person resolved within this time, not as one of many at once, were resolved in a hurry.
HURRY = timedelta(minutes=5)
# A score that went up so soon after a talk may have been asked for in it.
AFTER_A_TALK = timedelta(hours=24)
# The verb of a slip that a customer corrected, and the fewest tries after which a ticket may end as not reached: those
# of `followups.replies` and `followups.workflow.ending`, which change rows and so are out of reach here.
CORRECTED, FEWEST_TRIES = "correct-score", 3
_TRY = ContactAttempt.Outcome
TRIES = (_TRY.LEFT_MESSAGE, _TRY.NO_ANSWER, _TRY.WRONG_NUMBER)

Tickets = QuerySet[Any]


def _who_resolved() -> Coalesce:
    """Whoever resolved it, in the present cycle; the owner where a program did or nobody is known."""
    return Coalesce(Subquery(_resolution().values("by")[:1]), F("owner_id"), output_field=BigIntegerField())


def _resolution(**fields: Any) -> QuerySet[Resolution]:
    return standing_resolutions().filter(ticket=OuterRef("pk"), **fields)


def _counted(q: Any) -> ExpressionWrapper:
    return ExpressionWrapper(Q(q), output_field=BooleanField())


def _not_told(tickets: Tickets) -> Any:
    """The customer was not told what came of it. The figure *not_told*."""
    return _counted(Q(told=False))


def _together(tickets: Tickets) -> Any:
    """Resolved as one of many at once."""
    return Exists(_resolution(together=True))


def in_a_hurry(among: QuerySet[Resolution]) -> QuerySet[Resolution]:
    """Resolutions that lie with two others of the same person within `HURRY`, those made at once left aside.

    All between the first and the last of `among` are looked at, and what lies so near to those.
    """
    times = among.order_by().values("happened_at")
    first, last = (Subquery(times.order_by(order)[:1]) for order in ("happened_at", "-happened_at"))
    own: dict[str, Any] = {"partition_by": F("by"), "order_by": [F("happened_at").asc(), F("pk").asc()]}
    near = Resolution.objects.filter(
        voided_at=None,
        together=False,
        by__isnull=False,
        happened_at__gte=ExpressionWrapper(first - HURRY, DateTimeField()),
        happened_at__lte=ExpressionWrapper(last + HURRY, DateTimeField()),
    ).annotate(
        second_before=Window(Lag("happened_at", 2), **own),
        before=Window(Lag("happened_at"), **own),
        after=Window(Lead("happened_at"), **own),
        second_after=Window(Lead("happened_at", 2), **own),
    )
    return near.filter(
        Q(second_before__gte=F("happened_at") - HURRY)
        | Q(before__gte=F("after") - HURRY)
        | Q(second_after__lte=F("happened_at") + HURRY)
    )


def _in_a_hurry(tickets: Tickets) -> Any:
    """Resolved within minutes of two others of the same person."""
    resolved = Resolution.objects.filter(voided_at=None, ticket__in=tickets.order_by().values("pk"))
    hurried = in_a_hurry(resolved).order_by().values("pk")
    # Apart from the ticket in hand, so that they are looked for once and not for each ticket.
    return _counted(Q(pk__in=standing_resolutions().filter(pk__in=hurried).order_by().values("ticket")))


def _not_reached(tickets: Tickets) -> Any:
    """Ended as not reached, after no more tries than there must be."""
    tries = (
        ContactAttempt.objects.filter(ticket=OuterRef("pk"), cycle=OuterRef("cycle"), outcome__in=TRIES)
        .order_by()
        .values("ticket")
        .annotate(n=Count("pk"))
        .values("n")
    )
    few = LessThanOrEqual(Coalesce(Subquery(tries, output_field=IntegerField()), Value(0)), Value(FEWEST_TRIES))
    return _counted(Q(Exists(_resolution(told=Resolution.Told.NOT_REACHED))) & Q(few))


def _not_asked(tickets: Tickets) -> Any:
    """Whoever resolved chose to send no mail, so nobody asked whether it is settled."""
    return Exists(_resolution(told=Resolution.Told.NOT_MAILED, message=None))


# Name -> whether one of these tickets, which all are declared, is counted.
OF_DECLARED: dict[str, Callable[[Tickets], Any]] = {
    "not_told": _not_told,
    "together": _together,
    "in_a_hurry": _in_a_hurry,
    "not_reached": _not_reached,
    "not_asked": _not_asked,
}


def _declared(tickets: Tickets, now: datetime, **hits: str) -> Tickets:
    """The figure *declared*, put down to whoever resolved, with the signals of these names."""
    # `told` is for the signal `not_told`.
    found = with_facts(OF_FACTS["declared"].of(tickets, now=now), now=now, only=["told"])
    return found.annotate(
        person=_who_resolved(), **{name: OF_DECLARED[signal](tickets) for name, signal in hits.items()}
    )


def _of_declared(signal: str) -> Callable[[Tickets, datetime], Tickets]:
    return lambda tickets, now: _declared(tickets, now, hit=signal)


def _moved(tickets: Tickets, now: datetime) -> Tickets:
    """Of tickets with a promise that is due: a date that the customer had been told was moved. By owner."""
    due = promises(now=now).filter(ticket=OuterRef("pk"), kept__in=PROMISES_DUE)
    moved = ActionMove.objects.filter(
        action=OuterRef("pk"), from_at__gte=OuterRef("first_promised_at"), to_at__gt=F("from_at")
    )
    return (
        without_removed(tickets, now=now)
        .filter(Exists(due))
        .annotate(person=F("owner_id"), hit=Exists(due.filter(Exists(moved))))
    )


def _dismissal_asked(tickets: Tickets, now: datetime) -> Tickets:
    """Of all tickets: dismissed, or somebody wished it and did not take that back. By whoever wished it, else owner."""
    wishes = DismissalRequest.objects.filter(Q(decided_at=None) | Q(approved__isnull=False), ticket=OuterRef("pk"))
    return tickets.annotate(
        person=Coalesce(
            Subquery(wishes.order_by("-asked_at", "-pk").values("asked_by")[:1]),
            F("owner_id"),
            output_field=BigIntegerField(),
        ),
        hit=_counted(Q(Exists(wishes)) | Q(state=TicketState.DISMISSED)),
    )


def _dismissal_approved(tickets: Tickets, now: datetime) -> Tickets:
    """Of tickets on which a lead decided about a wish to dismiss: the lead agreed. By whoever decided last."""
    decided = DismissalRequest.objects.filter(ticket=OuterRef("pk"), approved__isnull=False)
    newest = decided.order_by("-decided_at", "-pk")
    return tickets.filter(Exists(decided)).annotate(
        person=Subquery(newest.values("decided_by")[:1]), hit=Subquery(newest.values("approved")[:1])
    )


def _corrected(tickets: Tickets, now: datetime) -> Tickets:
    """Of tickets with a talk: the customer raised the score by the link for slips within a day of one. By owner."""
    talks = ContactAttempt.objects.filter(outcome=ContactAttempt.Outcome.SPOKE, voided_at=None)
    before = talks.filter(
        ticket=OuterRef("ticket"),
        happened_at__lte=OuterRef("happened_at"),
        happened_at__gte=OuterRef("happened_at") - AFTER_A_TALK,
    )
    raised = (
        Event.objects.filter(ticket=OuterRef("pk"), verb=CORRECTED)
        .annotate(
            was=Cast(KeyTextTransform("from", "data"), IntegerField()),
            to=Cast(KeyTextTransform("to", "data"), IntegerField()),
        )
        .filter(Exists(before), to__gt=F("was"))
    )
    return tickets.filter(Exists(talks.filter(ticket=OuterRef("pk")))).annotate(
        person=F("owner_id"), hit=Exists(raised)
    )


# Name -> the tickets it looks at, each with `person` (a key, or null) and whether it is `hit`, and so counted.
OF_TICKETS: dict[str, Callable[[Tickets, datetime], Tickets]] = {
    **{name: _of_declared(name) for name in OF_DECLARED},
    "moved": _moved,
    "dismissal_asked": _dismissal_asked,
    "dismissal_approved": _dismissal_approved,
    "corrected": _corrected,
}
# And of answers: those somebody left out of NPS, of which the unhappy are counted, against all other answers.
EXCLUDED = "excluded"
SIGNALS = (*OF_TICKETS, EXCLUDED)


@dataclass(frozen=True, slots=True)
class SignalCount:
    """Of the tickets that a signal puts down to one person, `counted` of `n`. `group` is what they were grouped by."""

    signal: str
    group: tuple[Any, ...]
    person: int | None
    counted: int
    n: int


def count_signals(tickets: Tickets, *by: str, now: datetime) -> Iterator[SignalCount]:
    """Every signal of these tickets by person, and grouped by these of their columns. Five queries."""
    columns = (*by, "person")
    hits = {f"of_{name}": Count("pk", filter=Q(**{name: True})) for name in OF_DECLARED}
    # The same question would be asked again and again for each of these.
    rows: Any = _declared(tickets, now, **{name: name for name in OF_DECLARED}).values_list(*columns)
    for row in rows.annotate(n=Count("pk"), **hits):
        *group, person, n = row[: len(columns) + 1]
        for name, counted in zip(OF_DECLARED, row[len(columns) + 1 :], strict=True):
            yield SignalCount(name, tuple(group), person, counted, n)
    for name, tickets_of in OF_TICKETS.items():
        if name in OF_DECLARED:
            continue
        rows = tickets_of(tickets, now).values_list(*columns)
        for *group, person, n, counted in rows.annotate(n=Count("pk"), hits=Count("pk", filter=Q(hit=True))):
            yield SignalCount(name, tuple(group), person, counted, n)


def is_of_led_teams(filters: ReportFilters) -> bool:
    """Whether the viewer is shown the teams led, and no others."""
    return filters.viewer is not None and not filters.viewer.is_superuser


def of_led_teams(filters: ReportFilters) -> Q:
    """The answers of the teams that the viewer leads; for kept counts of answers as well."""
    if not is_of_led_teams(filters):
        return Q()
    return answered_to(Team.objects.led_by(filters.viewer).order_by().values("pk"))


def answers_of_led(filters: ReportFilters) -> ResponseQuerySet:
    """The answers of the cohort that signals look at."""
    return filters.answers().filter(of_led_teams(filters))


def left_out_by(filters: ReportFilters, person: int) -> ResponseQuerySet:
    """Answers of the teams that the viewer leads that this person left out; with a negative key all others."""
    answers = answers_of_led(filters)
    if person < 0:
        return answers.filter(Q(excluded_as="") | Q(excluded_by=None) | ~Q(excluded_by=-person))
    return answers.filter(excluded_by=person).exclude(excluded_as="")


@dataclass(frozen=True, slots=True)
class Behind:
    """One number of a signal as the list of tickets knows it: `moved.12.counted`, or `moved.-12.all` for all others."""

    signal: str
    person: int
    only_counted: bool

    def __str__(self) -> str:
        return f"{self.signal}.{self.person}.{'counted' if self.only_counted else 'all'}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The opposite of `str`. Raises ValueError."""
        signal, person, which = text.split(".")
        digits = person.removeprefix("-")
        if signal not in OF_TICKETS or which not in ("counted", "all"):
            raise ValueError(text)
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= 18):
            raise ValueError(text)
        return cls(signal, int(person), which == "counted")

    def tickets(self, now: datetime) -> Tickets:
        """Those of all tickets that this number counts, whatever their day."""
        rows = OF_TICKETS[self.signal](Ticket.objects.order_by(), now)
        whose = Q(person=self.person)
        if self.person < 0:
            whose = Q(person__isnull=True) | ~Q(person=-self.person)
        return rows.filter(whose, hit=True) if self.only_counted else rows.filter(whose)
