"""The page after sending: who it goes to, an undo that gives the words back, and a plain word when it is too late."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client

from followups import drafts, workflow
from followups.actors import Actor
from followups.models import Action, KeptDraft, Resolution, Ticket
from followups.models.tickets import TicketState
from nps_loop.mail.delivery import deliver_due
from nps_loop.mail.models import Message
from tests.factories import NOW
from tests.followups.pages.cast import DAY, Cast, add_marta
from tests.followups.pages.conftest import logged_in, shown

WORDS = "I am sorry: the imports failed on a comma & “nobody” told you."


@pytest.fixture(autouse=True)
def undo(settings: Any) -> None:
    settings.UNDO_SECONDS = 10


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def marta(cast: Cast) -> Ticket:
    return add_marta(cast)


def send(client: Client, ticket: Ticket, verb: str = "send-message", **data: Any) -> HttpResponse:
    data.setdefault("version", Ticket.objects.get(pk=ticket.pk).version)
    return client.post(f"/tickets/{ticket.pk}/{verb}/", data)


def undo_address(page: str) -> str:
    found = re.search(r'action="(/tickets/\d+/mails/\d+/take-back/)"', page)
    assert found is not None, "no undo on the page"
    return found[1]


def spoken(cast: Cast, ticket: Ticket) -> Ticket:
    return workflow.log_contact(
        ticket, actor=Actor.person(cast.hanna), now=NOW, version=None, channel="phone", outcome="spoke"
    )


def test_the_page_after_sending_says_to_whom_and_offers_undo(cast: Cast, hanna: Client, marta: Ticket) -> None:
    page = shown(hanna, send(hanna, marta, body=WORDS)["Location"])
    assert "Your mail to Marta Lindqvist is written." in page
    assert "<b>Marta Lindqvist</b>, marta@nordby.example" in page
    assert re.search(r"It leaves in <span data-undo-n>10</span>", page)
    assert undo_address(page)


def test_the_undo_is_there_on_whatever_page_comes_next_and_then_no_more(
    cast: Cast, hanna: Client, marta: Ticket, clock: Any
) -> None:
    send(hanna, marta, body=WORDS)
    assert "take-back" in shown(hanna, "/queue/")
    clock.shift(timedelta(seconds=11))
    assert "take-back" not in shown(hanna, "/queue/")


def test_undo_takes_the_mail_back_and_the_words_stand_in_the_form_again(
    cast: Cast, hanna: Client, marta: Ticket, clock: Any
) -> None:
    page = shown(hanna, send(hanna, marta, subject="Your imports", body=WORDS)["Location"])
    clock.shift(timedelta(seconds=5))
    answer = hanna.post(undo_address(page))
    assert answer["Location"] == f"/tickets/{marta.pk}/?do=send-message#send-message"
    page = html.unescape(shown(hanna, answer["Location"].partition("#")[0]))
    assert "Taken back: nothing was sent to Marta Lindqvist." in page
    form = page.split('id="send-message"')[1].split("</form>")[0]
    assert WORDS in form and 'value="Your imports"' in form
    assert "take-back" not in page
    deliver_due(NOW + timedelta(minutes=1))
    assert Message.objects.get(kind="personal").state == "cancelled"
    assert "took back a mail before it left" in page


def test_a_question_taken_back_is_asked_nobody(cast: Cast, hanna: Client, marta: Ticket) -> None:
    spoken(cast, marta)
    page = shown(hanna, send(hanna, marta, "wait", question="Which file is it?")["Location"])
    assert Ticket.objects.get(pk=marta.pk).state == TicketState.WAITING_ON_CUSTOMER
    back = hanna.post(undo_address(page))["Location"]
    assert Ticket.objects.get(pk=marta.pk).state == TicketState.CONTACTED
    assert "Which file is it?" in shown(hanna, back.partition("#")[0]).split('id="wait"')[1]


def test_a_resolution_taken_back_is_there_to_be_said_again(cast: Cast, hanna: Client, marta: Ticket) -> None:
    workflow.add_action(
        spoken(cast, marta),
        actor=Actor.person(cast.hanna),
        now=NOW,
        version=None,
        title="Send the list",
        owner=cast.hanna,
        due_on=(NOW + 3 * DAY).date(),
    )
    action = Action.objects.get()
    cause = cast.causes[0]
    answer = send(
        hanna,
        marta,
        "resolve",
        root_cause=cause.pk,
        what_changed="You have the list.",
        why_it_happened="Nobody owned it.",
        told="mail",
        **{f"becomes_{action.pk}": "done", f"words_{action.pk}": "You have the list."},
    )
    page = shown(hanna, answer["Location"])
    assert "is resolved." in page
    back = hanna.post(undo_address(page))["Location"]
    ticket = Ticket.objects.get(pk=marta.pk)
    # It was in action, and the action that was done in the same form stays done.
    assert ticket.state == TicketState.IN_ACTION
    assert Resolution.objects.get().voided_at is not None
    form = shown(hanna, back.partition("#")[0]).split('id="resolve"')[1].split("</form>")[0]
    assert "Nobody owned it." in form and f'value="{cause.pk}" selected' in form


def test_a_talk_that_settled_it_keeps_the_talk_and_gives_the_rest_back(
    cast: Cast, hanna: Client, marta: Ticket
) -> None:
    answer = send(
        hanna,
        marta,
        "log-contact",
        channel="phone",
        outcome="spoke",
        settled="yes",
        settled_what="Repaired the imports.",
        settled_cause=cast.causes[0].pk,
        settled_why="A comma.",
        settled_told="mail",
    )
    page = shown(hanna, answer["Location"])
    back = hanna.post(undo_address(page))["Location"]
    assert back.endswith("?do=resolve#resolve")
    assert Ticket.objects.get(pk=marta.pk).state == TicketState.CONTACTED
    assert "A comma." in shown(hanna, back.partition("#")[0]).split('id="resolve"')[1]


def test_losing_the_race_with_delivery_is_said_plainly(cast: Cast, hanna: Client, marta: Ticket, clock: Any) -> None:
    page = shown(hanna, send(hanna, marta, body=WORDS)["Location"])
    clock.shift(timedelta(seconds=10))
    deliver_due(NOW + timedelta(seconds=10))
    answer = hanna.post(undo_address(page), follow=True)
    assert "Too late: the mail to Marta Lindqvist has left. Nothing was taken back." in answer.content.decode()
    assert Message.objects.get(kind="personal").state == "sent"


def test_nobody_else_takes_it_back(cast: Cast, hanna: Client, lead: Client, marta: Ticket) -> None:
    address = undo_address(shown(hanna, send(hanna, marta, body=WORDS)["Location"]))
    assert hanna.get(address).status_code == 405
    assert logged_in(cast.outsider).post(address).status_code == 404
    assert Client().post(address).status_code == 302
    lead.post(address)
    assert Message.objects.get(kind="personal").state == "queued"


def test_what_was_typed_is_forgotten_once_the_mail_has_left(cast: Cast, hanna: Client, marta: Ticket) -> None:
    send(hanna, marta, body=WORDS)
    assert KeptDraft.objects.get().message is not None
    assert drafts.forget_old(now=NOW) == 0
    deliver_due(NOW + timedelta(seconds=11))
    assert drafts.forget_old(now=NOW + timedelta(seconds=11)) == 1
    assert not KeptDraft.objects.exists()


# --- later -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "leaves"),
    [
        ({"when": "now"}, "2026-11-24T14:30:10"),
        ({}, "2026-11-24T14:30:10"),
        ({"when": "morning"}, "2026-11-25T08:00:00"),
        ({"when": "moment", "send_after": "2026-11-26T10:15"}, "2026-11-26T10:15:00"),
        ({"send_after": "2026-11-26T10:15"}, "2026-11-26T10:15:00"),
    ],
)
def test_a_mail_leaves_when_it_was_wished(
    cast: Cast, hanna: Client, marta: Ticket, data: dict[str, str], leaves: str
) -> None:
    assert send(hanna, marta, body=WORDS, **data).status_code == 302
    assert Message.objects.get(kind="personal").send_after.replace(tzinfo=None).isoformat() == leaves


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"when": "moment"}, "Say at which moment."),
        ({"when": "now", "send_after": "2026-11-26T10:15"}, "it says two things now"),
        ({"when": "moment", "send_after": "2027-03-01T09:00"}, "A mail waits for 60 days at most"),
        ({"when": "moment", "send_after": "2026-11-24T09:00"}, "This time is over."),
        ({"when": "whenever"}, "Select a valid choice"),
    ],
)
def test_a_moment_that_cannot_be_is_refused(
    cast: Cast, hanna: Client, marta: Ticket, data: dict[str, str], said: str
) -> None:
    answer = send(hanna, marta, body=WORDS, **data)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not Message.objects.filter(kind="personal").exists()


def test_the_morning_there_is_named_on_the_customers_clock(cast: Cast, hanna: Client, marta: Ticket) -> None:
    assert "Next working morning there: Wed 25 Nov, 09:00" in shown(hanna, f"/tickets/{marta.pk}/?do=send-message")


def test_a_mail_that_leaves_later_can_be_taken_back_until_then(
    cast: Cast, hanna: Client, marta: Ticket, clock: Any
) -> None:
    send(hanna, marta, body=WORDS, when="morning")
    clock.shift(timedelta(hours=2))
    page = shown(hanna, f"/tickets/{marta.pk}/")
    assert "leaves Wed 08:00" in page
    hanna.post(undo_address(page))
    assert Message.objects.get(kind="personal").state == "cancelled"
