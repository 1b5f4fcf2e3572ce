"""When a customer likes to be called, out of their own words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from followups.calendars import WorkingHours
from followups.good_time import GoodTime, good_time, next_window

TUESDAY = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
OFFICE = WorkingHours("UTC", (((540, 1050),),) * 5 + ((), ()))


@pytest.mark.parametrize(
    ("words", "starts", "ends"),
    [
        ("08:00 to 10:00", "08:00", "10:00"),
        ("8–10", "08:00", "10:00"),
        ("between 8 and 10 am", "08:00", "10:00"),
        ("2 to 4 pm", "14:00", "16:00"),
        ("11 to 1 pm", "11:00", "13:00"),
        ("3-5", "15:00", "17:00"),
        ("von 8 bis 10 Uhr", "08:00", "10:00"),
        ("entre las 9 y 11", "09:00", "11:00"),
        ("de 8 h à 10 h 30", "08:00", "10:30"),
        ("before 10:00", "08:00", "10:00"),
        ("before ten is best", "08:00", "10:00"),
        ("vor 9 Uhr", "07:00", "09:00"),
        ("antes de las 10", "08:00", "10:00"),
        ("avant 10 h", "08:00", "10:00"),
        ("after the lunch rush, from 15:00", "15:00", "20:00"),
        ("ab 15 Uhr", "15:00", "20:00"),
        ("à partir de 15 h", "15:00", "20:00"),
        ("mornings", "08:00", "12:00"),
        ("nachmittags", "12:00", "17:00"),
        ("evenings, after check-in", "17:00", "20:00"),
    ],
)  # fmt: skip
def test_hours_are_read_out_of_words(words: str, starts: str, ends: str) -> None:
    found = good_time(words)
    assert found is not None
    assert [f"{at // 60:02}:{at % 60:02}" for at in (found.starts, found.ends)] == [starts, ends]


def test_days_of_the_week_are_read_out_of_words() -> None:
    assert good_time("Tuesdays and Thursdays") == GoodTime(8 * 60, 20 * 60, frozenset({1, 3}))
    assert good_time("Montags, 9 bis 11 Uhr") == GoodTime(9 * 60, 11 * 60, frozenset({0}))


@pytest.mark.parametrize(
    "words",
    ["", "any time", "not before ten", "never on Mondays", "nicht vor 10", "pas le lundi", "call my mobile, 0170 555", "25:00 to 27:00", "10 to 8 am", "mornings or evenings", "ext. 12"],
)  # fmt: skip
def test_what_is_not_certain_is_left_to_people(words: str) -> None:
    assert good_time(words) is None


def window(words: str, at: datetime = TUESDAY, zone: str = "", hours: WorkingHours | None = None) -> list[str]:
    good = good_time(words)
    assert good is not None
    found = next_window(good, at, zone, "UTC", hours)
    return [f"{moment:%a %H:%M}" for moment in found] if found else []


def test_an_open_good_time_is_the_next_one() -> None:
    assert window("14:00 to 16:00") == ["Tue 14:00", "Tue 16:00"]


def test_one_that_is_over_comes_again_tomorrow() -> None:
    assert window("before 10:00") == ["Wed 08:00", "Wed 10:00"]


def test_it_is_read_off_the_customers_own_clock() -> None:
    assert window("08:00 to 10:00", zone="America/New_York") == ["Tue 13:00", "Tue 15:00"]
    assert window("15:00 to 17:00", zone="Nowhere/At All") == ["Tue 15:00", "Tue 17:00"]


def test_days_on_which_nobody_works_are_passed_over() -> None:
    friday = datetime(2026, 11, 27, 14, 30, tzinfo=UTC)
    assert window("before 10:00", friday, hours=OFFICE) == ["Mon 08:00", "Mon 10:00"]
    assert window("Saturdays", friday, hours=OFFICE) == []
    assert window("Thursdays", TUESDAY, hours=OFFICE) == ["Thu 08:00", "Thu 20:00"]
