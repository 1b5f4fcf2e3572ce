"""Counting days anew: those that are marked, those where something came due, those counted for other ways or figures.

One transaction takes the marks of some days away, counts the days and replaces what was kept of them. It counts after
the marks are gone, so that whoever commits in between leaves a mark of their own, and the day is counted once more. A
kill at any point leaves the marks, or the new counts.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import attrgetter
from types import ModuleType
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Count, Max, Min, Q

from followups.models import RollupDay, RollupKind, RollupMark
from followups.models.rollups import TALLIES
from followups.reports.rollups import answers, invitations, recovery, signals, tickets
from followups.reports.rollups.days import good_days
from followups.reports.rollups.layout import Layout
from followups.reports.rollups.packed import LANE
from followups.reports.rollups.tickets import WIDTHS
from nps_loop.one_at_a_time import one_at_a_time

COUNTING: dict[str, ModuleType] = {
    RollupKind.ANSWERS: answers,
    RollupKind.TICKETS: tickets,
    RollupKind.RECOVERY: recovery,
    RollupKind.INVITATIONS: invitations,
    RollupKind.SIGNALS: signals,
}
# Any number no other advisory lock of this program uses.
ROLLUP_LOCK = 4_815_162_344
# What one transaction counts: so much that small days share one, so little that SQLite's other writers wait not long.
MOST_ROWS = 5_000
MOST_DAYS = 40
# What one sweep spends on it; what is left then waits for the next.
SECONDS = 10.0
BATCH = 500
DAY = timedelta(days=1)


def flush(*, now: datetime, seconds: float = SECONDS) -> int:
    """Count due days anew, the newest first, for about so many seconds. Returns how many were counted."""
    until = time.monotonic() + seconds
    counted = 0
    for kind in COUNTING:
        for days in _portions(kind, due_days(kind, now=now)):
            if time.monotonic() > until:
                return counted
            found = count_days(kind, days, now=now)
            if found is None:
                return counted
            counted += found
    return counted


def due_days(kind: str, *, now: datetime) -> list[date]:
    """The days of a kind that reports have to count themselves as long as nobody counts them here, the newest first."""
    marked = RollupMark.objects.filter(kind=kind).order_by().values_list("day", flat=True).distinct()
    stale = RollupDay.objects.filter(Q(stale_at__lte=now) | ~Q(layout=Layout.now(kind).number), kind=kind)
    return sorted({*marked, *stale.values_list("day", flat=True)}, reverse=True)


def count_days(kind: str, days: Sequence[date], *, now: datetime) -> int | None:
    """Count these days as they stand at `now` and keep that. Returns how many; None where somebody else is counting."""
    with one_at_a_time(ROLLUP_LOCK) as mine:
        if not mine:
            return None
        marks = RollupMark.objects.filter(kind=kind, day__in=days)
        marks._raw_delete(marks.db)
        rows, status = _counted(kind, days, now)
        model = TALLIES[kind]
        old = model.objects.filter(day__in=days)
        old._raw_delete(old.db)
        _write(model, rows)
        RollupDay.objects.bulk_create(
            status,
            update_conflicts=True,
            unique_fields=["kind", "day"],
            update_fields=["layout", "valid_from", "stale_at", "left_out"],
        )
    return len(days)


def _counted(kind: str, days: Sequence[date], now: datetime) -> tuple[list[Any], list[RollupDay]]:
    layout = Layout.now(kind)
    rows, left_out, bounds = COUNTING[kind].count(Q(day__in=days), layout, now=now)
    status = []
    for day in days:
        since, until = bounds.get(day, (None, None))
        status.append(
            RollupDay(
                kind=kind,
                day=day,
                layout=layout.number,
                valid_from=since,
                stale_at=until,
                left_out=list(left_out.get(day, ())),
            )
        )
    return rows, status


def _write(model: type[Any], rows: Sequence[Any]) -> None:
    """Add these rows. On PostgreSQL by COPY: a day of many ways has thousands."""
    if connection.vendor != "postgresql":
        model.objects.bulk_create(rows, batch_size=BATCH)
        return
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    attributes = [field.attname for field in fields]
    with connection.cursor() as cursor, cursor.copy(f"COPY {model._meta.db_table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            values = row.__dict__
            copy.write_row([values[name] for name in attributes])


def _portions(kind: str, days: Sequence[date]) -> Iterator[list[date]]:
    """The days in portions that one transaction can count."""
    for at in range(0, len(days), MOST_DAYS):
        some = days[at : at + MOST_DAYS]
        sizes = dict(COUNTING[kind].size_of(Q(day__in=some)).order_by().values_list("day").annotate(n=Count("pk")))
        portion: list[date] = []
        rows = 0
        for day in some:
            if portion and rows + sizes.get(day, 0) > MOST_ROWS:
                yield portion
                portion, rows = [], 0
            portion.append(day)
            rows += sizes.get(day, 0)
        if portion:
            yield portion


def rebuild(
    *,
    now: datetime,
    day_from: date | None = None,
    day_to: date | None = None,
    told: Callable[[str, int, int], None] = lambda kind, done, of: None,
) -> int:
    """Count every day anew from the first to the last of which there is anything, or those asked for.

    `told` hears after each portion how many days of how many are done. Returns how many were counted. Waits for whoever
    else is counting.
    """
    counted = 0
    for kind in COUNTING:
        days = days_there(kind, day_from, day_to)
        done = 0
        for portion in _portions(kind, days):
            while (found := count_days(kind, portion, now=now)) is None:
                time.sleep(0.2)
            done += found
            told(kind, done, len(days))
        counted += done
    return counted


def days_there(kind: str, day_from: date | None = None, day_to: date | None = None) -> list[date]:
    """Every day between the first and the last of which there is anything, or was when it was counted; newest first."""
    rows = COUNTING[kind].size_of(Q()).order_by().aggregate(first=Min("day"), last=Max("day"))
    kept = RollupDay.objects.filter(kind=kind).aggregate(first=Min("day"), last=Max("day"))
    known = [day for found in (rows, kept) for day in found.values() if day is not None]
    if not known:
        return []
    first, last = max(min(known), day_from or date.min), min(max(known), day_to or date.max)
    return [last - n * DAY for n in range((last - first).days + 1)]


# --- looking whether it is right ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """A day whose kept counts are not what a recount finds, though nothing says that it must be counted anew."""

    kind: str
    day: date
    kept: int
    counted: int

    def __str__(self) -> str:
        return f"{self.kind} of {self.day}: {self.kept} rows kept differ, {self.counted} rows counted differ"


def check(kind: str, days: Sequence[date], *, now: datetime) -> tuple[int, list[Difference]]:
    """How many of the days hold as kept, and those of them of which a recount finds anything else. Changes nothing."""
    with _one_moment():
        good = good_days(Layout.now(kind), min(days), max(days), now) if days else {}
        chosen = [day for day in days if day in good]
        rows, status = _counted(kind, chosen, now) if chosen else ([], [])
        model = TALLIES[kind]
        columns = _columns(model)
        kept = _by_day(model, model.objects.filter(day__in=chosen).values_list(*columns))
    counted = _by_day(model, map(attrgetter(*columns), rows))
    differ = [
        Difference(kind, day, len(kept[day] - counted[day]), len(counted[day] - kept[day]))
        for day in chosen
        if kept[day] != counted[day]
    ]
    known = {difference.day for difference in differ}
    ways = {row.day: tuple(row.left_out) for row in status}
    differ += [Difference(kind, day, 0, 0) for day in chosen if ways[day] != good[day] and day not in known]
    return len(chosen), differ


def check_all(
    *,
    now: datetime,
    day_from: date | None = None,
    day_to: date | None = None,
    told: Callable[[str, int, int], None] = lambda kind, done, of: None,
) -> tuple[int, list[Difference]]:
    """The same for every day, or those asked for."""
    looked_at, differ = 0, []
    for kind in COUNTING:
        days = days_there(kind, day_from, day_to)
        done = 0
        for portion in _portions(kind, days):
            good, found = check(kind, portion, now=now)
            looked_at += good
            differ += found
            done += len(portion)
            told(kind, done, len(days))
    return looked_at, differ


def check_some(days: int, *, now: datetime, chance: random.Random) -> list[Difference]:
    """Look at so many days of each kind, drawn by `chance`; what differs is marked, so that it is counted anew."""
    differ: list[Difference] = []
    for kind in COUNTING:
        kept = list(RollupDay.objects.filter(kind=kind).order_by("day").values_list("day", flat=True))
        for day in chance.sample(kept, min(days, len(kept))):
            differ += check(kind, [day], now=now)[1]
    RollupMark.objects.bulk_create([RollupMark(kind=each.kind, day=each.day) for each in differ])
    return differ


@contextmanager
def _one_moment() -> Iterator[None]:
    """A transaction whose queries all see the same moment, where it is the outermost."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _columns(model: type[Any]) -> list[str]:
    """What is kept in a row, and so compared."""
    return [field.attname for field in model._meta.concrete_fields if not field.primary_key]


def _by_day(model: type[Any], rows: Iterable[tuple[Any, ...]]) -> defaultdict[date, set[tuple[Any, ...]]]:
    """Kept rows by day, as sets of their values; arrays whose order says nothing are put in order."""
    found: defaultdict[date, set[tuple[Any, ...]]] = defaultdict(set)
    columns = _columns(model)
    at_day = columns.index("day")
    of_bytes = [
        (at, name) for at, name in enumerate(columns) if isinstance(model._meta.get_field(name), models.BinaryField)
    ]
    for row in rows:
        values = list(row)
        for at, name in of_bytes:
            values[at] = _plain(name, values[at])
        found[row[at_day]].add(tuple(values))
    return found


def _plain(name: str, value: bytes | memoryview) -> Any:
    data = bytes(value)
    if name == "counts":
        return data
    width = WIDTHS.get(name, LANE)
    return tuple(sorted(data[at : at + width] for at in range(0, len(data), width)))
