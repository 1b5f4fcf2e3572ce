"""Reports on paper: A4 upright, no navigation, and no chart cut in two."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from tests.journeys.looking import Looker, is_wider_than_its_window
from tests.journeys.places import Cast, Place

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# A4 less its margins, at 96 dots an inch.
PAPER = {"width": 703, "height": 1032}
GONE = ".nav, .views, .filters, .page-tools, .main > .chips, details.numbers"
CUT = """all => all.filter(one => getComputedStyle(one).breakInside !== "avoid").length"""


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    from django.utils import timezone

    from tests.journeys.rows import fill

    return fill(timezone.now())


def test_a_report_prints_on_a4(live_server: LiveServer, browser: Any, cast: Cast) -> None:
    looker = Looker(browser, live_server.url)
    for name in ("", "closure/", "times/", "touchpoints/"):
        page = looker.open(Place(f"printed-{name}", f"/reports/{name}", cast.lead))
        page.set_viewport_size(PAPER)
        page.emulate_media(media="print")
        assert not page.locator(GONE).filter(visible=True).count(), name
        assert not is_wider_than_its_window(page), name
        assert page.eval_on_selector_all(".report .chart", CUT) == 0, name
        tallest = page.eval_on_selector_all(
            ".report figure.chart", "all => Math.max(0, ...all.map(one => one.offsetHeight))"
        )
        assert tallest < PAPER["height"], name
        made = page.pdf(prefer_css_page_size=True)
        sizes = {tuple(map(float, size)) for size in re.findall(rb"/MediaBox \[0 0 ([.\d]+) ([.\d]+)", made)}
        assert sizes and all(size == pytest.approx((595, 842), abs=1) for size in sizes), name
        page.emulate_media(media="screen")
