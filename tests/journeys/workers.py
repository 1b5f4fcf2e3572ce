"""The same work by two kinds of people: one who only has a keyboard, and one whose browser runs no script.

Both know the verbs of a case by the same names, so that one day can be told once. Each starts on whatever page is open.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from followups.models import Ticket
from tests.followups.pages.cast import PASSWORD
from tests.journeys.hands import Hands


def logged_in(browser: Any, url: str, username: str, **context: Any) -> Any:
    """A page of a browser of their own, after the log-in."""
    page = browser.new_context(base_url=url, locale="en-GB", **context).new_page()
    page.set_default_timeout(30_000)
    page.goto("/login/")
    page.fill("#id_username", username)
    page.fill("#id_password", PASSWORD)
    page.click("button[type=submit]")
    return page


def first_name(ticket: Ticket) -> str:
    return str(ticket.contact).split()[0]


class Worker:
    """Notes what each step of a ticket took."""

    # A few rows down are walked to; beyond that, typing the name is quicker.
    WALKS = 4

    def __init__(self, page: Any, username: str) -> None:
        self.page, self.username = page, username
        self.taken: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self.longest_run = 0

    def in_queue(self, ticket: Ticket) -> bool:
        """Whether they look for it in their queue: it is open, and theirs."""
        return ticket.is_live and ticket.owner is not None and ticket.owner.username == self.username

    @contextmanager
    def step(self, ticket: Ticket, name: str) -> Iterator[None]:
        yield
        self.taken[first_name(ticket)].append((name, 0))


class Keyboard(Worker):
    """Presses keys and types; touches no pointer and runs no script."""

    def __init__(self, page: Any, username: str) -> None:
        super().__init__(page, username)
        self.hands = Hands(page)

    @contextmanager
    def step(self, ticket: Ticket, name: str) -> Iterator[None]:
        self.hands.keys.clear()
        yield
        self.taken[first_name(ticket)].append((name, len(self.hands.keys)))
        self.longest_run = max(self.longest_run, self.hands.tabs_in_a_row)

    def open(self, ticket: Ticket) -> None:
        """From any page by way of the queue; what is not in it, by way of all tickets."""
        self.hands.go("g", "q" if self.in_queue(ticket) else "t")
        there = self.rows()
        name = f"t{ticket.pk}"
        if name in there[: self.WALKS]:
            self.hands.press(*"j" * (there.index(name) + 1))
        else:
            self.hands.press("/")
            self.hands.type(str(ticket.contact))
            self.hands.go("Enter")
            if not self.rows():
                # Over, so not among the open ones: the page offers to look at all.
                self.hands.press("j")
                self.hands.go("Enter")
            self.hands.press("j")
        self.hands.go("Enter")

    def rows(self) -> list[str]:
        """What the list shows, from the top."""
        return [row.get_attribute("id") or "" for row in self.page.locator(".rows > .row, tr[data-version]").all()]

    def talk(self, note: str) -> None:
        self.hands.press("c")
        self.hands.type(note)
        self.hands.send()

    def leave_message(self, note: str) -> None:
        self.hands.press("c")
        self.hands.type(note)
        self.hands.press("Shift+Tab", "ArrowRight")
        self.hands.send()

    def no_answer(self) -> None:
        self.hands.go("o")

    def write(self, words: str) -> None:
        self.hands.press("w")
        self.hands.type(words)
        self.hands.send()

    def ask(self, words: str) -> None:
        self.hands.press("q")
        self.hands.type(words)
        self.hands.send()

    def take(self) -> None:
        self.hands.go("t")

    take_up = take

    def promise(self, title: str) -> None:
        self.hands.press("a")
        self.hands.type(title)
        self.hands.send()

    def done(self, words: str) -> None:
        self.hands.press("d", "d")
        self.hands.type(words)
        self.hands.send()

    def resolve(self, what: str, why: str) -> None:
        self.hands.press("r", "ArrowDown", "Tab")
        self.hands.type(what)
        self.hands.press("Tab")
        self.hands.type(why)
        self.hands.send()

    def settle_in_the_talk(self, what: str, why: str) -> None:
        self.hands.press("c", "Escape", "e")
        self.hands.type(what)
        self.hands.press("Tab", "ArrowDown", "Tab")
        self.hands.type(why)
        self.hands.send()

    def leave_in_peace(self) -> None:
        self.hands.press("p", "ArrowDown")
        self.hands.send()

    def note(self, words: str) -> None:
        self.hands.press("m")
        self.hands.type(words)
        self.hands.send()

    def hand_over(self, to: str, why: str) -> None:
        self.hands.press("h")
        self.hands.type(to)
        self.hands.press("Tab")
        self.hands.type(why)
        self.hands.send()

    def snooze(self) -> None:
        self.hands.press("s")
        self.hands.send()

    def ask_to_dismiss(self, why: str) -> None:
        self.hands.press("b", "b", "ArrowDown", "Tab")
        self.hands.type(why)
        self.hands.send()

    def allow_dismissal(self) -> None:
        self.hands.go("y")

    def log_that_it_is_settled(self, words: str) -> None:
        self.hands.press("l")
        self.hands.type(words)
        self.hands.press("Tab", "Space", "Tab", "Space")
        self.hands.send()

    def reopen(self, why: str) -> None:
        self.hands.press("o")
        self.hands.type(why)
        self.hands.send()


class Forms(Worker):
    """Clicks links, folds and buttons, in a browser that runs no script."""

    def open(self, ticket: Ticket) -> None:
        self.page.click(f".nav a[href='/{'queue' if self.in_queue(ticket) else 'tickets'}/']")
        found = self.page.locator(f"#t{ticket.pk} a[href='/tickets/{ticket.pk}/']")
        if not found.count():
            self.page.fill("#q", str(ticket.contact))
            self.page.press("#q", "Enter")
        if not found.count():
            self.page.click(".empty .btn-primary")
        found.first.click()

    def fold(self, name: str) -> Any:
        """The form of a verb, its fold opened where it is not."""
        fold = self.page.locator(f"details#{name}")
        outer = fold.locator("xpath=ancestor::details")
        for each in (*outer.all(), fold):
            if each.get_attribute("open") is None:
                each.locator("> summary").click()
        return fold

    def send(self, name: str, button: str, **fields: str) -> None:
        fold = self.fold(name)
        for field, words in fields.items():
            control = fold.locator(f"[name={field}] >> visible=true").first
            if control.evaluate("element => element.tagName") == "SELECT":
                first = control.locator("option:not([value=''])").first.get_attribute("value")
                control.select_option(**({"label": words} if words else {"value": first}))
            else:
                control.fill(words)
        self.press(fold, button)

    def press(self, within: Any, button: str) -> None:
        within.get_by_role("button", name=re.compile(button)).locator("visible=true").first.click()

    def talk(self, note: str) -> None:
        self.send("log-contact", "^Log the contact", note=note)

    def leave_message(self, note: str) -> None:
        self.fold("log-contact").get_by_text("Left a message", exact=True).click()
        self.send("log-contact", "^Log the contact", note=note)

    def no_answer(self) -> None:
        self.press(self.page, "^No answer, try tomorrow")

    def write(self, words: str) -> None:
        self.send("send-message", "^Send to", body=words)

    def ask(self, words: str) -> None:
        self.send("wait", "and wait$", question=words)

    def take(self) -> None:
        self.press(self.page, "^Take it$")

    def take_up(self) -> None:
        self.press(self.page, "^Take it up again")

    def promise(self, title: str) -> None:
        self.send("add-action", "^Promise this action", title=title)

    def done(self, words: str) -> None:
        self.fold("complete-action").locator(".promise-do summary").first.click()
        self.send("complete-action", "^It is done", what_changed=words)

    def resolve(self, what: str, why: str) -> None:
        self.send("resolve", "^Resolve", root_cause="", what_changed=what, why_it_happened=why)

    def settle_in_the_talk(self, what: str, why: str) -> None:
        self.fold("log-contact").locator("summary", has_text="It is settled already").click()
        self.send("log-contact", "^Log, resolve", settled_what=what, settled_cause="", settled_why=why)

    def leave_in_peace(self) -> None:
        self.send("leave-in-peace", "^Note the cause", root_cause="")

    def note(self, words: str) -> None:
        self.page.fill("#note textarea", words)
        self.press(self.page.locator("#note"), "^Leave the note")

    def hand_over(self, to: str, why: str) -> None:
        option = self.page.locator("details#assign select[name=to] option", has_text=to).first.text_content()
        self.send("assign", "^Hand it over", to=option or to, reason=why)

    def snooze(self) -> None:
        self.send("snooze", "^Snooze until then")

    def ask_to_dismiss(self, why: str) -> None:
        self.send("ask-dismissal", "dismiss it$", reason="", explanation=why)

    def allow_dismissal(self) -> None:
        self.press(self.page, "^Dismiss it")

    def log_that_it_is_settled(self, words: str) -> None:
        fold = self.fold("log-reply")
        fold.get_by_label("It answers a mail that a person wrote").check()
        fold.get_by_label("It says that this is settled").check()
        self.send("log-reply", "^Log the reply", text=words)

    def reopen(self, why: str) -> None:
        self.send("reopen", "^Open it again", reason=why)
