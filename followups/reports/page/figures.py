"""Rates as headlines show them: the figure, how sure it is, and what it opens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext

from followups.reports import charts, sentences
from followups.reports.charts import Gauge
from followups.reports.metrics import ClosureReport, NpsReport, Rate
from followups.reports.page.links import Links


@dataclass(frozen=True, slots=True)
class RateFigure:
    """A rate as a headline shows it: the figure, its interval, a bar or gauge, and the tickets it opens."""

    name: str
    label: str
    words: str
    interval: str
    full: str
    href: str
    width: str
    kind: str
    gauge: Gauge | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A term and what can be said of it, where there are too few for a figure."""

    term: str
    words: str
    href: str


def rate(closure: ClosureReport, links: Links, name: str, label: str, kind: str) -> RateFigure:
    """A figure of the cohort as a rate of what is due."""
    goal = closure.goal.targets.get(name)
    return rate_of(closure.counts.rate(name), name, label, kind, links.tickets(name), goal)


def rate_of(found: Rate, name: str, label: str, kind: str, href: str, goal: int | None) -> RateFigure:
    """Any rate; `goal` in percent puts a tick on its gauge."""
    known = found.rate is not None
    return RateFigure(
        name=name,
        label=label,
        words=sentences.rate_in_words(found),
        interval=sentences.rate_range(found),
        full=gettext("%(label)s, %(count)s of %(all)s") % {"label": label, "count": found.count, "all": found.of},
        href=href,
        width=charts.percent(found.count / found.of if found.of else 0),
        kind=kind,
        gauge=charts.gauge(
            found.rate or 0, found.low or 0, found.high or 0, (0, 1), None if goal is None else goal / 100
        )
        if known
        else None,
    )


def rates(closure: ClosureReport, links: Links) -> list[RateFigure]:
    """Declared, told, confirmed: lighter is weaker evidence."""
    return [
        rate(closure, links, "declared", gettext("declared"), "bar-3"),
        rate(closure, links, "told", gettext("told"), "bar-2"),
        rate(closure, links, "confirmed", gettext("confirmed"), "bar"),
    ]


def kept(closure: ClosureReport, links: Links) -> RateFigure:
    """Promises kept, of those that are due."""
    href, goal = links.tickets("promises_kept"), closure.goal.targets.get("kept")
    return rate_of(closure.promises.kept, "promises_kept", gettext("kept"), "bar", href, goal)


def not_kept(closure: ClosureReport, links: Links) -> list[Said]:
    """What became of the promises that were not kept."""
    terms = {
        "promises_moved": gettext("moved"),
        "promises_later": gettext("done later"),
        "promises_dropped": gettext("dropped"),
        "promises_broken": gettext("not done"),
    }
    return _counted(terms, closure.promises.by_name, links)


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


def few(nps: NpsReport, closure: ClosureReport, links: Links) -> list[Said]:
    """What can be said where there are too few answers for a figure: counts, no rates."""
    own, counts = nps.nps, closure.counts
    of = gettext("%(count)s of %(all)s")
    said = [Said(gettext("Detractors"), of % {"count": own.detractors, "all": own.n}, links.answers(band="detractor"))]
    terms = {
        "on_time": gettext("Spoken to in time"),
        "told": gettext("Told what changed"),
        "confirmed": gettext("Customer said settled"),
    }
    if counts["due"]:
        said += [
            Said(term, of % {"count": counts[name], "all": counts["due"]}, links.tickets(name))
            for name, term in terms.items()
        ]
    return said
