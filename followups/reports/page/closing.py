"""Charts of how loops are closed: columns by period, ages of what is at work, and causes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext, ngettext

from followups.reports import charts, sentences
from followups.reports.charts import Column, Part
from followups.reports.linking import linked, said
from followups.reports.metrics import Cause, ClosureReport, reporting_day
from followups.reports.metrics.periods import Grain
from followups.reports.page import tables
from followups.reports.page.answers import period_head
from followups.reports.page.links import Links
from followups.reports.page.tables import Row, Table
from followups.reports.sentences import period_label, period_name
from surveys.scoring import enough

# Causes below this place are one bar together.
CAUSES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class ColumnsChart:
    """Stacked columns with their caption and table. `axis` names what the ticks below them count."""

    title: str
    caption: str
    columns: charts.ColumnChart
    table: Table
    axis: str = ""


@dataclass(frozen=True, slots=True)
class CauseBar:
    """One cause or person as a bar. `added` stands beside the count: the share of all down to here, or a limit."""

    name: str
    href: str
    tickets: int
    width: str
    kind: str
    share: str
    added: str
    deep: bool = False


@dataclass(frozen=True, slots=True)
class CausesChart:
    caption: str
    bars: list[CauseBar]
    table: Table


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def columns(closure: ClosureReport, links: Links, grain: Grain) -> ColumnsChart:
    """Each column is the tickets of the answers of one period, by how far their loops are closed."""
    kinds = {
        "confirmed": ("bar", gettext("%(name)s: %(n)s confirmed by the customer")),
        "told_unconfirmed": ("bar-2", gettext("%(name)s: %(n)s told, not confirmed")),
        "declared_only": ("bar-3", gettext("%(name)s: %(n)s declared, not told")),
        "unfinished": ("bar-open", gettext("%(name)s: %(n)s open, dismissed or not due yet")),
    }
    drawn = []
    for period, counts in closure.by_period:
        name, within = _capital(period_name(period, grain)), links.between(period.first, period.last)
        parts = [
            Part(kind, counts[figure], title % {"name": name, "n": counts[figure]}, within.tickets(figure))
            for figure, (kind, title) in kinds.items()
        ]
        n = counts["counted"]
        whole = ngettext("%(name)s: %(n)s ticket", "%(name)s: %(n)s tickets", n) % {"name": name, "n": n}
        drawn.append(Column(period_label(period, grain), parts, within.tickets("counted"), whole))
    title = {
        "day": gettext("Closure by day of the answer"),
        "week": gettext("Closure by week of the answer"),
        "month": gettext("Closure by month of the answer"),
    }[grain]
    return ColumnsChart(
        title=title,
        caption=_columns_caption(closure, links),
        columns=charts.column_chart(drawn),
        table=_columns_table(title, closure, links, grain),
    )


def _columns_caption(closure: ClosureReport, links: Links) -> str:
    text = gettext(
        "Each column is the tickets of the answers of that time, %(n)s in all, so old ones cannot hide behind new ones."
    )
    parts = [said(text, n=linked(closure.counts["counted"], links.tickets("counted")))]
    if n := closure.counts["not_told"]:
        text = ngettext(
            "%(n)s was closed without telling the customer.", "%(n)s were closed without telling the customer.", n
        )
        parts.append(said(text, n=linked(n, links.tickets("not_told"))))
    return sentences.joined(parts)


COLUMN_TABLE = ("cohort", "beside", "not_due", "due", "dismissed", "declared", "told", "confirmed", "on_time")


def _columns_table(title: str, closure: ClosureReport, links: Links, grain: Grain) -> Table:
    head = [
        period_head(grain), gettext("Tickets"), gettext("Beside"), gettext("Not due"), gettext("Due"),
        gettext("Dismissed"), gettext("Declared"), gettext("Told"), gettext("Confirmed"), gettext("In time"),
    ]  # fmt: skip
    rows = [
        Row(
            period_label(period, grain),
            [
                tables.count(counts[name], links.between(period.first, period.last).tickets(name))
                for name in COLUMN_TABLE
            ],
        )
        for period, counts in closure.by_period
    ]
    return Table(title, head, rows)


def _age_label(first: int, last: int | None) -> str:
    if last is None:
        return gettext("over %(days)s") % {"days": first - 1}
    return f"{first}–{last}"


def ages(closure: ClosureReport, links: Links) -> ColumnsChart:
    """What is at work now by the age of the answer, what is late of it, and what nobody looks after."""
    today = reporting_day(closure.now)
    drawn, rows = [], []
    for age in closure.ages:
        oldest, newest = age.days(today)
        # Answers dated after today do not exist, so the youngest column may leave the end open.
        days: dict[str, date | None] = {"day_from": oldest, "day_to": newest if age.first else None}
        hrefs = {name: links.tickets_now(name, **days) for name in ("at_work", "late_at_work", "in_time")}
        label = _age_label(age.first, age.last)
        late = gettext("%(n)s at work %(days)s days, late") % {"days": label, "n": age.late}
        in_time = gettext("%(n)s at work %(days)s days, in time") % {"days": label, "n": age.at_work - age.late}
        drawn.append(
            Column(
                label,
                [
                    Part("bar-bad", age.late, late, hrefs["late_at_work"], note=str(age.late)),
                    Part("bar-2", age.at_work - age.late, in_time, hrefs["in_time"]),
                ],
                hrefs["at_work"],
                gettext("%(n)s at work %(days)s days") % {"days": label, "n": age.at_work},
            )
        )
        cells = [tables.count(age.at_work, hrefs["at_work"]), tables.count(age.late, hrefs["late_at_work"])]
        rows.append(Row(label, cells))
    title = gettext("Tickets at work now, by age")
    head = [gettext("Days since the answer"), gettext("At work"), gettext("Late")]
    return ColumnsChart(
        title=title,
        caption=_ages_caption(closure, links),
        columns=charts.column_chart(drawn, most_ticks=6),
        table=Table(title, head, rows),
        axis=gettext("days since the answer"),
    )


def _ages_caption(closure: ClosureReport, links: Links) -> str:
    parts = [
        (closure.at_work, "at_work", ngettext("%(n)s is at work", "%(n)s are at work", closure.at_work)),
        (closure.late, "late_at_work", ngettext("%(n)s is late", "%(n)s are late", closure.late)),
        (
            closure.silent,
            "silent",
            ngettext("%(n)s had no event for a week", "%(n)s had no event for a week", closure.silent),
        ),
        (
            closure.waiting,
            "waiting",
            ngettext("%(n)s more waits on the customer", "%(n)s more wait on the customer", closure.waiting),
        ),
        (closure.unassigned, "unassigned", ngettext("%(n)s has no owner", "%(n)s have no owner", closure.unassigned)),
    ]
    words = [said(text, n=linked(n, links.tickets_now(name))) for n, name, text in parts]
    whole = gettext("%(at_work)s. %(late)s, %(silent)s. %(waiting)s, %(unassigned)s.")
    return said(whole, **{name: text for (_, name, _), text in zip(parts, words, strict=True)} | {"late": words[1]})


def causes(causes: Sequence[Cause], declared: int, links: Links) -> CausesChart:
    """Every cause, the most frequent first; the smallest are one bar together."""
    bars = cause_bars(causes, links)
    title = gettext("Why they were unhappy")
    head = [gettext("Root cause"), gettext("Tickets"), gettext("Share"), gettext("Added up")]
    rows = [
        Row(bar.name, [tables.count(bar.tickets, bar.href), tables.text(bar.share), tables.text(bar.added)])
        for bar in bars
    ]
    caption = sentences.causes_sentence(causes, declared, links.tickets)
    return CausesChart(caption, few_causes(causes, bars, links), Table(title, head, rows))


def cause_bars(causes: Sequence[Cause], links: Links) -> list[CauseBar]:
    """Every cause as a bar; the dark ones make up the first half."""
    total = sum(cause.tickets for cause in causes)
    share = sentences.whole_percent if enough(total) else lambda _: ""
    bars, added = [], 0
    for cause in causes:
        kind = "bar" if added * 2 < total else "bar-2"
        added += cause.tickets
        width = charts.percent(cause.tickets / causes[0].tickets)
        href = links.tickets(f"cause-{cause.slug}")
        shares = share(cause.tickets / total), share(added / total)
        bars.append(CauseBar(cause.name, href, cause.tickets, width, kind, *shares))
    return bars


def few_causes(
    causes: Sequence[Cause], bars: list[CauseBar], links: Links, shown: int = CAUSES_SHOWN
) -> list[CauseBar]:
    """The bars that are drawn: the largest by themselves, the rest as one. The table under them has them all."""
    if len(bars) <= shown + 1:
        return bars
    n = sum(bar.tickets for bar in bars[shown:])
    words = sentences.in_letters(len(bars) - shown)
    name = gettext("%(n)s smaller causes") % {"n": words[:1].upper() + words[1:]}
    href = links.tickets("cause_but-" + ".".join(cause.slug for cause in causes[:shown]))
    width = charts.percent(min(n / bars[0].tickets, 1))
    return [*bars[:shown], CauseBar(name, href, n, width, "bar-3", "", bars[-1].added)]
