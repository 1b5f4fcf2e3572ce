"""The page of goals: every goal with the figure it is for, how sure that is, and the verdict in words. No query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from followups.models import SetGoal
from followups.reports import charts, sentences
from followups.reports.charts import Gauge
from followups.reports.metrics.attainment import EVERYBODYS, POLICY, Attainment, GoalsReport, Measured
from followups.reports.metrics.goals import Metric, Verdict
from followups.reports.page.links import Links
from followups.reports.sentences import days_in_words, signed_range
from nps_loop.templatetags.look import NBSP
from surveys.models import Invitation


@dataclass(frozen=True, slots=True)
class GoalRow:
    """One goal of one team on the days it held. `figure` opens what was counted."""

    label: str
    whose: str
    days: str
    goal: str
    source: str
    figure: str
    href: str
    interval: str
    counted: str
    n: int
    gauge: Gauge | None
    verdict: str
    tone: str


@dataclass(frozen=True, slots=True)
class SetRow:
    """A goal as it was set, and by whom."""

    goal: SetGoal
    label: str
    whose: str
    words: str
    by: str


TONES = {Verdict.ABOVE: "good", Verdict.BELOW: "bad", Verdict.AT: "", Verdict.FEW: "muted"}


def goal_rows(report: GoalsReport) -> list[GoalRow]:
    """A row for each goal and stretch of days, by figure and team."""
    return [_row(each) for each in report.rows]


def counted_and_not(rows: Sequence[GoalRow]) -> tuple[list[GoalRow], list[GoalRow]]:
    """Goals over something that was counted, and those that are only named, because there was nothing yet."""
    return [row for row in rows if row.n], [row for row in rows if not row.n]


def _row(each: Attainment) -> GoalRow:
    found, of_nps = each.measured, each.metric == Metric.NPS
    ends = (-100, 100) if of_nps else (0, 100)
    known = found.value is not None and found.low is not None and found.high is not None
    sources = {EVERYBODYS: gettext("everybody’s goal"), POLICY: gettext("from the policies")}
    return GoalRow(
        label=str(each.metric.label),
        whose=each.team.name if each.team else gettext("Everybody"),
        days=days_in_words(each.stretch.first, each.stretch.last),
        goal=goal_in_words(each.metric, each.target),
        source=sources.get(each.source, "") if each.team else sources[POLICY] if each.source == POLICY else "",
        figure=measured_in_words(each.metric, found),
        href=opens(each),
        interval=interval_in_words(each.metric, found),
        counted=count_in_words(each.metric, found),
        n=found.n,
        gauge=charts.gauge(found.value or 0, found.low or 0, found.high or 0, ends, each.target) if known else None,
        verdict=verdict_in_words(each),
        tone=TONES[each.verdict],
    )


def goal_in_words(metric: str, target: int) -> str:
    """`85 %`, or points of NPS: `+30`."""
    return charts.signed(target) if metric == Metric.NPS else f"{target}{NBSP}%"


def measured_in_words(metric: str, found: Measured) -> str:
    """The figure as a headline shows it; where there are too few, the count."""
    if found.value is None:
        return count_in_words(metric, found)
    return charts.signed(found.value) if metric == Metric.NPS else sentences.whole_percent(found.value / 100)


def interval_in_words(metric: str, found: Measured) -> str:
    """The 95 % interval: `71 to 87 %`, `+12 to +27`; empty without one."""
    if found.low is None or found.high is None:
        return ""
    if metric == Metric.NPS:
        return signed_range(found.low, found.high)
    return sentences.percent_range(found.low / 100, found.high / 100)


def count_in_words(metric: str, found: Measured) -> str:
    """What it was counted over: `71 of 96`, or `447 answers`."""
    if metric == Metric.NPS:
        return ngettext("%(n)s answer", "%(n)s answers", found.n) % {"n": found.n}
    return gettext("%(count)s of %(all)s") % {"count": found.count, "all": found.n}


def verdict_in_words(each: Attainment) -> str:
    """How the figure stands to its goal, as far as its count can tell."""
    value = each.measured.value
    return sentences.goal_sentence(
        each.verdict,
        goal_in_words(each.metric, each.target),
        each.measured.n,
        reached=value is not None and value >= each.target,
    )


def opens(each: Attainment) -> str:
    """The list of what the figure counted: of an NPS its answers, else the part that reached what was wanted."""
    links = Links(each.filters)
    if each.metric == Metric.NPS:
        return links.answers()
    if each.metric == Metric.RESPONSE_RATE:
        query = each.filters.query(team=None, band=None, state=Invitation.State.ANSWERED)
        return f"{reverse('invitations')}?{query}"
    if each.metric == Metric.KEPT:
        return links.promises("promises_kept")
    figures = {Metric.RECOVERY: "recovered_detractor"}
    return links.tickets(figures.get(each.metric, str(each.metric)))


def set_rows(goals: Sequence[SetGoal]) -> list[SetRow]:
    """Goals as they were set, the newest first."""
    return [
        SetRow(
            goal=goal,
            label=goal.get_metric_display(),
            whose=goal.team.name if goal.team else gettext("Everybody"),
            words=gettext("no goal any more") if goal.target is None else goal_in_words(goal.metric, goal.target),
            by=goal.set_by.name if goal.set_by else gettext("somebody who is not here any more"),
        )
        for goal in sorted(goals, key=lambda goal: (goal.valid_from, goal.pk), reverse=True)
    ]
