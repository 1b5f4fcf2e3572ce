"""/surveys/: leads and administrators say what is asked, in which words, and get the link to it."""

import re

import pytest

from nps_loop import links
from nps_loop.jobs.models import Job
from surveys.asking.answering import new_secret, source_row
from surveys.asking.open_links import address_of
from surveys.models import Source, Survey
from tests.factories import NOW, make_admin, make_survey, make_team, make_user

pytestmark = pytest.mark.django_db
FORM = {
    "name": "After delivery",
    "kind": "transactional",
    "question": "Would you order again?",
    "drivers": "speed: Speed of delivery\nprice: The price",
    "asks_contact": "on",
    "is_sent": "on",
    "spread_days": "30",
    "share": "100",
    "wait_hours": "4",
    "rest_days": "30",
    "remind_after_days": "5",
    "answer_within_days": "30",
    "quiet_from": "19",
    "quiet_until": "8",
    "frame_hosts": "https://Shop.example/",
}


@pytest.fixture
def lead(client):
    person = make_user("Lea Lead")
    make_team(lead=person)
    client.force_login(person)
    return person


def test_a_lead_makes_a_survey_and_has_its_link_at_once(client, lead):
    page = client.post("/surveys/new/", FORM, follow=True)

    survey = Survey.objects.get(name="After delivery")
    assert (survey.slug, survey.question, survey.wait_hours) == ("after-delivery", "Would you order again?", 4)
    assert [driver["code"] for driver in survey.drivers] == ["speed", "price"]
    assert source_row(survey).frame_hosts == ["https://shop.example"]
    assert "survey-link" in page.content.decode() and "embed.js" in page.content.decode()


def test_two_surveys_of_one_name_can_be_told_apart(client, lead):
    for _ in range(3):
        client.post("/surveys/new/", FORM)

    assert set(Survey.objects.values_list("slug", flat=True)) >= {
        "after-delivery",
        "after-delivery-2",
        "after-delivery-3",
    }


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"name": ""}, "required"),
        ({"rest_days": "3"}, "7"),
        ({"share": "0"}, "1"),
        ({"quiet_from": "25"}, "24"),
        ({"drivers": "no colon"}, "write a code of small letters"),
        ({"drivers": "Ä: x"}, "write a code of small letters"),
        ({"drivers": "a: x\na: y"}, "twice"),
        ({"drivers": "a: " + "x" * 101}, "too long"),
        ({"drivers": "\n".join(f"c{n}: x" for n in range(31))}, "At most 30"),
        ({"frame_hosts": "shop.example"}, "is no site"),
        ({"question": "a\x00b"}, "Null"),
    ],
)
def test_what_cannot_be_is_refused_in_words(client, lead, sent, said):
    page = client.post("/surveys/new/", FORM | sent)

    assert page.status_code == 400 and said in page.content.decode()
    assert not Survey.objects.filter(name=FORM["name"]).exists()


def test_words_of_a_language_win_and_empty_ones_are_ours(client, lead):
    survey = make_survey(drivers=[{"code": "price", "label": {"en": "The price"}}])

    client.post(f"/surveys/{survey.pk}/wording/nl/", {"question": "Zou u ons aanbevelen?", "driver-price": "De prijs"})
    preview = client.get(f"/surveys/{survey.pk}/preview/nl/").content.decode()

    survey.refresh_from_db()
    assert survey.wording == {"nl": {"question": "Zou u ons aanbevelen?"}}
    assert "Zou u ons aanbevelen?" in preview and "De prijs" in preview and "<button" not in preview

    client.post(f"/surveys/{survey.pk}/wording/nl/", {})
    survey.refresh_from_db()
    assert survey.wording == {} and client.get(f"/surveys/{survey.pk}/preview/nl/").status_code == 404


def test_labels_in_other_languages_outlive_a_change_of_the_survey(client, lead):
    survey = make_survey(drivers=[{"code": "price", "label": {"en": "Price", "de": "Preis"}}])

    client.post(f"/surveys/{survey.pk}/", FORM | {"drivers": "price: The price"})

    survey.refresh_from_db()
    assert survey.drivers == [{"code": "price", "label": {"en": "The price", "de": "Preis"}}]


def test_a_language_without_a_question_is_refused(client, lead):
    survey = make_survey()

    page = client.post(f"/surveys/{survey.pk}/wording/nl/", {"why": "Waarom?"})

    assert page.status_code == 400 and "write the question first" in page.content.decode()


@pytest.mark.parametrize("typed", ["", "x", "english", "../..", "%00", "12"])
def test_what_is_no_language_is_said_so(client, lead, typed):
    survey = make_survey()

    page = client.get(f"/surveys/{survey.pk}/wording/", {"language": typed}, follow=True)

    assert "A language is two or three letters" in page.content.decode()


def test_every_preview_is_there_in_every_language(client, lead):
    survey = make_survey()

    for language in ("en", "de", "es", "fr"):
        for stage in ("asked", "tapped", "more", "thanks"):
            assert client.get(f"/surveys/{survey.pk}/preview/{language}/{stage}/").status_code == 200
        mail = client.get(f"/surveys/{survey.pk}/preview/{language}/mail/")
        assert mail.status_code == 200 and "[[link:" not in mail.content.decode()
    assert client.get(f"/surveys/{survey.pk}/preview/xx/").status_code == 404
    assert client.get(f"/surveys/{survey.pk}/preview/en/again/").status_code == 404


def test_taking_a_link_back_makes_a_new_one(client, lead):
    survey = make_survey()
    before = address_of(survey, now=NOW)

    client.post(f"/surveys/{survey.pk}/link/")

    survey.refresh_from_db()
    token = before.rstrip("/").rsplit("/", 1)[1]
    assert address_of(survey, now=NOW) != before and not links.is_current(links.read(token, "survey-link"))


def test_a_secret_is_shown_once_and_two_hold_at_a_time(client, lead):
    survey = make_survey()

    page = client.post(f"/surveys/{survey.pk}/secret/").content.decode()
    first = source_row(survey).secrets[0]
    new_secret(survey)
    third = new_secret(survey)

    assert first in page and first not in client.get(f"/surveys/{survey.pk}/").content.decode()
    assert source_row(survey).secrets[0] == third and len(source_row(survey).secrets) == 2
    assert Source.objects.filter(channel="survey").count() == 1


ADDRESSES = ["", "new/", "{}/", "{}/wording/de/", "{}/preview/de/", "{}/preview/de/mail/"]
PRESSES = ["new/", "{}/", "{}/wording/de/", "{}/link/", "{}/secret/", "{}/round/"]


def test_a_round_is_started_by_one_press_and_a_second_is_told_why_not(client, lead):
    survey = make_survey(kind="relational", is_sent=True)
    page = client.post(f"/surveys/{survey.pk}/round/", follow=True).content.decode()
    assert "The round is being planned." in page and "It is being planned: 0 of 0 customers" in page
    assert (
        "A round is being planned already." in client.post(f"/surveys/{survey.pk}/round/", follow=True).content.decode()
    )
    assert Job.objects.get().created_by == lead


def test_only_leads_and_administrators_see_and_change_them(client):
    survey = make_survey("Mine")
    agent = make_user()
    make_team(agents=(agent,))

    for person, status in ((None, 302), (agent, 403), (make_admin(), 200)):
        client.logout()
        if person:
            client.force_login(person)
        assert {client.get(f"/surveys/{address.format(survey.pk)}").status_code for address in ADDRESSES} == {status}
        if status != 200:
            assert {client.post(f"/surveys/{a.format(survey.pk)}").status_code for a in PRESSES} == {status}
    assert Survey.objects.get(pk=survey.pk).link_generation == 1


def test_surveys_are_found_from_the_set_up(client, lead):
    make_survey("After delivery")

    assert re.search(r'href="/surveys/"', client.get("/set-up/").content.decode())
    assert "After delivery" in client.get("/surveys/").content.decode()
