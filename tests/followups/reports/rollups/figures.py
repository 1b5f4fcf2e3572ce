"""Every figure that rollups may answer, for several cohorts: as a report shows them, and from the rows alone."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from django.http import QueryDict

from followups.models import Member, RollupMark, Team
from followups.reports import answers_page, metrics
from followups.reports.metrics import ReportFilters, way_of
from followups.reports.metrics.attainment import goals_report
from followups.reports.metrics.ways import NAMES
from followups.reports.rollups import keeping
from nps_loop.people.models import User
from surveys.models import Account, ReportableAttribute, Touchpoint
from tests.factories import NOW

TODAY = NOW.date()
ASKED = ("", "band=detractor", "score=9", "score=9&band=passive", "excluded=1", "excluded=1&score=3", "decided=no_rule")
# Those that are read in a way of their own.
OF_TICKETS = ("team", "person", "touchpoint", "segment", "account", "business_unit", "brand", "attribute:plan")
QUARTER = ReportFilters(TODAY - timedelta(days=45), TODAY)
LAST_WEEKS = ReportFilters(TODAY - timedelta(days=20), TODAY - timedelta(days=3))


def cohorts() -> list[ReportFilters]:
    """Of everybody's eyes, and narrowed every way that can be kept, and some that cannot."""
    team, touchpoint = Team.objects.order_by("pk").first(), Touchpoint.objects.order_by("pk").first()
    assert team is not None and touchpoint is not None
    people = [User.objects.get(pk=member.user_id) for member in Member.objects.order_by("pk")[:3]]
    owner = User.objects.exclude(pk__in=[person.pk for person in people]).order_by("pk").first()
    account = Account.objects.order_by("pk").last()
    declared = ReportableAttribute.objects.first()
    return [
        QUARTER,
        LAST_WEEKS,
        replace(QUARTER, team=team.slug),
        replace(QUARTER, band="passive"),
        replace(QUARTER, touchpoint=touchpoint.slug),
        replace(QUARTER, touchpoint="-"),
        replace(QUARTER, touchpoint=touchpoint.slug, team=team.slug, band="detractor"),
        replace(QUARTER, segment="Mid market"),
        replace(QUARTER, segment="-"),
        replace(QUARTER, survey_kind="transactional"),
        replace(QUARTER, product="Planner", region="Nordics"),
        replace(QUARTER, business_unit="Freight"),
        replace(QUARTER, brand="-"),
        replace(QUARTER, account=account.pk if account else 1),
        replace(QUARTER, account_owner=owner.pk if owner else 1),
        replace(QUARTER, attributes=((declared.name if declared else "plan", "pro"),)),
        *(replace(QUARTER, viewer=person) for person in people),
        replace(LAST_WEEKS, viewer=people[0], segment="Mid market"),
    ]


def figures(filters: ReportFilters, now: datetime = NOW) -> dict[str, Any]:
    """Everything that is shown of a cohort. Curves are exact, there being few tickets."""
    ways = [*NAMES, *(f"attribute:{name}" for name in ReportableAttribute.objects.values_list("name", flat=True))]
    reports = {
        "nps": metrics.nps_report(filters, now=now, by=ways),
        "closure": metrics.closure_report(filters, now=now),
        "recovery": metrics.recovery_report(filters, now=now),
        "asked": metrics.response_rate_report(filters, now=now),
        "times": metrics.times_report(filters, now=now),
        "causes": metrics.causes_report(filters, now=now),
        "touchpoints": metrics.touchpoints_report(filters, "before", now=now),
        "worth": metrics.worth_report(filters, now=now),
        "reopening": metrics.reopening_report(filters, now=now),
        "goals": goals_report(filters, now=now),
    }
    return {
        **{f"{name}: {what}": value for name, report in reports.items() for what, value in report.as_dict().items()},
        "goal": reports["closure"].goal,
        "answers behind": [answers_page.how_many(filters, QueryDict(asked), now=now) for asked in ASKED],
        **{f"accounts {name}": _companies(filters, name, now) for name in ("", "saved_due")},
        "people": [(p.user.pk, p.counts, p.at_work) for p in metrics.people_report(filters, now=now)],
        **{f"by {name}": metrics.closure_groups(filters, way_of(name), now=now) for name in OF_TICKETS},
    }


def _companies(filters: ReportFilters, figure: str, now: datetime) -> Any:
    found = metrics.accounts_report(filters, figure, now=now)
    return found.n, found.as_dict(())["accounts"]


@contextmanager
def from_rows_only() -> Any:
    """No day is kept."""
    with patch("followups.reports.rollups.days.good_days", return_value={}):
        yield


def same_either_way(some: list[ReportFilters], now: datetime = NOW) -> None:
    """The figures of these cohorts are those of the rows alone."""
    for filters in some:
        shown = figures(filters, now)
        with from_rows_only():
            right = figures(filters, now)
        for name in right:
            assert shown[name] == right[name], (name, filters)


def count_everything(now: datetime = NOW) -> None:
    """Keep every day there is, and leave no mark."""
    keeping.rebuild(now=now)
    assert not RollupMark.objects.exists()
