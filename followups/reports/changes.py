"""Whether figures differ by more than chance, one comparison or many. Pure: counts in, intervals and verdicts out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from followups.reports import exact
from surveys.scoring import Z95, Difference, enough, proportion_interval


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
    errors = min(abs(found.value), abs(middle)) / (found.margin / Z95)
    return 2 * (1 - NormalDist().cdf(errors))


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
    chances = [exact.fisher(count, of, all_counts - count, all_of - of) for _, count, of in known]
    surest = min(range(len(known)), key=lambda i: chances[i])
    return Apart(known[surest][0], len(known), may_be_chance=chances[surest] > exact.LEVEL / compared)
