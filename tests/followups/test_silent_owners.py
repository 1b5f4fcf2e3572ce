"""Owners who do nothing: reminded, the lead told, the ticket given to somebody else. Each once, in order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from followups import silence, silent_owners, workflow
from followups.actors import Actor
from followups.calendars import add_working
from followups.models import Event, Team, Ticket
from followups.models.tickets import AT_WORK, TicketState
from followups.silence import DOING, Step
from followups.silent_owners import look_after_the_left_alone, set_hours
from followups.workflow.table import VERBS
from nps_loop.mail.models import Message
from nps_loop.people.models import User
from tests.factories import make_account, make_away, make_deadline, make_member, make_ticket, make_user

pytestmark = pytest.mark.django_db

# A Monday; the team works from 09:00 to 12:30 and 13:30 to 17:30, so 16 hours of work end on Wednesday at 10:00.
MONDAY = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def team() -> Team:
    return Team.objects.get(is_default=True)


@pytest.fixture
def hanna(team: Team) -> User:
    user = make_user("Hanna Brandt")
    make_member(team, user)
    return user


@pytest.fixture
def ivo(team: Team) -> User:
    user = make_user("Ivo Lenz")
    make_member(team, user)
    return user


@pytest.fixture
def lead(team: Team) -> User:
    user = make_user("Tomás Rey")
    make_member(team, user, role="lead", capacity=0)
    return user


def given(owner: User, team: Team, *, at: datetime = MONDAY, **fields: Any) -> Ticket:
    """A ticket that `owner` got at `at`."""
    ticket = make_ticket(owner=owner, team=team, **{"state": TicketState.CONTACTED, **fields})
    ticket.conversation.owner = owner
    ticket.conversation.save()
    silence.begin_each([ticket], now=at)
    ticket.save()
    return ticket


def due(team: Team, hours: int, *, at: datetime = MONDAY) -> datetime:
    return add_working(team.calendar.hours, at, hours * 60)


def steps(ticket: Ticket) -> list[int]:
    """Steps taken, as its events tell."""
    return [event.data["step"] for event in ticket.events.filter(verb="left-alone").order_by("seq")]


def test_reminded_then_the_lead_is_told_then_somebody_else_gets_it(
    team: Team, hanna: User, ivo: User, lead: User
) -> None:
    ticket = given(hanna, team)
    for hours in (15, 16, 17, 23, 24, 30, 39):
        look_after_the_left_alone(now=due(team, hours))
    assert steps(ticket) == [Step.NUDGE, Step.TELL_LEAD]
    look_after_the_left_alone(now=due(team, 40))
    ticket.refresh_from_db()
    assert ticket.owner == ivo
    release = ticket.events.get(verb="release")
    assert (release.data["because"], release.data["from"]) == ("silent", hanna.pk)
    assert ticket.events.get(verb="assign").data["to"] == ivo.pk
    mails = {(mail.recipient, mail.subject.partition(":")[0]) for mail in Message.objects.filter(kind="notice_lead")}
    assert {who for who, _subject in mails} == {hanna.email, lead.email}
    assert (hanna.email, f"#{ticket.pk} is with somebody else now") in mails
    # The new owner's silence begins now.
    assert (ticket.silent_step, ticket.silent_at) == (0, due(team, 16, at=due(team, 40)))


def test_a_step_that_is_switched_off_is_left_out(team: Team, hanna: User, ivo: User, lead: User) -> None:
    Team.objects.update(tell_lead_after=None)
    ticket = given(hanna, Team.objects.get(pk=team.pk))
    for hours in (16, 24, 39):
        look_after_the_left_alone(now=due(team, hours))
    assert steps(ticket) == [Step.NUDGE]
    look_after_the_left_alone(now=due(team, 40))
    ticket.refresh_from_db()
    assert ticket.owner == ivo


def test_with_every_step_off_nothing_is_ever_due(team: Team, hanna: User) -> None:
    Team.objects.update(nudge_after=None, tell_lead_after=None, reassign_after=None)
    assert given(hanna, Team.objects.get(pk=team.pk)).silent_at is None


# --- what counts as doing --------------------------------------------------------------------------------------

KEEPS_STILL = {
    "link",
    "note",
    "snooze",
    "hold",
    "unhold",
    "ask-dismissal",
    "decide-dismissal",
    "join",
    "split",
    "log-reply",
}


def test_every_verb_of_the_table_is_either_doing_or_not() -> None:
    """A verb that is added later has to be put on one side, by somebody who thought of it."""
    ends_or_begins = {"release", "resume", "reopen", "leave-in-peace", "agree-to-differ"}
    assert set(VERBS) == (DOING & set(VERBS)) | KEEPS_STILL | ends_or_begins
    assert DOING - set(VERBS) == {"hand-over"}
    assert not DOING & KEEPS_STILL


@pytest.mark.parametrize("verb", sorted(set(VERBS) - {"release", "resume", "reopen"}))
def test_only_doing_something_begins_anew(verb: str, team: Team, hanna: User) -> None:
    ticket = given(hanna, team, state=TicketState.IN_ACTION)
    before = ticket.silent_at
    changed = silence.fields_after(ticket, verb, {}, now=MONDAY + 2 * HOUR)
    assert bool(changed) == (verb in DOING)
    if changed:
        assert changed["worked_at"] == MONDAY + 2 * HOUR
        assert changed["silent_at"] > before


def acts(hanna: User, ivo: User) -> dict[str, Callable[[Ticket, datetime], object]]:
    me = Actor.person(hanna)

    def do(verb: Callable[..., Ticket], **arguments: Any) -> Callable[[Ticket, datetime], object]:
        return lambda ticket, now: verb(ticket, actor=me, now=now, version=None, **arguments)

    return {
        "talk": do(workflow.log_contact, channel="phone", outcome="spoke"),
        "try": do(workflow.log_contact, channel="phone", outcome="no_answer"),
        "mail": do(workflow.send_message, subject="Your answer", body="I looked into it."),
        "promise": do(
            workflow.add_action, title="Repair it.", owner=hanna, due_on=(MONDAY + 3 * DAY).date(), tell_customer=False
        ),
        "note": do(workflow.note, text="They called me on Friday."),
        "hold": do(workflow.hold, reason="A lawyer wrote."),
        "snooze": do(workflow.snooze, until=MONDAY + 20 * HOUR),
        "reply": do(workflow.log_reply, text="Any news?"),
        "dismissal": do(workflow.ask_dismissal, reason="not_ours", explanation="Not about us."),
    }


@pytest.mark.parametrize("what", ["talk", "try", "mail", "promise"])
def test_doing_something_on_it_starts_the_clock_anew(what: str, team: Team, hanna: User, ivo: User, lead: User) -> None:
    ticket = with_deadlines(given(hanna, team))
    later = due(team, 15)
    acts(hanna, ivo)[what](ticket, later)
    ticket.refresh_from_db()
    assert (ticket.worked_at, ticket.silent_at) == (later, due(team, 16, at=later))


@pytest.mark.parametrize("what", ["note", "hold", "snooze", "reply", "dismissal"])
def test_notes_snoozes_and_holds_do_not(what: str, team: Team, hanna: User, ivo: User, lead: User) -> None:
    ticket = with_deadlines(given(hanna, team))
    before = (ticket.worked_at, ticket.silent_at, ticket.silent_step)
    acts(hanna, ivo)[what](ticket, MONDAY + HOUR)
    ticket.refresh_from_db()
    assert (ticket.worked_at, ticket.silent_at, ticket.silent_step) == before
    look_after_the_left_alone(now=due(team, 16))
    assert steps(ticket) == [Step.NUDGE]


def with_deadlines(ticket: Ticket) -> Ticket:
    make_deadline(ticket, "resolution", due_at=MONDAY + 20 * DAY, starts_at=MONDAY)
    return ticket


def test_a_mail_that_was_taken_back_did_nothing(team: Team, hanna: User, lead: User) -> None:
    ticket = with_deadlines(given(hanna, team))
    look_after_the_left_alone(now=due(team, 16))
    ticket.refresh_from_db()
    before = (ticket.worked_at, ticket.silent_step)
    now = due(team, 20)
    me = Actor.person(hanna, undo=timedelta(seconds=10))
    workflow.send_message(ticket, actor=me, now=now, version=None, subject="Hello", body="I looked into it.")
    ticket.refresh_from_db()
    assert ticket.silent_step == 0
    mail = Message.objects.get(kind="personal")
    workflow.take_back(ticket, actor=me, now=now + timedelta(seconds=5), message=mail)
    ticket.refresh_from_db()
    assert (ticket.worked_at, ticket.silent_step, ticket.silent_at) == (*before, due(team, 24))


def test_waiting_on_the_customer_stops_it_and_coming_back_begins_it_anew(team: Team, hanna: User, lead: User) -> None:
    ticket = with_deadlines(given(hanna, team))
    me = Actor.person(hanna)
    workflow.wait(ticket, actor=me, now=MONDAY + HOUR, version=None, question="Which invoice?", until=MONDAY + 9 * DAY)
    ticket.refresh_from_db()
    assert ticket.silent_at is None
    look_after_the_left_alone(now=MONDAY + 8 * DAY)
    back = MONDAY + 8 * DAY
    workflow.resume(ticket, actor=me, now=back, version=None)
    ticket.refresh_from_db()
    assert (ticket.worked_at, ticket.silent_at) == (back, due(team, 16, at=back))
    assert steps(ticket) == []


def test_a_new_cycle_begins_it_anew(team: Team, hanna: User, lead: User) -> None:
    ticket = with_deadlines(given(hanna, team))
    look_after_the_left_alone(now=due(team, 16))
    Ticket.objects.update(state=TicketState.RESOLVED, resolved_at=due(team, 17), silent_at=None)
    now = due(team, 18)
    workflow.reopen(ticket, actor=Actor.person(hanna), now=now, version=None, reason="It broke again.")
    ticket.refresh_from_db()
    assert (ticket.cycle, ticket.silent_step, ticket.silent_at) == (1, 0, due(team, 16, at=now))


# --- where it stays --------------------------------------------------------------------------------------------


def test_with_nobody_else_it_stays_and_the_lead_is_told(team: Team, hanna: User, lead: User) -> None:
    ticket = given(hanna, team)
    for hours in (16, 24, 40, 60):
        look_after_the_left_alone(now=due(team, hours))
    ticket.refresh_from_db()
    assert (ticket.owner, ticket.silent_at) == (hanna, None)
    assert steps(ticket) == [1, 2, 3]
    assert ticket.events.last().data["because"] == "nobody_else"
    assert Message.objects.filter(recipient=lead.email, subject__contains="nobody else can take it").count() == 1


def test_never_back_to_the_same_while_another_can_even_as_account_owner(
    team: Team, hanna: User, ivo: User, lead: User
) -> None:
    ticket = given(hanna, team)
    ticket.account = make_account("Nordby", owner=hanna)
    ticket.save()
    for hours in (16, 24, 40):
        look_after_the_left_alone(now=due(team, hours))
    ticket.refresh_from_db()
    assert ticket.owner == ivo


def test_an_owner_who_is_away_is_not_silent(team: Team, hanna: User, ivo: User, lead: User) -> None:
    ticket = given(hanna, team, due_at=MONDAY + 30 * DAY)
    back = due(team, 20)
    make_away(hanna, MONDAY + HOUR, back)
    look_after_the_left_alone(now=due(team, 16))
    assert steps(ticket) == []
    ticket.refresh_from_db()
    assert ticket.silent_at == due(team, 16, at=back)


def test_nothing_is_taken_from_somebody_who_is_away_however_many_are_due(
    team: Team, hanna: User, ivo: User, lead: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets = [given(hanna, team, due_at=MONDAY + 30 * DAY) for _n in range(3)]
    Ticket.objects.update(silent_step=2)
    make_away(hanna, MONDAY + HOUR, due(team, 80))
    monkeypatch.setattr(silent_owners, "BATCH", 2)
    look_after_the_left_alone(now=due(team, 40))
    assert [steps(ticket) for ticket in tickets] == [[], [], []]
    assert Ticket.objects.filter(owner=hanna).count() == 3


# --- once and in order, whatever beat does ---------------------------------------------------------------------


def test_doubled_late_or_set_back_each_step_happens_once_and_in_order(
    team: Team, hanna: User, ivo: User, lead: User
) -> None:
    ticket = given(hanna, team)
    nudge = due(team, 16)
    for now in (nudge, nudge, nudge + MINUTE, nudge - 2 * HOUR, nudge + MINUTE):  # doubled, and set back two hours
        look_after_the_left_alone(now=now)
    assert steps(ticket) == [1]
    late = due(team, 24) + 30 * MINUTE  # beat was dead
    for now in (late, late, late - 2 * HOUR, late + MINUTE):
        look_after_the_left_alone(now=now)
    assert steps(ticket) == [1, 2]
    for _n in range(3):
        look_after_the_left_alone(now=due(team, 41))
    assert ticket.events.filter(verb="release").count() == 1
    assert [event.seq for event in ticket.events.order_by("seq")] == list(range(1, ticket.events.count() + 1))


def test_after_a_week_without_beat_nobody_loses_a_ticket_in_the_minute_they_are_reminded(
    team: Team, hanna: User, ivo: User, lead: User
) -> None:
    ticket = given(hanna, team)
    week = due(team, 80)
    for n in range(5):
        look_after_the_left_alone(now=week + n * MINUTE)
    assert steps(ticket) == [1]
    ticket.refresh_from_db()
    assert ticket.silent_at == due(team, 8, at=week)  # the lead: eight working hours after the reminder


def test_many_for_one_reader_are_one_mail(team: Team, hanna: User, lead: User) -> None:
    for _n in range(5):
        given(hanna, team)
    look_after_the_left_alone(now=due(team, 16))
    mail = Message.objects.get(recipient=hanna.email)
    assert mail.subject.endswith("5 tickets")
    assert "Nothing was done on it for 16 working hours." in mail.text


def test_other_hours_count_from_when_the_silence_began(team: Team, hanna: User, lead: User) -> None:
    ticket = given(hanna, team)
    set_hours(team, nudge_after=4, tell_lead_after=None, reassign_after=None, now=MONDAY + HOUR)
    ticket.refresh_from_db()
    assert ticket.silent_at == due(team, 4)
    set_hours(team, nudge_after=None, tell_lead_after=None, reassign_after=None, now=MONDAY + HOUR)
    ticket.refresh_from_db()
    assert ticket.silent_at is None


# --- the price -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(connection.vendor != "postgresql", reason="constant query counts are promised on PostgreSQL")
def test_eighty_cost_as_many_queries_as_fourteen(team: Team, hanna: User, ivo: User, lead: User) -> None:
    def cost(many: int, hours: int) -> int:
        Ticket.objects.update(silent_at=None)
        rows = [given(hanna, team, silent_step=0) for _n in range(many)]
        Ticket.objects.filter(pk__in=[row.pk for row in rows]).update(silent_step=hours)
        with CaptureQueriesContext(connection) as queries:
            assert look_after_the_left_alone(now=due(team, 50)) == many
        return len(queries)

    ivo.memberships.update(capacity=500)
    for done in (0, 1, 2):
        assert cost(14, done) == cost(80, done)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the plan is PostgreSQL's")
def test_a_tick_reads_only_what_is_due(team: Team, hanna: User) -> None:
    rows = [given(hanna, team) for _n in range(300)]
    Ticket.objects.filter(pk__in=[row.pk for row in rows[3:]]).update(silent_at=MONDAY + 90 * DAY)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE followups_ticket")
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Ticket.objects.left_alone(due(team, 17)).order_by("silent_at", "pk")[:200].explain(analyze=True)
    assert "tickets_left_alone" in plan, plan
    assert "rows=3 " in plan and "Rows Removed" not in plan, plan


def test_nothing_due_costs_one_query(team: Team, hanna: User) -> None:
    given(hanna, team)
    with CaptureQueriesContext(connection) as queries:
        look_after_the_left_alone(now=MONDAY)
    assert len(queries) == 1


def test_the_columns_follow_the_state_in_every_writing(team: Team, hanna: User, ivo: User, lead: User) -> None:
    """A clock stands only on a ticket that somebody has at work."""
    ticket = with_deadlines(given(hanna, team))
    me = Actor.person(hanna)
    workflow.release(ticket, actor=me, now=MONDAY + HOUR, version=None, reason="Not mine.")
    workflow.assign(ticket, actor=Actor.person(ivo), now=MONDAY + 2 * HOUR, version=None, to=ivo)
    seen = Ticket.objects.get(pk=ticket.pk)
    assert seen.silent_at == due(team, 16, at=MONDAY + 2 * HOUR)
    assert not Ticket.objects.exclude(state__in=AT_WORK, owner__isnull=False).filter(silent_at__isnull=False).exists()
    assert Event.objects.filter(ticket=ticket).count() == 2
