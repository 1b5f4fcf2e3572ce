"""Rows about people and goals, for leads alone, and about what being spoken to does."""

from __future__ import annotations

from collections.abc import Iterator

from followups.reports import metrics
from followups.reports.exports.columns import Row
from followups.reports.exports.figures.asking import Asked
from followups.reports.exports.figures.of_tickets import of_counts
from followups.reports.exports.figures.rows import NOW, Fact, count, days_of, goal, placed
from followups.reports.metrics.attainment import goals_report
from followups.reports.metrics.effect import COMPARED
from followups.reports.metrics.effect import GROUPS as OF_EFFECT
from followups.reports.metrics.goals import Metric
from followups.reports.page.people import evenness, together


def people(asked: Asked) -> Iterator[Row]:
    """Everybody of the teams led, by name and ranking nobody, then all of them together."""
    if not asked.leads:
        return
    persons, days = metrics.people_report(asked.filters, now=asked.now), days_of(asked.filters)
    for person in persons:
        yield from placed("people", "person", person.user.name, days, of_counts(person.counts))
        load = [count("at_work", person.at_work), count("capacity", person.capacity)]
        yield from placed("people", "person", person.user.name, NOW, load)
    if persons:
        at_work, capacity = sum(each.at_work for each in persons), sum(each.capacity for each in persons)
        yield from placed("people", "all", "", days, of_counts(together(persons)))
        even = Fact("fairness_index", "index", rate=evenness(persons))
        yield from placed("people", "all", "", NOW, [count("at_work", at_work), count("capacity", capacity), even])


def goals(asked: Asked) -> Iterator[Row]:
    """Each goal by figure and team on the days it held, and how far it was reached; of now alone."""
    if not asked.leads or asked.filters.as_of is not None:
        return
    for row in goals_report(asked.filters, now=asked.now).rows:
        found, unit = row.measured, "points" if row.metric == Metric.NPS else "percent"
        facts = [
            Fact(str(row.metric), unit, found.count, found.n, found.value, found.low, found.high),
            goal(str(row.metric), row.target),
        ]
        group, name = ("team", row.team.name) if row.team else ("all", "")
        yield from placed("goals", group, name, (row.stretch.first, row.stretch.last), facts)


def effect(asked: Asked) -> Iterator[Row]:
    """What customers said later who were spoken to in time, late and never, and the matched difference from never."""
    found, days = metrics.effect_report(asked.filters, now=asked.now), days_of(asked.filters)
    yield from placed(
        "effect", "all", "", days, [count("not_due", found.not_due), count("without_target", found.without_target)]
    )
    for name in OF_EFFECT:
        group = found.groups[name]
        facts = [
            count("tickets", group.tickets),
            count("heard_again", group.heard_again, group.tickets),
            Fact("mean_first_score", "score", group.heard_again, rate=group.mean_first),
            Fact("mean_later_score", "score", group.heard_again, rate=group.mean_later),
        ]
        if name in COMPARED:
            for figure, unit, apart in (
                ("score", "score", found.compared[name].score),
                ("nps", "points", found.compared[name].nps),
            ):
                facts.append(
                    Fact(
                        f"{figure}_against_never", unit, apart.treated, apart.others, apart.value, apart.low, apart.high
                    )
                )
        yield from placed("effect", "contact", name, days, facts)
