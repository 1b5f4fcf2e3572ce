"""/mailbox/in/: what was set aside is read as text, put on a case by hand or dismissed; files are downloads only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from followups.incoming_page import lying_too_long
from followups.models import Member, Reply, Team
from nps_loop.mail.inbound import keeping, working
from nps_loop.mail.models import Inbound
from tests.factories import (
    NOW,
    make_admin,
    make_contact,
    make_deadline,
    make_member,
    make_response,
    make_ticket,
    make_user,
)
from tests.mail.inbound.letters import raw, reply_address

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _mail_comes_in(settings, tmp_path) -> None:
    settings.MAIL_COMES_IN, settings.REPLY_DOMAIN, settings.DATA_DIR = True, "reply.example", tmp_path


def come_in(content: bytes) -> Inbound:
    row = keeping.store(content, route="imap", now=NOW)
    working.read_waiting(NOW)
    row.refresh_from_db()
    return row


def logged_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def team() -> Team:
    return Team.objects.get(is_default=True)


@pytest.fixture
def lead(team):
    user = make_user("Lena Lead")
    make_member(team, user, role=Member.Role.LEAD)
    return user


@pytest.fixture
def agent(team):
    user = make_user("Hanna Brandt")
    make_member(team, user)
    return user


@pytest.fixture
def ticket(team, agent):
    contact = make_contact("Marta", email="marta@nordby.example")
    ticket = make_ticket(make_response(3, contact=contact), owner=agent, team=team)
    make_deadline(ticket)
    return ticket


def test_a_lead_reads_what_was_set_aside_as_text_and_puts_it_on_a_ticket(lead, ticket) -> None:
    row = come_in(raw("Where is <script>alert(1)</script> my order?"))
    client = logged_in(lead)

    page = client.get(f"/mailbox/in/{row.pk}/").content.decode()
    assert "&lt;script&gt;" in page and "<script>alert" not in page

    answer = client.post(f"/mailbox/in/{row.pk}/land/", {"number": f"#{ticket.pk}"})
    assert answer["Location"] == f"/tickets/{ticket.pk}/"
    row.refresh_from_db()
    assert (row.state, row.case, row.handled_by) == ("landed", ticket.pk, lead)
    assert Reply.objects.get().logged_by is None
    client.post(f"/mailbox/in/{row.pk}/land/", {"number": ticket.pk})
    assert Reply.objects.count() == 1


@pytest.mark.parametrize("number", ["", "abc", "99999999", "٣", "1" * 30])
def test_a_number_of_no_ticket_is_refused_and_nothing_is_changed(lead, ticket, number: str) -> None:
    row = come_in(raw())

    page = logged_in(lead).post(f"/mailbox/in/{row.pk}/land/", {"number": number}, follow=True).content.decode()

    assert "give the number of a ticket" in page
    assert not Reply.objects.exists()


def test_a_mail_is_dismissed_once(lead) -> None:
    row = come_in(raw())
    client = logged_in(lead)

    client.post(f"/mailbox/in/{row.pk}/dismiss/")

    row.refresh_from_db()
    assert row.state == Inbound.State.IGNORED
    assert "Nothing was set aside" in client.get("/mailbox/in/").content.decode()
    assert "already" in client.post(f"/mailbox/in/{row.pk}/dismiss/", follow=True).content.decode()


def test_an_agent_and_somebody_of_another_team_see_nothing_of_it(agent, ticket) -> None:
    row = come_in(raw())
    stranger = make_user("Olaf")

    for user in (agent, stranger):
        client = logged_in(user)
        assert client.get("/mailbox/in/").status_code == 404
        assert client.post(f"/mailbox/in/{row.pk}/land/", {"number": ticket.pk}).status_code == 404
        assert client.post(f"/mailbox/in/{row.pk}/dismiss/").status_code == 404


def test_a_file_is_only_ever_a_download_and_only_for_those_who_see_the_case(agent, ticket) -> None:
    body = (
        "--b\nContent-Type: text/plain\n\nSee the picture.\n--b\nContent-Type: text/html; name=x\n"
        'Content-Disposition: attachment; filename="../../e\u202evil\\".html"\n\n<script>alert(1)</script>\n--b--'
    )
    row = come_in(raw(body, to=reply_address(ticket), content_type='multipart/mixed; boundary="b"'))
    file = row.attachments.get()
    assert "/" not in file.name and "\u202e" not in file.name

    client = logged_in(agent)
    assert f"/mailbox/in/{row.pk}/files/{file.pk}/" in client.get(f"/tickets/{ticket.pk}/").content.decode()
    answer = client.get(f"/mailbox/in/{row.pk}/files/{file.pk}/")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert b"".join(answer.streaming_content).strip() == b"<script>alert(1)</script>"
    assert logged_in(make_user("Olaf")).get(f"/mailbox/in/{row.pk}/files/{file.pk}/").status_code == 404


def test_one_click_on_the_ticket_adds_the_other_address(agent, ticket) -> None:
    row = come_in(raw("From home.", to=reply_address(ticket), sender="marta@home.example"))
    client = logged_in(agent)
    assert "from another address" in client.get(f"/tickets/{ticket.pk}/").content.decode()

    page = client.post(f"/mailbox/in/{row.pk}/add-address/", follow=True).content.decode()

    assert ticket.contact.keys.filter(value="marta@home.example").exists()
    assert "This is their address, too" not in page


def test_what_lies_there_over_four_working_hours_is_on_the_page_of_the_team(lead, ticket) -> None:
    come_in(raw())
    calendar = ticket.team.calendar
    assert lying_too_long(calendar, now=NOW + timedelta(hours=1)) == 0
    assert lying_too_long(calendar, now=NOW + timedelta(days=4)) == 1
    Inbound.objects.update(received_at=NOW - timedelta(days=30))
    assert "set aside more than four working hours ago" in logged_in(lead).get("/team/").content.decode()


def test_the_page_of_an_administrator_without_any_mail(lead) -> None:
    page = logged_in(make_admin()).get("/mailbox/in/?view=all")
    assert page.status_code == 200 and "Nothing was set aside" in page.content.decode()
