"""Groups below each other on one scale, and gauges."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext

from followups.reports.charts.scale import Mark, Scale, percent, signed


@dataclass(frozen=True, slots=True)
class NpsBar:
    """One group on a common scale: its figure with interval, or its single answers where there are too few.

    `of` says in words what the figure is made of, `opens` is what it opens where that is not what the label opens.
    """

    label: str
    href: str
    n: int
    value: str
    interval: str
    low: str = ""
    high: str = ""
    point: str = ""
    raw: list[tuple[str, int]] = field(default_factory=list)
    of: str = ""
    opens: str = ""


@dataclass(frozen=True, slots=True)
class NpsBars:
    bars: list[NpsBar]
    marks: list[Mark]

    @property
    def any_known(self) -> bool:
        return any(bar.point for bar in self.bars)


@dataclass(frozen=True, slots=True)
class NpsRow:
    """What `nps_bars` draws: a label, a link, the count, and figure with interval or each single score."""

    label: str
    href: str
    n: int
    value: float | None
    low: float | None
    high: float | None
    scores: Sequence[int] = ()


def nps_bars(rows: Iterable[NpsRow]) -> NpsBars:
    """Groups below each other on one scale that holds every interval. No order is added to the one given."""
    known = list(rows)
    lows = [row.low for row in known if row.low is not None]
    highs = [row.high for row in known if row.high is not None]
    width = max(highs, default=0) - min(lows, default=0)
    step = 20 if width <= 70 else 40 if width <= 160 else 100
    low = math.floor(min(lows, default=-40) / 20) * 20
    high = math.ceil(max(highs, default=40) / 20) * 20
    scale = Scale(min(low, 0), max(high, 20))
    bars = []
    for row in known:
        if row.value is None or row.low is None or row.high is None:
            gap = min(0.09, 0.9 / max(len(row.scores), 1))
            raw = [(percent(0.05 + i * gap), score) for i, score in enumerate(row.scores)]
            bars.append(NpsBar(row.label, row.href, row.n, "", "", raw=raw))
            continue
        bars.append(
            NpsBar(
                row.label,
                row.href,
                row.n,
                signed(row.value),
                gettext("%(low)s to %(high)s") % {"low": signed(row.low), "high": signed(row.high)},
                percent(scale.at(row.low)),
                percent(scale.at(row.high)),
                percent(scale.at(row.value)),
            )
        )
    first = math.ceil(scale.low / step) * step
    marks = [
        Mark(percent(scale.at(value)), signed(value), is_axis=value == 0)
        for value in range(int(first), int(scale.high) + 1, step)
    ]
    return NpsBars(bars, marks)


@dataclass(frozen=True, slots=True)
class RateRow:
    """What `rate_bars` draws: a label with its link, the figure in words with what it opens, and its interval."""

    label: str
    href: str
    value: str
    of: str
    opens: str
    n: int
    rate: float | None
    low: float | None
    high: float | None


def rate_bars(rows: Iterable[RateRow]) -> NpsBars:
    """Rates of groups below each other, on one scale from none to all. No order is added to the one given."""
    bars = []
    for row in rows:
        if row.rate is None or row.low is None or row.high is None:
            bars.append(NpsBar(row.label, row.href, row.n, row.value, "", of=row.of, opens=row.opens))
            continue
        ends = percent(row.low), percent(row.high), percent(row.rate)
        bars.append(NpsBar(row.label, row.href, row.n, row.value, "", *ends, of=row.of, opens=row.opens))
    marks = [Mark(percent(n / 4), f"{n * 25} %", is_axis=n == 0) for n in range(5)]
    return NpsBars(bars, marks)


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure with its interval on a line from end to end, and a tick where the goal is."""

    low: str
    high: str
    point: str
    goal: str = ""


def gauge(value: float, low: float, high: float, ends: tuple[float, float], goal: float | None = None) -> Gauge:
    scale = Scale(*ends)
    return Gauge(
        percent(scale.at(low)),
        percent(scale.at(high)),
        percent(scale.at(value)),
        "" if goal is None else percent(scale.at(goal)),
    )
