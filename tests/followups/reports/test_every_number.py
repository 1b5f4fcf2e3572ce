"""Every number on every report page is a link, and what it opens holds as many as it says."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from followups.models import Member, RootCause, Team, Ticket
from nps_loop.people.models import User
from surveys.models import Contact, Invitation, Response, Touchpoint
from tests import factories as make
from tests.factories import DAY, NOW
from tests.followups.reports import numbers
from tests.followups.reports.lives import throw_together
from tests.surveys.asking.rows import make_planned

pytestmark = [pytest.mark.longest, pytest.mark.django_db, pytest.mark.usefixtures("clock")]

PAGES = ("", "closure/", "times/", "causes/", "people/", "touchpoints/", "accounts/")


@pytest.fixture
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def company(seed: int) -> dict[str, User]:
    """Tickets, answers, companies, causes below causes and questions asked again, at random; and who looks at them."""
    chance = random.Random(seed)
    throw_together(seed, tickets=70, answers=150)
    areas = [make.make_root_cause(f"Area {n}") for n in range(2)]
    for cause in RootCause.objects.exclude(pk__in=[area.pk for area in areas])[:4]:
        cause.parent = chance.choice(areas)
        cause.save(update_fields=["parent"])
    accounts = [make.make_account(annual_value=chance.choice([None, 1000 * chance.randint(1, 90)])) for _ in range(35)]
    for response in Response.objects.all():
        response.account = chance.choice(accounts)
        response.contact = make.make_contact(account=response.account)
        response.save(update_fields=["account", "contact"])
        Ticket.objects.filter(response=response).update(account=response.account, contact=response.contact)
    survey, touchpoints = make.make_survey(), list(Touchpoint.objects.all())
    closed = Ticket.objects.filter(state="closed").select_related("response")
    closed.update(closed_at=NOW - 10 * DAY)
    for ticket in closed[:12]:
        answer = make.make_response(chance.randint(4, 10), contact=ticket.contact) if chance.random() < 0.7 else None
        make_planned(
            survey, ticket.contact, cause="recovery", recovers=ticket.response, case=ticket.pk, response=answer,
            state="answered" if answer else "sent", sent_at=NOW - 5 * DAY,
        )  # fmt: skip
    for contact in Contact.objects.all()[:60]:
        state = chance.choice(Invitation.State.values)
        rule = Invitation.Rule.RESTING if state == "stopped" else ""
        make_planned(survey, contact, state=state, stopped_by=rule, touchpoint=chance.choice([*touchpoints, None]))
    for response in Response.objects.filter(ticket=None).order_by("pk")[:60]:
        # So that the days before have answers as well.
        response.day -= 90 * DAY
        response.save(update_fields=["day"])
    # Leads one team and works in the other: figures about persons are of the first alone.
    lead, admin = make.make_user("Tomás Ferreira"), make.make_admin()
    north, south = Team.objects.get(name="North"), Team.objects.get(name="South")
    make.make_member(north, lead, role=Member.Role.LEAD, capacity=0)
    make.make_member(south, lead, capacity=5)
    agent = Member.objects.filter(team=south, role=Member.Role.AGENT).exclude(user=lead).select_related("user")[0].user
    return {"lead": lead, "agent": agent, "admin": admin}


@pytest.fixture
def short_pages(monkeypatch: Any) -> None:
    """Lists of one row: what they state is read, and drawing the others would take most of the time."""
    for page in ("tickets_page", "reports.answers_page", "reports.promises_page", "invitations_page"):
        monkeypatch.setattr(f"followups.{page}.PAGE", 1)


MORE = pytest.mark.full


@pytest.mark.usefixtures("short_pages")
@pytest.mark.parametrize(
    ("seed", "who", "query"),
    [
        (3, "lead", "?by=person"),
        (3, "agent", ""),
        (3, "admin", "?compare=year&by=team&period=year"),
        (3, "lead", "?as_of=2026-11-20T12:00:00Z&by=segment"),
        pytest.param(4, "lead", "?segment=Key+account&by=segment", marks=MORE),
        pytest.param(5, "admin", "?band=detractor&by=language&region=Nordics&brand=nordfracht", marks=MORE),
    ],
)
def test_every_number_opens_what_it_counted(seed: int, who: str, query: str) -> None:
    user = company(seed)[who]
    client = client_of(user)
    follower, wrong, held = numbers.Follower(client), [], 0
    for page in PAGES:
        if page == "people/" and who == "agent":
            assert client.get("/reports/people/").status_code == 404
            continue
        answer = client.get(f"/reports/{page}{query}")
        assert answer.status_code == 200
        found, n = numbers.wrong_numbers(answer.content.decode(), follower)
        wrong += [f"/reports/{page}{query}: {line}" for line in found]
        held += n
    print(f"\n{who}: {held} numbers held, {len(follower.counts)} lists opened")
    assert not wrong, "\n".join(wrong)
    assert held > 300


def test_under_twenty_answers_every_number_is_a_link_as_well() -> None:
    lead = make.make_user()
    team = make.make_team("North", lead=lead, is_default=True)
    for score in (2, 5, 9):
        make.make_response(score)
    make.make_ticket(make.make_response(4), team=team, resolution_due_at=NOW, told_at=NOW, state="resolved")
    client = client_of(lead)
    follower = numbers.Follower(client)
    for page in PAGES:
        found, _ = numbers.wrong_numbers(client.get(f"/reports/{page}").content.decode(), follower)
        assert not found


# --- the test itself fails where it should -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "complaint"),
    [
        ("<p>There are 12 tickets.</p>", "no link: 'There are 12 tickets.'"),
        ("<p>81 % in time</p>", "no link: '81 % in time'"),
        ('<svg><text class="note">13</text></svg>', "no link: '13'"),
        ("<table><tr><th>A</th><td>7</td></tr></table>", "no link: '7'"),
        ('<p><a href="/tickets/?figure=cohort">4</a></p>', "3 behind"),
        ('<p><a href="/tickets/?figure=cohort">50 %<span class="vh"> told, 3 of 4</span></a></p>', "no such rate"),
        ('<p><a href="/reports/answers/">+12<span> NPS of 3 answers</span></a></p>', "NPS -100 behind"),
        ('<svg><a href="/tickets/?figure=cohort"><title>May: 5 tickets</title><rect/></a></svg>', "3 behind"),
    ],
)
def test_a_number_without_a_link_or_with_another_count_is_found(part: str, complaint: str) -> None:
    for _ in range(3):
        make.make_ticket(score=2)
    client = client_of(make.make_admin())
    found, _ = numbers.wrong_numbers(f"<main>{part}</main>", numbers.Follower(client))
    assert [line for line in found if complaint in line], found


@pytest.mark.parametrize(
    "part",
    [
        "<p>71 to 87 %</p>",
        "<p>−17 ± 18 points</p>",
        "<p>24 Aug to 22 Nov</p>",
        "<p>Half within 31 h.</p>",
        "<svg><text>40 %</text></svg>",
        '<p><a href="/tickets/?figure=cohort">3</a> <span>(46 %)</span></p>',
        "<table><tr><th>24 to 48 h</th></tr></table>",
    ],
)
def test_what_may_stand_alone_does(part: str) -> None:
    for _ in range(3):
        make.make_ticket(score=2)
    found, _ = numbers.wrong_numbers(f"<main>{part}</main>", numbers.Follower(client_of(make.make_admin())))
    assert not found


def test_lists_hold_as_many_rows_as_they_state() -> None:
    """Read to the last page, row by row."""
    client = client_of(company(6)["admin"])
    for href in ("/tickets/?figure=cohort", "/reports/answers/", "/reports/promises/", "/surveys/invitations/"):
        stated, rows, at = numbers.Follower(client).count(href), 0, href
        while at:
            html = client.get(at).content.decode()
            rows += numbers.rows_of(html)
            following = numbers.following(html)
            at = href.partition("?")[0] + following if following.startswith("?") else following
        assert rows == stated > 20, href


def test_a_list_behind_a_figure_counts_to_its_end(monkeypatch: Any) -> None:
    monkeypatch.setattr("followups.counting.LIMIT", 3)
    monkeypatch.setattr("followups.counting.count_each.__defaults__", (3,))
    for _ in range(5):
        make.make_ticket(score=2)
    client = client_of(make.make_admin())
    assert "5 tickets" in client.get("/tickets/?figure=cohort").content.decode()
