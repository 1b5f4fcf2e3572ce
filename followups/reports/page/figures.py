"""Rates as headlines show them: the figure, how sure it is, what it opens, and what it was before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext

from followups.reports import charts, sentences
from followups.reports.changes import rate_change
from followups.reports.charts import Gauge
from followups.reports.metrics import ClosureReport, Earlier, Rate
from followups.reports.page.frame import Frame
from followups.reports.page.links import Links


@dataclass(frozen=True, slots=True)
class RateFigure:
    """A rate as a headline shows it: the figure, its interval, a bar or gauge, and the tickets it opens.

    `goal_note` says in words what the tick on the gauge is for.
    """

    name: str
    label: str
    words: str
    interval: str
    full: str
    href: str
    width: str
    kind: str
    gauge: Gauge | None = None
    change: str = ""
    goal_note: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A term and what can be said of it, where there are too few for a figure."""

    term: str
    words: str
    href: str


@dataclass(frozen=True, slots=True)
class Before:
    """The cohort a page is compared with, as its figures need it: what was counted, its lists, and how to name it."""

    report: Earlier
    links: Links
    when: str

    @classmethod
    def of(cls, frame: Frame, report: Earlier | None) -> Before | None:
        return None if report is None else cls(report, Links(report.filters), frame.before)


def rate(
    closure: ClosureReport, links: Links, name: str, label: str, kind: str, before: Before | None = None
) -> RateFigure:
    """A figure of the cohort as a rate of what is due."""
    change = change_of(closure.counts.rate(name), before.report.counts.rate(name), name, before) if before else ""
    goal = closure.goal.targets.get(name)
    return rate_of(
        closure.counts.rate(name), name, label, kind, links.tickets(name), goal, change, links.tickets("due")
    )


def change_of(now: Rate, then: Rate, name: str, before: Before) -> str:
    """How a rate of the figure `name` stands to what it was."""
    found = rate_change(now.count, now.of, then.count, then.of)
    return sentences.rate_change_sentence(found, then, before.when, before.links.tickets(name))


def rate_of(
    found: Rate,
    name: str,
    label: str,
    kind: str,
    href: str,
    goal: int | None,
    change: str = "",
    all_href: str = "",
) -> RateFigure:
    """Any rate; `goal` in percent puts a tick on its gauge, and `all_href` opens what it is a rate of."""
    known = found.rate is not None
    words = {"label": label, "count": found.count, "all": found.of}
    return RateFigure(
        name=name,
        label=label,
        words=sentences.rate_in_words(found),
        interval=sentences.rate_range(found),
        # What is written as a count says of how many already.
        full=gettext("%(label)s, %(count)s of %(all)s") % words if known else label,
        href=href,
        width=charts.percent(found.count / found.of if found.of else 0),
        kind=kind,
        gauge=charts.gauge(
            found.rate or 0, found.low or 0, found.high or 0, (0, 1), None if goal is None else goal / 100
        )
        if known
        else None,
        change=change,
        goal_note=sentences.rate_goal_sentence(found, goal, all_href),
    )


def rates(closure: ClosureReport, links: Links, before: Before | None) -> list[RateFigure]:
    """Declared, told, confirmed: lighter is weaker evidence."""
    return [
        rate(closure, links, "declared", gettext("declared"), "bar-3", before),
        rate(closure, links, "told", gettext("told"), "bar-2", before),
        rate(closure, links, "confirmed", gettext("confirmed"), "bar", before),
    ]


def kept(closure: ClosureReport, links: Links) -> RateFigure:
    """Promises kept, of those that are due."""
    href, goal = links.promises("promises_kept"), closure.goal.targets.get("kept")
    all_href = links.promises("promises")
    return rate_of(closure.promises.kept, "promises_kept", gettext("kept"), "bar", href, goal, all_href=all_href)


def not_kept(closure: ClosureReport, links: Links) -> list[Said]:
    """What became of the promises that were not kept."""
    terms = {
        "promises_moved": gettext("moved"),
        "promises_later": gettext("done later"),
        "promises_dropped": gettext("dropped"),
        "promises_broken": gettext("not done"),
    }
    found = closure.promises
    return [Said(term, str(found[name]), links.promises(name)) for name, term in terms.items() if found[name]]


def beside(closure: ClosureReport, links: Links) -> list[Said]:
    """Tickets of the cohort that no rate counts."""
    return beside_of(closure.counts.by_name, links)


def beside_of(counts: Mapping[str, int], links: Links) -> list[Said]:
    """The same, from the counts alone."""
    terms = {
        "not_due": gettext("not due yet"),
        "nobody_to_reach": gettext("nobody to reach"),
        "left_in_peace": gettext("left in peace"),
        "removed": gettext("duplicate, test or spam"),
    }
    return _counted(terms, counts, links)


def _counted(terms: Mapping[str, str], counts: Mapping[str, int], links: Links) -> list[Said]:
    return [Said(term, str(counts[name]), links.tickets(name)) for name, term in terms.items() if counts[name]]
