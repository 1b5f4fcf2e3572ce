"""Where the marks of a chart stand. Pure: numbers in, strings for SVG attributes out; templates only print them.

Marks sit at percentages and lines in a nested box of 1000 by 1000 that stretches, so a chart is fluid and its text
never shrinks. Coordinates are strings, because a template would print a number as the reader's language does: "12,5".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from django.utils.translation import gettext

BOX = 1000


def percent(share: float) -> str:
    """A fraction of 1 as an attribute: 0.125 -> "12.5%"."""
    return f"{_trim(share * 100)}%"


def _trim(value: float) -> str:
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


def _ticks(labels: Sequence[str], most: int = 5) -> list[Tick]:
    """Labels under columns of equal width; about `most` of them, evenly apart, stay on a narrow screen."""
    every = max(1, math.ceil(len(labels) / most))
    return [Tick(percent((i + 0.5) / len(labels)), label, bool(i % every)) for i, label in enumerate(labels)]


# --- NPS over time ---------------------------------------------------------------------------------------------


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
            lines.append(" ".join(_point(x, 1 - scale.at(m.value or 0)) for x, m in points))
        upper = [_point(x, 1 - scale.at(m.high or 0)) for x, m in points]
        lower = [_point(x, 1 - scale.at(m.low or 0)) for x, m in reversed(points)]
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
        marks=_marks(scale, step, signed),
        ticks=_ticks([m.label for m in moments], most=6),
        earlier_lines=[
            " ".join(_point(xs[i], 1 - scale.at(moments[i].earlier or 0)) for i in run)
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


def _point(x: float, y: float) -> str:
    return f"{_trim(x * BOX)},{_trim(y * BOX)}"


def signed(value: float) -> str:
    """A value with its sign, as it stands beside an axis or in a sentence: +20, 0, −5. Halves go away from zero."""
    whole = math.floor(abs(value) + 0.5)
    return "0" if not whole else f"+{whole}" if value > 0 else f"−{whole}"


def _marks(scale: Scale, step: int, label: Callable[[float], str]) -> list[Mark]:
    """Lines of the grid across the chart, from the lowest up."""
    values = range(round(scale.low), round(scale.high) + 1, step)
    return [Mark(percent(1 - scale.at(value)), label(value), is_axis=value == 0) for value in values]


# --- columns ---------------------------------------------------------------------------------------------------


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
    return ColumnChart(blocks, tops, _marks(scale, step, _whole), _ticks(labels, most_ticks))


def _whole(value: float) -> str:
    return f"{value:.0f}"


def nice_step(highest: float, lines: int = 4) -> int:
    """The distance of grid lines: 1, 2 or 5 times a power of ten, so that about `lines` of them reach the highest."""
    if highest <= lines:
        return 1
    raw = highest / lines
    power = 10 ** math.floor(math.log10(raw))
    return int(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw))


# --- bars ------------------------------------------------------------------------------------------------------


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


# --- a curve of waiting times ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CurveChart:
    """Share over hours. `path` and `band` are in the stretched box; the rest are percentages."""

    path: str
    band: str
    waiting: list[tuple[str, str]]
    marks: list[Mark]
    ticks: list[Tick]
    goal_x: str = ""
    goal_is_right: bool = False
    goal_y: str = ""
    goal_share_y: str = ""
    earlier: str = ""


# The longest wait that is drawn in full, in hours; and how finely longer ones are labelled.
SPANS = ((24, 6), (48, 12), (120, 24), (240, 48), (480, 96), (960, 192))


def curve_chart(
    steps: Sequence[tuple[float, float, float, float]],
    waiting: Sequence[float],
    *,
    span_hours: float,
    goal_hours: float | None = None,
    goal_share: float | None = None,
    earlier: Sequence[tuple[float, float, float, float]] = (),
) -> CurveChart:
    """Steps of (hours, share, low, high) as a staircase with its band, cut at `span_hours` rounded up.

    `earlier` is the curve it is compared with, drawn without a band.
    """
    end, every = next(((end, every) for end, every in SPANS if span_hours <= end), SPANS[-1])
    hours = Scale(0, end)
    inside = _thinned([step for step in steps if step[0] <= end], hours)
    upper, lower = _stairs(inside, hours, 3), _stairs(inside, hours, 2)
    goal_step = None if goal_hours is None else _share_at(inside, goal_hours)
    return CurveChart(
        path=_staircase(inside, hours),
        band=" ".join(upper + lower[::-1]) if inside else "",
        waiting=[(percent(hours.at(at)), percent(1 - _share_at(inside, at))) for at in _few(waiting, hours)],
        marks=[Mark(percent(1 - n / 5), f"{n * 20} %", is_axis=n == 0) for n in range(6)],
        ticks=[Tick(percent(at / end), f"{at} h", minor=bool(i % 2)) for i, at in enumerate(range(0, end + 1, every))],
        goal_x="" if goal_hours is None or goal_hours > end else percent(hours.at(goal_hours)),
        goal_is_right=goal_hours is not None and goal_hours > 0.6 * end,
        goal_y="" if goal_share is None or goal_hours is None else percent(1 - goal_share),
        goal_share_y="" if goal_step is None else percent(1 - goal_step),
        earlier=_staircase(_thinned([step for step in earlier if step[0] <= end], hours), hours) if earlier else "",
    )


def _staircase(steps: Sequence[tuple[float, float, float, float]], hours: Scale) -> str:
    path = "M0,1000"
    for at, share, _, _ in steps:
        path += f"H{_trim(hours.at(at) * BOX)}V{_trim((1 - share) * BOX)}"
    return path + (f"H{BOX}" if steps else "")


def _few(waiting: Sequence[float], hours: Scale) -> list[float]:
    """One mark per slice of the drawing, however many wait."""
    return list({int(hours.at(at) * 200): at for at in waiting if at <= hours.high}.values())


def _thinned(
    steps: Sequence[tuple[float, float, float, float]], hours: Scale
) -> list[tuple[float, float, float, float]]:
    """The last step of each of 400 slices: finer than anybody sees, and no drawing grows with the number of tickets."""
    return list({int(hours.at(step[0]) * 400): step for step in steps}.values())


def _stairs(steps: Sequence[tuple[float, float, float, float]], hours: Scale, which: int) -> list[str]:
    corners = [(0.0, 0.0)]
    for before, after in pairwise([(0.0, 0.0, 0.0, 0.0), *steps]):
        corners += [(hours.at(after[0]), before[which]), (hours.at(after[0]), after[which])]
    corners.append((1.0, steps[-1][which] if steps else 0.0))
    return [_point(x, 1 - share) for x, share in corners]


def _share_at(steps: Sequence[tuple[float, float, float, float]], at: float) -> float:
    return next((share for when, share, _, _ in reversed(steps) if when <= at), 0.0)
