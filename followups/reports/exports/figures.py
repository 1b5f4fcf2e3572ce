"""Every figure of the reports as tidy rows: one figure a row, with what it is of, and how sure it is.

A row says report, group (and its name), period, figure and unit. A *count* is a number of tickets, answers or promises;
a *share* is `count` of `of` as a fraction of 1 with its 95 % interval; *points* are NPS of `of` answers, from -100 to
100; *seconds* is a time. Where there are too few for a figure, it is empty and its counts are not.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from followups.reports.exports.answers import report_filters
from followups.reports.exports.columns import Column, Columns, Holds, Row
from followups.reports.exports.listing import Question
from followups.reports.forms import ReportForm
from followups.reports.metrics import (
    Person,
    closure_report,
    nps_report,
    people_report,
    recovery_report,
    response_rate_report,
)
from followups.reports.metrics.closure import RATES

REPORTS = {
    "nps": _("NPS"),
    "closure": _("Closing the loop"),
    "recovery": _("Recovery"),
    "response_rate": _("Response rate"),
    "people": _("People"),
}
GROUPS = {
    "all": _("All"),
    "before": _("The days before"),
    "score": _("Score"),
    "touchpoint": _("Touchpoint"),
    "segment": _("Segment"),
    "survey_kind": _("Kind of survey"),
    "survey": _("Survey"),
    "root_cause": _("Root cause"),
    "age": _("Age in days"),
    "person": _("Person"),
    "now": _("Now"),
}
UNITS = {
    "count": _("count"),
    "share": _("share"),
    "points": _("points"),
    "seconds": _("seconds"),
    "percent": _("percent"),
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


class Fact(NamedTuple):
    """One row before it is placed in a report: figure, unit and numbers."""

    figure: str
    unit: str
    n: int | None = None
    of: int | None = None
    rate: float | None = None
    low: float | None = None
    high: float | None = None


class FigureListing:
    """All figures of one cohort, those of `/reports/` and its API. Leads get people and response rates too."""

    name = "figures"
    title: Any = _("Figures")
    columns = COLUMNS
    for_leads = False
    filters = frozenset(ReportForm.base_fields)

    def rows(self, question: Question) -> list[Row]:
        """The reports, row by row, counted by the functions that the page and the API ask; once for a question."""
        if "figures" not in question.known:
            question.known["figures"] = self._counted(question)
        found: list[Row] = question.known["figures"]
        return found

    def _counted(self, question: Question) -> list[Row]:
        filters, now = report_filters(question), question.now
        if question.sees_all:
            filters = replace(filters, viewer=None)
        days = (filters.day_from, filters.day_to)
        placed = [
            *_placed("nps", days, _of_nps(nps_report(filters, now=now).as_dict())),
            *_placed("closure", days, _of_closure(closure_report(filters, now=now).as_dict())),
            *_placed("recovery", days, _of_recovery(recovery_report(filters, now=now).as_dict())),
        ]
        if question.sees_all or question.viewer.leads:
            rates = response_rate_report(filters, now=now).as_dict()
            placed += _placed("response_rate", days, _of_response_rate(rates))
            placed += _placed("people", days, _of_people(people_report(filters, now=now)))
        return placed

    def keys(self, question: Question, most: int | None = None) -> array[int]:
        found = self.rows(question)
        return array("q", range(len(found)))[:most]

    def read(self, question: Question, keys: Sequence[int]) -> list[Row]:
        found = self.rows(question)
        return [found[key] for key in keys if key < len(found)]


# group, name, (from, to) or None for the days of the cohort, what is known
Told = tuple[str, str, tuple[Any, Any] | None, Iterable[Fact]]


def _placed(report: str, days: tuple[Any, Any], told: Iterable[Told]) -> Iterator[Row]:
    for group, name, period, facts in told:
        first, last = period or days
        for fact in facts:
            yield (report, group, name, first, last, *fact)


def _period(found: Mapping[str, Any]) -> tuple[Any, Any]:
    return date.fromisoformat(found["day_from"]), date.fromisoformat(found["day_to"])


def _count(figure: str, n: int | None) -> Fact:
    return Fact(figure, "count", n)


def _share(figure: str, found: Mapping[str, Any]) -> Fact:
    return Fact(figure, "share", found["count"], found["of"], found["rate"], found["low"], found["high"])


def _scores(found: Mapping[str, Any]) -> Iterator[Fact]:
    yield Fact("nps", "points", None, found["n"], found["nps"], found["low"], found["high"])
    for band in ("promoters", "passives", "detractors"):
        yield Fact(band, "count", found[band], found["n"])


def _of_nps(found: Mapping[str, Any]) -> Iterator[Told]:
    change = found["change"]
    yield "all", "", None, _scores(found)
    yield "all", "", None, [_count("excluded", found["excluded"])]
    yield "all", "", None, [_count(f"excluded_{code}", n) for code, n in found["excluded_as"].items()]
    yield "all", "", None, [Fact("change", "points", rate=change["points"], low=change["low"], high=change["high"])]
    yield "before", "", None, _scores(found["before"])
    for score, n in found["scores"].items():
        yield "score", score, None, [Fact("answers", "count", n, found["n"])]
    for each in found["by_period"]:
        yield "all", "", _period(each), _scores(each)
    for group in ("touchpoint", "segment", "survey_kind"):
        for each in found[f"by_{group}"]:
            yield group, each["name"], None, _scores(each)


def _of_closure(found: Mapping[str, Any]) -> Iterator[Told]:
    rates, contact, now = found["rates"], found["first_contact"], found["now"]
    yield "all", "", None, [_share(name, rates[name]) for name in RATES]
    counts = [name for name, n in found.items() if type(n) is int and name not in RATES and name not in _NO_COUNTS]
    yield "all", "", None, [_count(name, found[name]) for name in counts]
    yield "all", "", None, [Fact("goal", "percent", rate=found["goal_percent"])]
    yield "all", "", None, [
        Fact("first_contact_median", "seconds", contact["spoken_to"], contact["tickets"], contact["median_seconds"]),
        Fact("first_contact_90_percent", "seconds", contact["spoken_to"], contact["tickets"],
             contact["ninety_percent_seconds"]),
    ]  # fmt: skip
    promises = found["promises"]
    yield "all", "", None, [_share("promises_kept", promises["kept"])]
    yield "all", "", None, [_count(n, promises[n]) for n in promises if n not in ("kept", "promises_kept")]
    for each in found["root_causes"]:
        yield "root_cause", each["name"], None, [Fact("declared", "count", each["tickets"], found["declared"])]
    for name in ("at_work", "late", "silent", "waiting", "unassigned"):
        yield "now", "", (None, None), [_count(name, now[name])]
    for age in now["by_age"]:
        days = f"{age['days_from']}-{age['days_to']}" if age["days_to"] is not None else f"{age['days_from']}+"
        yield "age", days, (None, None), [_count("at_work", age["at_work"]), _count("late", age["late"])]
    for each in found["by_period"]:
        period = _period(each)
        yield "all", "", period, [_count(name, n) for name, n in each.items() if name not in ("day_from", "day_to")]


_NO_COUNTS = ("goal_percent",)


def _of_recovery(found: Mapping[str, Any]) -> Iterator[Told]:
    yield (
        "all",
        "",
        None,
        [
            _count("asked_again", found["asked_again"]),
            _share("answered_again", found["response_rate"]),
            _share("recovered_detractors", found["recovered_detractors"]),
            _share("recovered_passives", found["recovered_passives"]),
        ],
    )
    for first, later in found["changes"].items():
        yield "all", "", None, [_count(f"from_{first}_to_{band}", n) for band, n in later.items()]


def _of_response_rate(found: Mapping[str, Any]) -> Iterator[Told]:
    for group, name, each in (("all", "", found), *(("survey", one["name"], one) for one in found["by_survey"])):
        yield (
            group,
            name,
            None,
            [
                _count("asked", each["asked"]),
                _share("answered", each["response_rate"]),
                *(_count(n, each[n]) for n in ("still_open", "waiting", "not_asked")),
                *(_count(f"not_asked_{rule}", n) for rule, n in each["not_asked_by_rule"].items()),
            ],
        )


def _of_people(people: Iterable[Person]) -> Iterator[Told]:
    for person in people:
        name = person.user.name
        yield (
            "person",
            name,
            None,
            [
                _count("cohort", person.counts["cohort"]),
                _count("due", person.counts["due"]),
                *(_share(figure, person.counts.rate(figure).as_dict()) for figure in RATES),
            ],
        )
        yield "person", name, (None, None), [_count("at_work", person.at_work), _count("capacity", person.capacity)]
