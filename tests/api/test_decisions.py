"""What a person decides about an answer: a ticket by hand, and whether it counts."""

from __future__ import annotations

import pytest

from followups.models import Ticket
from surveys.models import Response
from tests.api.conftest import Caller, Cast
from tests.factories import make_contact, make_response

pytestmark = pytest.mark.django_db


def test_any_colleague_opens_a_ticket_by_hand_once(cast: Cast) -> None:
    response = make_response(9, contact=make_contact())
    caller = Caller(user=cast.outsider)
    url = f"/api/v1/responses/{response.pk}/open-ticket/"
    assert caller.post(url, {}).json()["errors"][0]["attr"] == "reason"
    made = caller.post(url, {"reason": "Praise, and a serious question in it."})
    assert made.status_code == 201, made.content
    assert Ticket.objects.get(response=response).pk == made.json()["number"]
    again = caller.post(url, {"reason": "Once more."})
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "has_ticket")


def test_a_lead_leaves_an_answer_out_and_takes_it_back(cast: Cast) -> None:
    url = f"/api/v1/responses/{cast.ticket.response_id}/exclude/"
    lead = Caller(user=cast.lead)
    answer = lead.post(url, {"excluded_as": "test", "reason": "Our own trial."})
    assert answer.status_code == 200, answer.content
    row = Response.objects.get(pk=cast.ticket.response_id)
    assert (row.excluded_as, row.excluded_reason, row.excluded_by) == ("test", "Our own trial.", cast.lead)
    assert not Response.objects.counted().filter(pk=row.pk).exists()
    assert lead.post(url, {"excluded_as": "", "reason": "It was a customer."}).json()["excluded_as"] == ""
    assert lead.post(url, {"excluded_as": "boring", "reason": "x"}).status_code == 400


def test_nobody_leaves_out_what_another_team_answers_for(cast: Cast) -> None:
    body = {"excluded_as": "spam", "reason": "x"}
    foreign = f"/api/v1/responses/{cast.other_ticket.response_id}/exclude/"
    free = f"/api/v1/responses/{make_response(10).pk}/exclude/"
    assert Caller(user=cast.lead).post(foreign, body).status_code == 404
    assert Caller(user=cast.lead).post(free, body).status_code == 200
    assert Caller(user=cast.agent).post(free, body).status_code == 403
    assert Response.objects.filter(excluded_as="spam").count() == 1
