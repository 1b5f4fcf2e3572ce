"""The mails that ask: in the customer's language, with a link for each score, and never dearer for many."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from nps_loop.mail import outbox
from nps_loop.mail.models import Message, Stream
from surveys.asking import letters
from surveys.models import Invitation
from tests.factories import (
    DAY,
    NOW,
    make_account,
    make_brand,
    make_contact,
    make_invitation,
    make_resolution,
    make_response,
    make_survey,
    make_ticket,
    make_touchpoint,
)

pytestmark = pytest.mark.django_db
NAUGHTY = "O'Brien & Söhne <x>"
LANGUAGES = ["en", "de", "es", "fr"]


def asked(**fields):
    [draft] = letters.drafts([make_invitation(**fields)], now=NOW)
    return draft


def test_a_mail_asks_on_the_surveys_stream_with_a_link_per_score():
    invitation = make_invitation(make_contact("Marta Lind", email="marta@client.example"))

    [draft] = letters.drafts([invitation], now=NOW)

    assert (draft.kind, draft.stream, draft.automatic) == ("invitation", Stream.SURVEYS, True)
    assert (draft.recipient, draft.recipient_name) == ("marta@client.example", "Marta Lind")
    assert draft.links == {"survey": ("survey", invitation.pk), "unsubscribe": ("unsubscribe", 0)}
    for part in (draft.text, draft.html):
        assert re.findall(r"\[\[link:survey\]\]\?score=(\d+)", part) == [str(score) for score in range(11)]
        assert "Customer care" in part and "[[link:unsubscribe]]" in part
    assert "One question from Customer care" in draft.subject


def test_links_of_a_queued_mail_lead_to_the_survey_of_its_invitation():
    invitation = make_invitation(generation=4)

    [message] = outbox.queue(letters.drafts([invitation], now=NOW), now=NOW)

    assert message.state == Message.State.QUEUED
    assert letters.targets([invitation.pk, 99])[invitation.pk].generation == 4
    assert 99 not in letters.targets([99])


def test_links_stand_on_the_host_of_the_brand_that_asks():
    brand = make_brand(name="Halden", link_host="https://halden.example", is_default=False)
    of_survey = make_invitation(survey=make_survey(brand=brand))
    of_moment = make_invitation(touchpoint=make_touchpoint(brand=brand))
    plain = make_invitation()

    hosts = {pk: target.host for pk, target in letters.targets([of_survey.pk, of_moment.pk, plain.pk]).items()}

    assert hosts == {of_survey.pk: brand.link_host, of_moment.pk: brand.link_host, plain.pk: ""}


def test_the_reminder_says_when_we_asked_and_is_another_mail():
    invitation = make_invitation(sent_at=NOW - 5 * DAY)

    [first] = letters.drafts([invitation], now=NOW)
    [again] = letters.drafts([invitation], now=NOW, reminder=True)

    assert again.kind == "invitation_reminder" and "Thursday, 19 November" in again.text
    assert first.dedupe_key != again.dedupe_key


def test_the_recovery_question_quotes_them_and_says_what_changed():
    contact = make_contact("Marta Lind", email="marta@client.example")
    response = make_response(2, contact=contact, verbatim="Twelve days of silence.")
    ticket = make_ticket(response)
    make_resolution(ticket, what_changed="Somebody calls within a day.")
    invitation = make_invitation(contact, cause=Invitation.Cause.RECOVERY, recovers=response, case=ticket.pk)

    [draft] = letters.drafts([invitation], now=NOW)

    assert draft.kind == "recovery_question"
    for part in (draft.text, draft.html):
        assert "Twelve days of silence." in part
        assert "Somebody calls within a day." in part
        assert f"#{ticket.pk}" in part


def test_a_recovery_question_without_words_names_the_score():
    contact = make_contact("Marta Lind", email="marta@client.example")
    response = make_response(2, contact=contact, verbatim="")

    draft = asked(contact=contact, cause=Invitation.Cause.RECOVERY, recovers=response)

    assert "you gave us a 2" in draft.text and "What changed since" not in draft.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_language_is_that_of_the_invitation_else_of_the_person(language):
    of_person = asked(contact=make_contact(email="a@client.example", language=language))
    of_invitation = asked(contact=make_contact(email="b@client.example", language="en"), language=f"{language}-AT")

    assert of_person.language == of_invitation.language == language
    assert f'lang="{language}"' in of_person.html


def test_own_words_of_the_survey_win_in_any_language():
    survey = make_survey(
        question="Would you send a friend to us?",
        wording={"nl": {"question": "Zou u ons aanbevelen?"}, "de": {"question": "Würden Sie uns empfehlen?"}},
    )

    said = {code: asked(survey=survey, language=code) for code in ("en", "de", "nl", "fr")}

    assert "Would you send a friend to us?" in said["en"].text
    assert "Würden Sie uns empfehlen?" in said["de"].text
    assert "Zou u ons aanbevelen?" in said["nl"].text and 'lang="nl"' in said["nl"].html
    assert said["nl"].language == "en"
    assert "Would you send" not in said["fr"].text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reminder", [False, True])
@pytest.mark.parametrize("cause", [Invitation.Cause.EVENT, Invitation.Cause.RECOVERY])
def test_a_name_that_breaks_careless_templates_is_right_everywhere(language, reminder, cause):
    contact = make_contact(NAUGHTY, email="a@client.example", account=make_account(NAUGHTY), language=language)
    brand = make_brand(name=NAUGHTY, is_default=False)
    touchpoint = make_touchpoint(customer_phrase=NAUGHTY)
    invitation = make_invitation(
        contact,
        survey=make_survey(brand=brand),
        touchpoint=touchpoint,
        cause=cause,
        occasion_at=NOW - DAY,
        recovers=make_response(2, contact=contact, verbatim=NAUGHTY),
    )

    [draft] = letters.drafts([invitation], now=NOW, reminder=reminder)

    assert NAUGHTY in draft.subject and NAUGHTY in " ".join(draft.text.split())
    assert "&amp;" not in draft.subject + draft.text
    assert "<x>" not in draft.html and "O&#x27;Brien &amp; Söhne &lt;x&gt;" in draft.html


def test_somebody_erased_or_without_an_address_gets_no_mail_and_the_row_says_why():
    erased = make_invitation(make_contact(email="a@client.example", erased_at=NOW))
    silent = make_invitation(make_contact(email=""))
    gone = make_invitation()
    Invitation.objects.filter(pk=gone.pk).update(contact=None)
    gone.refresh_from_db()

    rows = outbox.queue(letters.drafts([erased, silent, gone], now=NOW), now=NOW)

    assert {row.state for row in rows} == {Message.State.SKIPPED}
    assert [row.reason for row in rows] == [
        "Not sent: this person was erased.",
        "Not sent: no mail address is known.",
        "Not sent: no mail address is known.",
    ]


@pytest.mark.parametrize("reminder", [False, True])
def test_many_cost_as_many_queries_as_few(reminder):
    def cost(count):
        for _ in range(count):
            contact = make_contact(email="a@client.example", account=make_account())
            make_invitation(
                contact,
                cause=Invitation.Cause.RECOVERY,
                recovers=make_response(3, contact=contact),
                case=7,
                touchpoint=make_touchpoint(),
                survey=make_survey(touchpoint=make_touchpoint(brand=make_brand(name="X", is_default=False))),
            )
        rows = list(Invitation.objects.all())
        with CaptureQueriesContext(connection) as queries:
            assert len(letters.drafts(rows, now=NOW + timedelta(minutes=1), reminder=reminder)) == len(rows)
        return len(queries)

    assert cost(1) == cost(9)


def test_nobody_to_ask_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert letters.drafts([], now=NOW) == []
