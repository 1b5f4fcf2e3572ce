"""The matched comparison: by hand, against the shuffling it stands for, and on a thousand made-up companies."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followups.reports.effect import Arm, Estimate, Verdict, by_stratum, matched_difference, student

REASON = "needs requirements-statistics.txt"
COMPANIES = 1_000

# (treated, others) of each stratum of a company. What the names say is what makes it hard.
MIDDLING = [(3, 4), (5, 2), (8, 8), (1, 6), (6, 1), (4, 4), (2, 9), (7, 3), (5, 5), (1, 1), (9, 6), (3, 3)]
PAIRS = [(1, 1)] * 24
LOPSIDED = [(2, 30), (1, 25), (20, 1), (3, 1), (1, 40), (4, 2)]
DESIGNS = {"middling": MIDDLING, "pairs": PAIRS, "lopsided": LOPSIDED}


# --- by hand ---------------------------------------------------------------------------------------------------


def test_differences_are_put_together_by_what_each_stratum_knows() -> None:
    """Weights 20·20/40 = 10 and 5·20/25 = 4; differences 2 and -1.5: (20 - 6) / 14 = 1."""
    strata = {
        "a": (Arm.of([6, 8] * 10), Arm.of([4, 6] * 10)),
        "b": (Arm.of([3, 3, 3, 3, 5.5]), Arm.of([5] * 20)),
        "nobody alike": (Arm.of([10] * 7), Arm()),
        "nor here": (Arm(), Arm.of([0] * 3)),
    }
    found = matched_difference(strata)
    assert found.value == pytest.approx((10 * 2 + 4 * (3.5 - 5)) / 14)
    assert (found.treated, found.others, found.strata) == (25, 40, 2)
    assert (found.unmatched_treated, found.unmatched_others) == (7, 3)
    assert found.low < found.value < found.high


def test_an_effect_that_strata_hide_is_found_and_one_that_they_feign_is_not() -> None:
    """Those contacted gave better first scores: compared as a whole they gain, compared with their like they do not."""
    chance = random.Random(5)
    cases = []
    for score in range(7):
        for n in range(40):
            treated = n < 6 * score
            cases.append((score, treated, score + chance.choice((-1, 0, 1))))
    raw = [[value for _, is_treated, value in cases if is_treated is wanted] for wanted in (True, False)]
    assert sum(raw[0]) / len(raw[0]) - sum(raw[1]) / len(raw[1]) > 1
    found = matched_difference(by_stratum(cases))
    assert found.verdict == Verdict.NOT_DETECTABLE
    assert abs(found.value) < 0.4


def test_under_twenty_on_a_side_nothing_is_said() -> None:
    few = {"a": (Arm.of([5, 6] * 9 + [7]), Arm.of([1, 2] * 40))}
    assert matched_difference(few) == Estimate(None, None, None, None, Verdict.TOO_FEW, 19, 80, 0, 0, 1)
    enough = {"a": (Arm.of([5, 6] * 10), Arm.of([1, 2] * 40))}
    assert matched_difference(enough).verdict == Verdict.FOUND


def test_where_everybody_answers_the_same_nothing_is_said() -> None:
    assert matched_difference({"a": (Arm.of([7] * 30), Arm.of([7] * 30))}).verdict == Verdict.TOO_FEW
    assert matched_difference({}).verdict == Verdict.TOO_FEW


def shuffled(strata: list[tuple[list[float], list[float]]]) -> Iterator[float]:
    """The difference under every way to choose who was treated within each stratum."""
    for chosen in itertools.product(*(list(itertools.combinations(range(len(t) + len(o)), len(t))) for t, o in strata)):
        weight = total = 0.0
        for (treated, others), who in zip(strata, chosen, strict=True):
            values = [*treated, *others]
            inside = [values[at] for at in who]
            outside = [value for at, value in enumerate(values) if at not in who]
            w = len(inside) * len(outside) / len(values)
            weight += w
            total += w * (sum(inside) / len(inside) - sum(outside) / len(outside))
        yield total / weight


def test_the_error_is_exactly_that_of_all_shuffles() -> None:
    strata = [([3.0, 9.0], [1.0, 4.0, 4.0]), ([7.0], [2.0, 8.0]), ([6.0, 6.0, 1.0], [0.0])]
    values = list(shuffled(strata))
    assert len(values) == 10 * 3 * 4
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / len(values)
    from followups.reports.effect import _summed

    sums = _summed([(Arm.of(treated), Arm.of(others)) for treated, others in strata])
    assert mean == pytest.approx(0)
    assert sums.variance(0) == pytest.approx(variance)
    # With an effect taken from the treated it is that of all shuffles of what is left.
    less = [([value - 1.5 for value in treated], others) for treated, others in strata]
    exact = list(shuffled(less))
    middle = sum(exact) / len(exact)
    assert sums.variance(1.5) == pytest.approx(sum((value - middle) ** 2 for value in exact) / len(exact))


values = st.lists(st.integers(0, 10).map(float), min_size=1, max_size=12)


@given(st.lists(st.tuples(values, values), min_size=4, max_size=8))
def test_the_interval_ends_where_the_shuffles_begin_to_refuse(strata: list[tuple[list[float], list[float]]]) -> None:
    found = matched_difference({n: (Arm.of(t), Arm.of(o)) for n, (t, o) in enumerate(strata)})
    if found.verdict == Verdict.TOO_FEW or found.low is None:
        return
    assert found.low <= found.value <= found.high
    assert (found.verdict == Verdict.FOUND) is not (found.low <= 0 <= found.high)
    # Taking an end of the interval from the treated moves that end to nothing.
    for end in (found.low, found.high):
        moved = {n: (Arm.of([v - end for v in t]), Arm.of(o)) for n, (t, o) in enumerate(strata)}
        again = matched_difference(moved)
        assert again.value == pytest.approx(found.value - end)
    back = matched_difference({n: (Arm.of(o), Arm.of(t)) for n, (t, o) in enumerate(strata)})
    assert (back.low, back.high) == (pytest.approx(-found.high), pytest.approx(-found.low))


@pytest.mark.parametrize("freedom", [3, 5, 10, 30, 200])
@pytest.mark.parametrize("p", [0.8, 0.975])
def test_quantiles_of_student_are_those_of_scipy(freedom: int, p: float) -> None:
    stats = pytest.importorskip("scipy.stats", reason=REASON)
    assert student(p, freedom) == pytest.approx(stats.t.ppf(p, freedom), rel=2e-3 if freedom < 5 else 2e-4)


# --- a thousand companies --------------------------------------------------------------------------------------


def companies(np: Any, design: list[tuple[int, int]], effect: float, seed: int) -> list[tuple[Any, Any]]:
    """Per stratum the later scores of treated and others, one row per company.

    Every stratum has its own middle and spread, as first scores have. An effect e adds a point to that share of the
    treated, so the true mean difference is exactly e; scores stay under 10 for that.
    """
    chance = np.random.default_rng(seed)
    found = []
    for at, (treated, others) in enumerate(design):
        middle, spread = 2 + at % 5, (1, 2, 4)[at % 3]
        low, high = max(middle - spread, 0), min(middle + spread, 8)
        draw = [chance.integers(low, high, size=(COMPANIES, n), endpoint=True).astype(float) for n in (treated, others)]
        draw[0] += math.floor(effect) + (chance.random(size=draw[0].shape) < effect % 1)
        found.append((draw[0], draw[1]))
    return found


def all_at_once(np: Any, strata: list[tuple[Any, Any]]) -> dict[str, Any]:
    """The estimate of every company, written for arrays and from each value rather than from sums."""
    stats = pytest.importorskip("scipy.stats", reason=REASON)
    n1 = np.array([treated.shape[1] for treated, _ in strata])
    n0 = np.array([others.shape[1] for _, others in strata])
    w = n1 * n0 / (n1 + n0)
    apart = np.stack([treated.mean(axis=1) - others.mean(axis=1) for treated, others in strata], axis=1)
    value = (apart * w).sum(axis=1) / w.sum()

    def spreads(effect: Any) -> Any:
        return np.stack(
            [np.concatenate([t - effect[:, None], o], axis=1).var(axis=1, ddof=1) for t, o in strata], axis=1
        )

    parts = spreads(np.zeros(len(value))) * w
    freedom = np.maximum(parts.sum(axis=1) ** 2 / (parts**2 / (n1 + n0 + 1)).sum(axis=1) - 2, 3)
    error = np.sqrt(parts.sum(axis=1)) / w.sum()
    left = np.sqrt((spreads(value) * w).sum(axis=1)) / w.sum()
    t = stats.t.ppf(0.975, freedom)
    return {"value": value, "found": np.abs(value) > t * error, "freedom": freedom, "left": left, "t": t}


def power(np: Any, design: list[tuple[int, int]], effect: float, sample: dict[str, Any]) -> float:
    """How often an effect of this size is found by the theory: a shifted Student against the error with it in."""
    stats = pytest.importorskip("scipy.stats", reason=REASON)
    n1, n0 = (np.array(side) for side in zip(*design, strict=True))
    w = n1 * n0 / (n1 + n0)
    squares = (w * w / (n1 + n0 - 1)).sum() / w.sum() ** 2
    seen = np.sqrt(sample["left"] ** 2 + effect**2 * squares)
    limit = sample["t"] * seen / sample["left"]
    return float((1 - stats.nct.cdf(limit, sample["freedom"], effect / sample["left"])).mean())


@pytest.mark.parametrize("name", DESIGNS)
def test_the_estimator_is_the_one_that_is_simulated(name: str) -> None:
    np = pytest.importorskip("numpy", reason=REASON)
    strata = companies(np, DESIGNS[name], 0.8, seed=3)
    many = all_at_once(np, strata)
    for company in range(40):
        one = matched_difference(
            {at: (Arm.of(map(float, t[company])), Arm.of(map(float, o[company]))) for at, (t, o) in enumerate(strata)}
        )
        assert one.value == pytest.approx(many["value"][company])
        assert (one.verdict == Verdict.FOUND) is bool(many["found"][company])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", DESIGNS)
def test_without_an_effect_one_is_found_in_at_most_seven_of_a_hundred(name: str, seed: int) -> None:
    np = pytest.importorskip("numpy", reason=REASON)
    found = all_at_once(np, companies(np, DESIGNS[name], 0.0, seed))["found"].mean()
    print(f"{name}, no effect: found in {found:.1%} of {COMPANIES} companies")
    assert 0.02 <= found <= 0.07


@pytest.mark.parametrize("effect", [0.6, 0.9, 1.2])
@pytest.mark.parametrize("name", DESIGNS)
def test_a_planted_effect_is_found_as_often_as_its_power_says(name: str, effect: float) -> None:
    np = pytest.importorskip("numpy", reason=REASON)
    sample = all_at_once(np, companies(np, DESIGNS[name], effect, seed=11))
    found, expected = sample["found"].mean(), power(np, DESIGNS[name], effect, sample)
    print(f"{name}, effect {effect}: found in {found:.1%}, power {expected:.1%}")
    assert sample["value"].mean() == pytest.approx(effect, abs=4 * sample["value"].std() / math.sqrt(COMPANIES))
    assert found == pytest.approx(expected, abs=3 * math.sqrt(expected * (1 - expected) / COMPANIES) + 0.015)


@pytest.mark.parametrize("name", DESIGNS)
def test_the_smallest_effect_it_names_is_found_four_times_in_five(name: str) -> None:
    np = pytest.importorskip("numpy", reason=REASON)
    design = DESIGNS[name]
    named = []
    for company in range(60):
        strata = companies(np, design, 0.0, seed=100)
        pairs = {
            at: (Arm.of(map(float, t[company])), Arm.of(map(float, o[company]))) for at, (t, o) in enumerate(strata)
        }
        named.append(matched_difference(pairs).smallest)
    smallest = sum(named) / len(named)
    found = all_at_once(np, companies(np, design, smallest, seed=21))["found"].mean()
    print(f"{name}: smallest effect {smallest:.2f} points, found in {found:.1%}")
    assert 0.75 <= found <= 0.87


@pytest.mark.parametrize("name", DESIGNS)
def test_the_interval_holds_the_planted_effect_as_often_as_it_says(name: str) -> None:
    np = pytest.importorskip("numpy", reason=REASON)
    strata = companies(np, DESIGNS[name], 0.7, seed=31)
    held = 0
    for company in range(COMPANIES):
        pairs = {
            at: (Arm.of(map(float, t[company])), Arm.of(map(float, o[company]))) for at, (t, o) in enumerate(strata)
        }
        found = matched_difference(pairs)
        held += (found.low is None or found.low <= 0.7) and (found.high is None or found.high >= 0.7)
    print(f"{name}: the interval held the true effect in {held / COMPANIES:.1%}")
    assert 0.93 <= held / COMPANIES <= 0.975
