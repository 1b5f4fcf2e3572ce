"""Causes, touchpoints, accounts, waits and the time before, each against a recount the plain way."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from followups.models import Resolution, RootCause, Ticket
from followups.reports import metrics
from followups.reports.metrics.figures import figure_of
from surveys.models import Account, Response
from tests import factories as make
from tests.factories import DAY, HOUR, NOW
from tests.followups.reports.lives import throw_together
from tests.followups.reports.recount import Loop, nps_of

pytestmark = pytest.mark.django_db
QUARTER = metrics.ReportFilters(date(2026, 8, 27), date(2026, 11, 24))


@pytest.fixture
def loops() -> list[Loop]:
    throw_together(8, tickets=70, answers=120)
    closed = Ticket.objects.filter(state__in=("resolved", "closed"))
    closed.filter(pk__in=list(closed.values_list("pk", flat=True))[::2]).update(resolved_at=NOW - 3 * DAY)
    area = make.make_root_cause("Delivery")
    for cause in RootCause.objects.exclude(pk=area.pk)[:3]:
        cause.parent = area
        cause.save()
    make.make_resolution(make.make_ticket(state="closed", resolution_due_at=NOW), area)
    return [Loop(ticket, NOW) for ticket in Ticket.objects.select_related("response__touchpoint")]


def cause_of(loop: Loop) -> RootCause | None:
    found = Resolution.objects.filter(
        ticket=loop.ticket, cycle=loop.ticket.cycle, voided_at=None, root_cause__isnull=False
    )
    resolution = found.select_related("root_cause__parent").first()
    return resolution.root_cause if resolution and loop.declared else None


def numbers_of(figure: str, filters: metrics.ReportFilters = QUARTER) -> set[int]:
    return set(figure_of(filters.tickets(), figure, now=NOW).values_list("pk", flat=True))


def test_causes_on_both_levels_equal_a_recount_and_open_their_tickets(loops: list[Loop]) -> None:
    found = metrics.causes_report(QUARTER, now=NOW)
    given = {loop.ticket.pk: cause for loop in loops if (cause := cause_of(loop))}
    areas = Counter((cause.parent or cause).slug for cause in given.values())
    assert found.known == len(given) > 4
    assert found.declared == sum(loop.declared for loop in loops)
    assert dict(found.areas()) == areas
    for area, n in found.areas():
        below = Counter(cause.slug for cause in given.values() if (cause.parent or cause).slug == area)
        assert dict(found.below(area)) == below
        assert len(numbers_of(f"causes-{area}")) == n
        for slug, own in below.items():
            assert len(numbers_of(f"cause-{slug}")) == own
    assert numbers_of("with_cause") == set(given)
    assert numbers_of("without_cause") == {loop.ticket.pk for loop in loops if loop.declared} - set(given)
    area, slug = found.areas()[0][0], next(iter(given.values())).slug
    assert numbers_of(f"causes_but-{area}") == {
        pk for pk, cause in given.items() if area not in (cause.slug, cause.parent and cause.parent.slug)
    }
    assert numbers_of(f"cause_but-{slug}.nothing") == {pk for pk, cause in given.items() if cause.slug != slug}
    by_touchpoint = Counter(
        (cause.slug, loop.ticket.response.touchpoint.slug if loop.ticket.response.touchpoint else "")  # type: ignore[union-attr]
        for loop in loops
        if (cause := given.get(loop.ticket.pk))
    )
    assert found.by("cause", "touchpoint") == by_touchpoint
    assert sum(row["tickets"] for row in found.as_dict()["by_band"]) == found.known


def test_stretches_of_waiting_add_up_to_all(loops: list[Loop]) -> None:
    make.make_ticket(score=2, first_contact_at=NOW - 2 * DAY, answer={"responded_at": NOW - DAY})
    stretches = [metrics.Stretch(*ends) for ends in ((0, 24), (24, 48), (48, 120), (120, None))]
    resolved = {loop.ticket.pk for loop in loops if loop.counted and loop.ticket.state in ("resolved", "closed")}
    dated = {pk for pk in resolved if (row := Ticket.objects.get(pk=pk)).resolved_at or row.closed_at}
    assert numbers_of("resolved-0-") == dated
    assert numbers_of("resolved-0-") | numbers_of("unresolved-0-") == numbers_of("counted")
    pairs = (("spoken", "spoken_to"), ("unspoken", "never_spoken_to"), ("resolved", "resolved-0-"))
    for happened, whole in (*pairs, ("unresolved", "unresolved-0-")):
        parts = [numbers_of(stretch.named(happened)) for stretch in stretches]
        assert set.union(*parts) == numbers_of(whole)
        assert sum(map(len, parts)) == len(numbers_of(whole))
    for loop in loops:
        ticket = loop.ticket
        if not loop.counted:
            continue
        waited = (ticket.first_contact_at or NOW) - ticket.responded_at
        place = next(i for i, each in enumerate(stretches) if each.end is None or waited < each.end * HOUR)
        happened = "spoken" if ticket.first_contact_at else "unspoken"
        assert ticket.pk in numbers_of(stretches[place].named(happened))


@pytest.mark.parametrize("name", ["spoken-x-1", "spoken--", "spoken-1", "unspoken-1-2-3", "spoken-999999-"])
def test_a_stretch_that_is_none_is_no_figure(name: str) -> None:
    assert not metrics.is_figure(name)


def test_each_touchpoint_equals_a_recount(loops: list[Loop], django_assert_num_queries: Any) -> None:
    filters = replace(QUARTER, day_from=date(2026, 11, 1))
    with django_assert_num_queries(14):
        found = metrics.touchpoints_report(filters, "before", now=NOW)
    assert len(found.touchpoints) == 4
    for each in found.touchpoints:
        own = (
            Response.objects.filter(touchpoint__slug=each.slug)
            if each.slug
            else Response.objects.filter(touchpoint=None)
        )
        now = nps_of(own.filter(day__gte=date(2026, 11, 1)))
        before = nps_of(own.filter(day__gte=date(2026, 10, 8), day__lt=date(2026, 11, 1)))
        assert (each.scores.nps.n, each.before.nps.n) == (now["n"], before["n"])
        assert each.scores.as_dict()["nps"] == now["nps"]
        assert each.counts["due"] == sum(
            loop.due
            for loop in loops
            if loop.ticket.day >= date(2026, 11, 1)
            and (loop.ticket.response.touchpoint or make).__dict__.get("slug", "") == each.slug  # type: ignore[union-attr]
        )
    assert found.as_dict()["touchpoints"]


def test_a_change_holds_only_where_it_holds_with_all_compared() -> None:
    """Eight touchpoints change a little, one by much: alone each little one might pass, together only the large one."""
    for n in range(9):
        touchpoint = make.make_touchpoint()
        for i in range(40):
            was = 9 if i < 20 else 3
            now = was if n else (9 if i < 2 else 3)
            make.make_response(was, touchpoint=touchpoint, responded_at=NOW - 60 * DAY)
            make.make_response(now, touchpoint=touchpoint, responded_at=NOW - 2 * DAY)
    filters = metrics.ReportFilters(NOW.date() - timedelta(days=40), NOW.date())
    found = metrics.touchpoints_report(filters, "before", now=NOW)
    assert found.compared == 9
    assert [each.is_sure for each in found.touchpoints].count(True) == 1
    assert next(each for each in found.touchpoints if each.is_sure).change.value == pytest.approx(-90)
    nothing = metrics.touchpoints_report(filters, "none", now=NOW)
    assert (nothing.compared, nothing.before) == (0, None)


def test_the_time_before_is_as_long_and_a_year_is_whole_weeks() -> None:
    before = metrics.earlier(QUARTER, "before")
    year = metrics.earlier(QUARTER, "year")
    assert before is not None and year is not None
    assert (before.day_from, before.day_to) == (date(2026, 5, 29), date(2026, 8, 26))
    assert (year.day_from.weekday(), year.day_to) == (QUARTER.day_from.weekday(), date(2025, 11, 25))
    assert metrics.earlier(QUARTER, "none") is None
    assert metrics.earlier(replace(QUARTER, day_from=date(1, 1, 3)), "year") is None


def test_the_time_before_is_counted_as_that_time_itself(loops: list[Loop], django_assert_num_queries: Any) -> None:
    filters = replace(QUARTER, day_from=date(2026, 11, 1))
    with django_assert_num_queries(6):
        found = metrics.earlier_report(filters, "before", now=NOW)
    assert found is not None
    own = metrics.closure_report(found.filters, now=NOW)
    assert found.counts.by_name == own.counts.by_name
    assert found.scores == metrics.nps_report(found.filters, now=NOW).scores
    assert sum(counts["cohort"] for _, _, counts in found.by_period) == own.counts["cohort"] > 0
    assert len(found.by_period) == len(metrics.periods(filters.day_from, filters.day_to))


def test_companies_are_counted_and_their_last_scores_read_newest_first(django_assert_num_queries: Any) -> None:
    large, small, happy = (make.make_account(annual_value=value) for value in (90_000, None, 500_000))
    for account, scores in ((large, (2, 9, 7, 3, 10, 8)), (small, (1,)), (happy, (9, 10))):
        for i, score in enumerate(scores):
            contact = make.make_contact(account=account)
            response = make.make_response(score, contact=contact, responded_at=NOW - (50 - i) * DAY)
            if score < 4:
                make.make_ticket(response, state="closed" if score == 3 else "assigned")
    found = metrics.accounts_of(QUARTER, now=NOW)
    assert set(found) == {large, small}
    with django_assert_num_queries(3):
        first, second = metrics.at_accounts([large, small], QUARTER)
    assert (first.detractors, first.answers, first.latest) == (2, 6, (8, 10, 3, 7, 9))
    assert (first.open_detractors, first.open_tickets) == (1, 1)
    assert (second.detractors, second.latest, second.open_tickets) == (1, (1,), 1)
    assert Account.objects.count() == 3
    assert set(metrics.accounts_of(QUARTER, "at_risk", now=NOW)) == {large, small}
    assert not metrics.accounts_of(QUARTER, "saved_due", now=NOW)
