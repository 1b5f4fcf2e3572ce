"""Two sweeps at one absence, two at one silent owner: each thing happens once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from followups import silence, working_weeks
from followups.absence import cancel, cover_what_falls_due, give_back
from followups.absence.falling_due import falling_due
from followups.actors import Actor
from followups.models import Cover, Event, Team, Ticket, WorkPattern
from followups.refusals import Stale
from followups.silent_owners import look_after_the_left_alone
from followups.workflow.handing import assignment_lock
from followups.workflow.locking import opened
from nps_loop.mail.models import Message
from nps_loop.people.models import User
from tests.concurrency.test_tickets import at_once
from tests.factories import NOW, make_action, make_away, make_member, make_ticket, make_user

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)


def colleague(name: str) -> User:
    user = make_user(name)
    make_member(Team.objects.get(is_default=True), user, capacity=200)
    return user


def cases(owner: User, count: int, **fields: Any) -> None:
    for _n in range(count):
        ticket = make_ticket(
            owner=owner, team=Team.objects.get(is_default=True), state="contacted", due_at=NOW + DAY, **fields
        )
        ticket.conversation.owner = owner
        ticket.conversation.save()
        silence.begin_each([ticket], now=NOW - 20 * DAY)
        ticket.save()


def nothing_raised(results: list[Any]) -> None:
    assert not [result for result in results if isinstance(result, Exception)], results


def test_looking_and_then_covering_without_the_lock_would_cover_twice() -> None:
    """The race exists: between looking and acting every sweep sees the same tickets."""
    hanna, ivo = colleague("Hanna Brandt"), colleague("Ivo Lenz")
    cases(hanna, 3)
    make_away(hanna, NOW - DAY, NOW + 5 * DAY, delegate=ivo)
    gate = threading.Barrier(4)

    def naive(_n: int) -> int:
        found = list(falling_due(NOW))
        gate.wait()
        return len(found)

    assert sum(at_once(4, naive)) == 12


@pytest.mark.parametrize("delegate", [True, False])
def test_four_sweeps_cover_each_ticket_once_and_give_it_back_once(delegate: bool) -> None:
    hanna, ivo = colleague("Hanna Brandt"), colleague("Ivo Lenz")
    cases(hanna, 60)
    make_away(hanna, NOW - DAY, NOW + 5 * DAY, delegate=ivo if delegate else None)
    nothing_raised(at_once(4, lambda _n: cover_what_falls_due(now=NOW)))
    assert Cover.objects.count() == 60
    assert Event.objects.filter(verb="hand-over" if delegate else "release").count() == 60
    assert not Ticket.objects.filter(owner=hanna).exists()
    results = at_once(4, lambda _n: give_back(now=NOW + 5 * DAY))
    nothing_raised(results)
    assert sum(results) == 60
    assert Ticket.objects.filter(owner=hanna, conversation__owner=hanna).count() == 60
    assert Event.objects.filter(verb="hand-over", data__rule="back").count() == 60


def test_four_sweeps_remind_each_owner_once() -> None:
    hanna = colleague("Hanna Brandt")
    cases(hanna, 30)
    nothing_raised(at_once(4, lambda _n: look_after_the_left_alone(now=NOW)))
    assert Event.objects.filter(verb="left-alone").count() == 30
    assert set(Ticket.objects.values_list("silent_step", flat=True)) == {1}
    # A sweep that found one alone names it by its number.
    counts = [subject.split(": ")[1].split()[0] for subject in subjects(hanna)]
    told = sum(1 if count.startswith("#") else int(count) for count in counts)
    assert told == 30


def subjects(user: User) -> list[str]:
    return list(Message.objects.filter(recipient=user.email).values_list("subject", flat=True))


def test_four_sweeps_take_each_ticket_away_once() -> None:
    hanna = colleague("Hanna Brandt")
    cases(hanna, 30)
    Ticket.objects.update(silent_step=2)
    colleague("Ivo Lenz")
    nothing_raised(at_once(4, lambda _n: look_after_the_left_alone(now=NOW)))
    assert not Ticket.objects.filter(owner=hanna).exists()
    assert Event.objects.filter(verb="release", data__because="silent").count() == 30
    assert Event.objects.filter(verb="assign").count() == 30


def one_then_the_other(first: Ticket, second: Ticket, sweep: Callable[[], int]) -> list[Any]:
    """A verb that takes one ticket and then another, while a sweep begins between the two."""
    held = threading.Event()

    def act(n: int) -> Any:
        if n:
            held.wait(10)
            return sweep()
        with transaction.atomic():
            for ticket in (first, second):
                with opened(ticket, actor=Actor.system(), now=NOW, version=None) as work:
                    work.write("note")
                    held.set()
                    time.sleep(0.7)
        return None

    return at_once(2, act)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time")
def test_what_is_left_alone_is_taken_in_the_order_in_which_everybody_takes_tickets() -> None:
    hanna = colleague("Hanna Brandt")
    colleague("Ivo Lenz")
    cases(hanna, 2)
    lower, upper = Ticket.objects.order_by("pk")
    Ticket.objects.update(conversation=lower.conversation_id, silent_step=2)
    # The longest silent is looked at first, and it is not the one with the lowest number.
    Ticket.objects.filter(pk=upper.pk).update(silent_at=NOW - 9 * DAY)
    assert one_then_the_other(lower, upper, lambda: look_after_the_left_alone(now=NOW)) == [None, 2]
    assert not Ticket.objects.filter(owner=hanna).exists()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time")
def test_tickets_and_promises_are_given_back_in_the_order_in_which_everybody_takes_tickets() -> None:
    hanna, ivo = colleague("Hanna Brandt"), colleague("Ivo Lenz")
    cases(ivo, 2)
    lower, upper = Ticket.objects.order_by("pk")
    away = make_away(hanna, NOW - 5 * DAY, NOW - DAY, delegate=ivo)
    covered = {"away": away, "absent": hanna, "delegate": ivo, "to": ivo, "at": NOW - 4 * DAY}
    # Tickets come before promises, and here the promise is of the ticket with the lower number.
    Cover.objects.create(ticket=upper, **covered)
    Cover.objects.create(ticket=lower, action=make_action(lower, ivo), **covered)
    assert one_then_the_other(lower, upper, lambda: give_back(now=NOW)) == [None, 2]
    upper.refresh_from_db()
    assert (upper.owner, lower.actions.get().owner) == (hanna, hanna)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time")
def test_who_comes_back_early_and_a_sweep_that_hands_over_more_do_not_wait_for_each_other() -> None:
    hanna, ivo = colleague("Hanna Brandt"), colleague("Ivo Lenz")
    away = make_away(hanna, NOW - DAY, NOW + 5 * DAY, delegate=ivo)
    cases(hanna, 2)
    assert cover_what_falls_due(now=NOW) == 2
    cases(hanna, 1)
    held = threading.Event()

    def act(n: int) -> Any:
        if n:
            held.wait(10)
            return cancel(away, shown=None, now=NOW)
        with assignment_lock():
            held.set()
            time.sleep(0.7)
            return cover_what_falls_due(now=NOW)

    assert at_once(2, act) == [1, True]
    assert Ticket.objects.filter(owner=hanna).count() == 3


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time")
def test_of_two_who_give_somebody_the_first_week_of_their_own_the_second_is_told() -> None:
    hanna = colleague("Hanna Brandt")
    held = threading.Event()

    def act(n: int) -> Any:
        if n:
            held.wait(10)
        with transaction.atomic():
            zone = ("Europe/Berlin", "Europe/Madrid")[n]
            row = working_weeks.keep(hanna, zone=zone, weekly=[[[540, 600]], *[[]] * 6], now=NOW, shown="")
            held.set()
            time.sleep(0.7)
        return row.zone

    first, second = at_once(2, act)
    assert (first, type(second)) == ("Europe/Berlin", Stale)
    assert WorkPattern.objects.get(user=hanna).zone == "Europe/Berlin"


def test_the_migration_starts_the_clock_now_and_reminds_nobody_of_the_past() -> None:
    """What was at work before has a whole step's time from the migration on."""
    from importlib import import_module

    from django.apps import apps
    from django.utils import timezone

    hanna = colleague("Hanna Brandt")
    cases(hanna, 3)
    make_ticket(owner=hanna, team=Team.objects.get(is_default=True), state="waiting_on_customer")
    make_ticket(team=Team.objects.get(is_default=True))
    Ticket.objects.update(worked_at=None, silent_at=None)
    before = timezone.now()
    with connection.schema_editor() as editor:
        import_module("followups.migrations.0008_absence").start_the_clocks(apps, editor)
    running = Ticket.objects.filter(silent_at__isnull=False)
    assert running.count() == 3
    due = silence.next_at(Team.objects.get(is_default=True), 0, before)
    assert due is not None and all(abs(row.silent_at - due) < timedelta(minutes=5) for row in running if row.silent_at)
    assert look_after_the_left_alone(now=timezone.now()) == 0
