"""Two hands at one ticket, one batch, one pool: one wins, nobody's work is lost, nothing is given twice."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction

from followups import clocks, workflow
from followups.actors import Actor
from followups.assignment import assign_waiting
from followups.models import Conversation, Event, RootCause, Team, Ticket
from followups.opening import open_awaiting
from followups.refusals import NotAllowed, Stale
from followups.replies import Press, press
from followups.workflow.contact import evidence_stands
from followups.workflow.locking import opened
from nps_loop.mail.models import Message
from tests.factories import NOW, make_account, make_contact, make_member, make_response, make_ticket, make_user

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """Run `act(n)` in `count` threads that start together; return what each gave back or raised."""
    gate = threading.Barrier(count)
    results: list[Any] = [None] * count

    def run(n: int) -> None:
        gate.wait()
        try:
            results[n] = act(n)
        except Exception as error:
            results[n] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def waiting(count: int, **fields: Any) -> None:
    for n in range(count):
        contact = make_contact(f"Marta {n}", email=f"m{n}-{Ticket.objects.count()}@kund.example")
        make_response(3, contact=contact, received_at=NOW, responded_at=NOW - HOUR, decided_revision=0, **fields)


def test_read_check_write_would_let_every_hand_win() -> None:
    """The race exists: without the version in the UPDATE all of them believe to have moved the ticket."""
    ticket = make_ticket(state="assigned", owner=make_user())
    gate = threading.Barrier(6)

    def naive(_n: int) -> bool:
        mine = Ticket.objects.get(pk=ticket.pk)
        gate.wait()
        if mine.state != "assigned":
            return False
        Ticket.objects.filter(pk=mine.pk).update(state="contacted")
        return True

    assert at_once(6, naive).count(True) == 6


def test_of_six_hands_at_one_ticket_one_wins_and_five_read_that_it_changed() -> None:
    owner = make_user("Hanna Brandt")
    make_member(Team.objects.get(is_default=True), owner)
    waiting(1)
    open_awaiting(now=NOW)
    assign_waiting(now=NOW)
    ticket = Ticket.objects.get()

    def talk(_n: int) -> Ticket:
        return workflow.log_contact(
            ticket, actor=Actor.person(owner), now=NOW, version=ticket.version, channel="phone", outcome="spoke"
        )

    outcomes = Counter(type(result).__name__ for result in at_once(6, talk))
    assert outcomes == {"Ticket": 1, "Stale": 5}
    assert Event.objects.filter(ticket=ticket, verb="log-contact").count() == 1


def test_four_openers_open_each_ticket_once() -> None:
    waiting(40)
    contact = make_contact("Same Person", email="same@kund.example")
    for _n in range(6):
        make_response(2, contact=contact, received_at=NOW, responded_at=NOW - HOUR, decided_revision=0)
    results = at_once(4, lambda _n: open_awaiting(now=NOW))
    # SKIP LOCKED lets a worker leave what another holds; whatever is left over is the next run's.
    open_awaiting(now=NOW)
    assert not [result for result in results if isinstance(result, Exception)]
    assert Ticket.objects.count() == 46
    assert Ticket.objects.values("response").distinct().count() == 46
    assert Conversation.objects.filter(contact=contact, closed_at=None).count() == 1
    assert Event.objects.count() == 46


def test_four_assigners_give_each_ticket_once_and_fairly() -> None:
    team = Team.objects.get(is_default=True)
    for n in range(4):
        make_member(team, make_user(f"Agent {n}"), capacity=100)
    waiting(60)
    open_awaiting(now=NOW)
    results = at_once(4, lambda _n: assign_waiting(now=NOW))
    assert not [result for result in results if isinstance(result, Exception)]
    assert sum(result.assigned for result in results) == 60
    shares = Counter(Ticket.objects.values_list("owner", flat=True))
    assert max(shares.values()) - min(shares.values()) <= 1
    assert Event.objects.filter(verb="assign").count() == 60
    assert Message.objects.filter(kind="acknowledgement").count() == 60


def test_an_assigner_and_a_person_who_takes_it_never_both_get_it() -> None:
    team = Team.objects.get(is_default=True)
    hanna, ivo = make_user("Hanna Brandt"), make_user("Ivo Lenz")
    for user in (hanna, ivo):
        make_member(team, user)
    waiting(1)
    open_awaiting(now=NOW)
    ticket = Ticket.objects.get()

    def act(n: int) -> Any:
        if n == 0:
            return assign_waiting(now=NOW)
        return workflow.assign(ticket, actor=Actor.person(ivo), now=NOW, version=ticket.version, to=ivo)

    results = at_once(2, act)
    ticket.refresh_from_db()
    assert ticket.owner_id is not None and ticket.owner_id == Conversation.objects.get().owner_id
    assert Event.objects.filter(ticket=ticket, verb="assign").count() == 1
    lost = [result for result in results if isinstance(result, Exception)]
    assert all(isinstance(result, Stale | NotAllowed) for result in lost)


def test_settled_and_not_yet_at_once_leave_one_truth() -> None:
    owner = make_user("Hanna Brandt")
    make_member(Team.objects.get(is_default=True), owner)
    account = make_account(owner=owner)
    contact = make_contact("Marta Lind", account=account, email="m@kund.example")
    make_response(3, contact=contact, received_at=NOW, responded_at=NOW - HOUR, decided_revision=0)
    open_awaiting(now=NOW)
    assign_waiting(now=NOW)
    settled = workflow.Settlement("Repaired.", RootCause.objects.get(slug="product-fault"), "We split.", "mail")
    ticket = workflow.log_contact(
        Ticket.objects.get(), actor=Actor.person(owner), now=NOW, version=None, channel="phone", outcome="spoke",
        settled=settled,
    )  # fmt: skip
    results = at_once(8, lambda n: press(ticket, Press("settled" if n % 2 else "not_yet", cycle=0), now=NOW + HOUR))
    assert not [result for result in results if isinstance(result, Exception)]
    ticket.refresh_from_db()
    if ticket.state == "closed":
        # Settled came first; a "not yet" from the same page may still open it again, and then it is not closed.
        assert results.count(True) == 1
    else:
        assert (ticket.state, ticket.cycle) == ("assigned", 1)
        assert results.count(True) in (1, 2)
    assert [event.seq for event in ticket.events.all()] == list(range(1, ticket.version + 1))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite writers stand in line by themselves")
def test_a_ticket_that_is_being_worked_on_holds_up_no_other() -> None:
    owner = make_user("Hanna Brandt")
    make_member(Team.objects.get(is_default=True), owner, capacity=100)
    waiting(12)
    open_awaiting(now=NOW)
    assign_waiting(now=NOW)
    tickets = list(Ticket.objects.order_by("pk"))

    def note(n: int) -> Ticket:
        return workflow.note(tickets[n], actor=Actor.person(owner), now=NOW, version=None, text="Read.")

    assert not [result for result in at_once(12, note) if isinstance(result, Exception)]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time")
def test_a_verb_and_the_sweep_do_not_wait_for_each_other() -> None:
    """The sweep holds a deadline and points a row at its ticket, while the verb holds the ticket and wants the deadline."""
    hanna = make_user("Hanna Brandt")
    make_member(Team.objects.get(is_default=True), hanna)
    waiting(1)
    open_awaiting(now=NOW)
    assign_waiting(now=NOW)
    ticket, late = Ticket.objects.get(), NOW + timedelta(days=60)
    held, told = threading.Event(), threading.Event()

    def verb(n: int) -> Any:
        if n:
            held.wait(10)
            count = clocks.escalate(now=late)
            told.set()
            return count
        with opened(ticket, actor=Actor.person(hanna), now=NOW, version=None) as work:
            held.set()
            told.wait(10)
            evidence_stands(work, "log-contact", NOW, data={})
        return None

    assert at_once(2, verb) == [None, 2]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time")
def test_whoever_waited_for_a_ticket_sees_what_was_done_meanwhile() -> None:
    """All that a verb looks at is read with the lock, so the query began before the other one was done."""
    hanna = make_user("Hanna Brandt")
    make_member(Team.objects.get(is_default=True), hanna)
    contact = make_contact("Marta Lind", email="m@nordby.example")
    for _answer in range(2):
        make_response(3, contact=contact, received_at=NOW, responded_at=NOW - HOUR, decided_revision=0)
    open_awaiting(now=NOW)
    assign_waiting(now=NOW)
    ticket = Ticket.objects.order_by("pk").first()
    assert ticket is not None
    elsewhere = Conversation.objects.create(contact=None, brand=ticket.brand, owner=hanna, opened_at=NOW)
    held = threading.Event()

    def act(n: int) -> Any:
        if n == 0:
            with transaction.atomic(), opened(ticket, actor=Actor.person(hanna), now=NOW, version=None) as work:
                evidence_stands(work, "log-contact", NOW, data={})
                work.set(conversation=elsewhere)
                held.set()
                time.sleep(0.5)
            return None
        held.wait(10)
        with opened(ticket, actor=Actor.person(hanna), now=NOW, version=None) as work:
            return work.ticket.conversation == elsewhere, [row.met_at for row in work.deadlines if row.met_at]

    assert at_once(2, act) == [None, (True, [NOW])]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time")
@pytest.mark.parametrize("by_hand", [True, False])
def test_whoever_takes_several_tickets_takes_them_in_one_order(by_hand: bool) -> None:
    """The outbox tells about several tickets in the order of their numbers, while others hand the same ones out."""
    hanna, ivo = make_user("Hanna Brandt"), make_user("Ivo Lenz")
    for user in (hanna, ivo):
        make_member(Team.objects.get(is_default=True), user)
    contact = make_contact("Marta Lind", email="m@nordby.example")
    for _answer in range(2):
        make_response(3, contact=contact, received_at=NOW, responded_at=NOW - HOUR, decided_revision=0)
    open_awaiting(now=NOW)
    lower, upper = Ticket.objects.order_by("pk")
    if by_hand:
        assign_waiting(now=NOW)
    else:
        Ticket.objects.filter(pk=upper.pk).update(rank=0)
    held = threading.Event()

    def take(n: int) -> Any:
        if n and by_hand:
            held.wait(10)
            upper.refresh_from_db()
            to = ivo if upper.owner == hanna else hanna
            return (
                workflow.assign(upper, actor=Actor.system(), now=NOW, version=None, to=to, reason="Busy.").owner == to
            )
        if n:
            held.wait(10)
            return assign_waiting(now=NOW).assigned == 2
        with transaction.atomic():
            for ticket in (lower, upper):
                with opened(ticket, actor=Actor.system(), now=NOW, version=None) as work:
                    work.write("note")
                    held.set()
                    time.sleep(0.7)
        return True

    assert at_once(2, take) == [True, True]
