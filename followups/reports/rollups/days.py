"""Which days of a window can be read from rollups, and which are counted from the rows themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from followups.models import RollupDay, RollupMark
from followups.reports.rollups.layout import Layout
from followups.reports.rollups.once import once

DAY = timedelta(days=1)
# A window in more pieces than this is counted from its rows: a condition with thousands of parts helps nobody.
MOST_PIECES = 100

Span = tuple[date, date]


def good_days(layout: Layout, first: date, last: date, now: datetime) -> dict[date, tuple[str, ...]]:
    """The days that hold as kept, with the ways left out of each: no mark, and nothing came due since. One query."""
    marks = RollupMark.objects.filter(kind=layout.kind, day=OuterRef("day"))
    rows = (
        RollupDay.objects.filter(kind=layout.kind, layout=layout.number, day__gte=first, day__lte=last)
        .filter(Q(valid_from=None) | Q(valid_from__lte=now), Q(stale_at=None) | Q(stale_at__gt=now))
        .exclude(Exists(marks))
    )
    return {day: tuple(left_out) for day, left_out in rows.values_list("day", "left_out")}


@dataclass(frozen=True, slots=True)
class KeptDays:
    """The layout of one kind and the days of a window that hold as kept. Read once for a whole report."""

    layout: Layout
    good: dict[date, tuple[str, ...]]

    @classmethod
    def read(cls, kind: str, first: date, last: date, *, now: datetime) -> KeptDays:
        """Two queries; one for what is kept by no way."""
        layout = Layout.now(kind)
        return cls(layout, once((layout.number, first, last, now), lambda: good_days(layout, first, last, now)))

    def split(self, first: date, last: date, way: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
        """The days from `first` to `last` that can be read by this way, and the others, each as spans."""
        good = sorted(day for day, left_out in self.good.items() if first <= day <= last and way not in left_out)
        known = _spans(good)
        if len(known) > MOST_PIECES:
            return (), ((first, last),)
        return known, _gaps(known, first, last)


def within(spans: Iterable[Span]) -> Q:
    """Rows whose `day` lies in one of the spans."""
    found = Q(pk__in=[])
    for first, last in spans:
        found |= Q(day__gte=first, day__lte=last)
    return found


def _spans(days: list[date]) -> tuple[Span, ...]:
    found: list[Span] = []
    for day in days:
        if found and day - found[-1][1] == DAY:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return tuple(found)


def _gaps(spans: tuple[Span, ...], first: date, last: date) -> tuple[Span, ...]:
    found: list[Span] = []
    day = first
    for begins, ends in spans:
        if day < begins:
            found.append((day, begins - DAY))
        day = ends + DAY
    if day <= last:
        found.append((day, last))
    return tuple(found)
