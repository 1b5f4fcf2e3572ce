"""The page behind the link of a survey mail: what each state shows, what a press does, and that looking does nothing."""

import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client

from followups.models import Ticket
from nps_loop.mail.models import Message
from surveys.asking.answering import IN_DEMO_BY, NUMBER_GIVEN, STILL_WRITING
from surveys.models import Contact, Invitation, Response, Revision, Source
from tests.factories import (
    DAY,
    make_contact,
    make_invitation,
    make_survey,
    make_touchpoint,
    make_user,
)
from tests.surveys.asking.links_to import page_of

pytestmark = pytest.mark.django_db
DRIVERS = [
    {"code": "informed", "label": {"en": "Being kept informed", "de": "Auf dem Laufenden sein"}},
    {"code": "price", "label": {"en": "Invoice and price"}},
]
EVERYTHING = {
    "send": "all",
    "score": "3",
    "why": "I mind silence.",
    "driver": "informed",
    "contact": "yes",
    "phone": "+46 8 123 456",
    "time": "before ten",
    "share": "no",
}


@pytest.fixture
def now(monkeypatch):
    """The clock of the pages; move it by setting `at`."""
    from django.utils import timezone

    class Clock:
        at = timezone.now()

    monkeypatch.setattr("surveys.customer_views.timezone.now", lambda: Clock.at)
    return Clock


@pytest.fixture
def invitation(now):
    contact = make_contact("Marta Lind", email="marta@client.example", phone="", language="")
    return make_invitation(contact, survey=make_survey(drivers=DRIVERS), expires_at=now.at + 20 * DAY)


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def the_answer() -> Response:
    return Response.objects.get()


# --- what it shows ---------------------------------------------------------------------------------------------


def test_the_page_says_who_asks_what_and_what_happens_next(client, invitation):
    page = client.get(page_of(invitation))

    assert page.status_code == 200
    for said in ("Customer care", "Marta", "How likely are you to recommend", "A person reads your answer", "until"):
        assert said in words(page)
    html = page.content.decode()
    assert re.findall(r'name="score" value="(\d+)"', html) == [str(n) for n in range(11)]
    for name in ("why", "driver", "contact", "phone", "time", "share"):
        assert f'name="{name}"' in html
    assert "style=" not in html and page["Referrer-Policy"] == "same-origin" and "no-store" in page["Cache-Control"]


@pytest.mark.parametrize("score", range(11))
def test_a_tap_in_the_mail_opens_it_with_that_score_and_one_button(client, invitation, score):
    page = client.get(f"{page_of(invitation)}?score={score}")

    html = page.content.decode()
    assert f"you tapped {score}" in words(page) and f"Send my {score}" in words(page)
    assert re.findall(r'value="(\d+)" required checked', html) == [str(score)]
    assert html.count("btn-primary") == 1
    assert not Response.objects.exists()


@pytest.mark.parametrize("score", ["11", "-1", "x", "", "3%00", "٣", "1e1", "999999999999999999999"])
def test_a_tap_that_is_no_score_is_the_plain_page(client, invitation, score):
    page = client.get(page_of(invitation), {"score": score})

    assert page.status_code == 200 and "you tapped" not in words(page)


def test_what_the_survey_does_not_ask_is_not_there(client, invitation):
    survey = invitation.survey
    survey.asks_contact = survey.asks_share_name = False
    survey.drivers = []
    survey.save()

    html = client.get(page_of(invitation)).content.decode()

    for name in ("driver", "contact", "phone", "time", "share"):
        assert f'name="{name}"' not in html


# --- what a press does -----------------------------------------------------------------------------------------


def test_a_press_on_the_tapped_score_saves_it_at_once_and_asks_why(client, invitation):
    page = client.post(f"{page_of(invitation)}?score=3", {"send": "3", "score": "3"}, follow=True)

    assert the_answer().score == 3
    assert "Your 3 has arrived" in words(page) and "Send it with these words" in words(page)
    invitation.refresh_from_db()
    assert (invitation.state, invitation.response) == (Invitation.State.ANSWERED, the_answer())
    assert the_answer().contact == invitation.contact
    assert (the_answer().source.channel, the_answer().external_id) == ("survey", f"invitation:{invitation.pk}")


def test_the_button_says_what_it_sends_whatever_else_is_chosen(client, invitation):
    client.post(page_of(invitation), {"send": "3", "score": "9"})
    assert the_answer().score == 3

    client.post(page_of(invitation), {"send": "scale", "score": "9"})
    assert the_answer().score == 9


def test_everything_that_is_said_is_kept(client, invitation):
    page = client.post(page_of(invitation), EVERYTHING, follow=True)

    answer = the_answer()
    assert (answer.score, answer.verbatim, answer.driver) == (3, "I mind silence.", "Being kept informed")
    assert (answer.contact_me, answer.share_name, answer.language) == (True, False, "en")
    contact = Contact.objects.get(pk=invitation.contact_id)
    assert (contact.phone, contact.good_time, contact.language) == ("+46 8 123 456", "before ten", "en")
    assert "I mind silence." in words(page) and "Somebody from Customer care gets in touch" in words(page)


def test_what_is_known_of_a_person_is_never_overwritten(client, invitation):
    Contact.objects.filter(pk=invitation.contact_id).update(phone="+46 1", language="sv", name="Marta Lind")

    client.post(page_of(invitation), EVERYTHING)

    contact = Contact.objects.get(pk=invitation.contact_id)
    assert (contact.phone, contact.language) == ("+46 1", "sv")
    assert the_answer().attributes == {NUMBER_GIVEN: "+46 8 123 456"}


def test_who_wants_no_call_gives_no_number(client, invitation):
    client.post(page_of(invitation), EVERYTHING | {"contact": "no"})

    assert the_answer().contact_me is False
    assert Contact.objects.get(pk=invitation.contact_id).phone == ""


def test_the_comment_comes_as_the_next_version_of_the_same_answer(client, invitation, now):
    client.post(page_of(invitation), {"send": "3", "score": "3"})
    now.at += timedelta(minutes=1)
    client.post(page_of(invitation), EVERYTHING | {"whole": "1"})

    assert (the_answer().revision, the_answer().verbatim) == (2, "I mind silence.")
    assert list(Revision.objects.values_list("number", "verbatim")) == [(1, ""), (2, "I mind silence.")]


def test_pressing_twice_going_back_and_two_tabs_make_one_answer(client, invitation, now):
    other_tab = Client()
    for _ in range(2):
        client.post(page_of(invitation), EVERYTHING)
    now.at += timedelta(minutes=1)
    other_tab.post(page_of(invitation), {"send": "5", "score": "5"})

    # What was said in one tab is not lost by the other, which never saw it.
    assert (the_answer().score, the_answer().verbatim) == (5, "I mind silence.")
    assert the_answer().revision == 2 and Source.objects.filter(channel="survey").count() == 1


def test_an_answer_can_be_corrected_and_both_are_kept(client, invitation, now):
    client.post(page_of(invitation), EVERYTHING)
    page = client.get(f"{page_of(invitation)}?page=again")
    assert "I mind silence." in page.content.decode() and 'value="3" required checked' in page.content.decode()

    now.at += timedelta(days=1)
    client.post(page_of(invitation), {"send": "all", "score": "9", "why": "", "whole": "1"})

    assert (the_answer().score, the_answer().verbatim) == (9, "")
    assert list(Revision.objects.values_list("score", flat=True)) == [3, 9]


def test_the_answer_counts_for_survey_touchpoint_and_account(client, now):
    touchpoint, of_survey = make_touchpoint(), make_touchpoint()
    invitation = make_invitation(
        survey=make_survey(touchpoint=of_survey), touchpoint=touchpoint, expires_at=now.at + DAY
    )

    client.post(page_of(invitation), EVERYTHING | {"driver": ""})

    assert (the_answer().survey, the_answer().touchpoint) == (invitation.survey, touchpoint)


# --- the decision ----------------------------------------------------------------------------------------------


def test_an_unfinished_answer_waits_and_the_mail_then_quotes_the_words(client, invitation, now):
    client.post(page_of(invitation), {"send": "3", "score": "3"})
    call_command("sweep", verbosity=0)
    assert not Ticket.objects.exists()

    client.post(page_of(invitation), EVERYTHING | {"whole": "1"})
    call_command("sweep", verbosity=0)

    ticket = Ticket.objects.get()
    assert ticket.response == the_answer() and ticket.response.decide_after is None


def test_finishing_without_a_word_more_ends_the_waiting(client, invitation, now):
    client.post(page_of(invitation), {"send": "3", "score": "3"})
    client.post(page_of(invitation), {"send": "all", "score": "3", "whole": "1"})

    assert the_answer().decide_after is None


def test_an_answer_that_is_never_finished_is_decided_on_by_the_sweep(client, invitation, now):
    now.at -= STILL_WRITING + timedelta(seconds=1)
    client.post(page_of(invitation), {"send": "3", "score": "3"})

    call_command("sweep", verbosity=0)
    call_command("sweep", verbosity=0)

    assert Ticket.objects.count() == 1
    assert the_answer().decided_revision == the_answer().revision


def test_words_that_come_after_the_decision_make_no_second_ticket(client, invitation, now):
    now.at -= STILL_WRITING + timedelta(seconds=1)
    client.post(page_of(invitation), {"send": "3", "score": "3"})
    call_command("sweep", verbosity=0)
    now.at += timedelta(minutes=5)
    client.post(page_of(invitation), EVERYTHING | {"whole": "1"})
    call_command("sweep", verbosity=0)

    assert Ticket.objects.count() == 1 and the_answer().verbatim == "I mind silence."


# --- looking ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_looking_a_hundred_times_changes_nothing(client, invitation, method):
    def everything():
        return [
            list(model.objects.order_by("pk").values())
            for model in (Invitation, Response, Contact, Message, Source, Ticket)
        ]

    before = everything()
    for n in range(100):
        getattr(client, method)(f"{page_of(invitation)}?score={n % 11}")

    assert everything() == before


def test_a_colleagues_browser_sees_the_page_and_cannot_press(client, invitation):
    client.force_login(make_user())

    seen = client.get(f"{page_of(invitation)}?score=3")
    pressed = client.post(page_of(invitation), EVERYTHING)

    assert "logged in as a colleague" in words(seen) and "<button" not in seen.content.decode()
    assert pressed.status_code == 403 and not Response.objects.exists()


def test_in_the_demo_a_colleague_may_press_and_the_answer_says_so(client, invitation, settings):
    settings.DEMO = True
    colleague = make_user()
    client.force_login(colleague)

    client.post(page_of(invitation), EVERYTHING)

    assert the_answer().attributes[IN_DEMO_BY] == colleague.username


# --- bad input -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"score": ""}, "Choose a number from 0 to 10."),
        ({"score": "11"}, "A score goes from 0 to 10."),
        ({"score": "3\x00"}, "A score goes from 0 to 10."),
        ({"send": "99"}, "A score goes from 0 to 10."),
        ({"driver": "nonsense"}, "not one of the reasons"),
        ({"why": "a\x00b"}, "Null characters"),
        ({"phone": "1" * 41}, "at most 40"),
        ({"time": "x" * 121}, "at most 120"),
        ({"why": "x" * 50_001}, "at most 50000"),
        ({"contact": "perhaps"}, "not one of the available choices"),
    ],
)
def test_what_cannot_be_taken_is_named_and_what_was_typed_is_kept(client, invitation, sent, said):
    page = client.post(page_of(invitation), EVERYTHING | sent)

    assert page.status_code == 400
    assert said in words(page) and "What you wrote is kept" in words(page)
    if "why" not in sent:
        assert "I mind silence." in page.content.decode()
    assert not Response.objects.exists()
    invitation.refresh_from_db()
    assert invitation.state == Invitation.State.SENT


def test_an_empty_post_and_one_that_is_no_form_are_refused_in_words(client, invitation):
    assert client.post(page_of(invitation)).status_code == 400
    assert client.post(page_of(invitation), b"{", content_type="application/json").status_code == 400
    assert client.post(page_of(invitation), b"\xff\xfe=%ff", content_type="text/plain").status_code == 400
    assert client.put(page_of(invitation)).status_code == 405


def test_markup_and_odd_signs_in_words_are_shown_as_text(client, invitation):
    naughty = "O'Brien & Söhne <x> <script>alert(1)</script> \u202e{{ 7|add:7 }}"
    Contact.objects.filter(pk=invitation.contact_id).update(name=naughty, first_name=naughty[:100])

    page = client.post(page_of(invitation), EVERYTHING | {"why": naughty}, follow=True)

    html = page.content.decode()
    assert "<script>alert" not in html and "&lt;x&gt;" in html
    assert the_answer().verbatim == naughty


def test_a_form_sent_after_the_cookie_was_lost_hands_back_what_was_typed(invitation):
    client = Client(enforce_csrf_checks=True, headers={"Sec-Fetch-Site": "same-origin"})

    page = client.post(page_of(invitation), EVERYTHING, headers={"Origin": "http://testserver"})

    assert page.status_code == 403 and "I mind silence." in page.content.decode()
    assert not Response.objects.exists()


# --- languages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "question"),
    [("en", "How likely"), ("de", None), ("es", None), ("fr", None), ("nl", "Zou u ons aanbevelen?")],
)
def test_the_page_is_in_every_language_of_the_survey(client, invitation, language, question):
    survey = invitation.survey
    survey.wording = {"nl": {"question": "Zou u ons aanbevelen?", "why": "Waarom?"}}
    survey.save()

    asked = client.get(page_of(invitation), {"language": language})
    sent = client.post(f"{page_of(invitation)}?language={language}", EVERYTHING | {"driver": "price"}, follow=True)

    assert asked.status_code == 200 and asked["Content-Language"] == language
    if question:
        assert question in words(asked)
    assert the_answer().language == language and sent.status_code == 200
    assert the_answer().driver == "Invoice and price"
    assert 'hreflang="en"' in asked.content.decode() or language == "en"


def test_the_language_is_that_of_the_person_without_being_told(client, now):
    contact = make_contact(email="a@client.example", language="de-AT")
    survey = make_survey(drivers=DRIVERS)

    page = client.get(page_of(make_invitation(contact, survey=survey, expires_at=now.at + DAY)))

    assert page["Content-Language"] == "de" and "Auf dem Laufenden sein" in words(page)
