"""Every page, light and dark: nothing axe objects to, a quiet console, nobody else asked, no sideways scrolling, and no
link that leads nowhere.

SHOTS=folder keeps a picture of each, light and dark; PLACES="queue,ticket-*" looks at some only. WIDTHS="390,768,1280,1600"
says how wide (wide and narrow where nothing is said), and OPEN=1 opens every fold first.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from nps_loop.people.models import User
from tests.journeys.looking import NARROW, WIDE, Looker, is_wider_than_its_window, links, shoot, unfold
from tests.journeys.places import Cast, named, places

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def violations(page: Any, **options: object) -> list[str]:
    """What axe finds, one line each: rule, part of the page, and why."""
    found = Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    return [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found for node in one["nodes"]]


# Looked at in shares, so that those who run tests side by side share them; every day only one of them is.
SHARES = 3


@pytest.mark.parametrize("share", [0, *(pytest.param(share, marks=pytest.mark.full) for share in range(1, SHARES))])
def test_every_page_is_sound(live_server: LiveServer, browser: Any, cast: Cast, share: int) -> None:
    looker = Looker(browser, live_server.url)
    wrong: list[str] = []
    leads: dict[tuple[User | None, str], str] = {}
    seen = named(places(cast), os.environ.get("PLACES", ""))[share::SHARES]
    for place in seen:
        page = looker.open(place)
        leads |= {(place.who, re.sub(r"\d+|=[^&]*", "", path)): path for path in links(page)}
        wrong += [f"{place.name}: {finding}" for finding in findings(page)]
    # One address of each shape: tickets are many, and their page is one.
    dead = [f"{who}: leads nowhere: {path}" for (who, _), path in leads.items() if not opens(who, path)]
    print(f"\n{len(seen)} pages, light and dark; {len(leads)} addresses they lead to")
    assert not wrong + looker.said + dead, "\n".join(wrong + looker.said + dead)


def findings(page: Any) -> Iterator[str]:
    """What is wrong with a page, with everything on it open."""
    unfold(page)
    yield from (f"light: {line}" for line in violations(page))
    # Of all rules only the one about colours can tell light from dark.
    page.emulate_media(color_scheme="dark")
    yield from (f"dark: {line}" for line in violations(page, runOnly=["color-contrast"]))
    page.set_viewport_size({"width": NARROW, "height": 900})
    if is_wider_than_its_window(page):
        yield f"scrolls sideways at {NARROW}"


def opens(who: User | None, path: str) -> bool:
    """Whether an address that a page leads to is there for whoever sees the page."""
    client = Client()
    if who is not None:
        client.force_login(who)
    answer = client.get(path)
    # A download is a file that stays open until it is read or closed.
    answer.close()
    return answer.status_code < 400


@pytest.mark.skipif("SHOTS" not in os.environ, reason="pictures are taken where SHOTS names a folder")
def test_pictures_of_every_page(live_server: LiveServer, browser: Any, cast: Cast) -> None:
    folder = Path(os.environ["SHOTS"])
    folder.mkdir(parents=True, exist_ok=True)
    widths = [int(width) for width in os.environ.get("WIDTHS", f"{WIDE},{NARROW}").split(",")]
    looker = Looker(browser, live_server.url)
    for place in named(places(cast), os.environ.get("PLACES", "")):
        for width, dark in product(widths, (False, True)):
            page = looker.open(place, width=width, dark=dark)
            if "OPEN" in os.environ:
                unfold(page)
            shoot(page, folder, f"{place.name}-{width}{'-dark' if dark else ''}")
