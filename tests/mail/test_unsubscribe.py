import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from nps_loop import links
from nps_loop.mail.models import Stream, Suppression
from tests.factories import make_message, make_user

pytestmark = pytest.mark.django_db


def address_of(message) -> str:
    return reverse("unsubscribe", args=[links.make("unsubscribe", message.pk, 0)])


@pytest.fixture
def invitation():
    return make_message(kind="invitation", stream=Stream.SURVEYS, recipient="marta@client.example")


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_or_prefetching_changes_nothing(client, invitation, method):
    response = getattr(client, method)(address_of(invitation))

    assert response.status_code == 200
    assert not Suppression.objects.exists()


def test_the_page_leaves_with_one_button_and_has_another_for_the_choice(client, invitation):
    page = client.get(address_of(invitation)).content.decode()

    assert page.count("<button") == 2
    assert "marta@client.example" in page


def test_a_press_leaves_surveys_and_nothing_else(client, invitation):
    response = client.post(address_of(invitation))
    client.post(address_of(invitation))

    assert "We will not ask you again." in response.content.decode()
    assert list(Suppression.objects.values_list("address", "stream", "reason")) == [
        ("marta@client.example", "surveys", "unsubscribed")
    ]


def test_one_click_works_without_cookies_and_without_a_redirect(invitation):
    """As mail providers do it: RFC 8058."""
    client = Client(enforce_csrf_checks=True)

    response = client.post(address_of(invitation), {"List-Unsubscribe": "One-Click"})

    assert response.status_code == 200
    assert Suppression.objects.count() == 1


@pytest.mark.parametrize(
    ("stream", "left"), [(Stream.CASE, "surveys"), (Stream.SURVEYS, "surveys"), (Stream.NEWS, "news")]
)
def test_mail_about_a_case_can_leave_surveys_only(client, stream, left):
    client.post(address_of(make_message(stream=stream)))

    assert list(Suppression.objects.values_list("stream", flat=True)) == [left]


def test_a_token_that_is_not_ours_does_nothing(client, invitation):
    good = links.make("unsubscribe", invitation.pk, 0)
    tokens = [good[:-1] + ("A" if good[-1] != "A" else "B"), links.make("loop", invitation.pk, 0), "x", "%00"]
    tokens.append(links.make("unsubscribe", invitation.pk + 1, 0))

    for token in tokens:
        response = client.post(f"/unsubscribe/{token}/")
        assert response.status_code == 410
        assert "This link does not work" in response.content.decode()
    assert not Suppression.objects.exists()


def test_a_colleagues_browser_is_refused(client, invitation):
    client.force_login(make_user())

    assert client.post(address_of(invitation)).status_code == 403
    assert not Suppression.objects.exists()


def test_in_the_demo_a_colleague_may_press_for_the_customer(client, invitation, settings):
    settings.DEMO = True
    client.force_login(make_user())

    assert client.post(address_of(invitation)).status_code == 200
    assert Suppression.objects.exists()


def test_the_address_with_its_token_does_not_travel_on(client, invitation):
    response = client.get(address_of(invitation))

    assert response["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("language", ["en", "de", "es", "fr"])
def test_the_page_speaks_the_language_of_the_mail(client, language):
    message = make_message(stream=Stream.SURVEYS, language=language)

    page = client.get(address_of(message)).content.decode()

    with translation.override(language):
        words = gettext("Shall we stop asking you?")
    assert (words == "Shall we stop asking you?") is (language == "en")
    assert words in page
    assert f'<html lang="{language}"' in page


# --- preferences -----------------------------------------------------------------------------------------------


def choose(client, message, *streams):
    return client.post(address_of(message), {"preferences": "1", "stream": list(streams)})


def left() -> set[str]:
    return set(Suppression.objects.values_list("stream", flat=True))


def test_each_stream_is_left_and_taken_back_apart_from_the_other(client, invitation):
    assert choose(client, invitation, "surveys").status_code == 200
    assert left() == {"news"}
    choose(client, invitation, "news")
    assert left() == {"surveys"}
    page = choose(client, invitation, "surveys", "news").content.decode()
    assert left() == set()
    assert page.count(" checked") == 2


def test_the_choice_works_without_cookies(invitation):
    assert choose(Client(enforce_csrf_checks=True), invitation).status_code == 200
    assert left() == {"surveys", "news"}


def test_what_they_did_not_ask_for_is_not_taken_back(client, invitation):
    Suppression.objects.create(address="marta@client.example", stream="news", reason="bounced")
    Suppression.objects.create(address="marta@client.example", stream="surveys", reason="do_not_contact")

    page = choose(client, invitation, "surveys", "news").content.decode()

    assert left() == {"surveys", "news"}
    assert page.count(" disabled") == 2


def test_mail_about_the_own_case_is_no_choice(client, invitation):
    choose(client, invitation, "surveys", "news", "case")
    choose(client, invitation)

    assert left() == {"surveys", "news"}


def test_a_colleague_changes_no_choice(client, invitation):
    client.force_login(make_user())

    assert choose(client, invitation).status_code == 403
    assert left() == set()


def test_the_link_of_somebody_erased_is_as_unknown_as_any(client, invitation):
    good = address_of(invitation)
    type(invitation).objects.update(recipient="")

    assert client.get(good).status_code == 410
    assert choose(client, invitation).status_code == 410
