"""Whether figures differ by more than chance, one comparison or many. Pure: counts in, intervals and verdicts out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from surveys.scoring import Difference, enough, proportion_interval

# One comparison in twenty errs; many together no more often than one.
LEVEL = 0.05


def rate_change(count: int, of: int, count_before: int, of_before: int) -> Difference:
    """How far the rate count/of lies above the one before, in points, with its 95 % interval.

    R. G. Newcombe, "Interval estimation for the difference between independent proportions", 1998, method 10: the two
    Wilson intervals put together. Under 20 on either side nothing is compared and every figure is None.
    """
    if not (enough(of) and enough(of_before)):
        return Difference(None, None, None, None, may_be_chance=True)
    now, before = count / of, count_before / of_before
    (low, high), (low_before, high_before) = (
        proportion_interval(count, of),
        proportion_interval(count_before, of_before),
    )
    value = now - before
    least = value - math.hypot(now - low, high_before - before)
    most = value + math.hypot(high - now, before - low_before)
    margin = 50 * (most - least)
    return Difference(100 * value, 100 * least, 100 * most, margin, may_be_chance=least <= 0 <= most)


def p_value(found: Difference) -> float:
    """How often chance alone makes two groups differ so much, from a difference of two NPS and its margin.

    Both the exact difference and the adjusted one count, as in `surveys.scoring.difference`: the less sure one speaks.
    """
    if found.value is None or found.low is None or found.high is None or not found.margin:
        return 1.0
    # The interval always holds the value; where that made it wider, one of its ends still says where its middle was.
    middle = found.high - found.margin if found.low == found.value else found.low + found.margin
    if found.value * middle <= 0:
        return 1.0
    errors = min(abs(found.value), abs(middle)) / (found.margin / 1.96)
    return 2 * (1 - NormalDist().cdf(errors))


def holm(chances: Sequence[float], level: float = LEVEL) -> list[bool]:
    """Which of several comparisons are more than chance, so that all of them together err in `level` of cases.

    S. Holm, "A simple sequentially rejective multiple test procedure", 1979: the surest is held to level/m, the next
    to level/(m - 1), and so on, and the first that fails ends it.
    """
    more_than_chance = [False] * len(chances)
    for step, place in enumerate(sorted(range(len(chances)), key=lambda i: chances[i])):
        if chances[place] > level / (len(chances) - step):
            break
        more_than_chance[place] = True
    return more_than_chance


def more_often(part: int, of_part: int, whole: int, of_whole: int) -> float:
    """How often chance alone puts `part` or more of `whole` marked tickets among `of_part` out of `of_whole`.

    The upper tail of the hypergeometric distribution, twice, at most 1: R. A. Fisher's exact test (1935), doubled
    because a part that holds fewer than expected would have been spoken of as well.
    """
    if not (0 <= part <= of_part <= of_whole and part <= whole <= of_whole):
        raise ValueError("A part goes from nothing to the whole.")
    if not of_part:
        return 1.0
    # The first term by logarithms, each next one by its ratio to the one before: exact enough, and quick for thousands.
    term = math.exp(
        _log_ways(whole, part) + _log_ways(of_whole - whole, of_part - part) - _log_ways(of_whole, of_part)
    ) if of_part - part <= of_whole - whole else 0.0  # fmt: skip
    tail, k, most = term, part, min(whole, of_part)
    if not term:
        # Fewer marked ones than this cannot be in the part, so it is certain to hold so many.
        return 1.0
    while k < most:
        term *= (whole - k) * (of_part - k) / ((k + 1) * (of_whole - whole - of_part + k + 1))
        tail += term
        k += 1
    return min(1.0, 2 * tail)


def _log_ways(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


@dataclass(frozen=True, slots=True)
class Apart:
    """The group whose rate lies furthest from that of all others together, by how sure that is."""

    place: int
    compared: int
    may_be_chance: bool


def furthest(groups: Sequence[tuple[int, int]]) -> Apart | None:
    """Which of several rates, (count, of) each, to speak of; None with fewer than two that have enough behind them.

    Each is held against all others by Fisher's exact test, and the surest of them against the level over how many were
    compared: the first step of Holm.
    """
    known = [(place, count, of) for place, (count, of) in enumerate(groups) if enough(of)]
    if len(known) < 2:
        return None
    all_counts, all_of = sum(count for _, count, _ in known), sum(of for _, _, of in known)
    compared = len(known) if len(known) > 2 else 1
    chances = [
        min(more_often(count, of, all_counts, all_of), more_often(of - count, of, all_of - all_counts, all_of))
        for _, count, of in known
    ]
    surest = min(range(len(known)), key=lambda i: chances[i])
    return Apart(known[surest][0], len(known), may_be_chance=chances[surest] > LEVEL / compared)
