"""A survey's open link and its frame: nobody's answer unless they say who they are or a page we trust has signed it."""

import time
from pathlib import Path

import pytest
from django.utils import timezone

from nps_loop import link_guard
from surveys import customer_views
from surveys.asking import open_links
from surveys.asking.answering import source_of
from surveys.asking.signed_identity import LIVES, Refused, read, signature
from surveys.models import Contact, ContactKey, Response
from tests.factories import NOW, make_brand, make_contact, make_survey, make_user
from tests.surveys.asking.links_to import open_page_of

pytestmark = pytest.mark.django_db
NAUGHTY = "O'Brien & Söhne <x>"
SECRET = "a-secret-of-the-source"
KEY = "0" * 32


@pytest.fixture
def survey():
    return make_survey("Web shop")


@pytest.fixture
def source(survey):
    source = source_of(survey)
    source.secrets = [SECRET]
    source.save()
    return source


def signed(secret=SECRET, at=None, **who):
    at = int(time.time()) if at is None else at
    return {"at": str(at), "signature": signature(secret, at=at, **who), **who}


def with_identity(survey, **query):
    from urllib.parse import urlencode

    return f"{open_page_of(survey)}?{urlencode(query)}"


# --- without an identity ---------------------------------------------------------------------------------------


def test_an_open_answer_is_nobodys(client, survey):
    page = client.post(open_page_of(survey), {"send": "all", "score": "3", "key": KEY}, follow=True)

    answer = Response.objects.get()
    assert (answer.score, answer.contact, answer.survey, answer.external_id) == (3, None, survey, f"link:{KEY}")
    assert "you left no address" in page.content.decode()


def test_who_gives_an_address_can_be_answered(client, survey):
    client.post(open_page_of(survey), {"send": "all", "score": "3", "email": " Marta@Client.Example ", "key": KEY})

    assert Response.objects.get().contact == Contact.objects.get(email="marta@client.example")


def test_an_address_that_anybody_may_type_changes_nothing_we_know(client, survey):
    known = make_contact("Marta Weber", email="marta@client.example", phone="+49 40 1", good_time="before ten")
    ContactKey.objects.create(contact=known, kind=ContactKey.Kind.EMAIL, value=known.email)
    sent = {"send": "all", "score": "3", "email": "marta@client.example", "contact": "yes", "key": KEY}
    client.post(open_page_of(survey), sent | {"phone": "+1 555 1", "time": "at night"})

    known.refresh_from_db()
    assert Response.objects.get().contact == known
    assert (known.phone, known.good_time) == ("+49 40 1", "before ten")


def test_what_is_no_address_is_refused_in_words(client, survey):
    page = client.post(open_page_of(survey), {"send": "all", "score": "3", "email": "marta@", "why": "Kept."})

    assert page.status_code == 400 and "This is not an e-mail address." in page.content.decode()
    assert "Kept." in page.content.decode() and not Response.objects.exists()


def test_one_page_pressed_twice_is_one_answer_and_two_pages_are_two(client, survey):
    for key in (KEY, KEY, "1" * 32):
        client.post(open_page_of(survey), {"send": "3", "score": "3", "key": key})

    assert Response.objects.count() == 2


def test_the_comment_follows_the_score(client, survey):
    more = client.post(open_page_of(survey), {"send": "3", "score": "3", "key": KEY}, follow=True)
    assert "Your 3 has arrived" in more.content.decode() and KEY in more.content.decode()

    client.post(open_page_of(survey), {"send": "all", "score": "3", "why": "Silence.", "whole": "1", "key": KEY})

    assert Response.objects.get().verbatim == "Silence."


@pytest.mark.parametrize("key", ["", "x", "0" * 31, "0" * 33, "../../etc", "0" * 31 + "\x00"])
def test_a_made_up_key_is_replaced(client, survey, key):
    assert client.post(open_page_of(survey), {"send": "3", "score": "3", "key": key}).status_code == 303
    assert Response.objects.get().external_id != f"link:{key}"


def test_looking_changes_nothing(client, survey):
    for n in range(100):
        assert client.get(f"{open_page_of(survey)}?score={n % 11}").status_code == 200
        client.head(open_page_of(survey))

    assert not Response.objects.exists()


def test_taking_links_back_ends_those_that_are_out(client, survey):
    old = open_page_of(survey)
    open_links.take_back(survey)
    survey.refresh_from_db()

    assert client.get(old).status_code == 410
    assert client.get(open_page_of(survey)).status_code == 200
    assert open_links.address_of(survey, now=NOW).endswith(open_page_of(survey))


def test_the_link_stands_on_the_brands_own_host(survey):
    survey.brand = make_brand(link_host="https://feedback.halden.example", is_default=False)
    survey.save()

    assert open_links.address_of(survey, now=NOW).startswith("https://feedback.halden.example/survey-link/")


def test_one_address_cannot_answer_without_end(client, survey, monkeypatch):
    monkeypatch.setattr(customer_views, "ANSWERS", 3)

    statuses = [client.post(open_page_of(survey), {"send": "3", "score": "3"}).status_code for _ in range(5)]

    assert statuses == [303, 303, 303, 429, 429] and Response.objects.count() == 3


def test_a_colleagues_browser_cannot_press(client, survey):
    client.force_login(make_user())

    assert client.post(open_page_of(survey), {"send": "3", "score": "3"}).status_code == 403
    assert not Response.objects.exists()


# --- who signed it ---------------------------------------------------------------------------------------------


def test_a_signed_identity_is_the_person(client, survey, source):
    marta = make_contact("Marta Lind", email="marta@client.example")
    client.post(with_identity(survey, **signed(email="marta@client.example")), {"send": "3", "score": "3", "key": KEY})

    assert Response.objects.get().contact.email == marta.email


def test_a_name_that_breaks_careless_code_is_signed_too(client, survey, source):
    client.post(with_identity(survey, **signed(external_id=NAUGHTY, name=NAUGHTY)), {"send": "9", "score": "9"})

    assert Response.objects.get().contact.name == NAUGHTY


def test_an_identified_page_asks_for_no_address(client, survey, source):
    page = client.get(with_identity(survey, **signed(email="marta@client.example"))).content.decode()

    assert 'name="email"' not in page


def test_both_secrets_hold_while_one_follows_the_other(survey, source):
    source.secrets = ["new", SECRET]

    assert read(signed(email="a@b.example"), source.secrets, now=timezone.now()).email == "a@b.example"


FORGED = {
    "another secret": signed("other", email="a@b.example"),
    "another person": signed(email="a@b.example") | {"email": "c@b.example"},
    "a name added": signed(email="a@b.example") | {"name": "Boss"},
    "a later time": signed(at=1, email="a@b.example") | {"at": str(int(time.time()))},
    "too old": signed(at=int(time.time() - LIVES.total_seconds() - 60), email="a@b.example"),
    "from the future": signed(at=int(time.time() + 3600), email="a@b.example"),
    "no signature": {"email": "a@b.example", "at": str(int(time.time()))},
    "nobody": signed(name="Only a name"),
    "no address": signed(email="not one"),
    "no time": signed(email="a@b.example") | {"at": ""},
    "odd time": signed(email="a@b.example") | {"at": "٣٣"},
    "long time": signed(email="a@b.example") | {"at": "9" * 400},
    "odd signature": signed(email="a@b.example") | {"signature": "ü\x00"},
    "nul": signed(external_id="a\x00b"),
    "too long": signed(external_id="x" * 5000),
}


@pytest.mark.parametrize("sent", FORGED.values(), ids=FORGED.keys())
def test_a_forged_or_old_identity_opens_nothing(client, survey, source, sent):
    with pytest.raises(Refused):
        read(sent, [SECRET], now=timezone.now())

    assert client.get(with_identity(survey, **sent)).status_code == 410
    assert client.post(with_identity(survey, **sent), {"send": "3", "score": "3"}).status_code == 410
    assert not Response.objects.exists()


def test_forging_is_stopped_like_guessing(client, survey, source):
    address = with_identity(survey, **FORGED["another secret"])

    statuses = [client.get(address).status_code for _ in range(link_guard.GUESSES + 1)]

    assert statuses[-1] == 429


def test_without_a_secret_nobody_is_believed(survey):
    with pytest.raises(Refused):
        read(signed("", email="a@b.example"), [""], now=timezone.now())


# --- frames ----------------------------------------------------------------------------------------------------


def test_without_a_list_no_site_may_frame_it(client, survey):
    page = client.get(open_page_of(survey))

    assert page["X-Frame-Options"] == "DENY" and "frame-ancestors 'none'" in page["Content-Security-Policy"]


def test_only_the_listed_sites_may_frame_it(client, survey, source):
    source.frame_hosts = ["https://shop.example", "https://evil.example; script-src *", 7]
    source.save()

    page = client.get(open_page_of(survey))

    assert "X-Frame-Options" not in page
    assert "frame-ancestors https://shop.example;" in page["Content-Security-Policy"] + ";"
    assert "evil" not in page["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        (" https://Shop.Example/ ", "https://shop.example"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("https://a.example/path", ""),
        ("https://user@a.example", ""),
        ("ftp://a.example", ""),
        ("https://a.example:99999", ""),
        ("https://*.example", ""),
        ("https://[::1", ""),
        ("'self'", ""),
        ("", ""),
    ],
)
def test_a_site_is_named_by_scheme_host_and_port(typed, origin):
    assert open_links.origin_of(typed) == origin


def test_the_script_for_other_sites_is_there_for_all(client):
    answer = client.get("/survey/embed.js")

    assert answer.status_code == 200 and answer["Content-Type"].startswith("text/javascript")
    assert b"createElement" in b"".join(answer.streaming_content)
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_the_sample_in_the_documentation_signs_what_we_read(client, survey, source):
    page = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
    sample = page.split("```python\n", 1)[1].split("```", 1)[0]
    made: dict = {}
    exec(sample, made)

    link = made["signed_link"](open_page_of(survey), SECRET, email="marta@client.example", name=NAUGHTY)
    client.post(link, {"send": "3", "score": "3"})

    assert Response.objects.get().contact.name == NAUGHTY
