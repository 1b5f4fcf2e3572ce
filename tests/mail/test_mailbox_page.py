from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from nps_loop import links
from nps_loop.links import Target
from nps_loop.mail import hooks, mailbox
from nps_loop.mail.models import Message, Stream, Suppression
from tests.factories import NOW, make_admin, make_message, make_user

State = Message.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    client.force_login(user := make_admin())
    return user


@pytest.fixture
def agent(client, monkeypatch):
    """Somebody who may see case 7 alone."""
    user = make_user("Hanna Brandt")
    monkeypatch.setattr(hooks, "visible_cases", lambda who: [7] if who == user else [])
    client.force_login(user)
    return user


def test_nobody_reads_mails_without_logging_in(client):
    row = make_message()
    for name in ("mail", "mail-html", "mail-text"):
        assert client.get(reverse(name, args=[row.pk])).status_code == 302
    assert client.get("/mailbox/").status_code == 302
    for name in ("mail-again", "mail-came-back"):
        assert client.post(reverse(name, args=[row.pk])).status_code == 302


def test_an_agent_sees_mails_of_own_cases_and_notices_to_themselves(client, agent):
    own = make_message(case=7, subject="Case seven")
    other = make_message(case=8, subject="Case eight")
    invitation = make_message(stream=Stream.SURVEYS, subject="One question")
    notice = make_message(stream=Stream.STAFF, recipient=agent.email, subject="A ticket is yours")
    colleague = make_message(stream=Stream.STAFF, recipient="nils@nordfracht.example", subject="A ticket is his")

    page = client.get("/mailbox/").content.decode() + client.get("/mailbox/?view=staff").content.decode()

    for row in (own, notice):
        assert row.subject in page
    for row in (other, invitation, colleague):
        assert row.subject not in page
        for name in ("mail", "mail-html", "mail-text"):
            assert client.get(reverse(name, args=[row.pk])).status_code == 404
        for name in ("mail-again", "mail-came-back"):
            assert client.post(reverse(name, args=[row.pk])).status_code == 404
    assert client.get(reverse("mail", args=[own.pk])).status_code == 200


def test_counts_beside_the_views_are_of_what_one_may_see(client, agent):
    make_message(case=7, state=State.FAILED)
    make_message(case=8, state=State.FAILED)

    tabs = mailbox.page(agent, {}, now=NOW).tabs

    assert {tab.label: tab.count for tab in tabs}["Not delivered"] == "1"


def test_an_administrator_sees_every_mail(client, admin):
    make_message(case=8, subject="Case eight")

    assert "Case eight" in client.get("/mailbox/").content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"a", "b", "c"}),
        ("?view=waiting", {"a"}),
        ("?view=not_sent", {"b"}),
        ("?view=failed", {"c"}),
        ("?view=staff", {"d"}),
        ("?kind=delay", {"a"}),
        ("?q=B@CLIENT", {"b"}),
        ("?view=failed&q=b@client", set()),
        ("?view=nonsense&kind=nonsense&before=-1", {"a", "b", "c"}),
        ("?before=99999999999999999999999", {"a", "b", "c"}),
        ("?kind=notice_lead", {"d"}),
    ],
)
def test_the_list_is_narrowed_by_state_kind_and_address(client, admin, query, found):
    make_message(recipient="a@client.example", kind="delay")
    make_message(recipient="b@client.example", state=State.SKIPPED, reason="Not sent: told lately.")
    make_message(recipient="c@client.example", state=State.BOUNCED, ended_at=NOW)
    make_message(recipient="d@halden.example", state=State.SENT, stream=Stream.STAFF, kind="notice_lead", sent_at=NOW)

    shown = client.get(f"/mailbox/{query}").context["page"].rows

    assert {row.message.recipient[0] for row in shown} == found


def test_older_mails_follow_by_key(client, admin, monkeypatch):
    monkeypatch.setattr(mailbox, "PAGE", 3)
    rows = [make_message() for _ in range(7)]

    url, seen = "?", []
    while url:
        page = client.get(f"/mailbox/{url}").context["page"]
        seen += [row.message.pk for row in page.rows]
        url = page.older_url

    assert seen == [row.pk for row in reversed(rows)]


def test_the_list_costs_the_same_for_many_mails(client, admin, django_assert_max_num_queries):
    for _ in range(60):
        make_message(written_by=admin)

    with django_assert_max_num_queries(12):
        client.get("/mailbox/")


def test_opening_a_mail_shows_how_it_went(client, admin):
    row = make_message(
        state=State.FAILED, recipient_name="Marta Lindqvist", reason="The mail server refused it: 550.", attempts=1
    )

    page = client.get(reverse("mail", args=[row.pk])).content.decode()

    assert "The mail server refused it: 550." in page
    assert row.message_id.strip("<>") in page
    assert f'action="{reverse("mail-again", args=[row.pk])}"' in page


def test_a_mail_whose_process_died_says_that_nobody_can_tell(client, admin):
    row = make_message(
        state=State.SENDING, recipient_name="Marta Lindqvist", leased_until=timezone.now() - timedelta(seconds=1)
    )

    page = client.get(reverse("mail", args=[row.pk])).content.decode()

    assert "We cannot tell whether this mail left. Check with Marta Lindqvist before you send it again." in page


def test_a_mail_number_beyond_all_is_not_found(client, admin):
    assert client.get(f"/mailbox/{10**30}/").status_code == 404


# --- the mail in its frame -------------------------------------------------------------------------------------


def framed(client, row: Message):
    return client.get(reverse("mail-html", args=[row.pk]))


def test_the_frame_has_a_policy_of_its_own_that_loads_and_runs_nothing(client, admin):
    row = make_message(html="<html><head></head><body><script>alert(1)</script></body></html>")

    response = framed(client, row)

    policy = dict(part.strip().partition(" ")[::2] for part in response["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'self'"
    assert policy["form-action"] == policy["base-uri"] == "'none'"
    assert policy["sandbox"] == ""
    assert "script-src" not in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert response["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response["Cache-Control"]


def test_the_page_itself_keeps_the_strict_policy_and_sandboxes_the_frame(client, admin):
    row = make_message(html="<p>x</p>")

    response = client.get(reverse("mail", args=[row.pk]))

    assert "'unsafe-inline'" not in response["Content-Security-Policy"]
    assert "frame-src 'self'" in response["Content-Security-Policy"]
    page = response.content.decode()
    assert f'src="{reverse("mail-html", args=[row.pk])}" sandbox referrerpolicy' in page


def test_links_lead_nowhere_for_colleagues(client, admin, monkeypatch):
    monkeypatch.setitem(links.targets, "loop", lambda ids: {pk: Target(1) for pk in ids})
    row = make_message(
        state=State.SENT,
        sent_at=NOW,
        html='<head></head><a href="[[link:loop]]#settled">yes</a>',
        text="[[link:loop]]",
        links={"loop": ["loop", 5]},
    )

    html = framed(client, row).content.decode()
    text = client.get(reverse("mail-text", args=[row.pk])).content.decode()

    assert "<a>yes</a>" in html
    assert text == "http://testserver/…/"


def test_links_work_in_the_demo(client, admin, settings, monkeypatch):
    settings.DEMO = True
    monkeypatch.setitem(links.targets, "loop", lambda ids: {pk: Target(1) for pk in ids})
    row = make_message(
        state=State.SENT,
        sent_at=NOW,
        html='<html><head></head><a href="[[link:loop]]">yes</a>',
        links={"loop": ["loop", 5]},
    )

    response = framed(client, row)
    page = client.get(reverse("mail", args=[row.pk])).content.decode()

    html = response.content.decode()
    token = html.partition("/loop/")[2].partition("/")[0]
    assert links.read(token, "loop").object_id == 5
    assert '<base target="_blank">' in html
    assert response["Content-Security-Policy"].endswith("sandbox allow-popups allow-popups-to-escape-sandbox")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page


def test_the_text_twin_is_plain_text_whatever_it_holds(client, admin):
    row = make_message(text="<script>alert(1)</script>")

    response = client.get(reverse("mail-text", args=[row.pk]))

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response.content.decode() == "<script>alert(1)</script>"


def test_what_customers_wrote_is_text_on_the_page(client, admin):
    row = make_message(subject="<script>alert(1)</script>", recipient_name="<b>Eve</b>", html="<p>x</p>")

    page = client.get(reverse("mail", args=[row.pk])).content.decode()

    assert "<script>alert(1)</script>" not in page
    assert "<b>Eve</b>" not in page


# --- what one can do -------------------------------------------------------------------------------------------


def test_a_failed_mail_is_sent_again_by_a_press(client, admin):
    row = make_message(state=State.FAILED, ended_at=NOW, attempts=4, reason="refused")

    response = client.post(reverse("mail-again", args=[row.pk]), follow=True)

    row.refresh_from_db()
    assert (row.state, row.attempts) == (State.QUEUED, 0)
    assert "on its way once more" in response.content.decode()


@pytest.mark.parametrize("name", ["mail-again", "mail-came-back"])
def test_looking_changes_nothing(client, admin, name):
    row = make_message(state=State.FAILED)

    assert client.get(reverse(name, args=[row.pk])).status_code == 405


def test_a_mail_that_was_accepted_is_not_sent_again(client, admin):
    row = make_message(state=State.SENT, sent_at=NOW)

    response = client.post(reverse("mail-again", args=[row.pk]), follow=True)

    row.refresh_from_db()
    assert row.state == State.SENT
    assert "This one was not." in response.content.decode()


def test_a_person_can_note_that_a_mail_came_back(client, admin):
    row = make_message(state=State.SENT, sent_at=NOW)

    client.post(reverse("mail-came-back", args=[row.pk]))
    again = client.post(reverse("mail-came-back", args=[row.pk]), follow=True)

    row.refresh_from_db()
    assert (row.state, row.reason) == (State.BOUNCED, f"Noted by {admin.name}.")
    assert Suppression.objects.filter(address=row.recipient, stream="case", reason="bounced").exists()
    assert "This one was not." in again.content.decode()


@pytest.mark.parametrize("state", State.values)
def test_every_state_has_words(client, admin, state):
    row = make_message(state=state, ended_at=NOW, html="<p>x</p>")

    assert client.get(reverse("mail", args=[row.pk])).status_code == 200
    assert mailbox.Row(row, NOW).tag["text"]
