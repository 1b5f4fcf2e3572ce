"""A curve of waiting times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from followups.reports.charts.scale import BOX, Mark, Scale, Tick, percent, point, trim


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
    goal_between: tuple[str, str] | None = None
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
    goal_between: tuple[float, float] | None = None,
    earlier: Sequence[tuple[float, float, float, float]] = (),
) -> CurveChart:
    """Steps of (hours, share, low, high) as a staircase with its band, cut at `span_hours` rounded up.

    `earlier` is the curve it is compared with, drawn without a band. `goal_between` are the hours from which and to
    which `goal_share` is wanted, where it has no `goal_hours` of its own.
    """
    end, every = next(((end, every) for end, every in SPANS if span_hours <= end), SPANS[-1])
    hours = Scale(0, end)
    inside = _thinned([step for step in steps if step[0] <= end], hours)
    upper, lower = _stairs(inside, hours, 3), _stairs(inside, hours, 2)
    spans_goal = goal_between is not None and goal_share is not None and goal_hours is None and goal_between[1] <= end
    goal_step = None if goal_hours is None else _share_at(inside, goal_hours)
    return CurveChart(
        path=_staircase(inside, hours),
        band=" ".join(upper + lower[::-1]) if inside else "",
        waiting=[(percent(hours.at(at)), percent(1 - _share_at(inside, at))) for at in _few(waiting, hours)],
        marks=[Mark(percent(1 - n / 5), f"{n * 20} %", is_axis=n == 0) for n in range(6)],
        ticks=[Tick(percent(at / end), f"{at} h", minor=bool(i % 2)) for i, at in enumerate(range(0, end + 1, every))],
        goal_x="" if goal_hours is None or goal_hours > end else percent(hours.at(goal_hours)),
        goal_is_right=goal_hours is not None and goal_hours > 0.6 * end,
        goal_y="" if goal_share is None or (goal_hours is None and not spans_goal) else percent(1 - goal_share),
        goal_share_y="" if goal_step is None else percent(1 - goal_step),
        goal_between=(percent(hours.at(goal_between[0])), percent(hours.at(goal_between[1])))
        if goal_between and spans_goal
        else None,
        earlier=_staircase(_thinned([step for step in earlier if step[0] <= end], hours), hours) if earlier else "",
    )


def _staircase(steps: Sequence[tuple[float, float, float, float]], hours: Scale) -> str:
    path = "M0,1000"
    for at, share, _, _ in steps:
        path += f"H{trim(hours.at(at) * BOX)}V{trim((1 - share) * BOX)}"
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
    return [point(x, 1 - share) for x, share in corners]


def _share_at(steps: Sequence[tuple[float, float, float, float]], at: float) -> float:
    return next((share for when, share, _, _ in reversed(steps) if when <= at), 0.0)
