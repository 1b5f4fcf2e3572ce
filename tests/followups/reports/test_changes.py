"""Differences with their intervals, and what is left of them when many are compared."""

from __future__ import annotations

import random
from itertools import product
from math import comb

import pytest

from followups.reports.changes import furthest, holm, more_often, p_value, rate_change
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


def test_holm_as_in_the_textbook() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == [True, False, False, True]
    assert holm([0.04]) == [True]
    assert holm([]) == []


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


def test_a_tail_equals_the_count_of_all_ways() -> None:
    for of_whole, whole, of_part in product((7, 12), (0, 3, 5, 7), (0, 1, 4, 7)):
        for part in range(max(0, of_part - (of_whole - whole)), min(whole, of_part) + 1):
            ways = [comb(whole, k) * comb(of_whole - whole, of_part - k) for k in range(part, min(whole, of_part) + 1)]
            tail = min(1, 2 * sum(ways) / comb(of_whole, of_part))
            assert more_often(part, of_part, whole, of_whole) == pytest.approx(tail if of_part else 1)


def test_a_tail_of_many_is_quick_and_sane() -> None:
    assert more_often(5_000, 10_000, 50_000, 100_000) == pytest.approx(1, abs=0.02)
    assert more_often(5_500, 10_000, 50_000, 100_000) < 1e-12


def test_a_part_larger_than_its_whole_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to the whole"):
        more_often(5, 4, 6, 10)


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
