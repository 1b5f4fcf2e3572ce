"""Coming in and going out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from tests.factories import make_admin, make_member, make_team, make_user

pytestmark = pytest.mark.django_db
WRONG = "That name and password do not belong together."


def log_in(client: Client, username: str, password: str = "demo-password", **fields: str) -> Any:
    return client.post("/login/", {"username": username, "password": password, **fields})


def test_each_role_starts_its_day_on_its_own_page(client: Client) -> None:
    lead, agent, office = make_user("Lea Ortiz"), make_user("Hanna Brandt"), make_user("Bea Ofis")
    make_team(lead=lead, agents=(agent,))
    make_member(make_team(takes_tickets=False), office)
    deputy = make_user("Dee Puty")
    make_member(make_team(), deputy, role="deputy")
    starts = {lead: "/team/", office: "/actions/", make_admin(): "/team/", deputy: "/team/"}
    for user, page in starts.items():
        client.force_login(user)
        assert client.get("/")["Location"] == page, user
    client.force_login(agent)
    assert "Nobody is waiting for you today" in client.get("/").content.decode()


def test_whoever_is_not_logged_in_is_asked_to(client: Client) -> None:
    assert client.get("/")["Location"] == "/login/?next=/"


def test_logging_in_leads_on_but_to_no_other_site(client: Client) -> None:
    user = make_user("Hanna Brandt", password="demo-password")
    assert log_in(client, user.username)["Location"] == "/"
    assert log_in(client, user.username, next="/tickets/7/")["Location"] == "/tickets/7/"
    assert log_in(client, user.username, next="https://evil.test/")["Location"] == "/"


def test_wrong_name_wrong_password_and_deactivated_read_the_same(client: Client) -> None:
    user = make_user("Hanna Brandt", password="demo-password")
    gone = make_user("Gone Away", password="demo-password", is_active=False)
    pages = [
        log_in(client, user.username, "wrong").content.decode(),
        log_in(client, "nobody.at.all").content.decode(),
        log_in(client, gone.username).content.decode(),
    ]
    bare = {re.sub(r'(name="username"[^>]*value|csrfmiddlewaretoken" value)="[^"]*"', "", page) for page in pages}
    assert len(bare) == 1
    assert WRONG in pages[0]


def test_five_wrong_passwords_lock_the_pair_and_say_for_how_long(client: Client, settings: Any) -> None:
    settings.AXES_ENABLED = True
    user = make_user("Hanna Brandt", password="demo-password")
    answers = [log_in(client, user.username, "wrong") for _ in range(5)]
    assert answers[3].status_code == 200
    assert answers[4].status_code == 429
    page = answers[4].content.decode()
    assert "Nobody can log in with this name from here for 15 minutes" in page
    assert log_in(client, user.username).status_code == 429
    other = make_user("Jo Whitfield", password="demo-password")
    assert log_in(client, other.username).status_code == 302
    assert log_in(Client(REMOTE_ADDR="203.0.113.9"), user.username).status_code == 302


def test_going_out_takes_a_post(client: Client) -> None:
    client.force_login(make_user())
    assert client.get("/logout/").status_code == 405
    assert client.get("/").headers["Location"] != "/login/?next=/"
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/")["Location"] == "/login/?next=/"


def test_a_log_in_needs_the_token_against_forged_requests() -> None:
    user = make_user(password="demo-password")
    assert log_in(Client(enforce_csrf_checks=True), user.username).status_code == 403


def test_a_deactivated_person_s_open_pages_close(client: Client) -> None:
    user = make_user()
    client.force_login(user)
    assert client.get("/")["Location"] != "/login/?next=/"
    user.is_active = False
    user.save()
    assert client.get("/")["Location"] == "/login/?next=/"
