"""The page of figures: what each chart shows, what each number opens, and the table under it. No query in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from followups.reports import charts, sentences
from followups.reports.charts import Gauge
from followups.reports.metrics import (
    ClosureReport,
    NpsReport,
    Person,
    RecoveryReport,
    ResponseRateReport,
    grain_of,
)
from followups.reports.page import answers, closing, figures
from followups.reports.page import people as by_person
from followups.reports.page import recovery as after_closing
from followups.reports.page.links import Links
from followups.reports.sentences import hours_in_words, interval, period_label, period_name


@dataclass(frozen=True, slots=True)
class Hrefs:
    """What single numbers of the page open."""

    today: str
    cohort: str
    answers: str
    excluded: str
    spoken_to: str
    never_spoken_to: str
    not_told: str
    silent: str
    waiting: str
    unassigned: str

    @classmethod
    def of(cls, links: Links) -> Hrefs:
        return cls(
            today=links.today(),
            cohort=links.tickets("cohort"),
            answers=links.answers(),
            excluded=links.answers(excluded=1),
            spoken_to=links.tickets("spoken_to"),
            never_spoken_to=links.tickets("never_spoken_to"),
            not_told=links.tickets("not_told"),
            silent=links.tickets_now("silent"),
            waiting=links.tickets_now("waiting"),
            unassigned=links.tickets_now("unassigned"),
        )


@dataclass(frozen=True, slots=True)
class ReportPage:
    """Everything the template prints, in its words."""

    hrefs: Hrefs
    nps: NpsReport
    closure: ClosureReport
    days: str
    period_head: str

    value: str
    interval: str
    gauge: Gauge | None
    goal_note: str
    change: str
    rates: list[figures.RateFigure]
    on_time: figures.RateFigure
    on_time_note: str
    kept: figures.RateFigure
    kept_note: str
    not_kept: list[figures.Said]
    beside: list[figures.Said]
    few: list[figures.Said]
    median: str
    ninety: str

    line: charts.LineChart | None
    line_title: str
    line_caption: str
    line_rows: list[answers.ScoreRow]
    scores: charts.ColumnChart
    score_rows: list[tuple[int, int, str]]
    bands: list[tuple[str, int, str, str]]
    groups: list[answers.GroupChart]

    curve: charts.CurveChart | None
    curve_goal: str
    wait_rows: list[closing.WaitRow]
    columns: charts.ColumnChart
    column_title: str
    column_rows: list[closing.ClosureRow]
    ages: charts.ColumnChart
    age_rows: list[closing.AgeRow]
    causes: list[closing.CauseBar]
    cause_rows: list[closing.CauseBar]
    causes_caption: str

    recovery: after_closing.Recovery | None
    asked: list[after_closing.AskedRow]
    people: list[by_person.PersonRow]
    people_note: str
    together: by_person.Together

    @property
    def enough_answers(self) -> bool:
        return self.nps.nps.is_enough

    @property
    def causes_fill_a_gap(self) -> bool:
        """Whether the causes complete the last pair of half-width charts instead of standing alone."""
        halves: list[object] = [self.curve, self.counts["cohort"], self.closure.at_work]
        if self.enough_answers:
            halves += [self.scores, *self.groups]
        return sum(bool(half) for half in halves) % 2 == 1

    @property
    def counts(self) -> Mapping[str, int]:
        return self.closure.counts.by_name


def report_page(
    nps: NpsReport,
    closure: ClosureReport,
    recovery: RecoveryReport,
    people: Sequence[Person] = (),
    asked: ResponseRateReport | None = None,
) -> ReportPage:
    """Lay out the reports over one cohort, and the tables of people and of who was asked where there are such."""
    filters = closure.filters
    links = Links(filters)
    grain = grain_of(filters.day_from, filters.day_to)
    own = nps.nps
    known = own.is_enough and own.value is not None
    targets = closure.goal.targets
    causes = closing.causes(closure.causes, links)
    return ReportPage(
        hrefs=Hrefs.of(links),
        nps=nps,
        closure=closure,
        days=sentences.days_in_words(filters.day_from, filters.day_to),
        period_head={"day": gettext("Day"), "week": gettext("Week of"), "month": gettext("Month")}[grain],
        value=charts.signed(own.value or 0) if known else "",
        interval=interval(own) if known else "",
        gauge=charts.gauge(own.value or 0, own.low or 0, own.high or 0, (-100, 100), targets.get("nps"))
        if known
        else None,
        goal_note=sentences.nps_goal_sentence(own, targets.get("nps")),
        change=sentences.change_sentence(nps),
        rates=figures.rates(closure, links),
        on_time=figures.rate(closure, links, "on_time", gettext("in time"), "bar"),
        on_time_note=sentences.on_time_sentence(closure),
        kept=figures.kept(closure, links),
        kept_note=sentences.rate_goal_sentence(closure.promises.kept, targets.get("kept")),
        not_kept=figures.not_kept(closure, links),
        beside=figures.beside(closure, links),
        few=figures.few(nps, closure, links),
        median=hours_in_words(closure.median_seconds) if closure.median_seconds is not None else "",
        ninety=hours_in_words(closure.ninety_seconds) if closure.ninety_seconds is not None else "",
        line=answers.line(nps, links, grain) if known else None,
        line_title={
            "day": gettext("NPS by day"),
            "week": gettext("NPS by week"),
            "month": gettext("NPS by month"),
        }[grain],
        line_caption=sentences.periods_caption(
            [(period_name(period, grain), scores.nps) for period, scores in nps.by_period]
        ),
        line_rows=[
            answers.score_row(period_label(period, grain), links.between(period.first, period.last).answers(), scores)
            for period, scores in nps.by_period
        ],
        scores=answers.score_columns(nps.scores, links),
        score_rows=[(score, n, links.answers(score=score)) for score, n in nps.scores.counts.items()],
        bands=answers.bands(nps.scores, links),
        groups=answers.group_charts(nps, links),
        curve=closing.curve(closure),
        curve_goal=closing.goal_words(closure),
        wait_rows=closing.waits(closure),
        columns=closing.columns(closure, links, grain),
        column_title={
            "day": gettext("Closure by day of the answer"),
            "week": gettext("Closure by week of the answer"),
            "month": gettext("Closure by month of the answer"),
        }[grain],
        column_rows=closing.column_rows(closure, links, grain),
        ages=closing.ages(closure, links),
        age_rows=closing.age_rows(closure, links),
        causes=closing.few_causes(causes),
        cause_rows=causes,
        causes_caption=sentences.causes_sentence(closure.causes, closure.counts["declared"]),
        recovery=after_closing.recovery(recovery, links),
        asked=after_closing.asked_rows(asked) if asked else [],
        people=[by_person.person_row(person, links, closure) for person in people],
        people_note=by_person.people_note(people),
        together=by_person.together(people),
    )
