"""Recovery and response rate against a naive recount, and what each figure opens."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest

from followups.models import Ticket
from followups.reports import metrics
from surveys.models import Invitation, Response
from surveys.scoring import Band, band
from tests.api.conftest import key_caller
from tests.factories import (
    DAY,
    NOW,
    make_account,
    make_contact,
    make_response,
    make_survey,
    make_ticket,
    make_touchpoint,
)
from tests.surveys.asking.rows import make_planned

pytestmark = pytest.mark.django_db
QUARTER = metrics.ReportFilters(date(2026, 8, 27), date(2026, 11, 24))
State, Rule = Invitation.State, Invitation.Rule


def throw_together(seed: int, tickets: int = 60) -> None:
    """Closed and open cases; some asked again, some answered, some answered the same survey by themselves."""
    chance = random.Random(seed)
    surveys = [make_survey(), make_survey(), None]
    touchpoints = [make_touchpoint(), make_touchpoint(), None]
    for _ in range(tickets):
        survey, touchpoint = chance.choice(surveys), chance.choice(touchpoints)
        first = make_response(
            chance.randint(0, 10),
            contact=make_contact(),
            responded_at=NOW - chance.randint(20, 80) * DAY,
            survey=survey,
            touchpoint=touchpoint,
        )
        closed_at = chance.choice([None, first.responded_at + 5 * DAY])
        case = make_ticket(first, state="closed" if closed_at else "new", closed_at=closed_at)
        if chance.random() < 0.6:
            state = chance.choice([State.SENT, State.ANSWERED, State.EXPIRED, State.STOPPED, State.PLANNED])
            answer = None
            if state == State.ANSWERED:
                answer = make_response(
                    chance.randint(0, 10),
                    contact=first.contact,
                    responded_at=NOW - chance.randint(0, 5) * DAY,
                    excluded_as=chance.choice(["", "", "", "test"]),
                )
            make_planned(
                surveys[0],
                first.contact,
                cause="recovery",
                recovers=first,
                case=case.pk,
                state=state,
                stopped_by=Rule.OPEN_CASE if state == State.STOPPED else "",
                sent_at=None if state == State.PLANNED else NOW - 9 * DAY,
                response=answer,
            )
        for _ in range(chance.choice([0, 0, 1, 2])):
            make_response(
                chance.randint(0, 10),
                contact=first.contact,
                responded_at=first.responded_at + chance.randint(1, 15) * DAY,
                survey=chance.choice([survey, *surveys]),
                touchpoint=chance.choice([touchpoint, *touchpoints]),
                excluded_as=chance.choice(["", "", "spam"]),
            )


class Told:
    """One ticket, the plain way."""

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket
        self.due = ticket.state == "closed" or ticket.resolution_due_at <= NOW
        questions = [row for row in Invitation.objects.all() if row.recovers_id == ticket.response_id]
        self.asked = any(row.sent_at and row.state != "stopped" for row in questions)
        linked = [row.response for row in questions if row.response and row.response.excluded_as == ""]
        self.answered = self.asked and bool(linked)
        by_themselves = [
            row
            for row in Response.objects.all()
            if ticket.closed_at
            and row.excluded_as == ""
            and row.contact_id == ticket.contact_id
            and row.responded_at > ticket.closed_at
            and (row.survey_id, row.touchpoint_id) == (ticket.response.survey_id, ticket.response.touchpoint_id)
            and (row.survey_id or row.touchpoint_id)
        ]
        later = min(linked or by_themselves, key=lambda row: (row.responded_at, row.pk), default=None)
        self.later = band(later.score) if later else None


@pytest.mark.parametrize("seed", [1, 2])
def test_every_figure_of_recovery_equals_a_naive_recount_and_opens_its_tickets(seed: int) -> None:
    throw_together(seed)
    told = [Told(ticket) for ticket in Ticket.objects.select_related("response")]
    found = metrics.recovery_report(QUARTER, now=NOW)

    assert found.asked == sum(row.asked for row in told) > 10
    assert found.answered == sum(row.answered for row in told) > 2
    order = [Band.DETRACTOR, Band.PASSIVE, Band.PROMOTER]
    for first in order[:2]:
        heard = [row for row in told if row.ticket.band == first and row.later]
        better = {row.ticket.pk for row in heard if order.index(row.later) > order.index(first)}
        rate = found.recovered(first)
        assert (rate.count, rate.of) == (len(better), len(heard))
        opened = metrics.figure_queryset(f"recovered_{first.value}", QUARTER, now=NOW)
        assert set(opened.values_list("pk", flat=True)) == better
        over = [row for row in told if row.ticket.band == first and row.due]
        recovered = {row.ticket.pk for row in over if row.later and order.index(row.later) > order.index(first)}
        rate = found.recovered_of_due(first)
        assert (rate.count, rate.of) == (len(recovered), len(over))
        for name, those in (("due", {row.ticket.pk for row in over}), ("recovered_due", recovered)):
            opened = metrics.figure_queryset(f"{name}_{first.value}", QUARTER, now=NOW)
            assert set(opened.values_list("pk", flat=True)) == those
        for later in order:
            those = {row.ticket.pk for row in heard if row.later == later}
            assert found.changes[first.value, later.value] == len(those)
            opened = metrics.figure_queryset(f"from_{first.value}_to_{later.value}", QUARTER, now=NOW)
            assert set(opened.values_list("pk", flat=True)) == those
    assert metrics.figure_queryset("asked_again", QUARTER, now=NOW).count() == found.asked
    assert metrics.figure_queryset("answered_again", QUARTER, now=NOW).count() == found.answered


def test_recovery_is_counted_by_as_many_queries_whatever_the_number(django_assert_num_queries: Any) -> None:
    throw_together(3, tickets=20)
    with django_assert_num_queries(6):
        metrics.recovery_report(QUARTER, now=NOW)


def test_with_enough_answers_a_rate_comes_with_its_interval_and_else_without() -> None:
    survey = make_survey()
    for n in range(20):
        first = make_response(3, contact=make_contact(), responded_at=NOW - 40 * DAY)
        make_ticket(first, state="closed", closed_at=NOW - 35 * DAY)
        answer = make_response(9 if n < 5 else 2, contact=first.contact) if n < 19 else None
        state = "answered" if answer else "expired"
        make_planned(survey, first.contact, recovers=first, state=state, response=answer, sent_at=NOW - 5 * DAY)

    found = metrics.recovery_report(QUARTER, now=NOW)

    assert (found.response_rate.count, found.response_rate.of, found.response_rate.rate) == (19, 20, 0.95)
    assert found.response_rate.low < 0.95 < found.response_rate.high
    assert (found.recovered(Band.DETRACTOR).count, found.recovered(Band.DETRACTOR).rate) == (5, None)


@pytest.fixture
def invited() -> list[Invitation]:
    chance = random.Random(7)
    surveys = [make_survey("Yearly"), make_survey("After delivery", kind="transactional", touchpoint=make_touchpoint())]
    rows = []
    for n in range(120):
        survey = chance.choice(surveys)
        state = chance.choice(State.values)
        account = make_account(segment=chance.choice(["Key account", ""])) if n % 2 else None
        rows.append(
            make_planned(
                survey,
                make_contact(account=account),
                state=state,
                touchpoint=survey.touchpoint,
                stopped_by=chance.choice([Rule.RESTING, Rule.SUPPRESSED, Rule.OPEN_CASE]) if state == "stopped" else "",
                planned_for=NOW - chance.randint(0, 120) * DAY,
            )
        )
    return rows


def test_the_response_rate_equals_a_naive_recount(invited: list[Invitation], django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        found = metrics.response_rate_report(QUARTER, now=NOW)

    within = [row for row in invited if QUARTER.day_from <= row.day <= QUARTER.day_to]
    assert found.together.asked == sum(row.state in ("sent", "answered", "expired") for row in within)
    assert found.together.answered == sum(row.state == "answered" for row in within)
    assert found.together.not_asked == sum(row.state == "stopped" for row in within)
    for each in found.by_survey:
        own = [row for row in within if row.survey.slug == each.slug]
        assert each.asked == sum(row.state in ("sent", "answered", "expired") for row in own)
        for rule, n in each.by_rule.items():
            assert n == sum(row.stopped_by == rule for row in own)
        assert sum(each.by_rule.values()) == each.not_asked
    assert found.together.rate.of == found.together.asked


def test_filters_narrow_the_response_rate(invited: list[Invitation]) -> None:
    from dataclasses import replace

    transactional = metrics.response_rate_report(replace(QUARTER, survey_kind="transactional"), now=NOW)
    assert [each.name for each in transactional.by_survey] == ["After delivery"]
    key = metrics.invitations_of(replace(QUARTER, segment="Key account"))
    within = [row for row in invited if QUARTER.day_from <= row.day <= QUARTER.day_to]
    assert key.count() == sum(bool(row.account and row.account.segment) for row in within)


def test_the_api_says_what_the_functions_say(invited: list[Invitation], time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)
    throw_together(5)
    reading = key_caller("read")
    rate = reading.get("/api/v1/reports/response-rate/").json()
    recovery = reading.get("/api/v1/reports/recovery/").json()

    assert rate == metrics.response_rate_report(QUARTER, now=NOW).as_dict()
    assert recovery == metrics.recovery_report(QUARTER, now=NOW).as_dict()
    query = {"figure": "recovered_detractor", "day_from": "2026-08-27", "day_to": "2026-11-24", "page_size": 100}
    rows = reading.get("/api/v1/tickets/", query).json()["results"]
    assert len(rows) == recovery["recovered_detractors"]["count"]
