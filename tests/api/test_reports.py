"""Reports by the API: the same figures as the functions behind the pages, for the eyes of whoever asks."""

from __future__ import annotations

from typing import Any

import pytest

from followups.models.tickets import ClosedAs, TicketState
from tests.api.conftest import Caller, Cast
from tests.factories import DAY, NOW, make_response, make_ticket

pytestmark = pytest.mark.django_db
NPS, CLOSURE = "/api/v1/reports/nps/", "/api/v1/reports/closure/"


@pytest.fixture(autouse=True)
def _now(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


def test_nps_comes_with_interval_n_and_what_was_left_out(_now: None, reading: Caller) -> None:
    for score, times in ((10, 12), (8, 6), (3, 6)):
        for _ in range(times):
            make_response(score)
    make_response(0, excluded_as="test")
    make_response(10, responded_at=NOW - 200 * DAY)
    body = reading.get(NPS).json()
    assert (body["n"], body["promoters"], body["passives"], body["detractors"]) == (24, 12, 6, 6)
    assert body["nps"] == 25.0
    assert body["low"] < 25 < body["high"]
    assert body["excluded"] == 1
    assert body["filters"]["day_to"] == "2026-11-24"
    assert reading.get(NPS, {"day_from": "2026-04-01", "day_to": "2026-11-24"}).json()["n"] == 25
    assert reading.get(NPS, {"day_from": "2026-11-24", "day_to": "2026-11-24"}).json()["n"] == 0


def test_closure_counts_over_one_denominator_and_opens_to_its_tickets(_now: None, reading: Caller) -> None:
    month_ago = {"responded_at": NOW - 30 * DAY}
    confirmed = make_ticket(state=TicketState.CLOSED, told_at=NOW - 3 * DAY, answer=month_ago)
    silent = make_ticket(
        state=TicketState.CLOSED, closed_as=ClosedAs.UNCONFIRMED, told_at=NOW - 3 * DAY, answer=month_ago
    )
    open_one = make_ticket(answer=month_ago)
    make_ticket()
    body = reading.get(CLOSURE).json()
    assert {name: body[name] for name in ("cohort", "due", "declared", "told", "confirmed", "still_open")} == {
        "cohort": 4, "due": 3, "declared": 2, "told": 2, "confirmed": 1, "still_open": 1,
    }  # fmt: skip
    for figure, tickets in (("declared", {confirmed, silent}), ("confirmed", {confirmed}), ("still_open", {open_one})):
        query = {"figure": figure, "day_from": body["filters"]["day_from"], "day_to": body["filters"]["day_to"]}
        rows = reading.get("/api/v1/tickets/", query).json()["results"]
        assert {row["number"] for row in rows} == {ticket.pk for ticket in tickets}


def test_people_see_figures_of_what_they_may_see(_now: None, cast: Cast, reading: Caller) -> None:
    assert Caller(user=cast.agent).get(CLOSURE).json()["cohort"] == 1
    assert reading.get(CLOSURE).json()["cohort"] == 2


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"day_from": "2026-11-02", "day_to": "2026-11-01"}, "day_from"),
        ({"day_from": "2016-11-02"}, "day_from"),
        ({"day_from": "tomorrow"}, "day_from"),
        ({"band": "unhappy"}, "band"),
        ({"tema": "north"}, "tema"),
    ],
)
def test_what_cannot_be_asked_is_an_error(query: dict[str, str], field: str, reading: Caller) -> None:
    for url in (NPS, CLOSURE):
        answer = reading.get(url, query)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["attr"] == field
