"""Reports by the API: the same figures as the functions behind the pages, for the eyes of whoever asks."""

from __future__ import annotations

from typing import Any

import pytest

from followups.models import Team
from followups.models.tickets import ClosedAs, TicketState
from followups.reports import metrics
from tests.api.conftest import Caller, Cast
from tests.factories import (
    DAY,
    NOW,
    make_account,
    make_contact,
    make_invitation,
    make_response,
    make_ticket,
    make_touchpoint,
)
from tests.followups.reports.lives import throw_together

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


def test_causes_touchpoints_and_people_are_those_of_the_pages(_now: None, reading: Caller) -> None:
    throw_together(2, tickets=40, answers=60)
    filters = metrics.ReportFilters(NOW.date() - 89 * DAY, NOW.date())
    asked = {"day_from": filters.day_from.isoformat(), "day_to": filters.day_to.isoformat()}
    causes = reading.get("/api/v1/reports/causes/", asked).json()
    assert causes["with_root_cause"] == metrics.causes_report(filters, now=NOW).known > 0
    assert sum(area["tickets"] for area in causes["areas"]) == causes["with_root_cause"]
    for compare in ("before", "none"):
        found = reading.get("/api/v1/reports/touchpoints/", {**asked, "compare": compare}).json()
        report = metrics.touchpoints_report(filters, compare, now=NOW)
        assert [row["n"] for row in found["touchpoints"]] == [each.scores.nps.n for each in report.touchpoints]
        assert (found["compared_with"] is None) == (compare == "none")
    people = reading.get("/api/v1/reports/people/", asked).json()["people"]
    expected = metrics.people_report(filters, now=NOW)
    assert [(row["user"], row["declared"], row["at_work"]) for row in people] == [
        (person.user.username, person.counts["declared"], person.at_work) for person in expected
    ]


def test_companies_come_page_by_page_and_have_a_name_for_whoever_works_with_them(
    _now: None, cast: Cast, reading: Caller
) -> None:
    for n in range(30):
        account = make_account(f"Company {n}", annual_value=1000 * n)
        make_ticket(make_response(3, contact=make_contact(account=account)), team=cast.other_team)
    theirs = make_account("Nordby", annual_value=10**6, segment="Key account")
    make_ticket(make_response(2, contact=make_contact(account=theirs)), team=cast.team)
    first = reading.get("/api/v1/reports/accounts/").json()
    assert (first["n"], len(first["accounts"]), first["accounts"][0]["name"]) == (31, 25, "Nordby")
    rest = reading.get("/api/v1/reports/accounts/", {"after": first["after"]}).json()
    assert (len(rest["accounts"]), rest["after"]) == (6, None)
    assert len({row["id"] for row in first["accounts"] + rest["accounts"]}) == 31
    assert reading.get("/api/v1/reports/accounts/", {"figure": "saved"}).json()["n"] == 0
    assert reading.get("/api/v1/reports/accounts/", {"figure": "rich"}).status_code == 400
    Team.objects.filter(is_default=True).update(is_default=False)
    Team.objects.filter(pk=cast.team.pk).update(is_default=True)
    mine = Caller(user=cast.agent).get("/api/v1/reports/accounts/").json()
    assert {row["name"] for row in mine["accounts"]} == {"Nordby", None}
    assert all(row["owner"] is None for row in mine["accounts"] if row["name"] is None)


def test_groups_by_company_have_a_name_for_whoever_works_with_them(_now: None, cast: Cast, reading: Caller) -> None:
    Team.objects.filter(is_default=True).update(is_default=False)
    Team.objects.filter(pk=cast.team.pk).update(is_default=True)
    for name, team in (("Solheim Transport", cast.other_team), ("Nordby", cast.team)):
        make_ticket(make_response(2, contact=make_contact(account=make_account(name))), team=team)
    for url in (NPS, CLOSURE):
        names = {group["name"] for group in reading.get(url, {"by": "account"}).json()["by_account"]}
        assert {"Solheim Transport", "Nordby"} <= names
        found = Caller(user=cast.agent).get(url, {"by": "account"})
        assert "Solheim" not in found.content.decode()
        assert "Nordby" in {group["name"] for group in found.json()["by_account"]}


def test_who_was_asked_at_a_touchpoint_is_for_leads(_now: None, cast: Cast, reading: Caller) -> None:
    asked, heard = make_touchpoint("Board meeting"), make_touchpoint("Onboarding")
    make_invitation(make_contact("Jo Berg", email="jo@kund.example"), touchpoint=asked)
    make_response(9, touchpoint=heard)
    url = "/api/v1/reports/touchpoints/"
    every = {row["slug"]: row["response_rate"] for row in reading.get(url).json()["touchpoints"]}
    assert every[asked.slug] == {"count": 0, "of": 1, "rate": None, "low": None, "high": None}
    Team.objects.filter(is_default=True).update(is_default=False)
    Team.objects.filter(pk=cast.team.pk).update(is_default=True)
    mine = {row["slug"]: row["response_rate"] for row in Caller(user=cast.agent).get(url).json()["touchpoints"]}
    assert asked.slug not in mine and mine[heard.slug] is None


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
