"""What the pages of the workspace do, by the API: escalations, absences, working weeks, fairness, why it is due."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from followups import workflow
from followups.actors import Actor
from followups.fairness_page import fairness_page
from followups.models import Away, Cover, Deadline, Escalation, Event, Ticket, WorkPattern
from followups.ticket_page.counted import counted
from tests.api.conftest import Caller, Cast, key_caller
from tests.factories import (
    DAY,
    HOUR,
    NOW,
    make_away,
    make_calendar,
    make_deadline,
    make_policy,
    make_team,
    make_ticket,
    make_user,
    make_work_pattern,
)

pytestmark = pytest.mark.django_db
ESCALATIONS, ABSENCES, FAIRNESS = "/api/v1/escalations/", "/api/v1/absences/", "/api/v1/reports/fairness/"


@pytest.fixture(autouse=True)
def _now(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


def errors(answer: Any) -> dict[str, str]:
    return {each["attr"] or "": each["detail"] for each in answer.json()["errors"]}


# --- escalations -----------------------------------------------------------------------------------------------


def late(ticket: Ticket, level: str = "late", **fields: Any) -> Escalation:
    if not ticket.deadlines.exists():
        make_deadline(ticket, due_at=NOW - HOUR)
    return Escalation.objects.create(
        ticket=ticket, cycle=0, target="first_contact", level=level,
        **{"happened_at": NOW - HOUR, "told_at": NOW - HOUR, **fields},
    )  # fmt: skip


def test_escalations_of_tickets_one_may_see_the_newest_first(cast: Cast, reading: Caller) -> None:
    mine = late(cast.ticket, "director", told_to=[cast.lead.pk], happened_at=NOW)
    theirs = late(cast.other_ticket)
    Escalation.objects.filter(pk=cast.escalation.pk).update(happened_at=NOW - DAY)
    assert [row["id"] for row in Caller(user=cast.agent).get(ESCALATIONS).json()["results"]] == [
        mine.pk, cast.escalation.pk,
    ]  # fmt: skip
    rows = reading.get(ESCALATIONS).json()["results"]
    assert [row["id"] for row in rows] == [mine.pk, theirs.pk, cast.escalation.pk]
    assert rows[0]["ticket"] == cast.ticket.pk
    assert [person["id"] for person in rows[0]["told_to"]] == [cast.lead.pk]
    assert rows[0]["deadline"]["is_open"] is True
    assert rows[0]["what"] == "the director is told"


def test_a_director_sees_those_of_the_team_they_direct(cast: Cast) -> None:
    director = make_user("Dora Rect")
    assert Caller(user=director).get(f"{ESCALATIONS}{cast.escalation.pk}/").status_code == 404
    cast.team.director = director
    cast.team.save()
    assert Caller(user=director).get(f"{ESCALATIONS}{cast.escalation.pk}/").json()["id"] == cast.escalation.pk


def test_open_ones_are_those_that_were_told_still_run_and_nobody_looks_after(cast: Cast, reading: Caller) -> None:
    late(cast.ticket, "director", told_at=None, untold="nobody")
    met = make_ticket(owner=cast.agent, team=cast.team)
    late(met)
    Deadline.objects.filter(ticket=met).update(met_at=NOW)
    late(cast.other_ticket, acknowledged_at=NOW, acknowledged_by=cast.outsider)
    assert [row["id"] for row in reading.get(ESCALATIONS, {"open": "true"}).json()["results"]] == [cast.escalation.pk]
    assert len(reading.get(ESCALATIONS, {"open": "false"}).json()["results"]) == 3
    assert reading.get(ESCALATIONS, {"opn": "true"}).status_code == 400


def test_whoever_is_first_looks_after_it_and_the_ladder_stops(cast: Cast) -> None:
    make_deadline(cast.ticket, due_at=NOW - HOUR, next_step_at=NOW + HOUR, next_step="director")
    first = Caller(user=cast.lead).post(f"{ESCALATIONS}{cast.escalation.pk}/acknowledge/")
    assert first.status_code == 200, first.content
    assert first.json()["acknowledged_by"]["id"] == cast.lead.pk
    assert first.json()["deadline"]["next_step_at"] is None
    second = key_caller("write", user=cast.admin).post(f"{ESCALATIONS}{cast.escalation.pk}/acknowledge/")
    assert second.json()["acknowledged_by"]["id"] == cast.lead.pk


def test_an_owner_does_not_stop_the_ladder_of_their_own_ticket(cast: Cast) -> None:
    refused = key_caller("write", user=cast.agent).post(f"{ESCALATIONS}{cast.escalation.pk}/acknowledge/")
    assert refused.status_code == 403
    assert "doing what is due stops the steps" in refused.json()["errors"][0]["detail"]
    assert not Escalation.objects.filter(acknowledged_at__isnull=False).exists()


def test_a_key_for_nobody_looks_after_nothing(cast: Cast, writing: Caller) -> None:
    assert writing.post(f"{ESCALATIONS}{cast.escalation.pk}/acknowledge/").status_code == 403
    assert not Escalation.objects.filter(acknowledged_at__isnull=False).exists()


# --- absences --------------------------------------------------------------------------------------------------

TWO_DAYS = {"starts_at": "2026-11-30", "ends_at": "2026-12-01"}


def test_days_are_read_on_the_clock_of_whoever_is_away(cast: Cast) -> None:
    cast.agent.time_zone = "America/New_York"
    cast.agent.save()
    made = Caller(user=cast.lead).post(ABSENCES, {**TWO_DAYS, "user": cast.agent.username, "delegate": cast.mate.pk})
    assert made.status_code == 201, made.content
    row = Away.objects.get(pk=made.json()["id"])
    assert (row.starts_at, row.ends_at) == (
        datetime(2026, 11, 30, 5, tzinfo=UTC),
        datetime(2026, 12, 2, 5, tzinfo=UTC),
    )
    assert (row.user, row.delegate) == (cast.agent, cast.mate)


def test_one_plans_for_oneself_unless_somebody_is_named(cast: Cast, writing: Caller) -> None:
    assert Caller(user=cast.agent).post(ABSENCES, TWO_DAYS).json()["user"]["id"] == cast.agent.pk
    assert errors(writing.post(ABSENCES, TWO_DAYS)) == {"user": "This key acts for nobody: say who will be away."}
    named = Caller(user=cast.agent).post(ABSENCES, {**TWO_DAYS, "user": cast.mate.pk})
    assert errors(named) == {"user": "There is no such colleague in a team you lead."}
    assert not Away.objects.filter(user=cast.mate).exists()


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"starts_at": "2026-12-02"}, "ends_at", "It ends before it begins."),
        ({"starts_at": "2026-11-01", "ends_at": "2026-11-02"}, "ends_at", "This is over already"),
        ({"ends_at": "2029-01-01"}, "ends_at", "two years at most"),
        ({"starts_at": "tomorrow"}, "starts_at", "wrong format"),
        ({"delegate": "otto"}, "delegate", "no such active colleague"),
        ({"notes": "x"}, "notes", "There is no such field here."),
    ],
)
def test_the_rules_of_the_page_hold(cast: Cast, fields: dict[str, str], field: str, words: str) -> None:
    refused = Caller(user=cast.agent).post(ABSENCES, {**TWO_DAYS, **fields})
    assert refused.status_code == 400
    assert words in errors(refused)[field]
    assert Away.objects.get() == cast.away


def test_a_delegate_is_of_one_of_their_teams(cast: Cast) -> None:
    refused = Caller(user=cast.agent).post(ABSENCES, {**TWO_DAYS, "delegate": cast.outsider.pk})
    assert errors(refused) == {"delegate": "This colleague is in no team of yours that takes tickets."}


def test_what_falls_due_is_handed_over_at_once_and_comes_back_with_its_owner(cast: Cast) -> None:
    Ticket.objects.filter(pk=cast.ticket.pk).update(due_at=NOW + 2 * HOUR)
    agent = Caller(user=cast.agent)
    body = {"starts_at": "2026-11-24", "ends_at": "2026-11-26", "delegate": cast.mate.pk}
    made = agent.post(ABSENCES, body).json()
    assert made["covered"] == 1
    assert Ticket.objects.get(pk=cast.ticket.pk).owner == cast.mate
    path = f"{ABSENCES}{made['id']}/cancel/"
    done = agent.post(path, {"version": made["version"]})
    assert done.json() == {"outcome": "ended", "ended_at": NOW.isoformat().replace("+00:00", "Z")}
    assert Ticket.objects.get(pk=cast.ticket.pk).owner == cast.agent
    assert Cover.objects.get().outcome == Cover.Outcome.BACK
    assert agent.post(path, {"version": made["version"]}).status_code == 409


def test_one_that_was_changed_meanwhile_is_not_changed_unseen(cast: Cast) -> None:
    agent, path = Caller(user=cast.agent), f"{ABSENCES}{cast.away.pk}/"
    shown = agent.get(path).json()
    changed = agent.post(f"{path}change/", {**TWO_DAYS, "version": shown["version"], "note": "Moved."})
    assert changed.status_code == 200, changed.content
    late_comer = agent.post(f"{path}change/", {**TWO_DAYS, "version": shown["version"]})
    assert late_comer.status_code == 412
    assert late_comer.json()["errors"][0]["attr"] == "version"
    assert changed.json()["version"] in late_comer.content.decode()
    noted = agent.post(f"{path}change/", {**TWO_DAYS, "version": changed.json()["version"], "note": "Moved twice."})
    assert agent.post(f"{path}change/", {**TWO_DAYS, "version": changed.json()["version"]}).status_code == 412
    changed = noted
    assert agent.post(f"{path}cancel/", {"version": shown["version"]}).status_code == 412
    assert agent.post(f"{path}cancel/", {"version": changed.json()["version"]}).json()["outcome"] == "taken_off"
    assert not Away.objects.exists()


def test_the_same_request_plans_once(cast: Cast) -> None:
    agent = Caller(user=cast.agent)
    answers = [agent.post(ABSENCES, TWO_DAYS, Idempotency_Key="k-1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert Away.objects.exclude(pk=cast.away.pk).count() == 1


def test_absences_are_listed_for_those_who_plan_them(cast: Cast, reading: Caller) -> None:
    other = make_away(cast.outsider, NOW - 2 * DAY, NOW - DAY)

    def seen(caller: Caller, **query: str) -> list[int]:
        return [row["id"] for row in caller.get(ABSENCES, query).json()["results"]]

    assert seen(reading) == [other.pk, cast.away.pk]
    assert seen(Caller(user=cast.lead)) == seen(Caller(user=cast.agent)) == [cast.away.pk]
    assert seen(Caller(user=cast.mate)) == []
    assert seen(reading, ends_after=NOW.isoformat()) == [cast.away.pk]
    assert seen(reading, team=cast.other_team.slug) == seen(reading, user=cast.outsider.username) == [other.pk]
    assert seen(Caller(user=cast.agent), user="me") == [cast.away.pk]


# --- working weeks ---------------------------------------------------------------------------------------------

WEEK = [[{"begins": "09:00", "ends": "12:30"}, {"begins": "13:30", "ends": "24:00"}], *[[] for _ in range(6)]]


def test_a_week_of_one_s_own_and_back_to_that_of_the_team(cast: Cast) -> None:
    agent, path = Caller(user=cast.agent), "/api/v1/people/me/working-week/"
    usual = agent.get(path).json()
    assert (usual["is_own"], usual["version"], usual["zone"]) == (False, "", cast.team.calendar.zone)
    kept = agent.put(path, {"version": "", "zone": "Europe/Madrid", "weekly": WEEK})
    assert kept.status_code == 200, kept.content
    assert (kept.json()["is_own"], kept.json()["zone"], kept.json()["weekly"]) == (True, "Europe/Madrid", WEEK)
    assert WorkPattern.objects.get(user=cast.agent).weekly[0] == [[540, 750], [810, 1440]]
    stale = agent.put(path, {"version": "", "zone": "UTC", "weekly": WEEK})
    assert stale.status_code == 412
    assert agent.delete(path).json() == usual
    assert agent.delete(path).status_code == 200


def test_a_lead_puts_the_week_of_somebody_in_the_team(cast: Cast) -> None:
    path = f"/api/v1/people/{cast.agent.pk}/working-week/"
    assert Caller(user=cast.mate).get(path).status_code == 404
    put = Caller(user=cast.lead).put(path, {"version": "", "zone": "UTC", "weekly": WEEK})
    assert put.json()["user"]["id"] == cast.agent.pk
    assert key_caller("write").get("/api/v1/people/me/working-week/").status_code == 404


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"zone": "Mars/Olympus"}, "zone", "There is no such time zone."),
        ({"weekly": [[]] * 7}, "weekly", "Somebody who works on no day"),
        ({"weekly": [[{"begins": "10:00", "ends": "09:00"}], *[[]] * 6]}, "weekly", "This ends before it begins."),
        ({"weekly": [WEEK[0][::-1], *[[]] * 6]}, "weekly", "follow each other and do not overlap"),
        ({"weekly": [[]] * 6}, "weekly", "at least 7"),
        ({"weekly": [WEEK[0] * 11, *[[]] * 6]}, "weekly.0", "no more than 20"),
        ({"weekly": [[{"begins": "9", "ends": "25:00"}], *[[]] * 6]}, "weekly.0.0.begins", "Write it like 09:00."),
    ],
)
def test_a_week_that_does_not_fit_is_not_kept(cast: Cast, fields: Any, field: str, words: str) -> None:
    path = "/api/v1/people/me/working-week/"
    refused = Caller(user=cast.agent).put(path, {"version": "", "zone": "UTC", "weekly": WEEK, **fields})
    assert refused.status_code == 400
    assert any(attr.startswith(field) and words in said for attr, said in errors(refused).items()), refused.content
    assert not WorkPattern.objects.exists()


# --- fairness --------------------------------------------------------------------------------------------------


def given(cast: Cast, count: int) -> None:
    for _ in range(count):
        ticket = make_ticket(team=cast.team)
        workflow.assign(ticket, actor=Actor.person(cast.lead), now=NOW, version=None, to=cast.agent)


def test_fairness_says_what_the_page_says_and_opens_the_tickets(cast: Cast) -> None:
    given(cast, 3)
    lead = Caller(user=cast.lead)
    body = lead.get(FAIRNESS).json()
    page = fairness_page([cast.team], {}, now=NOW)
    lines = {line.user.pk: line for line in page.shares.lines}
    assert {person["user"]["id"] for person in body["people"]} == set(lines)
    for person in body["people"]:
        line = lines[person["user"]["id"]]
        assert (person["load"]["n"], person["given"]["n"]) == (line.load.n, line.given.n)
        assert (person["hours"], person["load_per_hour"]) == (line.hours, line.per_hour_ahead)
        for count in (person["load"], person["given"], *person["by_rule"]):
            assert (count["tickets"] is None) == (count["n"] == 0)
            if count["tickets"]:
                path = count["tickets"].partition("/api/v1")[2]
                assert len(lead.get(f"/api/v1{path}").json()["results"]) == count["n"]
    agent = next(person for person in body["people"] if person["user"]["id"] == cast.agent.pk)
    assert [(each["rule"], each["n"]) for each in agent["by_rule"]] == [("by_hand", 3)]
    assert [(even["of"], even["n"]) for even in body["evenness"]] == [("free", 0), ("all", 3)]
    assert body["teams"] == [{"team": cast.team.slug, "evenness": body["evenness"]}]


def test_fairness_of_other_teams_and_of_too_long_a_time(cast: Cast, reading: Caller) -> None:
    lead = Caller(user=cast.lead)
    assert lead.get(FAIRNESS, {"team": cast.team.slug}).status_code == 200
    assert lead.get(FAIRNESS, {"team": cast.other_team.slug}).status_code == 404
    assert reading.get(FAIRNESS, {"team": cast.other_team.slug}).status_code == 200
    assert lead.get(FAIRNESS, {"day_from": "2024-01-01"}).status_code == 400
    assert lead.get(FAIRNESS, {"day_from": "2026-12-24", "day_to": "2026-11-24"}).status_code == 400
    assert lead.get(FAIRNESS, {"tem": cast.team.slug}).status_code == 400


# --- why it is due ---------------------------------------------------------------------------------------------


def test_what_was_counted_adds_up_to_what_is_owed(cast: Cast, reading: Caller) -> None:
    calendar = make_calendar(
        zone="Europe/Berlin", weekly=[[[9 * 60, 12 * 60]]] * 7, closed_days=[["2026-11-25", "Our day"]]
    )
    ticket = make_ticket(owner=cast.agent, team=make_team("Berlin", agents=(cast.agent,), calendar=calendar))
    owed = make_deadline(
        ticket, "answer", clock="team", calendar=calendar, policy=make_policy(slug="berlin"),
        starts_at=datetime(2026, 11, 24, 10, tzinfo=UTC), minutes=180, due_at=datetime(2026, 11, 26, 10, tzinfo=UTC),
    )  # fmt: skip
    wall = make_deadline(ticket, starts_at=NOW - 10 * HOUR, minutes=12 * 60, due_at=NOW + 2 * HOUR, calendar=calendar)
    rows = {row["deadline"]["target"]: row for row in reading.get(f"/api/v1/tickets/{ticket.pk}/due/").json()}
    answer = rows["answer"]
    assert sum(part["minutes"] for part in answer["intervals"]) == owed.minutes
    assert [(part["starts_at"], part["minutes"]) for part in answer["intervals"]] == [
        ("2026-11-24T10:00:00Z", 60.0), ("2026-11-26T08:00:00Z", 120.0),
    ]  # fmt: skip
    assert [(day["day"], day["minutes_together"], day["why_not"]) for day in answer["days"]] == [
        ("2026-11-24", 60.0, ""), ("2026-11-25", 60.0, "closed: Our day"), ("2026-11-26", 180.0, ""),
    ]  # fmt: skip
    assert answer["zone"] == "Europe/Berlin"
    assert [part["minutes"] for part in rows["first_contact"]["intervals"]] == [wall.minutes]
    shown = counted(ticket, [owed, wall], list(Event.objects.filter(ticket=ticket)), now=NOW)
    assert [row.deadline.target for row in shown] == list(rows)


# --- what it costs ---------------------------------------------------------------------------------------------


@pytest.mark.skipif(connection.vendor != "postgresql", reason="constant query counts are promised on PostgreSQL")
@pytest.mark.parametrize("address", [ESCALATIONS, ABSENCES, FAIRNESS])
def test_a_list_asks_the_same_however_long_it_is(cast: Cast, reading: Caller, address: str) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert reading.get(address).status_code == 200
        return len(asked)

    reading.get(address)
    late(cast.ticket, "director", told_to=[cast.lead.pk])
    given(cast, 1)
    before = cost()
    for n in range(5):
        ticket = make_ticket(owner=cast.agent, team=cast.team)
        late(ticket, told_to=[cast.agent.pk, cast.lead.pk])
        make_away(make_user(f"Away {n}"), NOW, NOW + DAY, delegate=cast.mate)
        make_work_pattern(make_user(f"Part {n}"), 0, 1)
    given(cast, 4)
    assert cost() == before
