"""Every row of the export of figures, recounted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.followups.reports.books.again import recovery
from tests.followups.reports.books.answers import nps
from tests.followups.reports.books.arithmetic import rate
from tests.followups.reports.books.asked import response_rate
from tests.followups.reports.books.cohorts import Books
from tests.followups.reports.books.loops import closure
from tests.followups.reports.books.persons import people
from tests.followups.reports.books.rows import BANDS, DAY

RATES = ("declared", "told", "confirmed", "on_time", "dismissed")
OF_PERIODS = (
    "cohort", "beside", "counted", "not_due", "due", "declared", "told", "confirmed", "told_unconfirmed",
    "declared_only", "dismissed", "unfinished", "on_time",
)  # fmt: skip
# report, group, name, period_from, period_to, figure, unit, count, of, rate, low, high
Row = tuple[Any, ...]


def exported(books: Books, asked: Any, *, leads: bool) -> list[Row]:
    """What the file holds; who was asked and who works stand in that of a lead alone."""
    found = [*_of_nps(books, asked), *_of_closure(books, asked), *_of_recovery(books, asked)]
    if leads:
        found += [*_of_response_rate(books, asked), *_of_people(books, asked)]
    return found


def row(report: str, group: str, name: str, days: Any, figure: str, unit: str, *numbers: Any) -> Row:
    first, last = days if isinstance(days, tuple) else (days.day_from.isoformat(), days.day_to.isoformat())
    return (report, group, name, first, last, figure, unit, *numbers, *(None,) * (5 - len(numbers)))


def _share(report: str, group: str, name: str, days: Any, figure: str, found: dict[str, Any]) -> Row:
    return row(report, group, name, days, figure, "share", *(found[each] for each in ("count", "of", *ENDS)))


ENDS = ("rate", "low", "high")
NOW = ("", "")


def _scores(group: str, name: str, days: Any, found: dict[str, Any]) -> Iterable[Row]:
    yield row("nps", group, name, days, "nps", "points", None, found["n"], found["nps"], found["low"], found["high"])
    for band in ("promoters", "passives", "detractors"):
        yield row("nps", group, name, days, band, "count", found[band], found["n"])


def _of_nps(books: Books, asked: Any) -> Iterable[Row]:
    found = nps(books, asked, ("touchpoint", "segment", "survey_kind"))
    yield from _scores("all", "", asked, found)
    yield row("nps", "all", "", asked, "excluded", "count", found["excluded"])
    for code, n in found["excluded_as"].items():
        yield row("nps", "all", "", asked, f"excluded_{code}", "count", n)
    moved = found["change"]
    yield row("nps", "all", "", asked, "change", "points", None, None, moved["points"], moved["low"], moved["high"])
    length = asked.day_to - asked.day_from + DAY
    first, last = asked.day_from - length, asked.day_to - length
    yield from _scores("before", "", (first.isoformat(), last.isoformat()), found["before"])
    for score, n in found["scores"].items():
        yield row("nps", "score", score, asked, "answers", "count", n, found["n"])
    for each in found["by_period"]:
        yield from _scores("all", "", (each["day_from"], each["day_to"]), each)
    named = {each.touchpoint.slug: each.touchpoint.name for each in books.answers.values() if each.touchpoint}
    for group, name_of in (("touchpoint", named.__getitem__), ("segment", str), ("survey_kind", str.capitalize)):
        for key, each in found[f"by_{group}"].items():
            yield from _scores(group, name_of(key) if key else "", asked, each)


def _of_closure(books: Books, asked: Any) -> Iterable[Row]:
    def told(
        figure: str, *numbers: Any, unit: str = "count", days: Any = asked, group: str = "all", name: str = ""
    ) -> Row:
        return row("closure", group, name, days, figure, unit, *numbers)

    found = closure(books, asked, ())
    for name in RATES:
        yield _share("closure", "all", "", asked, name, found["rates"][name])
    for name, n in found.items():
        if type(n) is int and name not in (*RATES, "goal_percent", "without_root_cause"):
            yield told(name, n)
    yield told("without_root_cause", found["without_root_cause"])
    for name, target in {"on_time": found["goal_percent"], **found["goals"]}.items():
        yield told(f"goal_{name}", None, None, target, unit="points" if name == "nps" else "percent")
    contact = found["first_contact"]
    for figure, name in (("median", "median_seconds"), ("90_percent", "ninety_percent_seconds")):
        counts = contact["spoken_to"], contact["tickets"]
        yield told(f"first_contact_{figure}", *counts, contact[name], unit="seconds")
    yield _share("closure", "all", "", asked, "promises_kept", found["promises"]["kept"])
    for name in ("promises", "promises_moved", "promises_later", "promises_dropped", "promises_broken"):
        yield told(name, found["promises"][name])
    names = {loop.cause.slug: loop.cause.name for loop in books.tickets if loop.cause}
    for slug, n in found["root_causes"].items():
        yield told("declared", n, found["declared"], group="root_cause", name=names[slug])
    now = found["now"]
    for name in ("at_work", "late", "silent", "waiting", "unassigned"):
        yield told(name, now[name], days=NOW, group="now")
    for age in now["by_age"]:
        days = f"{age['days_from']}+" if age["days_to"] is None else f"{age['days_from']}-{age['days_to']}"
        for name in ("at_work", "late"):
            yield told(name, age[name], days=NOW, group="age", name=days)
    for each in found["by_period"]:
        for name in OF_PERIODS:
            yield told(name, each[name], days=(each["day_from"], each["day_to"]))


def _of_recovery(books: Books, asked: Any) -> Iterable[Row]:
    found = recovery(books, asked)
    yield row("recovery", "all", "", asked, "asked_again", "count", found["asked_again"])
    yield _share("recovery", "all", "", asked, "answered_again", found["response_rate"])
    for name in ("recovered_detractors", "recovered_passives"):
        yield _share("recovery", "all", "", asked, name, found[name])
    for first in found["changes"]:
        for band in BANDS:
            figure = f"from_{first}_to_{band}"
            yield row("recovery", "all", "", asked, figure, "count", found["changes"][first][band])


def _of_response_rate(books: Books, asked: Any) -> Iterable[Row]:
    found = response_rate(books, asked)
    names = {each.survey.slug: each.survey.name for each in books.invitations}
    groups = [("all", "", found), *(("survey", names[slug], each) for slug, each in found["by_survey"].items())]
    for group, name, each in groups:
        yield row("response_rate", group, name, asked, "asked", "count", each["asked"])
        yield _share("response_rate", group, name, asked, "answered", each["response_rate"])
        for figure in ("still_open", "waiting", "not_asked"):
            yield row("response_rate", group, name, asked, figure, "count", each[figure])
        for rule, n in each["not_asked_by_rule"].items():
            yield row("response_rate", group, name, asked, f"not_asked_{rule}", "count", n)


def _of_people(books: Books, asked: Any) -> Iterable[Row]:
    for key, (counts, at_work, capacity, _away) in people(books, asked).items():
        name = books.users[key].name
        for figure in ("cohort", "due"):
            yield row("people", "person", name, asked, figure, "count", counts[figure])
        for figure in RATES:
            yield _share("people", "person", name, asked, figure, rate(counts[figure], counts["due"]))
        yield row("people", "person", name, NOW, "at_work", "count", at_work)
        yield row("people", "person", name, NOW, "capacity", "count", capacity)
