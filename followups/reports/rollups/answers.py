"""Answers by day, team, score and group: counted for whole days, and read again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.expressions import Combinable

from followups.models import AnswerTally
from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.ways import Way
from followups.reports.rollups.days import KeptDays, within
from followups.reports.rollups.layout import ALL, MOST_GROUPS, Layout
from followups.reports.rollups.packed import packed
from surveys.models import Response
from surveys.models.responses import ResponseQuerySet
from surveys.scoring import Band, band

SCORES = {f"score_{score}": score for score in range(11)}
EXCLUDED = {f"excluded_{reason}": reason for reason in Response.Exclusion.values if reason}


def read(
    filters: ReportFilters, kept: KeptDays, way: Way | None = None
) -> tuple[QuerySet[AnswerTally] | None, ResponseQuerySet | None]:
    """The kept rows and the answers that make up the cohort together; None: nothing of it is there."""
    found = kept.layout.slice_for(filters, way)
    if found is None:
        return None, filters.answers()
    good, others = kept.split(filters.day_from, filters.day_to, found.way)
    answers = filters.answers().filter(within(others)) if others else None
    if not good:
        return None, answers
    tallies = AnswerTally.objects.filter(within(good), filters.answers_for_eyes(), way=found.way)
    return tallies if found.group is None else tallies.filter(group=found.group), answers


def scores(tallies: QuerySet[AnswerTally], way: Way | None, *, by_day: bool) -> Counter[tuple[date | None, str, int]]:
    """How many answers of each day (None where days are added up) and group gave each score. One query."""
    columns: dict[str, Combinable] = {}
    if way is not None:
        columns = way.columns(tickets=False) if way.name == "team" else {"kept_group": F("group")}
    keys = (*(("day",) if by_day else ()), *columns)
    sums = {f"sum_{name}": Sum(name) for name in SCORES}
    rows = tallies.order_by().annotate(**columns).values(*keys).annotate(**sums)
    found: Counter[tuple[date | None, str, int]] = Counter()
    for row in rows:
        for group in (row["kept_group"],) if "kept_group" in columns else way.groups(row) if way else ("",):
            for name, score in SCORES.items():
                if n := row[f"sum_{name}"]:
                    found[row["day"] if by_day else None, group, score] += n
    return found


def excluded(tallies: QuerySet[AnswerTally]) -> Counter[str]:
    """How many answers are left out of NPS, by why. One query."""
    sums = tallies.aggregate(**{f"sum_{name}": Sum(name) for name in EXCLUDED})
    return Counter({reason: n for name, reason in EXCLUDED.items() if (n := sums[f"sum_{name}"])})


# --- counting ----------------------------------------------------------------------------------------------------


def size_of(days: Q) -> QuerySet[Response]:
    """What has to be read to count these days."""
    return Response.objects.filter(days)


def count(
    days: Q, layout: Layout, *, now: datetime
) -> tuple[list[AnswerTally], dict[date, tuple[str, ...]], dict[date, tuple[datetime | None, datetime | None]]]:
    """The kept rows of the days, and the ways left out of each for having too many groups. One query.

    The third part is empty: nothing about answers changes by itself.
    """
    columns, groupings = layout.groupings(tickets=False)
    rows = (
        Response.objects.filter(days)
        .order_by()
        .annotate(**columns)
        .values_list("day", "team_id_then", "touchpoint_id", "score", "excluded_as", "account_id", *columns)
    )
    cells: list[tuple[date, int | None, int | None]] = []
    outcomes: list[str] = []
    values: list[tuple[Any, ...]] = []
    unhappy: list[int | None] = []
    for day, team, touchpoint, score, excluded_as, account, *rest in rows.iterator(chunk_size=5_000):
        cells.append((day, team, touchpoint if team is None else None))
        outcomes.append(f"excluded_{excluded_as}" if excluded_as else f"score_{score}")
        values.append(tuple(rest))
        unhappy.append(account if not excluded_as and band(score) == Band.DETRACTOR else None)
    accounts: defaultdict[tuple[Any, ...], set[int]] = defaultdict(set)
    for cell, account in zip(cells, unhappy, strict=True):
        if account is not None:
            accounts[*cell, ""].add(account)
    whole = Counter((*cell, "", outcome) for cell, outcome in zip(cells, outcomes, strict=True))
    tallies = _tallies(ALL, whole, accounts)
    left_out: defaultdict[date, list[str]] = defaultdict(list)
    for name, groups_of in groupings.items():
        counted: Counter[tuple[Any, ...]] = Counter()
        accounts = defaultdict(set)
        for cell, outcome, account, row in zip(cells, outcomes, unhappy, values, strict=True):
            for group in groups_of(row):
                counted[*cell, group, outcome] += 1
                if account is not None:
                    accounts[*cell, group].add(account)
        groups: defaultdict[date, set[str]] = defaultdict(set)
        for day, _team, _touchpoint, group, _outcome in counted:
            groups[day].add(group)
        too_many = {day for day, found in groups.items() if len(found) > MOST_GROUPS}
        for day in too_many:
            left_out[day].append(name)
        kept = Counter({key: n for key, n in counted.items() if key[0] not in too_many})
        tallies += _tallies(name, kept, accounts)
    return tallies, {day: tuple(ways) for day, ways in left_out.items()}, {}


def _tallies(
    way: str, counted: Counter[tuple[Any, ...]], accounts: Mapping[tuple[Any, ...], set[int]]
) -> list[AnswerTally]:
    rows: dict[tuple[Any, ...], AnswerTally] = {}
    for (day, team, touchpoint, group, outcome), n in counted.items():
        key = (day, team, touchpoint, group)
        if key not in rows:
            rows[key] = AnswerTally(day=day, way=way, group=group, team_id_then=team, touchpoint_id=touchpoint)
            rows[key].unhappy_accounts = packed(accounts.get(key, ()))
        setattr(rows[key], outcome, n)
    return list(rows.values())
