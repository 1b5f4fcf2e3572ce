import base64
from datetime import UTC, datetime, timedelta

import pytest
from django.utils.crypto import salted_hmac
from hypothesis import given
from hypothesis import strategies as st

from nps_loop import links
from nps_loop.links import Target
from tests.factories import NOW

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**32 - 1), st.none() | st.integers(1, 2**32 - 1))
def test_a_token_says_what_it_was_made_for(object_id, generation, seconds):
    expires_at = datetime.fromtimestamp(seconds, UTC) if seconds else None
    token = links.make("loop", object_id, generation, expires_at=expires_at)

    claim = links.read(token, "loop", now=datetime(1970, 1, 1, tzinfo=UTC))

    assert claim == links.LinkClaim("loop", object_id, generation, expires_at)
    assert len(token) == 48
    assert set(token) <= set(ALPHABET)


def test_every_other_character_at_every_place_is_refused():
    token = links.make("loop", 1042, 3, expires_at=NOW + timedelta(days=90))
    assert links.read(token, "loop", now=NOW)

    for place, kept in enumerate(token):
        for other in ALPHABET + "=+/ .":
            if other != kept:
                assert links.read(token[:place] + other + token[place + 1 :], "loop", now=NOW) is None


@pytest.mark.parametrize("text", ["", "A", "=" * 48, "A" * 47, "A" * 49, "A" * 48, "Ä" * 48, "\n" * 48, "０" * 48])
def test_what_is_no_token_is_refused(text):
    assert links.read(text, "loop") is None


def test_none_and_trimmed_and_padded_tokens_are_refused():
    token = links.make("loop", 1, 1)

    for other in (token[:-1], token + "=", token + "\n", " " + token, token.lower(), token.swapcase(), token * 2):
        assert links.read(other, "loop") is None
    assert links.read(None, "loop") is None


def test_a_token_opens_nothing_of_another_purpose():
    assert links.read(links.make("survey", 1, 1), "loop") is None


def test_a_token_ends_at_its_moment():
    token = links.make("survey", 1, 1, expires_at=NOW)

    assert links.read(token, "survey", now=NOW - timedelta(seconds=1))
    assert links.read(token, "survey", now=NOW) is None


def test_links_survive_a_change_of_secret_until_the_old_one_is_dropped(settings):
    token = links.make("loop", 1, 1)
    old = settings.SECRET_KEY

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, [old]
    assert links.read(token, "loop")
    settings.SECRET_KEY_FALLBACKS = []
    assert links.read(token, "loop") is None


def test_an_empty_fallback_verifies_nothing(settings):
    claim = base64.urlsafe_b64decode(links.make("loop", 1, 1))[:16]
    proof = salted_hmac("nps_loop.links", b"loop\x00" + claim, secret="", algorithm="sha256").digest()[:20]
    settings.SECRET_KEY_FALLBACKS = [""]

    assert links.read(base64.urlsafe_b64encode(claim + proof).decode(), "loop") is None


def test_raising_the_generation_revokes_every_link(monkeypatch):
    generation = 1
    monkeypatch.setitem(links.targets, "loop", lambda ids: {pk: Target(generation) for pk in ids if pk == 5})
    claim = links.read(links.make("loop", 5, 1), "loop")

    assert links.is_current(claim)
    generation = 2
    assert not links.is_current(claim)
    assert not links.is_current(links.read(links.make("loop", 6, 2), "loop"))


def test_addresses_stand_on_the_brands_host_or_else_the_sites(settings):
    settings.SITE_URL = "https://loop.example"

    assert links.url("loop", 5, Target(1), now=NOW).startswith("https://loop.example/loop/")
    assert links.url("loop", 5, Target(1, "https://b.example/"), now=NOW).startswith("https://b.example/loop/")


def test_a_purpose_with_a_lifetime_makes_links_that_expire(monkeypatch):
    monkeypatch.setitem(links.lifetimes, "survey", timedelta(days=30))

    token = links.url("survey", 5, Target(1), now=NOW).split("/")[-2]

    assert links.read(token, "survey", now=NOW).expires_at == NOW + timedelta(days=30)


def test_links_are_filled_by_name_and_other_words_stay():
    text, html = links.fill(
        "[[link:loop]] and [[link:admin]]",
        '<a href="[[link:loop]]#settled">x</a> [[link:admin]]',
        {"loop": "https://a.example/?a=1&b=2"},
    )

    assert text == "https://a.example/?a=1&b=2 and [[link:admin]]"
    assert html == '<a href="https://a.example/?a=1&amp;b=2#settled">x</a> [[link:admin]]'


def test_dead_links_lead_nowhere_and_hold_no_token(settings):
    settings.SITE_URL = "https://loop.example"

    text, html = links.deaden(
        "See [[link:loop]]", '<a class="b" href="[[link:loop]]#settled" style="c">yes</a> [[link:loop]]', {"loop"}
    )

    assert text == "See https://loop.example/…/"
    assert html == '<a class="b" style="c">yes</a> https://loop.example/…/'


def test_objects_are_looked_up_once_per_purpose(monkeypatch):
    asked = []

    def find(ids):
        asked.append(list(ids))
        return {pk: Target(1) for pk in ids}

    monkeypatch.setitem(links.targets, "loop", find)

    found = links.look_up([("loop", 2), ("loop", 1), ("loop", 2), ("nothing", 1)])

    assert asked == [[1, 2]]
    assert set(found) == {("loop", 1), ("loop", 2)}
