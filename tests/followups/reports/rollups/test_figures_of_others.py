"""Figures with rollups are those of the rows alone: of companies that no other test reads."""

from __future__ import annotations

import random
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection

from followups import rollup_triggers
from followups.models import RollupKind, RollupMark, Ticket
from followups.reports import metrics
from followups.reports.metrics import counting
from followups.reports.rollups import keeping
from followups.reports.rollups.days import KeptDays
from tests import factories as make
from tests.factories import DAY, NOW
from tests.followups.reports.rollups.figures import QUARTER, cohorts, count_everything, same_either_way
from tests.followups.reports.rollups.test_figures import CHANGES, everything

pytestmark = [pytest.mark.longest, pytest.mark.django_db]


@pytest.mark.parametrize("seed", [1])
def test_kept_counts_are_those_of_the_rows(seed: int) -> None:
    everything(seed)
    count_everything()
    for kind in RollupKind.values:
        kept = KeptDays.read(kind, QUARTER.day_from, QUARTER.day_to, now=NOW)
        assert kept.split(QUARTER.day_from, QUARTER.day_to, "")[0], kind
    assert keeping.check_all(now=NOW)[1] == []
    same_either_way(cohorts())


def test_rows_are_left_alone_where_every_day_is_kept(django_assert_num_queries: Any) -> None:
    everything(3)
    count_everything()
    last = Ticket.objects.order_by("-day").values_list("day", flat=True)[0]
    known = metrics.ReportFilters(last - 9 * DAY, last)
    with patch.object(counting, "fact_counts", side_effect=AssertionError("rows were read")):
        metrics.closure_report(known, now=NOW)
        metrics.closure_groups(known, metrics.way_of("segment"), now=NOW)


@pytest.mark.parametrize("seed", [5])
def test_any_changes_in_any_order(seed: int) -> None:
    """Whatever happens, in whatever order, with and without a count in between."""
    everything(seed)
    count_everything()
    chance = random.Random(seed)
    some = cohorts()
    for _ in range(6):
        for change in chance.sample(list(CHANGES.values()), 4):
            try:
                change()
            except (AssertionError, IndexError):
                continue  # Nothing is left that it could change.
        same_either_way(chance.sample(some, 3))
        if chance.random() < 0.6:
            keeping.flush(now=NOW)
            same_either_way(chance.sample(some, 2))
    keeping.flush(now=NOW)
    assert keeping.check_all(now=NOW)[1] == []


def test_triggers_are_made_again_where_they_are_missing() -> None:
    wanted = rollup_triggers.statements(connection.vendor)
    assert rollup_triggers.ensure(connection) == 0
    rollup_triggers.remove(connection)
    make.make_response(3)
    assert not RollupMark.objects.exists()
    assert rollup_triggers.ensure(connection) == len(wanted)
    assert rollup_triggers.ensure(connection) == 0
    make.make_response(3)
    assert RollupMark.objects.exists()
