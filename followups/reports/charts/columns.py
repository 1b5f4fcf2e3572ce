"""Stacked columns with the sum on top."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from followups.reports.charts.scale import Mark, Scale, Tick, marks_across, percent, ticks_under


@dataclass(frozen=True, slots=True)
class Part:
    """One colour of a column, from the bottom up. `note` is written on it."""

    kind: str
    n: int
    title: str
    href: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    kind: str
    x: str
    width: str
    y: str
    height: str
    title: str
    href: str
    note: str
    centre: str
    foot: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column under its label. `href` and `title` are those of the whole, which is written on top of it."""

    label: str
    parts: Sequence[Part]
    href: str
    title: str


@dataclass(frozen=True, slots=True)
class Top:
    x: str
    y: str
    label: str
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class ColumnChart:
    blocks: list[Block]
    tops: list[Top]
    marks: list[Mark]
    ticks: list[Tick]


def column_chart(columns: Sequence[Column], most_ticks: int = 5) -> ColumnChart:
    """Stacked columns, each with its label, and the sum on top. An empty column stays empty."""
    highest = max((sum(part.n for part in column.parts) for column in columns), default=0)
    step = nice_step(highest)
    scale = Scale(0, max(math.ceil(highest / step), 1) * step)
    blocks, tops = [], []
    for i, column in enumerate(columns):
        centre, width, below = (i + 0.5) / len(columns), 0.6 / len(columns), 0
        for part in column.parts:
            if not part.n:
                continue
            top = below + part.n
            blocks.append(
                Block(
                    kind=part.kind,
                    x=percent(centre - width / 2),
                    width=percent(width),
                    y=percent(1 - scale.at(top)),
                    height=percent(scale.at(part.n)),
                    title=part.title,
                    href=part.href,
                    note=part.note,
                    centre=percent(centre),
                    foot=percent(1 - scale.at(below)),
                )
            )
            below = top
        if below:
            tops.append(Top(percent(centre), percent(1 - scale.at(below)), str(below), column.title, column.href))
    labels = [column.label for column in columns]
    return ColumnChart(blocks, tops, marks_across(scale, step, _whole), ticks_under(labels, most_ticks))


def _whole(value: float) -> str:
    return f"{value:.0f}"


def nice_step(highest: float, lines: int = 4) -> int:
    """The distance of grid lines: 1, 2 or 5 times a power of ten, so that about `lines` of them reach the highest."""
    if highest <= lines:
        return 1
    raw = highest / lines
    power = 10 ** math.floor(math.log10(raw))
    return int(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw))
