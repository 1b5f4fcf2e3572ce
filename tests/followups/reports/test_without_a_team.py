"""`team=-` asks for what belongs to no team: the same for pages, API, files and the lists behind them, now and then."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.db.models import Q

from followups.models import Event, Team, Ticket
from followups.reports import metrics
from nps_loop.people.models import User
from surveys.models import Response, Touchpoint
from tests import factories as make
from tests.factories import DAY, NOW
from tests.followups.reports.exports.reading import client_of, fetch
from tests.followups.reports.lives import throw_together
from tests.followups.reports.rollups.figures import count_everything, same_either_way
from tests.followups.reports.test_as_of import Company

pytestmark = pytest.mark.django_db

FIRST, LAST = (NOW - 70 * DAY).date(), NOW.date()
ASKED = {"day_from": str(FIRST), "day_to": str(LAST), "team": "-"}
FIGURES = ("cohort", "due", "told", "on_time", "beside", "still_open")


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def api(user: User, path: str, **asked: str) -> Any:
    answer = client_of(user).get(
        f"/api/v1/{path}/", {name: value for name, value in {**ASKED, **asked}.items() if value}
    )
    assert answer.status_code == 200, answer.content
    return answer.json()


def same_everywhere(user: User, expected: int, **asked: str) -> None:
    """Page, API, file and lists agree, and the cohort has as many tickets as expected."""
    said = api(user, "reports/closure", **asked)
    page = client_of(user).get("/reports/closure/", {**ASKED, **asked}).context["page"]
    rows = fetch(user, f"/exports/figures.csv?{urlencode({**ASKED, **asked})}")
    exported = {row["Figure"]: row["Count"] for row in rows if (row["Report"], row["Group"]) == _WHOLE and _days(row)}
    assert said["cohort"] == expected
    for name in FIGURES:
        assert (page.counts[name], exported[name]) == (said[name], str(said[name])), name
        listed = client_of(user).get("/tickets/", {**ASKED, **asked, "figure": name}).context["page"]
        assert listed.count == str(said[name]), name


_WHOLE = ("Closing the loop", "All")


def _days(row: dict[str, str]) -> bool:
    return (row["From"], row["To"]) == (str(FIRST), str(LAST))


def test_tickets_of_no_team_are_the_same_on_pages_in_the_api_in_files_and_in_lists() -> None:
    throw_together(11, tickets=60, answers=30)
    admin = make.make_admin()
    expected = Ticket.objects.filter(team=None, day__gte=FIRST).count()
    assert 0 < expected < Ticket.objects.count()
    same_everywhere(admin, expected)
    count_everything()
    same_everywhere(admin, expected)
    (none,) = [each for each in api(admin, "reports/closure", team="", by="team")["by_team"] if not each["slug"]]
    assert {name: none[name] for name in FIGURES} == {
        name: api(admin, "reports/closure")[name] for name in FIGURES
    }  # fmt: skip


def test_kept_counts_of_no_team_are_those_of_the_rows() -> None:
    throw_together(12, tickets=40, answers=40)
    Team.objects.update(is_default=False)
    agent = User.objects.filter(memberships__team__name="North")[0]
    count_everything()
    of_none = metrics.ReportFilters(FIRST, LAST, team="-")
    same_either_way([of_none, metrics.ReportFilters(FIRST, LAST, team="-", viewer=agent)])
    assert metrics.nps_report(of_none, now=NOW).nps.n > 0


@pytest.mark.parametrize("takes_the_rest", [True, False])
def test_answers_of_no_team_are_those_that_no_team_takes(takes_the_rest: bool) -> None:
    throw_together(13, tickets=10, answers=60)
    if not takes_the_rest:
        Team.objects.update(is_default=False)
    admin = make.make_admin()
    taken = Touchpoint.objects.filter(teams__isnull=False)
    nobodys = Response.objects.counted().filter(~Q(touchpoint__in=taken) | Q(touchpoint=None), team_id_then=None)
    expected = 0 if takes_the_rest else nobodys.filter(day__gte=FIRST).count()
    assert takes_the_rest or expected
    said = api(admin, "reports/nps", by="team")
    assert said["n"] == expected
    groups = api(admin, "reports/nps", team="", by="team")["by_team"]
    assert sum(each["n"] for each in groups if not each["slug"]) == expected
    page = client_of(admin).get("/reports/answers/", ASKED).context["page"]
    assert page.n == expected == len(fetch(admin, f"/exports/answers.csv?day_from={FIRST}&day_to={LAST}&team=-"))


def test_as_of_a_past_moment_it_is_what_was_of_no_team_then() -> None:
    life = Company(3, phone=True)
    Event.objects.filter(ticket=life.ticket).update(then_team_id=None)
    before = life.now
    life.go("elsewhere")
    with time_machine.travel(life.now + DAY, tick=False):
        same_everywhere(life.admin, 1, as_of=before.isoformat())
        same_everywhere(life.admin, 0, as_of=life.now.isoformat())
        same_everywhere(life.admin, 0)


def test_whoever_has_one_team_may_ask_for_none_and_sees_only_what_is_theirs() -> None:
    agent = make.make_user("Hanna Brandt")
    team = make.make_team("North", agents=(agent,), is_default=True)
    make.make_ticket(team=None, owner=agent)
    make.make_ticket(team=None)
    make.make_ticket(team=team, owner=agent)
    same_everywhere(agent, 1)
    same_everywhere(make.make_admin(), 2)


def test_nobody_of_no_team_is_a_person_of_a_team_led() -> None:
    lead = make.make_user("Tomas Ruiz")
    team = make.make_team("North", lead=lead, agents=(make.make_user(),))
    make.make_ticket(team=None, owner=lead)
    make.make_ticket(team=team, owner=lead)
    assert api(lead, "reports/people")["people"] == []
    assert client_of(lead).get("/reports/people/", ASKED).context["page"].loads == []
    rows = fetch(lead, "/exports/figures.csv?page=people&team=-&day_from=2026-11-01")
    assert "People" not in {row["Report"] for row in rows}
