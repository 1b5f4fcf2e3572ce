"""Exact tests and the correction for many of them, against sums over all outcomes and published values."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followups.reports import exact


def fisher_by_fractions(k: int, n: int, others_k: int, others_n: int) -> float:
    """The definition, without logarithms: every table with these margins that is no more likely than this one."""
    hits, whole = k + others_k, n + others_n
    chances = {
        x: Fraction(comb(n, x) * comb(others_n, hits - x), comb(whole, hits))
        for x in range(max(0, hits - others_n), min(hits, n) + 1)
    }
    return float(sum(chance for chance in chances.values() if chance <= chances[k]))


def test_the_lady_tasting_tea() -> None:
    """R. A. Fisher, The Design of Experiments, 1935: three of four cups right, two-sided 34/70."""
    assert exact.fisher(3, 4, 1, 4) == pytest.approx(34 / 70)


@given(st.data())
def test_fisher_is_the_sum_over_all_tables(data: st.DataObject) -> None:
    n, others_n = data.draw(st.integers(0, 40)), data.draw(st.integers(0, 60))
    k, others_k = data.draw(st.integers(0, n)), data.draw(st.integers(0, others_n))
    found = exact.fisher(k, n, others_k, others_n)
    assert found == pytest.approx(fisher_by_fractions(k, n, others_k, others_n), abs=1e-9)
    assert found == pytest.approx(exact.fisher(others_k, others_n, k, n), abs=1e-9)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 99))
def test_binomial_is_the_sum_over_all_outcomes(k: int, n: int, percent: int) -> None:
    k, share = min(k, n), Fraction(percent, 100)
    chances = [comb(n, x) * share**x * (1 - share) ** (n - x) for x in range(n + 1)]
    wanted = float(sum(chance for chance in chances if chance <= chances[k]))
    assert exact.binomial(k, n, percent / 100) == pytest.approx(wanted, abs=1e-6)


def test_a_goal_of_everything_is_reached_by_everything_alone() -> None:
    assert exact.binomial(30, 30, 1.0) == 1.0
    assert exact.binomial(29, 30, 1.0) == 0.0
    assert exact.binomial(0, 30, 0.0) == 1.0


def test_large_counts_neither_overflow_nor_vanish() -> None:
    assert exact.fisher(5_000, 10_000, 50_000, 100_000) == pytest.approx(1.0)
    assert 0.9 < exact.binomial(85_000, 100_000, 0.85) <= 1
    assert exact.fisher(900, 1_000, 100, 1_000) < 1e-100


@pytest.mark.parametrize("wrong", [(5, 4, 0, 1), (-1, 4, 0, 1), (0, 4, 2, 1)])
def test_a_part_larger_than_its_whole_is_refused(wrong: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="part"):
        exact.fisher(*wrong)
    with pytest.raises(ValueError, match="part"):
        exact.binomial(5, 4, 0.5)


def test_holm_corrects_by_how_many_are_left() -> None:
    """S. Holm, 1979: the smallest times four, the next times three, and none smaller than the one before."""
    assert exact.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert exact.holm([]) == []
    assert exact.holm([0.7, 0.9]) == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), max_size=30))
def test_holm_lies_between_no_correction_and_bonferroni(chances: list[float]) -> None:
    for chance, corrected in zip(chances, exact.holm(chances), strict=True):
        assert chance <= corrected <= min(1.0, len(chances) * chance) + 1e-12


def test_a_normal_distance_of_two_errors_is_rare_on_both_sides() -> None:
    assert exact.normal(1.959964, 1) == pytest.approx(0.05, abs=1e-6)
    assert exact.normal(-1.959964, 1) == pytest.approx(0.05, abs=1e-6)
    assert exact.normal(0, 0) == 1.0
    assert exact.normal(3, 0) == 0.0


def test_only_a_part_that_holds_more_is_spoken_of() -> None:
    assert exact.more_often(30, 40, 20, 80) == exact.fisher(30, 40, 20, 80)
    assert exact.more_often(20, 80, 30, 40) == 1.0
    assert exact.more_often(10, 20, 20, 40) == 1.0
