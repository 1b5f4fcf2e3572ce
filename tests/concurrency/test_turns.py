"""Answers that come in one after the other: workers take turns, and one turn serves all that came while it was waited for."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F

from followups import absence, sweeping, workflow
from followups.actors import Actor
from followups.models import AssignmentRound, Event, Member, RootCause, Team, Ticket
from followups.opening import open_awaiting
from followups.replies import Press, press
from followups.workflow.handing import assignment_lock
from followups.workflow.opened_many import opened_many
from surveys.models import Response
from tests.concurrency.test_tickets import at_once
from tests.factories import NOW, make_account, make_contact, make_member, make_response, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def answers(count: int) -> None:
    for n in range(count):
        contact = make_contact(f"Customer {n}", email=f"c{n}@client.example")
        make_response(3, contact=contact, received_at=NOW, responded_at=NOW - timedelta(hours=1), decided_revision=0)


def test_one_turn_serves_all_that_came_while_others_waited() -> None:
    make_member(Team.objects.get(is_default=True), make_user("Hanna Brandt"), capacity=100)
    answers(5)
    results = at_once(4, lambda _n: sweeping.open_and_assign(lambda: NOW))
    served = [result["assigned"] for result in results if not isinstance(result, Exception)]
    assert sorted(served) == [0, 0, 0, 5]
    assert AssignmentRound.objects.get(tickets__gt=0).tickets == 5
    assert Event.objects.filter(verb="open").count() == Event.objects.filter(verb="assign").count() == 5


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite says for all transactions what is waited for")
def test_only_what_the_next_look_finds_again_does_not_wait_for_the_disk() -> None:
    def waits() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")
            return str(cursor.fetchone()[0])

    usual = waits()
    assert usual != "off"
    with assignment_lock():
        assert waits() == usual
    with assignment_lock(is_found_again=True):
        assert waits() == "off"
    assert waits() == usual


def test_the_clock_is_read_when_the_turn_has_come() -> None:
    """Else what came in while the turn was waited for would be opened before it was received."""
    answers(1)
    make_member(Team.objects.get(is_default=True), make_user("Hanna Brandt"))
    later = NOW + timedelta(seconds=5)
    taken, ending = threading.Event(), threading.Event()

    def first_or_second(n: int) -> None:
        if n == 0:
            with assignment_lock():
                taken.set()
                time.sleep(0.3)
                ending.set()
        else:
            assert taken.wait(30)
            sweeping.open_and_assign(lambda: later if ending.is_set() else NOW)

    assert at_once(2, first_or_second) == [None, None]
    assert Ticket.objects.get().opened_at == later


def test_more_than_a_turn_takes_is_done_turn_by_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    make_member(Team.objects.get(is_default=True), make_user("Hanna Brandt"), capacity=100)
    monkeypatch.setattr(sweeping, "AT_ONCE", 3)
    answers(7)
    done = sweeping.open_and_assign(lambda: NOW)
    assert done == {"answers_decided": 7, "tickets": 7, "assigned": 7}
    assert list(AssignmentRound.objects.order_by("pk").values_list("tickets", flat=True)) == [3, 3, 1]


@pytest.fixture
def gap(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set once a turn has opened its answers; half a second later it goes on to give them."""
    opened, cover = threading.Event(), absence.cover_what_falls_due

    def held_open(*, now: datetime) -> int:
        opened.set()
        time.sleep(0.5)
        return cover(now=now)

    monkeypatch.setattr(absence, "cover_what_falls_due", held_open)
    return opened


def test_a_customer_says_settled_while_their_next_answer_opens(gap: threading.Event) -> None:
    """Whoever presses holds the ticket and wants its conversation, which opening has locked."""
    owner = make_user("Hanna Brandt")
    make_member(Team.objects.get(is_default=True), owner)
    contact = make_contact("Marta Lind", account=make_account(owner=owner), email="m@kund.example")
    answer: dict[str, Any] = {"contact": contact, "received_at": NOW, "responded_at": NOW, "decided_revision": 0}
    make_response(3, **answer)
    sweeping.open_and_assign(lambda: NOW)
    cause = RootCause.objects.get(slug="product-fault")
    settled = workflow.Settlement("Repaired.", cause, "We split addresses.", "mail")
    call: dict[str, Any] = {"channel": "phone", "outcome": "spoke", "settled": settled}
    ticket = workflow.log_contact(Ticket.objects.get(), actor=Actor.person(owner), now=NOW, version=None, **call)
    make_response(2, **answer)
    gap.clear()

    def turn_or_press(n: int) -> Any:
        if n == 0:
            return sweeping.open_and_assign(lambda: NOW)
        assert gap.wait(30)
        return press(ticket, Press("settled", cycle=0), now=NOW + timedelta(hours=1))

    assert not [result for result in at_once(2, turn_or_press) if isinstance(result, Exception)]


def test_many_tickets_are_locked_in_order_while_a_changed_answer_is_decided_on(gap: threading.Event) -> None:
    answers(2)
    open_awaiting(now=NOW)
    low, high = Ticket.objects.order_by("pk")
    make_member(Team.objects.get(is_default=True), make_user("Hanna Brandt"))
    Response.objects.filter(pk=high.response_id).update(revision=F("revision") + 1)

    def turn_or_both(n: int) -> None:
        if n == 0:
            sweeping.open_and_assign(lambda: NOW)
        else:
            assert gap.wait(30)
            with opened_many({low.pk, high.pk}, now=NOW):
                pass

    assert at_once(2, turn_or_both) == [None, None]


def test_an_answer_in_other_hands_keeps_none_of_the_others_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite locks no single answer")
    make_member(Team.objects.get(is_default=True), make_user("Hanna Brandt"), capacity=100)
    monkeypatch.setattr(sweeping, "AT_ONCE", 3)
    answers(10)
    held, done = threading.Event(), threading.Event()

    def hold_or_turn(n: int) -> None:
        if n == 0:
            with transaction.atomic():
                Response.objects.select_for_update().order_by("pk").first()
                held.set()
                assert done.wait(30)
        else:
            assert held.wait(30)
            sweeping.open_and_assign(lambda: NOW)
            done.set()

    assert at_once(2, hold_or_turn) == [None, None]
    assert Response.objects.awaiting_decision().count() == 1


def test_a_fault_in_giving_leaves_the_tickets_open_and_is_told() -> None:
    member = make_member(Team.objects.get(is_default=True), make_user("Hanna Brandt"))
    Member.objects.filter(pk=member.pk).update(languages=5)  # what no program of ours writes
    answers(2)
    with pytest.raises(TypeError):
        sweeping.open_and_assign(lambda: NOW)
    assert Ticket.objects.unassigned().count() == 2
    assert not Response.objects.awaiting_decision().exists()
    Member.objects.filter(pk=member.pk).update(languages=[])
    assert sweeping.open_and_assign(lambda: NOW)["assigned"] == 2
