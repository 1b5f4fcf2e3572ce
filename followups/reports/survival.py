"""How long it takes until something happens, with those to whom it has not happened yet. Pure: no database, no clock.

A mean over finished tickets rewards leaving the hard ones open. Here everybody is in: who still waits counts for as
long as they have waited, and a ticket that ended without the event counts exactly like one that still waits, so that
neither leaving open nor dismissing can improve the curve.
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
    """The share that has had the event, over time. `happened` and `waiting` hold the seconds of each spell in order."""

    steps: tuple[Step, ...]
    happened: tuple[float, ...]
    waiting: tuple[float, ...]

    @property
    def n(self) -> int:
        return len(self.happened) + len(self.waiting)

    @property
    def events(self) -> int:
        return len(self.happened)

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
    log-log scale (Kalbfleisch and Prentice, "The statistical analysis of failure time data", 1.4). Ending without the
    event competes with it: whoever did stays among those it could happen to until now, as Fine and Gray do where
    everybody's last moment of observation is known ("A proportional hazards model for the subdistribution of a
    competing risk", 1999, section 3.1). A wait that would be negative counts as none.
    """
    known = [(max(float(spell.seconds), 0.0), spell.happened) for spell in spells]
    ended = Counter(seconds for seconds, _ in known)
    happened = Counter(seconds for seconds, event in known if event)
    at_risk = len(known)
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
    return Curve(
        tuple(steps),
        happened=tuple(sorted(seconds for seconds, event in known if event)),
        waiting=tuple(sorted(seconds for seconds, event in known if not event)),
    )


def _interval(survive: float, greenwood: float) -> tuple[float, float]:
    if math.isinf(greenwood) or survive <= 0:
        return 0.0, 1.0
    error = Z95 * math.sqrt(greenwood) / abs(math.log(survive))
    return 1 - survive ** math.exp(-error), 1 - survive ** math.exp(error)
