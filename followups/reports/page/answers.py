"""Charts of what the answers say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from followups.reports import charts, sentences
from followups.reports.charts import Part
from followups.reports.metrics import Group, NpsReport, Scores
from followups.reports.metrics.periods import Grain
from followups.reports.metrics.ways import WITHOUT
from followups.reports.page.links import Links
from followups.reports.sentences import interval, period_label, period_name
from surveys.models import Survey
from surveys.scoring import Band, band


@dataclass(frozen=True, slots=True)
class ScoreRow:
    label: str
    answers_href: str
    scores: Scores
    value: str
    interval: str


@dataclass(frozen=True, slots=True)
class GroupChart:
    """NPS of several groups on one scale, with its caption and its table."""

    title: str
    caption: str
    bars: charts.NpsBars
    rows: list[ScoreRow]
    head: str


def line(nps: NpsReport, links: Links, grain: Grain) -> charts.LineChart:
    moments = []
    for period, scores in nps.by_period:
        found = scores.nps
        name = period_name(period, grain)
        name = name[:1].upper() + name[1:]
        if found.is_enough and found.value is not None:
            title = gettext("%(name)s: NPS %(value)s, %(interval)s, %(n)s answers") % {
                "name": name,
                "value": charts.signed(found.value),
                "interval": interval(found),
                "n": found.n,
            }
        else:
            title = ngettext("%(name)s: %(n)s answer, not enough", "%(name)s: %(n)s answers, not enough", found.n) % {
                "name": name,
                "n": found.n,
            }
        figures = (found.value, found.low, found.high) if found.is_enough else (None, None, None)
        href = links.between(period.first, period.last).answers()
        moments.append(charts.Moment(period_label(period, grain), title, href, found.n, *figures))
    return charts.line_chart(moments)


def score_row(label: str, href: str, scores: Scores) -> ScoreRow:
    found = scores.nps
    if not found.is_enough or found.value is None:
        return ScoreRow(label, href, scores, gettext("not enough answers"), "–")
    return ScoreRow(label, href, scores, charts.signed(found.value), interval(found))


BAND_KINDS = {Band.DETRACTOR: "bar", Band.PASSIVE: "bar-2", Band.PROMOTER: "bar-3"}


def score_columns(scores: Scores, links: Links) -> charts.ColumnChart:
    """How often each score was given; filled, tinted and outlined as the scores are elsewhere."""
    return charts.column_chart(
        [
            (
                str(score),
                [
                    Part(
                        BAND_KINDS[band(score)],
                        n,
                        ngettext("Score %(score)s: %(n)s answer", "Score %(score)s: %(n)s answers", n)
                        % {"score": score, "n": n},
                        links.answers(score=score),
                    )
                ],
            )
            for score, n in scores.counts.items()
        ],
        most_ticks=11,
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
        labelled = [
            (str(kinds.get(group.slug, group.name)) or missing, links.answers(**{name: group.slug or WITHOUT}), group)
            for group in groups
        ]
        # From the highest down, as is usual for bars; those without a figure come last.
        labelled.sort(
            key=lambda row: (not row[2].scores.nps.is_enough, -(row[2].scores.nps.value or 0), row[0].casefold())
        )
        found.append(
            GroupChart(
                title=title,
                caption=sentences.groups_caption([(label, group.scores.nps) for label, _, group in labelled]),
                bars=charts.nps_bars(_nps_row(label, href, group) for label, href, group in labelled),
                rows=[score_row(label, href, group.scores) for label, href, group in labelled],
                head=head,
            )
        )
    return found


def _nps_row(label: str, href: str, group: Group) -> charts.NpsRow:
    found = group.scores.nps
    if not found.is_enough:
        return charts.NpsRow(label, href, found.n, None, None, None, group.scores.each)
    return charts.NpsRow(label, href, found.n, found.value, found.low, found.high)
