"""How long it takes until something happens, with those to whom it has not happened yet. Pure: no database, no clock.

A mean over finished tickets rewards leaving the hard ones open. Here everybody is in: who still waits counts for as
long as they have waited.

What ends a wait without the event *competes* with it, and whoever it took leaves those it could still happen to. That
is the textbook estimate, and the reports do not hand it dismissals: with tickets of different age in one cohort, a
dismissal then lifts the curve after it. (One contact at 3 h, one ticket that waits since 2 h, one that was dismissed
at 1 h: 2/3 are spoken to after 3 h, but 1/2 had it been left open.) When a dismissed ticket would have been looked at
last is known, it is now; so they count it as waiting until now, as Fine and Gray do where everybody's last moment of
observation is known ("A proportional hazards model for the subdistribution of a competing risk", 1999, section 3.1).
Both estimate the same share, and nobody gains by the second.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from surveys.scoring import Z95


@dataclass(frozen=True, slots=True)
class Spell:
    """One ticket's wait, in seconds: until the event where it happened, else up to now.

    `competed`: something else ended it for good after so long, and what it would have been is not known.
    """

    seconds: float
    happened: bool
    competed: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """From `seconds` on, `share` of all have had the event; `low` to `high` is the 95 % interval. Fractions of 1."""

    seconds: float
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Curve:
    """The share that has had the event, over time. The three tuples hold the seconds of each spell in order."""

    steps: tuple[Step, ...]
    happened: tuple[float, ...]
    waiting: tuple[float, ...]
    competed: tuple[float, ...] = ()
    # Its times come from kept counts, so that they stand for others within 1 % of them.
    is_rounded: bool = False

    @property
    def n(self) -> int:
        return len(self.happened) + len(self.waiting) + len(self.competed)

    @property
    def events(self) -> int:
        return len(self.happened)

    def at(self, seconds: float) -> Step:
        """The curve at one moment; before the first event it is zero."""
        found = bisect_right(self.steps, seconds, key=lambda step: step.seconds)
        return self.steps[found - 1] if found else Step(0.0, 0.0, 0.0, 0.0)

    def reached(self, share: float) -> float | None:
        """The seconds after which `share` of all (0.5: the median) have had the event; None while they have not."""
        # The product of many fractions may end a hair under the share it stands for.
        return next((step.seconds for step in self.steps if step.share >= share - 1e-9), None)

    def reached_between(self, share: float) -> tuple[float | None, float | None]:
        """The 95 % interval of `reached`: the moments whose own interval holds `share`; None: no end so far.

        R. Brookmeyer and J. Crowley, "A confidence interval for the median survival time", 1982, for any share.
        """
        first = next((step.seconds for step in self.steps if step.high >= share - 1e-9), None)
        last = next((step.seconds for step in self.steps if step.low >= share - 1e-9), None)
        return first, last


def curve(spells: Iterable[Spell]) -> Curve:
    """The cumulative incidence of the event with its 95 % interval; a wait that would be negative counts as none."""
    happened: Counter[float] = Counter()
    waiting: Counter[float] = Counter()
    competed: Counter[float] = Counter()
    for spell in spells:
        ended = happened if spell.happened else competed if spell.competed else waiting
        ended[max(float(spell.seconds), 0.0)] += 1
    return curve_of_counts(happened, waiting, competed)


def curve_of_counts(
    happened: Mapping[float, int], waiting: Mapping[float, int], competed: Mapping[float, int] | None = None
) -> Curve:
    """The same from counts: how many spells of so many seconds ended by the event, still wait, or ended otherwise.

    Aalen and Johansen, "An empirical transition matrix for non-homogeneous Markov chains based on censored
    observations", 1978. Without anything that competes this is Kaplan and Meier, "Nonparametric estimation from
    incomplete observations", 1958. The variance is that of the delta method (Marubini and Valsecchi, "Analysing
    survival data from clinical trials and observational studies", 1995, 10.2), which is Greenwood's where nothing
    competes; the interval is taken on the log-log scale of the share without the event (Kalbfleisch and Prentice, "The
    statistical analysis of failure time data", 1.4). Raises ValueError for a negative count.
    """
    others: Mapping[float, int] = competed or {}
    if any(n < 0 for part in (happened, waiting, others) for n in part.values()):
        raise ValueError("A count cannot be negative.")
    at_risk = sum(happened.values()) + sum(waiting.values()) + sum(others.values())
    share = 0.0
    free = 1.0  # neither the event nor anything that competes
    greenwood = _Sums()
    steps: list[Step] = []
    for seconds in sorted({*happened, *waiting, *others}):
        events = happened.get(seconds, 0)
        ended = events + others.get(seconds, 0)
        if ended:
            share += free * events / at_risk
            greenwood.add(share, free, events, ended, at_risk)
            free *= 1 - ended / at_risk
        if events:
            without = 1 - share
            if without > 1e-12:
                low, high = _interval(without, greenwood.variance(share))
            else:
                # Nobody is left to say how sure the end is: its lower bound is the one before.
                share, low, high = 1.0, steps[-1].low if steps else 0.0, 1.0
            steps.append(Step(seconds, share, low, high))
        at_risk -= ended + waiting.get(seconds, 0)
    return Curve(tuple(steps), _each(happened), _each(waiting), _each(others))


class _Sums:
    """The three sums of the variance over the moments so far, multiplied out so that each moment is added once."""

    def __init__(self) -> None:
        self.all = self.all_share = self.all_square = 0.0
        self.own = self.own_share = self.own_square = 0.0

    def add(self, share: float, free: float, events: int, ended: int, at_risk: int) -> None:
        # Where all who are left end at once nobody follows, and what this part would be multiplied by is zero.
        part = ended / (at_risk * (at_risk - ended)) if ended < at_risk else 0.0
        self.all += part
        self.all_share += part * share
        self.all_square += part * share * share
        weight = free * events / at_risk**2
        self.own += weight
        self.own_share += weight * share
        self.own_square += free * free * events * (at_risk - events) / at_risk**3

    def variance(self, share: float) -> float:
        after = share * share * self.all - 2 * share * self.all_share + self.all_square
        return max(after + self.own_square - 2 * (share * self.own - self.own_share), 0.0)


def _interval(without: float, variance: float) -> tuple[float, float]:
    error = Z95 * math.sqrt(variance) / (without * abs(math.log(without)))
    # An exponent beyond this leaves nothing of any share.
    return 1 - without ** math.exp(-error), 1 - without ** math.exp(min(error, 700.0))


def _each(counts: Mapping[float, int]) -> tuple[float, ...]:
    return tuple(seconds for seconds in sorted(counts) for _ in range(counts[seconds]))
