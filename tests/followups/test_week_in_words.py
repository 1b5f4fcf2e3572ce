"""Working hours and closing days as people write them."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from followups.forms.week import closures, closures_written, periods, week_in_words, written


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("", []),
        ("09:00–12:30, 13:30–17:30", [[540, 750], [810, 1050]]),
        ("9-17", [[540, 1020]]),
        ("9.30 to 12; 13h15 - 24:00", [[570, 720], [795, 1440]]),
        ("0-24", [[0, 1440]]),
    ],
)
def test_a_day_is_read_as_it_is_written(text: str, minutes: list[list[int]]) -> None:
    assert periods(text) == minutes


@pytest.mark.parametrize("text", ["nine to five", "9", "17-9", "9-9", "9:75-10", "9-25", "9-12, 11-13", "-", "9–12–15"])
def test_what_is_no_day_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        periods(text)
    assert "“" in refused.value.messages[0]


@given(st.sets(st.integers(0, 1440), max_size=6))
def test_a_day_comes_back_as_it_was(edges: set[int]) -> None:
    line = sorted(edges)
    day = [list(pair) for pair in zip(line[::2], line[1::2], strict=False)]
    assert periods(written(day)) == day


def test_days_with_the_same_hours_are_one_line() -> None:
    office = [[540, 1020]]
    assert week_in_words([office] * 4 + [[[540, 720]]] + [[], []], off="closed") == [
        ("Monday to Thursday", "09:00–17:00"),
        ("Friday", "09:00–12:00"),
        ("Saturday to Sunday", "closed"),
    ]


def test_closing_days_come_one_a_line_and_in_a_row() -> None:
    text = "2026-12-28 to 2026-12-30 Between the years\n\n2026-12-24: Christmas Eve\n"
    days = closures(text)
    assert days == [
        ["2026-12-24", "Christmas Eve"],
        ["2026-12-28", "Between the years"],
        ["2026-12-29", "Between the years"],
        ["2026-12-30", "Between the years"],
    ]
    assert closures(closures_written(days)) == days


def test_each_line_that_is_no_day_is_named() -> None:
    with pytest.raises(ValidationError) as refused:
        closures(
            "2026-12-24 fine\nChristmas\n2026-02-30 no day\n2026-12-31 to 2026-01-01 backwards\n2026-01-01 to 2030-01-01"
        )
    assert [message[:7] for message in refused.value.messages] == ["Line 2:", "Line 3:", "Line 4:", "Line 5:"]
