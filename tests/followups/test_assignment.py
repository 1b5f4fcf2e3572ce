"""Who gets a ticket: fair, explained, never to anybody who is away or full."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from followups import clocks, workflow
from followups.actors import Actor
from followups.assignment import Candidate, Pool, Waiting, assign_waiting, choose
from followups.leaving import release_from_the_gone
from followups.models import AssignmentRound, Team, Ticket, Watcher
from followups.opening import open_awaiting
from nps_loop.mail.models import Message
from nps_loop.people.models import User
from surveys.models import Contact, Response
from tests.factories import (
    NOW,
    make_account,
    make_away,
    make_contact,
    make_member,
    make_response,
    make_team,
    make_touchpoint,
    make_user,
)

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def team() -> Team:
    return Team.objects.get(is_default=True)


def colleague(name: str, **fields: Any) -> User:
    user = make_user(name)
    make_member(team(), user, **fields)
    return user


def waiting(count: int = 1, *, contact: Contact | None = None, **fields: Any) -> list[Ticket]:
    """Tickets just opened, that nobody has yet."""
    made = []
    for _n in range(count):
        person = contact or make_contact("Marta Lind", email=f"m{Response.objects.count()}@kund.example")
        made.append(
            make_response(
                3, contact=person, received_at=NOW, responded_at=NOW - HOUR, decided_revision=0,
                **{"account": person.account, **fields},
            )
        )  # fmt: skip
    open_awaiting(now=NOW)
    return list(Ticket.objects.filter(response__in=made).order_by("pk"))


def owner_of(ticket: Ticket) -> User | None:
    ticket.refresh_from_db()
    return ticket.owner


def test_the_account_owner_gets_it_and_reads_why() -> None:
    colleague("Ivo Lenz")
    hanna = colleague("Hanna Brandt")
    account = make_account("Nordby", owner=hanna)
    (ticket,) = waiting(contact=make_contact("Marta Lind", account=account, email="m@nordby.example"))
    assign_waiting(now=NOW)
    assert owner_of(ticket) == hanna
    event = ticket.events.get(verb="assign")
    assert event.data["rule"] == "account_owner"
    assert AssignmentRound.objects.get(pk=event.data["round"]).candidates
    assert "You look after Nordby" in Message.objects.get(kind="notice_assigned").text


@pytest.mark.parametrize("why", ["away", "full", "inactive"])
def test_an_account_owner_who_cannot_take_it_watches_and_reads_why(why: str) -> None:
    ivo = colleague("Ivo Lenz")
    hanna = colleague("Hanna Brandt", capacity=1)
    account = make_account("Nordby", owner=hanna)
    contact = make_contact("Marta Lind", account=account, email="m@nordby.example")
    if why == "away":
        make_away(hanna, NOW - HOUR, NOW + 48 * HOUR)
    if why == "inactive":
        User.objects.filter(pk=hanna.pk).update(is_active=False)
    if why == "full":
        (first,) = waiting(contact=make_contact("Old", email="o@kund.example"))
        workflow.assign(first, actor=Actor.system(), now=NOW, version=None, to=hanna)
    (ticket,) = waiting(contact=contact)
    assign_waiting(now=NOW)
    assert owner_of(ticket) == ivo
    watch = Watcher.objects.get(ticket=ticket, user=hanna)
    assert (watch.reason, watch.detail.split()[0]) == ("passed_over", why)
    assert Message.objects.filter(kind="notice_watcher", recipient=hanna.email).exists() == (why != "inactive")


def test_past_an_account_owner_the_team_of_the_touchpoint_is_asked_before_the_owners() -> None:
    ivo, mate = make_user("Ivo Lenz"), make_user("Nils Aker")
    support_agent, onboarding = make_user("Hanna Brandt"), make_touchpoint("onboarding")
    make_team("South", agents=(ivo, mate))
    support = make_team("Onboarding", agents=(support_agent,))
    support.touchpoints.add(onboarding)
    account = make_account("Nordby", owner=ivo)

    def answer() -> Ticket:
        who = make_contact("Marta Lind", email=f"m{Response.objects.count()}@kund.example", account=account)
        return waiting(contact=who, touchpoint=onboarding)[0]

    first = answer()
    assign_waiting(now=NOW)
    assert owner_of(first) == ivo
    Ticket.objects.all().delete()
    make_away(ivo, NOW - HOUR, NOW + HOUR)
    second = answer()
    assign_waiting(now=NOW)
    assert owner_of(second) == support_agent
    assert second.team == support
    make_away(support_agent, NOW - HOUR, NOW + HOUR)
    Ticket.objects.all().delete()
    third = answer()
    assign_waiting(now=NOW)
    assert owner_of(third) == mate  # nobody there: a colleague of the owner, before nobody at all


def test_who_takes_none_in_one_team_may_take_some_in_another() -> None:
    ivo = make_user("Ivo Lenz")
    make_member(make_team("North"), ivo, capacity=0)
    make_team("South", agents=(ivo,))
    account = make_account("Nordby", owner=ivo)
    (ticket,) = waiting(contact=make_contact("Marta Lind", email="m@kund.example", account=account))
    assign_waiting(now=NOW)
    assert owner_of(ticket) == ivo


def test_one_conversation_keeps_one_owner_even_when_full() -> None:
    hanna = colleague("Hanna Brandt", capacity=1)
    colleague("Ivo Lenz")
    contact = make_contact("Marta Lind", email="m@kund.example")
    (first,) = waiting(contact=contact)
    workflow.assign(first, actor=Actor.system(), now=NOW, version=None, to=hanna)
    (second,) = waiting(contact=contact)
    assign_waiting(now=NOW)
    assert owner_of(second) == hanna
    assert Message.objects.filter(kind="acknowledgement").exclude(state="skipped").count() == 1


def test_somebody_else_of_the_account_goes_to_the_same_owner() -> None:
    for name in ("Hanna Brandt", "Ivo Lenz", "Samira Haddad"):
        colleague(name)
    account = make_account("Nordby")
    tickets = [
        waiting(contact=make_contact(name, account=account, email=f"{name}@nordby.example"))[0]
        for name in ("a", "b", "c")
    ]
    assign_waiting(now=NOW)
    assert len({owner_of(ticket) for ticket in tickets}) == 1


def test_who_writes_the_customers_language_goes_first() -> None:
    colleague("Hanna Brandt", languages=["en", "de"])
    amelie = colleague("Amélie Roux", languages=["fr"])
    (ticket,) = waiting(contact=make_contact("Farid Benali", email="f@kund.example", language="fr"))
    assign_waiting(now=NOW)
    assert owner_of(ticket) == amelie


def test_with_everybody_who_writes_the_language_full_it_goes_to_somebody_else_who_is_free() -> None:
    hanna = colleague("Hanna Brandt", languages=["en", "de"])
    amelie = colleague("Amélie Roux", languages=["fr"], capacity=1)
    workflow.assign(waiting()[0], actor=Actor.system(), now=NOW, version=None, to=amelie)
    (ticket,) = waiting(contact=make_contact("Farid Benali", email="f@kund.example", language="fr"))
    assign_waiting(now=NOW)
    assert owner_of(ticket) == hanna


def test_another_answer_while_the_owner_is_away_takes_the_whole_conversation_along() -> None:
    hanna = colleague("Hanna Brandt")
    contact = make_contact("Marta Lind", email="m@kund.example")
    (first,) = waiting(contact=contact)
    assign_waiting(now=NOW)
    assert owner_of(first) == hanna
    make_away(hanna, NOW - HOUR, NOW + 72 * HOUR)
    ivo = colleague("Ivo Lenz")
    (second,) = waiting(contact=contact)
    assign_waiting(now=NOW)
    assert (owner_of(first), owner_of(second)) == (ivo, ivo)
    second.conversation.refresh_from_db()
    assert second.conversation.owner == ivo
    assert first.events.get(seq=first.version).data["with"] == second.pk
    assert Message.objects.get(kind="hand_over").text.count("Ivo Lenz")


def test_two_answers_of_one_person_in_one_round_start_one_thread() -> None:
    colleague("Hanna Brandt")
    contact = make_contact("Marta Lind", email="m@kund.example")
    first, _second = waiting(2, contact=contact)
    assign_waiting(now=NOW)
    first.conversation.refresh_from_db()
    mail = Message.objects.exclude(state="skipped").get(kind="acknowledgement")
    assert first.conversation.thread_root == mail.message_id


def test_with_nobody_free_it_waits_visibly_and_the_next_sweep_takes_it() -> None:
    hanna = colleague("Hanna Brandt")
    away = make_away(hanna, NOW - HOUR, NOW + 72 * HOUR)
    (ticket,) = waiting()
    assert assign_waiting(now=NOW).assigned == 0
    assert assign_waiting(now=NOW + HOUR / 60).assigned == 0
    assert AssignmentRound.objects.count() == 1
    assert AssignmentRound.objects.get().exclusions[0]["code"] == "away"
    assert assign_waiting(now=away.ends_at + HOUR).assigned == 1
    assert owner_of(ticket) == hanna


def test_unassigned_for_fifteen_minutes_the_lead_signs_and_is_told_once() -> None:
    lead = colleague("Tomás Rey", role="lead", capacity=0)
    (ticket,) = waiting()
    clocks.acknowledge_the_unassigned(now=NOW + timedelta(minutes=14))
    assert not Message.objects.filter(kind="acknowledgement").exists()
    for _twice in range(2):
        clocks.acknowledge_the_unassigned(now=NOW + timedelta(minutes=16))
    mail = Message.objects.get(kind="acknowledgement")
    assert "Tomás Rey" in mail.text and mail.reply_to == lead.email
    assert Message.objects.filter(recipient=lead.email).count() == 1
    ticket.refresh_from_db()
    assert ticket.promised_at is not None
    hanna = colleague("Hanna Brandt")
    assign_waiting(now=NOW + HOUR)
    assert owner_of(ticket) == hanna
    assert Message.objects.filter(kind="hand_over").count() == 1
    assert Message.objects.filter(kind="acknowledgement").count() == 1


def test_unassigned_after_an_import_without_acknowledgements_the_lead_is_told_and_the_customer_is_not() -> None:
    lead = make_user("Lea Ortiz")
    make_member(team(), lead, role="lead", capacity=0)
    (ticket,) = waiting(acknowledge=False)
    assert clocks.acknowledge_the_unassigned(now=NOW + HOUR) == 1
    assert clocks.acknowledge_the_unassigned(now=NOW + HOUR) == 0
    assert Message.objects.filter(recipient=lead.email, case=ticket.pk).count() == 1
    assert not Message.objects.filter(stream="case").exclude(state=Message.State.SKIPPED).exists()


def test_at_half_of_the_time_the_cap_yields_and_the_lead_is_told() -> None:
    lead = colleague("Tomás Rey", role="lead", capacity=0)
    hanna = colleague("Hanna Brandt", capacity=1)
    waiting(2)
    assert assign_waiting(now=NOW).assigned == 1
    assert assign_waiting(now=NOW + 20 * HOUR).assigned == 0
    assert assign_waiting(now=NOW + 25 * HOUR).assigned == 1
    assert Ticket.objects.filter(owner=hanna).count() == 2
    assert Message.objects.filter(recipient=lead.email, subject__startswith="Given beyond capacity").count() == 1


def test_tickets_of_somebody_who_left_go_to_others() -> None:
    hanna, ivo = colleague("Hanna Brandt"), colleague("Ivo Lenz")
    (ticket,) = waiting()
    workflow.assign(ticket, actor=Actor.system(), now=NOW, version=None, to=hanna)
    User.objects.filter(pk=hanna.pk).update(is_active=False)
    assert release_from_the_gone(now=NOW + HOUR) == 1
    assign_waiting(now=NOW + HOUR)
    assert owner_of(ticket) == ivo
    assert Message.objects.filter(kind="hand_over", state="queued").count() == 1


def test_a_round_with_many_tickets_tells_its_owner_in_one_mail() -> None:
    hanna = colleague("Hanna Brandt")
    first = waiting(8)
    assign_waiting(now=NOW)
    mail = Message.objects.get(recipient=hanna.email)
    assert all(f"#{ticket.pk} · Marta Lind · 3 of 10" in mail.text for ticket in first)
    second = waiting(8)
    assign_waiting(now=NOW)
    another = Message.objects.filter(recipient=hanna.email).exclude(pk=mail.pk).get()
    assert another.text != mail.text
    assert f"#{second[0].pk} ·" in another.text


def test_a_mail_about_many_tickets_names_the_first_twenty() -> None:
    hanna = colleague("Hanna Brandt", capacity=100)
    given = waiting(23)
    assign_waiting(now=NOW)
    mail = Message.objects.get(recipient=hanna.email)
    assert mail.subject == "23 tickets are with you now"
    assert sum(f"#{ticket.pk} ·" in mail.text for ticket in given) == 20
    assert "And 3 more." in mail.text


@given(
    loads=st.lists(st.integers(0, 30), min_size=2, max_size=6),
    capacities=st.lists(st.integers(1, 40), min_size=6, max_size=6),
    tickets=st.integers(1, 60),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_shares_are_fair_for_any_loads_and_capacities(loads: list[int], capacities: list[int], tickets: int) -> None:
    group = Team(pk=1, name="Care")
    pool = Pool()
    members = [
        Candidate(User(pk=n, is_active=True), group, capacities[n], frozenset(), load, None)
        for n, load in enumerate(loads)
    ]
    pool.by_team[1] = members
    pool.by_user = {member.user.pk: [member] for member in members}
    given_to: list[int] = []
    for n in range(tickets):
        found = choose(Waiting(n, team=1), pool)
        if found is None:
            break
        given_to.append(found.candidate.user.pk)
        before = found.candidate.load
        # Nobody who has room is less loaded for their capacity than whoever got it.
        assert all(before / found.candidate.capacity <= row.load / row.capacity for row in members if not row.is_full)
        pool.given(found.candidate.user.pk, NOW + n * HOUR)
    assert all(row.load <= row.capacity or row.load == loads[row.user.pk] for row in members)
    room = sum(max(0, row.capacity - loads[row.user.pk]) for row in members)
    assert len(given_to) == min(tickets, room)


@given(people=st.integers(2, 7), tickets=st.integers(0, 80))
def test_equal_people_get_equal_shares(people: int, tickets: int) -> None:
    group = Team(pk=1, name="Care")
    pool = Pool()
    members = [Candidate(User(pk=n, is_active=True), group, 100, frozenset(), 0, None) for n in range(people)]
    pool.by_team[1] = members
    pool.by_user = {member.user.pk: [member] for member in members}
    for n in range(tickets):
        found = choose(Waiting(n, team=1), pool)
        assert found is not None
        pool.given(found.candidate.user.pk, NOW)
    loads = [row.load for row in members]
    assert max(loads) - min(loads) <= 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="constant query counts are promised on PostgreSQL")
def test_a_round_costs_a_constant_number_of_queries() -> None:
    for name in ("Hanna Brandt", "Ivo Lenz"):
        colleague(name, capacity=500)

    def cost(count: int) -> int:
        waiting(count)
        with CaptureQueriesContext(connection) as queries:
            assign_waiting(now=NOW)
        return len(queries)

    # More than a few for each, who hear of them in one mail.
    cost(20)
    assert cost(14) == cost(80)


def test_whoever_gave_a_ticket_back_gets_it_again_only_where_nobody_else_can_take_it() -> None:
    hanna = colleague("Hanna Brandt")
    account = make_account("Nordby", owner=hanna)
    [ticket] = waiting(contact=make_contact("Marta Lind", email="m@nordby.example", account=account))
    assign_waiting(now=NOW)
    assert owner_of(ticket) == hanna
    ivo = colleague("Ivo Lenz")
    workflow.release(ticket, actor=Actor.person(hanna), now=NOW, version=None, reason="I am biased here.")
    assign_waiting(now=NOW)
    assert owner_of(ticket) == ivo
    assert Watcher.objects.get(ticket=ticket, user=hanna).detail == "gave_back"

    User.objects.filter(pk=hanna.pk).update(is_active=False)
    workflow.release(ticket, actor=Actor.person(ivo), now=NOW, version=None, reason="I have no time.")
    assign_waiting(now=NOW)
    assert owner_of(ticket) == ivo
