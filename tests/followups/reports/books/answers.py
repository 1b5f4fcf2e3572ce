"""NPS of a cohort, recounted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from tests.followups.reports.books.arithmetic import change, periods, scores
from tests.followups.reports.books.cohorts import Books
from tests.followups.reports.books.rows import DAY


def nps(books: Books, asked: Any, ways: Iterable[str]) -> dict[str, Any]:
    rows = books.answers_of(asked)
    length = asked.day_to - asked.day_from + DAY
    before = books.answers_of(asked, asked.day_from - length, asked.day_from - DAY)
    counted = [row for row in rows if row.excluded_as == ""]
    found = {
        **scores(rows),
        "scores": {str(score): sum(row.score == score for row in counted) for score in range(11)},
        "excluded": len(rows) - len(counted),
        "excluded_as": dict(Counter(row.excluded_as for row in rows if row.excluded_as)),
        "before": scores(before),
        "change": change(rows, before),
        "by_period": [
            {"day_from": a.isoformat(), "day_to": b.isoformat(), **scores(r for r in rows if a <= r.day <= b)}
            for a, b in periods(asked.day_from, asked.day_to)
        ],
    }
    for way in ways:
        groups = defaultdict(list)
        for row in counted:
            for group in books.groups(way, row):
                groups[group].append(row)
        found[f"by_{way}"] = {group: scores(kept) for group, kept in groups.items()}
    return found
