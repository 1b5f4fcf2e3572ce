"""Two browsers at one ticket: whoever is later loses no word, sees both sides, and can send it again as it is."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from followups import workflow
from followups.actors import Actor
from followups.models import Action, ContactAttempt, Event, KeptDraft, Note, Ticket
from tests.conftest import counted
from tests.followups.pages.cast import Cast, add_ticket, make_cast
from tests.journeys.workers import logged_in

pytestmark = [pytest.mark.full, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Form, the field one writes in, and what it is kept as. A note only adds, so it never comes too late.
FORMS = {
    "log-contact": ("note", ContactAttempt, "note"),
    "add-action": ("title", Action, "title"),
    "note": ("text", Note, "text"),
}


@dataclass
class Writer:
    """One person with one page, who opens a form, types, and sends it later."""

    name: str
    page: Any
    verb: str = ""
    words: str = ""

    def open(self, ticket: Ticket, verb: str) -> None:
        self.verb = verb
        self.page.goto(f"/tickets/{ticket.pk}/?do={verb}", wait_until="domcontentloaded")

    def type(self, words: str) -> None:
        self.words = words
        self.page.fill(self.field, words)

    @property
    def field(self) -> str:
        return f"#{self.verb} [name={FORMS[self.verb][0]}]"

    def send(self) -> int:
        """Send it by the keyboard; the status of the page that came of it."""
        with self.page.expect_navigation(wait_until="domcontentloaded") as came:
            self.page.press(self.field, "Control+Enter")
        return int(came.value.status)

    def has_typed(self) -> bool:
        return bool(self.page.input_value(self.field) == self.words)

    def is_kept(self, ticket: Ticket) -> bool:
        _, model, column = FORMS[self.verb]
        return bool(model.objects.filter(ticket=ticket, **{column: self.words}).count() == 1)


def orders(count: int, seed: int) -> list[tuple[list[int], str, str]]:
    """Who opens, types and sends when, and by which form: each side in its own order, the two shuffled."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        turns = [0, 0, 0, 1, 1, 1]
        chance.shuffle(turns)
        found.append((turns, chance.choice(sorted(FORMS)), chance.choice(sorted(FORMS))))
    return found


@pytest.fixture
def cast() -> Cast:
    return make_cast(timezone.now())


def test_no_word_is_lost_in_whatever_order_two_write(live_server: LiveServer, browser: Any, cast: Cast) -> None:
    many = counted(4, full=100)
    sides = [Writer(name, logged_in(browser, live_server.url, name)) for name in ("hanna", "nils")]
    # The first is the order in which one always comes too late: both have it open before either sends.
    told = [([0, 1, 0, 1, 0, 1], "log-contact", "log-contact"), *orders(many - 1, seed=1)]
    late = 0
    for at, (turns, *verbs) in enumerate(told):
        ticket = spoken_to(cast, at)
        begun = ticket.version
        left = {0: ["open", "type", "send"], 1: ["open", "type", "send"]}
        for turn in turns:
            writer, step = sides[turn], left[turn].pop(0)
            if step == "open":
                writer.open(ticket, verbs[turn])
            elif step == "type":
                writer.type(f"Order {at}, words of {writer.name}: “not & never” lost.")
            elif (status := writer.send()) == 409:
                late += 1
                comes_too_late(writer, ticket)
            else:
                assert status == 200, (status, turns, verbs)
        assert all(writer.is_kept(ticket) for writer in sides), (turns, verbs)
        tells_all(ticket, begun)
    assert late >= 1
    assert not KeptDraft.objects.exists(), "what was sent is no draft any more"
    print(f"\n{many} orders of two browsers at one ticket: {late} came too late, 0 words lost")


def spoken_to(cast: Cast, at: int) -> Ticket:
    """A ticket on which every form of the test is open."""
    ticket = add_ticket(cast, f"Marta{at} Lind", f"Lind {at}", 3, "We waited.", contact={"phone": "+46 8 1"})
    actor = Actor.person(cast.hanna)
    return workflow.log_contact(ticket, actor=actor, now=timezone.now(), version=None, channel="phone", outcome="spoke")


def comes_too_late(writer: Writer, ticket: Ticket) -> None:
    """The page says so, shows both sides, still holds what was typed; and sends it as it is."""
    page = writer.page
    assert "the ticket changed while you were writing" in page.inner_text("[role=alert]")
    assert writer.words in page.inner_text(".table-compare") and "From you" in page.inner_text(".table-compare")
    assert writer.has_typed() and not writer.is_kept(ticket)
    assert writer.send() == 200


def tells_all(ticket: Ticket, begun: int) -> None:
    """Each version since then has its one event, and the last state is the ticket's."""
    ticket.refresh_from_db()
    events = list(Event.objects.filter(ticket=ticket).order_by("seq"))
    assert [event.seq for event in events] == list(range(1, ticket.version + 1))
    assert len([event for event in events if event.seq > begun]) >= 2
    assert [event.to_state for event in events if event.to_state][-1] == ticket.state
