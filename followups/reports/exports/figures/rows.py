"""What a row of figures is: report, group (and its name), days, figure, unit and numbers.

A *count* is a number of tickets, answers or promises; a *share* is `count` of `of` as a fraction of 1 with its 95 %
interval; *points* are NPS of `of` answers from -100 to 100, or the difference of two NPS or of two shares, which is in
points as well; *seconds* is a time; a *score* goes from 0 to 10; *percent* is a goal or what it is held against; money
has its currency for a unit. Where there are too few for a figure, it is empty and its counts are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from followups.reports.exports.columns import Column, Columns, Holds, Row
from followups.reports.metrics import Rate, ReportFilters, Scores, way_of
from followups.reports.metrics.ways import NAMES
from surveys.scoring import Difference

REPORTS = {
    "nps": _("NPS"),
    "closure": _("Closing the loop"),
    "recovery": _("Recovery"),
    "reopening": _("Reopened"),
    "times": _("Times"),
    "causes": _("Causes"),
    "touchpoints": _("Touchpoints"),
    "response_rate": _("Response rate"),
    "people": _("People"),
    "worth": _("Value of accounts"),
    "accounts": _("Accounts"),
    "goals": _("Goals"),
    "effect": _("Effect of being spoken to"),
}
GROUPS = {
    **{name: way_of(name).label for name in NAMES},
    "all": _("All"),
    "before": _("Compared with"),
    "score": _("Score"),
    "band": _("Band"),
    "survey_kind": _("Kind of survey"),
    "survey": _("Survey"),
    "root_cause": _("Root cause"),
    "area": _("Area of causes"),
    "age": _("Age in days"),
    "customer_clock": _("Customer clock"),
    "team_clock": _("Team clock, working hours"),
    "contact": _("Spoken to"),
    "now": _("Now"),
}
UNITS = {
    "count": _("count"),
    "share": _("share"),
    "points": _("points"),
    "score": _("score"),
    "seconds": _("seconds"),
    "percent": _("percent"),
    "index": _("index"),
}
COLUMNS: Columns = (
    Column("report", _("Report"), Holds.CODE, REPORTS, 16),
    Column("group", _("Group"), Holds.CODE, GROUPS, 16),
    Column("name", _("Of"), width=24),
    Column("period_from", _("From"), Holds.DAY, width=11),
    Column("period_to", _("To"), Holds.DAY, width=11),
    Column("figure", _("Figure"), width=24),
    Column("unit", _("Unit"), Holds.CODE, UNITS, 10),
    Column("count", _("Count"), Holds.NUMBER, width=9),
    Column("of", _("Out of"), Holds.NUMBER, width=9),
    Column("rate", _("Value"), Holds.NUMBER, width=10),
    Column("low", _("Lower bound, 95 %"), Holds.NUMBER, width=10),
    Column("high", _("Upper bound, 95 %"), Holds.NUMBER, width=10),
)

Days = tuple[date | None, date | None]
# Days of figures about this moment, whatever the day of the answer.
NOW: Days = (None, None)


class Fact(NamedTuple):
    """One row before it is placed in a report: figure, unit and numbers."""

    figure: str
    unit: str
    n: int | None = None
    of: int | None = None
    rate: float | Decimal | None = None
    low: float | None = None
    high: float | None = None


def placed(report: str, group: str, name: str, days: Days, facts: Iterable[Fact]) -> Iterator[Row]:
    """Facts as rows."""
    for fact in facts:
        yield (report, group, name, *days, *fact)


def days_of(filters: ReportFilters) -> Days:
    return filters.day_from, filters.day_to


def count(figure: str, n: int | None, of: int | None = None) -> Fact:
    return Fact(figure, "count", n, of)


def counts(by_name: Mapping[str, int]) -> Iterator[Fact]:
    """One count a name."""
    return (count(name, n) for name, n in by_name.items())


def share(figure: str, found: Rate) -> Fact:
    return Fact(figure, "share", found.count, found.of, found.rate, found.low, found.high)


def goal(figure: str, target: float | None) -> Fact:
    """What is wanted of a figure: points of an NPS, else per cent."""
    return Fact(f"goal_{figure}", "points" if figure == "nps" else "percent", rate=target)


def change(figure: str, found: Difference) -> Fact:
    """How far a figure lies above what it was, in points; empty where there are too few on either side."""
    return Fact(figure, "points", rate=found.value, low=found.low, high=found.high)


def scores(found: Scores) -> Iterator[Fact]:
    """NPS with its interval, and its bands."""
    own = found.nps
    known = (own.value, own.low, own.high) if own.is_enough else (None, None, None)
    yield Fact("nps", "points", None, own.n, *known)
    for band in ("promoters", "passives", "detractors"):
        yield count(band, getattr(own, band), own.n)
