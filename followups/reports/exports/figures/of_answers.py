"""Rows about answers: NPS, each touchpoint, and who was asked."""

from __future__ import annotations

from collections.abc import Iterator

from followups.reports import metrics
from followups.reports.exports.columns import Row
from followups.reports.exports.figures.asking import Asked
from followups.reports.exports.figures.groups import named
from followups.reports.exports.figures.rows import Fact, change, count, counts, days_of, placed, scores, share
from surveys.scoring import difference


def nps(asked: Asked) -> Iterator[Row]:
    """NPS of the cohort, by period, and of the time it is compared with."""
    found, days = asked.nps, days_of(asked.filters)
    yield from placed("nps", "all", "", days, scores(found.scores))
    yield from placed("nps", "all", "", days, [count("excluded", found.n_excluded)])
    yield from placed(
        "nps", "all", "", days, counts({f"excluded_{code}": n for code, n in found.excluded.items()})
    )  # fmt: skip
    yield from _by_score(found)
    for period, of_period in found.by_period:
        yield from placed("nps", "all", "", (period.first, period.last), scores(of_period))
    if (earlier := asked.earlier) is None:
        return
    apart = difference(found.nps, earlier.scores.nps)
    known = found.nps.is_enough and earlier.scores.nps.is_enough
    yield from placed("nps", "all", "", days, [change("change", apart) if known else Fact("change", "points")])
    yield from placed("nps", "before", "", days_of(earlier.filters), scores(earlier.scores))
    for period, of_period, _counts in earlier.by_period:
        yield from placed("nps", "before", "", (period.first, period.last), scores(of_period))


def nps_by_group(asked: Asked) -> Iterator[Row]:
    """NPS by each way: those of the pages and those asked for."""
    found, days = asked.nps, days_of(asked.filters)
    for way, groups in found.groups.items():
        names = named(way, groups, asked.viewer)
        for group in groups:
            yield from placed("nps", way, names[group.slug], days, scores(group.scores))


def scores_given(asked: Asked) -> Iterator[Row]:
    """The whole and how often each score was given."""
    found = asked.nps
    yield from placed("nps", "all", "", days_of(asked.filters), scores(found.scores))
    yield from _by_score(found)


def _by_score(found: metrics.NpsReport) -> Iterator[Row]:
    for score, n in found.scores.counts.items():
        yield from placed("nps", "score", str(score), days_of(found.filters), [count("answers", n, found.nps.n)])


def touchpoints(asked: Asked) -> Iterator[Row]:
    """Each touchpoint: NPS, what it was before and how it changed, who answered (for leads), and closure."""
    report = metrics.touchpoints_report(asked.filters, asked.compare, now=asked.now, with_asked=asked.leads)
    days = days_of(asked.filters)
    for each in report.touchpoints:
        facts = [*scores(each.scores)]
        if report.before:
            facts.append(change("change", each.change))
        if each.response_rate is not None:
            facts.append(share("answered", each.response_rate))
        facts.append(count("due", each.counts["due"]))
        facts += [share(name, each.counts.rate(name)) for name in ("declared", "told", "confirmed", "on_time")]
        yield from placed("touchpoints", "touchpoint", each.name, days, facts)
        if report.before:
            yield from placed("touchpoints", "touchpoint", each.name, days_of(report.before), scores(each.before))


def response_rate(asked: Asked) -> Iterator[Row]:
    """Who was asked and who was not, by survey; for leads alone."""
    if not asked.leads:
        return
    report, days = metrics.response_rate_report(asked.filters, now=asked.now), days_of(asked.filters)
    yield from placed("response_rate", "all", "", days, _asked(report.together))
    for each in report.by_survey:
        yield from placed("response_rate", "survey", each.name, days, _asked(each))


def _asked(found: metrics.Asked) -> Iterator[Fact]:
    known = found.as_dict()
    yield count("asked", found.asked)
    yield share("answered", found.rate)
    for name in ("still_open", "waiting", "not_asked"):
        yield count(name, known[name])
    for rule, n in found.by_rule.items():
        yield count(f"not_asked_{rule}", n)
