"""The same cohort at another time, to compare with: as many days just before, or the same weeks a year ago."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, TextChoices
from django.utils.translation import gettext_lazy as _

from followups.reports.metrics.answers import Scores
from followups.reports.metrics.closure import Counts
from followups.reports.metrics.facts import FACTS, with_facts
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
    """Count the cohort that `filters` is compared with, as it stands at `now`. Two queries; None without one."""
    found = earlier(filters, compare)
    if found is None:
        return None
    scores: defaultdict[date, Counter[int]] = defaultdict(Counter)
    for day, score, n in (
        found.answers().counted().order_by().values_list("day", "score").annotate(n=Count("pk"))
    ):  # fmt: skip
        scores[day][score] += n
    facts: defaultdict[date, list[Mapping[str, Any]]] = defaultdict(list)
    for row in with_facts(found.tickets(), now=now).order_by().values("day", *FACTS).annotate(n=Count("pk")):
        facts[row["day"]].append(row)
    back = filters.day_from - found.day_from
    moved = [Period(each.first - back, each.last - back) for each in periods(filters.day_from, filters.day_to)]
    return Earlier(
        filters=found,
        scores=Scores.of(_summed(scores.values())),
        counts=Counts.folded(row for rows in facts.values() for row in rows),
        by_period=tuple(
            (
                period,
                Scores.of(_summed(n for day, n in scores.items() if period.first <= day <= period.last)),
                Counts.folded(row for day, rows in facts.items() if period.first <= day <= period.last for row in rows),
            )
            for period in moved
        ),
    )


def _summed(counts: Iterable[Counter[int]]) -> Counter[int]:
    total: Counter[int] = Counter()
    for part in counts:
        total.update(part)
    return total
