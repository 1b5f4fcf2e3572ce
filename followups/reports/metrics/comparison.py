"""The same cohort at another time, to compare with: as many days just before, or the same weeks a year ago."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from followups.reports.metrics.answers import Scores, scores_of
from followups.reports.metrics.closure import Counts
from followups.reports.metrics.counting import TicketCohort, kept_answers, score_counts
from followups.reports.metrics.filters import DAY, ReportFilters
from followups.reports.metrics.periods import Period, periods

# Whole weeks, so that a Monday is compared with a Monday.
A_YEAR = timedelta(weeks=52)


class Compare(TextChoices):
    """What a report is compared with."""

    BEFORE = "before", _("The days before")
    YEAR = "year", _("A year earlier")
    NONE = "none", _("Nothing")


def earlier(filters: ReportFilters, compare: str) -> ReportFilters | None:
    """The cohort to compare with: as many days just before, the same days 52 weeks earlier, or none.

    None as well where the calendar does not go back so far.
    """
    if compare == Compare.NONE:
        return None
    back = A_YEAR if compare == Compare.YEAR else filters.day_to - filters.day_from + DAY
    try:
        return replace(filters, day_from=filters.day_from - back, day_to=filters.day_to - back)
    except OverflowError:
        return None


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was counted of the earlier cohort. Its periods are those of the later one moved back, in the same order."""

    filters: ReportFilters
    scores: Scores
    counts: Counts
    by_period: tuple[tuple[Period, Scores, Counts], ...]


def earlier_report(filters: ReportFilters, compare: str, *, now: datetime) -> Earlier | None:
    """Count the cohort that `filters` is compared with, as it stands at `now`. Up to ten queries; None without one."""
    found = earlier(filters, compare)
    if found is None:
        return None
    counts = score_counts(found, kept_answers(found, now=found.moment(now)))
    figures = TicketCohort(found, now=now).by_day
    back = filters.day_from - found.day_from
    moved = [Period(each.first - back, each.last - back) for each in periods(filters.day_from, filters.day_to)]
    return Earlier(
        filters=found,
        scores=scores_of(counts),
        counts=Counts.added(figures.values()),
        by_period=tuple(
            (
                period,
                scores_of(each for each in counts if period.first <= each.day <= period.last),
                Counts.added(each for day, each in figures.items() if period.first <= day <= period.last),
            )
            for period in moved
        ),
    )
