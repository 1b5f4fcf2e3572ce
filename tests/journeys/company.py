"""A small company on a running system, and the people who use it through a browser of their own."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from tests.conftest import Received, SmtpSink
from tests.stack import Stack

PASSWORD = "a long enough password"

SET_UP = f"""
from django.contrib.auth.hashers import make_password
from followups.models import Member, Team
from nps_loop.people.models import ApiKey, User
from surveys.models import Account, Brand
Brand.objects.update(name="Halden", sender_address="care@halden.example", legal_footer="Halden AB, Ågatan 1")
word = make_password({PASSWORD!r})
def person(username, first, last, title, **more):
    return User.objects.create(username=username, first_name=first, last_name=last, title=title, password=word,
                               email=f"{{first.lower()}}.{{last.lower()}}@halden.example", **more)
hanna = person("agent", "Hanna", "Brandt", "Account manager")
tomas = person("lead", "Tomas", "Ferreira", "Team lead")
ivo = person("ivo", "Ivo", "Lenz", "Integrations")
person("admin", "Ada", "Okafor", "Administrator", is_staff=True, is_superuser=True)
team = Team.objects.get(is_default=True)
Member.objects.create(team=team, user=hanna, capacity=200)
Member.objects.create(team=team, user=tomas, role=Member.Role.LEAD, capacity=0)
office = Team.objects.create(slug="integrations", name="Integrations", calendar=team.calendar, takes_tickets=False)
Member.objects.create(team=office, user=ivo)
# A second account manager, so that many answers at once do not push the few of a test down Hanna's queue.
jo = person("jo", "Jo", "Whitfield", "Account manager")
Member.objects.create(team=Team.objects.create(slug="south", name="South", calendar=team.calendar), user=jo, capacity=200)
Account.objects.create(external_id="S-20", name="Readers", owner=jo)
Account.objects.create(external_id="A-17", name="Nordby Cold Chain", owner=hanna, segment="Key account")
print(ApiKey.objects.issue("surveys", "ingest")[1])
print(ApiKey.objects.issue("figures", "read")[1])
"""


class Company:
    """Halden: an account manager, a lead, a colleague in the back office, an administrator, and its mail server."""

    def __init__(self, stack: Stack, sink: SmtpSink) -> None:
        self.stack, self.sink = stack, sink
        self.ingest_key, self.read_key = stack.python(SET_UP).split()[-2:]

    def answer(self, **fields: Any) -> int:
        """A customer's answer comes in by the API. Returns its id."""
        status, body = self.stack.post("/api/v1/responses/", fields, Authorization=f"Bearer {self.ingest_key}")
        assert status == 201, body
        return int(json.loads(body)["id"])

    def ticket_of(self, response: int, seconds: float = 20) -> int:
        """The number of the ticket over an answer, once it has an owner."""
        sql = "SELECT id FROM followups_ticket WHERE response_id = %s AND owner_id IS NOT NULL"
        self.stack.wait(lambda: bool(self.stack.rows(sql, [response])), "the ticket has an owner", seconds)
        return int(self.stack.rows(sql, [response])[0][0])

    def state_of(self, ticket: int) -> tuple[str, str]:
        """State, and what it was closed as."""
        sql = "SELECT state, closed_as FROM followups_ticket WHERE id = %s"
        return self.stack.rows(sql, [ticket])[0]  # type: ignore[return-value]

    def report(self, name: str) -> Any:
        """What the API says of one report."""
        headers = {"Authorization": f"Bearer {self.read_key}"}
        status, body = self.stack.request("GET", f"/api/v1/reports/{name}/", **headers)
        assert status == 200, body
        return json.loads(body)

    def mail_to(
        self, address: str, about: Callable[[Received], bool] = lambda mail: True, seconds: float = 20
    ) -> Received:
        """The newest mail to `address` for which `about` holds, waited for."""
        end = time.monotonic() + seconds
        while True:
            found = [mail for mail in self.sink.mails if address in mail.recipients and about(mail)]
            if found:
                return found[-1]
            assert time.monotonic() < end, [(mail.recipients, mail.message["Subject"]) for mail in self.sink.mails]
            time.sleep(0.02)


class Visitor:
    """Somebody at a browser of their own. Counts clicks and letters typed, and notes what a sound page never does."""

    def __init__(self, browser: Any, url: str, **context: Any) -> None:
        self.url = url
        self.page = browser.new_context(base_url=url, **context).new_page()
        self.page.set_default_timeout(15_000)
        self.clicks = self.typed = 0
        self.posts: list[str] = []
        self.is_leaving = False
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        own = urlsplit(url).netloc
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._request(request, own))

    def _console(self, message: Any) -> None:
        # A page that says 4xx on purpose is no complaint of the browser about it.
        if message.type == "error" and "the server responded with a status of" not in message.text:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _request(self, request: Any, own: str) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != own:
            self.strangers.append(request.url)
        # What a person sends, and not what a script keeps or asks beside it.
        if request.method == "POST" and request.is_navigation_request():
            self.posts.append(parts.path)
            self.is_leaving = True

    def log_in(self, username: str, password: str = PASSWORD) -> Visitor:
        self.page.goto("/login/")
        self.page.fill("#id_username", username)
        self.page.fill("#id_password", password)
        with self.going_along():
            self.page.click("button[type=submit] >> text=Log in")
        assert "/login/" not in self.page.url, self.page.inner_text("body")
        self.start_counting()
        return self

    def start_counting(self) -> None:
        self.clicks = self.typed = 0
        self.posts.clear()

    def click(self, role: str, name: str, within: Any = None, *, exact: bool = False) -> None:
        """One real click on the first visible control of this role and name."""
        self.clicks += 1
        with self.going_along():
            (within or self.page).get_by_role(role, name=name, exact=exact).locator("visible=true").first.click()

    def press(self, selector: str) -> None:
        """One real click on what a selector finds, for what has no role, such as a fold."""
        self.clicks += 1
        with self.going_along():
            self.page.locator(f"{selector} >> visible=true").first.click()

    @contextmanager
    def going_along(self) -> Iterator[None]:
        """Be on the page that a click asked for: on a busy machine the browser shows the old one for a while."""
        before = self._document()
        self.is_leaving = False
        yield
        until = time.monotonic() + 15
        while self.is_leaving and self._document() in (before, None):
            assert time.monotonic() < until, f"still on {self.page.url}"
            self.page.wait_for_timeout(20)

    def _document(self) -> float | None:
        """What tells the page that is shown from any other; None while it is still coming."""
        from playwright.sync_api import Error  # whoever has no browser skips these tests

        try:
            found: float | None = self.page.evaluate(
                "document.readyState === 'loading' ? null : performance.timeOrigin"
            )
        except Error:
            return None
        return found

    def type(self, selector: str, words: str) -> None:
        self.typed += len(words)
        self.page.locator(f"{selector} >> visible=true").first.fill(words)

    def row(self, name: str) -> Any:
        """The row of a list that is about this customer."""
        return self.page.locator(".rows > li", has_text=name).first

    @property
    def text(self) -> str:
        return str(self.page.inner_text("body"))

    def is_at_peace(self) -> None:
        """No error and no refused resource in the console, and nobody else was asked for anything."""
        assert self.complaints == []
        assert self.strangers == []


def loop_link(mail: Received) -> str:
    """The address of the customer's page, as it stands in the text of a mail."""
    found = re.search(r"https?://\S+/loop/[\w-]+/", mail.part("plain"))
    assert found, mail.part("plain")
    return found[0]
