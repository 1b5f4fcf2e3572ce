"""Where marks stand: percentages inside the drawing, numbers that every language prints alike, nothing drawn twice."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followups.reports import charts
from followups.reports.charts import Column, Moment, NpsRow, Part, RateRow


def share(percentage: str) -> float:
    assert re.fullmatch(r"-?\d+(\.\d{1,2})?%", percentage), percentage
    return float(percentage[:-1])


def points(text: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in text.split())]


def moment(value: float | None, low: float | None = None, high: float | None = None) -> Moment:
    return Moment("24 Aug", "title", "/there/", 30 if value is not None else 3, value, low, high)


@pytest.mark.parametrize(
    ("value", "words"), [(19.4, "+19"), (0, "0"), (-0.4, "0"), (-4.6, "−5"), (0.5, "+1"), (-100, "−100")]
)
def test_a_value_carries_its_sign(value: float, words: str) -> None:
    assert charts.signed(value) == words


def test_line_and_band_stop_where_there_are_too_few_answers() -> None:
    chart = charts.line_chart(
        [moment(20, 0, 40), moment(10, -10, 30), moment(None), moment(30, 10, 50), moment(None), moment(5, -20, 30)]
    )
    assert len(chart.lines) == 1
    assert len(chart.bands) == 3
    assert [len(points(band)) for band in chart.bands] == [4, 4, 4]
    assert len(chart.dots) == 4
    assert [gap.n for gap in chart.gaps] == [3, 3]


def test_the_band_holds_the_line() -> None:
    chart = charts.line_chart([moment(20, 0, 40), moment(-30, -60, 10)])
    (band,), (line,) = chart.bands, chart.lines
    corners, ends = points(band), points(line)
    upper, lower = corners[:2], corners[2:][::-1]
    for (x, y), (_, top), (_, bottom) in zip(ends, upper, lower, strict=True):
        assert top < y < bottom
        assert 0 <= x <= charts.BOX


def test_the_scale_holds_every_interval_and_names_zero() -> None:
    chart = charts.line_chart([moment(-80, -100, -45), moment(90, 70, 100)])
    assert [mark.label for mark in chart.marks] == ["−100", "−50", "0", "+50", "+100"]
    assert [mark.label for mark in chart.marks if mark.is_axis] == ["0"]


def test_a_chart_without_any_figure_still_stands() -> None:
    chart = charts.line_chart([moment(None), moment(None)])
    assert (chart.bands, chart.lines, chart.dots) == ([], [], [])
    assert len(chart.gaps) == 2


@given(st.lists(st.lists(st.integers(0, 400), min_size=1, max_size=4), min_size=1, max_size=14))
def test_columns_are_stacked_without_gap_and_stay_inside(columns: list[list[int]]) -> None:
    chart = charts.column_chart(
        [
            Column(str(i), [Part("bar", n, "title", "/there/") for n in parts], "/all/", "whole")
            for i, parts in enumerate(columns)
        ]
    )
    assert len(chart.blocks) == sum(n > 0 for parts in columns for n in parts)
    assert [int(top.label) for top in chart.tops] == [sum(parts) for parts in columns if sum(parts)]
    by_column: dict[str, float] = {}
    for block in chart.blocks:
        # Each coordinate is rounded to a hundredth of a percent.
        assert share(block.y) + share(block.height) == pytest.approx(by_column.get(block.x, 100), abs=0.011)
        assert 0 <= share(block.y) <= 100
        by_column[block.x] = share(block.y)
    assert share(chart.marks[0].at) == 100
    assert share(chart.marks[-1].at) == 0


def test_the_line_of_the_time_before_lies_on_the_same_scale_and_stops_where_it_knows_nothing() -> None:
    now = [moment(20, 0, 40), moment(10, -10, 30), moment(30, 10, 50), moment(None)]
    then = [-70.0, None, 10.0, 20.0]
    moments = [
        Moment(m.label, m.title, m.href, m.n, m.value, m.low, m.high, earlier, "then", "/then/")
        for m, earlier in zip(now, then, strict=True)
    ]
    chart = charts.line_chart(moments)
    assert [len(points(line)) for line in chart.earlier_lines] == [2]
    assert [(dot.title, dot.href) for dot in chart.earlier_dots] == [("then", "/then/")] * 3
    assert chart.marks[0].label == "−80"
    assert charts.line_chart(now).earlier_dots == []


def test_rates_share_one_scale_and_few_have_no_mark() -> None:
    rows = [
        RateRow("North", "/n/", "45 %", "43 of 96", "/c/", 96, 0.45, 0.35, 0.55),
        RateRow("South", "/s/", "3 of 7", "", "/d/", 7, None, None, None),
    ]
    north, south = charts.rate_bars(rows).bars
    assert (share(north.low), share(north.point), share(north.high)) == (35, 45, 55)
    assert (south.point, south.value, south.opens) == ("", "3 of 7", "/d/")


@given(st.integers(0, 100_000))
def test_grid_lines_are_few_and_round(highest: int) -> None:
    step = charts.nice_step(highest)
    assert re.fullmatch("[125]0*", str(step))
    assert step * 5 >= highest


def test_groups_share_one_scale_and_show_single_answers_where_there_are_few() -> None:
    found = charts.nps_bars(
        [
            NpsRow("Invoice", "/a/", 64, -3, -23, 17),
            NpsRow("Half-year review", "/b/", 88, 38, 21, 52),
            NpsRow("Emergency support", "/c/", 3, None, None, None, [0, 6, 10]),
        ]
    )
    invoice, review, emergency = found.bars
    assert (invoice.value, invoice.interval) == ("−3", "−23 to +17")
    assert share(invoice.low) < share(invoice.point) < share(invoice.high) < share(review.point)
    assert (emergency.point, [score for _, score in emergency.raw]) == ("", [0, 6, 10])
    zero = next(mark for mark in found.marks if mark.is_axis)
    assert share(invoice.low) < share(zero.at) < share(review.low)


def test_nineteen_single_answers_fit_into_the_drawing() -> None:
    (bar,) = charts.nps_bars([NpsRow("Few", "/a/", 19, None, None, None, [5] * 19)]).bars
    places = [share(x) for x, _ in bar.raw]
    assert places == sorted(set(places))
    assert places[-1] <= 95


def test_a_goal_at_several_hours_is_a_stretch_of_its_share() -> None:
    steps = [(10, 0.25, 0.1, 0.5), (20, 0.5, 0.3, 0.75)]
    chart = charts.curve_chart(steps, [], span_hours=48, goal_share=0.8, goal_between=(12, 48))
    assert (chart.goal_x, chart.goal_y, chart.goal_between) == ("", "20%", ("25%", "100%"))
    for goal in (
        {"goal_share": 0.8},
        {"goal_between": (12.0, 48.0)},
        {"goal_share": 0.8, "goal_between": (12.0, 999.0)},
    ):
        chart = charts.curve_chart(steps, [], span_hours=48, **goal)  # type: ignore[arg-type]
        assert (chart.goal_y, chart.goal_between) == ("", None)


def test_the_curve_is_a_staircase_inside_its_band() -> None:
    chart = charts.curve_chart(
        [(10, 0.25, 0.1, 0.5), (20, 0.5, 0.3, 0.75)], [15.0, 30.0], span_hours=40, goal_hours=24, goal_share=0.8
    )
    assert chart.path == "M0,1000H208.33V750H416.67V500H1000"
    assert [tick.label for tick in chart.ticks] == ["0 h", "12 h", "24 h", "36 h", "48 h"]
    assert (chart.goal_x, chart.goal_y, chart.goal_share_y) == ("50%", "20%", "50%")
    assert chart.waiting == [("31.25%", "75%"), ("62.5%", "50%")]
    corners = points(chart.band)
    assert len(corners) % 2 == 0
    assert all(0 <= x <= charts.BOX and 0 <= y <= charts.BOX for x, y in corners)


def test_a_drawing_does_not_grow_with_the_number_of_tickets() -> None:
    many = [(n / 1000, n / 100_000, n / 200_000, min(n / 90_000, 1)) for n in range(1, 100_001)]
    chart = charts.curve_chart(many, [n / 500 for n in range(50_000)], span_hours=100)
    assert chart.path.count("V") <= 401
    assert len(chart.waiting) <= 201
    last = re.findall(r"V([\d.]+)", chart.path)[-1]
    assert last == "0"


def test_waits_beyond_the_drawing_are_left_out() -> None:
    chart = charts.curve_chart([(10, 0.5, 0.2, 0.8), (5_000, 0.6, 0.3, 0.9)], [9_000.0], span_hours=24)
    assert chart.waiting == []
    assert "416.67" in chart.path
    assert chart.path.count("V") == 1


def test_a_gauge_stays_between_its_ends() -> None:
    found = charts.gauge(0.8, 0.71, 1.2, (0, 1), 0.8)
    assert (found.low, found.point, found.high, found.goal) == ("71%", "80%", "100%", "80%")
