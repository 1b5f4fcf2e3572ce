"""A form whose token had lapsed: nothing is done, nothing typed is lost, and nobody else's form is ever handed back."""

from __future__ import annotations

import html
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from followups.models import Conversation, Note, Ticket, Verdict
from nps_loop import links
from nps_loop.people.models import User
from tests.factories import NOW, make_admin, make_contact, make_response, make_ticket
from tests.followups.pages.cast import PASSWORD, Cast, add_marta, make_cast

HERE = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
WORDS = 'Rang twice.\nSays: "Tuesday" & <b>not</b> before.'

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast(NOW)


@pytest.fixture
def marta(cast: Cast) -> Ticket:
    return add_marta(cast)


def strict(user: User | None = None) -> Client:
    client = Client(enforce_csrf_checks=True)
    if user is not None:
        client.force_login(user)
    return client


def note(client: Client, ticket: Ticket, headers: dict[str, str]) -> HttpResponse:
    data = {"version": ticket.version, "text": WORDS, "csrfmiddlewaretoken": "x" * 64}
    return client.post(f"/tickets/{ticket.pk}/note/?from=here", data, headers=headers)


def handed_back(answer: HttpResponse) -> dict[str, str]:
    """The fields of the form on the page, as a browser would send them."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.content.decode())
    return {name: html.unescape(value) for name, value in found}


def test_what_was_typed_is_handed_back_and_counts_once_it_is_sent_again(cast: Cast, marta: Ticket) -> None:
    client = strict(cast.hanna)
    answer = note(client, marta, HERE)
    page = answer.content.decode()
    assert answer.status_code == 403 and "no-store" in answer["Cache-Control"]
    assert not Note.objects.exists()
    assert "Send it again" in page and "<b>not</b>" not in page
    fields = handed_back(answer)
    assert fields["text"] == WORDS and fields["version"] == str(marta.version)
    assert re.search(r'<form[^>]*action="([^"]+)"', page)[1] == f"/tickets/{marta.pk}/note/?from=here"  # type: ignore[index]
    assert client.post(f"/tickets/{marta.pk}/note/", fields, headers=HERE).status_code == 302
    assert Note.objects.get().text == WORDS


def test_the_button_that_was_pressed_and_every_value_of_a_field_come_along(cast: Cast, marta: Ticket) -> None:
    sent = {"do": "note", "ticket": ["7", "8"], "whole": "1"}
    page = strict(cast.hanna).post("/queue/together/", sent, headers=HERE).content.decode()
    pairs = re.findall(r'<input type="hidden" name="(do|ticket|whole)" value="([^"]*)"', page)
    assert pairs == [("do", "note"), ("ticket", "7"), ("ticket", "8"), ("whole", "1")]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://testserver", "Sec-Fetch-Site": "same-site"},
        {"Referer": "http://testserver.evil.example/"},
        {"Sec-Fetch-Site": "same-origin"},
        {},
    ],
)
def test_what_nothing_proves_to_be_ours_is_handed_nothing(cast: Cast, marta: Ticket, headers: dict[str, str]) -> None:
    answer = note(strict(cast.hanna), marta, headers)
    assert answer.status_code == 403
    assert "Rang twice" not in answer.content.decode() and "Send it again" not in answer.content.decode()
    assert not Note.objects.exists()


def test_a_referer_of_our_own_is_proof_where_no_origin_is_sent(cast: Cast, marta: Ticket) -> None:
    answer = note(strict(cast.hanna), marta, {"Referer": f"http://testserver/tickets/{marta.pk}/"})
    assert handed_back(answer)["text"] == WORDS


def test_no_password_is_ever_written_into_a_page(cast: Cast) -> None:
    make_admin(username="root", password=PASSWORD)
    for address in ("/login/", "/admin/login/"):
        answer = strict().post(address, {"username": "root", "password": PASSWORD}, headers=HERE)
        assert answer.status_code == 403 and PASSWORD not in answer.content.decode()
    changed = strict(User.objects.get(username="root")).post(
        f"/admin/people/user/{cast.hanna.pk}/password/", {"password1": PASSWORD, "password2": PASSWORD}, headers=HERE
    )
    assert changed.status_code == 403 and PASSWORD not in changed.content.decode()


def test_a_file_is_asked_for_again(cast: Cast) -> None:
    upload = SimpleUploadedFile("answers.csv", b"score\n3\n")
    answer = strict(cast.lead).post("/import/", {"file": upload}, headers=HERE)
    assert answer.status_code == 403 and "Send it again" not in answer.content.decode()


def test_with_the_log_in_lost_as_well_the_words_go_through_the_log_in(marta: Ticket) -> None:
    answer = note(strict(), marta, HERE)
    assert answer.status_code == 401
    assert "Rang twice." in html.unescape(re.search(r'name="kept" value="([^"]*)"', answer.content.decode())[1])  # type: ignore[index]
    assert strict().post("/queue/together/", {"do": "note"}, headers=HERE).status_code == 403


def test_a_customer_reads_it_in_their_language_and_sends_it_again() -> None:
    contact = make_contact("Marta Lindqvist", email="marta@kund.example", language="de")
    ticket = make_ticket(make_response(3, contact=contact, language="de"), state="resolved", question_accepted_at=NOW)
    conversation = Conversation.objects.get(pk=ticket.conversation_id)
    address = f"/loop/{links.make('loop', conversation.pk, conversation.generation)}/"
    client = strict()
    sent = {"verdict": "settled", "cycle": "0", "ticket": str(ticket.pk), "words": "Danke, alles da."}
    answer = client.post(address, sent, headers=HERE)
    assert answer.status_code == 403 and '<html lang="de"' in answer.content.decode()
    assert not Verdict.objects.exists()
    fields = handed_back(answer)
    assert {name: fields[name] for name in sent} == sent
    assert client.post(address, fields, headers=HERE).status_code == 303
    assert Verdict.objects.get().text == "Danke, alles da."
    assert strict().post(address, sent, headers={"Origin": "https://evil.example"}).content.decode().count("<form") == 0
    assert strict().post("/loop/nothing/", sent, headers=HERE).status_code == 403
