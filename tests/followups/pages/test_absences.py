"""/absences/, /working-week/ and a team's hours for what is left alone: who may plan what, and what follows from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from followups.models import Away, Cover, Team, Ticket, WorkPattern
from nps_loop.people.models import User
from tests import factories as make
from tests.factories import DAY, HOUR, NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@dataclass
class Crew:
    lead: User
    hanna: User
    ivo: User
    otto: User
    team: Team


@pytest.fixture
def crew() -> Crew:
    people = [make.make_user(name) for name in ("Tomás Rey", "Hanna Brandt", "Ivo Lenz", "Otto Fern")]
    lead, hanna, ivo, otto = people
    team = make.make_team("Key accounts North", lead=lead, agents=(hanna, ivo), is_default=True)
    make.make_team("Key accounts South", agents=(otto,))
    return Crew(lead, hanna, ivo, otto, team)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(user: User, path: str = "/absences/") -> str:
    answer = client_of(user).get(path)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def case_of(owner: User, team: Team, **fields: Any) -> Ticket:
    ticket = make.make_ticket(owner=owner, team=team, due_at=NOW + 6 * HOUR, state="contacted", **fields)
    ticket.conversation.owner = owner
    ticket.conversation.save()
    return ticket


DAYS = {"first_day": "2026-11-24", "last_day": "2026-11-27"}


def test_one_plans_an_absence_and_what_is_due_is_handed_over_at_once(crew: Crew) -> None:
    ticket = case_of(crew.hanna, crew.team)
    answer = client_of(crew.hanna).post("/absences/new/", {**DAYS, "delegate": crew.ivo.pk, "note": "Fair in Oslo"})
    assert answer["Location"] == "/absences/"
    away = Away.objects.get()
    assert (away.user, away.delegate, away.note) == (crew.hanna, crew.ivo, "Fair in Oslo")
    assert (away.starts_at, away.ends_at) == (
        datetime(2026, 11, 24, tzinfo=UTC),
        datetime(2026, 11, 28, tzinfo=UTC),
    )
    ticket.refresh_from_db()
    assert ticket.owner == crew.ivo
    shown = page(crew.hanna)
    assert "Tuesday 24 November to Friday 27 November" in shown
    assert "Ivo Lenz stands in" in shown and "1 ticket is covered" in shown


def test_back_early_gives_back_and_says_so(crew: Crew) -> None:
    ticket = case_of(crew.hanna, crew.team)
    client = client_of(crew.hanna)
    client.post("/absences/new/", {**DAYS, "delegate": crew.ivo.pk})
    away = Away.objects.get()
    with time_machine.travel(NOW + HOUR, tick=False):
        assert client.get(f"/absences/{away.pk}/back/").status_code == 405
        assert client.post(f"/absences/{away.pk}/back/").status_code == 302
        ticket.refresh_from_db()
        assert ticket.owner == crew.hanna
        shown = page(crew.hanna)
    assert "What happened while you were away" in shown
    assert "Back with you. Ivo Lenz looked after it." in shown


def test_a_ticket_that_stays_says_with_whom(crew: Crew) -> None:
    ticket = case_of(crew.hanna, crew.team)
    away = make.make_away(crew.hanna, NOW - DAY, NOW - HOUR, delegate=crew.ivo)
    Ticket.objects.update(owner=crew.ivo)
    Cover.objects.create(
        away=away, ticket=ticket, absent=crew.hanna, delegate=crew.ivo, to=crew.ivo, at=NOW - DAY, back_at=NOW,
        outcome="stayed",
    )  # fmt: skip
    assert "Stays with Ivo Lenz, who has talked with the customer" in page(crew.hanna)


def test_an_absence_to_come_is_taken_off(crew: Crew) -> None:
    away = make.make_away(crew.hanna, NOW + DAY, NOW + 2 * DAY)
    client_of(crew.hanna).post(f"/absences/{away.pk}/back/")
    assert not Away.objects.exists()


def test_changing_it_keeps_the_times_and_refuses_what_somebody_else_changed_meanwhile(crew: Crew) -> None:
    away = make.make_away(crew.hanna, NOW + DAY, NOW + 2 * DAY, delegate=crew.ivo)
    client = client_of(crew.hanna)
    form = client.get(f"/absences/{away.pk}/").context["form"]
    data = {name: form[name].value() or "" for name in form.fields}
    data["first_time"], data["last_time"] = "14:30", "14:30"
    Away.objects.filter(pk=away.pk).update(ends_at=NOW + 4 * DAY)
    late = client.post(f"/absences/{away.pk}/", {**data, "note": "Late"})
    assert late.status_code == 400
    assert "It was changed while you were writing" in late.content.decode()
    again = re.search(r'name="shown" value="([^"]+)"', late.content.decode())
    assert again is not None
    assert client.post(f"/absences/{away.pk}/", {**data, "note": "Late", "shown": again[1]}).status_code == 302
    away.refresh_from_db()
    assert (away.note, away.starts_at, away.ends_at) == ("Late", NOW + DAY, NOW + 2 * DAY)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"first_day": ""}, "Say from which day."),
        ({"last_day": "2026-11-20"}, "It ends before it begins."),
        ({"first_day": "2026-11-01", "last_day": "2026-11-03"}, "This is over already"),
        ({"last_day": "2029-11-20"}, "two years at most"),
        ({"last_day": "nonsense"}, "This is not a day."),
        ({"last_day": "9999-12-31"}, "This is outside the years that are counted."),
        ({"first_day": "0001-01-01"}, "This is outside the years that are counted."),
        ({"delegate": "self"}, "in no team of yours"),
        ({"delegate": "otto"}, "in no team of yours"),
        ({"first_time": "25:00"}, "This is not a time."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept(crew: Crew, fields: dict[str, str], words: str) -> None:
    named = {"self": crew.hanna.pk, "otto": crew.otto.pk}
    data = {**DAYS, **{name: named.get(value, value) for name, value in fields.items()}}
    answer = client_of(crew.hanna).post("/absences/new/", data)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not Away.objects.exists()


def test_a_last_day_no_calendar_goes_beyond_is_refused_where_an_absence_is_changed_and_stays_typed(crew: Crew) -> None:
    away = make.make_away(crew.hanna, NOW + DAY, NOW + 2 * DAY)
    client = client_of(crew.hanna)
    shown = client.get(f"/absences/{away.pk}/").context["form"]["shown"].value()
    data = {"first_day": "2026-11-25", "last_day": "9999-12-31", "note": "Fair in Oslo", "shown": shown}
    answer = client.post(f"/absences/{away.pk}/", data)
    text = answer.content.decode()
    assert answer.status_code == 400 and "This is outside the years that are counted." in text
    assert 'value="9999-12-31"' in text and 'value="Fair in Oslo"' in text
    assert Away.objects.get().ends_at == NOW + 2 * DAY


def test_a_lead_plans_for_the_team_and_sees_who_is_there(crew: Crew) -> None:
    assert client_of(crew.lead).post(f"/absences/new/?for={crew.hanna.pk}", DAYS).status_code == 302
    make.make_away(crew.ivo, NOW + 3 * DAY, NOW + 5 * DAY)
    shown = page(crew.lead)
    assert "Away now 1 Hanna Brandt , today to Fri 27 Nov" in shown
    assert "Away next 1 Ivo Lenz" in shown
    assert "2 absences name nobody" in shown
    assert "Otto Fern" not in shown


def test_the_list_says_the_hour_where_somebody_is_back_within_a_day(crew: Crew) -> None:
    back = datetime(2026, 12, 3, 5, 30, tzinfo=UTC)
    make.make_away(crew.ivo, datetime(2026, 11, 30, tzinfo=UTC), back)
    make.make_away(crew.hanna, NOW - HOUR, NOW + 2 * HOUR)
    shown = page(crew.lead)
    assert "Ivo Lenz , Mon 30 Nov, back Thu 3 Dec, 05:30" in shown
    assert "Hanna Brandt , today, back today, 16:30" in shown
    assert "Monday 30 November , back Thursday 3 December, 05:30" in page(crew.ivo)
    crew.ivo.time_zone = "America/New_York"
    crew.ivo.save()
    Away.objects.filter(user=crew.ivo).update(ends_at=datetime(2026, 12, 3, 5, tzinfo=UTC))
    assert "to Wednesday 2 December" in page(crew.ivo)


def test_agents_plan_for_nobody_else_and_leads_for_no_other_team(crew: Crew) -> None:
    of_otto = make.make_away(crew.otto, NOW, NOW + DAY)
    for path in (f"/absences/new/?for={crew.otto.pk}", f"/absences/{of_otto.pk}/", f"/working-week/{crew.otto.pk}/"):
        for user in (crew.hanna, crew.lead):
            assert client_of(user).get(path).status_code == 404
            assert client_of(user).post(path, DAYS).status_code == 404
    assert client_of(crew.hanna).get(f"/absences/new/?for={crew.ivo.pk}").status_code == 404
    assert client_of(crew.hanna).get("/absences/new/?for=x").status_code == 404
    assert client_of(crew.lead).post(f"/absences/{of_otto.pk}/back/").status_code == 404
    assert client_of(make.make_admin()).get(f"/absences/{of_otto.pk}/").status_code == 200
    assert Away.objects.get().user == crew.otto


def test_what_is_over_is_not_changed(crew: Crew) -> None:
    over = make.make_away(crew.hanna, NOW - 2 * DAY, NOW - DAY)
    assert client_of(crew.hanna).get(f"/absences/{over.pk}/").status_code == 404


def test_the_table_shows_days_off_and_away_by_each_ones_week(crew: Crew) -> None:
    make.make_work_pattern(crew.ivo, 0, 1)
    make.make_away(crew.hanna, NOW - HOUR, NOW + DAY)
    grid = client_of(crew.lead).get("/absences/?from=2026-11-23").context["page"].grid
    kinds = {line.user: [cell.kind for cell in line.cells[:7]] for line in grid.lines}
    assert kinds[crew.hanna] == ["", "away", "away", "", "", "off", "off"]
    assert kinds[crew.ivo] == ["", "", "off", "off", "off", "off", "off"]
    assert client_of(crew.lead).get("/absences/?from=nonsense").status_code == 200
    assert client_of(crew.lead).get("/absences/?from=0001-01-01").status_code == 200


def test_a_delegate_who_is_away_too_is_pointed_out(crew: Crew) -> None:
    make.make_away(crew.ivo, NOW + DAY, NOW + 2 * DAY)
    client = client_of(crew.hanna)
    client.post("/absences/new/", {**DAYS, "delegate": crew.ivo.pk})
    assert "Ivo Lenz is away until" in client.get("/absences/").content.decode()


# --- the working week ------------------------------------------------------------------------------------------


def week(**days: str) -> dict[str, str]:
    return {"zone": "Europe/Berlin", "shown": "", **days}


def test_one_sets_a_week_of_ones_own_and_goes_by_the_teams_again(crew: Crew) -> None:
    client = client_of(crew.hanna)
    sent = week(monday="9-12, 13:00–15:00, 20:00-24:00", friday="08:00 to 16:00")
    assert client.post("/working-week/", sent).status_code == 302
    kept = WorkPattern.objects.get(user=crew.hanna)
    assert kept.weekly == [[[540, 720], [780, 900], [1200, 1440]], [], [], [], [[480, 960]], [], []]
    assert (kept.zone, kept.changed_at) == ("Europe/Berlin", NOW)
    shown = page(crew.hanna)
    assert "09:00–12:00, 13:00–15:00, 20:00–24:00" in shown and "Tuesday to Thursday" in shown
    assert client.get("/working-week/").context["form"].initial["friday"] == [[480, 960]]
    assert client.post("/working-week/", {"team": "yes"}).status_code == 302
    assert not WorkPattern.objects.exists()


def test_a_week_of_ones_own_begins_as_the_teams(crew: Crew) -> None:
    form = client_of(crew.hanna).get("/working-week/").context["form"]
    assert form.initial["zone"] == crew.team.calendar.zone
    assert [form.initial[day.name] for day in form.days] == crew.team.calendar.weekly


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ({}, "say at least one"),
        ({"monday": "09:00-"}, "is no period"),
        ({"monday": "12:00-09:00"}, "does not lie within one day"),
        ({"friday": "09:00-12:00, 11:00-15:00"}, "begins before the period in front of it ends"),
        ({"monday": "9-12", "zone": "Mars/Base"}, "Mars/Base"),
    ],
)
def test_a_week_that_cannot_be_is_refused(crew: Crew, days: dict[str, str], words: str) -> None:
    answer = client_of(crew.hanna).post("/working-week/", week(**days))
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not WorkPattern.objects.exists()


def test_a_week_that_was_changed_meanwhile_is_not_overwritten(crew: Crew) -> None:
    make.make_work_pattern(crew.hanna, 0)
    answer = client_of(crew.hanna).post("/working-week/", week(monday="9-12"))
    assert answer.status_code == 400 and "changed while you were writing" in answer.content.decode()
    assert WorkPattern.objects.get().weekly[0] == [[540, 1020]]


def test_a_lead_sets_the_week_of_a_member(crew: Crew) -> None:
    assert client_of(crew.lead).post(f"/working-week/{crew.hanna.pk}/", week(tuesday="9-17")).status_code == 302
    assert WorkPattern.objects.get().user == crew.hanna


# --- what is left alone ----------------------------------------------------------------------------------------


def test_a_lead_sets_when_owners_are_reminded(crew: Crew) -> None:
    path = f"/team/{crew.team.slug}/left-alone/"
    client = client_of(crew.lead)
    assert "16" in client.get(path).content.decode()
    sent = {"shown": "16-24-40", "nudge_after": "8", "tell_lead_after": "", "reassign_after": "30"}
    assert client.post(path, sent).status_code == 302
    crew.team.refresh_from_db()
    assert (crew.team.nudge_after, crew.team.tell_lead_after, crew.team.reassign_after) == (8, None, 30)
    assert client.post(path, sent).status_code == 400  # changed meanwhile
    wrong = {"shown": "8--30", "nudge_after": "20", "tell_lead_after": "10", "reassign_after": "401"}
    answer = client.post(path, wrong)
    assert answer.status_code == 400
    assert "Each step comes after the one before it." in answer.content.decode()


def test_to_agents_and_other_teams_these_hours_do_not_exist(crew: Crew) -> None:
    for user in (crew.hanna, crew.otto):
        assert client_of(user).get(f"/team/{crew.team.slug}/left-alone/").status_code == 404
    assert client_of(crew.lead).get("/team/nowhere/left-alone/").status_code == 404


# --- the price -------------------------------------------------------------------------------------------------


def test_twenty_people_cost_as_many_queries_as_two(crew: Crew) -> None:
    def cost() -> int:
        client = client_of(crew.lead)
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/absences/").status_code == 200
        return len(queries)

    make.make_away(crew.hanna, NOW, NOW + DAY, delegate=crew.ivo)
    few = cost()
    for n in range(20):
        user = make.make_user(f"Person {n}")
        make.make_member(crew.team, user)
        make.make_away(user, NOW, NOW + DAY, delegate=crew.ivo)
    assert cost() == few
