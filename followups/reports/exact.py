"""Tests that hold however few there are, and what is left of them where many are made at once. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

# A difference that chance alone would bring about less often than this counts as more than chance.
LEVEL = 0.05
# Two outcomes whose probabilities differ by no more than this are equally likely: long products end a hair apart.
_AS_LIKELY = 1 + 1e-7


def fisher(k: int, n: int, others_k: int, others_n: int) -> float:
    """How often chance alone would set `k` of `n` and `others_k` of `others_n` at least as far apart; two-sided.

    R. A. Fisher, "The Logic of Inductive Inference", 1935: with both margins as they are, the sum over all tables that
    are no more likely than this one. Raises ValueError unless each part lies within its whole.
    """
    if not (0 <= k <= n and 0 <= others_k <= others_n):
        raise ValueError("A part goes from nothing to the whole.")
    hits = k + others_k
    first, last = max(0, hits - others_n), min(hits, n)

    def step(x: int) -> float:
        return (hits - x) * (n - x) / ((x + 1) * (others_n - hits + x + 1))

    return _no_likelier(k, first, last, (hits + 1) * (n + 1) // (n + others_n + 2), step)


def more_often(k: int, n: int, others_k: int, others_n: int) -> float:
    """The same for a part that is spoken of only where it holds more than the others: 1 where it does not."""
    return fisher(k, n, others_k, others_n) if k * others_n > others_k * n else 1.0


def binomial(k: int, n: int, share: float) -> float:
    """How often chance alone would bring `k` of `n` at least as far from `share` (a fraction of 1); two-sided.

    The exact binomial test: the sum over all outcomes that are no more likely than this one. Raises ValueError unless
    0 <= k <= n and 0 <= share <= 1.
    """
    if not (0 <= k <= n and 0 <= share <= 1):
        raise ValueError("A part goes from nothing to the whole.")
    if share in (0, 1):
        return 1.0 if k == n * share else 0.0
    odds = share / (1 - share)

    def step(x: int) -> float:
        return (n - x) / (x + 1) * odds

    return _no_likelier(k, 0, n, int((n + 1) * share), step)


def normal(distance: float, error: float) -> float:
    """How often chance alone would bring a value of this standard error at least so far; two-sided."""
    if error <= 0:
        return 1.0 if distance == 0 else 0.0
    return min(1.0, 2 * NormalDist().cdf(-abs(distance) / error))


def holm(chances: Sequence[float]) -> list[float]:
    """The same in the same order, corrected for having made them all: below 5 % is still more than chance.

    S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6, 1979: the
    smallest times how many there are, the next times one less, none smaller than the one before, none above 1.
    """
    order = sorted(range(len(chances)), key=lambda place: chances[place])
    corrected, so_far = [1.0] * len(chances), 0.0
    for rank, place in enumerate(order):
        so_far = max(so_far, (len(chances) - rank) * chances[place])
        corrected[place] = min(1.0, so_far)
    return corrected


def _no_likelier(seen: int, first: int, last: int, likeliest: int, step: Callable[[int], float]) -> float:
    """The share of all outcomes from `first` to `last` that are no likelier than `seen`.

    `step(x)` is how much likelier x + 1 is than x. Counted outwards from the likeliest, so that nothing can overflow;
    what is too unlikely for a number adds nothing.
    """
    start = min(max(likeliest, first), last)
    chances = {start: 1.0}
    chance, x = 1.0, start
    while x < last and chance:
        chance *= step(x)
        x += 1
        chances[x] = chance
    chance, x = 1.0, start
    while x > first and chance:
        x -= 1
        chance /= step(x)
        chances[x] = chance
    limit = chances.get(seen, 0.0) * _AS_LIKELY
    return min(1.0, math.fsum(c for c in chances.values() if c <= limit) / math.fsum(chances.values()))
