"""How long people are at work: the team's hours, a week of their own, absences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from followups.availability import available_minutes, working_time_of
from followups.calendars import WorkingHours
from followups.models import Member
from tests import factories

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
SUNDAY = MONDAY + timedelta(days=6)
OFFICE = WorkingHours("UTC", (((540, 1020),),) * 5 + ((), ()))
HOUR = timedelta(hours=1)


def week(own: WorkingHours | None = None, *absences: tuple[datetime, datetime], team: WorkingHours = OFFICE) -> float:
    return working_time_of(team, own, absences, start=MONDAY, end=SUNDAY) / HOUR


def test_without_a_week_of_their_own_people_work_when_the_team_does() -> None:
    assert week() == 40


def test_somebody_with_a_week_of_their_own_works_by_it() -> None:
    assert week(WorkingHours("UTC", (((480, 720),), (), ((480, 720),), (), (), ((540, 600),), ()))) == 9


def test_a_day_on_which_the_team_is_closed_is_closed_for_everybody() -> None:
    closed = WorkingHours("UTC", OFFICE.weekly, frozenset({MONDAY.date()}))
    assert week(WorkingHours("UTC", (((480, 720),), (), ((480, 720),), (), (), (), ())), team=closed) == 4


def test_absences_that_overlap_are_taken_off_once() -> None:
    tuesday = MONDAY + timedelta(days=1)
    assert week(None, (tuesday, tuesday + 24 * HOUR), (tuesday + 10 * HOUR, tuesday + 12 * HOUR)) == 32


@pytest.mark.django_db
def test_everybody_is_read_at_once(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    hanna, nils, jo = (factories.make_user(name) for name in ("Hanna Brandt", "Nils Aker", "Jo Whitfield"))
    factories.make_team(agents=(hanna, nils, jo))
    factories.make_work_pattern(nils, 0, 1, start=540, end=600)
    factories.make_away(jo, MONDAY - timedelta(days=3), SUNDAY)
    members = list(Member.objects.select_related("team__calendar"))
    with django_assert_num_queries(2):
        found = available_minutes(members, start=MONDAY, end=SUNDAY)
    assert found[nils.pk] == 120
    assert found[jo.pk] == 0
    assert found[hanna.pk] > 2000
