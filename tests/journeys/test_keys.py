"""Work by keyboard alone, in a real browser: the keys of a case, counted."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from followups.models import Ticket
from tests.factories import NOW
from tests.followups.pages.cast import PASSWORD, add_marta, make_cast
from tests.journeys.hands import Hands

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def marta() -> Ticket:
    return add_marta(make_cast(NOW))


@pytest.fixture
def hands(live_server: LiveServer, browser: Any, marta: Ticket) -> Hands:
    page = browser.new_context().new_page()
    page.goto(f"{live_server.url}/login/")
    page.fill("#id_username", "hanna")
    page.fill("#id_password", PASSWORD)
    page.click("button[type=submit]")
    page.goto(f"{live_server.url}/queue/")
    return Hands(page)


def open_first(hands: Hands) -> None:
    hands.press("j")
    with hands.page.expect_navigation():
        hands.press("Enter")


def test_a_call_and_a_promise_take_six_keys(hands: Hands, marta: Ticket) -> None:
    open_first(hands)
    hands.press("c")
    hands.type("Wants the list of failed imports.")
    hands.send()
    assert Ticket.objects.get(pk=marta.pk).state == "contacted"
    hands.press("a")
    hands.type("You get the list of every failed import.")
    hands.send()
    assert Ticket.objects.get(pk=marta.pk).state == "in_action"
    print(f"\nfrom the queue to a promise: {len(hands.keys)} keys besides text, {hands.tabs_in_a_row} Tab in a row")
    assert len(hands.keys) <= 10


def test_a_promise_done_and_the_question_take_ten_keys(hands: Hands, marta: Ticket) -> None:
    open_first(hands)
    hands.press("c")
    hands.type("Wants the list.")
    hands.send()
    hands.press("a")
    hands.type("You get the list.")
    hands.send()
    hands.keys.clear()
    hands.press("d", "d")
    hands.type("You have the list.")
    hands.send()
    hands.press("r", "ArrowDown", "Tab")
    hands.type("All imports are repaired.")
    hands.press("Tab")
    hands.type("A comma was misread.")
    hands.send()
    print(f"\nfrom a promise to the question: {len(hands.keys)} keys besides text, {hands.tabs_in_a_row} Tab in a row")
    assert Ticket.objects.get(pk=marta.pk).state == "resolved"
    assert len(hands.keys) <= 10 and hands.tabs_in_a_row <= 5


def test_a_call_that_settles_it_takes_at_most_ten_keys(hands: Hands, marta: Ticket) -> None:
    open_first(hands)
    hands.press("c", "Escape", "e")
    hands.type("The list is sent.")
    hands.press("Tab", "ArrowDown", "Tab")
    hands.type("A comma was misread.")
    hands.send()
    print(f"\na call that settles it: {len(hands.keys)} keys besides text, {hands.tabs_in_a_row} Tab in a row")
    assert Ticket.objects.get(pk=marta.pk).state == "resolved"
    assert len(hands.keys) <= 10 and hands.tabs_in_a_row <= 5


def test_no_answer_takes_three_keys(hands: Hands, marta: Ticket) -> None:
    open_first(hands)
    with hands.page.expect_navigation():
        hands.press("o")
    assert marta.attempts.get().outcome == "no_answer"
    assert len(hands.keys) == 3


def test_single_keys_are_letters_while_one_writes(hands: Hands, marta: Ticket) -> None:
    open_first(hands)
    hands.press("c")
    hands.type("care")
    assert hands.page.input_value("#log-contact textarea[name=note]") == "care"
    assert Ticket.objects.get(pk=marta.pk).state == "assigned"
