"""Links that lead nowhere: one page for all of them, the same for every kind of link, and an end to guessing."""

import re
import secrets

import pytest
from django.core.management import call_command
from django.utils import timezone

from nps_loop import link_guard, links
from nps_loop.people.models import Presses
from surveys.models import Contact, Invitation, Response
from tests.conftest import counted
from tests.factories import DAY, make_contact, make_invitation, make_message, make_survey
from tests.surveys.asking.links_to import page_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def invitation():
    return make_invitation(expires_at=timezone.now() + DAY)


def dead_links(invitation) -> dict[str, str]:
    good = links.make("survey", invitation.pk, 1)
    ended = make_invitation(expires_at=timezone.now() - DAY)
    over = make_invitation(state=Invitation.State.EXPIRED, expires_at=timezone.now() + DAY)
    erased = make_invitation(make_contact(email="e@client.example", erased_at=timezone.now()))
    gone = make_invitation()
    Invitation.objects.filter(pk=gone.pk).update(contact=None)
    return {
        "tampered": f"/survey/{good[:-1]}{'A' if good[-1] != 'A' else 'B'}/",
        "foreign": f"/survey/{links.make('loop', invitation.pk, 1)}/",
        "taken back": f"/survey/{links.make('survey', invitation.pk, 0)}/",
        "nothing there": f"/survey/{links.make('survey', 10**9, 1)}/",
        "ran out": f"/survey/{links.make('survey', invitation.pk, 1, expires_at=timezone.now() - DAY)}/",
        "answer too late": page_of(ended),
        "expired": page_of(over),
        "erased": page_of(erased),
        "contact gone": page_of(gone),
        "empty": "/survey/",
        "emptier": "/survey//",
        "nul": "/survey/%00/",
        "odd": "/survey/%ED%A0%80%E2%80%AE/",
        "long": f"/survey/{'A' * 4000}/",
        "open, foreign": f"/survey-link/{links.make('survey', make_survey().pk, 1)}/",
        "open, empty": "/survey-link/",
        "loop": "/loop/nothing/",
        "loop, empty": "/loop/",
        "unsubscribe": "/unsubscribe/nothing/",
        "unsubscribe, foreign": f"/unsubscribe/{links.make('survey', make_message().pk, 0)}/",
        "unsubscribe, empty": "/unsubscribe/",
    }


def seen(response) -> str:
    """The page without what differs from one to the next."""
    return re.sub(r"(nonce|csrfmiddlewaretoken)[^>]*", "", response.content.decode())


@pytest.mark.parametrize("method", ["get", "post"])
def test_every_dead_link_shows_the_same_page_and_does_nothing(client, invitation, method):
    answers = {
        name: getattr(client, method)(address, {"send": "3", "score": "3"} if method == "post" else None)
        for name, address in dead_links(invitation).items()
    }

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 410)
    assert len({seen(answer) for answer in answers.values()}) == 1
    assert "This link does not work" in seen(answers["tampered"])
    assert not Response.objects.exists()


def test_an_answer_that_comes_after_the_end_is_told_so_and_not_kept(client):
    invitation = make_invitation(expires_at=timezone.now() - DAY)

    assert client.post(page_of(invitation), {"send": "3", "score": "3"}).status_code == 410
    assert not Response.objects.exists()


def guess(client, page="survey", **extra):
    return client.get(f"/{page}/{secrets.token_urlsafe(36)}/", **extra)


@pytest.mark.parametrize("page", ["survey", "survey-link", "loop", "unsubscribe"])
def test_guessing_is_stopped_on_every_page_and_for_the_guesser_alone(client, invitation, page):
    statuses = [guess(client, page).status_code for _ in range(link_guard.GUESSES + 5)]

    assert statuses == [410] * link_guard.GUESSES + [429] * 5
    stopped = guess(client, "loop")
    assert stopped.status_code == 429 and 0 < int(stopped["Retry-After"]) <= 601
    assert client.get(page_of(invitation)).status_code == 429
    assert client.get(page_of(invitation), REMOTE_ADDR="192.0.2.7").status_code == 200


def test_old_links_of_ours_are_no_guesses(client):
    old = page_of(make_invitation(expires_at=timezone.now() - DAY))

    assert {client.get(old).status_code for _ in range(link_guard.GUESSES + 5)} == {410}
    assert not Presses.objects.exists()


def test_one_network_of_ipv6_counts_as_one(client):
    for n in range(link_guard.GUESSES):
        guess(client, REMOTE_ADDR=f"2001:db8::{n:x}")

    assert guess(client, REMOTE_ADDR="2001:db8::ffff").status_code == 429
    assert guess(client, REMOTE_ADDR="2001:db8:1::1").status_code == 410


def test_counts_hold_no_address_and_are_forgotten_after_a_day(client):
    guess(client, REMOTE_ADDR="192.0.2.7")
    [row] = Presses.objects.all()
    assert "192" not in row.who and len(row.who) == 32

    Presses.objects.update(since=timezone.now() - 2 * DAY)
    call_command("sweep", verbosity=0)

    assert not Presses.objects.exists()


@pytest.mark.full
def test_ten_thousand_guesses_open_nothing(client, invitation):
    Contact.objects.update(name="Nobody may see me")
    statuses = [guess(client).status_code for _ in range(counted(1_000, 10_000))]

    assert set(statuses) == {410, 429}
    # At most one stretch of ten minutes may begin while this runs.
    assert statuses.count(410) <= 2 * link_guard.GUESSES
