"""NPS over time with its interval, and the time before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from followups.reports.charts.scale import Mark, Scale, Tick, marks_across, percent, point, signed, ticks_under


@dataclass(frozen=True, slots=True)
class Moment:
    """One period: its figure with interval, or None for all three where there are too few answers.

    `earlier` is the figure of the period it is compared with, and `earlier_title` and `earlier_href` are its own.
    """

    label: str
    title: str
    href: str
    n: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    earlier: float | None = None
    earlier_title: str = ""
    earlier_href: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    x: str
    y: str
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A period with too few answers: an empty box that says how many."""

    x: str
    width: str
    centre: str
    n: int
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class LineChart:
    bands: list[str]
    lines: list[str]
    dots: list[Dot]
    gaps: list[Gap]
    marks: list[Mark]
    ticks: list[Tick]
    earlier_lines: list[str]
    earlier_dots: list[Dot]


def line_chart(moments: Sequence[Moment]) -> LineChart:
    """NPS by period with its interval. Where a period has too few answers, line and band stop and go on after it."""
    ends = [end for m in moments for end in (m.low, m.high, m.earlier) if end is not None]
    low, high = min(ends, default=-20.0), max(ends, default=20.0)
    step = 20 if high - low <= 140 else 50
    scale = Scale(min(math.floor(low / step) * step, 0), max(math.ceil(high / step) * step, step))
    xs = [(i + 0.5) / len(moments) for i in range(len(moments))]
    bands, lines = [], []
    for run in _runs([m.value for m in moments]):
        points = [(xs[i], moments[i]) for i in run]
        if len(points) == 1:
            # A band needs a width, and a line two ends: a lone period gets a short stretch of its own.
            (x, alone), half = points[0], 0.2 / len(moments)
            points = [(x - half, alone), (x + half, alone)]
        else:
            lines.append(" ".join(point(x, 1 - scale.at(m.value or 0)) for x, m in points))
        upper = [point(x, 1 - scale.at(m.high or 0)) for x, m in points]
        lower = [point(x, 1 - scale.at(m.low or 0)) for x, m in reversed(points)]
        bands.append(" ".join(upper + lower))
    width = 0.8 / len(moments) if moments else 0
    return LineChart(
        bands=bands,
        lines=lines,
        dots=[
            Dot(percent(x), percent(1 - scale.at(m.value)), m.title, m.href)
            for x, m in zip(xs, moments, strict=True)
            if m.value is not None
        ],
        gaps=[
            Gap(percent(x - width / 2), percent(width), percent(x), m.n, m.title, m.href)
            for x, m in zip(xs, moments, strict=True)
            if m.value is None
        ],
        marks=marks_across(scale, step, signed),
        ticks=ticks_under([m.label for m in moments], most=6),
        earlier_lines=[
            " ".join(point(xs[i], 1 - scale.at(moments[i].earlier or 0)) for i in run)
            for run in _runs([m.earlier for m in moments])
            if len(run) > 1
        ],
        earlier_dots=[
            Dot(percent(x), percent(1 - scale.at(m.earlier)), m.earlier_title, m.earlier_href)
            for x, m in zip(xs, moments, strict=True)
            if m.earlier is not None
        ],
    )


def _runs(values: Sequence[float | None]) -> list[list[int]]:
    """Indexes of periods with a figure, neighbours together."""
    runs: list[list[int]] = []
    for i, value in enumerate(values):
        if value is None:
            continue
        if runs and runs[-1][-1] == i - 1:
            runs[-1].append(i)
        else:
            runs.append([i])
    return runs
