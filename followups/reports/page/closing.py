"""Charts of how loops are closed: waits, columns by period, ages and causes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from followups.reports import charts, sentences
from followups.reports.charts import Part
from followups.reports.metrics import Cause, ClosureReport, reporting_day
from followups.reports.metrics.periods import Grain
from followups.reports.page.links import Links
from followups.reports.sentences import period_label, period_name
from surveys.scoring import enough

# Causes below this place are one bar together.
CAUSES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class ClosureRow:
    label: str
    cells: list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class CauseBar:
    name: str
    href: str
    tickets: int
    width: str
    kind: str
    share: str
    added: str


@dataclass(frozen=True, slots=True)
class AgeRow:
    label: str
    at_work: int
    at_work_href: str
    late: int
    late_href: str


@dataclass(frozen=True, slots=True)
class WaitRow:
    label: str
    spoken_to: int
    waiting: int
    share: str


def curve(closure: ClosureReport) -> charts.CurveChart | None:
    known = closure.first_contact
    if not enough(known.n):
        return None
    hours = [(step.seconds / 3600, step.share, step.low, step.high) for step in known.steps]
    goal_hours = closure.goal.hours
    # The last few, who hear from us very late, would squeeze everybody else into a corner.
    most = 0.97 * hours[-1][1] if hours else 0
    longest = max([*(hour for hour, share, _, _ in hours if share <= most), goal_hours or 0, 24])
    return charts.curve_chart(
        hours,
        [seconds / 3600 for seconds in known.waiting],
        span_hours=longest,
        goal_hours=goal_hours,
        goal_share=None if closure.goal.percent is None else closure.goal.percent / 100,
    )


def goal_words(closure: ClosureReport) -> str:
    if closure.goal.hours is None:
        return ""
    share = closure.first_contact.at(closure.goal.hours * 3600).share
    return gettext("%(hours)s h: %(share)s spoken to") % {
        "hours": f"{closure.goal.hours:g}",
        "share": sentences.whole_percent(share),
    }


# Hours at which the table under the curve is cut.
STRETCHES = ((0, 24), (24, 48), (48, 72), (72, 120), (120, 240), (240, None))


def waits(closure: ClosureReport) -> list[WaitRow]:
    """The curve as a table: contacts and waits that ended within each stretch, and the share spoken to by its end."""
    known, rows = closure.first_contact, []
    for start, end in STRETCHES:
        low, high = start * 3600, math.inf if end is None else end * 3600
        spoken_to = sum(low <= seconds < high for seconds in known.happened)
        waiting = sum(low <= seconds < high for seconds in known.waiting)
        if not spoken_to and not waiting:
            continue
        if end is None:
            label = gettext("%(hours)s h and longer") % {"hours": start}
        else:
            label = gettext("%(start)s to %(end)s h") % {"start": start, "end": end}
        share = sentences.whole_percent(known.at(high).share) if enough(known.n) else "–"
        rows.append(WaitRow(label, spoken_to, waiting, share))
    return rows


def columns(closure: ClosureReport, links: Links, grain: Grain) -> charts.ColumnChart:
    kinds = {
        "confirmed": ("bar", gettext("%(name)s: %(n)s confirmed by the customer")),
        "told_unconfirmed": ("bar-2", gettext("%(name)s: %(n)s told, not confirmed")),
        "declared_only": ("bar-3", gettext("%(name)s: %(n)s declared, not told")),
        "unfinished": ("bar-open", gettext("%(name)s: %(n)s open, dismissed or not due yet")),
    }
    columns = []
    for period, counts in closure.by_period:
        name = period_name(period, grain)
        within = links.between(period.first, period.last)
        columns.append(
            (
                period_label(period, grain),
                [
                    Part(
                        kind,
                        counts[figure],
                        title % {"name": name[:1].upper() + name[1:], "n": counts[figure]},
                        within.tickets(figure),
                    )
                    for figure, (kind, title) in kinds.items()
                ],
            )
        )
    return charts.column_chart(columns)


COLUMN_TABLE = ("cohort", "beside", "not_due", "due", "dismissed", "declared", "told", "confirmed", "on_time")


def column_rows(closure: ClosureReport, links: Links, grain: Grain) -> list[ClosureRow]:
    return [
        ClosureRow(
            period_label(period, grain),
            [(counts[name], links.between(period.first, period.last).tickets(name)) for name in COLUMN_TABLE],
        )
        for period, counts in closure.by_period
    ]


def _age_label(first: int, last: int | None) -> str:
    if last is None:
        return gettext("over %(days)s") % {"days": first - 1}
    return f"{first}–{last}"


def age_rows(closure: ClosureReport, links: Links) -> list[AgeRow]:
    today = reporting_day(closure.now)
    rows = []
    for age in closure.ages:
        oldest, newest = age.days(today)
        # Answers dated after today do not exist, so the youngest column may leave the end open.
        days = {"day_from": oldest, "day_to": newest if age.first else None}
        rows.append(
            AgeRow(
                _age_label(age.first, age.last),
                age.at_work,
                links.tickets_now("at_work", **days),
                age.late,
                links.tickets_now("late_at_work", **days),
            )
        )
    return rows


def ages(closure: ClosureReport, links: Links) -> charts.ColumnChart:
    today = reporting_day(closure.now)
    columns = []
    for age, row in zip(closure.ages, age_rows(closure, links), strict=True):
        oldest, newest = age.days(today)
        in_time = links.tickets_now("in_time", day_from=oldest, day_to=newest if age.first else None)
        words = {"days": row.label}
        columns.append(
            (
                row.label,
                [
                    Part(
                        "bar-bad",
                        age.late,
                        gettext("%(n)s at work %(days)s days, late") % {**words, "n": age.late},
                        row.late_href,
                        note=str(age.late),
                    ),
                    Part(
                        "bar-2",
                        age.at_work - age.late,
                        gettext("%(n)s at work %(days)s days, in time") % {**words, "n": age.at_work - age.late},
                        in_time,
                    ),
                ],
            )
        )
    return charts.column_chart(columns, most_ticks=6)


def causes(causes: Sequence[Cause], links: Links) -> list[CauseBar]:
    """Every cause, the most frequent first; the dark ones make up the first half."""
    total = sum(cause.tickets for cause in causes)
    share = sentences.whole_percent if enough(total) else lambda _: ""
    bars, added = [], 0
    for cause in causes:
        kind = "bar" if added * 2 < total else "bar-2"
        added += cause.tickets
        bars.append(
            CauseBar(
                cause.name,
                links.tickets(f"cause-{cause.slug}"),
                cause.tickets,
                charts.percent(cause.tickets / causes[0].tickets),
                kind,
                share(cause.tickets / total),
                share(added / total),
            )
        )
    return bars


def few_causes(bars: list[CauseBar], shown: int = CAUSES_SHOWN) -> list[CauseBar]:
    """The bars that are drawn: the largest by themselves, the rest as one. The table under them has them all."""
    if len(bars) <= shown + 1:
        return bars
    n = sum(bar.tickets for bar in bars[shown:])
    total = sum(bar.tickets for bar in bars)
    name = gettext("%(n)s smaller causes") % {"n": len(bars) - shown}
    width = charts.percent(min(n / bars[0].tickets, 1))
    share, added = (sentences.whole_percent(part) for part in (n / total, 1)) if enough(total) else ("", "")
    rest = CauseBar(name, "", n, width, "bar-3", share, added)
    return [*bars[:shown], rest]
