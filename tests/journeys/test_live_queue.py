"""An open queue in a real browser: it hears of changes by itself, moves nothing, and is quiet while nobody looks."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from followups import workflow
from followups.actors import Actor
from followups.models import Ticket
from tests.followups.pages.cast import DAY, Cast, add_ticket, make_cast
from tests.journeys.workers import logged_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Longer than the page waits between two questions.
A_WHILE = 25_000
HIDDEN = "Object.defineProperty(document, 'hidden', {get: () => window.away === true, configurable: true})"
CHANGED = ".row.row-changed, tr.row-changed"


@pytest.fixture
def cast() -> Cast:
    made = make_cast(timezone.now())
    for at, name in enumerate(("Ada Berg", "Bea Lund", "Cem Aydin")):
        add_ticket(made, name, f"{name} Freight", 3, "We waited.", due_in=(3 + at) * DAY)
    return made


def is_about_changes(what: Any) -> bool:
    return "/changes/" in what.url


class Onlooker:
    """Somebody who has a list open and does nothing. Time is theirs to move; what the page asks is noted."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.asked = 0
        self.complaints: list[str] = []
        page.on("request", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.clock.install()
        page.add_init_script(HIDDEN)
        page.goto(address)
        page.evaluate("window.untouched = true")

    def _note(self, request: Any) -> None:
        self.asked += is_about_changes(request)

    def wait(self) -> None:
        self.page.clock.run_for(A_WHILE)

    def hears(self) -> int:
        """Let the page ask once more: the status of the answer."""
        with self.page.expect_response(is_about_changes) as came:
            self.wait()
        return int(came.value.status)

    def hears_nothing(self) -> None:
        """Let the page ask once more, and nothing come back."""
        with self.page.expect_event("requestfailed", is_about_changes):
            self.wait()

    def sees(self, selector: str) -> None:
        self.page.locator(selector).first.wait_for(state="attached")

    def order(self) -> list[str]:
        return [row.get_attribute("id") for row in self.page.locator("[data-version][id^=t]").all()]

    @property
    def is_the_same_page(self) -> bool:
        return bool(self.page.evaluate("window.untouched === true"))


def somebody_writes(cast: Cast, name: str) -> None:
    """A colleague leaves a note, and it becomes more urgent than all others."""
    ticket = cast.tickets[name]
    workflow.note(ticket, actor=Actor.person(cast.nils), now=timezone.now(), version=None, text="Rang.")
    Ticket.objects.filter(pk=ticket.pk).update(rank=1)


@pytest.mark.parametrize("address", ["/queue/", "/tickets/"])
def test_a_list_hears_of_a_change_and_moves_no_row(
    live_server: LiveServer, browser: Any, cast: Cast, address: str
) -> None:
    eyes = Onlooker(logged_in(browser, live_server.url, "hanna"), address)
    page = eyes.page
    assert not page.locator("[data-changes]").is_visible()
    before, last = eyes.order(), f"#t{cast.tickets['Cem'].pk}"
    box = page.locator(last).bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] / 2)
    somebody_writes(cast, "Cem")
    assert eyes.hears() == 200
    eyes.sees(f"{last}.row-changed")
    assert page.locator(CHANGED).count() == 1
    assert page.locator("[data-changes]").is_visible()
    # The notice came, and whatever lies under the pointer is still the row that lay there.
    assert eyes.order() == before and eyes.is_the_same_page
    under = "([x, y]) => document.elementFromPoint(x, y).closest('[data-version]').id"
    assert page.evaluate(under, [box["x"] + 40, box["y"] + box["height"] / 2]) == last[1:]
    assert eyes.hears() == 304
    # Looking again shows it in its new place, and nothing is marked any more.
    with page.expect_navigation():
        page.locator("[data-changes] a").click()
    assert eyes.order()[0] == last[1:] and page.locator(CHANGED).count() == 0
    assert eyes.complaints == []


def test_the_counts_of_the_queue_follow(live_server: LiveServer, browser: Any, cast: Cast) -> None:
    eyes = Onlooker(logged_in(browser, live_server.url, "hanna"), "/queue/")
    count = "[data-count=mine]"
    assert eyes.page.inner_text(count) == "3"
    add_ticket(cast, "Dag Holm", "Holm Freight", 2, "Nobody came.")
    assert eyes.hears() == 200
    eyes.page.locator(count, has_text="4").wait_for()
    assert len(eyes.order()) == 3 and eyes.is_the_same_page
    assert eyes.page.locator(CHANGED).count() == 0
    assert eyes.page.locator("[data-changes]").is_visible()


def test_nobody_looks_so_nothing_is_asked(live_server: LiveServer, browser: Any, cast: Cast) -> None:
    eyes = Onlooker(logged_in(browser, live_server.url, "hanna"), "/queue/")
    eyes.page.evaluate("window.away = true")
    for _ in range(3):
        eyes.wait()
    eyes.page.wait_for_load_state("networkidle")
    assert eyes.asked == 0
    somebody_writes(cast, "Bea")
    eyes.page.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
    eyes.sees(f"#t{cast.tickets['Bea'].pk}.row-changed")
    assert eyes.asked == 1


def test_a_broken_network_and_a_lost_log_in_do_no_harm(live_server: LiveServer, browser: Any, cast: Cast) -> None:
    eyes = Onlooker(logged_in(browser, live_server.url, "hanna"), "/queue/")
    page, before = eyes.page, eyes.order()
    page.context.set_offline(True)
    eyes.hears_nothing()
    assert eyes.order() == before and not page.locator("[data-changes]").is_visible()
    page.context.set_offline(False)
    somebody_writes(cast, "Bea")
    assert eyes.hears() == 200
    eyes.sees(f"#t{cast.tickets['Bea'].pk}.row-changed")
    page.context.clear_cookies(name="sessionid")
    eyes.hears_nothing()
    assert eyes.order() == before and eyes.is_the_same_page
    assert "/queue/" in page.url and page.locator(CHANGED).count() == 1
    assert eyes.complaints == []
