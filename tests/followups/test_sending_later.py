"""The next working morning there: nine o'clock of the customer, on a day on which the team works."""

from datetime import UTC, date, datetime

import pytest

from followups.calendars import WorkingHours
from followups.sending_later import next_morning_there

OFFICE = WorkingHours("Europe/Berlin", (((540, 1050),),) * 5 + ((), ()))


@pytest.mark.parametrize(
    ("now", "zone", "at"),
    [
        ("2026-11-24T14:30", "Europe/Stockholm", "2026-11-25T08:00"),  # Tuesday afternoon: Wednesday
        ("2026-11-24T05:00", "Europe/Stockholm", "2026-11-24T08:00"),  # before nine there: today
        ("2026-11-27T20:00", "Europe/Stockholm", "2026-11-30T08:00"),  # Friday evening: Monday
        ("2026-11-24T14:30", "America/Los_Angeles", "2026-11-24T17:00"),
        ("2026-11-24T14:30", "Asia/Tokyo", "2026-11-25T00:00"),
        ("2026-03-27T20:00", "Europe/Berlin", "2026-03-30T07:00"),  # the clocks change on the Sunday between
    ],
)
def test_it_is_nine_there(now: str, zone: str, at: str) -> None:
    found = next_morning_there(OFFICE, zone, now=datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(at).replace(tzinfo=UTC)


def test_a_day_on_which_we_are_closed_is_passed_over() -> None:
    closed = WorkingHours(OFFICE.zone, OFFICE.weekly, frozenset({date(2026, 11, 25)}))
    now = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
    assert next_morning_there(closed, "Europe/Berlin", now=now).date() == date(2026, 11, 26)


def test_without_a_team_it_is_a_weekday() -> None:
    now = datetime(2026, 11, 28, 14, 30, tzinfo=UTC)
    assert next_morning_there(None, "Europe/Berlin", now=now).date() == date(2026, 11, 30)
