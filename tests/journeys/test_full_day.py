"""One full day of an account manager: twelve tickets through every state, by keyboard alone, and without a script."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from followups import workflow
from followups.actors import Actor
from followups.models import Conversation, Event, Ticket
from followups.models.tickets import TicketState
from nps_loop import links
from nps_loop.mail.delivery import deliver_due
from tests.followups.pages.cast import HOUR, Cast, add_ticket, make_cast
from tests.journeys.workers import Forms, Keyboard, logged_in

pytestmark = [pytest.mark.full, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"phone": "+46 8 12 34 56", "preferred_channel": "phone"}
# How each of them stands when the day is over: state, how it was closed, cycle.
EVENING = {
    "Ada": ("closed", "confirmed", 0),
    "Bea": ("resolved", "", 0),
    "Cem": ("closed", "confirmed", 0),
    "Dag": ("closed", "left_in_peace", 0),
    "Eva": ("closed", "confirmed", 0),
    "Fay": ("closed", "confirmed", 1),
    "Gus": ("dismissed", "", 0),
    "Hal": ("assigned", "", 0),
    "Ina": ("assigned", "", 0),
    "Jon": ("contacted", "", 0),
    "Kit": ("closed", "confirmed", 0),
    "Lou": ("assigned", "", 1),
}


@pytest.fixture
def cast() -> Cast:
    """Twelve tickets in the order of the queue, and one of them tried twice yesterday."""
    made = make_cast(timezone.now())
    rows: dict[str, dict[str, Any]] = {
        "Ada": {"contact": PHONE, "contact_me": True, "answer": {"contact_me": True}},
        "Bea": {"contact": PHONE, "contact_me": True, "answer": {"contact_me": True}},
        "Cem": {"score": 7},
        "Dag": {"left_in_peace": True, "answer": {"contact_me": False}},
        "Eva": {"contact": PHONE},
        "Fay": {"contact": PHONE},
        "Gus": {},
        "Hal": {"contact": PHONE},
        "Ina": {},
        "Jon": {"owned": False, "state": TicketState.NEW},
        "Kit": {"score": 8},
        "Lou": {"nobody_to_reach": True, "contact": {"do_not_contact": True}},
    }
    for at, (name, fields) in enumerate(rows.items()):
        due_in, score = (20 + at) * HOUR, fields.pop("score", 3)
        add_ticket(made, f"{name} Berg", f"{name} Freight", score, f"We waited {at + 2} days.", due_in=due_in, **fields)
    for hours in (26, 24):
        workflow.log_contact(
            made.tickets["Bea"], actor=Actor.person(made.hanna), now=made.now - hours * HOUR, version=None,
            channel="phone", outcome="no_answer",
        )  # fmt: skip
    return made


def post_goes() -> None:
    """The mail server takes whatever waits."""
    deliver_due(timezone.now() + timedelta(seconds=1))


class Day:
    """The day as it is told once, for whoever works it."""

    def __init__(self, made: Cast, hanna: Any, lead: Any, customer: Any) -> None:
        self.made, self.hanna, self.lead, self.customer = made, hanna, lead, customer

    def ticket(self, name: str) -> Ticket:
        return Ticket.objects.select_related("contact", "owner").get(pk=self.made.tickets[name].pk)

    def press(self, name: str, answer: str, words: str) -> None:
        """The customer's own press, from a browser that nobody is logged in with."""
        conversation = Conversation.objects.get(pk=self.ticket(name).conversation_id)
        self.customer.goto(f"/loop/{links.make('loop', conversation.pk, conversation.generation)}/")
        self.customer.click(f"summary:has-text('{'Yes, this is settled' if answer == 'settled' else 'Not yet'}')")
        self.customer.fill(f"#{answer} textarea", words)
        self.customer.click(f"#{answer} button")

    def steps(self, name: str, *told: tuple[str, tuple[str, ...]], by: Any = None) -> Iterator[str]:
        """Open the ticket, then do one verb after the other; says the name of each once it is done."""
        worker = by or self.hanna
        ticket = self.ticket(name)
        with worker.step(ticket, "find it"):
            worker.open(ticket)
        for verb, words in told:
            with worker.step(ticket, verb.replace("_", " ")):
                getattr(worker, verb)(*words)
            yield verb

    def do(self, name: str, *told: tuple[str, tuple[str, ...]], by: Any = None) -> None:
        for _ in self.steps(name, *told, by=by):
            post_goes()

    def state(self, name: str) -> tuple[str, str, int]:
        ticket = self.ticket(name)
        return ticket.state, ticket.closed_as, ticket.cycle

    def work(self) -> None:
        settled = ("All of it is repaired.", "A comma was misread.")
        # The longest way: a talk, a promise, a question, back to work, done, resolved, and the customer says so.
        self.do("Ada", ("talk", ("Wants the list of failed imports.",)), ("promise", ("You get the list.",)))
        assert self.state("Ada")[0] == "in_action"
        self.do("Ada", ("ask", ("Which of the two files is it?",)))
        assert self.state("Ada")[0] == "waiting_on_customer"
        self.do("Ada", ("take_up", ()), ("done", ("You have the list.",)), ("resolve", settled))
        assert self.state("Ada")[0] == "resolved"
        self.press("Ada", "settled", "Thank you.")
        # Twice yesterday and once more today.
        self.do("Bea", ("no_answer", ()), ("resolve", ("We are there whenever you call.", "Nobody was reached.")))
        # Passives: a mail is enough; one says so by mail, one presses.
        self.do("Cem", ("write", ("You are right about the app, and here is when it comes.",)))
        self.do("Cem", ("resolve", settled))
        self.press("Cem", "settled", "")
        self.do("Kit", ("write", ("The maps are corrected since Monday.",)))
        self.do("Kit", ("resolve", settled))
        self.do("Kit", ("log_that_it_is_settled", ("Yes, that settles it. Thank you.",)))
        self.do("Dag", ("leave_in_peace", ()))
        self.do("Eva", ("settle_in_the_talk", settled))
        self.press("Eva", "settled", "All good.")
        # Not yet, and then settled after all.
        self.do("Fay", ("leave_message", ("Rings back after lunch.",)), ("settle_in_the_talk", settled))
        self.press("Fay", "not-yet", "Two are still missing.")
        assert self.state("Fay") == ("assigned", "", 1)
        self.do("Fay", ("settle_in_the_talk", ("The last two are there.", "They lay in another folder.")))
        self.press("Fay", "settled", "Now it is.")
        self.do("Gus", ("ask_to_dismiss", ("The same answer as last week.",)))
        self.do("Gus", ("allow_dismissal", ()), by=self.lead)
        self.do("Hal", ("snooze", ()))
        self.do("Ina", ("note", ("Nils knows the case.",)), ("hand_over", ("Nils", "Nils knows the case.")))
        # One that nobody had yet.
        assert self.ticket("Jon").owner is None
        self.do("Jon", ("take", ()), ("write", ("I have read it and look into it.",)))
        # Nobody to reach: cause and outcome, and a person opens it again.
        self.do("Lou", ("resolve", settled), ("reopen", ("A colleague of theirs rang.",)))

    def is_over(self) -> None:
        assert {name: self.state(name) for name in EVENING} == EVENING
        assert self.ticket("Hal").snoozed_until is not None
        assert self.ticket("Ina").owner == self.made.nils
        assert self.ticket("Jon").owner == self.made.hanna
        assert Event.objects.filter(ticket=self.made.tickets["Bea"], verb="log-contact").count() == 3
        seen = set(Event.objects.exclude(to_state="").values_list("to_state", flat=True))
        assert seen == set(TicketState.values)
        print(f"\nstates visited: {', '.join(state for state in TicketState.values if state in seen)}")


def test_a_full_day_by_keyboard_alone(live_server: LiveServer, browser: Any, cast: Cast) -> None:
    url = live_server.url
    hanna, lead = (Keyboard(logged_in(browser, url, name), name) for name in ("hanna", "tomas"))
    day = Day(cast, hanna, lead, browser.new_context(base_url=url, locale="en-GB").new_page())
    day.work()
    day.is_over()
    print("keys besides text, by ticket:")
    for name, steps in hanna.taken.items():
        told = ", ".join(f"{what} {keys}" for what, keys in steps)
        print(f"  {name}: {sum(keys for _, keys in steps):2} = {told}")
    every = [keys for worker in (hanna, lead) for steps in worker.taken.values() for _, keys in steps]
    runs = max(hanna.longest_run, lead.longest_run)
    print(f"the lead: {dict(lead.taken)}; at most {max(every)} keys for one step, {runs} Tab in a row")
    assert len(hanna.taken) == 12
    assert max(every) <= 10 and runs <= 5


def test_the_same_day_without_a_script(live_server: LiveServer, browser: Any, cast: Cast) -> None:
    def worker(username: str) -> Forms:
        return Forms(logged_in(browser, live_server.url, username, java_script_enabled=False), username)

    customer = browser.new_context(base_url=live_server.url, locale="en-GB", java_script_enabled=False).new_page()
    day = Day(cast, worker("hanna"), worker("tomas"), customer)
    day.work()
    day.is_over()
