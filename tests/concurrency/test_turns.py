"""Answers that come in one after the other: workers take turns, and one turn serves all that came while it was waited for."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest

from followups import sweeping
from followups.models import AssignmentRound, Event, Member, Team, Ticket
from followups.workflow.handing import assignment_lock
from surveys.models import Response
from tests.concurrency.test_tickets import at_once
from tests.factories import NOW, make_contact, make_member, make_response, make_user

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


def test_the_clock_is_read_when_the_turn_has_come() -> None:
    """An answer that came in while the turn was waited for is not opened before it was received."""
    make_member(Team.objects.get(is_default=True), make_user("Hanna Brandt"))
    later = NOW + timedelta(seconds=5)
    taken, ending = threading.Event(), threading.Event()

    def first_or_second(n: int) -> None:
        if n == 0:
            with assignment_lock():
                answers(1)
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
