"""Evenness of shares, and whether a spread is more than chance: known values, fair data, planted unfairness."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followups.fairness import jain, jain_within, spread, spread_within
from tests.conftest import counted


def test_the_index_is_one_for_equal_shares_and_one_nth_where_one_has_all() -> None:
    assert jain([3, 3, 3]) == pytest.approx(1)
    assert jain([5, 0, 0, 0]) == pytest.approx(1 / 4)
    assert jain([]) is None and jain([0, 0]) is None


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20))
def test_the_index_lies_between_one_nth_and_one(shares: list[float]) -> None:
    index = jain(shares)
    assert index is None or 1 / len(shares) - 1e-9 <= index <= 1 + 1e-9


@pytest.mark.parametrize(
    ("counts", "p"),
    # The 95 % points of the chi-square distribution with 1, 2 and 4 degrees of freedom are 3.841, 5.991 and 9.488.
    [([100 + 13.859, 100 - 13.859], 0.05), ([117.308, 100, 82.692], 0.05)],
)
def test_the_formula_agrees_with_the_tables(counts: list[float], p: float) -> None:
    found = spread(counts, [1] * len(counts))  # type: ignore[arg-type]
    assert found is not None and not found.played
    assert found.p == pytest.approx(p, abs=2e-3)


@given(st.floats(0.01, 60), st.integers(1, 30))
def test_the_distribution_agrees_with_its_closed_form(value: float, half: int) -> None:
    """With an even number of degrees of freedom the chance is a sum of Poisson terms."""
    from followups.fairness import _above

    x = value / 2
    closed = sum(math.exp(-x + k * math.log(x) - math.lgamma(k + 1)) for k in range(half))
    assert _above(value, 2 * half) == pytest.approx(closed, abs=1e-9)


@pytest.mark.parametrize(("people", "tickets"), [(4, 200), (6, 30), (12, 25)])
def test_fair_draws_are_called_within_chance_about_nineteen_times_in_twenty(people: int, tickets: int) -> None:
    chance, runs = random.Random(7), counted(60, full=400)
    weights = [chance.uniform(10, 40) for _person in range(people)]
    within = 0
    for _run in range(runs):
        counts = [0] * people
        for person in chance.choices(range(people), weights, k=tickets):
            counts[person] += 1
        found = spread(counts, weights)
        assert found is not None
        within += found.within_chance
    # Three standard errors around 95 %.
    assert within / runs >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / runs)
    assert within < runs or runs < 100


@pytest.mark.parametrize(("counts", "weights"), [([60, 20, 20, 20], [1, 1, 1, 1]), ([12, 2, 1, 1], [1, 1, 1, 1])])
def test_a_planted_skew_is_found(counts: list[int], weights: list[float]) -> None:
    found = spread(counts, weights)
    assert found is not None and not found.within_chance


def test_a_part_timer_with_half_the_hours_and_half_the_tickets_is_no_skew() -> None:
    found = spread([40, 40, 20], [40, 40, 20])
    assert found is not None and found.within_chance
    found = spread([34, 33, 33], [40, 40, 4])
    assert found is not None and not found.within_chance


def test_small_counts_are_played_and_say_the_same_twice() -> None:
    first, second = spread([3, 1, 0], [1, 1, 1]), spread([3, 1, 0], [1, 1, 1])
    assert first == second and first is not None and first.played


def test_with_nobody_to_compare_nothing_is_said() -> None:
    assert spread([], []) is None
    assert spread([5], [1]) is None
    assert spread([0, 0], [1, 1]) is None
    assert spread([3, 0], [1, 0]) is None


def test_of_many_tickets_the_smallest_shares_are_put_together() -> None:
    found = spread([500, 480, 1, 0], [100, 100, 0.1, 0.1])
    assert found is not None and not found.played


def test_teams_with_unlike_much_to_do_are_even_where_each_is() -> None:
    busy, idle = ([20, 21, 19], [10, 10, 10]), ([3, 2, 3, 2], [10, 10, 10, 10])
    pooled = spread([*busy[0], *idle[0]], [10] * 7)
    within = spread_within([busy, idle])
    assert pooled is not None and not pooled.within_chance
    assert within is not None and within.within_chance
    index = jain_within([busy, idle])
    assert index is not None and index > 0.95 > 0.7 > (jain([*busy[0], *idle[0]]) or 0)


def test_a_skew_within_one_of_several_teams_is_found() -> None:
    skewed, even = ([60, 20, 20, 20], [1, 1, 1, 1]), ([5, 5, 5, 5], [1, 1, 1, 1])
    for groups in ([skewed, even], [([12, 2, 1, 1], [1, 1, 1, 1]), even]):
        found = spread_within(groups)
        assert found is not None and not found.within_chance


def test_of_one_team_the_same_is_said_as_of_its_people() -> None:
    assert spread_within([([9, 3, 1], [2, 1, 1])]) == spread([9, 3, 1], [2, 1, 1])
    assert jain_within([([9, 3, 1], [2, 1, 1])]) == pytest.approx(jain([4.5, 3, 1]))


def test_teams_with_nobody_to_compare_say_nothing() -> None:
    even = ([5, 5, 5], [1, 1, 1])
    assert spread_within([]) is None and jain_within([]) is None
    assert spread_within([([7], [1]), even, ([0, 0], [1, 1]), ([3, 0], [1, 0])]) == spread(*even)
    many = ([500, 490], [1, 1])
    assert spread_within([many, ([1, 0], [1, 1])]) == spread(*many)
