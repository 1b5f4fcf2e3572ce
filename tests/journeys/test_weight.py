"""What a page weighs on the wire: a deployment's own serving, a real browser, first with nothing cached and then again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.followups.pages.cast import PASSWORD
from tests.journeys.company import Visitor
from tests.stack import Stack

# Bytes, headers included, as Chromium counts what arrives.
FIRST, LATER = 120_000, 30_000

FILL = """
from django.utils import timezone
from followups.models import Ticket
from tests.journeys.rows import fill
fill(timezone.now())
print(Ticket.objects.get(contact__name="Marta Lindqvist").pk)
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack(parts=("web",), env={"DJANGO_SETTINGS_MODULE": "nps_loop.settings"}) as running:
        running.manage("collectstatic", "--noinput")
        # The web looks through what was collected as it starts.
        running.restart("web")
        running.wait(lambda: running.get("/healthz")[0] == 200, "web answers", seconds=60)
        yield running


@pytest.fixture(scope="module")
def ticket(stack: Stack) -> int:
    return int(stack.python(FILL))


class Scales:
    """Weighs what a browser's page loads."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.addresses: dict[str, str] = {}
        self.arrived: dict[str, int] = {}
        protocol = page.context.new_cdp_session(page)
        protocol.send("Network.enable")
        protocol.on("Network.requestWillBeSent", lambda e: self.addresses.update({e["requestId"]: e["request"]["url"]}))
        protocol.on("Network.loadingFinished", self._finished)

    def _finished(self, event: dict[str, Any]) -> None:
        address = self.addresses[event["requestId"]]
        self.arrived[address] = self.arrived.get(address, 0) + int(event["encodedDataLength"])

    def weigh(self, path: str) -> dict[str, int]:
        """Bytes by address that come in for this page, until the network is quiet."""
        self.arrived.clear()
        answer = self.page.goto(path, wait_until="networkidle")
        assert answer.status == 200 and self.page.url.endswith(path), self.page.url
        return dict(self.arrived)


@pytest.mark.stack
@pytest.mark.full
def test_pages_are_light(stack: Stack, ticket: int, browser: Any, capsys: pytest.CaptureFixture[str]) -> None:
    places = {
        "hanna": ["/queue/", "/", f"/tickets/{ticket}/", "/tickets/"],
        "tomas": ["/team/", "/queue/?view=team", f"/tickets/{ticket}/", "/tickets/"],
    }
    said = []
    for who, paths in places.items():
        visitor = Visitor(browser, stack.url).log_in(who, PASSWORD)
        state = visitor.page.context.storage_state()
        for path in paths:
            # A context of its own each time: logged in, and nothing cached yet.
            with browser.new_context(base_url=stack.url, storage_state=state) as context:
                scales = Scales(context.new_page())
                first = scales.weigh(path)
                again = scales.weigh(path)
            said.append(f"{who:6} {path:20} first {sum(first.values()):7,}  again {sum(again.values()):7,}")
            assert f"{stack.url}/static/" in " ".join(first), "the assets are weighed as well"
            assert sum(first.values()) <= FIRST, first
            assert sum(again.values()) <= LATER, again
    with capsys.disabled():
        print("", *said, sep="\n")


@pytest.mark.stack
@pytest.mark.full
def test_assets_are_asked_for_once_and_come_compressed(stack: Stack, ticket: int, browser: Any) -> None:
    page = Visitor(browser, stack.url).log_in("hanna", PASSWORD).page
    kept = []
    page.on("response", lambda response: kept.append((response.url, response.headers)))
    page.goto("/queue/", wait_until="networkidle")
    assets = {url: headers for url, headers in kept if "/static/" in url}
    assert assets
    for url, headers in assets.items():
        assert "immutable" in headers["cache-control"], url
        if int(headers["content-length"]) > 1_000:
            assert headers.get("content-encoding") == "gzip", url
    [of_page] = [headers for url, headers in kept if url == f"{stack.url}/queue/"]
    assert of_page["content-encoding"] == "gzip" and "accept-encoding" in of_page["vary"].lower()
