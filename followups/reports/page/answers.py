"""Charts of what the answers say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext, gettext_lazy, ngettext

from followups.reports import charts, sentences
from followups.reports.charts import Part
from followups.reports.linking import linked, said
from followups.reports.metrics import Earlier, Group, NpsReport, Scores
from followups.reports.metrics.periods import Grain
from followups.reports.metrics.ways import WITHOUT
from followups.reports.page import tables
from followups.reports.page.frame import Frame
from followups.reports.page.links import Links
from followups.reports.page.tables import Cell, Row, Table
from followups.reports.sentences import interval, period_label, period_name
from surveys.models import Survey
from surveys.scoring import Band, band


@dataclass(frozen=True, slots=True)
class GroupChart:
    """A figure of several groups on one scale, with its caption and its table."""

    title: str
    caption: str
    bars: charts.NpsBars
    table: Table


@dataclass(frozen=True, slots=True)
class ScoresChart:
    """How often each score was given, with a sentence that counts the bands, and its table."""

    words: str
    columns: charts.ColumnChart
    table: Table


@dataclass(frozen=True, slots=True)
class LineChart:
    """NPS over time with its caption and its table; `before_days` names the days of the second line."""

    title: str
    caption: str
    chart: charts.LineChart
    before: str
    table: Table


def line(
    nps: NpsReport, links: Links, grain: Grain, earlier: Earlier | None = None, frame: Frame | None = None
) -> LineChart:
    """NPS by period, beside the same periods of the time it is compared with, which `frame` names."""
    moments = []
    for place, (period, scores) in enumerate(nps.by_period):
        found = scores.nps
        name = period_name(period, grain)
        figures = (found.value, found.low, found.high) if found.is_enough else (None, None, None)
        href = links.between(period.first, period.last).answers()
        then, then_title, then_href = None, "", ""
        if earlier is not None:
            before, before_scores, _ = earlier.by_period[place]
            if before_scores.nps.is_enough:
                then = before_scores.nps.value
                then_title = _moment_words(period_name(before, grain), before_scores)
                then_href = links.over(before.first, before.last).answers()
        title = _moment_words(name, scores)
        label = period_label(period, grain)
        moments.append(charts.Moment(label, title, href, found.n, *figures, then, then_title, then_href))
    named = {
        period_name(period, grain): (scores.nps, links.between(period.first, period.last).answers())
        for period, scores in nps.by_period
    }
    title = {"day": gettext("NPS by day"), "week": gettext("NPS by week"), "month": gettext("NPS by month")}[grain]
    chart = charts.line_chart(moments)
    return LineChart(
        title=title,
        caption=sentences.periods_caption(
            [(name, found) for name, (found, _) in named.items()], {name: href for name, (_, href) in named.items()}
        ),
        chart=chart,
        before=f"{frame.before}: {frame.before_days}" if frame and chart.earlier_dots else "",
        table=_line_table(title, nps, links, grain, earlier, frame),
    )


def period_head(grain: Grain) -> str:
    """What stands over a column of periods."""
    return {"day": gettext("Day"), "week": gettext("Week of"), "month": gettext("Month")}[grain]


def _moment_words(name: str, scores: Scores) -> str:
    found = scores.nps
    name = name[:1].upper() + name[1:]
    if found.is_enough and found.value is not None:
        return gettext("%(name)s: NPS %(value)s, %(interval)s, %(n)s answers") % {
            "name": name,
            "value": charts.signed(found.value),
            "interval": interval(found),
            "n": found.n,
        }
    return ngettext("%(name)s: %(n)s answer, not enough", "%(name)s: %(n)s answers, not enough", found.n) % {
        "name": name,
        "n": found.n,
    }


SCORE_HEAD = (
    gettext_lazy("Answers"), gettext_lazy("Promoters"), gettext_lazy("Passives"), gettext_lazy("Detractors"),
    gettext_lazy("NPS"), gettext_lazy("95 % interval"),
)  # fmt: skip


def _score_cells(scores: Scores, links: Links, **narrowed: object) -> list[Cell]:
    """Count, bands, NPS and its interval of one group; `narrowed` is what picks its answers out of `links`."""
    found = scores.nps
    href = links.answers(**narrowed)
    return [
        tables.count(found.n, href),
        tables.count(found.promoters, links.answers(**{**narrowed, "band": Band.PROMOTER.value})),
        tables.count(found.passives, links.answers(**{**narrowed, "band": Band.PASSIVE.value})),
        tables.count(found.detractors, links.answers(**{**narrowed, "band": Band.DETRACTOR.value})),
        tables.score(scores, href),
        tables.score_interval(scores),
    ]


def _line_table(
    title: str, nps: NpsReport, links: Links, grain: Grain, earlier: Earlier | None, frame: Frame | None
) -> Table:
    rows = []
    for place, (period, scores) in enumerate(nps.by_period):
        cells = _score_cells(scores, links.between(period.first, period.last))
        if earlier is not None:
            before, before_scores, _ = earlier.by_period[place]
            cells.append(tables.score(before_scores, links.over(before.first, before.last).answers()))
        rows.append(Row(period_label(period, grain), cells))
    then = [frame.before] if earlier is not None and frame is not None else []
    return Table(title, [period_head(grain), *map(str, SCORE_HEAD), *then], rows)


BAND_KINDS = {Band.DETRACTOR: "bar", Band.PASSIVE: "bar-2", Band.PROMOTER: "bar-3"}


def scores_chart(scores: Scores, links: Links) -> ScoresChart:
    """How often each score was given; filled, tinted and outlined as the scores are elsewhere."""
    columns = []
    for score, n in scores.counts.items():
        title = ngettext("Score %(score)s: %(n)s answer", "Score %(score)s: %(n)s answers", n) % {
            "score": score,
            "n": n,
        }
        href = links.answers(score=score)
        columns.append(charts.Column(str(score), [Part(BAND_KINDS[band(score)], n, title, href)], href, title))
    parts = [
        said("%(count)s%(share)s", count=linked(f"{n} {word}", href), share=f" ({share})" if share else "")
        for word, n, share, href in bands(scores, links)
    ]
    title = gettext("Every score given")
    return ScoresChart(
        words=said(
            gettext("%(promoters)s, %(passives)s, %(detractors)s. Of %(n)s answers, each counts once."),
            promoters=parts[0],
            passives=parts[1],
            detractors=parts[2],
            n=linked(scores.nps.n, links.answers()),
        ),
        columns=charts.column_chart(columns, most_ticks=11),
        table=Table(
            title,
            [gettext("Score"), gettext("Answers")],
            [Row(str(score), [tables.count(n, links.answers(score=score))]) for score, n in scores.counts.items()],
        ),
    )


def bands(scores: Scores, links: Links) -> list[tuple[str, int, str, str]]:
    """(word, count, share, link) per band, promoters first; without a share where there are too few."""
    found = scores.nps
    rows = [
        (Band.PROMOTER, gettext("promoters"), found.promoters),
        (Band.PASSIVE, gettext("passives"), found.passives),
        (Band.DETRACTOR, gettext("detractors"), found.detractors),
    ]
    return [
        (word, n, sentences.whole_percent(n / found.n) if found.is_enough else "", links.answers(band=name))
        for name, word, n in rows
    ]


def group_charts(nps: NpsReport, links: Links) -> list[GroupChart]:
    """One chart per way of grouping in which there is something to tell apart."""
    kinds = dict(Survey.Kind.choices)
    ways: list[tuple[str, str, str, str, Iterable[Group]]] = [
        (
            "touchpoint",
            gettext("NPS by touchpoint"),
            gettext("Touchpoint"),
            gettext("Without a touchpoint"),
            nps.by_touchpoint,
        ),
        ("segment", gettext("NPS by segment"), gettext("Segment"), gettext("Without a segment"), nps.by_segment),
        ("survey_kind", gettext("NPS by kind of survey"), gettext("Survey"), "", nps.by_kind),
    ]
    found = []
    for name, title, head, missing, all_groups in ways:
        groups = list(all_groups)
        if len(groups) < 2:
            continue
        labelled: list[tuple[str, dict[str, object], Group]] = [
            (str(kinds.get(group.slug, group.name)) or missing, {name: group.slug or WITHOUT}, group)
            for group in groups
        ]
        # From the highest down, as is usual for bars; those without a figure come last.
        labelled.sort(
            key=lambda row: (not row[2].scores.nps.is_enough, -(row[2].scores.nps.value or 0), row[0].casefold())
        )
        hrefs = {label: links.answers(**narrowed) for label, narrowed, _ in labelled}
        found.append(
            GroupChart(
                title=title,
                caption=sentences.groups_caption([(label, group.scores.nps) for label, _, group in labelled], hrefs),
                bars=charts.nps_bars(_nps_row(label, hrefs[label], group) for label, _, group in labelled),
                table=Table(
                    title,
                    [head, *map(str, SCORE_HEAD)],
                    [Row(label, _score_cells(group.scores, links, **narrowed)) for label, narrowed, group in labelled],
                ),
            )
        )
    return found


def _nps_row(label: str, href: str, group: Group) -> charts.NpsRow:
    found = group.scores.nps
    if not found.is_enough:
        return charts.NpsRow(label, href, found.n, None, None, None, group.scores.each)
    return charts.NpsRow(label, href, found.n, found.value, found.low, found.high)
