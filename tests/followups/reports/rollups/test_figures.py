"""Figures with rollups are those of the rows alone: whoever looks, however narrowed, whatever changed, at any time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection, transaction

from followups.models import (
    Action,
    ActionMove,
    AnswerTally,
    Calendar,
    Deadline,
    DismissalRequest,
    Event,
    Resolution,
    RollupDay,
    RollupKind,
    RollupMark,
    Team,
    Ticket,
    Verdict,
)
from followups.models.tickets import TicketState
from followups.reports import metrics
from followups.reports.metrics import counting
from followups.reports.rollups import keeping
from surveys.models import Account, Brand, Invitation, ReportableAttribute, Response, Touchpoint
from tests import factories as make
from tests.factories import DAY, HOUR, NOW
from tests.followups.reports.rollups.figures import (
    QUARTER,
    cohorts,
    count_everything,
    figures,
    from_rows_only,
    same_either_way,
)
from tests.followups.reports.test_recovery import throw_together as with_recovery_questions
from tests.followups.reports.test_ways import several_of_everything
from tests.kept_rows import for_a_module

pytestmark = [pytest.mark.longest, pytest.mark.django_db]


def everything(seed: int) -> None:
    """Two companies' worth of rows, recovery questions and what answers are grouped by included."""
    with_recovery_questions(seed, tickets=25)
    several_of_everything(seed)
    # Two, because both are read under one name.
    ReportableAttribute.objects.create(name="plan", position=1)
    ReportableAttribute.objects.create(name="seats of #1", position=3)


def _first(model: Any, **fields: Any) -> Callable[[], Any]:
    """Change the newest row that differs from these values, by an UPDATE that no code of ours sees."""

    def change() -> None:
        rows = model.objects.filter(day__gt=QUARTER.day_from + DAY).exclude(**fields)
        if model is Response and "excluded_as" not in fields:
            rows = rows.counted()
        row = rows.order_by("-pk").first()
        assert row is not None
        model.objects.filter(pk=row.pk).update(**fields)

    return change


def _delete(model: Any) -> Callable[[], Any]:
    return lambda: model.objects.all()._raw_delete(connection.alias)


def _promise(**fields: Any) -> Callable[[], Any]:
    return lambda: Action.objects.filter(first_promised_at__isnull=False).update(**fields)


def _closed() -> Ticket:
    return Ticket.objects.filter(closed_at__isnull=False, contact__isnull=False, response__survey__isnull=False)[0]


def _heard_later() -> None:
    case = _closed()
    assert case.closed_at is not None and case.response is not None
    make.make_response(
        9,
        contact=case.contact,
        survey=case.response.survey,
        touchpoint=case.response.touchpoint,
        responded_at=case.closed_at + HOUR,
    )


LONG_AGO = NOW - 60 * DAY


def _moves(*states: str) -> None:
    """Every ticket went from state to state, a day apart, as its events have it."""
    for ticket in Ticket.objects.all():
        for at, (before, after) in enumerate(pairwise(states)):
            moment = min(ticket.received_at + (at + 1) * DAY, NOW)
            Event.objects.create(
                ticket=ticket, seq=900 + at, actor_kind="system", verb="wait", from_state=before, to_state=after,
                happened_at=moment, recorded_at=moment,
            )  # fmt: skip


def _day_and_night() -> Calendar:
    return make.make_calendar(slug="always", weekly=[[[0, 1440]]] * 7)


CHANGES: dict[str, Callable[[], Any]] = {
    "an answer comes": lambda: make.make_response(10, responded_at=NOW - 5 * DAY),
    "an answer is scored anew": _first(Response, score=10, band="promoter"),
    "an answer is left out": _first(Response, excluded_as="spam"),
    "an answer is taken in again": _first(Response, excluded_as=""),
    "an answer moves to another day": _first(Response, day=QUARTER.day_from),
    "an answer changes its team": _first(Response, team_id_then=None),
    "an answer changes its touchpoint": _first(Response, touchpoint=None),
    "an answer changes its segment": _first(Response, segment="New"),
    "an answer changes its product": _first(Response, product="New"),
    "an answer changes its language": _first(Response, language="fr"),
    "an answer changes its region": _first(Response, region="New"),
    "an answer changes its account": _first(Response, account=None),
    "an answer changes its owner": _first(Response, account_owner=None),
    "an answer changes its kind": _first(Response, survey_kind="episodic"),
    "an answer changes its attributes": _first(Response, attributes={"plan": "new"}),
    "a ticket comes": lambda: make.make_ticket(make.make_response(2, responded_at=NOW - 5 * DAY)),
    "a ticket is resolved": _first(Ticket, state=TicketState.RESOLVED, closed_as="", dismissed_as=""),
    "tickets are told": lambda: Ticket.objects.update(told_at=NOW),
    "no ticket is told": lambda: Ticket.objects.update(told_at=None),
    "a ticket is handed over": _first(Ticket, owner=None),
    "a ticket changes its team": _first(Ticket, team=None),
    "a ticket changes its day": _first(Ticket, day=QUARTER.day_from),
    "a ticket was spoken to": lambda: Ticket.objects.update(first_contact_at=NOW - HOUR),
    "a ticket comes due": lambda: Ticket.objects.update(resolution_due_at=NOW - HOUR),
    "nobody to reach": _first(Ticket, nobody_to_reach=True),
    "left in peace": _first(Ticket, left_in_peace=True),
    "another cycle": lambda: Ticket.objects.update(cycle=3),
    "a first contact in time": lambda: Deadline.objects.update(met_at=NOW - 70 * DAY),
    "a first contact undone": lambda: Deadline.objects.update(met_at=None),
    "a target is moved": lambda: Deadline.objects.update(minutes=17, clock="customer"),
    "all targets go": _delete(Deadline),
    "customers say not yet": lambda: [make.make_verdict(ticket, "not_yet") for ticket in Ticket.objects.all()],
    "a not yet is taken back": lambda: Verdict.objects.update(choice="settled"),
    "a dismissal is approved": lambda: DismissalRequest.objects.update(approved=True),
    "a dismissal is refused": lambda: DismissalRequest.objects.update(approved=False),
    "a resolution is voided": lambda: Resolution.objects.update(voided_at=NOW),
    "a cause is taken away": lambda: Resolution.objects.update(root_cause=None),
    "all resolutions go": _delete(Resolution),
    "a promise is kept": _promise(state="done", done_at=NOW - 90 * DAY),
    "a promise is dropped": _promise(state="dropped"),
    "no promise is moved": _promise(due_at=NOW - 90 * DAY),
    "a promise is no promise": _promise(first_promised_at=None),
    "a date was moved too late": lambda: ActionMove.objects.update(happened_at=NOW + 90 * DAY),
    "all moves go": _delete(ActionMove),
    "a question leaves": lambda: Invitation.objects.update(sent_at=NOW),
    "a question never left": lambda: Invitation.objects.update(sent_at=None),
    "an invitation is answered": lambda: Invitation.objects.exclude(state="stopped").update(state="answered"),
    "an invitation moves": lambda: Invitation.objects.update(day=QUARTER.day_from),
    "an answer belongs to no question": lambda: Invitation.objects.update(response=None),
    "somebody is heard later": _heard_later,
    "a later answer is left out": lambda: Response.objects.update(excluded_as="test"),
    "a case was never closed": lambda: Ticket.objects.update(closed_at=None),
    "two people are one": lambda: Response.objects.update(contact=None),
    "an account changes its units": lambda: Account.objects.update(business_units=["Rail ü"]),
    "a touchpoint is called otherwise": lambda: Touchpoint.objects.filter(name="Invoice").update(slug="other"),
    "a touchpoint changes its brand": lambda: Touchpoint.objects.update(brand=Brand.objects.order_by("-pk")[0]),
    "another brand is the default": lambda: Brand.objects.update(is_default=False),
    "tickets wait for their customers": lambda: _moves("contacted", "waiting_on_customer", "contacted"),
    "tickets are taken up again": lambda: _moves("resolved", "assigned"),
    "pauses begin earlier": lambda: (
        _moves("contacted", "waiting_on_customer"),
        Event.objects.update(happened_at=LONG_AGO),
    ),
    "deadlines go by other hours": lambda: Deadline.objects.update(calendar=_day_and_night()),
    "calendars change their hours": lambda: Calendar.objects.update(weekly=[[[0, 1440]]] * 7),
    "teams go by other hours": lambda: (
        Deadline.objects.all().delete(),
        Team.objects.update(calendar=_day_and_night()),
    ),
    "no calendar is in use": lambda: (Ticket.objects.update(team=None), Calendar.objects.update(is_active=False)),
    "tickets have another company": lambda: Ticket.objects.update(account=Account.objects.order_by("pk")[0]),
    "an attribute is declared": lambda: ReportableAttribute.objects.create(name="nothing", position=2),
    "no attribute is declared": lambda: ReportableAttribute.objects.all().delete(),
}


@pytest.fixture(scope="module")
def kept(django_db_setup: Any, django_db_blocker: Any) -> Iterator[None]:
    with for_a_module(django_db_blocker):
        everything(4)
        count_everything()
        yield


# These mark, and change no figure of this cohort.
ONLY_MARK = (
    "two people are one",
    "an invitation moves",
    "another brand is the default",
    "no attribute is declared",
    "an attribute is declared",
)


@contextmanager
def taken_back() -> Iterator[None]:
    """What happens within is undone, so that many things can happen to one company."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# In parts, so that several processes share the longest of all tests.
PARTS = 6


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("part", range(PARTS))
def test_no_change_is_missed_by_whatever_way_it_is_written(part: int) -> None:
    with from_rows_only():
        before = figures(QUARTER)
    for name, change in list(CHANGES.items())[part::PARTS]:
        with taken_back():
            change()
            with from_rows_only():
                after = figures(QUARTER)
            # A change that changes nothing would prove nothing.
            assert before != after or name in ONLY_MARK, name
            assert RollupMark.objects.exists() or name in ("no attribute is declared", "an attribute is declared"), name
            assert figures(QUARTER) == after, name
            keeping.flush(now=NOW)
            assert figures(QUARTER) == after, name
            assert keeping.check_all(now=NOW)[1] == [], name


IDLE: dict[str, Callable[[], Any]] = {
    "the queue is put in order": lambda: Ticket.objects.update(rank=7, due_at=NOW, due_for="answer", bonus=[]),
    "an owner was reminded": lambda: Ticket.objects.update(silent_at=NOW, silent_step=2, worked_at=NOW),
    "a ticket is put off": lambda: Ticket.objects.update(snoozed_until=NOW, version=9, changed_at=NOW),
    "an answer was decided on": lambda: Response.objects.update(decide_attempts=2, verbatim="x", search_text="x"),
    "a deadline climbs": lambda: Deadline.objects.update(next_step_at=NOW, next_step="lead"),
    "a promise was told": lambda: Action.objects.update(warned_for=NOW, late_told_for=NOW, title="x"),
    "an invitation is reminded of": lambda: Invitation.objects.update(remind_at=NOW, expires_at=NOW),
    "the same is written again": lambda: [row.save() for row in (*Ticket.objects.all(), *Response.objects.all())],
    "a touchpoint gets another name": lambda: Touchpoint.objects.update(name="Called otherwise"),
}


@pytest.mark.usefixtures("kept")
def test_what_no_figure_reads_marks_nothing() -> None:
    for name, change in IDLE.items():
        with taken_back():
            change()
            assert not RollupMark.objects.exists(), name


@pytest.mark.usefixtures("kept")
def test_figures_change_by_themselves_as_time_passes() -> None:
    for later in (timedelta(0), HOUR, -HOUR, 3 * DAY, 30 * DAY, -10 * DAY):
        with taken_back():
            same_either_way([QUARTER], NOW + later)
            keeping.flush(now=NOW + later)
            assert keeping.check_all(now=NOW + later)[1] == []
            same_either_way([QUARTER], NOW + later)


@pytest.mark.usefixtures("kept")
def test_a_way_with_too_many_groups_is_counted_from_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("followups.reports.rollups.answers.MOST_GROUPS", 1)
    monkeypatch.setattr("followups.reports.rollups.tickets.MOST_GROUPS", 1)
    count_everything()
    assert any("product" in row.left_out for row in RollupDay.objects.filter(kind=RollupKind.ANSWERS))
    assert not AnswerTally.objects.filter(way="touchpoint", day__in=_days_without("touchpoint")).exists()
    same_either_way(cohorts())


def _days_without(way: str) -> list[Any]:
    rows = RollupDay.objects.filter(kind=RollupKind.ANSWERS)
    return [row.day for row in rows if way in row.left_out]


@pytest.mark.usefixtures("kept")
def test_medians_of_many_tickets_are_within_two_percent(monkeypatch: pytest.MonkeyPatch) -> None:
    Ticket.objects.update(nobody_to_reach=False, left_in_peace=False)
    _moves("contacted", "waiting_on_customer", "contacted")
    still = Event.objects.filter(seq=901, ticket__in=Ticket.objects.order_by("pk")[:5])
    still.delete()
    keeping.flush(now=NOW)
    with from_rows_only():
        exact = metrics.times_report(QUARTER, now=NOW)
    monkeypatch.setattr(counting, "EXACT_UNDER", 1)
    kept = metrics.times_report(QUARTER, now=NOW)
    assert kept.without_calendar == exact.without_calendar
    curves = ("first_contact", "resolution", "first_contact_working", "resolution_working")
    for found, right in ((getattr(kept, name), getattr(exact, name)) for name in curves):
        assert (found.n, found.events) == (right.n, right.events)
        for share in (0.1, 0.25, 0.5):
            if (seconds := right.reached(share)) is not None:
                assert found.reached(share) == pytest.approx(seconds, rel=0.02)
    assert kept.first_contact.steps != exact.first_contact.steps
