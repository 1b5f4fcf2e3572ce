"""What being contacted does to the next answer: a matched comparison with its interval. Pure: no database, no clock.

No experiment: whoever was contacted in time may differ from whoever was not. So only like is compared with like: within
a stratum everybody gave the same first score, in the same quarter, to the same kind of survey, in the same segment.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

from surveys.scoring import enough


@dataclass(frozen=True, slots=True)
class Arm:
    """The values of one side of a stratum, by their sums."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    def __add__(self, other: Arm) -> Arm:
        return Arm(self.n + other.n, self.total + other.total, self.squares + other.squares)

    @classmethod
    def of(cls, values: Iterable[float]) -> Arm:
        known = list(values)
        return cls(len(known), sum(known), sum(value * value for value in known))


class Verdict(StrEnum):
    """What may be said of an effect."""

    FOUND = "found"
    NOT_DETECTABLE = "no_effect_detectable_yet"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Estimate:
    """The mean difference of the treated to the others, within strata, with its 95 % interval; None while unknown.

    `treated` and `others` are matched and rest the figures, `unmatched_…` found nobody like them and are left out.
    `smallest` is the smallest effect that these numbers would have shown four times in five (power 80 %).
    """

    value: float | None
    low: float | None
    high: float | None
    smallest: float | None
    verdict: Verdict
    treated: int
    others: int
    unmatched_treated: int
    unmatched_others: int
    strata: int


def by_stratum(cases: Iterable[tuple[Hashable, bool, float]]) -> dict[Hashable, tuple[Arm, Arm]]:
    """(stratum, treated?, value) of each case, summed to (treated, others) per stratum."""
    found: dict[Hashable, tuple[Arm, Arm]] = {}
    for stratum, is_treated, value in cases:
        treated, others = found.get(stratum, (Arm(), Arm()))
        one = Arm(1, value, value * value)
        found[stratum] = (treated + one, others) if is_treated else (treated, others + one)
    return found


def matched_difference(strata: Mapping[Hashable, tuple[Arm, Arm]]) -> Estimate:
    """Compare treated and others within each stratum and put the differences together.

    Each stratum weighs n1 n0 / (n1 + n0), which is least uncertain where the effect is the same everywhere (the weight
    of Mantel and Haenszel, and of a regression with one constant per stratum). The error is that of shuffling who was
    treated within each stratum (Rosenbaum, "Observational studies", 2002, 2.4), so a stratum of one and one counts as
    well, and strata may differ in spread. Student's t replaces the normal, with the degrees of freedom of Welch ("The
    generalization of Student's problem when several different population variances are involved", 1947).
    The interval holds every effect that the shuffling of the values less that effect does not refuse, so it and the
    verdict cannot differ. Under 20 on a side, or where everybody answers the same, nothing is said.
    """
    both = [(treated, others) for treated, others in strata.values() if treated.n and others.n]
    counts = {
        "treated": sum(treated.n for treated, _ in both),
        "others": sum(others.n for _, others in both),
        "strata": len(both),
    }
    counts["unmatched_treated"] = sum(treated.n for treated, _ in strata.values()) - counts["treated"]
    counts["unmatched_others"] = sum(others.n for _, others in strata.values()) - counts["others"]
    sums = _summed(both)
    if not (enough(counts["treated"]) and enough(counts["others"])) or sums is None:
        return Estimate(None, None, None, None, Verdict.TOO_FEW, **counts)
    low, high = sums.interval()
    found = not low <= 0 <= high
    return Estimate(
        sums.value,
        low if math.isfinite(low) else None,
        high if math.isfinite(high) else None,
        sums.smallest(),
        Verdict.FOUND if found else Verdict.NOT_DETECTABLE,
        **counts,
    )


@dataclass(frozen=True, slots=True)
class _Sums:
    """Over strata, with weight w, n cases and d the difference in each; `spread` is the variance of all its values.

    `weight` sums w, `value` is the weighted mean of d, `spreads` sums w spread, `pulls` w² d / (n - 1) and `squares`
    w² / (n - 1): taking an effect e from the treated turns `spreads` into spreads - 2 e pulls + e² squares.
    """

    value: float
    weight: float
    spreads: float
    pulls: float
    squares: float
    freedom: float

    def variance(self, effect: float) -> float:
        """Of `value`, were this the true effect."""
        left = self.spreads - 2 * effect * self.pulls + effect * effect * self.squares
        return max(left, 0.0) / self.weight**2

    def interval(self) -> tuple[float, float]:
        t2 = student(0.975, self.freedom) ** 2
        # The effects e with (value - e)² <= t² variance(e): between the roots of a e² - 2 b e + c.
        a = self.weight**2 - t2 * self.squares
        b = self.weight**2 * self.value - t2 * self.pulls
        c = self.weight**2 * self.value**2 - t2 * self.spreads
        if a <= 0:
            return -math.inf, math.inf
        half = math.sqrt(max(b * b - a * c, 0.0))
        return min((b - half) / a, self.value), max((b + half) / a, self.value)

    def smallest(self) -> float | None:
        """The effect e with e - t(80 %) error = t(97.5 %) error as seen with e in it; None where there is none."""
        t, power = student(0.975, self.freedom), student(0.8, self.freedom)
        error2 = self.variance(self.value)
        a = 1 - t * t * self.squares / self.weight**2
        if a <= 0:
            return None
        half = math.sqrt(power * power - a * (power * power - t * t))
        return math.sqrt(error2) * (power + half) / a


def _summed(both: Iterable[tuple[Arm, Arm]]) -> _Sums | None:
    weight = value = spreads = pulls = squares = fourth = 0.0
    for treated, others in both:
        n = treated.n + others.n
        w = treated.n * others.n / n
        difference = treated.total / treated.n - others.total / others.n
        everybody = treated + others
        spread = max(everybody.squares - everybody.total**2 / n, 0.0) / (n - 1)
        weight += w
        value += w * difference
        spreads += w * spread
        pulls += w * w * difference / (n - 1)
        squares += w * w / (n - 1)
        fourth += (w * spread) ** 2 / (n + 1)
    if not fourth:
        return None
    # n - 1 degrees in each stratum; the two more, taken off at the end, make up for spreads being estimates themselves.
    freedom = max(spreads**2 / fourth - 2, 3.0)
    return _Sums(value / weight, weight, spreads, pulls, squares, freedom)


def student(p: float, freedom: float) -> float:
    """The quantile of Student's t for `freedom` >= 3 degrees, to three digits and more.

    Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 26.7.5.
    """
    x = NormalDist().inv_cdf(p)
    terms = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92_160,
    )
    return x + sum(term / freedom**power for power, term in enumerate(terms, 1))
