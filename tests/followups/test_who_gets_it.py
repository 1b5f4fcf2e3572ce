"""Skills, hours, rates and conflicts of interest: who a round may choose, and who it never does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from followups import workflow
from followups.actors import Actor
from followups.assignment import Candidate, Pool, Waiting, assign_waiting, choose, pull_next
from followups.models import AssignmentRound, Conflict, Event, Team, Ticket, Watcher
from followups.refusals import Forbidden, Incomplete, NotAllowed
from followups.ticket_page.owner import considered, whom_it_is_about
from nps_loop.mail.models import Message
from nps_loop.people.models import User
from tests import factories
from tests.conftest import counted
from tests.factories import NOW, make_account, make_away, make_contact, make_member, make_team, make_user
from tests.followups.test_assignment import HOUR, colleague, owner_of, team, waiting

pytestmark = pytest.mark.django_db


def answer(words: str, **fields: Any) -> Ticket:
    return waiting(verbatim=words, search_text=words.lower(), **fields)[0]


# --- skills, hours, rates --------------------------------------------------------------------------------------


def of_team(*members: Candidate) -> Pool:
    pool = Pool()
    for row in members:
        pool.by_team.setdefault(row.team.pk, []).append(row)
        pool.by_user.setdefault(row.user.pk, []).append(row)
    return pool


CARE = Team(pk=1, name="Care")


def candidate(pk: int, **fields: Any) -> Candidate:
    rest = {"capacity": 10, "languages": frozenset(), "load": 0, "last_assigned_at": None, **fields}
    return Candidate(User(pk=pk, is_active=True), rest.pop("team", CARE), **rest)


def test_only_who_has_the_skills_gets_it_and_with_nobody_it_waits_until_half_of_the_time() -> None:
    billing = frozenset({"billing"})
    pool = of_team(candidate(1), candidate(2, skills=billing, load=9))
    ticket = Waiting(1, team=1, skills=billing)
    found = choose(ticket, pool)
    assert found is not None and found.candidate.key == 2
    pool.given(2, NOW)
    assert choose(ticket, pool) is None
    found = choose(ticket, pool, cap_yields=True)
    assert found is not None and (found.candidate.key, found.rule) == (2, "cap_yielded")
    found = choose(ticket, of_team(candidate(1)), cap_yields=True)
    assert found is not None and found.rule == "skills_yielded"
    assert choose(ticket, of_team(candidate(1))) is None


def test_an_account_owner_without_the_skills_is_passed_over() -> None:
    billing = frozenset({"billing"})
    pool = of_team(candidate(1), candidate(2, skills=billing))
    ticket = Waiting(1, team=1, account=1, account_owner=1, account_owner_is_active=True, skills=billing)
    found = choose(ticket, pool)
    assert found is not None and found.candidate.key == 2 and found.passed_over == (1, "skills", "")


def test_who_is_not_at_work_in_time_gets_it_only_where_nobody_else_is() -> None:
    due = NOW + 8 * HOUR
    late, there = candidate(1, works_from=NOW + 20 * HOUR), candidate(2, load=5, works_from=NOW)
    ticket = Waiting(1, team=1, account=1, account_owner=1, account_owner_is_active=True, due_at=due)
    found = choose(ticket, of_team(late, there), same_contact=1, account_mate=1, conversation_owner=1)
    assert found is not None and found.candidate.key == 2
    found = choose(ticket, of_team(late), conversation_owner=1)
    assert found is not None and found.candidate.key == 1


def test_a_part_timer_gets_proportionally_less() -> None:
    hanna, ivo = colleague("Hanna Brandt", capacity=100), colleague("Ivo Lenz", capacity=100)
    factories.make_work_pattern(ivo, 0, 1, 2, start=9 * 60, end=12 * 60 + 24)
    waiting(30)
    assign_waiting(now=NOW)
    shares = [Ticket.objects.filter(owner=user).count() for user in (hanna, ivo)]
    # Tuesday afternoon to Tuesday afternoon: 37.5 hours beside 10.2.
    assert shares == [23, 7]
    stored = {row["user"]: row for row in AssignmentRound.objects.get().candidates}
    assert (stored[hanna.pk]["hours"], stored[ivo.pk]["hours"]) == (37.5, 10.2)


def test_a_rate_cap_holds_over_teams_and_time_and_yields_at_half_of_the_time() -> None:
    hanna = colleague("Hanna Brandt", rate_cap=2, rate_window_hours=2)
    make_member(make_team("North"), hanna)
    waiting(4)
    assert assign_waiting(now=NOW).assigned == 2
    assert assign_waiting(now=NOW + HOUR).assigned == 0
    assert AssignmentRound.objects.order_by("pk").last().candidates[0]["left"] == 0  # type: ignore[union-attr]
    assert assign_waiting(now=NOW + 3 * HOUR).assigned == 2
    waiting(3)
    assert assign_waiting(now=NOW + 24 * HOUR).assigned == 3  # two by the window, one since half of the time is gone
    rules = list(Event.objects.filter(verb="assign").order_by("pk").values_list("data__rule", flat=True))
    assert rules[-1] == "cap_yielded" and rules.count("cap_yielded") == 1


def test_whoever_had_the_contacts_last_ticket_gets_the_next_while_they_have_room() -> None:
    hanna = colleague("Hanna Brandt", capacity=2)
    ivo = colleague("Ivo Lenz")
    contact = make_contact("Marta Lind", email="m@kund.example")
    first = waiting(contact=contact)[0]
    workflow.assign(first, actor=Actor.system(), now=NOW, version=None, to=hanna)
    Ticket.objects.filter(pk=first.pk).update(state="closed", closed_as="confirmed")
    first.conversation.closed_at = NOW
    first.conversation.save()
    second = waiting(contact=contact)[0]
    waiting(1)
    assign_waiting(now=NOW)
    assert owner_of(second) == hanna
    event = second.events.get(verb="assign")
    assert event.data["rule"] == "same_contact"
    make_away(hanna, NOW - HOUR, NOW + HOUR)
    Ticket.objects.filter(pk=second.pk).update(state="closed", closed_as="confirmed")
    second.conversation.closed_at = NOW
    second.conversation.save()
    third = waiting(contact=contact)[0]
    assign_waiting(now=NOW)
    assert owner_of(third) == ivo


# --- conflicts of interest --------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["account_owner", "conversation", "same_contact", "same_account", "least_load", "half"])
def test_who_is_complained_about_never_gets_it_on_any_way(way: str) -> None:
    lead = make_user("Lea Ortiz")
    make_member(team(), lead, role="lead", capacity=0)
    hanna = colleague("Hanna Brandt")
    ivo = colleague("Ivo Lenz", capacity=1)
    waiting(1)
    assign_waiting(now=NOW)
    Ticket.objects.update(owner=ivo)  # full, so that everything else speaks for Hanna
    account = make_account("Nordby", owner=hanna if way == "account_owner" else None)
    contact = make_contact("Marta Lind", email="m@nordby.example", account=account)
    if way in ("conversation", "same_contact"):
        first = waiting(contact=contact)[0]
        workflow.assign(first, actor=Actor.system(), now=NOW, version=None, to=hanna)
        if way == "same_contact":
            Ticket.objects.filter(pk=first.pk).update(state="closed", closed_as="confirmed")
            first.conversation.closed_at = NOW
            first.conversation.save()
    if way == "same_account":
        mate = waiting(contact=make_contact("Nora Lind", email="n@nordby.example", account=account))[0]
        workflow.assign(mate, actor=Actor.system(), now=NOW, version=None, to=hanna)
    ticket = answer("Hanna Brandt was rude and never called back.", contact=contact)
    later = NOW + (25 * HOUR if way == "half" else timedelta())
    assign_waiting(now=later)
    if way == "half":
        assert owner_of(ticket) == ivo  # the cap yields, and not to her
    else:
        assert owner_of(ticket) is None
        assign_waiting(now=NOW + 25 * HOUR)
        assert owner_of(ticket) == ivo
    assert Conflict.objects.get(ticket=ticket).because == "complaint"
    assert not Watcher.objects.filter(ticket=ticket, user=hanna, reason="passed_over").exists()
    told = Message.objects.filter(recipient=lead.email, subject__contains="may complain about Hanna Brandt")
    assert told.count() == 1
    assert not Message.objects.filter(recipient=hanna.email, subject__contains="may complain").exists()
    if way == "conversation":
        assert owner_of(first) == ivo  # one customer, one owner


def test_where_they_are_the_only_one_it_waits_and_a_lead_may_give_it_to_them_with_a_reason() -> None:
    lead = make_user("Lea Ortiz")
    make_member(team(), lead, role="lead", capacity=0)
    hanna = colleague("Hanna Brandt")
    ticket = answer("I spoke with Hanna on Monday.")
    for at in (NOW, NOW + HOUR, NOW + 30 * HOUR):
        assert assign_waiting(now=at).assigned == 0
    mail = Message.objects.get(recipient=lead.email, subject__contains="may complain about")
    assert "waits for you" in mail.text
    ticket.refresh_from_db()
    with pytest.raises(Forbidden):
        workflow.assign(ticket, actor=Actor.person(hanna), now=NOW, version=None, to=hanna, reason="Mine.")
    with pytest.raises(Incomplete) as warned:
        workflow.assign(ticket, actor=Actor.person(lead), now=NOW, version=None, to=hanna)
    assert "may complain about Hanna Brandt" in warned.value.errors["reason"]
    assert owner_of(ticket) is None
    workflow.assign(ticket, actor=Actor.person(lead), now=NOW, version=None, to=hanna, reason="It was praise.")
    assert owner_of(ticket) == hanna
    assert ticket.events.get(verb="assign").data["despite"] == "unclear"


def test_praise_is_no_conflict() -> None:
    hanna = colleague("Hanna Brandt")
    ticket = answer("Hanna was great, but the delivery came late.")
    assign_waiting(now=NOW)
    assert owner_of(ticket) == hanna and not Conflict.objects.exists()


def test_another_answer_of_the_same_conversation_does_not_bring_the_complaint_along() -> None:
    hanna, ivo = colleague("Hanna Brandt"), colleague("Ivo Lenz")
    contact = make_contact("Marta Lind", email="m@kund.example")
    harmless = answer("We waited eleven days.", contact=contact)
    about = answer("Hanna never called back.", contact=contact)
    assign_waiting(now=NOW)
    assert (owner_of(harmless), owner_of(about)) == (ivo, ivo)
    make_away(ivo, NOW - HOUR, NOW + 200 * HOUR)
    third = answer("Still nothing.", contact=contact)
    assign_waiting(now=NOW + 40 * HOUR)
    assert owner_of(third) is None and owner_of(about) == ivo != hanna


def test_the_page_says_who_was_considered_with_hours_and_why_others_were_not() -> None:
    hanna, ivo, nils = (colleague(name) for name in ("Hanna Brandt", "Ivo Lenz", "Nils Aker"))
    make_away(nils, NOW - HOUR, NOW + 48 * HOUR)
    colleague("Otto Fern", capacity=0)
    make_team("North", agents=(make_user("Someone Else"),))
    ticket = answer("Hanna was rude.")
    assign_waiting(now=NOW)
    assert owner_of(ticket) == ivo
    names = {user.pk: user.name for user in User.objects.all()}
    stored, about = AssignmentRound.objects.get(), whom_it_is_about(ticket)
    found = {row.name: row.words for row in considered(stored, ivo.pk, names, team=ticket.team_id, about=about)}
    assert found["Ivo Lenz"].startswith("chosen: 0 of 25 as the round began, 37.5 h at work")
    assert "complain" in found["Hanna Brandt"] and hanna.pk
    assert found["Nils Aker"].startswith("left out: away until")
    assert found["Otto Fern"] == "left out: takes no tickets"
    assert "Someone Else" not in found


# --- give me the next ------------------------------------------------------------------------------------------


def take(user: User, now: Any = NOW) -> Ticket:
    return pull_next(actor=Actor.person(user), now=now)


def test_the_next_is_the_most_pressing_one_of_my_teams_that_i_can_take() -> None:
    hanna = colleague("Hanna Brandt", languages=["en"], capacity=2)
    make_team("North", agents=(make_user("Someone Else"),))
    french = waiting(contact=make_contact("Farid", email="f@kund.example", language="fr"))[0]
    about = answer("Hanna was rude.")
    first, second = waiting(2)
    Ticket.objects.filter(pk=second.pk).update(rank=first.rank - 10)
    assert take(hanna).pk == second.pk
    assert take(hanna).pk == first.pk
    event = first.events.get(verb="assign")
    assert (event.data["rule"], event.actor) == ("pulled", hanna)
    with pytest.raises(NotAllowed) as refused:
        take(hanna)
    assert refused.value.code == "nothing_to_take"
    assert "language" in refused.value.message and "kept for somebody else" in refused.value.message
    assert owner_of(french) is None and owner_of(about) is None


def test_who_is_full_reads_so_and_may_take_one_that_half_of_its_time_is_gone() -> None:
    hanna = colleague("Hanna Brandt", capacity=1)
    waiting(2)
    take(hanna)
    with pytest.raises(NotAllowed) as refused:
        take(hanna)
    assert "1 of the 1 tickets you take at one time" in refused.value.message
    assert take(hanna, NOW + 25 * HOUR).owner == hanna


def test_with_nothing_to_take_one_reads_why() -> None:
    hanna, stranger = colleague("Hanna Brandt"), make_user("Otto Fern")
    for user, words in ((hanna, "No ticket of your teams waits"), (stranger, "in no team")):
        with pytest.raises(NotAllowed) as refused:
            take(user)
        assert words in refused.value.message
    make_away(hanna, NOW - HOUR, NOW + HOUR)
    with pytest.raises(NotAllowed) as refused:
        take(hanna)
    assert "marked as away until" in refused.value.message
    with pytest.raises(Forbidden):
        pull_next(actor=Actor.system(), now=NOW)


def test_what_a_colleague_is_in_conversation_about_is_left_to_them() -> None:
    hanna, ivo = colleague("Hanna Brandt"), colleague("Ivo Lenz")
    contact = make_contact("Marta Lind", email="m@kund.example")
    first = waiting(contact=contact)[0]
    workflow.assign(first, actor=Actor.system(), now=NOW, version=None, to=ivo)
    second = waiting(contact=contact)[0]
    with pytest.raises(NotAllowed):
        take(hanna)
    assert take(ivo).pk == second.pk


# --- whatever the pool -----------------------------------------------------------------------------------------

people = st.lists(
    st.tuples(
        st.integers(0, 12),  # load
        st.integers(1, 12),  # capacity
        st.sampled_from([None, 0, 1, 5]),  # left of the rate
        st.booleans(),  # in a second team too
        st.booleans(),  # has the skill
        st.booleans(),  # complained about
    ),
    min_size=1,
    max_size=5,
)


@given(people=people, tickets=st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=30))
@settings(max_examples=counted(100, full=2000))
def test_nobody_beyond_a_cap_but_where_it_yields_and_nobody_complained_about_at_all(
    people: list[tuple[int, int, int | None, bool, bool, bool]], tickets: list[tuple[bool, bool, bool]]
) -> None:
    other, skill = Team(pk=2, name="North"), frozenset({"billing"})
    pool, barred = Pool(), frozenset(n for n, row in enumerate(people) if row[-1])
    for n, (load, capacity, left, in_both, skilled, _about) in enumerate(people):
        for group in (CARE, other) if in_both else (CARE,):
            row = candidate(
                n, team=group, load=load, capacity=capacity, left=left, skills=skill if skilled else skill - skill
            )
            pool.by_team.setdefault(group.pk, []).append(row)
            pool.by_user.setdefault(n, []).append(row)
    for number, (in_other, needs, yields) in enumerate(tickets):
        ticket = Waiting(number, team=2 if in_other else 1, skills=skill if needs else frozenset())
        before = {n: (rows[0].load, rows[0].left, rows[0].is_full) for n, rows in pool.by_user.items()}
        found = choose(ticket, pool, cap_yields=yields, barred=barred, account_mate=None)
        members = [row for row in pool.by_team.get(ticket.team or 0, ()) if row.key not in barred]
        if found is None:
            fitting = [row for row in members if ticket.skills <= row.skills]
            assert all(row.is_full for row in fitting) and not (yields and members)
            continue
        winner = found.candidate.key
        assert winner not in barred
        if before[winner][2]:
            assert yields and found.rule in ("cap_yielded", "skills_yielded")
        if found.rule == "least_load":
            assert ticket.skills <= found.candidate.skills
        pool.given(winner, NOW)
        # Two memberships of one person share one load and what is left of the rate.
        assert {(row.load, row.left) for row in pool.by_user[winner]} == {
            (before[winner][0] + 1, None if before[winner][1] is None else before[winner][1] - 1)
        }
