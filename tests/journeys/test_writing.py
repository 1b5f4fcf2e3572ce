"""Writing in a real browser: kept as one types, through a broken network and a lost log-in, and called back in time."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from followups.models import KeptDraft, LetterTemplate, Note, Ticket
from nps_loop.mail.models import Message
from tests.factories import NOW
from tests.followups.pages.cast import PASSWORD, add_marta, make_cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WORDS = "I am sorry, and I look into it."
BODY = "#send-message textarea[name=body]"
NOTE = "#send-message [data-draft-note]"


@pytest.fixture
def marta(settings: Any) -> Ticket:
    settings.UNDO_SECONDS = 10
    return add_marta(make_cast(NOW))


def logged_in(browser: Any, url: str, *, script: bool = True) -> Any:
    context = browser.new_context(java_script_enabled=script)
    page = context.new_page()
    page.goto(f"{url}/login/")
    page.fill("#id_username", "hanna")
    page.fill("#id_password", PASSWORD)
    page.click("button[type=submit]")
    return page


def fold(live_server: LiveServer, ticket: Ticket) -> str:
    return f"{live_server.url}/tickets/{ticket.pk}/?do=send-message"


def test_what_one_types_is_there_on_return(live_server: LiveServer, browser: Any, marta: Ticket) -> None:
    page = logged_in(browser, live_server.url)
    page.goto(fold(live_server, marta))
    page.fill(BODY, WORDS)
    page.locator(NOTE, has_text="Draft kept").wait_for()
    page.goto(f"{live_server.url}/queue/")
    page.goto(fold(live_server, marta))
    assert page.input_value(BODY) == WORDS


def test_whoever_leaves_at_once_loses_nothing(live_server: LiveServer, browser: Any, marta: Ticket) -> None:
    page = logged_in(browser, live_server.url)
    page.goto(fold(live_server, marta))
    page.fill(BODY, WORDS)
    page.goto(f"{live_server.url}/queue/")
    page.wait_for_timeout(500)
    page.goto(fold(live_server, marta))
    assert page.input_value(BODY) == WORDS


def test_a_broken_network_is_said_and_tried_again(live_server: LiveServer, browser: Any, marta: Ticket) -> None:
    page = logged_in(browser, live_server.url)
    page.goto(fold(live_server, marta))
    page.context.set_offline(True)
    page.fill(BODY, WORDS)
    page.locator(NOTE, has_text="no connection").wait_for()
    page.click("#send-message .btn-primary")
    assert page.input_value(BODY) == WORDS
    assert not KeptDraft.objects.exists()
    page.context.set_offline(False)
    page.locator(NOTE, has_text="Draft kept").wait_for()
    assert KeptDraft.unpacked(KeptDraft.objects.get().typed)["body"] == WORDS


def test_a_lost_log_in_is_said_and_the_words_come_through_it(
    live_server: LiveServer, browser: Any, marta: Ticket
) -> None:
    page = logged_in(browser, live_server.url)
    page.goto(fold(live_server, marta))
    page.context.clear_cookies(name="sessionid")
    page.fill(BODY, WORDS)
    page.locator(NOTE, has_text="logged out").wait_for()
    page.click("#send-message .btn-primary")
    page.fill("#id_username", "hanna")
    page.fill("#id_password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/tickets/**")
    assert page.input_value(BODY) == WORDS
    assert not Message.objects.filter(kind="personal").exists()


def test_undo_counts_down_and_gives_the_words_back(live_server: LiveServer, browser: Any, marta: Ticket) -> None:
    page = logged_in(browser, live_server.url)
    page.goto(fold(live_server, marta))
    page.fill(BODY, WORDS)
    page.click("#send-message .btn-primary")
    page.wait_for_selector(".undo")
    began = int(page.inner_text("[data-undo-n]"))
    page.wait_for_timeout(1500)
    assert int(page.inner_text("[data-undo-n]")) < began
    page.keyboard.press("u")
    page.wait_for_url("**do=send-message**")
    assert page.input_value(BODY) == WORDS
    assert Message.objects.get(kind="personal").state == "cancelled"
    assert KeptDraft.objects.get().message is None


def test_choosing_a_template_puts_it_in_at_once(live_server: LiveServer, browser: Any, marta: Ticket) -> None:
    LetterTemplate.objects.create(name="Ours", step="first_contact", text="Hello {first_name}, from {owner}.")
    page = logged_in(browser, live_server.url)
    page.goto(fold(live_server, marta))
    page.select_option("#send-message-template", label="Ours")
    page.wait_for_url("**/send-message/**")
    assert page.input_value(BODY) == "Hello Marta, from Hanna Brandt."


def test_the_same_without_a_script(live_server: LiveServer, browser: Any, marta: Ticket) -> None:
    LetterTemplate.objects.create(name="Ours", step="first_contact", text="Hello {first_name}, from {owner}.")
    page = logged_in(browser, live_server.url, script=False)
    page.goto(fold(live_server, marta))
    page.select_option("#send-message-template", label="Ours")
    page.click("#send-message [name=use-template]")
    assert page.input_value(BODY) == "Hello Marta, from Hanna Brandt."
    page.fill(BODY, WORDS)
    page.click("#send-message .btn-primary")
    page.click(".undo button")
    assert page.input_value(BODY) == WORDS
    page.click("#send-message [name=throw-away]")
    assert WORDS not in page.input_value(BODY)
    assert not KeptDraft.objects.exists()


def test_a_lapsed_token_costs_one_press_and_no_word(live_server: LiveServer, browser: Any, marta: Ticket) -> None:
    page = logged_in(browser, live_server.url, script=False)
    page.goto(f"{live_server.url}/tickets/{marta.pk}/")
    page.fill("#note textarea", WORDS)
    page.context.clear_cookies(name="csrftoken")
    page.click("#note button")
    assert "This page had been open for too long." in page.inner_text("h1")
    assert WORDS in page.inner_text("blockquote")
    assert not Note.objects.exists()
    page.click("button:has-text('Send it again')")
    page.wait_for_url(lambda url: not url.endswith("/note/"))
    assert Note.objects.get().text == WORDS
