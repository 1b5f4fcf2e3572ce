"""Two people at one ticket: each sees the other, who is slower loses nothing, and nothing is written over."""

from __future__ import annotations

import html
import random
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from followups import workflow
from followups.actors import Actor
from followups.forms import FORMS
from followups.models import Action, ContactAttempt, Event, Looking, Note, Reply, Ticket
from nps_loop.mail.models import Message
from tests import factories
from tests.conftest import counted
from tests.factories import NOW
from tests.followups.pages.cast import DAY, HOUR, Cast, add_marta, add_ticket
from tests.followups.pages.conftest import logged_in, shown


@pytest.fixture
def marta(cast: Cast) -> Ticket:
    return add_marta(cast)


def text(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


# --- who else is here ------------------------------------------------------------------------------------------


def ping(client: Client, ticket: Ticket, **data: Any) -> Any:
    return client.post(f"/tickets/{ticket.pk}/looking/", data)


def test_who_has_it_open_is_shown_to_the_others_and_not_to_oneself(cast: Cast, hanna: Client, marta: Ticket) -> None:
    assert "has this open" not in shown(hanna, f"/tickets/{marta.pk}/")
    ping(logged_in(cast.lead), marta)
    page = text(shown(hanna, f"/tickets/{marta.pk}/"))
    assert "Tomás Ruiz has this open" in page and "Hanna Brandt has this open" not in page
    ping(logged_in(cast.nils), marta)
    answer = ping(hanna, marta)
    assert "Nils Aker and Tomás Ruiz have this open" in text(answer.content.decode())
    assert Looking.objects.count() == 3


def test_looking_alone_says_nothing_and_marks_nothing(cast: Cast, hanna: Client, marta: Ticket) -> None:
    shown(hanna, f"/tickets/{marta.pk}/")
    shown(hanna, f"/tickets/{marta.pk}/looking/")
    assert not Looking.objects.exists()


def test_it_is_over_when_the_page_says_nothing_any_more(cast: Cast, hanna: Client, marta: Ticket) -> None:
    ping(logged_in(cast.lead), marta)
    with time_machine.travel(NOW + timedelta(seconds=49), tick=False):
        assert "Tomás Ruiz has this open" in shown(hanna, f"/tickets/{marta.pk}/")
    with time_machine.travel(NOW + timedelta(seconds=51), tick=False):
        assert "has this open" not in shown(hanna, f"/tickets/{marta.pk}/")
        ping(hanna, marta)
    assert [row.user for row in Looking.objects.all()] == [cast.hanna]


def test_whoever_closes_the_page_is_gone_at_once(cast: Cast, hanna: Client, marta: Ticket) -> None:
    ping(logged_in(cast.lead), marta)
    assert ping(logged_in(cast.lead), marta, gone="1").status_code == 204
    assert "has this open" not in shown(hanna, f"/tickets/{marta.pk}/") and not Looking.objects.exists()


def test_nothing_is_drawn_again_that_the_page_shows(cast: Cast, hanna: Client, marta: Ticket) -> None:
    ping(logged_in(cast.lead), marta)
    assert ping(hanna, marta, shown="Tomás Ruiz has this open").status_code == 204
    assert ping(hanna, marta, shown="").status_code == 200


def test_a_page_that_has_grown_old_hears_so_before_it_is_sent(cast: Cast, hanna: Client, marta: Ticket) -> None:
    assert ping(hanna, marta, version=marta.version, shown="").status_code == 204
    workflow.log_contact(marta, actor=Actor.person(cast.nils), now=NOW, version=None, channel="phone", outcome="spoke")
    assert "It has changed since you opened it" in ping(hanna, marta, version=marta.version).content.decode()


def test_whoever_is_logged_out_hears_so_and_keeps_the_page(cast: Cast, marta: Ticket) -> None:
    answer = ping(Client(), marta)
    assert answer.status_code == 200 and "What you typed is still here." in answer.content.decode()
    assert not Looking.objects.exists()


def test_out_of_scope_nobody_looks(cast: Cast, marta: Ticket) -> None:
    assert ping(logged_in(cast.outsider), marta).status_code == 404
    assert logged_in(cast.outsider).get(f"/tickets/{marta.pk}/looking/").status_code == 404
    assert not Looking.objects.exists()


def test_who_looks_costs_the_ticket_page_no_query(
    cast: Cast, hanna: Client, marta: Ticket, django_assert_num_queries: Any
) -> None:
    shown(hanna, f"/tickets/{marta.pk}/")
    with CaptureQueriesContext(connection) as alone:
        shown(hanna, f"/tickets/{marta.pk}/")
        count = len(alone)
    for user in (cast.lead, cast.nils, cast.admin):
        ping(logged_in(user), marta)
    with django_assert_num_queries(count):
        shown(hanna, f"/tickets/{marta.pk}/")


# --- taking over -----------------------------------------------------------------------------------------------


def test_a_colleague_takes_it_over_with_a_word_and_all_three_hear_it(cast: Cast, hanna: Client, marta: Ticket) -> None:
    workflow.log_contact(marta, actor=Actor.person(cast.hanna), now=NOW, version=None, channel="phone", outcome="spoke")
    nils = logged_in(cast.nils)
    page = shown(nils, f"/tickets/{marta.pk}/?do=assign")
    assert "Take over" in page
    assert re.search(rf'<option value="{cast.nils.pk}" selected>', page)
    version = Ticket.objects.get(pk=marta.pk).version
    without = nils.post(f"/tickets/{marta.pk}/assign/", {"version": version, "to": cast.nils.pk})
    assert without.status_code == 400
    done = nils.post(
        f"/tickets/{marta.pk}/assign/", {"version": version, "to": cast.nils.pk, "reason": "Hanna is ill today."}
    )
    assert done.status_code == 302
    marta.refresh_from_db()
    assert marta.owner == cast.nils and marta.conversation.owner == cast.nils
    customer = Message.objects.get(kind="hand_over")
    assert "Nils Aker" in customer.text and "ill today" not in customer.text
    told = Message.objects.get(recipient=cast.hanna.email, subject=f"#{marta.pk} is with Nils Aker now")
    assert "Hanna is ill today." in told.text


# --- who is slower ---------------------------------------------------------------------------------------------


TYPED = "Tried again & “heard” it all: §{}"


def filled(cast: Cast, marta: Ticket) -> dict[str, dict[str, Any]]:
    """Every form with all of its words filled in."""
    other = add_ticket(cast, "Annika Dahl", "Nordby Cold Chain", 6, "Three cost centres.")
    action = factories.make_action(marta, cast.hanna)
    day = (NOW + 3 * DAY).date().isoformat()
    later = (NOW + 2 * HOUR).strftime("%Y-%m-%dT%H:%M")
    word = TYPED.format
    return {
        "log-contact": {"channel": "video", "outcome": "left_message", "note": word(1), "line_for_customer": word(2)},
        "log-reply": {"text": word(1)},
        "send-message": {"subject": word(1), "body": word(2)},
        "wait": {"question": word(1), "until": later},
        "resume": {},
        "add-action": {"title": word(1), "owner": cast.nils.pk, "due_on": day, "part": "midday", "note": word(2)},
        "move-action": {"action": action.pk, "due_on": day, "part": "midday", "reason": word(1)},
        "delay": {"due_on": day, "part": "midday", "reason": word(1)},
        "complete-action": {"action": action.pk, "what_changed": word(1)},
        "drop-action": {"action": action.pk, "reason": word(1)},
        "resolve": {
            "root_cause": cast.causes[0].pk,
            "what_changed": word(1),
            "why_it_happened": word(2),
            "told": "mail",
            "no_mail_reason": word(3),
        },
        "reopen": {"reason": word(1)},
        "leave-in-peace": {"root_cause": cast.causes[0].pk, "note": word(1)},
        "agree-to-differ": {"text": word(1)},
        "ask-dismissal": {"reason": "spam", "explanation": word(1)},
        "decide-dismissal": {"approve": "yes"},
        "assign": {"to": cast.nils.pk, "reason": word(1)},
        "release": {"reason": word(1)},
        "snooze": {"until": later},
        "hold": {"reason": word(1)},
        "unhold": {},
        "join": {"other": other.pk},
        "split": {"contact": other.contact_id},
        "link": {"title": word(1)},
    }


@pytest.mark.parametrize("verb", sorted(set(FORMS) - {"note"}))
def test_every_form_that_is_too_late_shows_both_sides_and_keeps_every_word(
    cast: Cast, hanna: Client, marta: Ticket, verb: str
) -> None:
    data = filled(cast, marta)[verb]
    version = Ticket.objects.get(pk=marta.pk).version
    me = Actor.person(cast.nils)
    workflow.log_contact(
        marta, actor=me, now=NOW, version=None, channel="phone", outcome="spoke", note="Nils was faster."
    )
    workflow.assign(marta, actor=me, now=NOW, version=None, to=cast.lead, reason="Better so.")
    before = Event.objects.count()
    answer = hanna.post(f"/tickets/{marta.pk}/{verb}/", {"version": version, **data})
    assert answer.status_code == 409 and Event.objects.count() == before
    notice = text(answer.content.decode().split('role="alert"')[1].split("</section>")[0])
    assert "the ticket changed while you were writing" in notice
    assert "State Assigned → In action" in notice and "Owner Hanna Brandt → Tomás Ruiz" in notice
    for value in data.values():
        if isinstance(value, str) and value.startswith("Tried"):
            assert value in notice
    if verb == "log-contact":
        assert "Nils was faster." in notice and "Phone" in notice and "Video" in notice
    if verb == "assign":
        assert "To whom? Tomás Ruiz Nils Aker" in notice


def test_a_promise_that_was_finished_meanwhile_keeps_the_sentence_of_who_came_second(
    cast: Cast, hanna: Client, marta: Ticket
) -> None:
    workflow.log_contact(marta, actor=Actor.person(cast.hanna), now=NOW, version=None, channel="phone", outcome="spoke")
    plan = {"title": "Send the list", "owner": cast.nils, "due_on": (NOW + 2 * DAY).date()}
    workflow.add_action(marta, actor=Actor.person(cast.hanna), now=NOW, version=None, **plan)
    action = Action.objects.get()
    version = Ticket.objects.get(pk=marta.pk).version
    workflow.complete_action(
        marta, actor=Actor.person(cast.hanna), now=NOW, version=None, action=action, what_changed="Hanna sent it."
    )
    data = {"version": version, "action": action.pk, "what_changed": TYPED, "from": "actions"}
    answer = logged_in(cast.nils).post(f"/tickets/{marta.pk}/complete-action/", data)
    notice = text(answer.content.decode().split('role="alert"')[1].split("</section>")[0])
    assert answer.status_code == 409 and TYPED in notice and "Hanna sent it." in notice


def test_a_fact_that_did_not_change_is_not_named(cast: Cast, hanna: Client, marta: Ticket) -> None:
    version = marta.version
    workflow.hold(marta, actor=Actor.person(cast.nils), now=NOW, version=None, reason="A lawyer wrote.")
    page = hanna.post(f"/tickets/{marta.pk}/release/", {"version": version, "reason": "No time."}).content.decode()
    notice = text(page.split('role="alert"')[1].split("</section>")[0])
    assert "On hold no → yes" in notice and "Owner" not in notice and "No time." in notice


# --- any order -------------------------------------------------------------------------------------------------


class Hand:
    """One browser: opens the page, types, sends; after a refusal it looks at both sides and sends again."""

    def __init__(self, client: Client, ticket: Ticket, name: str, chance: random.Random) -> None:
        self.client, self.ticket, self.name, self.chance = client, ticket, name, chance
        self.version = 0
        self.typed = self.verb = ""
        self.saved: list[tuple[str, str]] = []
        self.refused = 0

    def open(self, *, really: bool) -> None:
        if really:
            page = shown(self.client, f"/tickets/{self.ticket.pk}/")
            found = re.search(r'name="version" value="(\d+)"', page)
            assert found is not None
            self.version = int(found[1])
        else:
            self.version = Ticket.objects.values_list("version", flat=True).get(pk=self.ticket.pk)

    def type(self, n: int) -> None:
        self.verb = self.chance.choice(["log-contact", "log-contact", "log-reply", "add-action", "note"])
        self.typed = f"{self.name} wrote {n}."

    def data(self) -> dict[str, Any]:
        words = {
            "log-contact": {"channel": "phone", "outcome": "no_answer", "note": self.typed},
            "log-reply": {"text": self.typed},
            "add-action": {
                "title": self.typed,
                "owner": self.owner,
                "due_on": (NOW + 9 * DAY).date().isoformat(),
                "part": "evening",
            },
            "note": {"text": self.typed},
        }[self.verb]
        return {"version": self.version, **words}

    owner = 0

    def send(self) -> bool:
        """Whether it was saved. What was refused stands on the page that came back, with the version to go on with."""
        answer = self.client.post(f"/tickets/{self.ticket.pk}/{self.verb}/", self.data())
        if answer.status_code == 302:
            self.saved.append((self.verb, self.typed))
            return True
        assert answer.status_code == 409, (self.verb, answer.status_code)
        self.refused += 1
        page = html.unescape(answer.content.decode())
        assert self.typed in page, "what was typed is still there for the loser"
        self.version = Ticket.objects.values_list("version", flat=True).get(pk=self.ticket.pk)
        return False


ROWS = {
    "log-contact": (ContactAttempt, "note"),
    "log-reply": (Reply, "text"),
    "add-action": (Action, "title"),
    "note": (Note, "text"),
}


def test_two_people_at_one_ticket_lose_nothing_in_any_order(cast: Cast, hanna: Client) -> None:
    """Each order: both open the page, type and send, step by step as chance has it; a loser looks and sends again."""
    chance = random.Random(20261124)
    clients = [hanna, logged_in(cast.nils)]
    orders, contested = set(), 0
    rounds = counted(2, full=20)  # ten orders each
    for round_ in range(rounds):
        ticket = add_ticket(cast, f"Marta{round_} Lindqvist", "Nordby Cold Chain", 3, "I mind silence.")
        me = Actor.person(cast.hanna)
        workflow.log_contact(ticket, actor=me, now=NOW, version=None, channel="phone", outcome="spoke")
        hands = [Hand(client, ticket, name, chance) for client, name in zip(clients, ("Hanna", "Nils"), strict=True)]
        for hand in hands:
            hand.owner = cast.hanna.pk
        for n in range(10):
            steps = {hand: ["open", "type", "send"] for hand in hands}
            order = []
            while any(steps.values()):
                hand = chance.choice([each for each in hands if steps[each]])
                step = steps[hand].pop(0)
                order.append((hand.name, step))
                if step == "open":
                    hand.open(really=n == 0)
                elif step == "type":
                    hand.type(n)
                elif not hand.send():
                    contested += 1
                    assert hand.send(), "refused on the present version"
            orders.add(tuple(order))
        for hand in hands:
            assert len(hand.saved) == 10
            for verb, typed in hand.saved:
                model, field = ROWS[verb]
                assert model.objects.filter(ticket=ticket, **{field: typed}).count() == 1, (verb, typed)
        ticket.refresh_from_db()
        seqs = list(ticket.events.filter(seq__gt=2).order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(3, ticket.version + 1)), "every change has its event, none was written over"
    assert len(orders) >= 10 and contested >= 2 * rounds, (len(orders), contested)
