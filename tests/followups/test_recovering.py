"""The recovery question: planned when its day has come, once per cycle, linked to the first answer."""

from datetime import date

import pytest

from followups import recovering
from followups.models import Ticket
from nps_loop.mail.models import Message
from surveys.asking import sending
from surveys.models import Invitation, Survey
from tests.factories import (
    DAY,
    NOW,
    make_brand,
    make_contact,
    make_response,
    make_ticket,
    make_touchpoint,
)
from tests.surveys.asking.rows import make_cadence, make_planned

Rule, State = Invitation.Rule, Invitation.State
pytestmark = pytest.mark.django_db


def closed(score: int = 3, **fields) -> Ticket:
    """A case that was closed a month ago."""
    answer = {"responded_at": NOW - 50 * DAY, **fields.pop("answer", {})}
    fields = {"closed_at": NOW - 30 * DAY, "recovery_on": date(2026, 11, 24), **fields}
    return make_ticket(state="closed", score=score, answer=answer, **fields)


def test_on_its_day_the_question_becomes_an_invitation_that_names_the_first_answer():
    touchpoint = make_touchpoint("Delivery")
    ticket = closed(answer={"touchpoint": touchpoint})

    assert recovering.plan_questions(now=NOW - DAY) == 0
    assert recovering.plan_questions(now=NOW) == 1

    row = Invitation.objects.get()
    assert (row.cause, row.state, row.recovers, row.case) == ("recovery", State.PLANNED, ticket.response, ticket.pk)
    assert (row.contact, row.touchpoint, row.reference) == (ticket.contact, touchpoint, f"case:{ticket.pk}.0")
    ticket.refresh_from_db()
    assert ticket.recovery_on is None
    assert recovering.plan_questions(now=NOW + DAY) == 0


def test_it_is_asked_by_the_survey_of_the_first_answer_where_we_send_that():
    ours, theirs = make_cadence("Yearly"), make_cadence("By a vendor", is_sent=False)
    for survey in (ours, theirs, None):
        closed(answer={"survey": survey})

    recovering.plan_questions(now=NOW)

    asked_by = list(Invitation.objects.order_by("case").values_list("survey__slug", flat=True))
    assert asked_by == [ours.slug, "recovery", "recovery"]
    assert Survey.objects.get(slug="recovery").is_sent


def test_each_cycle_asks_once():
    ticket = closed()
    recovering.plan_questions(now=NOW)
    Ticket.objects.filter(pk=ticket.pk).update(recovery_on=date(2026, 11, 24))
    recovering.plan_questions(now=NOW)
    Ticket.objects.filter(pk=ticket.pk).update(recovery_on=date(2026, 11, 24), cycle=1)
    recovering.plan_questions(now=NOW)

    assert [row.reference for row in Invitation.objects.order_by("pk")] == [f"case:{ticket.pk}.{n}" for n in (0, 1)]


def test_a_case_that_was_opened_again_asks_nothing():
    ticket = closed()
    Ticket.objects.filter(pk=ticket.pk).update(state="assigned", closed_as="", recovery_on=None, cycle=1)
    assert recovering.plan_questions(now=NOW) == 0


def test_another_case_that_is_open_stops_it_and_the_row_says_so():
    ticket = closed()
    make_ticket(answer={"contact": ticket.contact, "responded_at": NOW - 40 * DAY})

    recovering.plan_questions(now=NOW)

    assert Invitation.objects.get().stopped_by == Rule.OPEN_CASE


def test_somebody_who_asked_for_peace_in_another_case_is_left_in_peace():
    ticket = closed()
    make_ticket(
        state="closed",
        closed_as="left_in_peace",
        left_in_peace=True,
        answer={"contact": ticket.contact, "responded_at": NOW - 200 * DAY},
    )
    recovering.plan_questions(now=NOW)
    assert Invitation.objects.get().stopped_by == Rule.LEFT_IN_PEACE


def test_whoever_still_rests_is_asked_when_that_is_over():
    make_brand()
    ticket = closed()
    survey = make_cadence(every_days=None)
    make_planned(survey, ticket.contact, sent_at=NOW - 10 * DAY, reference="")

    recovering.plan_questions(now=NOW)

    row = Invitation.objects.get(cause="recovery")
    assert (row.state, row.planned_for) == (State.PLANNED, NOW + 20 * DAY)
    sending.send_due(now=NOW + 20 * DAY)
    assert Message.objects.get().kind == "recovery_question"


def test_an_answer_since_puts_it_off_as_well():
    ticket = closed()
    make_response(9, contact=ticket.contact, responded_at=NOW - 2 * DAY)
    recovering.plan_questions(now=NOW)
    assert Invitation.objects.get().planned_for == NOW + 28 * DAY


def test_a_case_of_nobody_asks_nobody():
    ticket = closed()
    Ticket.objects.filter(pk=ticket.pk).update(contact=None)
    recovering.plan_questions(now=NOW)
    assert not Invitation.objects.exists()


def test_many_cost_as_many_queries_as_few(django_assert_max_num_queries):
    contacts = [make_contact() for _ in range(30)]
    for contact in contacts:
        closed(answer={"contact": contact})
    with django_assert_max_num_queries(16):
        assert recovering.plan_questions(now=NOW) == 30
