"""The list of invitations, and the sections of the report that open it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from followups.models import Team
from surveys.models import Invitation
from tests.factories import (
    DAY,
    NOW,
    make_account,
    make_admin,
    make_contact,
    make_response,
    make_survey,
    make_team,
    make_ticket,
    make_user,
)
from tests.surveys.asking.rows import make_planned

pytestmark = pytest.mark.django_db
PAGE = "/surveys/invitations/"


@pytest.fixture(autouse=True)
def _now(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


def page(who: Any, path: str = PAGE) -> Any:
    client = Client()
    client.force_login(who)
    return client.get(path)


@pytest.fixture
def rows() -> list[Invitation]:
    survey = make_survey("Yearly", slug="yearly")
    marta = make_contact("Marta Lindqvist", account=make_account("Halden", segment="Key account"))
    return [
        make_planned(survey, marta, state="stopped", stopped_by="resting"),
        make_planned(survey, sent_at=NOW - 3 * DAY),
        make_planned(make_survey("After delivery"), state="answered", sent_at=NOW - 100 * DAY),
    ]


def test_whoever_leads_nobody_does_not_find_it(rows: list[Invitation]) -> None:
    assert page(make_user()).status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [2, 1, 0]),
        ("?survey=yearly", [1, 0]),
        ("?state=stopped", [0]),
        ("?state=asked", [2, 1]),
        ("?rule=resting", [0]),
        ("?rule=merged", []),
        ("?day_from=2026-11-20", [1, 0]),
        ("?day_to=2026-11-01", [2]),
        ("?segment=Key+account", [0]),
        ("?state=nonsense&survey=nope&day_from=x&account_owner=x", [2, 1, 0]),
        ("?touchpoint=a%00b&after=x", [2, 1, 0]),
    ],
)
def test_it_is_narrowed_by_survey_state_rule_and_day(query: str, found: list[int], rows: list[Invitation]) -> None:
    answer = page(make_admin(), PAGE + query)
    assert answer.status_code == 200
    assert [row.invitation for row in answer.context["page"].rows] == [rows[n] for n in found]


def test_a_lead_reads_the_names_of_customers_of_own_teams_only(rows: list[Invitation]) -> None:
    lead, other = make_user(), make_user()
    team = make_team(lead=lead)
    make_team(lead=other)
    make_ticket(team=team, answer={"contact": rows[0].contact})

    assert b"Marta Lindqvist" in page(lead).content
    unnamed = page(other).content
    assert b"Marta Lindqvist" not in unnamed and b"A customer, key account" in unnamed
    assert b"was asked lately" in unnamed


def test_it_pages_at_a_constant_cost(django_assert_max_num_queries: Any) -> None:
    survey, admin = make_survey(), make_admin()
    for _ in range(60):
        make_planned(survey)
    client = Client()
    client.force_login(admin)
    with django_assert_max_num_queries(14):
        answer = client.get(PAGE)
    assert len(answer.context["page"].rows) == 50
    following = client.get(f"{PAGE}?{answer.context['page'].next_query}")
    assert len(following.context["page"].rows) == 10


def test_every_number_of_the_report_opens_as_many_as_it_counts() -> None:
    # The page of an administrator begins with the team that takes the rest.
    survey, team = make_survey("Yearly"), Team.objects.get(is_default=True)
    for n in range(24):
        first = make_response(3, contact=make_contact(), responded_at=NOW - 25 * DAY)
        make_ticket(first, team=team, state="closed", closed_at=NOW - 20 * DAY)
        answer = make_response(9, contact=first.contact, responded_at=NOW - DAY)
        make_planned(
            survey, first.contact, cause="recovery", recovers=first, state="answered", response=answer,
            sent_at=NOW - 2 * DAY,
        )  # fmt: skip
        make_planned(survey, state="stopped", stopped_by="open_case" if n % 2 else "resting")
    client = Client()
    client.force_login(make_admin())

    def behind(path: str, list_of: str) -> dict[str, Client]:
        """The lists that the page opens, by address."""
        page = client.get(path).content.decode()
        found = {unescape(href) for href in re.findall(r'href="([^"]+)"', page) if list_of in href}
        return {href: client.get(href) for href in found}

    tickets = behind("/reports/closure/", "/tickets/?")
    for figure in ("asked_again", "recovered_detractor"):
        [answer] = [answer for href, answer in tickets.items() if href.endswith(f"figure={figure}")]
        assert "24 tickets" in answer.content.decode()
    invitations = behind("/reports/touchpoints/", "/surveys/invitations/")
    assert sorted(answer.context["page"].n for answer in invitations.values()) == [12, 12, 24, 24, 24, 24]


def test_an_agent_sees_recovery_and_not_who_was_asked() -> None:
    make_planned(sent_at=NOW - DAY)
    answer = page(make_user(), "/reports/touchpoints/")
    assert answer.status_code == 200 and answer.context["page"].asked is None
    assert "/surveys/invitations/" not in answer.content.decode()
