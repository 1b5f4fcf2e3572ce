"""Where the marks of a chart stand. Pure: numbers in, strings for SVG attributes out; templates only print them.

Marks sit at percentages and lines in a nested box of 1000 by 1000 that stretches, so a chart is fluid and its text
never shrinks. Coordinates are strings, because a template would print a number as the reader's language does: "12,5".
"""

from followups.reports.charts.bars import Gauge, NpsBar, NpsBars, NpsRow, RateRow, gauge, nps_bars, rate_bars
from followups.reports.charts.columns import Block, Column, ColumnChart, Part, Top, column_chart, nice_step
from followups.reports.charts.curve import SPANS, CurveChart, curve_chart
from followups.reports.charts.line import Dot, Gap, LineChart, Moment, line_chart
from followups.reports.charts.scale import BOX, Mark, Scale, Tick, percent, signed

__all__ = [
    "BOX",
    "SPANS",
    "Block",
    "Column",
    "ColumnChart",
    "CurveChart",
    "Dot",
    "Gap",
    "Gauge",
    "LineChart",
    "Mark",
    "Moment",
    "NpsBar",
    "NpsBars",
    "NpsRow",
    "Part",
    "RateRow",
    "Scale",
    "Tick",
    "Top",
    "column_chart",
    "curve_chart",
    "gauge",
    "line_chart",
    "nice_step",
    "nps_bars",
    "percent",
    "rate_bars",
    "signed",
]
