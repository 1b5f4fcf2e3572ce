"""Differences with their intervals, and what is left of them when many are compared."""

from __future__ import annotations

import random

import pytest

from followups.reports.changes import furthest, p_value, rate_change
from surveys.scoring import difference, nps


def test_two_rates_differ_as_newcombe_has_it() -> None:
    """Newcombe 1998, table II, (a) and (b): 56/70 against 48/80 by method 10."""
    found = rate_change(56, 70, 48, 80)
    assert found.value == pytest.approx(20)
    assert (found.low, found.high) == (pytest.approx(5.24, abs=0.01), pytest.approx(33.39, abs=0.01))
    assert not found.may_be_chance
    assert rate_change(10, 20, 9, 20).may_be_chance


def test_few_are_not_compared() -> None:
    assert rate_change(10, 19, 90, 100).value is None
    assert rate_change(90, 100, 10, 19).may_be_chance


def test_p_values_agree_with_the_verdict_of_one_comparison() -> None:
    chance = random.Random(4)
    seen = set()
    for _ in range(400):
        a, b = (nps(*(chance.randint(0, 40) for _ in range(3))) for _ in range(2))
        if not (a.n and b.n):
            continue
        found = difference(a, b)
        p = p_value(found)
        if abs(p - 0.05) > 0.001:
            assert (p > 0.05) == found.may_be_chance, (a, b)
        seen.add(found.may_be_chance)
    assert seen == {True, False}


def test_the_group_that_stands_apart_is_found_and_noise_is_not() -> None:
    found = furthest([(40, 80), (41, 80), (10, 80), (1, 3)])
    assert found is not None
    assert (found.place, found.compared, found.may_be_chance) == (2, 3, False)
    assert furthest([(40, 80), (1, 3)]) is None


def test_where_all_rates_are_alike_hardly_any_group_stands_apart() -> None:
    chance = random.Random(9)
    claims = 0
    for _ in range(300):
        groups = [(sum(chance.random() < 0.4 for _ in range(40)), 40) for _ in range(6)]
        found = furthest(groups)
        claims += found is not None and not found.may_be_chance
    assert claims <= 300 * 0.05 + 3 * (300 * 0.05 * 0.95) ** 0.5
