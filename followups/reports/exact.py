"""Tests that hold however few there are, and what is left of them where many are made at once. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

# A difference that chance alone would bring about less often than this counts as more than chance.
LEVEL = 0.05
# Two outcomes whose probabilities differ by no more than this are equally likely: sums of logarithms end a hair apart.
_AS_LIKELY = 1 + 1e-7


def fisher(k: int, n: int, others_k: int, others_n: int) -> float:
    """How often chance alone would set `k` of `n` and `others_k` of `others_n` at least as far apart; two-sided.

    R. A. Fisher, "The Logic of Inductive Inference", 1935: with both margins as they are, the sum over all tables that
    are no more likely than this one. Raises ValueError unless each part lies within its whole.
    """
    if not (0 <= k <= n and 0 <= others_k <= others_n):
        raise ValueError("A part goes from nothing to the whole.")
    hits, all_of_them = k + others_k, n + others_n
    first, last = max(0, hits - others_n), min(hits, n)
    at = _log_choose(n, first) + _log_choose(others_n, hits - first) - _log_choose(all_of_them, hits)
    logs = [at]
    for x in range(first, last):
        at += math.log((hits - x) * (n - x)) - math.log((x + 1) * (others_n - hits + x + 1))
        logs.append(at)
    return _no_likelier(logs, logs[k - first])


def binomial(k: int, n: int, share: float) -> float:
    """How often chance alone would bring `k` of `n` at least as far from `share` (a fraction of 1); two-sided.

    The exact binomial test: the sum over all outcomes that are no more likely than this one. Raises ValueError unless
    0 <= k <= n and 0 <= share <= 1.
    """
    if not (0 <= k <= n and 0 <= share <= 1):
        raise ValueError("A part goes from nothing to the whole.")
    if share in (0, 1):
        return 1.0 if k == n * share else 0.0
    step = math.log(share) - math.log1p(-share)
    at = n * math.log1p(-share)
    logs = [at]
    for x in range(n):
        at += math.log(n - x) - math.log(x + 1) + step
        logs.append(at)
    return _no_likelier(logs, logs[k])


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


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _no_likelier(logs: Sequence[float], seen: float) -> float:
    limit = seen + math.log(_AS_LIKELY)
    return min(1.0, math.fsum(math.exp(log) for log in logs if log <= limit))
