"""Whether work is shared fairly: an index of evenness, and whether a spread is more than chance would draw. Pure.

Shares are judged by what each person could take: available hours times capacity. Nobody is fair to a ticket more or
less, so the question asked is whether the spread is larger than if each ticket had gone to somebody at random, with a
probability in proportion to that weight. What the assigner does by least load is evener than that; so "within chance"
says that nothing unfair can be told from these counts, not that chance decided.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

# Below this share of tickets expected for somebody the chi-square distribution is not to be trusted.
SMALLEST_EXPECTED = 5
# How often chance is played where counts are small, and with which seed, so that a page says the same twice.
DRAWS, SEED = 999, 20_261_124
# Played at most so many times so many tickets; beyond that the smallest shares are put together instead.
MOST_PLAYED = 400
LEVEL = 0.05
# What people who share their work have, and what each weighs, in the same order.
Group = tuple[Sequence[int], Sequence[float]]
Pairs = list[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Spread:
    """`p` is how often chance alone would spread these counts at least as far. `played`: by playing, not by formula."""

    p: float
    played: bool

    @property
    def within_chance(self) -> bool:
        return self.p >= LEVEL


def jain(shares: Sequence[float]) -> float | None:
    """Jain's fairness index of shares per person: 1 where all are equal, 1/n where one has all. None without any.

    R. Jain, D.-M. Chiu, W. Hawe: A Quantitative Measure of Fairness and Discrimination for Resource Allocation in
    Shared Computer Systems, DEC Research Report TR-301, 1984: (sum x)^2 / (n * sum x^2).
    """
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else None


def jain_within(groups: Sequence[Group]) -> float | None:
    """Jain's index of everybody's share of their weight, taken by what is usual in their own group.

    So a group that has more to do than another is not uneven for it. None where nobody has anything.
    """
    shares: list[float] = []
    for group in groups:
        pairs = _weighing(group)
        n, total = _sums(pairs)
        if n:
            shares += [count / weight / (n / total) for count, weight in pairs]
    return jain(shares)


def spread(counts: Sequence[int], weights: Sequence[float]) -> Spread | None:
    """Whether counts differ from their weights by more than chance; None where there is nothing to compare.

    Pearson's chi-square against shares in proportion to the weights. Where everybody can expect five tickets (W. G.
    Cochran, Some methods for strengthening the common chi-square tests, Biometrics 10, 1954) by its distribution; else
    by a Monte Carlo test with a fixed seed (A. C. A. Hope, A simplified Monte Carlo significance test procedure, JRSS B
    30, 1968): p = (1 + draws at least as far apart) / (1 + draws). Whoever weighs nothing is left out.
    """
    return spread_within([(counts, weights)])


def spread_within(groups: Sequence[Group]) -> Spread | None:
    """The same over people of several groups, where chance gives tickets of a group only to its own people.

    The chi-squares of the groups and their degrees of freedom add up, as the groups are drawn apart.
    """
    compared = [pairs for group in groups if _can_compare(pairs := _weighing(group))]
    if sum(_sums(pairs)[0] for pairs in compared) > MOST_PLAYED:
        compared = [fewer for pairs in compared if len(fewer := _put_together(pairs, *_sums(pairs))) > 1]
    if not compared:
        return None
    drawn_apart = [_Drawn.of(pairs) for pairs in compared]
    far = sum(
        _chi_square([count for count, _ in pairs], each.expected)
        for pairs, each in zip(compared, drawn_apart, strict=True)
    )
    if min(due for each in drawn_apart for due in each.expected) >= SMALLEST_EXPECTED:
        return Spread(_above(far, sum(len(pairs) - 1 for pairs in compared)), played=False)
    chance = random.Random(SEED)  # noqa: S311 (not a secret: the same page twice must say the same)
    as_far = 0
    for _draw in range(DRAWS):
        # Sums of the same numbers in another order differ in their last digits.
        as_far += sum(each.played(chance) for each in drawn_apart) >= far - 1e-9
    return Spread((1 + as_far) / (1 + DRAWS), played=True)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """One group as chance deals to it: `n` tickets, to people with these weights."""

    n: int
    weights: list[float]
    expected: list[float]

    @classmethod
    def of(cls, pairs: Pairs) -> _Drawn:
        n, total = _sums(pairs)
        weights = [weight for _, weight in pairs]
        return cls(n, weights, [n * weight / total for weight in weights])

    def played(self, chance: random.Random) -> float:
        """How far apart one deal comes out."""
        drawn = [0] * len(self.weights)
        for person in chance.choices(range(len(drawn)), self.weights, k=self.n):
            drawn[person] += 1
        return _chi_square(drawn, self.expected)


def _weighing(group: Group) -> Pairs:
    return [(count, weight) for count, weight in zip(*group, strict=True) if weight > 0]


def _sums(pairs: Pairs) -> tuple[int, float]:
    return sum(count for count, _ in pairs), sum(weight for _, weight in pairs)


def _can_compare(pairs: Pairs) -> bool:
    return len(pairs) > 1 and _sums(pairs)[0] > 0


def _put_together(pairs: Pairs, n: int, total: float) -> Pairs:
    """The smallest shares as one, until everybody can expect five tickets."""
    left = sorted(pairs, key=lambda pair: pair[1])
    while len(left) > 1 and n * left[0][1] / total < SMALLEST_EXPECTED:
        first, second = left[0], left[1]
        left = sorted([(first[0] + second[0], first[1] + second[1]), *left[2:]], key=lambda pair: pair[1])
    return left


def _chi_square(observed: Sequence[int], expected: Sequence[float]) -> float:
    return sum((seen - due) ** 2 / due for seen, due in zip(observed, expected, strict=True))


def _above(value: float, freedom: int) -> float:
    """How often a chi-square of so many degrees of freedom is larger.

    The regularised incomplete gamma function Q(freedom / 2, value / 2), by its series and its continued fraction
    (Abramowitz and Stegun, Handbook of Mathematical Functions, 6.5.29 and 6.5.31, evaluated as Lentz does).
    """
    a, x = freedom / 2, value / 2
    if x <= 0:
        return 1.0
    front = math.exp(-x + a * math.log(x) - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        n = a
        while abs(term) > abs(total) * 1e-14:
            n += 1
            term *= x / n
            total += term
        return max(0.0, 1 - total * front)
    tiny = 1e-300
    b = x + 1 - a
    c, d = 1 / tiny, 1 / b
    fraction = d
    for step in range(1, 10_000):
        factor = -step * (step - a)
        b += 2
        d = 1 / (_not_nothing(factor * d + b, tiny))
        c = _not_nothing(b + factor / c, tiny)
        fraction *= d * c
        if abs(d * c - 1) < 1e-14:
            break
    return front * fraction


def _not_nothing(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny
