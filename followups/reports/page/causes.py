"""/reports/causes/: root causes on both levels, where and when they come, and with whom. No query in here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from followups.reports import charts, exact, sentences
from followups.reports.charts import Column, Part
from followups.reports.linking import linked, said
from followups.reports.metrics import Cause, CausesReport, grain_of, periods
from followups.reports.metrics.ways import WITHOUT
from followups.reports.page import tables
from followups.reports.page.answers import period_head
from followups.reports.page.closing import CauseBar, ColumnsChart
from followups.reports.page.frame import Frame
from followups.reports.page.links import Links
from followups.reports.page.tables import Row, Table
from followups.reports.sentences import joined, period_label, period_name
from surveys.scoring import Band, enough

# Only so many causes have a colour of their own in the columns, and a column of their own where they are crossed.
TOP = 3
KINDS = ("bar", "bar-2", "bar-3")
CROSSED = 8


@dataclass(frozen=True, slots=True)
class Crossed:
    """Causes by something else: a sentence on the cell that stands out, and the table."""

    title: str
    caption: str
    table: Table


@dataclass(frozen=True, slots=True)
class CausesPage:
    """Everything the template prints."""

    known: int
    declared: int
    declared_href: str
    caption: str
    bars: list[CauseBar]
    table: Table
    columns: ColumnsChart
    legend: list[tuple[str, str]]
    crossed: list[Crossed]


def causes_page(frame: Frame, report: CausesReport) -> CausesPage:
    """Lay out the causes of one cohort."""
    links = Links(frame.filters)
    areas = report.areas()
    top = [area for area, _ in areas[:TOP]]
    return CausesPage(
        known=report.known,
        declared=report.declared,
        declared_href=links.tickets("declared"),
        caption=_caption(report, links),
        bars=_bars(report, links),
        table=_table(report, links),
        columns=_columns(frame, report, top, links),
        legend=[(kind, report.names[area]) for kind, area in zip(KINDS, top, strict=False)],
        crossed=[
            _crossed(report, "touchpoint", gettext("Causes by touchpoint"), report.touchpoints, links),
            _crossed(report, "segment", gettext("Causes by segment"), {}, links),
        ],
    )


def _caption(report: CausesReport, links: Links) -> str:
    areas = [Cause(slug, report.names[slug], n) for slug, n in report.areas()]
    parts = [sentences.causes_share(areas, report.declared, links.tickets)]
    if (without := report.declared - report.known) > 0:
        text = ngettext("%(n)s has no cause.", "%(n)s have no cause.", without)
        parts.append(said(text, n=linked(without, links.tickets("without_cause"))))
    return joined(parts)


def _bars(report: CausesReport, links: Links) -> list[CauseBar]:
    """Each area, the most frequent first, and the causes below it, set in, where they are told apart."""
    share = sentences.whole_percent if enough(report.known) else lambda _: ""
    bars = []
    areas = report.areas()
    for area, n in areas:
        shown = share(n / report.known)
        width = charts.percent(n / areas[0][1])
        bars.append(CauseBar(report.names[area], links.tickets(f"causes-{area}"), n, width, "bar", shown, shown))
        below = report.below(area)
        if [slug for slug, _ in below] == [area]:
            continue
        for slug, own in below:
            name = gettext("itself") if slug == area else report.names[slug]
            width, shown = charts.percent(own / areas[0][1]), share(own / report.known)
            bars.append(CauseBar(name, links.tickets(f"cause-{slug}"), own, width, "bar-3", shown, shown, deep=True))
    return bars


def _table(report: CausesReport, links: Links) -> Table:
    """Both levels with how many were detractors and how many passives."""
    by_band, share = report.by("cause", "band"), sentences.whole_percent if enough(report.known) else lambda _: "–"
    words = {
        Band.DETRACTOR: gettext("Detractors"),
        Band.PASSIVE: gettext("Passives"),
        Band.PROMOTER: gettext("Promoters"),
    }
    # Where one band was asked for, the other columns would be empty.
    bands = [band for band in words if links.filters.band in ("", band.value)]
    rows = []
    for area, n in report.areas():
        below = report.below(area)
        single = [slug for slug, _ in below] == [area]
        figure = f"causes-{area}"
        cells = [tables.count(n, links.tickets(figure)), tables.text(share(n / report.known))]
        cells += [
            tables.count(sum(by_band[slug, band.value] for slug, _ in below), links.tickets(figure, band=band.value))
            for band in bands
        ]
        rows.append(Row(report.names[area], cells, strong=not single))
        for slug, own in () if single else below:
            figure = f"cause-{slug}"
            cells = [tables.count(own, links.tickets(figure)), tables.text(share(own / report.known))]
            cells += [tables.count(by_band[slug, band.value], links.tickets(figure, band=band.value)) for band in bands]
            rows.append(Row(gettext("itself") if slug == area else report.names[slug], cells, deep=True))
    head = [gettext("Root cause"), gettext("Tickets"), gettext("Share"), *(words[band] for band in bands)]
    return Table(gettext("Root causes"), head, rows)


def _columns(frame: Frame, report: CausesReport, top: list[str], links: Links) -> ColumnsChart:
    """The largest areas and all others by period of the answer."""
    first, last = frame.filters.day_from, frame.filters.day_to
    grain = grain_of(first, last)
    by_day = report.by("area", "day")
    drawn, rows = [], []
    head = [period_head(grain), gettext("Tickets"), *(report.names[area] for area in top)]
    for period in periods(first, last):
        within, name = links.between(period.first, period.last), period_name(period, grain)
        name = name[:1].upper() + name[1:]
        counts = {
            area: sum(n for (of, day), n in by_day.items() if of == area and period.first <= day <= period.last)
            for area in top
        }
        n = sum(n for (_, day), n in by_day.items() if period.first <= day <= period.last)
        parts = [
            Part(
                kind,
                counts[area],
                gettext("%(name)s: %(n)s for %(cause)s")
                % {"name": name, "n": counts[area], "cause": report.names[area]},
                within.tickets(f"causes-{area}"),
            )
            for kind, area in zip(KINDS, top, strict=False)
        ]
        others = n - sum(counts.values())
        if others:
            title = gettext("%(name)s: %(n)s for other causes") % {"name": name, "n": others}
            parts.append(Part("bar-open", others, title, within.tickets("causes_but-" + ".".join(top))))
        whole = ngettext("%(name)s: %(n)s ticket", "%(name)s: %(n)s tickets", n) % {"name": name, "n": n}
        drawn.append(Column(period_label(period, grain), parts, within.tickets("with_cause"), whole))
        cells = [tables.count(n, within.tickets("with_cause"))]
        cells += [tables.count(counts[area], within.tickets(f"causes-{area}")) for area in top]
        rows.append(Row(period_label(period, grain), cells))
    title = {
        "day": gettext("Causes by day of the answer"),
        "week": gettext("Causes by week of the answer"),
        "month": gettext("Causes by month of the answer"),
    }[grain]
    text = ngettext(
        "%(n)s ticket with a cause, by when the customer answered.",
        "%(n)s tickets with a cause, by when the customer answered.",
        report.known,
    )
    caption = said(text, n=linked(report.known, links.tickets("with_cause")))
    return ColumnsChart(title, caption, charts.column_chart(drawn), Table(title, head, rows))


def _crossed(report: CausesReport, column: str, title: str, names: Mapping[str, str], links: Links) -> Crossed:
    """Areas by touchpoint or segment. The caption names the cell that holds more than its share, if any does."""
    counts = report.by("area", column)
    areas = report.areas()
    columns = sorted(
        {value for _, value in counts}, key=lambda value: (not value, names.get(value, value).casefold(), value)
    )
    totals = {value: sum(counts[area, value] for area, _ in areas) for value in columns}
    shown = sorted(columns, key=lambda value: -totals[value])[:CROSSED]
    shown = [value for value in columns if value in shown]

    def label(value: str) -> str:
        return names.get(value, value) or gettext("Without one")

    rows = [
        Row(
            report.names[area],
            [
                tables.count(counts[area, value], links.tickets(f"causes-{area}", **{column: value or WITHOUT}))
                for value in shown
            ]
            + [tables.count(n, links.tickets(f"causes-{area}"))],
        )
        for area, n in areas
    ]
    together = [
        tables.count(totals[value], links.tickets("with_cause", **{column: value or WITHOUT})) for value in shown
    ]
    together.append(tables.count(report.known, links.tickets("with_cause")))
    rows.append(Row(gettext("Together"), together, strong=True))
    table = Table(title, [gettext("Root cause"), *map(label, shown), gettext("Together")], rows)
    tried = [
        _Cell(
            report.names[area], label(value), counts[area, value], totals[value],
            links.tickets(f"causes-{area}", **{column: value or WITHOUT}),
            links.tickets("with_cause", **{column: value or WITHOUT}),
            exact.more_often(
                counts[area, value], totals[value], of_area - counts[area, value], report.known - totals[value]
            ),
        )
        for area, of_area in areas
        for value in columns
        if enough(totals[value])
    ]  # fmt: skip
    return Crossed(title, _crossed_caption(tried if len(columns) > 1 else []), table)


@dataclass(frozen=True, slots=True)
class _Cell:
    """One area at one place: `n` of `of` tickets there, and how often chance alone would put so many there."""

    cause: str
    where: str
    n: int
    of: int
    n_href: str
    of_href: str
    chance: float


def _crossed_caption(tried: list[_Cell]) -> str:
    """Which cell to speak of, and whether it holds with all of them compared."""
    if not tried:
        return gettext("Too few tickets with a cause to tell where one comes more often.")
    surest = min(range(len(tried)), key=lambda i: tried[i].chance)
    cell = tried[surest]
    words: dict[str, object] = {
        "cause": cell.cause,
        "where": cell.where,
        "n": linked(cell.n, cell.n_href),
        "all": linked(cell.of, cell.of_href),
        "cells": sentences.in_letters(len(tried)),
    }
    if exact.holm([each.chance for each in tried])[surest] < exact.LEVEL:
        text = gettext(
            "“%(cause)s” comes more often at %(where)s than elsewhere: %(n)s of %(all)s, more than chance even with "
            "%(cells)s compared."
        )
    else:
        text = gettext(
            "Most likely to differ: “%(cause)s” at %(where)s, %(n)s of %(all)s. With %(cells)s compared, even that may "
            "be chance."
        )
    return said(text, **words)
