"""/reports/closure/: how far loops are closed, by time and by group, and what became of it. No query in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from followups.reports import charts, sentences
from followups.reports.changes import furthest
from followups.reports.linking import linked, said
from followups.reports.metrics import (
    ClosureReport,
    Counts,
    Earlier,
    Rate,
    RecoveryReport,
    ReopeningReport,
    TicketGroup,
    Way,
    grain_of,
)
from followups.reports.page import closing, figures, overview, recovery, tables
from followups.reports.page.answers import GroupChart
from followups.reports.page.figures import Before
from followups.reports.page.frame import Frame
from followups.reports.page.links import Links
from followups.reports.page.tables import Cell, Row, Table
from followups.reports.sentences import joined


@dataclass(frozen=True, slots=True)
class ClosurePage:
    """Everything the template prints."""

    counts: dict[str, int]
    due_href: str
    cohort_href: str
    rates: list[figures.RateFigure]
    told_words: str
    due_words: str
    beside: list[figures.Said]
    on_time: figures.RateFigure
    on_time_words: str
    on_time_note: str
    reopened: figures.RateFigure
    reopened_words: str
    kept: figures.RateFigure
    promises_words: str
    not_kept: list[figures.Said]
    columns: closing.ColumnsChart
    groups: GroupChart | None
    told: Table
    recovery: recovery.Section | None
    has_promises: bool


def closure_page(
    frame: Frame,
    closure: ClosureReport,
    heard: RecoveryReport,
    way: Way,
    groups: Sequence[TicketGroup],
    reopening: ReopeningReport,
    earlier: Earlier | None,
    reopening_before: ReopeningReport | None,
) -> ClosurePage:
    """Lay out one cohort. `groups` is the cohort by `way`."""
    links, before = Links(frame.filters), Before.of(frame, earlier)
    counts = closure.counts
    grain = grain_of(frame.filters.day_from, frame.filters.day_to)
    reopened = reopening.reopened
    change = ""
    if before and reopening_before:
        change = figures.change_of(reopened, reopening_before.reopened, "reopened", before)
    return ClosurePage(
        counts=dict(counts.by_name),
        due_href=links.tickets("due"),
        cohort_href=links.tickets("cohort"),
        rates=figures.rates(closure, links, before),
        told_words=overview.told_words(closure, links),
        due_words=overview.due_words(closure, links),
        beside=figures.beside(closure, links),
        on_time=figures.rate(closure, links, "on_time", gettext("in time"), "bar", before),
        on_time_words=overview.on_time_words(closure, links),
        on_time_note=sentences.on_time_sentence(closure, links.tickets("due")),
        reopened=figures.rate_of(
            reopened, "reopened", gettext("reopened"), "bar", links.tickets("reopened"), None, change
        ),
        reopened_words=_reopened_words(reopened, links),
        kept=figures.kept(closure, links),
        promises_words=_promises_words(closure, links),
        not_kept=figures.not_kept(closure, links),
        columns=closing.columns(closure, links, grain),
        groups=_groups(way, groups, links) if len(groups) > 1 else None,
        told=_told(counts, links),
        recovery=recovery.recovery(heard, links),
        has_promises=bool(closure.promises["promises"]),
    )


def _reopened_words(found: Rate, links: Links) -> str:
    text = ngettext(
        "%(reopened)s of %(n)s that was ever resolved was opened again.",
        "%(reopened)s of %(n)s that were ever resolved were opened again.",
        found.of,
    )
    return said(
        text,
        reopened=linked(found.count, links.tickets("reopened")),
        n=linked(found.of, links.tickets("ever_resolved")),
    )


def _promises_words(closure: ClosureReport, links: Links) -> str:
    n = closure.promises["promises"]
    text = ngettext(
        "%(n)s date a customer was told, done by the first one.",
        "%(n)s dates customers were told, done by the first one.",
        n,
    )
    return said(text, n=linked(n, links.promises("promises")))


def _told(counts: Counts, links: Links) -> Table:
    """Every ticket that is due by how it ended for the customer: the rows add up to all of them."""
    names = {
        "told": (gettext("Told"), False),
        "told_settled": (gettext("and said: settled"), True),
        "told_not_yet": (gettext("and said: not yet"), True),
        "told_silent": (gettext("and silent so far"), True),
        "not_told": (gettext("Declared, and not told"), False),
        "dismissed": (gettext("Dismissed"), False),
        "still_open": (gettext("Still open"), False),
    }
    due = counts["due"]
    share = (lambda n: sentences.whole_percent(n / due)) if Rate.counted(0, due).rate is not None else lambda _: "–"
    rows = [
        Row(label, [tables.count(counts[name], links.tickets(name)), tables.text(share(counts[name]))], deep=deep)
        for name, (label, deep) in names.items()
    ]
    together = [tables.count(due, links.tickets("due")), tables.text(share(due))]
    rows.append(Row(gettext("Due, together"), together, strong=True))
    return Table(gettext("What customers said"), [gettext("Due"), gettext("Tickets"), gettext("Share")], rows)


# What the table of groups counts of each: rates of what is due, then plain counts.
GROUP_RATES = ("declared", "told", "confirmed", "on_time")
GROUP_COUNTS = ("agreed_to_differ", "said_not_yet", "beside")


def _groups(way: Way, groups: Sequence[TicketGroup], links: Links) -> GroupChart:
    names = [group.name or gettext("Without one") for group in groups]
    bars, rows = [], []
    for group, label in zip(groups, names, strict=True):
        found = group.counts.rate("confirmed")
        href = links.group("confirmed", way, group.slug)
        full = gettext("%(count)s of %(all)s") % {"count": found.count, "all": found.of}
        bars.append(
            charts.RateRow(
                label,
                links.group("due", way, group.slug),
                sentences.rate_in_words(found),
                full if found.rate is not None else "",
                href,
                found.of,
                found.rate,
                found.low,
                found.high,
            )
        )
        rows.append(Row(label, _group_cells(group, way, links)))
    title = gettext("Confirmed by the customer, by group")
    head = [
        str(way.label), gettext("Due"), gettext("Declared"), gettext("Told"),
        gettext("Confirmed"), gettext("In time"), gettext("Agreed to differ"), gettext("Said not yet"),
        gettext("Beside"),
    ]  # fmt: skip
    return GroupChart(
        title, _groups_caption(groups, names, way, links), charts.rate_bars(bars), Table(title, head, rows)
    )


def _group_cells(group: TicketGroup, way: Way, links: Links) -> list[Cell]:
    return [
        tables.count(group.counts["due"], links.group("due", way, group.slug)),
        *(tables.rate(group.counts.rate(name), links.group(name, way, group.slug)) for name in GROUP_RATES),
        *(tables.count(group.counts[name], links.group(name, way, group.slug)) for name in GROUP_COUNTS),
    ]


def _groups_caption(groups: Sequence[TicketGroup], names: list[str], way: Way, links: Links) -> str:
    """Which group to speak of, and whether it may be chance with so many compared."""
    parts = [gettext("Of what is due, the share that the customer called settled, with its 95 % interval.")]
    found = furthest([(group.counts["confirmed"], group.counts["due"]) for group in groups])
    if found is None:
        parts.append(gettext("Fewer than two groups have enough due to compare them."))
        return joined(parts)
    group = groups[found.place]
    rate = group.counts.rate("confirmed")
    full = gettext("%(count)s of %(all)s") % {"count": rate.count, "all": rate.of}
    text = (
        gettext("The surest difference is at %(name)s, %(rate)s. With %(n)s compared, even that may be chance.")
        if found.may_be_chance
        else gettext("%(name)s stands apart at %(rate)s: more than chance, even with %(n)s compared.")
    )
    rate_link = linked(sentences.rate_in_words(rate), links.group("confirmed", way, group.slug), full)
    parts.append(said(text, name=names[found.place], rate=rate_link, n=sentences.in_letters(found.compared)))
    return joined(parts)
