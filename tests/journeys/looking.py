"""A browser that goes from page to page as the right person, in light and dark, wide and narrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client

from nps_loop.people.models import User
from tests.journeys.places import Place

WIDE, NARROW = 1280, 390


class Looker:
    """Opens places of a live server. Notes what the console says and which other hosts are asked."""

    def __init__(self, browser: Any, url: str) -> None:
        self.browser, self.url = browser, url
        self.said: list[str] = []
        self.pages: dict[User | None, Any] = {}
        with_policy = Client().get("/login/")
        self.policy = with_policy["Content-Security-Policy"]

    def open(self, place: Place, *, width: int = WIDE, dark: bool = False) -> Any:
        """The page of Playwright, at this place."""
        page = self.pages.get(place.who) or self._page(place.who)
        self.at = place
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        address = self.url + place.path
        if place.html:
            # Served under the policy of every page, so that what it forbids is seen here too.
            headers = {"Content-Security-Policy": self.policy}
            page.route(address, lambda route: route.fulfill(body=place.html, content_type="text/html", headers=headers))
        page.goto(address, wait_until="load")
        if place.html:
            page.unroute(address)
        return page

    def _page(self, who: User | None) -> Any:
        context = self.browser.new_context(locale="en-GB")
        if who is not None:
            client = Client()
            client.force_login(who)
            value = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": self.url}])
        page = context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.said.append(f"{self.at.name}: {error}"))
        page.on("request", self._request)
        page.on("response", self._response)
        self.pages[who] = page
        return page

    def _console(self, message: Any) -> None:
        # A page that says 4xx on purpose is no complaint of the browser about it.
        if message.type == "error" and "the server responded with a status of" not in message.text:
            self.said.append(f"{self.at.name}: {message.text}")

    def _response(self, response: Any) -> None:
        if response.status >= 500:
            self.said.append(f"{self.at.name}: {response.url} answers {response.status}")

    def _request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != urlsplit(self.url).netloc:
            self.said.append(f"{self.at.name}: asks {request.url}")


def unfold(page: Any) -> None:
    """Open every fold at once, those too of which only one stands open at a time."""
    page.eval_on_selector_all("details", "all => all.forEach(one => { one.removeAttribute('name'); one.open = true; })")


def links(page: Any) -> set[str]:
    """Addresses of this site that the page leads to."""
    found: list[str] = page.eval_on_selector_all(
        "a[href]:not([href^='#'])",
        "all => all.filter(one => one.origin === location.origin).map(one => one.pathname + one.search)",
    )
    return set(found)


def is_wider_than_its_window(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def shoot(page: Any, folder: Path, name: str) -> None:
    page.screenshot(path=folder / f"{name}.png", full_page=True, animations="disabled")
