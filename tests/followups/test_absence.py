"""While somebody is away: what falls due goes to the delegate and back; the rest stays; no chain loops."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from followups import absence, workflow
from followups.absence import cover_what_falls_due, follow, give_back
from followups.absence.standing_in import stand_in
from followups.actors import Actor
from followups.assignment import assign_waiting
from followups.models import Action, ActionMove, Away, Conflict, Cover, Team, Ticket
from followups.models.tickets import TicketState
from followups.sweeping import open_and_assign
from nps_loop.mail.models import Message
from nps_loop.people.models import User
from tests.conftest import counted
from tests.factories import (
    NOW,
    make_action,
    make_away,
    make_contact,
    make_conversation,
    make_member,
    make_response,
    make_team,
    make_ticket,
    make_user,
)

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BACK = NOW + 5 * DAY


def team() -> Team:
    return Team.objects.get(is_default=True)


def colleague(name: str, **fields: Any) -> User:
    user = make_user(name)
    make_member(team(), user, **fields)
    return user


@pytest.fixture
def hanna() -> User:
    return colleague("Hanna Brandt")


@pytest.fixture
def ivo() -> User:
    return colleague("Ivo Lenz")


@pytest.fixture
def lead() -> User:
    return colleague("Tomás Rey", role="lead", capacity=0)


def case_of(owner: User | None, *, due: datetime | None = NOW + DAY, **fields: Any) -> Ticket:
    """A ticket somebody has, spoken to already, with its conversation."""
    fields = {"state": TicketState.CONTACTED, "first_contact_at": NOW - DAY, "team": team(), **fields}
    ticket = make_ticket(owner=owner, due_at=due, due_for="resolution" if due else "", **fields)
    ticket.conversation.owner = owner
    ticket.conversation.save()
    return ticket


def owner_of(ticket: Ticket) -> User | None:
    """The owner; the conversation has the same one."""
    ticket = Ticket.objects.select_related("owner", "conversation").get(pk=ticket.pk)
    assert ticket.conversation.owner_id == ticket.owner_id
    return ticket.owner


def sweep(now: datetime) -> None:
    give_back(now=now)
    cover_what_falls_due(now=now)
    assign_waiting(now=now)


# --- what goes, and what stays ---------------------------------------------------------------------------------


def test_what_falls_due_goes_to_the_delegate_and_what_is_due_later_stays(hanna: User, ivo: User) -> None:
    due, later, none = case_of(hanna), case_of(hanna, due=BACK + DAY), case_of(hanna, due=None)
    away = make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    assert [owner_of(ticket) for ticket in (due, later, none)] == [ivo, hanna, hanna]
    event = due.events.get(verb="hand-over")
    assert (event.data["away"], event.data["from"], event.data["to"]) == (away.pk, hanna.pk, ivo.pk)
    cover = Cover.objects.get()
    assert (cover.away, cover.ticket, cover.absent, cover.to, cover.back_at) == (away, due, hanna, ivo, None)
    mail = Message.objects.get(kind="notice_assigned", recipient=ivo.email)
    assert "Hanna Brandt is away until" in mail.text


WITHIN, AFTER = NOW + DAY, BACK + DAY


@pytest.mark.parametrize(
    ("fields", "goes"),
    [
        ({"customer_waits": True}, True),
        ({"snoozed_until": WITHIN}, True),
        ({"snoozed_until": AFTER}, False),
        ({"snoozed_until": NOW - 3 * DAY}, False),
        ({"state": TicketState.WAITING_ON_CUSTOMER, "waiting_until": WITHIN}, True),
        ({"state": TicketState.WAITING_ON_CUSTOMER, "waiting_until": AFTER}, False),
        ({"state": TicketState.RESOLVED, "resolved_at": NOW}, False),
        ({"due_at": NOW - DAY}, True),
    ],
)
def test_a_customer_who_waits_and_what_wakes_meanwhile_go_too(
    hanna: User, ivo: User, fields: dict[str, Any], goes: bool
) -> None:
    ticket = case_of(hanna, due=fields.pop("due_at", None), **fields)
    make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    assert owner_of(ticket) == (ivo if goes else hanna)
    if "snoozed_until" in fields:
        ticket.refresh_from_db()
        assert ticket.snoozed_until == fields["snoozed_until"]  # it wakes when it was to wake


def test_a_next_try_within_the_absence_goes_too(hanna: User, ivo: User) -> None:
    tried = case_of(hanna, due=BACK + DAY)
    workflow.log_contact(
        tried, actor=Actor.person(hanna), now=NOW - 2 * HOUR, version=None, channel="phone", outcome="no_answer",
        next_try_at=NOW + DAY,
    )  # fmt: skip
    Ticket.objects.update(snoozed_until=None, due_at=None)
    make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    assert owner_of(tried) == ivo


def test_what_comes_up_later_is_handed_over_then(hanna: User, ivo: User) -> None:
    ticket = case_of(hanna, due=None)
    make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    assert owner_of(ticket) == hanna
    Ticket.objects.update(customer_waits=True)
    sweep(NOW + DAY)
    assert owner_of(ticket) == ivo


def test_a_new_answer_of_the_same_customer_goes_to_the_delegate_with_the_rest(hanna: User, ivo: User) -> None:
    colleague("Nils Aker")  # less loaded than anybody
    contact = make_contact("Marta Lind", email="m@kund.example")
    first = case_of(hanna, due=None, answer={"contact": contact})
    make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    make_response(2, contact=contact, received_at=NOW, responded_at=NOW - HOUR, decided_revision=0)
    open_and_assign(lambda: NOW)
    second = Ticket.objects.get(response__score=2)
    assert (owner_of(first), owner_of(second)) == (ivo, ivo)
    assert second.events.get(verb="assign").data["rule"] == "away"
    sweep(BACK)
    assert (owner_of(first), owner_of(second)) == (hanna, hanna)


def test_one_conversation_goes_as_a_whole(hanna: User, ivo: User) -> None:
    contact = make_contact()
    conversation = make_conversation(contact, owner=hanna)
    answers: list[dict[str, Any]] = [{"answer": {"contact": contact}, "conversation": conversation} for _n in range(3)]
    due = case_of(hanna, **answers[0])
    quiet = case_of(hanna, due=None, **answers[1])
    resolved = case_of(hanna, due=None, state=TicketState.RESOLVED, **answers[2])
    make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    assert [owner_of(ticket) for ticket in (due, quiet, resolved)] == [ivo] * 3
    sweep(BACK)
    assert [owner_of(ticket) for ticket in (due, quiet, resolved)] == [hanna] * 3
    assert set(Cover.objects.values_list("outcome", flat=True)) == {"back"}


def test_a_delegate_whom_the_words_complain_about_does_not_stand_in(hanna: User, ivo: User) -> None:
    ticket = case_of(hanna)
    Conflict.objects.create(ticket=ticket, user=ivo, because=Conflict.Because.COMPLAINT, found_at=NOW)
    make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    cover_what_falls_due(now=NOW)
    assert owner_of(ticket) is None


@pytest.mark.parametrize("why", ["away", "inactive", "other_team", "none"])
def test_where_the_delegate_cannot_the_pool_takes_it_and_it_comes_back_all_the_same(
    why: str, hanna: User, ivo: User
) -> None:
    nils = colleague("Nils Aker")
    delegate: User | None = ivo
    if why == "away":
        make_away(ivo, NOW - HOUR, BACK)
    elif why == "inactive":
        User.objects.filter(pk=ivo.pk).update(is_active=False)
    elif why == "other_team":
        ivo.memberships.all().delete()
        make_team("South", agents=(ivo,))
    else:
        delegate = None
        make_away(ivo, NOW - HOUR, BACK)
    ticket = case_of(hanna)
    make_away(hanna, NOW - HOUR, BACK, delegate=delegate)
    sweep(NOW)
    assert owner_of(ticket) == nils
    assert ticket.events.get(verb="release").data == {"from": hanna.pk, "because": "away"}
    assert Cover.objects.get().to is None
    sweep(BACK)
    assert owner_of(ticket) == hanna


# --- back again ------------------------------------------------------------------------------------------------


def test_back_again_what_nobody_began_on_returns(hanna: User, ivo: User) -> None:
    ticket = case_of(hanna)
    make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    sweep(BACK - HOUR)
    assert owner_of(ticket) == ivo
    sweep(BACK)
    assert owner_of(ticket) == hanna
    assert [event.verb for event in ticket.events.order_by("seq")] == ["hand-over", "hand-over"]
    assert Cover.objects.get().outcome == "back"
    assert "Ivo Lenz looked after it" in Message.objects.get(kind="notice_assigned", recipient=hanna.email).text


def test_it_stays_with_whoever_talked_with_the_customer(hanna: User, ivo: User) -> None:
    ticket = case_of(hanna)
    make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    workflow.log_contact(
        ticket, actor=Actor.person(ivo), now=NOW + HOUR, version=None, channel="phone", outcome="spoke"
    )
    sweep(BACK)
    assert owner_of(ticket) == ivo
    assert Cover.objects.get().outcome == "stayed"


def test_a_try_that_reached_nobody_keeps_nothing(hanna: User, ivo: User) -> None:
    ticket = case_of(hanna)
    make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    workflow.log_contact(
        ticket, actor=Actor.person(ivo), now=NOW + HOUR, version=None, channel="phone", outcome="no_answer"
    )
    sweep(BACK)
    assert owner_of(ticket) == hanna


def test_it_stays_with_whoever_promised_something(hanna: User, ivo: User) -> None:
    ticket = case_of(hanna)
    make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    make_action(ticket, ivo, planned_at=NOW + HOUR, due_at=BACK + DAY)
    sweep(BACK)
    assert owner_of(ticket) == ivo


def test_what_is_resolved_by_then_stays_where_it_is(hanna: User, ivo: User) -> None:
    ticket = case_of(hanna)
    make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    Ticket.objects.update(state=TicketState.RESOLVED, resolved_at=NOW + HOUR)
    sweep(BACK)
    assert owner_of(ticket) == ivo
    assert Cover.objects.get().outcome == "over"


def test_what_a_person_gave_to_somebody_else_stays_there(hanna: User, ivo: User, lead: User) -> None:
    nils = colleague("Nils Aker")
    ticket = case_of(hanna)
    make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    workflow.assign(ticket, actor=Actor.person(lead), now=NOW + HOUR, version=None, to=nils, reason="Nils knows them.")
    assert Cover.objects.get().outcome == "given"
    sweep(BACK)
    assert owner_of(ticket) == nils


def test_who_takes_it_back_while_away_keeps_it(hanna: User, ivo: User) -> None:
    ticket = case_of(hanna)
    make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    workflow.assign(ticket, actor=Actor.person(hanna), now=NOW + HOUR, version=None, to=hanna, reason="I call myself.")
    sweep(NOW + 2 * HOUR)
    assert owner_of(ticket) == hanna


def test_who_leaves_while_away_gets_nothing_back(hanna: User, ivo: User) -> None:
    ticket = case_of(hanna)
    make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    User.objects.filter(pk=hanna.pk).update(is_active=False)
    sweep(BACK)
    assert owner_of(ticket) == ivo
    assert Cover.objects.get().outcome == "gone"


# --- changed, overlapping, cancelled ---------------------------------------------------------------------------


def test_back_early_means_now(hanna: User, ivo: User) -> None:
    ticket = case_of(hanna)
    away = make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    absence.is_back(away, now=NOW + HOUR)
    assert owner_of(ticket) == hanna
    away.refresh_from_db()
    assert away.ends_at == NOW + HOUR


def test_an_absence_to_come_is_taken_off(hanna: User) -> None:
    absence.is_back(make_away(hanna, NOW + DAY, BACK), now=NOW)
    assert not Away.objects.exists()


@pytest.mark.parametrize("how", ["moved", "deleted"])
def test_an_absence_that_was_put_off_or_deleted_while_it_ran_gives_back(how: str, hanna: User, ivo: User) -> None:
    ticket = case_of(hanna)
    away = make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    if how == "deleted":
        away.delete()
    else:
        away.starts_at, away.ends_at = NOW + 7 * DAY, NOW + 9 * DAY
        away.save()
    sweep(NOW + HOUR)
    assert owner_of(ticket) == hanna


def test_an_absence_that_is_made_longer_covers_more(hanna: User, ivo: User) -> None:
    ticket = case_of(hanna, due=BACK + DAY)
    away = make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    assert owner_of(ticket) == hanna
    away.ends_at = BACK + 2 * DAY
    away.save()
    follow(away, now=NOW + HOUR)
    assert owner_of(ticket) == ivo


def test_an_absence_that_goes_on_after_all_is_covered_again(hanna: User, ivo: User) -> None:
    ticket = case_of(hanna, due=NOW + HOUR / 2)
    away = make_away(hanna, NOW - HOUR, NOW + HOUR, delegate=ivo)
    for now, owner in ((NOW, ivo), (NOW + HOUR, hanna)):
        sweep(now)
        assert owner_of(ticket) == owner
    away.ends_at = BACK
    away.save()
    sweep(NOW + 2 * HOUR)
    assert owner_of(ticket) == ivo


def test_absences_that_follow_or_overlap_give_back_once_at_the_end(hanna: User, ivo: User) -> None:
    ticket = case_of(hanna)
    make_away(hanna, NOW - HOUR, NOW + DAY, delegate=ivo)
    make_away(hanna, NOW + 6 * HOUR, BACK)  # names nobody: the other one's delegate goes on
    sweep(NOW)
    sweep(NOW + 2 * DAY)
    assert owner_of(ticket) == ivo
    sweep(BACK)
    assert owner_of(ticket) == hanna


def test_another_delegate_gets_what_the_first_one_has_not_begun_on(hanna: User, ivo: User) -> None:
    nils = colleague("Nils Aker")
    begun, idle = case_of(hanna), case_of(hanna)
    away = make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    workflow.log_contact(begun, actor=Actor.person(ivo), now=NOW + HOUR, version=None, channel="phone", outcome="spoke")
    away.delegate = nils
    away.save()
    sweep(NOW + 2 * HOUR)
    assert (owner_of(begun), owner_of(idle)) == (ivo, nils)
    sweep(NOW + 3 * HOUR)
    sweep(BACK)
    assert (owner_of(begun), owner_of(idle)) == (ivo, hanna)


def test_another_delegate_ends_what_was_passed_on_further(hanna: User, ivo: User) -> None:
    nils, ola = colleague("Nils Aker"), colleague("Ola Berg")
    ticket = case_of(hanna)
    away = make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    make_away(ivo, NOW, NOW + 2 * DAY, delegate=nils)
    sweep(NOW + HOUR)
    assert owner_of(ticket) == nils
    away.delegate = ola
    away.save()
    for now, owner in ((NOW + 2 * HOUR, ola), (NOW + 2 * DAY, ola), (BACK, hanna)):
        sweep(now)
        assert owner_of(ticket) == owner


def test_a_delegate_who_goes_away_is_covered_too_and_it_returns_in_order(hanna: User, ivo: User) -> None:
    nils = colleague("Nils Aker")
    ticket = case_of(hanna)
    make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    make_away(ivo, NOW + DAY - HOUR, NOW + 3 * DAY, delegate=nils)
    sweep(NOW + DAY)
    assert owner_of(ticket) == nils
    sweep(NOW + 3 * DAY)
    assert owner_of(ticket) == ivo
    sweep(BACK)
    assert owner_of(ticket) == hanna
    assert not Cover.objects.open().exists()


def test_who_is_back_before_the_one_who_stood_in_gets_it_from_whoever_has_it(hanna: User, ivo: User) -> None:
    nils = colleague("Nils Aker")
    ticket = case_of(hanna)
    make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    make_away(ivo, NOW + DAY - HOUR, BACK + DAY, delegate=nils)
    sweep(NOW + DAY)
    sweep(BACK)
    assert owner_of(ticket) == hanna
    sweep(BACK + DAY)
    assert owner_of(ticket) == hanna


# --- promises, and what the customer hears ---------------------------------------------------------------------


def test_promises_of_the_absent_on_other_tickets_go_to_the_delegate_and_back(hanna: User, ivo: User) -> None:
    nils = colleague("Nils Aker")
    ticket = case_of(nils, state=TicketState.IN_ACTION)
    due = make_action(ticket, hanna, due_at=NOW + DAY)
    later = make_action(ticket, hanna, due_at=BACK + DAY)
    make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    assert set(Action.objects.values_list("pk", "owner")) == {(due.pk, ivo.pk), (later.pk, hanna.pk)}
    sweep(NOW)
    assert ticket.events.filter(verb="pass-on-action").count() == 1
    assert Message.objects.filter(kind="notice_action", recipient=ivo.email).count() == 1
    sweep(BACK)
    assert set(Action.objects.values_list("owner", flat=True)) == {hanna.pk}
    assert owner_of(ticket) == nils


def test_without_a_delegate_a_promise_goes_to_whoever_has_the_ticket(hanna: User, ivo: User) -> None:
    action = make_action(case_of(ivo, state=TicketState.IN_ACTION), hanna, due_at=NOW + DAY)
    make_away(hanna, NOW - HOUR, BACK)
    sweep(NOW)
    action.refresh_from_db()
    assert action.owner == ivo


def test_a_promise_the_customer_knows_of_moves_with_a_mail_that_says_who_does_it(hanna: User, ivo: User) -> None:
    nils = colleague("Nils Aker")
    ticket = case_of(nils, state=TicketState.IN_ACTION)
    make_action(ticket, hanna, title="Repair the list", due_at=NOW + DAY, told_at=NOW - DAY)
    make_action(ticket, hanna, title="Look at the logs", due_at=NOW + DAY)
    make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    mail = Message.objects.get(kind="hand_over")
    assert mail.subject == "Ivo Lenz does what we promised you"
    assert "Repair the list" in mail.text and "Ivo Lenz" in mail.text and "Repair the list" in mail.html
    assert "Nils Aker looks after your case as before" in mail.text
    assert "explain anything again" not in mail.text


def test_a_promise_goes_back_through_a_chain_and_stays_where_its_date_was_moved(hanna: User, ivo: User) -> None:
    nils, ola = colleague("Nils Aker"), colleague("Ola Berg")
    ticket = case_of(ola, state=TicketState.IN_ACTION, due=None)
    chained = make_action(ticket, hanna, due_at=NOW + 2 * DAY)
    moved = make_action(ticket, hanna, due_at=NOW + HOUR)
    make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    ActionMove.objects.create(
        action=moved, from_at=moved.due_at, to_at=BACK + DAY, reason="Later.", by=ivo, happened_at=NOW + HOUR
    )
    Action.objects.filter(pk=moved.pk).update(due_at=BACK + 9 * DAY)
    make_away(ivo, NOW + DAY - HOUR, BACK + DAY, delegate=nils)
    sweep(NOW + DAY)
    chained.refresh_from_db()
    assert chained.owner == nils
    sweep(BACK)
    for action, owner in ((chained, hanna), (moved, ivo)):
        action.refresh_from_db()
        assert action.owner == owner
    sweep(BACK + DAY)
    chained.refresh_from_db()
    assert chained.owner == hanna


@pytest.mark.parametrize("what", ["nothing", "contact", "action"])
def test_the_customer_hears_the_new_name_only_where_something_promised_moves(what: str, hanna: User, ivo: User) -> None:
    ticket = case_of(hanna, promised_at=NOW + DAY if what == "contact" else None)
    if what == "action":
        make_action(ticket, hanna, due_at=NOW + DAY, told_at=NOW - DAY, first_promised_at=NOW + DAY)
    make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    sweep(NOW)
    assert owner_of(ticket) == ivo
    assert Message.objects.filter(kind="hand_over").count() == (0 if what == "nothing" else 1)


def test_the_pool_is_as_quiet_towards_the_customer(hanna: User, ivo: User) -> None:
    ticket = case_of(hanna)
    make_away(hanna, NOW - HOUR, BACK)
    sweep(NOW)
    assert owner_of(ticket) == ivo
    sweep(BACK)
    assert not Message.objects.filter(kind="hand_over").exists()


# --- who stands in, over any chain -----------------------------------------------------------------------------

PEOPLE = 7


@settings(max_examples=counted(100, full=2_000))
@given(
    away=st.sets(st.integers(0, PEOPLE - 1), min_size=1),
    named=st.lists(st.one_of(st.none(), st.integers(0, PEOPLE - 1)), min_size=PEOPLE, max_size=PEOPLE),
    able=st.sets(st.integers(0, PEOPLE - 1)),
)
def test_no_chain_loops_or_ends_with_somebody_who_is_away(
    away: set[int], named: list[int | None], able: set[int]
) -> None:
    delegates = {person: named[person] for person in away}
    for absent in away:
        asked: list[int] = []

        def can(user: int, asked: list[int] = asked) -> bool:
            asked.append(user)
            return user in able

        found = stand_in(absent, delegates, can)
        assert len(asked) <= 1
        assert found is None or (found not in away and found in able)
        # The naive walk: as far as names lead, at most as many steps as there are people.
        person: int | None = absent
        for _n in range(PEOPLE + 1):
            if person is None or person not in delegates:
                break
            person = delegates[person]
        expected = person if person is not None and person not in away and person in able else None
        assert found == expected


@settings(max_examples=counted(10, full=200))
@given(
    away=st.dictionaries(st.integers(0, 4), st.one_of(st.none(), st.integers(0, 4)), min_size=1, max_size=5),
    inactive=st.sets(st.integers(0, 4), max_size=2),
)
def test_over_any_chain_nobody_who_is_away_ends_up_with_it(away: dict[int, int | None], inactive: set[int]) -> None:
    people = [colleague(f"Person {n}") for n in range(5)]
    tickets = [case_of(person) for person in people]
    for n, delegate in away.items():
        make_away(people[n], NOW - HOUR, BACK, delegate=None if delegate is None else people[delegate])
    User.objects.filter(pk__in=[people[n].pk for n in inactive - set(away)]).update(is_active=False)
    sweep(NOW)
    seqs = list(Ticket.objects.order_by("pk").values_list("version", flat=True))
    sweep(NOW + timedelta(minutes=1))
    assert list(Ticket.objects.order_by("pk").values_list("version", flat=True)) == seqs  # nothing goes round
    gone = {people[n].pk for n in away}
    for n, ticket in enumerate(tickets):
        owner = owner_of(ticket)
        if n in away:
            assert owner is None or owner.pk not in gone
        else:
            assert owner == people[n]
    sweep(BACK)
    assert all(owner_of(tickets[n]) == people[n] for n in away)
    for model in (Cover, Away):
        model.objects.all().delete()
    Ticket.objects.update(owner=None, state=TicketState.DISMISSED, dismissed_as="test")
    User.objects.filter(pk__in=[person.pk for person in people]).update(is_active=False)


# --- once, and at a fixed price --------------------------------------------------------------------------------


def test_doing_it_twice_changes_nothing_more(hanna: User, ivo: User) -> None:
    ticket = case_of(hanna)
    make_away(hanna, NOW - HOUR, BACK, delegate=ivo)
    assert cover_what_falls_due(now=NOW) == 1
    assert cover_what_falls_due(now=NOW) == 0
    assert ticket.events.count() == 1
    assert give_back(now=BACK) == 1
    assert give_back(now=BACK) == 0


@pytest.mark.skipif(connection.vendor != "postgresql", reason="constant query counts are promised on PostgreSQL")
@pytest.mark.parametrize("what", ["delegate", "pool", "back"])
def test_forty_conversations_cost_as_many_queries_as_four(what: str, hanna: User, ivo: User) -> None:
    def cost(many: int) -> int:
        tickets = [case_of(hanna) for _n in range(many)]
        away = make_away(hanna, NOW - HOUR, BACK, delegate=None if what == "pool" else ivo)
        if what == "back":
            cover_what_falls_due(now=NOW)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            done = give_back(now=BACK) if what == "back" else cover_what_falls_due(now=NOW)
        assert done == many
        away.delete()
        Cover.objects.all().delete()
        Ticket.objects.filter(pk__in=[t.pk for t in tickets]).update(state="dismissed", dismissed_as="test", owner=None)
        return len(queries)

    assert cost(4) == cost(40)


def test_nobody_away_costs_one_query(hanna: User) -> None:
    case_of(hanna)
    with CaptureQueriesContext(connection) as queries:
        cover_what_falls_due(now=NOW)
    assert len(queries) == 1
