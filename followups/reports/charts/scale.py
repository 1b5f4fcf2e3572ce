"""What every chart is drawn with: scales, grid lines, labels, and numbers as attributes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

BOX = 1000


def percent(share: float) -> str:
    """A fraction of 1 as an attribute: 0.125 -> "12.5%"."""
    return f"{trim(share * 100)}%"


def trim(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


@dataclass(frozen=True, slots=True)
class Scale:
    """A stretch of values, drawn from 0 to 1."""

    low: float
    high: float

    def at(self, value: float) -> float:
        return (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Mark:
    """A line of the grid with its label; `is_axis` for the one that stands for zero."""

    at: str
    label: str
    is_axis: bool = False


@dataclass(frozen=True, slots=True)
class Tick:
    """A label under the chart; a minor one goes where the chart is narrow."""

    at: str
    label: str
    minor: bool = False


def ticks_under(labels: Sequence[str], most: int = 5) -> list[Tick]:
    """Labels under columns of equal width; about `most` of them, evenly apart, stay on a narrow screen."""
    every = max(1, math.ceil(len(labels) / most))
    return [Tick(percent((i + 0.5) / len(labels)), label, bool(i % every)) for i, label in enumerate(labels)]


def point(x: float, y: float) -> str:
    return f"{trim(x * BOX)},{trim(y * BOX)}"


def signed(value: float) -> str:
    """A value with its sign, as it stands beside an axis or in a sentence: +20, 0, −5. Halves go away from zero."""
    whole = math.floor(abs(value) + 0.5)
    return "0" if not whole else f"+{whole}" if value > 0 else f"−{whole}"


def marks_across(scale: Scale, step: int, label: Callable[[float], str]) -> list[Mark]:
    """Lines of the grid across the chart, from the lowest up."""
    values = range(round(scale.low), round(scale.high) + 1, step)
    return [Mark(percent(1 - scale.at(value)), label(value), is_axis=value == 0) for value in values]
