"""What customers and colleagues may write, at its worst: every page and mail shows it as text, and stays in shape.

HYPOTHESIS_PROFILE=full looks at every page there is.
SHOTS=folder keeps a picture of each, wide and narrow; PLACES="queue,ticket-*" looks at some only.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from django.template import engines
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from pytest_django.live_server_helper import LiveServer

from followups.models import Ticket
from tests.conftest import counted
from tests.followups.loop_pages import pages as loop_pages
from tests.journeys.looking import NARROW, WIDE, Looker, is_wider_than_its_window, shoot, unfold
from tests.journeys.naughty import OURS, big_list, seen, spoil, spoiled
from tests.journeys.places import NOWHERE, Cast, Place, named, places
from tests.mail_templates.samples import KINDS, context
from tests.mail_templates.test_every_mail import rendered

pytestmark = [pytest.mark.full, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MAIL_WIDE = 600
# Every kind of page once, every day; all of them where the full counts are taken.
EVERYDAY = (
    "day,queue,queue-team,view-to-save,actions,tickets,templates,template-wrong,together-assign,ticket-assigned,"
    "ticket-in_action,ticket-resolved,ticket-on_hold,ticket-unassigned,ticket-limited,ticket-stale,ticket-draft,contact,"
    "account,visit,merge-look,whose-answer,team,reports,mailbox,mail-bounced,loop-open,loop-waiting,loop-resolved"
)
SHAPES = "error-*,loop-*,login,locked-out,api-docs"  # nothing of anybody's stands on them


@pytest.fixture(params=["ours", "big list"])
def strings(request: pytest.FixtureRequest) -> Sequence[str]:
    """Strings of our own making, always; those of the public list where it lies beside the checkout."""
    return OURS if request.param == "ours" else big_list(request.getfixturevalue("real_data"))


def test_every_page_shows_them_as_text(
    live_server: LiveServer, browser: Any, cast: Cast, strings: Sequence[str]
) -> None:
    spoil(strings, cast.agent)
    looker = Looker(browser, live_server.url)
    wrong: list[str] = []
    shown = ""
    asked = os.environ.get("PLACES", EVERYDAY if counted(0, full=1) == 0 else "")
    for place in named([*worth_a_look(cast), *customers_pages(strings)], asked):
        page = looker.open(place)
        unfold(page)
        wrong += [f"{place.name}: {finding}" for finding in findings(page, (WIDE, NARROW))]
        shown += seen(page.evaluate(WRITTEN)) + "\n"
        keep_picture(page, place.name)
    lost = [text for text in map(seen, strings) if text not in shown] if "PLACES" not in os.environ else []
    assert not wrong + looker.said + lost, "\n".join(wrong + looker.said + [f"not shown: {text}" for text in lost])


def test_every_mail_shows_them_as_text(browser: Any, strings: Sequence[str]) -> None:
    page = browser.new_page()
    engine, texts = engines["django"], cycle(strings)
    wrong: list[str] = []
    for kind in KINDS:
        filled = spoiled(context(kind, "en"), texts)
        subject, text, html = rendered(engine, kind, filled)  # type: ignore[arg-type]
        page.set_content(html)
        wrong += [f"{kind}: {finding}" for finding in findings(page, (MAIL_WIDE, NARROW))]
        wrong += [
            f"{kind}: {part} escapes text"
            for part, words in (("subject", subject), ("text", text))
            if has_entities(words, strings)
        ]
        if "\n" in subject:
            wrong.append(f"{kind}: a subject of more than one line")
        keep_picture(page, f"mail-{kind}")
    assert not wrong, "\n".join(wrong)


def test_a_nul_is_refused_with_a_reason_and_never_a_fault(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.agent)
    ticket = Ticket.objects.filter(owner=cast.agent, state="assigned").latest("pk")
    for verb, data in (
        ("note", {"text": "a\x00b"}),
        ("send-message", {"body": "a\x00b"}),
        ("hold", {"reason": "\x00"}),
    ):
        answer = client.post(f"/tickets/{ticket.pk}/{verb}/", {"version": str(ticket.version), **data})
        assert answer.status_code == 400
        assert "Null characters are not allowed." in answer.content.decode()
    for path in ("/queue/?q=a%00b", "/tickets/?q=a%00b"):
        assert client.get(path).status_code == 200


# All that is written on a page, fields included.
WRITTEN = """[document.body.innerText,
    ...[...document.querySelectorAll('main, .public-main')].map(one => one.textContent),
    ...[...document.querySelectorAll('input, textarea')].map(one => one.value)].join('\\n')"""
MARKUP = (
    "document.querySelectorAll('.naughty, [src=x], [onerror], [onload], [onclick], marquee, iframe[src^=java]').length"
)


def findings(page: Any, widths: Sequence[int]) -> Iterator[str]:
    """What the strings did to a page: ran, became markup, pushed it out of its width."""
    if page.evaluate("window.naughty !== undefined"):
        yield "a script ran"
    if page.evaluate(MARKUP):
        yield "text became markup"
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        if is_wider_than_its_window(page):
            yield f"scrolls sideways at {width}: {page.evaluate(WIDEST)}"


# Who pushes: the innermost elements that reach beyond the window.
WIDEST = """[...document.querySelectorAll('body *')].filter(one => {
    const reach = one.getBoundingClientRect().right;
    return reach > document.documentElement.clientWidth + 1
        && ![...one.children].some(child => child.getBoundingClientRect().right >= reach);
}).slice(0, 3).map(one => `${one.tagName}.${one.className.baseVal ?? one.className}`
    + ` in ${one.parentElement.className}`).join('; ')"""


def has_entities(text: str, strings: Sequence[str]) -> bool:
    """Whether text that is no HTML was escaped as if it were; what the strings bring along is theirs."""
    return any(entity in text for entity in ("&lt;", "&#x27;", "&quot;", "&amp;") if entity not in "".join(strings))


def worth_a_look(cast: Cast) -> list[Place]:
    found = places(cast)
    left_out = {place.name for place in named(found, SHAPES)}
    return [place for place in found if place.name not in left_out]


def customers_pages(strings: Sequence[str]) -> Iterator[Place]:
    request = RequestFactory().get("/loop/token/")
    texts = cycle(strings)
    for variant, page in loop_pages().items():
        html = render_to_string("followups/loop/page.html", {"page": spoiled(page, texts)}, request=request)
        yield Place(f"loop-{variant}", NOWHERE, html=html)


def keep_picture(page: Any, name: str) -> None:
    if "SHOTS" in os.environ:
        folder = Path(os.environ["SHOTS"])
        folder.mkdir(parents=True, exist_ok=True)
        shoot(page, folder, f"naughty-{name}-{page.viewport_size['width']}")
