"""Days cut into days, weeks or months, so that a chart has a readable number of points. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Grain = Literal["day", "week", "month"]

# Up to two weeks by day, up to half a year by week, else by month.
DAYS_BY_DAY = 14
DAYS_BY_WEEK = 190


@dataclass(frozen=True, slots=True)
class Period:
    """The days `first` to `last`, both included: one point of a chart."""

    first: date
    last: date


def grain_of(day_from: date, day_to: date) -> Grain:
    """How finely these days are cut."""
    days = (day_to - day_from).days + 1
    return "day" if days <= DAYS_BY_DAY else "week" if days <= DAYS_BY_WEEK else "month"


def periods(day_from: date, day_to: date) -> list[Period]:
    """The periods that make up the days, in order and without a gap, the outer ones cut. Weeks start on Monday."""
    return list(_cut(day_from, day_to, grain_of(day_from, day_to)))


def _cut(day: date, day_to: date, grain: Grain) -> Iterator[Period]:
    while day <= day_to:
        if grain == "day":
            last = day
        elif grain == "week":
            last = day + timedelta(days=6 - day.weekday())
        else:
            last = (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        yield Period(day, min(last, day_to))
        day = last + timedelta(days=1)
