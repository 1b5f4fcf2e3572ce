"""A review pack printed by a browser: one A4 page, landscape, in light ink, however full it is."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from pytest_django.live_server_helper import LiveServer

from followups.models import Review
from tests import factories as make
from tests.factories import DAY, NOW
from tests.followups.reviews.company import TODAY, Company, closed, make_company, make_review
from tests.journeys.looking import Looker
from tests.journeys.places import Place

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# A4 landscape, in points.
WIDE, HIGH = 842, 595
LONG = "Nobody told us when the import had failed, so we found out from our own customers, twice in one week, "


def full() -> tuple[Company, Review]:
    """As full as a pack becomes: long words, many causes, promises, questions, guests, and decisions of last time."""
    company = make_company()
    company.causes += [make.make_root_cause(f"A cause with quite a long name, number {n}") for n in range(8)]
    for n in range(60):
        account = make.make_account(f"Quite a long name of a company, number {n}", segment=f"Mid market {n % 4}")
        words = {
            "verbatim": f"{LONG}and it was the {n}th time.".ljust(178, "!"),
            "account": account,
            "share_name": True,
        }
        ticket = closed(company, score=n % 10, cause=n % len(company.causes), answer=words)
        make.make_action(ticket, first_promised_at=NOW + DAY, title="What was promised, in quite a few words. " * 3)
    last = make_review(company, state=Review.State.HELD, meeting_on=TODAY - timedelta(days=90))
    guests = [make.make_user(f"Maximiliane Aurelia{n} Oberhuber-Lindqvist") for n in range(6)]
    review = make_review(company, people=[company.lead, company.hanna, *guests])
    for of, states in ((last, ("done", "moved", "dropped", "open", "done")), (review, ("open",) * 5)):
        for n, state in enumerate(states):
            of.decisions.create(
                kind="soft_skills", what=f"{n}: every new customer has one name, told on the first day, and a deputy",
                owner=guests[n], due_on=TODAY, first_due_on=TODAY, state=state, decided_at=NOW, changed_at=NOW,
                reason="Legal texts had to be checked first by two departments", outcome="All of them have one now",
            )  # fmt: skip
    return company, review


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_on_one_page_in_light_ink(live_server: LiveServer, browser: Any, theme: str) -> None:
    with time_machine.travel(NOW, tick=False):
        company, review = full()
        page = Looker(browser, live_server.url).open(Place("review", f"/reviews/{review.pk}/", company.lead))
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        printed = page.pdf(prefer_css_page_size=True)
        page.emulate_media(media="print")
        colours = page.evaluate("[document.querySelector('.sheet'), document.body].map(e => getComputedStyle(e).color)")
        shown = page.evaluate("[...document.querySelectorAll('.nav, .off-sheet')].filter(e => e.offsetParent).length")
        page.emulate_media(media="screen")
    [box] = {tuple(map(float, found)) for found in re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", printed)}
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    assert (round(box[0]), round(box[1])) == (WIDE, HIGH)
    assert shown == 0
    assert all(max(map(int, re.findall(r"\d+", colour)[:3])) < 100 for colour in colours), colours


def test_without_script_there_is_no_button_to_print_and_with_it_there_is(live_server: LiveServer, browser: Any) -> None:
    with time_machine.travel(NOW, tick=False):
        company = make_company()
        page = Looker(browser, live_server.url).open(
            Place("review", f"/reviews/{make_review(company).pk}/", company.lead)
        )
        button = page.locator("[data-print]")
        assert button.is_visible()
        assert "data-print hidden" in page.evaluate("fetch(location.href).then(answer => answer.text())")
