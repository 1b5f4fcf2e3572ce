"""Two leads put persons together at the same moment, crosswise or in a ring, while answers come in."""

from __future__ import annotations

from typing import Any

import pytest

from followups import workflow
from followups.actors import Actor
from followups.models import Conversation, Event, Ticket
from followups.opening import open_awaiting
from surveys.models import Contact, ContactKey, Response
from tests.concurrency.test_tickets import at_once
from tests.factories import NOW, make_admin, make_contact, make_response

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 8


def person_with_case(n: int) -> Contact:
    contact = make_contact(f"Marta {n}", email=f"marta{n}-{Contact.objects.count()}@kund.example")
    ContactKey.objects.create(kind="email", value=contact.email, contact=contact)
    make_response(3, contact=contact, received_at=NOW, responded_at=NOW, decided_revision=0)
    return contact


def ends(contact: Contact) -> Contact:
    """Who remains of this person; at most one step away, never in a ring."""
    contact.refresh_from_db()
    if contact.merged_into is None:
        return contact
    assert contact.merged_into.merged_into_id is None
    return contact.merged_into


def sound(*people: Contact) -> None:
    """All of it is with who remains, and each ticket's events are its version."""
    kept = {ends(person).pk for person in people}
    assert set(Response.objects.filter(contact__in=people).values_list("contact", flat=True)) <= kept
    assert set(ContactKey.objects.filter(contact__in=people).values_list("contact", flat=True)) <= kept
    assert set(Ticket.objects.filter(contact__in=people).values_list("contact", flat=True)) <= kept
    for pk in kept:
        assert Conversation.objects.filter(contact=pk, closed_at=None).count() <= 1
    for ticket in Ticket.objects.filter(contact__in=people):
        assert list(ticket.events.order_by("seq").values_list("seq", flat=True)) == list(range(1, ticket.version + 1))


def test_of_two_merges_crosswise_one_wins_and_nobody_is_lost() -> None:
    admin = Actor.person(make_admin())
    for _ in range(ROUNDS):
        one, two = person_with_case(1), person_with_case(2)
        open_awaiting(now=NOW)
        pairs = [(one, two), (two, one)]

        def act(n: int, pairs: list[tuple[Contact, Contact]] = pairs) -> Any:
            return workflow.merge(*pairs[n], actor=admin, now=NOW)

        done = at_once(2, act)
        assert sorted(type(result).__name__ for result in done) == ["NotAllowed", "list"], done
        assert ends(one) == ends(two)
        sound(one, two)


def test_merges_in_a_ring_leave_one_person_and_no_ring() -> None:
    admin = Actor.person(make_admin())
    for _ in range(ROUNDS):
        people = [person_with_case(n) for n in range(3)]
        open_awaiting(now=NOW)

        def act(n: int, people: list[Contact] = people) -> Any:
            return workflow.merge(people[n], people[(n + 1) % 3], actor=admin, now=NOW)

        done = at_once(3, act)
        assert not [result for result in done if not isinstance(result, list) and type(result).__name__ != "NotAllowed"]
        sound(*people)


def test_the_same_merge_six_times_at_once_is_one() -> None:
    admin = Actor.person(make_admin())
    one, two = person_with_case(1), person_with_case(2)
    open_awaiting(now=NOW)
    done = at_once(6, lambda _n: workflow.merge(one, two, actor=admin, now=NOW))
    assert [result for result in done if result] and done.count(None) == 5, done
    assert Event.objects.filter(verb="merge", ticket__response__contact=one).count() == 2
    sound(one, two)


def test_an_answer_opens_for_who_remains_while_its_person_is_merged() -> None:
    admin = Actor.person(make_admin())
    for _ in range(ROUNDS):
        one, two = person_with_case(1), person_with_case(2)

        def act(n: int, one: Contact = one, two: Contact = two) -> Any:
            return workflow.merge(one, two, actor=admin, now=NOW) if n else open_awaiting(now=NOW)

        done = at_once(2, act)
        assert not [result for result in done if isinstance(result, Exception)], done
        open_awaiting(now=NOW)
        assert Ticket.objects.filter(contact=one).count() == 2
        sound(one, two)
