"""Invitations by day, survey, touchpoint and what became of them, of whole days, and read again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Count, Q, QuerySet

from followups.models import InvitationTally
from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.ways import WITHOUT
from followups.reports.rollups.days import Span, within
from followups.reports.rollups.layout import Layout
from surveys.models import Invitation


def can_be_read(filters: ReportFilters) -> bool:
    """Whether kept counts know everything that narrows these invitations."""
    return not (filters.segment or filters.region) and filters.account is None and filters.account_owner is None


def read(filters: ReportFilters, good: Iterable[Span]) -> QuerySet[InvitationTally]:
    """The kept rows of the days, of the touchpoint and kind of survey asked for."""
    tallies = InvitationTally.objects.filter(within(good))
    if filters.touchpoint == WITHOUT:
        tallies = tallies.filter(touchpoint=None)
    elif filters.touchpoint:
        tallies = tallies.filter(touchpoint__slug=filters.touchpoint)
    return tallies.filter(survey__kind=filters.survey_kind) if filters.survey_kind else tallies


def size_of(days: Q) -> QuerySet[Invitation]:
    """What has to be read to count these days."""
    return Invitation.objects.filter(days)


def count(
    days: Q, layout: Layout, *, now: datetime
) -> tuple[list[InvitationTally], dict[date, tuple[str, ...]], dict[date, tuple[datetime | None, datetime | None]]]:
    """The kept rows of the days. One query."""
    columns = ("day", "survey_id", "touchpoint_id", "state", "stopped_by")
    rows = Invitation.objects.filter(days).order_by().values_list(*columns).annotate(n=Count("pk"))
    tallies = [
        InvitationTally(
            day=day, survey_id=survey, touchpoint_id=touchpoint, state=state, stopped_by=rule, invitations=n
        )
        for day, survey, touchpoint, state, rule, n in rows.iterator(chunk_size=5_000)
    ]
    return tallies, {}, {}
