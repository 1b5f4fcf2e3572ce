"""Wording a mail in a real browser: it is seen as it is typed."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from followups import wording_versions
from followups.models import MailWording
from nps_loop.people.models import User
from tests.factories import NOW
from tests.followups.pages.cast import PASSWORD, make_cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_mail_changes_with_every_pause_and_nothing_is_saved(live_server: LiveServer, browser: Any) -> None:
    make_cast(NOW)
    row = wording_versions.save_draft(
        MailWording(kind="action_update", language="en"),
        {"opening": "this is what we do:"},
        edits=None,
        by=User.objects.get(username="tomas"),
        now=NOW,
    )
    page = browser.new_context().new_page()
    page.goto(f"{live_server.url}/login/")
    page.fill("#id_username", "tomas")
    page.fill("#id_password", PASSWORD)
    page.click("button[type=submit]")
    page.goto(f"{live_server.url}/mails/{row.pk}/")
    steps_back = page.evaluate("history.length")
    page.fill("[name=opening]", "hold us to it, {first_name}:")
    page.fill("[name=subject]", "What {owner} does {promise}")
    expect(page.frame_locator("#live-frame").get_by_text("hold us to it, Marta:")).to_be_visible()
    expect(page.locator("[data-live-subject]")).to_contain_text("does by ")
    page.fill("[name=opening]", "and once more:")
    expect(page.frame_locator("#live-frame").get_by_text("and once more:")).to_be_visible()
    assert page.evaluate("history.length") == steps_back
    row.refresh_from_db()
    assert row.opening == "this is what we do:"
