"""/reports/: what a lead wants in one look. No query in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from followups.reports import charts, sentences
from followups.reports.charts import Gauge
from followups.reports.linking import linked, said
from followups.reports.metrics import ClosureReport, Earlier, NpsReport, Person, RecoveryReport, grain_of
from followups.reports.page import answers, closing, figures, people, recovery, times
from followups.reports.page.figures import Before, Said
from followups.reports.page.frame import Frame
from followups.reports.page.links import Links
from followups.reports.sentences import interval
from followups.reports.survival import Curve
from surveys.scoring import Band, difference


@dataclass(frozen=True, slots=True)
class Hrefs:
    """What single numbers of the page open."""

    cohort: str
    answers: str
    due: str
    excluded: str

    @classmethod
    def of(cls, links: Links) -> Hrefs:
        return cls(
            cohort=links.tickets("cohort"),
            answers=links.answers(),
            due=links.tickets("due"),
            excluded=links.answers(excluded=1),
        )


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the template prints, in its words."""

    hrefs: Hrefs
    nps: NpsReport
    closure: ClosureReport

    value: str
    value_full: str
    interval: str
    gauge: Gauge | None
    change: str
    answers_words: str
    goal_note: str
    rates: list[figures.RateFigure]
    told_words: str
    due_words: str
    beside: list[Said]
    on_time: figures.RateFigure
    on_time_words: str
    on_time_note: str
    promises: str
    few: list[Said]
    recovery: figures.RateFigure | None
    recovery_words: str

    line: answers.LineChart | None
    time: times.TimeChart
    touchpoints: answers.GroupChart | None
    columns: closing.ColumnsChart
    ages: closing.ColumnsChart
    causes: closing.CausesChart
    team: people.TeamTable | None

    @property
    def enough_answers(self) -> bool:
        return self.nps.nps.is_enough

    @property
    def counts(self) -> Mapping[str, int]:
        return self.closure.counts.by_name

    @property
    def causes_fill_a_gap(self) -> bool:
        """Whether the causes complete the last pair of half-width charts instead of standing alone."""
        halves: list[object] = [self.time.chart, self.counts["cohort"], self.closure.at_work]
        if self.enough_answers:
            halves.append(self.touchpoints)
        return sum(bool(half) for half in halves) % 2 == 1


def overview(
    frame: Frame,
    nps: NpsReport,
    closure: ClosureReport,
    heard: RecoveryReport,
    persons: Sequence[Person],
    teams: list[str],
    earlier: Earlier | None,
    earlier_curve: Curve | None,
) -> Overview:
    """Lay out the reports over one cohort.

    `persons` is empty for whoever reads no figures about persons, else those of the `teams` (slugs) they lead.
    """
    links = Links(frame.filters)
    before = Before.of(frame, earlier)
    grain = grain_of(frame.filters.day_from, frame.filters.day_to)
    own = nps.nps
    known = own.is_enough and own.value is not None
    on_time = figures.rate(closure, links, "on_time", gettext("in time"), "bar", before)
    recovered = heard.recovered(Band.DETRACTOR)
    return Overview(
        hrefs=Hrefs.of(links),
        nps=nps,
        closure=closure,
        value=charts.signed(own.value or 0) if known else "",
        value_full=gettext("NPS of %(n)s answers") % {"n": own.n},
        interval=interval(own) if known else "",
        gauge=charts.gauge(own.value or 0, own.low or 0, own.high or 0, (-100, 100)) if known else None,
        change=sentences.change_sentence(
            difference(own, before.report.scores.nps), before.report.scores.nps, before.when, before.links.answers()
        )
        if before
        else "",
        answers_words=_answers_words(nps, links),
        goal_note=sentences.nps_goal_sentence(own, closure.goal.targets.get("nps"), links.answers()),
        rates=figures.rates(closure, links, before),
        told_words=told_words(closure, links),
        due_words=due_words(closure, links),
        beside=figures.beside(closure, links),
        on_time=on_time,
        on_time_words=on_time_words(closure, links),
        on_time_note=sentences.on_time_sentence(closure, links.tickets("due")),
        promises=_promises(closure, links),
        few=few(nps, closure, links),
        recovery=figures.rate_of(
            recovered, "recovered", gettext("recovered"), "bar", links.tickets("recovered_detractor"), None
        )
        if recovered.of
        else None,
        recovery_words=recovery.headline(heard, links),
        line=answers.line(nps, links, grain, earlier, frame) if known else None,
        time=times.time_chart(times.first_contact(closure.first_contact, closure.goal, earlier_curve), links, frame),
        touchpoints=next(iter(answers.group_charts(nps, links)), None),
        columns=closing.columns(closure, links, grain),
        ages=closing.ages(closure, links),
        causes=closing.causes(closure.causes, closure.counts["declared"], links),
        team=people.team_table(persons, closure, links, teams) if persons else None,
    )


def _answers_words(nps: NpsReport, links: Links) -> str:
    n = linked(nps.nps.n, links.answers())
    if not nps.n_excluded:
        return said(gettext("n = %(n)s."), n=n)
    text = ngettext("n = %(n)s, %(excluded)s.", "n = %(n)s, %(excluded)s.", nps.n_excluded)
    words = ngettext("%(n)s excluded", "%(n)s excluded", nps.n_excluded) % {"n": nps.n_excluded}
    return said(text, n=n, excluded=linked(words, links.answers(excluded=1)))


def told_words(closure: ClosureReport, links: Links) -> str:
    """`Of 71 told: 43 settled, 9 said not yet, 19 silent so far.`"""
    counts = closure.counts
    if not counts["told"]:
        return ""
    names = {"told": "told", "settled": "told_settled", "not_yet": "told_not_yet", "silent": "told_silent"}
    text = gettext("Of %(told)s told: %(settled)s settled, %(not_yet)s said not yet, %(silent)s silent so far.")
    return said(text, **{word: linked(counts[name], links.tickets(name)) for word, name in names.items()})


def due_words(closure: ClosureReport, links: Links) -> str:
    """What the one denominator holds besides closed loops."""
    counts = closure.counts
    if not (counts["agreed_to_differ"] or counts["dismissed"]):
        return ""
    names = {"differ": "agreed_to_differ", "dismissed": "dismissed", "due": "due"}
    text = gettext("Agreed to differ: %(differ)s. The %(due)s include %(dismissed)s dismissed.")
    return said(text, **{word: linked(counts[name], links.tickets(name)) for word, name in names.items()})


def on_time_words(closure: ClosureReport, links: Links) -> str:
    """`77 in time, 15 later, 4 never.`"""
    names = {"on_time": "on_time", "later": "contacted_later", "none": "not_contacted"}
    text = gettext("%(on_time)s in time, %(later)s later, %(none)s never.")
    return said(text, **{word: linked(closure.counts[name], links.tickets(name)) for word, name in names.items()})


def _promises(closure: ClosureReport, links: Links) -> str:
    found = closure.promises
    if not found["promises"]:
        return ""
    text = gettext("Promises kept by the first date: %(kept)s of %(all)s.")
    return said(
        text,
        kept=linked(found["promises_kept"], links.promises("promises_kept")),
        all=linked(found["promises"], links.promises("promises")),
    )


def few(nps: NpsReport, closure: ClosureReport, links: Links) -> list[Said]:
    """What can be said where there are too few answers for a figure: counts, no rates."""
    own, counts = nps.nps, closure.counts
    of = gettext("%(count)s of %(all)s")
    found = [Said(gettext("Detractors"), of % {"count": own.detractors, "all": own.n}, links.answers(band="detractor"))]
    terms = {
        "on_time": gettext("Spoken to in time"),
        "told": gettext("Told what changed"),
        "confirmed": gettext("Customer said settled"),
    }
    if counts["due"]:
        found += [
            Said(term, of % {"count": counts[name], "all": counts["due"]}, links.tickets(name))
            for name, term in terms.items()
        ]
    return found
