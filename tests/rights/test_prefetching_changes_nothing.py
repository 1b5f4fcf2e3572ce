"""Every link of a mail opened by a program that runs scripts, as mail scanners do: it presses nothing, no row changes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from nps_loop import links
from nps_loop.mail import envelope
from nps_loop.mail.models import Message, Stream
from nps_loop.mail.outbox import Draft, queue
from nps_loop.mail.rendering import render
from tests.factories import DAY, make_brand, make_contact, make_invitation, make_response, make_ticket
from tests.mail_templates.samples import CUSTOMER_KINDS, context
from tests.rights import life

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
# How often each address is opened; by hand a hundred times, which takes a quarter of an hour.
LOOKS = int(os.environ.get("LOOKS", "2"))
AT_ONCE = 10
ASKING = ("invitation", "invitation_reminder", "recovery_question")


def mails() -> list[Message]:
    """One mail of each kind that customers get, rendered by its own templates."""
    now = timezone.now()
    make_brand()
    contact = make_contact("Marta Weber")
    ticket = make_ticket(make_response(2, contact=contact), state="resolved", resolved_at=now)
    drafts = []
    for kind in CUSTOMER_KINDS:
        asked = make_invitation(contact, expires_at=now + 20 * DAY) if kind in ASKING else None
        rendered = render(kind, "en", context(kind, "en"))
        target = {"survey": ("survey", asked.pk)} if asked else {"loop": ("loop", ticket.conversation_id)}
        drafts.append(
            Draft(
                kind=kind, stream=Stream.SURVEYS if asked else Stream.CASE, recipient=contact.email,
                from_address="care@halden.example", subject=rendered.subject, text=rendered.text, html=rendered.html,
                links={**target, "unsubscribe": ("unsubscribe", 0)},
            )
        )  # fmt: skip
    return queue(drafts, now=now)


def links_in(rows: list[Message]) -> dict[str, set[str]]:
    """Kind of mail -> the paths of all our addresses in its text and HTML, as it would leave."""
    found, now = envelope.look_up(rows), timezone.now()
    paths = {}
    for row in rows:
        text, page = links.fill(row.text, row.html, envelope.urls(row, found, now=now))
        paths[row.kind] = {
            "/" + path.replace("&amp;", "&")
            for path in re.findall(r"https?://[^/\s\"<>]+/((?:loop|survey|unsubscribe)/[^\s\"<>]*)", text + " " + page)
        }
    return paths


def batched(paths: Iterator[str]) -> Iterator[list[str]]:
    while some := list(islice(paths, AT_ONCE)):
        yield some


def test_a_browser_that_opens_every_link_and_presses_nothing_changes_no_row(
    live_server: LiveServer, browser: Any
) -> None:
    by_kind = links_in(mails())
    assert all(by_kind.values()), by_kind
    there = sorted(set().union(*by_kind.values()))
    kinds = {path.split("/")[1] for path in there}
    assert kinds == {"loop", "survey", "unsubscribe"}
    assert sum("score=" in path for path in there) >= 11
    before = sorted(life.dump())

    pages = 0
    scanner = browser.new_context()
    for some in batched(path for path in there for _ in range(LOOKS)):
        # A page of its own each time: from one to a fragment of itself a browser loads nothing.
        tabs = [scanner.new_page() for _ in some]
        for tab, path in zip(tabs, some, strict=True):
            assert tab.goto(live_server.url + path, wait_until="commit").status == 200, path
        for tab in tabs:
            tab.wait_for_load_state("networkidle")
            tab.close()
        pages += len(tabs)

    print(f"\n{pages} pages of {len(there)} addresses from {len(by_kind)} kinds of mail opened with script")
    assert sorted(life.dump()) == before
