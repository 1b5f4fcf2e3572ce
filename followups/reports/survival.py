"""How long it takes until something happens, with those to whom it has not happened yet. Pure: no database, no clock.

A mean over finished tickets rewards leaving the hard ones open. Here everybody is in: who still waits counts for as long
as they have waited, and a ticket that ended without the event counts exactly like one that still waits, so that neither
leaving open nor dismissing can improve the curve.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from surveys.scoring import Z95


@dataclass(frozen=True, slots=True)
class Spell:
    """One ticket's wait, in seconds: until the event where it happened, else up to now, whatever became of it."""

    seconds: float
    happened: bool


@dataclass(frozen=True, slots=True)
class Step:
    """From `seconds` on, `share` of all have had the event; `low` to `high` is the 95 % interval. Fractions of 1."""

    seconds: float
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Curve:
    """The share that has had the event, over time. `n` spells in all, `events` of them ended with the event."""

    n: int
    events: int
    steps: tuple[Step, ...]
    waiting: tuple[float, ...]

    def at(self, seconds: float) -> Step:
        """The curve at one moment; before the first event it is zero."""
        found = bisect_right([step.seconds for step in self.steps], seconds)
        return self.steps[found - 1] if found else Step(0.0, 0.0, 0.0, 0.0)

    def reached(self, share: float) -> float | None:
        """The seconds after which `share` of all (0.5: the median) have had the event; None while they have not."""
        # The product of many fractions may end a hair under the share it stands for.
        return next((step.seconds for step in self.steps if step.share >= share - 1e-9), None)


def curve(spells: Iterable[Spell]) -> Curve:
    """The cumulative incidence of the event with its 95 % interval.

    Kaplan and Meier, "Nonparametric estimation from incomplete observations", 1958, with Greenwood's variance on the
    log-log scale (Kalbfleisch and Prentice, "The statistical analysis of failure time data", 1.4). Whoever ended without
    the event stays among those it could happen to until now, as Fine and Gray, "A proportional hazards model for the
    subdistribution of a competing risk", 1999, section 3.1, do where everybody's last moment of observation is known. A
    wait that would be negative counts as none.
    """
    happened: Counter[float] = Counter()
    ended: Counter[float] = Counter()
    for spell in spells:
        seconds = max(float(spell.seconds), 0.0)
        ended[seconds] += 1
        if spell.happened:
            happened[seconds] += 1
    n = at_risk = ended.total()
    survive, greenwood = 1.0, 0.0
    steps: list[Step] = []
    for seconds in sorted(ended):
        if events := happened[seconds]:
            survive *= 1 - events / at_risk
            greenwood += events / (at_risk * (at_risk - events)) if events < at_risk else math.inf
            low, high = _interval(survive, greenwood)
            if math.isinf(greenwood):
                # Nobody is left to say how sure the end is: its lower bound is the one before.
                low = steps[-1].low if steps else 0.0
            steps.append(Step(seconds, 1 - survive, low, high))
        at_risk -= ended[seconds]
    waiting = tuple(sorted(seconds for seconds in ended for _ in range(ended[seconds] - happened[seconds])))
    return Curve(n, happened.total(), tuple(steps), waiting)


def _interval(survive: float, greenwood: float) -> tuple[float, float]:
    if math.isinf(greenwood) or survive <= 0:
        return 0.0, 1.0
    error = Z95 * math.sqrt(greenwood) / abs(math.log(survive))
    return 1 - survive ** math.exp(-error), 1 - survive ** math.exp(error)
