"""Several people save the same hours or the same ladder at one moment: one version comes of it, the others are told."""

from __future__ import annotations

from typing import Any

import pytest

from followups import ladders, versions
from followups.ladder_editing import put
from followups.models import Calendar, SlaPolicy
from followups.refusals import Refused
from tests.concurrency.test_tickets import at_once
from tests.factories import NOW, make_admin, make_calendar, make_policy

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 5


def test_of_three_who_save_the_same_hours_one_makes_the_next_version() -> None:
    admin, row = make_admin(), make_calendar(used_at=NOW)
    for _round in range(ROUNDS):

        def save(n: int, current: Calendar = row) -> Any:
            hours = versions.Hours(name=f"Hours {n}", zone="UTC", weekly=[[[540, 600]]] * 7)
            return versions.save_calendar(current, hours, teams=[], shown=current.version, by=admin, now=NOW)

        done = at_once(3, save)
        assert sorted(isinstance(each, Refused) for each in done) == [False, True, True], done
        [made] = Calendar.objects.filter(slug=row.slug, version=row.version + 1)
        Calendar.objects.filter(pk=made.pk).update(used_at=NOW)
        row = Calendar.objects.get(pk=made.pk)


def test_a_policy_and_its_ladder_saved_at_once_leave_one_version_after_the_other() -> None:
    admin, row = make_admin(), make_policy(used_at=NOW)
    for _round in range(ROUNDS):

        def save(n: int, current: SlaPolicy = row) -> Any:
            if n % 2:
                return put(current, ladders.shipped(current)[1:], seen="used", by=admin, now=NOW)
            values = {"goal_percent": 50 + n}
            return versions.save_policy(current, values, shown=current.version, by=admin, now=NOW)

        done = at_once(4, save)
        assert sorted(isinstance(each, Refused) for each in done) == [False, True, True, True], done
        [made] = SlaPolicy.objects.filter(slug=row.slug, is_active=True)
        assert made.version == row.version + 1 and made.ladder.count() >= 3
        SlaPolicy.objects.filter(pk=made.pk).update(used_at=NOW)
        row = SlaPolicy.objects.get(pk=made.pk)
