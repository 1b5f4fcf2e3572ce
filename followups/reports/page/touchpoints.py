"""/reports/touchpoints/: what is said where, how that changed, and who was asked. No query in here."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext

from followups.reports import sentences
from followups.reports.changes import p_value
from followups.reports.linking import said
from followups.reports.metrics import AtTouchpoint, NpsReport, ResponseRateReport, TouchpointsReport
from followups.reports.metrics.ways import WITHOUT
from followups.reports.page import answers, recovery, tables
from followups.reports.page.frame import Frame
from followups.reports.page.links import Links
from followups.reports.page.tables import Cell, Row, Table


@dataclass(frozen=True, slots=True)
class TouchpointsPage:
    """Everything the template prints. `asked` is None for whoever does not read who was asked."""

    n: int
    caption: str
    table: Table
    groups: list[answers.GroupChart]
    scores: answers.ScoresChart | None
    asked: recovery.Section | None


def touchpoints_page(
    frame: Frame, report: TouchpointsReport, nps: NpsReport, asked: ResponseRateReport | None
) -> TouchpointsPage:
    """Lay out the touchpoints of one cohort, and NPS by whatever else it is told apart by."""
    links = Links(frame.filters)
    earlier = Links(report.before) if report.before else None
    return TouchpointsPage(
        n=nps.nps.n,
        caption=_caption(report, links),
        table=_table(frame, report, links, earlier),
        groups=answers.group_charts(nps, links) if nps.nps.is_enough else [],
        scores=answers.scores_chart(nps.scores, links) if nps.nps.is_enough else None,
        asked=recovery.asked_section(asked, links) if asked else None,
    )


def _caption(report: TouchpointsReport, links: Links) -> str:
    """Which change to speak of: the surest one, and whether it holds with all of them compared."""
    changed = [each for each in report.touchpoints if each.change.value is not None]
    if not changed:
        return gettext("No touchpoint has enough answers in both times to say whether it changed.")
    surest = min(changed, key=lambda each: p_value(each.change))
    words: dict[str, object] = {
        "name": surest.name or gettext("Without a touchpoint"),
        "points": sentences.points_apart(surest.change.value or 0, surest.change.margin or 0),
        "value": sentences.nps_linked(surest.scores.nps, links.answers(touchpoint=surest.slug or WITHOUT)),
        "n": sentences.in_letters(report.compared),
    }
    if report.compared == 1:
        text = (
            gettext("%(name)s moved by %(points)s points to %(value)s: more than chance.")
            if surest.is_sure
            else gettext("%(name)s moved by %(points)s points to %(value)s, which may be chance.")
        )
    elif surest.is_sure:
        text = gettext(
            "%(name)s moved by %(points)s points to %(value)s: more than chance, even with %(n)s changes compared."
        )
    else:
        text = gettext(
            "The surest change is at %(name)s, by %(points)s points to %(value)s. With %(n)s compared, even that may "
            "be chance."
        )
    return said(text, **words)


def _table(frame: Frame, report: TouchpointsReport, links: Links, earlier: Links | None) -> Table:
    head = [gettext("Touchpoint"), gettext("Answers"), gettext("NPS"), gettext("95 % interval")]
    if earlier:
        head += [frame.before, gettext("Change")]
    if frame.viewer.leads:
        head.append(gettext("Answered, of asked"))
    head += [gettext("Due"), gettext("Told"), gettext("Confirmed"), gettext("In time")]
    kept = frame.form.kept()
    rows = [
        Row(
            each.name or gettext("Without a touchpoint"),
            _cells(each, frame, links, earlier),
            href=f"{reverse('reports')}?{urlencode({**kept, 'touchpoint': each.slug or WITHOUT})}",
        )
        for each in report.touchpoints
    ]
    return Table(gettext("Each touchpoint"), head, rows)


def _cells(each: AtTouchpoint, frame: Frame, links: Links, earlier: Links | None) -> list[Cell]:
    here = {"touchpoint": each.slug or WITHOUT}
    cells = [
        tables.count(each.scores.nps.n, links.answers(**here)),
        tables.score(each.scores, links.answers(**here)),
        tables.score_interval(each.scores),
    ]
    if earlier:
        cells += [
            tables.score(each.before, earlier.answers(**here), few="–"),
            tables.text(_change(each)),
        ]
    if each.response_rate is not None:
        cells.append(tables.rate(each.response_rate, links.invitations(state="answered", **here)))
    due = {name: links.tickets(name, **here) for name in ("due", "told", "confirmed", "on_time")}
    cells.append(tables.count(each.counts["due"], due["due"]))
    cells += [tables.rate(each.counts.rate(name), due[name]) for name in ("told", "confirmed", "on_time")]
    return cells


def _change(each: AtTouchpoint) -> str:
    """`+7 ± 12, may be chance`."""
    if each.change.value is None:
        return "–"
    points = sentences.points_apart(each.change.value, each.change.margin or 0)
    if not each.is_sure:
        return gettext("%(points)s, may be chance") % {"points": points}
    words = gettext("%(points)s, higher") if each.change.value > 0 else gettext("%(points)s, lower")
    return words % {"points": points}
