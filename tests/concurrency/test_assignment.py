"""Many hands give at once: the race without the lock, and that with it no ticket is given twice and shares stay equal."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from followups.actors import Actor
from followups.assignment import Pool, Waiting, assign_waiting, choose, pull_next
from followups.models import Conversation, Event, Member, Team, Ticket
from followups.refusals import NotAllowed
from tests import factories
from tests.concurrency.test_tickets import at_once
from tests.conftest import counted
from tests.factories import NOW, make_member, make_team, make_user

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


def backlog(count: int, *, acknowledge: bool = False) -> None:
    """So many waiting tickets of as many people, written directly. Without acknowledgements, as a large import is."""
    team, brand, source = Team.objects.get(is_default=True), factories.make_brand(), factories.make_source()
    from surveys.models import Contact, Response

    people = Contact.objects.bulk_create(
        [Contact(name=f"Customer {n}", email=f"c{n}@client.example", language="en") for n in range(count)]
    )
    answers = Response.objects.bulk_create(
        [
            Response(
                source=source, external_id=f"backlog-{person.pk}", score=3, band="detractor", verbatim="We waited.",
                search_text="we waited.", contact=person, responded_at=NOW - HOUR, received_at=NOW, day=NOW.date(),
                version_at=NOW, content_digest=f"{person.pk:064d}", decided_revision=1, acknowledge=acknowledge,
            )
            for person in people
        ]
    )  # fmt: skip
    conversations = Conversation.objects.bulk_create([Conversation(contact=each, brand=brand) for each in people])
    Ticket.objects.bulk_create(
        [
            Ticket(
                response=answer, conversation=conversation, contact=answer.contact, brand=brand, team=team, score=3,
                band="detractor", version=1, opened_at=NOW, responded_at=NOW - HOUR, received_at=NOW, day=NOW.date(),
                changed_at=NOW, rank=n,
            )
            for n, (answer, conversation) in enumerate(zip(answers, conversations, strict=True))
        ]
    )  # fmt: skip


def agents(count: int, **fields: Any) -> list[Member]:
    team = Team.objects.get(is_default=True)
    return [make_member(team, make_user(f"Agent {n}"), **{"capacity": 20_000, **fields}) for n in range(count)]


def given_twice() -> int:
    """Tickets that were given more than once."""
    return sum(n > 1 for n in Counter(Event.objects.filter(verb="assign").values_list("ticket", flat=True)).values())


def test_without_the_lock_hands_at_once_give_the_same_tickets_twice() -> None:
    """The race exists. This flow reads who waits, chooses and writes as a round does, without the lock and the version."""
    agents(4)
    backlog(40)
    gate = threading.Barrier(4)

    def give_without_lock(n: int) -> None:
        rows = list(Ticket.objects.unassigned().in_queue_order().values_list("pk", "team"))
        pool = Pool.at(NOW)
        gate.wait()
        with transaction.atomic():
            for place, (pk, team) in enumerate(rows):
                found = choose(Waiting(pk, team=team), pool)
                assert found is not None
                pool.given(found.candidate.key, NOW)
                Ticket.objects.filter(pk=pk).update(owner=found.candidate.user, state="assigned")
                Event.objects.create(
                    ticket_id=pk, seq=1_000 * (n + 1) + place, actor_kind="system", verb="assign", data={},
                    happened_at=NOW, recorded_at=NOW,
                )  # fmt: skip

    results = at_once(4, give_without_lock)
    assert not [result for result in results if isinstance(result, Exception)]
    assert given_twice() > 0


def test_four_workers_give_each_ticket_once_and_shares_differ_by_at_most_one() -> None:
    agents(7)
    count = counted(1_000, full=10_000)
    backlog(count)
    results = at_once(4, lambda _n: assign_waiting(now=NOW))
    assert not [result for result in results if isinstance(result, Exception)]
    assert sum(result.assigned for result in results) == count
    assert given_twice() == 0
    assert Event.objects.filter(verb="assign").count() == count
    shares = Counter(Ticket.objects.values_list("owner", flat=True))
    assert None not in shares and max(shares.values()) - min(shares.values()) <= 1
    wrong = Ticket.objects.exclude(version=2).count() + Ticket.objects.exclude(state="assigned").count()
    assert wrong == 0


@pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite writers stand in line by themselves")
@settings(
    max_examples=counted(5, full=100),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
@given(people=st.integers(2, 6), tickets=st.integers(1, 60), in_two_teams=st.booleans(), mails=st.booleans())
def test_equal_people_get_equal_shares_from_four_workers(
    people: int, tickets: int, in_two_teams: bool, mails: bool
) -> None:
    Ticket.objects.all().delete()
    Conversation.objects.all().delete()
    Member.objects.all().delete()
    members = agents(people)
    if in_two_teams:
        other = make_team()
        for member in members:
            make_member(other, member.user, capacity=20_000)
    backlog(tickets, acknowledge=mails)
    results = at_once(4, lambda _n: assign_waiting(now=NOW))
    assert not [result for result in results if isinstance(result, Exception)]
    shares = Counter({member.user_id: 0 for member in members})
    shares.update(Ticket.objects.values_list("owner", flat=True))
    assert None not in shares and max(shares.values()) - min(shares.values()) <= 1
    assert given_twice() == 0


def test_people_who_ask_for_the_next_at_once_get_different_ones() -> None:
    members = agents(4)
    backlog(3)

    def take(n: int) -> int:
        return pull_next(actor=Actor.person(members[n].user), now=NOW).pk

    results = at_once(4, take)
    got = [result for result in results if not isinstance(result, Exception)]
    assert len(set(got)) == len(got) == 3
    assert [type(result) for result in results if isinstance(result, Exception)] == [NotAllowed]
    connections.close_all()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="constant query counts are promised on PostgreSQL")
def test_a_thousand_tickets_cost_at_most_fifteen_queries_whatever_the_number() -> None:
    agents(5)

    def cost(count: int) -> int:
        backlog(count)
        with CaptureQueriesContext(connection) as queries:
            assert assign_waiting(now=NOW).assigned == count
        return sum(query["sql"] not in ("BEGIN", "COMMIT") for query in queries)

    few, thousand = cost(100), cost(1_000)
    assert few == thousand <= 15, (few, thousand)
