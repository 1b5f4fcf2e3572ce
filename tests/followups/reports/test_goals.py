"""Goals: which one holds on which day, whether it is reached as far as the count can tell, and who may set it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from followups.goal_setting import set_goal
from followups.models import SetGoal, Team
from followups.refusals import Forbidden, Incomplete
from followups.reports import metrics
from followups.reports.metrics import ReportFilters
from followups.reports.metrics.attainment import Attainment, Measured, goals_report
from followups.reports.metrics.goals import Stretch, Verdict, goal_on, held_throughout, stretches, verdict
from followups.reports.page.goals import goal_rows, verdict_in_words
from nps_loop.people.models import User
from surveys.models import Invitation
from surveys.scoring import Band
from tests import factories as make
from tests.factories import DAY, NOW
from tests.followups.reports.anchors import anchors
from tests.followups.reports.lives import throw_together
from tests.followups.reports.test_reports_page import client_of, clock, counted_behind  # noqa: F401

TODAY = NOW.date()
FIRST, LAST = TODAY - 60 * DAY, TODAY
Metric = SetGoal.Metric


def goal(target: int | None, days_ago: int, *, team: int | None = None, metric: str = "told", pk: int = 0) -> SetGoal:
    """A goal in memory, from so many days ago."""
    return SetGoal(pk=pk, metric=metric, team_id=team, target=target, valid_from=TODAY - days_ago * DAY, set_at=NOW)


# --- which goal holds ------------------------------------------------------------------------------------------


def test_the_past_is_judged_by_the_goal_of_its_day() -> None:
    goals = [goal(70, 100), goal(85, 20)]
    assert stretches(goals, "told", None, FIRST, LAST) == (
        Stretch(FIRST, TODAY - 21 * DAY, 70),
        Stretch(TODAY - 20 * DAY, LAST, 85),
    )
    assert stretches(goals, "told", None, FIRST, TODAY - 30 * DAY) == (Stretch(FIRST, TODAY - 30 * DAY, 70),)


def test_a_team_goes_by_its_own_goal_and_else_by_everybodys() -> None:
    goals = [goal(70, 100), goal(90, 20, team=1), goal(None, 5, team=1)]
    assert stretches(goals, "told", 1, FIRST, LAST) == (
        Stretch(FIRST, TODAY - 21 * DAY, 70),
        Stretch(TODAY - 20 * DAY, TODAY - 6 * DAY, 90, own=True),
        Stretch(TODAY - 5 * DAY, LAST, 70),
    )
    assert stretches(goals, "told", 2, FIRST, LAST) == (Stretch(FIRST, LAST, 70),)
    assert stretches(goals, "kept", 1, FIRST, LAST) == (Stretch(FIRST, LAST, None),)


def test_of_two_for_one_day_the_later_counts() -> None:
    assert (found := goal_on([goal(85, 20, pk=2), goal(70, 20, pk=1)], "told", None, TODAY)) and found.target == 85
    assert goal_on([goal(85, 20, pk=2), goal(None, 20, pk=3)], "told", None, TODAY) is None


@given(st.lists(st.tuples(st.none() | st.integers(1, 100), st.integers(-5, 80), st.none() | st.just(1)), max_size=8))
def test_stretches_lie_side_by_side_and_agree_with_each_day(drawn: list[tuple[int | None, int, int | None]]) -> None:
    goals = [goal(target, ago, team=team, pk=pk) for pk, (target, ago, team) in enumerate(drawn, 1)]
    found = stretches(goals, "told", 1, FIRST, LAST)
    assert found[0].first == FIRST and found[-1].last == LAST
    for before, after in zip(found, found[1:], strict=False):
        assert after.first == before.last + DAY
        assert (before.target, before.own) != (after.target, after.own)
    for stretch in found:
        for n in range((stretch.last - stretch.first).days + 1):
            of_day = goal_on(goals, "told", 1, stretch.first + n * DAY)
            assert (of_day.target if of_day else None) == stretch.target


def test_only_one_goal_of_all_days_is_a_tick() -> None:
    one, two, none = Stretch(FIRST, LAST, 80), Stretch(FIRST, LAST, 90), Stretch(FIRST, LAST, None)
    assert held_throughout([one, one]) == 80
    assert held_throughout([one, two]) is None
    assert held_throughout([none, one]) is None
    assert held_throughout([none, one], otherwise=80) == 80
    assert held_throughout([none]) is None


# --- the verdict -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "n", "said"),
    [(96, 96, Verdict.ABOVE), (80, 96, Verdict.AT), (60, 96, Verdict.BELOW), (0, 19, Verdict.FEW), (19, 19, Verdict.FEW)],
)  # fmt: skip
def test_the_verdict_is_that_of_the_interval(count: int, n: int, said: Verdict) -> None:
    found = Measured.rate(count, n)
    assert verdict(85, found.low, found.high, n) == said


def test_a_goal_at_the_very_end_of_the_interval_is_not_missed() -> None:
    assert verdict(80, 60.0, 80.0, 30) == Verdict.AT
    assert verdict(60, 60.0, 80.0, 30) == Verdict.AT


@pytest.mark.parametrize(("n", "count"), [(40, 25), (400, 300)])
def test_verdict_and_exact_test_agree_where_the_goal_is_far(n: int, count: int) -> None:
    found = Measured.rate(count, n)
    assert found.chance(95) < 0.001 and verdict(95, found.low, found.high, n) == Verdict.BELOW
    assert found.chance(100 * count / n) == pytest.approx(1.0)
    assert Measured.rate(3, 19).chance(95) == 1.0


def test_a_row_below_its_goal_does_not_read_as_reached(db: None) -> None:
    team = make.make_team("Billing")
    found = Measured(19, 26, 73.08, 54.0, 86.3)
    words = {}
    for target in (73, 85):
        stretch = Stretch(FIRST, LAST, target)
        row = Attainment(Metric.TOLD, team, stretch, "team", target, found, ReportFilters(FIRST, LAST))
        words[target] = verdict_in_words(row)
    assert words[73].startswith("At the goal of 73")
    assert words[85].startswith("26 cannot tell whether the goal of 85")


def test_an_nps_is_judged_by_its_own_interval() -> None:
    found = Measured.score(60, 20, 20)
    assert found.value == 40 and found.count == 40
    assert verdict(60, found.low, found.high, found.n) == Verdict.BELOW
    assert found.chance(60) < 0.05 < found.chance(42)


# --- counting --------------------------------------------------------------------------------------------------

QUARTER = ReportFilters(day_from=FIRST, day_to=LAST)


@pytest.fixture
def company(db: None) -> User:
    """Random tickets of two teams, led by one person; goals for everybody, one that changed, one of a team."""
    throw_together(8, tickets=120, answers=150)
    lead = make.make_user("Tomás Ferreira")
    north, south = Team.objects.get(name="North"), Team.objects.get(name="South")
    for team in (north, south):
        make.make_member(team, lead, role="lead", capacity=0)
    chance = random.Random(2)
    survey = make.make_survey()
    for _ in range(50):
        day = TODAY - chance.randint(0, 50) * DAY
        make.make_invitation(survey=survey, day=day, state=chance.choice(["sent", "answered", "answered", "expired"]))
    rows = [
        ("told", None, 60, 100), ("told", None, 80, 15), ("told", north, 90, 30), ("nps", None, 20, 100),
        ("kept", south, 70, 100), ("recovery", None, 40, 100), ("response_rate", None, 50, 100), ("confirmed", None, 30, 100),
    ]  # fmt: skip
    for metric, whose, target, ago in rows:
        SetGoal.objects.create(metric=metric, team=whose, target=target, valid_from=TODAY - ago * DAY, set_at=NOW)
    return lead


@pytest.mark.parametrize("who", ["everybody", "lead"])
def test_every_figure_is_that_of_the_report_over_the_same_days(company: User, who: str) -> None:
    viewer = company if who == "lead" else None
    rows = goals_report(replace(QUARTER, viewer=viewer), now=NOW).rows
    assert {row.metric for row in rows} == set(Metric)
    assert len(rows) > 12
    for row in rows:
        assert row.filters.viewer == viewer
        assert (row.filters.day_from, row.filters.day_to) == (row.stretch.first, row.stretch.last)
        closure = metrics.closure_report(row.filters, now=NOW)
        count, n = {
            Metric.NPS: lambda: _nps(row.filters),  # noqa: B023
            Metric.KEPT: lambda: (closure.promises.kept.count, closure.promises.kept.of),  # noqa: B023
            Metric.RECOVERY: lambda: _recovered(row.filters),  # noqa: B023
            Metric.RESPONSE_RATE: lambda: _asked(row.filters),  # noqa: B023
        }.get(row.metric, lambda: (closure.counts[row.metric], closure.counts["due"]))()  # noqa: B023
        assert (row.measured.count, row.measured.n) == (count, n), row


def _nps(filters: ReportFilters) -> tuple[int, int]:
    found = metrics.nps_report(filters, now=NOW).nps
    return found.promoters - found.detractors, found.n


def _recovered(filters: ReportFilters) -> tuple[int, int]:
    found = metrics.recovery_report(filters, now=NOW)
    rate = found.recovered(Band.DETRACTOR)
    return rate.count, rate.of


def _asked(filters: ReportFilters) -> tuple[int, int]:
    found = metrics.response_rate_report(filters, now=NOW).together
    return found.answered, found.asked


def test_without_a_goal_of_first_contacts_that_of_the_policies_stands_in(company: User) -> None:
    rows = [row for row in goals_report(QUARTER, now=NOW).rows if row.metric == Metric.ON_TIME]
    assert rows and {(row.target, row.source) for row in rows} == {(80, "policy")}
    SetGoal.objects.create(metric="on_time", target=95, valid_from=TODAY - 200 * DAY, set_at=NOW)
    rows = [row for row in goals_report(QUARTER, now=NOW).rows if row.metric == Metric.ON_TIME]
    assert {(row.target, row.source) for row in rows} == {(95, "everybody")}


@pytest.mark.django_db
def test_the_report_has_its_tick_where_one_goal_holds(company: User) -> None:
    north = Team.objects.get(name="North").slug
    everybody = metrics.closure_report(QUARTER, now=NOW).goal
    assert everybody.targets == {"on_time": 80, "nps": 20, "recovery": 40, "response_rate": 50, "confirmed": 30}
    lately = replace(QUARTER, day_from=TODAY - 10 * DAY)
    assert metrics.closure_report(lately, now=NOW).goal.targets["told"] == 80
    assert metrics.closure_report(replace(lately, team=north), now=NOW).goal.targets["told"] == 90
    SetGoal.objects.create(metric="on_time", target=91, valid_from=FIRST, set_at=NOW)
    assert metrics.closure_report(QUARTER, now=NOW).goal.percent == 91
    given = client_of(company).get(f"/api/v1/reports/closure/?day_from={FIRST}&day_to={LAST}").json()
    assert given["goal_percent"] == 91 and given["goals"]["nps"] == 20


def test_the_number_of_queries_does_not_grow(company: User, django_assert_num_queries: Callable[..., Any]) -> None:
    with django_assert_num_queries(15):
        few = len(goals_report(QUARTER, now=NOW).rows)
    for n in range(6):
        team = make.make_team()
        SetGoal.objects.create(metric="told", team=team, target=50 + n, valid_from=TODAY - (n + 3) * DAY, set_at=NOW)
    throw_together(9, tickets=30, answers=30)
    with django_assert_num_queries(15):
        assert len(goals_report(QUARTER, now=NOW).rows) > few


# --- setting ---------------------------------------------------------------------------------------------------


@pytest.fixture
def team(db: None) -> Team:
    return make.make_team("Key accounts", lead=make.make_user("Tomás Ruiz", username="tomas"))


def lead_of(team: Team) -> User:
    return team.members.get(role="lead").user


def put(metric: str, team: Team | None, target: int | None, day: date, by: User) -> SetGoal | None:
    return set_goal(metric, team, target, valid_from=day, by=by, now=NOW)


def test_leads_set_goals_of_their_teams_and_administrators_everybodys(team: Team) -> None:
    lead, admin, agent = lead_of(team), make.make_admin(), make.make_user()
    make.make_member(team, agent)
    other = make.make_team("Elsewhere")
    assert put("told", team, 80, TODAY, lead)
    assert put("told", None, 80, TODAY, admin)
    assert put("told", other, 80, TODAY, admin)
    gone = make.make_admin("Gone Ever", is_active=False)
    for whose, by in ((None, lead), (other, lead), (team, agent), (None, gone)):
        with pytest.raises(Forbidden):
            put("told", whose, 81, TODAY, by)
    assert set(SetGoal.objects.values_list("target", flat=True)) == {80}


def test_days_that_were_judged_keep_their_goal(team: Team) -> None:
    lead, admin = lead_of(team), make.make_admin()
    assert put("told", None, 70, TODAY - 100 * DAY, admin)  # nothing was judged by another goal before
    for whose, by in ((None, admin), (team, lead)):
        with pytest.raises(Incomplete, match="keep the goal they had"):
            put("told", whose, 90, TODAY - DAY, by)
    assert put("told", team, 90, TODAY, lead)
    assert put("told", team, None, TODAY + 30 * DAY, lead)
    assert [row.target for row in stretches(list(SetGoal.objects.all()), "told", team.pk, FIRST, TODAY)] == [70, 90]


def test_done_twice_it_is_one_goal(team: Team) -> None:
    lead = lead_of(team)
    assert put("told", team, 80, TODAY, lead)
    assert put("told", team, 80, TODAY, lead) is None
    assert put("told", team, 80, TODAY + DAY, lead) is None
    assert SetGoal.objects.count() == 1


@pytest.mark.parametrize(
    ("metric", "target", "field"),
    [("told", 0, "target"), ("told", 101, "target"), ("nps", 101, "target"), ("nps", -101, "target"), ("told", None, "target"),
     ("response_rate", 40, "team"), ("revenue", 40, "metric")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(team: Team, metric: str, target: int | None, field: str) -> None:
    with pytest.raises(Incomplete) as refused:
        put(metric, team, target, TODAY, lead_of(team))
    assert field in refused.value.errors
    assert not SetGoal.objects.exists()


@pytest.mark.parametrize(("metric", "target"), [("told", 0), ("told", 101), ("nps", -101), ("nps", 200)])
def test_the_database_knows_the_scales_too(metric: str, target: int, team: Team) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        SetGoal.objects.create(metric=metric, target=target, valid_from=TODAY, set_at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        SetGoal.objects.create(metric="response_rate", team=team, target=50, valid_from=TODAY, set_at=NOW)


# --- the page --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("clock")
class TestPage:
    """/reports/goals/ and its twin in the API."""

    def test_it_is_for_leads(self, team: Team) -> None:
        agent = make.make_user()
        make.make_member(team, agent)
        for method in ("get", "post"):
            assert getattr(client_of(agent), method)("/reports/goals/").status_code == 404
        assert Client().get("/reports/goals/").status_code == 302
        assert client_of(lead_of(team)).get("/reports/goals/").status_code == 200
        assert client_of(agent).get("/api/v1/reports/goals/").status_code == 404

    def test_setting_one_and_reading_it(self, team: Team) -> None:
        client = client_of(lead_of(team))
        sent = {"metric": "told", "team": team.slug, "target": "85", "valid_from": str(TODAY)}
        answer = client.post("/reports/goals/", sent, follow=True)
        assert "The goal is set." in answer.content.decode()
        assert "Nothing to change" in client.post("/reports/goals/", sent, follow=True).content.decode()
        (made,) = SetGoal.objects.all()
        assert (made.target, made.team, made.set_by) == (85, team, lead_of(team))
        assert "85\u00a0%" in client.get("/reports/goals/").content.decode()

    @pytest.mark.parametrize(
        "sent",
        [
            {}, {"metric": "x"}, {"target": "many"}, {"target": "9" * 40}, {"valid_from": "1066-10-14"}, {"team": "no-such"},
            {"team": ""}, {"metric": "response_rate"}, {"target": "\x00"}, {"valid_from": "9999-12-31"}, {"target": "-5"},
        ],
    )  # fmt: skip
    def test_nonsense_is_refused_beside_the_field_and_kept(self, team: Team, sent: dict[str, str]) -> None:
        whole = {"metric": "told", "team": team.slug, "target": "85", "valid_from": str(TODAY)} | sent if sent else {}
        answer = client_of(lead_of(team)).post("/reports/goals/", whole)
        assert answer.status_code == 400
        assert "input-bad" in answer.content.decode()
        assert not SetGoal.objects.exists()

    def test_figures_open_what_they_counted_and_the_api_says_the_same(self, company: User) -> None:
        client = client_of(company)
        days = f"?day_from={FIRST}&day_to={LAST}"
        text = client.get(f"/reports/goals/{days}").content.decode()
        report = goals_report(replace(QUARTER, viewer=company), now=NOW)
        assert client.get(f"/api/v1/reports/goals/{days}").json() == json.loads(json.dumps(report.as_dict()))
        hrefs = {found.href for found in anchors(text)}
        checked = 0
        for row, laid_out in zip(report.rows, goal_rows(report), strict=True):
            assert not row.measured.n or laid_out.href in hrefs
            if row.metric in (Metric.TOLD, Metric.CONFIRMED, Metric.ON_TIME, Metric.RECOVERY):
                assert counted_behind(laid_out.href, company) == row.measured.count
                checked += 1
            elif row.metric == Metric.KEPT:
                assert client.get(laid_out.href).context["page"].n == row.measured.count
            elif row.metric == Metric.NPS:
                assert counted_behind(laid_out.href, company) == row.measured.n
                checked += 1
            elif row.metric == Metric.RESPONSE_RATE:
                listed = client.get(laid_out.href).content.decode()
                answered = Invitation.objects.filter(state="answered", day__gte=FIRST, day__lte=LAST).count()
                assert row.measured.count == answered and f">{answered} invitations<" in listed
        assert checked > 8

    def test_a_lead_sees_nothing_of_other_teams(self, company: User) -> None:
        other = make.make_team("Elsewhere")
        SetGoal.objects.create(metric="told", team=other, target=77, valid_from=FIRST, set_at=NOW)
        rows = goals_report(replace(QUARTER, viewer=company), now=NOW).rows
        assert {row.team.name for row in rows if row.team} == {"North", "South"}
        assert {row.metric for row in rows if row.team is None} == {Metric.RESPONSE_RATE}
        assert "77\u00a0%" not in client_of(company).get("/reports/goals/").content.decode()


def test_a_week_of_the_future_is_no_harm(db: None) -> None:
    ahead = ReportFilters(day_from=TODAY + DAY, day_to=TODAY + timedelta(days=9))
    SetGoal.objects.create(metric="nps", target=20, valid_from=FIRST, set_at=NOW)
    rows = goals_report(ahead, now=NOW).rows
    assert rows and {(row.verdict, row.measured.n) for row in rows} == {(Verdict.FEW, 0)}
