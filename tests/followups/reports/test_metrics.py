"""Every figure against a naive recount, over whose eyes it is for, and at a constant number of queries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from followups.models import Member, Team, Ticket
from followups.reports import metrics
from followups.reports.metrics import ReportFilters
from surveys.models import Response
from tests import factories as make
from tests.factories import DAY, HOUR, NOW
from tests.followups.reports import recount
from tests.followups.reports.lives import throw_together

pytestmark = pytest.mark.django_db

TODAY = NOW.date()
QUARTER = ReportFilters(TODAY - timedelta(days=45), TODAY)


def loops(filters: ReportFilters, keep: Callable[[Ticket], bool] = lambda _: True) -> list[recount.Loop]:
    tickets = Ticket.objects.select_related("response__touchpoint", "team").order_by("pk")
    return [
        recount.Loop(ticket, NOW)
        for ticket in tickets
        if filters.day_from <= ticket.day <= filters.day_to and keep(ticket)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_every_figure_of_a_cohort_equals_a_naive_recount_and_opens_its_tickets(seed: int) -> None:
    throw_together(seed)
    known = loops(QUARTER)
    report = metrics.closure_report(QUARTER, now=NOW)
    expected = recount.tickets_of(known)
    assert {name: len(tickets) for name, tickets in expected.items()} == dict(report.counts.by_name)
    for name, tickets in expected.items():
        assert set(metrics.figure_queryset(name, QUARTER, now=NOW).values_list("pk", flat=True)) == tickets, name

    counts, held = recount.promises_of(known, NOW)
    for name, n in report.promises.by_name.items():
        assert n == counts[name], name
        opened = set(metrics.figure_queryset(name, QUARTER, now=NOW).values_list("pk", flat=True))
        assert opened == held.get(name, set()), name

    causes = recount.causes_of(known)
    assert {cause.slug: cause.tickets for cause in report.causes} == {slug: len(t) for slug, t in causes.items()}
    for slug, tickets in causes.items():
        opened = set(metrics.figure_queryset(f"cause-{slug}", QUARTER, now=NOW).values_list("pk", flat=True))
        assert opened == tickets


@pytest.mark.parametrize("seed", range(3))
def test_periods_add_up_to_the_cohort(seed: int) -> None:
    throw_together(seed)
    report = metrics.closure_report(QUARTER, now=NOW)
    for name, n in report.counts.by_name.items():
        assert sum(counts[name] for _, counts in report.by_period) == n, name
    for period, counts in report.by_period:
        within = QUARTER.between(period.first, period.last)
        assert metrics.figure_queryset("due", within, now=NOW).count() == counts["due"]


def test_the_places_of_a_cohort_add_up_and_so_do_the_ends_of_what_is_due() -> None:
    throw_together(7, tickets=120)
    counts = metrics.closure_report(QUARTER, now=NOW).counts
    assert counts["cohort"] == counts["counted"] + counts["beside"]
    assert counts["counted"] == counts["due"] + counts["not_due"]
    assert counts["due"] == counts["declared"] + counts["dismissed"] + counts["still_open"]
    assert counts["due"] == counts["on_time"] + counts["contacted_later"] + counts["not_contacted"]
    assert counts["told"] == counts["told_settled"] + counts["told_not_yet"] + counts["told_silent"]
    assert counts["declared"] == counts["told"] + counts["not_told"]
    columns = ("confirmed", "told_unconfirmed", "declared_only", "unfinished")
    assert counts["counted"] == sum(counts[name] for name in columns)


@pytest.mark.parametrize("seed", range(3))
def test_filters_narrow_figures_as_a_loop_over_all_rows_does(seed: int) -> None:
    throw_together(seed)
    south = Team.objects.get(name="South")
    invoice = Response.objects.filter(touchpoint__name="Invoice").first()
    assert invoice and invoice.touchpoint
    cases: list[tuple[ReportFilters, Callable[[Ticket], bool]]] = [
        (replace(QUARTER, band="passive"), lambda t: t.band == "passive"),
        (replace(QUARTER, team=south.slug), lambda t: t.team == south),
        (replace(QUARTER, segment="Mid market"), lambda t: t.response.segment == "Mid market"),
        (replace(QUARTER, touchpoint=invoice.touchpoint.slug), lambda t: t.response.touchpoint == invoice.touchpoint),
        (replace(QUARTER, survey_kind="transactional"), lambda t: t.response.survey_kind == "transactional"),
    ]
    for filters, keep in cases:
        expected = {name: len(found) for name, found in recount.tickets_of(loops(filters, keep)).items()}
        assert dict(metrics.closure_report(filters, now=NOW).counts.by_name) == expected, filters


@pytest.mark.parametrize("seed", range(3))
def test_nps_equals_a_naive_recount_by_period_touchpoint_segment_and_kind(seed: int) -> None:
    throw_together(seed, answers=200)
    rows = [r for r in Response.objects.select_related("touchpoint") if QUARTER.day_from <= r.day <= QUARTER.day_to]
    report = metrics.nps_report(QUARTER, now=NOW)

    def same(scores: metrics.Scores, kept: list[Response]) -> None:
        known = scores.as_dict()
        assert {name: known[name] for name in ("n", "promoters", "passives", "detractors", "nps")} == recount.nps_of(
            kept
        )

    same(report.scores, rows)
    assert report.n_excluded == sum(row.excluded_as != "" for row in rows)
    for period, scores in report.by_period:
        same(scores, [row for row in rows if period.first <= row.day <= period.last])
    for group in report.by_touchpoint:
        same(group.scores, [row for row in rows if (row.touchpoint.slug if row.touchpoint else "") == group.slug])
    for group in report.by_segment:
        same(group.scores, [row for row in rows if row.segment == group.slug])
    for group in report.by_kind:
        same(group.scores, [row for row in rows if row.survey_kind == group.slug])
    before = [r for r in Response.objects.all() if QUARTER.before().day_from <= r.day < QUARTER.day_from]
    same(report.before, before)


def test_under_twenty_answers_there_is_no_figure() -> None:
    for score in (10,) * 19:
        make.make_response(score)
    assert metrics.nps_report(QUARTER, now=NOW).as_dict()["nps"] is None
    make.make_response(10)
    known = metrics.nps_report(QUARTER, now=NOW).as_dict()
    assert (known["nps"], known["n"]) == (100.0, 20)
    assert known["low"] < 100


def test_an_answer_belongs_to_its_owners_team_else_to_its_touchpoints_else_to_the_default_team() -> None:
    north = make.make_team("North", is_default=True)
    south = make.make_team("South")
    invoice, other = make.make_touchpoint("Invoice"), make.make_touchpoint("Other")
    south.touchpoints.add(invoice)
    by_owner = make.make_response(9, touchpoint=invoice, team_id_then=north.pk)
    by_touchpoint = make.make_response(9, touchpoint=invoice)
    the_rest = [make.make_response(9, touchpoint=other), make.make_response(9, touchpoint=None)]
    of = {team: set(replace(QUARTER, team=team.slug).answers()) for team in (north, south)}
    assert of[north] == {by_owner, *the_rest}
    assert of[south] == {by_touchpoint}


def test_handing_a_ticket_over_moves_no_answer_into_another_teams_nps() -> None:
    north, south = make.make_team("North", is_default=True), make.make_team("South")
    response = make.make_response(2)
    make.make_ticket(response, team=south)
    assert list(replace(QUARTER, team=north.slug).answers()) == [response]
    assert not replace(QUARTER, team=south.slug).answers().exists()


# --- what changes a figure, and what must not ------------------------------------------------------------------


def due(**fields: Any) -> Ticket:
    return make.make_ticket(resolution_due_at=NOW - HOUR, **fields)


def test_a_dismissal_stays_in_the_rates_until_a_lead_approves_it_as_a_duplicate() -> None:
    ticket = make.make_ticket(state="dismissed", dismissed_as="duplicate")
    assert metrics.closure_report(QUARTER, now=NOW).counts["due"] == 1
    request = make.make_dismissal_request(ticket, approved=False)
    assert metrics.closure_report(QUARTER, now=NOW).counts["due"] == 1
    request.approved = True
    request.save()
    counts = metrics.closure_report(QUARTER, now=NOW).counts
    assert (counts["due"], counts["removed"]) == (0, 1)


def test_dismissed_as_nobody_to_reach_does_not_leave_the_rates() -> None:
    """Only what was known when the answer came puts a ticket beside the rates, else dismissing would improve them."""
    ticket = make.make_ticket(state="dismissed", dismissed_as="nobody_to_reach")
    make.make_dismissal_request(ticket, reason="nobody_to_reach", approved=True)
    counts = metrics.closure_report(QUARTER, now=NOW).counts
    assert (counts["due"], counts["dismissed"], counts["told"]) == (1, 1, 0)


def test_what_is_not_due_is_neither_closed_nor_open() -> None:
    make.make_ticket(state="resolved", told_at=NOW, resolution_due_at=NOW + HOUR)
    counts = metrics.closure_report(QUARTER, now=NOW).counts
    assert (counts["not_due"], counts["due"], counts["declared"], counts["told"]) == (1, 0, 0, 0)
    later = metrics.closure_report(QUARTER, now=NOW + HOUR).counts
    assert (later["not_due"], later["due"], later["declared"], later["told"]) == (0, 1, 1, 1)


def test_silence_is_never_counted_as_confirmed() -> None:
    for closing in ("unconfirmed", "not_asked", "agreed_to_differ"):
        due(state="closed", closed_as=closing, told_at=NOW)
    due(state="closed", closed_as="confirmed", told_at=NOW)
    counts = metrics.closure_report(QUARTER, now=NOW).counts
    assert (counts["declared"], counts["told"], counts["confirmed"]) == (4, 4, 1)


def test_a_talk_before_anything_was_done_tells_nobody() -> None:
    due(state="contacted", told_at=NOW)
    assert metrics.closure_report(QUARTER, now=NOW).counts["told"] == 0


def test_first_contact_counts_against_the_deadline_of_the_first_cycle_only() -> None:
    ticket = due(state="resolved", cycle=1, first_contact_at=NOW)
    make.make_deadline(ticket, cycle=0, due_at=NOW - DAY, met_at=NOW)
    make.make_deadline(ticket, cycle=1, due_at=NOW + DAY, met_at=NOW)
    counts = metrics.closure_report(QUARTER, now=NOW).counts
    assert (counts["on_time"], counts["contacted_later"]) == (0, 1)


def test_dismissing_those_who_wait_does_not_shorten_the_time_to_first_contact() -> None:
    for hours in (10, 20, 30):
        ticket = make.make_ticket(answer={"responded_at": NOW - 5 * DAY})
        ticket.first_contact_at = ticket.responded_at + hours * HOUR
        ticket.save()
    waiting = [make.make_ticket(answer={"responded_at": NOW - 5 * DAY}) for _ in range(4)]
    before = metrics.closure_report(QUARTER, now=NOW)
    Ticket.objects.filter(pk__in=[t.pk for t in waiting]).update(state="dismissed", dismissed_as="abuse")
    after = metrics.closure_report(QUARTER, now=NOW)
    assert before.median_seconds is None
    assert after.first_contact == before.first_contact


def test_a_moved_promise_is_moved_and_an_untold_one_is_none() -> None:
    ticket = make.make_ticket(owner=make.make_user())
    first = NOW - DAY
    make.make_action(ticket, first_promised_at=first, state="done", done_at=first)
    make.make_action(ticket, first_promised_at=first, due_at=NOW + DAY)
    make.make_action(ticket, first_promised_at=first, due_at=NOW, state="done", done_at=first - HOUR)
    make.make_action(ticket, due_at=first)
    make.make_action(ticket, first_promised_at=NOW + DAY)
    promises = metrics.closure_report(QUARTER, now=NOW).promises
    assert (promises["promises"], promises["promises_kept"], promises["promises_moved"]) == (3, 2, 1)


def test_a_promise_moved_after_its_date_is_broken_and_not_moved() -> None:
    ticket = make.make_ticket(owner=make.make_user())
    first = NOW - DAY
    for moved_at, done_at in ((first, None), (first + HOUR, None), (first + HOUR, NOW)):
        state = "done" if done_at else "open"
        action = make.make_action(ticket, first_promised_at=first, due_at=NOW + DAY, state=state, done_at=done_at)
        action.moves.create(from_at=first, to_at=NOW + DAY, reason="More was broken.", happened_at=moved_at)
    promises = metrics.closure_report(QUARTER, now=NOW).promises
    counts = {name: promises[name] for name in ("promises_moved", "promises_broken", "promises_later")}
    assert counts == {"promises_moved": 1, "promises_broken": 1, "promises_later": 1}


# --- whose eyes ------------------------------------------------------------------------------------------------


def test_everybody_counts_what_they_may_see() -> None:
    agent, lead, outsider = make.make_user(), make.make_user(), make.make_user()
    north = make.make_team("North", lead=lead, agents=(agent,), is_default=True)
    south = make.make_team("South", agents=(outsider,))
    make.make_ticket(team=north)
    make.make_ticket(team=south, answer={"team_id_then": south.pk})
    make.make_ticket(team=south, answer={"team_id_then": south.pk})

    def seen(viewer: Any) -> tuple[int, int]:
        filters = replace(QUARTER, viewer=viewer)
        return metrics.closure_report(filters, now=NOW).counts["cohort"], metrics.nps_report(filters, now=NOW).nps.n

    assert seen(agent) == seen(lead) == (1, 1)
    assert seen(outsider) == (2, 2)
    assert seen(make.make_admin()) == seen(None) == (3, 3)
    assert seen(make.make_user()) == (0, 0)
    assert seen(make.make_admin(is_active=False)) == (0, 0)


def test_asking_for_another_team_shows_nothing_of_it() -> None:
    agent = make.make_user()
    make.make_team("North", agents=(agent,), is_default=True)
    south = make.make_team("South")
    make.make_ticket(team=south, answer={"team_id_then": south.pk})
    filters = replace(QUARTER, viewer=agent, team=south.slug)
    assert metrics.closure_report(filters, now=NOW).counts["cohort"] == 0
    assert metrics.nps_report(filters, now=NOW).nps.n == 0


def test_people_add_up_to_what_has_an_owner() -> None:
    throw_together(3)
    counts = metrics.closure_report(QUARTER, now=NOW)
    people = metrics.people_report(QUARTER, now=NOW)
    owned = metrics.figure_queryset("due", QUARTER, now=NOW).filter(owner__isnull=False, team__isnull=False).count()
    assert sum(person.counts["due"] for person in people) == owned
    assert [person.user.name for person in people] == sorted(person.user.name for person in people)
    assert counts.at_work >= sum(person.at_work for person in people)


def test_an_agent_sees_no_table_of_colleagues() -> None:
    agent, lead = make.make_user(), make.make_user()
    make.make_team("North", lead=lead, agents=(agent,))
    assert metrics.people_report(replace(QUARTER, viewer=agent), now=NOW) == ()
    assert [p.user for p in metrics.people_report(replace(QUARTER, viewer=lead), now=NOW)] == [agent]


def test_figures_about_now_are_of_every_day_and_of_age_by_the_answer() -> None:
    owner = make.make_user()
    for days in (0, 3, 40, 400):
        at = NOW - days * DAY
        make.make_ticket(owner=owner, answer={"responded_at": at}, due_at=NOW - HOUR if days > 30 else NOW + HOUR)
    make.make_ticket(owner=owner, state="waiting_on_customer")
    make.make_ticket(state="assigned")
    report = metrics.closure_report(QUARTER, now=NOW)
    assert (report.at_work, report.late, report.waiting, report.unassigned) == (4, 2, 1, 1)
    assert [age.at_work for age in report.ages] == [1, 1, 0, 0, 0, 2]
    assert [age.late for age in report.ages] == [0, 0, 0, 0, 0, 2]
    for age in report.ages:
        oldest, newest = age.days(TODAY)
        opened = metrics.figure_queryset("at_work", QUARTER, now=NOW).filter(day__lte=newest)
        assert opened.filter(day__gte=oldest or date.min).count() == age.at_work


def test_a_name_that_is_no_figure_is_refused() -> None:
    assert not metrics.is_figure("revenue")
    with pytest.raises(KeyError):
        metrics.figure_queryset("revenue", QUARTER, now=NOW)


def test_the_number_of_queries_does_not_grow(django_assert_num_queries: Any) -> None:
    lead = make.make_user()
    make.make_team("West", lead=lead)
    for size in (5, 80):
        throw_together(size, tickets=size, answers=size)
        Member.objects.filter(user=lead).delete()
        for team in Team.objects.all():
            make.make_member(team, lead, role=Member.Role.LEAD)
        filters = replace(QUARTER, viewer=lead)
        Team.objects.filter(is_default=True).update(is_default=False)
        with django_assert_num_queries(11):
            metrics.closure_report(filters, now=NOW)
        with django_assert_num_queries(9):
            metrics.nps_report(filters, now=NOW)
        with django_assert_num_queries(8):
            metrics.people_report(filters, now=NOW)
