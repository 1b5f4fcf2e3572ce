"""Days cut into days, weeks and months."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from followups.reports.metrics.periods import Period, grain_of, periods


def test_weeks_start_on_monday_and_are_cut_to_the_days_asked_for() -> None:
    found = periods(date(2026, 11, 5), date(2026, 11, 24))
    assert found == [
        Period(date(2026, 11, 5), date(2026, 11, 8)),
        Period(date(2026, 11, 9), date(2026, 11, 15)),
        Period(date(2026, 11, 16), date(2026, 11, 22)),
        Period(date(2026, 11, 23), date(2026, 11, 24)),
    ]


def test_a_long_stretch_is_cut_into_months() -> None:
    found = periods(date(2025, 12, 15), date(2026, 12, 31))
    assert found[0] == Period(date(2025, 12, 15), date(2025, 12, 31))
    assert found[2] == Period(date(2026, 2, 1), date(2026, 2, 28))
    assert len(found) == 13


def test_a_fortnight_is_cut_into_days() -> None:
    assert len(periods(date(2026, 11, 11), date(2026, 11, 24))) == 14
    assert grain_of(date(2026, 11, 10), date(2026, 11, 24)) == "week"


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 900))
def test_every_day_lies_in_exactly_one_period(first: date, days: int) -> None:
    last = first + timedelta(days=days)
    found = periods(first, last)
    assert found[0].first == first
    assert found[-1].last == last
    assert all(b.first - a.last == timedelta(days=1) for a, b in zip(found, found[1:], strict=False))
