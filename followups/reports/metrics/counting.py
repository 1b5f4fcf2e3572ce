"""Where every count of a report comes from: how many answers gave which score, how many tickets have which facts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count

from followups.reports.metrics.facts import FACTS, with_facts
from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.ways import Way


@dataclass(frozen=True, slots=True)
class ScoreCount:
    """`n` answers that count gave this score on this day; `group` is empty where nothing was grouped."""

    day: date
    group: str
    score: int
    n: int


def score_counts(filters: ReportFilters, way: Way | None = None) -> list[ScoreCount]:
    """The answers of a cohort that count in NPS, by day, score and, with `way`, its groups.

    An answer that is in several groups is counted in each. One query.
    """
    counted = filters.answers().counted().order_by()
    columns = way.columns(tickets=False) if way else {}
    rows = counted.annotate(**columns).values("day", "score", *columns).annotate(n=Count("pk"))
    found: Counter[tuple[date, str, int]] = Counter()
    for row in rows:
        for group in way.groups(row) if way else ("",):
            found[row["day"], group, row["score"]] += row["n"]
    return [ScoreCount(day, group, score, n) for (day, group, score), n in found.items()]


def excluded_counts(filters: ReportFilters) -> dict[str, int]:
    """The answers of a cohort that are left out of NPS, by why. One query."""
    excluded = filters.answers().exclude(excluded_as="").order_by()
    return dict(excluded.values_list("excluded_as").annotate(n=Count("pk")))


def fact_counts(filters: ReportFilters, way: Way | None = None, *, now: datetime) -> list[dict[str, Any]]:
    """The tickets of a cohort by day, facts and, with `way`, its groups: rows of `day`, `group`, `FACTS` and `n`.

    A ticket that is in several groups is counted in each. One query.
    """
    columns = way.columns(tickets=True) if way else {}
    cohort = with_facts(filters.tickets(), now=now).order_by().annotate(**columns)
    rows = cohort.values("day", *FACTS, *columns).annotate(n=Count("pk"))
    return [
        {"day": row["day"], "group": group, **{fact: row[fact] for fact in FACTS}, "n": row["n"]}
        for row in rows
        for group in (way.groups(row) if way else ("",))
    ]


def by_group(counts: Iterable[ScoreCount]) -> dict[str, Counter[int]]:
    """How often each score was given, in each group."""
    found: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for count in counts:
        found[count.group][count.score] += count.n
    return dict(found)
