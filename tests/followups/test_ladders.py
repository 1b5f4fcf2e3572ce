"""Who hears what when: each step once and in order, whatever beat, clock and calendar do."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from followups import clocks, ladders, workflow
from followups.acknowledging import acknowledge
from followups.actors import Actor
from followups.assignment import assign_waiting
from followups.clocks import climbing, promises, telling
from followups.models import Deadline, Escalation, LadderStep, SlaPolicy, Team, Ticket
from followups.models.work import UNTOLD, UNWARNED
from followups.opening import open_awaiting
from followups.refusals import Forbidden
from nps_loop.mail.models import Message
from nps_loop.people.models import User
from nps_loop.webhooks.models import Delivery
from tests.factories import (
    DAY,
    HOUR,
    NOW,
    make_account,
    make_action,
    make_admin,
    make_calendar,
    make_contact,
    make_deadline,
    make_endpoint,
    make_member,
    make_policy,
    make_response,
    make_step,
    make_team,
    make_ticket,
    make_user,
)

pytestmark = pytest.mark.django_db

TICK = timedelta(seconds=30)


@pytest.fixture
def hanna() -> User:
    return make_user("Hanna Brandt")


@pytest.fixture
def lead() -> User:
    return make_user("Tomás Rey")


@pytest.fixture
def director() -> User:
    return make_user("Ines Vogel")


@pytest.fixture
def team(hanna: User, lead: User, director: User) -> Team:
    return make_team("Key accounts", lead=lead, agents=(hanna,), director=director)


@pytest.fixture
def owed(team: Team, hanna: User) -> Deadline:
    """First contact with a detractor, due Thursday 26 November, 14:30."""
    ticket = make_ticket(owner=hanna, team=team, response=make_response(2, responded_at=NOW))
    return make_deadline(ticket)


def levels(row: Deadline) -> list[str]:
    return list(Escalation.objects.about(row.key).order_by("pk").values_list("level", flat=True))


def told(row: Deadline) -> list[str]:
    of_it = Escalation.objects.about(row.key).filter(told_at__isnull=False)
    return list(of_it.order_by("told_at", "pk").values_list("level", flat=True))


def mails(user: User) -> list[str]:
    return list(Message.objects.filter(recipient=user.email).order_by("pk").values_list("subject", flat=True))


# --- what is shipped -------------------------------------------------------------------------------------------


def test_what_is_shipped_is_owner_lead_and_for_detractors_the_director() -> None:
    for policy in SlaPolicy.objects.all():
        steps = [(step.level, step.who, step.moment, step.amount) for step in policy.ladder.all()]
        expected = [
            ("unowned", "lead", "share", 50),
            ("soon", "owner", "before", 180),
            ("late", "lead", "after", 0),
            ("director", "director", "after", 1),
        ]
        assert steps == (expected if "detractor" in policy.bands else expected[:3])


def test_owner_three_hours_before_lead_when_due_director_a_working_day_later(
    owed: Deadline, hanna: User, lead: User, director: User
) -> None:
    due = owed.due_at
    seen = []
    # A working day after Thursday 14:30 is Friday 14:30.
    for at in (due - 3 * HOUR - TICK, due - 3 * HOUR, due - TICK, due, due + DAY - TICK, due + DAY):
        clocks.escalate(now=at)
        seen.append(told(owed))
    # Eight working hours after Thursday 14:30 is Friday 14:00 here: this office is open for eight and a half.
    assert seen == [[], ["soon"], ["soon"], ["soon", "late"], ["soon", "late"], ["soon", "late", "director"]]
    number = f"#{owed.ticket_id}"
    assert (mails(hanna), mails(lead), mails(director)) == (
        [f"Due within three hours: {number}"],
        [f"Late: {number}"],
        [f"Late for long: {number}"],
    )


def test_a_passive_s_ladder_ends_with_the_lead(team: Team, hanna: User, director: User) -> None:
    policy = SlaPolicy.objects.get(slug="passive-5d")
    ticket = make_ticket(owner=hanna, team=team, response=make_response(7, responded_at=NOW))
    row = make_deadline(ticket, policy=policy)
    clocks.escalate(now=row.due_at + 30 * DAY)
    assert levels(row) == ["soon", "late"]
    assert mails(director) == []


def test_half_of_its_time_gone_is_told_only_while_nobody_has_it(team: Team, hanna: User, lead: User) -> None:
    owned = make_deadline(make_ticket(owner=hanna, team=team, response=make_response(2, responded_at=NOW)))
    nobody_s = make_deadline(make_ticket(team=team, response=make_response(2, responded_at=NOW)))
    clocks.escalate(now=NOW + 24 * HOUR - TICK)
    assert (levels(owned), levels(nobody_s)) == ([], [])
    clocks.escalate(now=NOW + 24 * HOUR)
    assert (levels(owned), levels(nobody_s)) == ([], ["unowned"])
    assert mails(lead) == [f"Nobody has it, and its time runs: #{nobody_s.ticket_id}"]
    owned.refresh_from_db()
    assert (owned.next_step, owned.next_step_at) == ("soon", owned.due_at - 3 * HOUR)


# --- when a step is reached ------------------------------------------------------------------------------------


def test_a_real_ticket_is_planned_from_its_opening_and_replanned_by_what_happens(team: Team, hanna: User) -> None:
    Team.objects.filter(is_default=True).update(is_default=False)
    Team.objects.filter(pk=team.pk).update(is_default=True)
    contact = make_contact("Marta Lind", account=make_account("Nordby", owner=hanna))
    response = make_response(3, contact=contact, received_at=NOW, responded_at=NOW - HOUR, decided_revision=0)
    open_awaiting(now=NOW)
    rows = Deadline.objects.filter(ticket__response=response)
    assert {row.next_step for row in rows} == {"soon", "unowned"}
    assign_waiting(now=NOW)
    case = Ticket.objects.get(response=response)
    contact_row, resolution = rows.get(target="first_contact"), rows.get(target="resolution")
    # The promise binds before the policy does, and the warning counts from what binds.
    assert contact_row.promised_at is not None
    steps = {step.level: ladders.reached_at(step, contact_row) for step in contact_row.policy.ladder.all()}
    assert steps["soon"] == contact_row.promised_at - 3 * HOUR
    assert (contact_row.next_step, contact_row.next_step_at) == min(
        ((level, at) for level, at in steps.items()), key=lambda each: each[1]
    )
    who: dict[str, Any] = {"actor": Actor.person(hanna), "version": None}
    workflow.log_contact(case, channel="phone", outcome="spoke", now=NOW, **who)
    before = resolution.next_step_at
    case = workflow.wait(case, question="Which file was it?", now=NOW, **who)
    resolution.refresh_from_db()
    assert (resolution.next_step_at, resolution.next_step) == (None, "")
    assert case.waiting_until is not None
    workflow.resume(case, now=NOW + DAY, **who)
    resolution.refresh_from_db()
    assert before is not None and resolution.next_step_at is not None
    assert resolution.next_step_at > before and resolution.next_step_at == resolution.due_at - 3 * HOUR


def test_a_delay_mail_moves_the_steps_that_are_still_to_come(team: Team, hanna: User, lead: User) -> None:
    contact = make_contact("Marta Lind")
    ticket = make_ticket(
        owner=hanna, team=team, contact=contact, promised_at=NOW + 2 * HOUR,
        response=make_response(2, responded_at=NOW - DAY, contact=contact),
    )  # fmt: skip
    row = make_deadline(ticket, promised_at=NOW + 2 * HOUR, due_at=NOW + 3 * DAY)
    clocks.escalate(now=NOW)
    assert told(row) == ["soon"]
    mail = Message.objects.get(recipient=hanna.email)
    assert f"/tickets/{ticket.pk}/?do=delay#delay" in mail.text and "/escalations/" not in mail.text
    workflow.delay(
        ticket,
        actor=Actor.person(hanna),
        now=NOW,
        version=None,
        due_on=(NOW + DAY).date(),
        reason="The file is missing.",
    )
    clocks.escalate(now=NOW + 3 * HOUR)
    assert told(row) == ["soon"]
    row.refresh_from_db()
    assert row.promised_at is not None and row.next_step_at == row.promised_at
    clocks.escalate(now=row.promised_at)
    assert told(row) == ["soon", "late"]
    said = " ".join(Message.objects.get(recipient=lead.email).text.split())
    assert "no mail has said that it will be later" in said


# --- F11 to F13: beats and clocks ------------------------------------------------------------------------------


def ends_like_one_beat(row: Deadline) -> bool:
    return levels(row) == told(row) == ["soon", "late", "director"]


@pytest.mark.parametrize("beats", [1, 2, 3])
def test_however_many_beats_each_step_is_told_once_and_in_order(owed: Deadline, beats: int, hanna: User) -> None:
    at = owed.due_at - 4 * HOUR
    while at < owed.due_at + 2 * DAY:
        for beat in range(beats):
            clocks.escalate(now=at + beat * timedelta(seconds=7))
        at += timedelta(minutes=45)
    assert ends_like_one_beat(owed)
    assert Message.objects.count() == 3


@pytest.mark.parametrize("before", [timedelta(minutes=1), timedelta(minutes=29)])
def test_a_beat_dead_for_half_an_hour_tells_each_step_once_and_in_order(owed: Deadline, before: timedelta) -> None:
    """Dead across the warning, then across the time itself."""
    for at in (owed.due_at - 3 * HOUR, owed.due_at):
        clocks.escalate(now=at - before)
        clocks.escalate(now=at - before + timedelta(minutes=30))
    clocks.escalate(now=owed.due_at + 2 * DAY)
    assert ends_like_one_beat(owed)


def test_a_beat_dead_for_days_marks_the_warning_and_tells_the_rest_in_order(
    owed: Deadline, hanna: User, lead: User, director: User
) -> None:
    clocks.escalate(now=owed.due_at + 3 * DAY)
    assert levels(owed) == ["soon", "late", "director"]
    soon = Escalation.objects.get(level="soon")
    assert (soon.untold, soon.told_at, soon.tell_at) == ("too_late", None, None)
    assert (mails(hanna), len(mails(lead)), len(mails(director))) == ([], 1, 1)


@pytest.mark.parametrize("jump", [2 * HOUR, -2 * HOUR])
def test_a_clock_that_jumps_by_two_hours_and_back_tells_nothing_twice(owed: Deadline, jump: timedelta) -> None:
    for reached in (owed.due_at - 3 * HOUR, owed.due_at):
        for at in (reached - HOUR, reached - HOUR + jump, reached - HOUR, reached, reached + jump, reached + HOUR):
            clocks.escalate(now=at)
    for at in (2 * DAY, 2 * DAY + jump, 2 * DAY):
        clocks.escalate(now=owed.due_at + at)
    assert ends_like_one_beat(owed)
    assert Message.objects.count() == 3


@pytest.mark.parametrize(
    ("zone", "due", "step", "reached"),
    [
        # The clocks go back on Sunday 25 October 2026 at 3:00: the warning three hours before is three hours that pass.
        ("Europe/Berlin", "2026-10-25T04:30+01:00", ("before", 180, "clock"), "2026-10-25T02:30+02:00"),
        ("Europe/Berlin", "2026-10-25T02:30+01:00", ("before", 60, "clock"), "2026-10-25T02:30+02:00"),
        # And forward on Sunday 28 March 2027 at 2:00.
        ("Europe/Berlin", "2027-03-28T04:30+02:00", ("before", 180, "clock"), "2027-03-28T00:30+01:00"),
        # One working hour before Monday 9:30 is Friday 17:00: the night in between changes nothing.
        ("Europe/Berlin", "2026-10-26T09:30+01:00", ("before", 60, "working"), "2026-10-23T17:00+02:00"),
        ("Europe/Berlin", "2027-03-26T17:00+01:00", ("after", 60, "working"), "2027-03-29T09:30+02:00"),
        # A leap day is a working day like any other: Monday 28 February 2028 to Wednesday 1 March.
        ("Europe/Berlin", "2028-02-28T12:00+01:00", ("after", 17 * 60, "working"), "2028-03-01T12:00+01:00"),
        ("Europe/Berlin", "2028-03-01T12:00+01:00", ("before", 17 * 60, "working"), "2028-02-28T12:00+01:00"),
    ],
)
def test_steps_fall_where_they_should_on_the_nights_clocks_change_and_on_leap_days(
    zone: str, due: str, step: tuple[str, int, str], reached: str
) -> None:
    moment, amount, unit = step
    calendar = make_calendar(slug="berlin", zone=zone)
    row = Deadline(due_at=datetime.fromisoformat(due), minutes=600, calendar=calendar, clock="team")
    found = ladders.reached_at(LadderStep(moment=moment, amount=amount, unit=unit, who="lead"), row)
    assert found == datetime.fromisoformat(reached)


@pytest.mark.parametrize("night", ["2026-10-25T00:00+00:00", "2027-03-28T00:00+00:00", "2028-02-29T00:00+00:00"])
def test_ticking_through_such_a_night_tells_each_step_once(team: Team, hanna: User, night: str) -> None:
    begins = datetime.fromisoformat(night)
    ticket = make_ticket(owner=hanna, team=team, response=make_response(2, responded_at=begins - 46 * HOUR))
    row = make_deadline(ticket, calendar=make_calendar(slug="berlin", zone="Europe/Berlin"))
    for minutes in range(-4 * 60, 4 * DAY // timedelta(minutes=1), 90):
        clocks.escalate(now=begins + timedelta(minutes=minutes))
    assert ends_like_one_beat(row)


def test_more_than_one_go_takes_are_climbed_by_the_next(
    team: Team, hanna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(climbing, "BATCH", 2)
    rows = [
        make_deadline(make_ticket(owner=hanna, team=team, response=make_response(2, responded_at=NOW - n * HOUR)))
        for n in range(5)
    ]
    late = NOW + 60 * HOUR
    assert [clocks.escalate(now=late) for _ in range(4)] == [2, 2, 1, 0]
    assert all(levels(row)[:2] == ["soon", "late"] for row in rows)


def test_what_rests_or_is_over_is_climbed_no_further(owed: Deadline) -> None:
    """Also where somebody wrote the state past the verbs: it is looked at once and then left alone."""
    Ticket.objects.filter(pk=owed.ticket_id).update(state="waiting_on_customer")
    assert [clocks.climb(now=owed.due_at) for _ in range(2)] == [1, 0]
    assert levels(owed) == []


def test_an_old_answer_is_marked_and_nobody_is_mailed(team: Team, hanna: User) -> None:
    old = make_response(2, responded_at=NOW - 90 * DAY, is_history=True)
    row = make_deadline(make_ticket(owner=hanna, team=team, response=old))
    clocks.escalate(now=NOW)
    assert set(Escalation.objects.about(row.key).values_list("untold", flat=True)) == {"history"}
    assert not Message.objects.exists()


# --- quiet hours, digests, other readers -----------------------------------------------------------------------


def ladder_of(owed: Deadline, *steps: dict[str, Any]) -> None:
    policy = make_policy()
    for step in steps:
        make_step(policy, **step)
    Deadline.objects.filter(pk=owed.pk).update(policy=policy)
    owed.refresh_from_db()
    ladders.keep(ladders.plan([owed]))


def test_a_step_with_quiet_hours_waits_for_the_team_s_working_time(owed: Deadline, lead: User) -> None:
    # Due Thursday 14:30; five hours later the office is closed until Friday 9:00.
    ladder_of(owed, {"level": "evening", "amount": 300, "unit": "clock", "waits": True})
    evening, morning = owed.due_at + 5 * HOUR, datetime(2026, 11, 27, 9, tzinfo=UTC)
    clocks.escalate(now=evening)
    row = Escalation.objects.get(level="evening")
    assert (row.tell_at, row.told_at, mails(lead)) == (morning, None, [])
    clocks.escalate(now=morning - TICK)
    assert mails(lead) == []
    clocks.escalate(now=morning)
    clocks.escalate(now=morning)
    assert len(mails(lead)) == 1


def test_what_was_done_before_the_quiet_hours_ended_is_told_to_nobody(owed: Deadline, lead: User) -> None:
    ladder_of(owed, {"level": "evening", "amount": 300, "unit": "clock", "waits": True})
    clocks.escalate(now=owed.due_at + 5 * HOUR)
    Deadline.objects.filter(pk=owed.pk).update(met_at=owed.due_at + 6 * HOUR)
    clocks.escalate(now=owed.due_at + DAY)
    assert (Escalation.objects.get().untold, mails(lead)) == ("met", [])


def test_a_digest_is_one_mail_on_the_next_working_morning(team: Team, hanna: User, lead: User) -> None:
    policy = make_policy()
    make_step(policy, "late", digest=True)
    friday = datetime(2026, 11, 27, 10, tzinfo=UTC)
    rows = [
        make_deadline(
            make_ticket(owner=hanna, team=team, response=make_response(2, responded_at=friday + n * HOUR - 2 * DAY)),
            policy=policy,
        )
        for n in range(3)
    ]
    for n in range(3):
        clocks.escalate(now=friday + n * HOUR)
    assert mails(lead) == []
    clocks.escalate(now=friday + 2 * DAY)
    assert mails(lead) == []
    clocks.escalate(now=datetime(2026, 11, 30, 9, tzinfo=UTC))
    assert mails(lead) == ["Times that run out: 3 tickets"]
    text = Message.objects.get(recipient=lead.email).text
    assert all(f"#{row.ticket_id}: Late" in text for row in rows)


STOCKHOLM_NINE, NEW_YORK_NINE = datetime(2026, 11, 26, 8, tzinfo=UTC), datetime(2026, 11, 26, 14, tzinfo=UTC)


def in_two_zones(team: Team, hanna: User, **step: Any) -> tuple[Deadline, Deadline]:
    """Two times of one team that end Thursday 6:30 UTC, when neither office is open; its own calendar is of a third
    zone, in which it is working time by then.
    """
    Team.objects.filter(pk=team.pk).update(calendar=make_calendar(zone="Asia/Tokyo"))
    policy = make_policy()
    make_step(policy, "late", **step)
    due = datetime(2026, 11, 26, 6, 30, tzinfo=UTC)
    stockholm, new_york = (
        make_deadline(
            make_ticket(owner=hanna, team=team, response=make_response(2, responded_at=due - 2 * DAY)),
            policy=policy, calendar=make_calendar(zone=zone), due_at=due,
        )
        for zone in ("Europe/Stockholm", "America/New_York")
    )  # fmt: skip
    ladders.keep(ladders.plan([stockholm, new_york]))
    clocks.escalate(now=due)
    return stockholm, new_york


@pytest.mark.parametrize("step", [{"waits": True}, {"digest": True}])
def test_quiet_hours_and_digests_go_by_the_calendar_pinned_to_each_time(
    step: dict[str, bool], team: Team, hanna: User, lead: User
) -> None:
    stockholm, new_york = in_two_zones(team, hanna, **step)
    at = {row.key: row.tell_at for row in Escalation.objects.all()}
    assert at == {stockholm.key: STOCKHOLM_NINE, new_york.key: NEW_YORK_NINE}
    for now, heard in (
        (STOCKHOLM_NINE - TICK, ([], [])),
        (STOCKHOLM_NINE, (["late"], [])),
        (NEW_YORK_NINE - TICK, (["late"], [])),
        (NEW_YORK_NINE, (["late"], ["late"])),
    ):
        clocks.escalate(now=now)
        assert (told(stockholm), told(new_york)) == heard
    assert len(mails(lead)) == 2


@pytest.mark.parametrize("step", [{"waits": True}, {"digest": True}])
def test_after_an_outage_the_evening_stays_quiet_in_each_zone(
    step: dict[str, bool], team: Team, hanna: User, lead: User
) -> None:
    """Both mornings were missed; at 20:00 UTC it is evening in Stockholm and afternoon in New York."""
    stockholm, new_york = in_two_zones(team, hanna, **step)
    clocks.escalate(now=datetime(2026, 11, 26, 20, tzinfo=UTC))
    assert (told(stockholm), told(new_york)) == ([], ["late"])
    assert Escalation.objects.about(stockholm.key).get().tell_at == STOCKHOLM_NINE + DAY
    clocks.escalate(now=STOCKHOLM_NINE + DAY)
    assert told(stockholm) == ["late"]
    assert len(mails(lead)) == 2


def test_deputies_addresses_and_webhooks_hear_too(owed: Deadline, team: Team, lead: User) -> None:
    deputy = make_user("Ola Berg")
    make_member(team, deputy, role="deputy", capacity=0)
    endpoint = make_endpoint()
    ladder_of(
        owed,
        {"level": "deputies", "who": "deputy"},
        {"level": "desk", "who": "address", "address": "desk@halden.example"},
        {"level": "program", "who": "webhook", "endpoint": endpoint},
    )
    for _twice in range(2):
        clocks.escalate(now=owed.due_at)
    assert (len(mails(deputy)), mails(lead)) == (1, [])
    mail = Message.objects.get(recipient="desk@halden.example")
    assert owed.ticket.response is not None
    assert "waited eleven days" not in mail.text + mail.html
    delivery = Delivery.objects.get()
    assert (delivery.endpoint, delivery.payload["data"]["ticket"]) == (endpoint, owed.ticket_id)
    assert "waited" not in str(delivery.payload)


def test_where_there_is_nobody_to_tell_it_is_marked(owed: Deadline, team: Team) -> None:
    Team.objects.filter(pk=team.pk).update(director=None)
    clocks.escalate(now=owed.due_at + 2 * DAY)
    assert Escalation.objects.get(level="director").untold == "nobody"


# --- acknowledging ---------------------------------------------------------------------------------------------


def test_who_looks_after_it_stops_every_further_step_of_that_time_and_of_no_other(
    owed: Deadline, lead: User, director: User
) -> None:
    other = make_deadline(owed.ticket, "resolution", due_at=owed.due_at)
    clocks.escalate(now=owed.due_at)
    row = Escalation.objects.get(target="first_contact", level="late")
    assert acknowledge(row, user=lead, now=owed.due_at + HOUR)
    row.refresh_from_db()
    assert (row.acknowledged_by, row.acknowledged_at) == (lead, owed.due_at + HOUR)
    clocks.escalate(now=owed.due_at + 9 * DAY)
    assert levels(owed) == ["soon", "late"]
    assert levels(other) == ["soon", "late", "director"]
    owed.refresh_from_db()
    assert owed.next_step_at is None


def test_the_first_word_stands_and_owner_mates_and_strangers_have_none(
    owed: Deadline, team: Team, lead: User, hanna: User, director: User
) -> None:
    mate = make_user()
    make_member(team, mate)
    clocks.escalate(now=owed.due_at)
    row = Escalation.objects.get(level="late")
    for user in (make_user(), mate, hanna):
        with pytest.raises(Forbidden):
            acknowledge(row, user=user, now=NOW)
    assert acknowledge(row, user=lead, now=NOW)
    assert not acknowledge(row, user=director, now=NOW + HOUR)
    row.refresh_from_db()
    assert row.acknowledged_by == lead


@pytest.mark.parametrize("who", ["lead", "director", "admin"])
def test_nobody_looks_after_their_own_ticket(owed: Deadline, lead: User, director: User, who: str) -> None:
    user = {"lead": lead, "director": director, "admin": make_admin()}[who]
    clocks.escalate(now=owed.due_at)
    row = Escalation.objects.get(level="late")
    row.ticket.owner = user
    with pytest.raises(Forbidden):
        acknowledge(row, user=user, now=NOW)
    row.ticket.owner = owed.ticket.owner
    assert acknowledge(row, user=user, now=NOW)


def test_what_waits_for_the_morning_is_not_told_any_more(owed: Deadline, lead: User) -> None:
    ladder_of(owed, {"level": "owner", "who": "owner"}, {"level": "morning", "amount": 1, "digest": True})
    clocks.escalate(now=owed.due_at + HOUR)
    acknowledge(Escalation.objects.get(level="owner"), user=lead, now=owed.due_at + 2 * HOUR)
    clocks.escalate(now=owed.due_at + 2 * DAY)
    assert (Escalation.objects.get(level="morning").untold, mails(lead)) == ("acknowledged", [])


def test_a_move_after_that_starts_no_ladder_again(owed: Deadline, lead: User) -> None:
    clocks.escalate(now=owed.due_at)
    acknowledge(Escalation.objects.get(level="late"), user=lead, now=owed.due_at)
    owed.refresh_from_db()
    owed.due_at += 5 * DAY
    owed.save()
    ladders.keep(ladders.plan([owed]))
    clocks.escalate(now=owed.due_at + 9 * DAY)
    assert levels(owed) == ["soon", "late"]


# --- versions --------------------------------------------------------------------------------------------------


def test_a_level_is_told_once_per_cycle_and_the_database_holds_it(owed: Deadline) -> None:
    fields = {"ticket": owed.ticket, "cycle": 0, "target": "first_contact", "level": "late", "happened_at": NOW}
    Escalation.objects.create(**fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        Escalation.objects.create(**fields)


def test_the_ladder_of_a_used_policy_stays_as_it_is() -> None:
    policy = SlaPolicy.objects.get(slug="detractor-48h")
    SlaPolicy.objects.filter(pk=policy.pk).update(used_at=NOW)
    step = policy.ladder.get(level="late")
    step.amount = 60
    with pytest.raises(ValidationError, match="in use since 24 November 2026"):
        step.save()


def test_a_policy_without_steps_climbs_what_is_shipped(owed: Deadline) -> None:
    LadderStep.objects.all().delete()
    clocks.escalate(now=owed.due_at + 2 * DAY)
    assert levels(owed) == ["soon", "late", "director"]


# --- what a look costs -----------------------------------------------------------------------------------------


def test_ten_times_as_many_due_cost_no_more_reads(team: Team, hanna: User, django_assert_max_num_queries: Any) -> None:
    for count in (2, 20):
        for _ in range(count):
            make_deadline(make_ticket(owner=hanna, team=team, response=make_response(2, responded_at=NOW - 3 * DAY)))
        with django_assert_max_num_queries(32):
            clocks.escalate(now=NOW)


LOOKS = {
    "deadlines_to_climb": lambda: climbing.due(NOW),
    "escalations_to_tell": lambda: telling.due(NOW),
}


@pytest.mark.parametrize("index", LOOKS)
def test_a_look_reads_the_index_of_what_is_due_and_no_other_row(team: Team, hanna: User, index: str) -> None:
    for days in (3, 3, 3, *[0] * 30):
        response = make_response(2, responded_at=NOW - days * DAY)
        row = make_deadline(make_ticket(response, owner=hanna, team=team))
        tell_at = NOW - days * HOUR if days else NOW + HOUR
        Escalation.objects.create(
            ticket=row.ticket, cycle=0, target="answer", level="late", happened_at=NOW, tell_at=tell_at
        )
    if connection.vendor != "postgresql":
        assert index in LOOKS[index]().explain()
        return
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE followups_deadline, followups_escalation")
        # So few rows would be read from end to end; with many the index is what is left to choose.
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = LOOKS[index]().explain(analyze=True)
    assert index in plan and "Rows Removed" not in plan, plan
    # Of the rows found: an index may still hold some that a transaction took back.
    found = re.search(r"actual time=\S+ rows=(\d+)", plan)
    assert found is not None and found[1] == "3", plan


@pytest.mark.parametrize(
    ("index", "waiting", "told"),
    [("actions_to_warn_of", UNWARNED, "warned_for"), ("actions_to_tell_of", UNTOLD, "late_told_for")],
)
def test_promises_that_were_told_of_are_in_no_index_that_is_looked_at(
    team: Team, hanna: User, index: str, waiting: Any, told: str
) -> None:
    ticket = make_ticket(make_response(2), owner=hanna, team=team)
    for n in range(103):
        due_at = NOW - n * HOUR
        make_action(ticket, due_at=due_at, **({} if n < 3 else {told: due_at}))
    looked_at = promises.due(waiting, NOW)[:200]
    assert len(looked_at) == 3
    if connection.vendor != "postgresql":
        assert index in looked_at.all().explain()
        return
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE followups_action")
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = looked_at.all().explain(analyze=True)
    assert index in plan and "Rows Removed" not in plan, plan
