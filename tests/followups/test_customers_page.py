"""The customer's page through its address: looking decides nothing, a press from the page does, once."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from followups import workflow
from followups.actors import Actor
from followups.assignment import assign_waiting
from followups.loop_building import page_of, reread
from followups.messages.letters import Reader
from followups.models import ActionMove, Conversation, RootCause, Team, Ticket
from followups.opening import open_awaiting
from nps_loop import links
from nps_loop.mail.delivery import deliver_due
from nps_loop.mail.models import Message
from nps_loop.moments import moment_in_words, unbroken
from nps_loop.people.models import User
from tests.factories import make_account, make_action, make_contact, make_member, make_response, make_ticket, make_user

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = "I mind silence. <script>alert(1)</script> Nobody told us anything."


@pytest.fixture
def case() -> Ticket:
    """A ticket at work, opened a moment ago, with Hanna."""
    now = timezone.now()
    team = Team.objects.get(is_default=True)
    hanna = make_user("Hanna Brandt")
    make_member(team, hanna)
    make_member(team, make_user("Tomás Rey"), role="lead", capacity=0)
    account = make_account("Nordby Cold Chain", owner=hanna)
    marta = make_contact("Marta Lindqvist", account=account, email="marta@nordby.example", phone="+46 1")
    response = make_response(
        3, contact=marta, verbatim=WORDS, received_at=now, responded_at=now - timedelta(hours=2), decided_revision=0
    )
    open_awaiting(now=now)
    assign_waiting(now=now)
    deliver_due(timezone.now())
    return Ticket.objects.get(response=response)


@pytest.fixture
def resolved(case: Ticket) -> Ticket:
    now = timezone.now()
    me = Actor.person(User.objects.get(first_name="Hanna"))
    settled = workflow.Settlement(
        "Repaired the imports.", RootCause.objects.get(slug="product-fault"), "We split.", "mail"
    )
    case = workflow.log_contact(
        case, actor=me, now=now, version=case.version, channel="phone", outcome="spoke", settled=settled
    )
    deliver_due(timezone.now())
    case.refresh_from_db()
    return case


def address(ticket: Ticket) -> str:
    conversation = Conversation.objects.get(pk=ticket.conversation_id)
    return f"/loop/{links.make('loop', conversation.pk, conversation.generation)}/"


def press(client: Client, ticket: Ticket, verdict: str, **fields: str) -> int:
    status: int = client.post(
        address(ticket), {"verdict": verdict, "cycle": str(ticket.cycle), **fields}, follow=True
    ).status_code
    ticket.refresh_from_db()
    return status


def test_a_new_case_says_whose_turn_it_is_and_shows_the_words_as_text(client: Client, case: Ticket) -> None:
    page = client.get(address(case))
    text = page.content.decode()
    assert page.status_code == 200 and page["Referrer-Policy"] == "same-origin"
    assert "Hanna Brandt, who looks after Nordby Cold Chain, gets in touch" in text
    assert "<script>alert" not in text and "&lt;script&gt;alert(1)" in text


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_a_hundred_times_decides_nothing(client: Client, resolved: Ticket, method: str) -> None:
    version = resolved.version
    for query in ["", "?answer=settled", "?said=settled", "?verdict=settled&cycle=0"] * 25:
        getattr(client, method)(address(resolved) + query)
    resolved.refresh_from_db()
    assert (resolved.state, resolved.version) == ("resolved", version)


def test_what_no_database_stores_is_left_out_of_a_customer_s_words(client: Client, resolved: Ticket) -> None:
    assert press(client, resolved, "not_yet", words="Still\x00 failing.") == 200
    assert resolved.verdicts.get().text == "Still failing."


def test_settled_closes_as_confirmed_and_a_second_press_changes_nothing(client: Client, resolved: Ticket) -> None:
    assert press(client, resolved, "settled") == 200
    assert (resolved.state, resolved.closed_as) == ("closed", "confirmed")
    version = resolved.version
    assert press(client, resolved, "settled") == 409
    assert resolved.version == version


def test_not_yet_opens_it_again_and_says_by_when(client: Client, resolved: Ticket) -> None:
    page = client.post(address(resolved), {"verdict": "not_yet", "cycle": "0", "words": "Still failing."}, follow=True)
    resolved.refresh_from_db()
    assert (resolved.state, resolved.cycle, resolved.customer_waits) == ("assigned", 1, True)
    text = page.content.decode()
    assert "It is open again" in text and "Hanna Brandt answers you" in text
    mail = Message.objects.get(kind="reopened")
    assert "Still failing." in mail.text and mail.state != "skipped"
    lead = User.objects.get(first_name="Tomás")
    assert Message.objects.filter(recipient=lead.email, subject__startswith="Open again").exists()


@pytest.mark.parametrize("language", ["en", "de", "es", "fr"])
def test_when_the_lead_was_told_is_a_moment_ago_for_an_hour_and_then_a_day_and_a_time(
    resolved: Ticket, language: str
) -> None:
    assert resolved.contact is not None
    resolved.contact.language = language
    resolved.contact.save()
    press(Client(), resolved, "not_yet")
    said_at = datetime(2026, 11, 26, 13, 5, tzinfo=UTC)
    resolved.verdicts.update(happened_at=said_at)
    ticket = reread(resolved)
    moment = unbroken(moment_in_words(said_at, language, Reader.of(ticket).zone, now=said_at), language)
    soon = page_of(ticket, now=said_at + timedelta(minutes=59)).next_step
    assert "26" not in soon and "Tomás Rey" in soon
    next_day = page_of(ticket, now=said_at + timedelta(days=1)).next_step
    assert next_day != soon and moment in next_day, next_day


@pytest.mark.parametrize(
    ("language", "told_on"),
    [
        ("en", "Tuesday, 1\u00a0December"),
        ("de", "Dienstag, 1.\u00a0Dezember"),
        ("es", "martes, 1\u00a0de\u00a0diciembre"),
        ("fr", "mardi 1er\u00a0décembre"),
    ],
)
def test_no_line_of_the_page_ends_inside_a_date(case: Ticket, language: str, told_on: str) -> None:
    assert case.contact is not None and case.response is not None
    case.contact.language = language
    case.contact.save()
    case.response.responded_at = case.response.received_at = datetime(2026, 12, 1, 12, tzinfo=UTC)
    case.response.save()
    case.deadlines.filter(target="first_contact").update(promised_at=datetime(2027, 1, 4, 17, tzinfo=UTC))
    page = page_of(reread(case), now=datetime(2026, 12, 2, 12, tzinfo=UTC))
    assert page.told_on == told_on and page.answered_on.startswith(told_on)
    for words in (page.by_when, page.as_of, page.answered_on):
        # Between the day, the month, a year and the unit of a clock.
        assert not re.search(r"\d(?:er|\.)? (?:de |Uhr|\w{3,})|de 2027| 2027", words), words


def test_not_yet_on_an_old_case_goes_to_the_case_that_is_open_and_the_link_still_works(
    client: Client, resolved: Ticket
) -> None:
    press(client, resolved, "settled")
    now = timezone.now()
    make_response(4, contact=resolved.contact, received_at=now, responded_at=now, decided_revision=0)
    open_awaiting(now=now)
    newer = Ticket.objects.latest("pk")
    old_link = address(resolved)
    form = {"verdict": "not_yet", "cycle": "0", "ticket": str(resolved.pk), "words": "It broke again."}
    answer = client.post(old_link, form, follow=True)
    resolved.refresh_from_db()
    assert (resolved.state, resolved.cycle, resolved.conversation) == ("assigned", 1, newer.conversation)
    assert answer.status_code == 200
    assert client.get(old_link).status_code == 200


def test_a_press_from_a_page_of_an_older_cycle_shows_what_is(client: Client, resolved: Ticket) -> None:
    press(client, resolved, "not_yet")
    late = client.post(address(resolved), {"verdict": "settled", "cycle": "0", "words": "Thanks all the same."})
    assert late.status_code == 409 and "Something had changed" in late.content.decode()
    resolved.refresh_from_db()
    assert resolved.state == "assigned"


def test_a_press_counts_for_the_ticket_its_page_showed_and_for_no_other(client: Client, resolved: Ticket) -> None:
    page = client.get(address(resolved)).content.decode()
    assert f'name="ticket" value="{resolved.pk}"' in page
    response = make_response(2, contact=resolved.contact)
    other = make_ticket(response, conversation=resolved.conversation, owner=resolved.owner, state="resolved")
    late = client.post(address(resolved), {"verdict": "settled", "cycle": "0", "ticket": str(resolved.pk)})
    assert late.status_code == 409
    other.refresh_from_db()
    assert other.state == "resolved"
    assert client.post(address(resolved), {"verdict": "settled", "cycle": "0", "ticket": "x"}).status_code == 409


def test_settled_before_resolving_is_an_event_and_resolving_then_confirms(client: Client, case: Ticket) -> None:
    assert press(client, case, "settled") == 200
    assert case.state == "assigned" and case.events.filter(verb="settled-early").exists()
    now = timezone.now()
    me = Actor.person(User.objects.get(first_name="Hanna"))
    cause = RootCause.objects.get(slug="product-fault")
    case = workflow.log_contact(
        case, actor=me, now=now, version=case.version, channel="phone", outcome="spoke",
        settled=workflow.Settlement("Repaired.", cause, "We split.", "talk"),
    )  # fmt: skip
    assert (case.state, case.closed_as) == ("closed", "confirmed")


def test_call_me_keeps_a_number_that_was_not_known(client: Client, case: Ticket) -> None:
    assert case.contact is not None
    case.contact.phone = ""
    case.contact.save()
    assert "Which number?" in client.get(address(case)).content.decode()
    press(client, case, "call_me", phone="+46 70 1", words="Before ten")
    case.contact.refresh_from_db()
    assert case.contact.phone == "+46 70 1" and case.customer_waits
    assert case.deadlines.filter(target="answer", met_at=None).exists()


def test_somebody_else_is_for_the_lead_to_decide(client: Client, case: Ticket) -> None:
    press(client, case, "somebody_else")
    lead = User.objects.get(first_name="Tomás")
    assert Message.objects.filter(recipient=lead.email, subject__contains="asks for somebody else").exists()
    assert case.customer_waits and case.deadlines.filter(target="answer", met_at=None).exists()


def test_leave_it_stops_every_mail(client: Client, resolved: Ticket) -> None:
    press(client, resolved, "leave_it")
    assert (resolved.state, resolved.closed_as, resolved.recovery_on) == ("closed", "unconfirmed", None)


def test_a_colleague_who_is_logged_in_can_look_and_not_press(client: Client, resolved: Ticket) -> None:
    client.force_login(User.objects.get(first_name="Hanna"))
    assert "logged in as a colleague" in client.get(address(resolved)).content.decode()
    assert press(client, resolved, "settled") == 403
    assert resolved.state == "resolved" and not resolved.verdicts.exists()


def test_in_the_demo_a_colleague_may_press_and_the_event_says_so(client: Client, resolved: Ticket, settings) -> None:  # type: ignore[no-untyped-def]
    settings.DEMO = True
    client.force_login(User.objects.get(first_name="Hanna"))
    assert press(client, resolved, "settled") == 200
    assert resolved.events.get(verb="settled").data["in_demo_by"]


def test_a_link_of_a_raised_generation_or_of_a_case_long_closed_shows_nothing(client: Client, resolved: Ticket) -> None:
    old = address(resolved)
    Conversation.objects.update(generation=2)
    assert client.get(old).status_code == 410
    assert "I mind silence" not in client.get(old).content.decode()
    press(client, resolved, "settled")
    Conversation.objects.update(closed_at=timezone.now() - timedelta(days=91))
    assert client.get(address(resolved)).status_code == 410


@pytest.mark.parametrize("token", ["", "x", "A" * 48, "-" * 48, "Ä" * 48])
def test_a_guessed_token_shows_nothing(client: Client, resolved: Ticket, token: str) -> None:
    assert client.get(f"/loop/{token}/").status_code in (404, 410)


def test_a_form_from_another_site_is_refused(resolved: Ticket) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(address(resolved), {"verdict": "settled", "cycle": "0"}).status_code == 403
    resolved.refresh_from_db()
    assert resolved.state == "resolved"


def test_a_missed_promise_is_said_before_the_customer_does(client: Client, case: Ticket) -> None:
    case.deadlines.filter(target="first_contact").update(promised_at=timezone.now() - timedelta(hours=1))
    assert "we did not keep one promise" in client.get(address(case)).content.decode()


def test_a_promise_that_passed_is_no_answer_to_by_when(client: Client, case: Ticket) -> None:
    case.deadlines.filter(target="first_contact").update(promised_at=timezone.now() - timedelta(hours=1))
    assert (
        "<b>No new time is promised yet. The lead of the team has been told.</b>"
        in client.get(address(case)).content.decode()
    )


def promised_and_moved(case: Ticket, at: datetime) -> Ticket:
    """A list was promised by Friday evening, 27 November, and that was moved to Wednesday `at` this moment."""
    first, later = datetime(2026, 11, 27, 17, 30, tzinfo=UTC), datetime(2026, 12, 2, 17, 30, tzinfo=UTC)
    told = {"planned_at": first - timedelta(days=2), "told_at": first - timedelta(days=2)}
    action = make_action(case, title="Send the list.", first_promised_at=first, **told)
    action.due_at = later
    action.save()
    ActionMove.objects.create(
        action=action, from_at=first, to_at=later, reason="We check older imports too.", happened_at=at
    )
    return reread(case)


@pytest.mark.parametrize(
    ("language", "when", "note"),
    [
        ("en", "by Friday evening, 27 November", "Moved: by Wednesday evening, 2 December."),
        ("de", "bis Freitagabend, 27. November", "Verschoben: bis Mittwochabend, 2. Dezember."),
        (
            "es",
            "a más tardar el viernes por la tarde, 27 de noviembre",
            "Aplazado: a más tardar el miércoles por la tarde, 2 de diciembre.",
        ),
        ("fr", "d’ici vendredi soir, 27 novembre", "Reporté : d’ici mercredi soir, 2 décembre."),
    ],
)
def test_a_promise_that_was_moved_keeps_its_first_date_and_says_why(
    case: Ticket, language: str, when: str, note: str
) -> None:
    assert case.contact is not None
    case.contact.language = language
    case.contact.save()
    now = datetime(2026, 11, 26, 10, tzinfo=UTC)
    page = page_of(promised_and_moved(case, now), now=now)
    [entry] = [entry for entry in page.story if entry.text == "Send the list."]
    assert (entry.when.replace("\u00a0", " "), entry.kind, entry.day) == (when, "moved", "2026-11-27")
    assert entry.note.replace("\u00a0", " ") == f"{note} We check older imports too."


def test_a_promise_that_was_moved_once_it_had_passed_was_not_kept(case: Ticket) -> None:
    now = datetime(2026, 11, 30, 10, tzinfo=UTC)
    page = page_of(promised_and_moved(case, now), now=now)
    [entry] = [entry for entry in page.story if entry.text == "Send the list."]
    assert (entry.kind, entry.day) == ("missed", "2026-11-27") and "2\u00a0December" in entry.note


def test_whoever_asked_to_leave_it_reads_of_no_promise_and_is_asked_for_nothing_before_that(
    client: Client, case: Ticket
) -> None:
    case.deadlines.filter(target="first_contact").update(promised_at=timezone.now() - timedelta(hours=1))
    text = client.post(address(case), {"verdict": "leave_it", "cycle": "0"}, follow=True).content.decode()
    assert "we leave it here, as you asked" in text
    assert "We had promised you this" not in text
    assert "Something to add?" in text and "Something to say before that?" not in text


@pytest.mark.parametrize("hours", [-1, 20])
def test_whoever_asked_to_leave_it_is_promised_nothing_any_more(client: Client, case: Ticket, hours: int) -> None:
    case.deadlines.filter(target="first_contact").update(promised_at=timezone.now() + timedelta(hours=hours))
    press(client, case, "leave_it")
    text = client.get(address(case)).content.decode()
    assert "gets in touch with you" not in text and "What changed" not in text


def test_whoever_would_rather_be_called_reads_that_somebody_calls(client: Client, case: Ticket) -> None:
    press(client, case, "call_me")
    text = client.get(address(case)).content.decode()
    assert "Hanna Brandt calls you." in text and "Hanna Brandt answers you." not in text
    now = timezone.now()
    me = Actor.person(User.objects.get(first_name="Hanna"))
    workflow.log_contact(case, actor=me, now=now, version=case.version, channel="phone", outcome="spoke")
    case.refresh_from_db()
    press(client, case, "add_words", words="One thing more.")
    assert "Hanna Brandt answers you." in client.get(address(case)).content.decode()


def test_settled_before_anything_was_done_is_heard_and_not_asked_again(client: Client, case: Ticket) -> None:
    page = {"verdict": "settled", "cycle": "0"}
    text = client.post(address(case), page, follow=True).content.decode()
    assert "Thank you. We noted that it is settled for you." in text
    assert 'value="settled"' not in text
