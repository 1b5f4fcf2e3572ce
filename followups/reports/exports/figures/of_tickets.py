"""Rows about tickets: how loops are closed, what is at work now, what was heard again, what came back, and causes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from followups.reports import metrics
from followups.reports.changes import rate_change
from followups.reports.exports.columns import Row
from followups.reports.exports.figures.asking import Asked
from followups.reports.exports.figures.groups import named
from followups.reports.exports.figures.rows import NOW, Fact, change, count, counts, days_of, goal, placed, share
from followups.reports.metrics.closure import OF_PERIODS, RATES, Rate
from followups.reports.metrics.recovered import BANDS, FROM
from surveys.scoring import Band

# Figures of closure whose headline says what they were before.
COMPARED = ("declared", "told", "confirmed", "on_time")


def closure(asked: Asked) -> Iterator[Row]:
    """How loops of the cohort are closed, by period, and how they were in the time it is compared with."""
    found, days = asked.closure, days_of(asked.filters)
    yield from placed("closure", "all", "", days, of_counts(found.counts))
    promises = found.promises
    yield from placed("closure", "all", "", days, [share("promises_kept", promises.kept)])
    yield from placed(
        "closure", "all", "", days, counts({n: promises[n] for n in promises.by_name if n != "promises_kept"})
    )
    for period, of_period in found.by_period:
        own = counts({name: of_period[name] for name in OF_PERIODS})
        yield from placed("closure", "all", "", (period.first, period.last), own)
    if (earlier := asked.earlier) is None:
        return
    changes = [_changed(name, found.counts.rate(name), earlier.counts.rate(name)) for name in COMPARED]
    yield from placed("closure", "all", "", days, changes)
    yield from placed("closure", "before", "", days_of(earlier.filters), of_counts(earlier.counts))
    for period, _scores, of_period in earlier.by_period:
        own = counts({name: of_period[name] for name in OF_PERIODS})
        yield from placed("closure", "before", "", (period.first, period.last), own)


def of_counts(found: metrics.Counts) -> Iterator[Fact]:
    """The rates of what is due with their intervals, and every other count."""
    for name in RATES:
        yield share(name, found.rate(name))
    yield from counts({name: n for name, n in found.by_name.items() if name not in RATES})


def _changed(figure: str, now: Rate, before: Rate) -> Fact:
    return change(f"{figure}_change", rate_change(now.count, now.of, before.count, before.of))


def closure_by_group(asked: Asked) -> Iterator[Row]:
    """The same figures of each group."""
    for way in asked.closure_ways:
        groups = metrics.closure_groups(asked.filters, metrics.way_of(way), now=asked.now)
        names = named(way, groups, asked.viewer)
        for group in groups:
            yield from placed("closure", way, names[group.slug], days_of(asked.filters), of_counts(group.counts))


def goals_of_cohort(asked: Asked) -> Iterator[Row]:
    """What is wanted of the cohort, where it is one goal on all its days."""
    targets = {"on_time": asked.closure.goal.percent, **asked.closure.goal.targets}
    yield from placed("closure", "all", "", days_of(asked.filters), [goal(name, n) for name, n in targets.items()])


def first_contact(asked: Asked) -> Iterator[Row]:
    """How soon half and nine in ten were spoken to."""
    found = asked.closure
    n, of = found.first_contact.events, found.first_contact.n
    facts = [
        Fact("first_contact_median", "seconds", n, of, found.median_seconds),
        Fact("first_contact_90_percent", "seconds", n, of, found.ninety_seconds),
    ]
    yield from placed("closure", "all", "", days_of(asked.filters), facts)


def causes_of_closure(asked: Asked) -> Iterator[Row]:
    """Root causes of what was declared resolved, the most frequent first."""
    found, days = asked.closure, days_of(asked.filters)
    for cause in found.causes:
        yield from placed(
            "closure", "root_cause", cause.name, days, [count("declared", cause.tickets, found.counts["declared"])]
        )
    yield from placed("closure", "all", "", days, [count("without_root_cause", found.without_cause)])


def standing_now(asked: Asked) -> Iterator[Row]:
    """What is at work, late and left alone at this moment, whatever the day of the answer."""
    found = asked.closure
    names = ("at_work", "late", "silent", "waiting", "unassigned")
    yield from placed("closure", "now", "", NOW, counts({name: getattr(found, name) for name in names}))
    for age in found.ages:
        days = f"{age.first}-{age.last}" if age.last is not None else f"{age.first}+"
        yield from placed("closure", "age", days, NOW, [count("at_work", age.at_work), count("late", age.late)])


def recovery(asked: Asked) -> Iterator[Row]:
    """Who is happier after a closed case, of those heard again and of all who are due."""
    found = metrics.recovery_report(asked.filters, now=asked.now)
    facts = [
        count("asked_again", found.asked),
        share("answered_again", found.response_rate),
        share("recovered_detractors", found.recovered(Band.DETRACTOR)),
        share("recovered_passives", found.recovered(Band.PASSIVE)),
        share("recovered_detractors_of_due", found.recovered_of_due(Band.DETRACTOR)),
        share("recovered_passives_of_due", found.recovered_of_due(Band.PASSIVE)),
        *(
            count(f"from_{first.value}_to_{later.value}", found.changes[first.value, later.value])
            for first in FROM
            for later in BANDS
        ),
    ]
    yield from placed("recovery", "all", "", days_of(asked.filters), facts)


def reopening(asked: Asked) -> Iterator[Row]:
    """What was taken up again, and promises that were moved; and the same of the time it is compared with."""
    found = metrics.reopening_report(asked.filters, now=asked.now)
    facts = [share("reopened", found.reopened), share("promises_moved", found.promises_moved)]
    if asked.of_before is not None:
        before = metrics.reopening_report(asked.of_before, now=asked.now)
        facts.append(_changed("reopened", found.reopened, before.reopened))
        own = [share("reopened", before.reopened), share("promises_moved", before.promises_moved)]
        yield from placed("reopening", "before", "", days_of(asked.of_before), own)
    yield from placed("reopening", "all", "", days_of(asked.filters), facts)


def causes(asked: Asked) -> Iterator[Row]:
    """Root causes on both levels; by band, touchpoint, segment and period under their names as figures of tickets.

    `causes-<slug>` counts a cause of the upper level with everything below it, `cause-<slug>` one alone.
    """
    report, days = metrics.causes_report(asked.filters, now=asked.now), days_of(asked.filters)
    known = report.known
    facts = [count("declared", report.declared), count("with_cause", known, report.declared)]
    yield from placed("causes", "all", "", days, facts)
    for area, n in report.areas():
        yield from placed("causes", "area", report.names[area], days, [count("with_cause", n, known)])
    for area, _n in report.areas():
        for slug, n in report.below(area):
            yield from placed("causes", "root_cause", report.names[slug], days, [count("with_cause", n, known)])
    for column, names in (("band", {}), ("touchpoint", report.touchpoints), ("segment", {})):
        totals: Counter[str] = Counter()
        for (_area, value), n in report.by("area", column).items():
            totals[value] += n
        for value, total in sorted(totals.items()):
            of_value = [count("with_cause", total, known)]
            for kind, level in (("causes", "area"), ("cause", "cause")):
                crossed = report.by(level, column)
                of_value += [
                    count(f"{kind}-{slug}", n, total) for (slug, of), n in sorted(crossed.items()) if of == value
                ]
            yield from placed("causes", column, names.get(value, value), days, of_value)
    by_day = report.by("area", "day")
    for period in metrics.periods(asked.filters.day_from, asked.filters.day_to):
        within = {
            area: sum(n for (of, day), n in by_day.items() if of == area and period.first <= day <= period.last)
            for area, _n in report.areas()
        }
        total = sum(within.values())
        own = [count("with_cause", total), *(count(f"causes-{area}", n, total) for area, n in within.items() if n)]
        yield from placed("causes", "all", "", (period.first, period.last), own)
