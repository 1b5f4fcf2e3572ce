"""Rows about waits: four curves, each with its median, nine in ten, and the table under it."""

from __future__ import annotations

from collections.abc import Iterator

from followups.reports import metrics
from followups.reports.exports.columns import Row
from followups.reports.exports.figures.asking import Asked
from followups.reports.exports.figures.rows import Fact, count, days_of, placed
from followups.reports.page.times import STRETCHES, WORKING, end_of
from followups.reports.survival import Curve
from surveys.scoring import enough

CUSTOMER, TEAM = "customer_clock", "team_clock"


def times(asked: Asked) -> Iterator[Row]:
    """Time to first contact and to resolution on both clocks, and the same of the time it is compared with."""
    found, days = metrics.times_report(asked.filters, now=asked.now), days_of(asked.filters)
    for clock, figure, curve in _curves(found):
        yield from placed("times", clock, "", days, _of_curve(figure, curve))
        yield from _stretches(asked, clock, figure, curve, is_whole=not found.without_calendar)
    yield from placed("times", TEAM, "", days, [count("without_calendar", found.without_calendar)])
    goal = asked.closure.goal.hours
    if goal is not None:
        own = found.first_contact
        at_goal = own.at(goal * 3600)
        known = (at_goal.share, at_goal.low, at_goal.high) if enough(own.n) else (None, None, None)
        name = f"0-{goal:g}"
        facts = [Fact("first_contact_by_goal", "share", None, own.n, *known)]
        yield from placed("times", CUSTOMER, name, days, facts)
    if asked.of_before is not None:
        before = metrics.times_report(asked.of_before, now=asked.now)
        for clock, figure, curve in _curves(before):
            yield from placed("times", clock, "", days_of(asked.of_before), _of_curve(figure, curve))


def _curves(found: metrics.TimesReport) -> tuple[tuple[str, str, Curve], ...]:
    return (
        (CUSTOMER, "first_contact", found.first_contact),
        (TEAM, "first_contact", found.first_contact_working),
        (CUSTOMER, "resolution", found.resolution),
        (TEAM, "resolution", found.resolution_working),
    )


def _of_curve(figure: str, curve: Curve) -> Iterator[Fact]:
    yield count(f"{figure}_happened", curve.events, curve.n)
    yield count(f"{figure}_waiting", curve.n - curve.events, curve.n)
    for name, part in (("median", 0.5), ("90_percent", 0.9)):
        known = (curve.reached(part), *curve.reached_between(part)) if enough(curve.n) else (None, None, None)
        yield Fact(f"{figure}_{name}", "seconds", curve.events, curve.n, *known)


def _stretches(asked: Asked, clock: str, figure: str, curve: Curve, *, is_whole: bool) -> Iterator[Row]:
    """The rows of the table under a curve: what ended and what waits within so many hours, and the share by their end.

    On the team clock there is the share alone, as on the page.
    """
    of_team = clock == TEAM
    for stretch in WORKING if of_team else STRETCHES:
        facts = []
        if not of_team:
            for name, spells in (("happened", curve.happened), ("waiting", curve.waiting)):
                facts.append(count(f"{figure}_{name}", sum(map(stretch.holds, spells)), curve.n))
        if enough(curve.n) and (is_whole or not of_team):
            step = curve.at(end_of(stretch))
            facts.append(Fact(f"{figure}_by_then", "share", None, curve.n, step.share, step.low, step.high))
        hours = f"{stretch.start}+" if stretch.end is None else f"{stretch.start}-{stretch.end}"
        yield from placed("times", clock, hours, days_of(asked.filters), facts)
