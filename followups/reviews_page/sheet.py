"""The sheet of a review: one page of figures, words, causes and decisions. Numbers in, words and links out."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from followups.improve.reviews.pack import Looks, Pack
from followups.models import Action, ReviewDecision
from followups.reports import charts, sentences
from followups.reports.charts import Gauge
from followups.reports.metrics import Rate, grain_of
from followups.reports.page import answers, closing, figures
from followups.reports.page.closing import CauseBar
from followups.reports.page.links import Links
from followups.reports.sentences import days_in_words, interval, rate_range, whole_percent
from followups.viewing import customer_without_name
from nps_loop.templatetags.look import NBSP
from surveys.models import Invitation, Response
from surveys.quoting import quote
from surveys.scoring import Nps

CAUSES_SHOWN = 5
LINES = 3
# On one printed page there is room for so many; the screen has all of them.
EARLIER_ON_PAPER, DECISIONS_ON_PAPER = 5, 6


@dataclass(frozen=True, slots=True)
class Part:
    """Some words, and the list behind them where it is the reader's to open."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A headline: what it is, the figure with what stands small beside it, and sentences of parts below."""

    title: str
    value: Part
    beside: list[Part]
    gauge: Gauge | None
    parts: list[Part]
    notes: list[str] = field(default_factory=list)
    further: list[Part] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Said:
    answer: Response
    words: str
    who: str


@dataclass(frozen=True, slots=True)
class Question:
    """Something to decide: a cause nobody has decided about."""

    slug: str
    text: str
    tickets: Part


@dataclass(frozen=True, slots=True)
class Earlier:
    decision: ReviewDecision
    tone: str
    symbol: str
    words: str


@dataclass(frozen=True, slots=True)
class Trend:
    """NPS over time as the reports draw it; the name is that of their template."""

    line: answers.LineChart


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything the template prints."""

    pack: Pack
    looks: Looks
    days: str
    reports_href: str
    figures: list[Figure]
    said: list[Said]
    causes_title: Part
    causes: list[CauseBar]
    cause_rows: list[CauseBar]
    causes_note: str
    last_title: str
    earlier: list[Earlier]
    earlier_more: str
    decisions_more: str
    before: Part
    before_words: str
    questions: list[Question]
    blank_lines: list[int]
    hears: Part
    told: Part
    left_out: list[Part]
    promises: list[Action]
    trend: Trend | None


def sheet_of(pack: Pack, looks: Looks) -> Sheet:
    """Lay a review out for whoever looks; where the lists are not theirs, nothing links to them."""
    links = _Open(Links(pack.filters), looks.opens)
    known = pack.closure.causes
    drawn = closing.cause_bars(known, links.links)
    bars = [links.unless_closed(bar) for bar in drawn]
    with_cause = sum(cause.tickets for cause in known)
    return Sheet(
        pack=pack,
        looks=looks,
        days=days_in_words(pack.review.day_from, pack.review.day_to),
        reports_href=f"{reverse('reports')}?{pack.filters.query()}" if looks.opens else "",
        figures=[_nps(pack, links), _loops(pack, looks), _first_contact(pack, looks), _promises(pack, links)],
        said=[_said(answer) for answer in pack.said],
        causes_title=Part(
            ngettext("Why, %(n)s ticket with a cause", "Why, %(n)s tickets with a cause", with_cause)
            % {"n": with_cause},
            links.tickets("with_cause"),
        ),
        causes=[links.unless_closed(bar) for bar in closing.few_causes(known, drawn, links.links, CAUSES_SHOWN)],
        cause_rows=bars,
        causes_note=sentences.causes_share(known, pack.closure.counts["declared"], links.tickets),
        last_title=_last_title(pack),
        earlier=[_earlier(decision) for decision in pack.earlier],
        earlier_more=_more(len(pack.earlier) - EARLIER_ON_PAPER),
        decisions_more=_more(len(pack.decisions) - DECISIONS_ON_PAPER),
        before=_before(pack, looks),
        before_words=_verdict(pack),
        questions=[
            _question(slug, name, n, links) for slug, name, n in ((c.slug, c.name, c.tickets) for c in pack.questions)
        ],
        blank_lines=list(range(len(pack.decisions), LINES)),
        **_hears(pack, links),
        promises=list(pack.promises),
        trend=_trend(pack, links),
    )


@dataclass(frozen=True, slots=True)
class _Open:
    """Links of a cohort, empty for whoever may not open the lists."""

    links: Links
    opens: bool

    def tickets(self, figure: str) -> str:
        return self.links.tickets(figure) if self.opens else ""

    def answers(self, **more: object) -> str:
        return self.links.answers(**more) if self.opens else ""

    def promises(self, figure: str) -> str:
        return self.links.promises(figure) if self.opens else ""

    def unless_closed(self, bar: CauseBar) -> CauseBar:
        if self.opens:
            return bar
        return CauseBar(bar.name, "", bar.tickets, bar.width, bar.kind, bar.share, bar.added)


# --- figures ---------------------------------------------------------------------------------------------------


def _nps(pack: Pack, links: _Open) -> Figure:
    found = pack.nps.nps
    parts = [Part(f"n{NBSP}={NBSP}{found.n}", links.answers())]
    if n := pack.nps.n_excluded:
        parts.append(Part(ngettext("%(n)s excluded", "%(n)s excluded", n) % {"n": n}, links.answers(excluded=1)))
    for band, words in (
        ("promoter", ngettext("%(n)s promoter", "%(n)s promoters", found.promoters) % {"n": found.promoters}),
        ("passive", ngettext("%(n)s passive", "%(n)s passives", found.passives) % {"n": found.passives}),
        ("detractor", ngettext("%(n)s detractor", "%(n)s detractors", found.detractors) % {"n": found.detractors}),
    ):
        parts.append(Part(words, links.answers(band=band)))
    further = _asked(pack) if links.opens else []
    if not found.is_enough or found.value is None:
        few = ngettext("%(n)s answer", "%(n)s answers", found.n) % {"n": found.n}
        notes = [gettext("Not enough answers for an NPS.")]
        return Figure(gettext("NPS"), Part(few, links.answers()), [], None, parts, notes, further)
    gauge = charts.gauge(found.value, found.low or 0, found.high or 0, (-100, 100))
    value = Part(charts.signed(found.value), links.answers())
    return Figure(gettext("NPS"), value, [Part(interval(found))], gauge, parts, [], further)


def _asked(pack: Pack) -> list[Part]:
    if pack.asked is None or not pack.asked.asked:
        return []

    def href(state: str) -> str:
        return f"{reverse('invitations')}?{pack.filters.query(team=None, band=None, state=state)}"

    return [
        Part(
            gettext("%(n)s of those asked answered") % {"n": pack.asked.answered}, href(Invitation.State.ANSWERED.value)
        ),
        Part(
            ngettext("%(n)s was asked", "%(n)s were asked", pack.asked.asked) % {"n": pack.asked.asked}, href("asked")
        ),
    ]


def _loops(pack: Pack, looks: Looks) -> Figure:
    links = _Open(Links(pack.of_detractors), looks.opens)
    found = pack.loops.rate("confirmed")
    parts = [
        Part(gettext("told %(n)s") % {"n": pack.loops["told"]}, links.tickets("told")),
        Part(gettext("declared %(n)s") % {"n": pack.loops["declared"]}, links.tickets("declared")),
    ]
    beside = figures.beside_of(pack.loops.by_name, links.links)
    return _rate(
        gettext("Loops closed, detractors"),
        found,
        (gettext("settled"), gettext("%(n)s settled") % {"n": found.count}),
        (links.tickets("confirmed"), links.tickets("due")),
        parts,
        further=[Part(f"{said.term} {said.words}", said.href if looks.opens else "") for said in beside],
    )


def _first_contact(pack: Pack, looks: Looks) -> Figure:
    links = _Open(Links(pack.of_detractors), looks.opens)
    hours = pack.goal.hours
    title = gettext("First contact in %(n)s h") % {"n": f"{hours:g}"} if hours else gettext("First contact in time")
    parts = [
        Part(gettext("%(n)s later") % {"n": pack.loops["contacted_later"]}, links.tickets("contacted_later")),
        Part(gettext("%(n)s not yet") % {"n": pack.loops["not_contacted"]}, links.tickets("not_contacted")),
    ]
    goal = None if pack.goal.percent is None else pack.goal.percent / 100
    hrefs = links.tickets("on_time"), links.tickets("due")
    found = pack.loops.rate("on_time")
    words = gettext("in time"), gettext("%(n)s in time") % {"n": found.count}
    return _rate(title, found, words, hrefs, parts, goal=goal)


def _promises(pack: Pack, links: _Open) -> Figure:
    counts = pack.closure.promises
    terms = {
        "promises_moved": gettext("%(n)s moved in time"),
        "promises_later": gettext("%(n)s done too late"),
        "promises_dropped": gettext("%(n)s dropped"),
        "promises_broken": gettext("%(n)s not done"),
    }
    parts = [Part(words % {"n": counts[name]}, links.promises(name)) for name, words in terms.items() if counts[name]]
    hrefs = links.promises("promises_kept"), links.promises("promises")
    notes = [gettext("By the date told first.")]
    words = gettext("kept"), gettext("%(n)s kept") % {"n": counts.kept.count}
    return _rate(gettext("Promises kept"), counts.kept, words, hrefs, parts, notes=notes)


def _rate(
    title: str,
    found: Rate,
    words: tuple[str, str],
    hrefs: tuple[str, str],
    parts: list[Part],
    *,
    goal: float | None = None,
    notes: Iterable[str] = (),
    further: Iterable[Part] = (),
) -> Figure:
    """The rate with its interval where there are enough due, else the counts alone.

    `words` are what is counted, without and with its number; `hrefs` of the count, and of what is due.
    """
    word, counted = words[0], Part(words[1], hrefs[0])
    due = Part(gettext("of %(n)s due") % {"n": found.of}, hrefs[1])
    if found.rate is None:
        value, beside, gauge = Part(str(found.count), hrefs[0]), [Part(word), due], None
        notes = [*notes, gettext("Not enough answers for a rate.")]
    else:
        value, beside = Part(whole_percent(found.rate), hrefs[0]), [Part(rate_range(found))]
        gauge = charts.gauge(found.rate, found.low or 0, found.high or 0, (0, 1), goal)
        parts = [counted, due, *parts]
    return Figure(title, value, beside, gauge, parts, list(notes), list(further))


# --- words, causes, what was decided ---------------------------------------------------------------------------


def _said(answer: Response) -> Said:
    """Outside owner and team a customer has a name only where they agreed to it, and a sheet goes from hand to hand."""
    if answer.share_name is True and answer.contact:
        who = ", ".join(filter(None, (str(answer.contact), answer.account.name if answer.account else "")))
    else:
        who = customer_without_name(answer.segment, answer.region)
    return Said(answer, quote(answer.verbatim), who)


def _last_title(pack: Pack) -> str:
    if pack.last is None:
        return gettext("Since last time")
    return gettext("Since the last review, %(day)s") % {"day": sentences.day_short(pack.last.meeting_on)}


TONES = {
    ReviewDecision.State.DONE: ("good", "check"),
    ReviewDecision.State.MOVED: ("warn", ""),
    ReviewDecision.State.DROPPED: ("", ""),
    ReviewDecision.State.OPEN: ("", ""),
}


def _earlier(decision: ReviewDecision) -> Earlier:
    tone, symbol = TONES[ReviewDecision.State(decision.state)]
    said = {
        "name": decision.owner.name,
        "day": sentences.day_short(decision.due_on),
        "first": sentences.day_short(decision.first_due_on),
        "why": decision.reason,
        "outcome": decision.outcome,
    }
    words = {
        ReviewDecision.State.DONE: gettext("%(name)s: %(outcome)s"),
        ReviewDecision.State.MOVED: gettext("%(name)s, from %(first)s to %(day)s: %(why)s"),
        ReviewDecision.State.DROPPED: gettext("%(name)s: %(why)s"),
        ReviewDecision.State.OPEN: gettext("%(name)s, by %(day)s"),
    }[ReviewDecision.State(decision.state)]
    return Earlier(decision, tone, symbol, words % said)


def _more(n: int) -> str:
    return ngettext("And %(n)s more", "And %(n)s more", n) % {"n": n} if n > 0 else ""


def _before(pack: Pack, looks: Looks) -> Part:
    days = dict(zip(("day_from", "day_to"), (day.isoformat() for day in pack.before_days), strict=True))
    found: Nps = pack.before.nps
    if not found.is_enough or found.value is None:
        words = ngettext("%(days)s: %(n)s answer.", "%(days)s: %(n)s answers.", found.n) % {
            "days": days_in_words(*pack.before_days),
            "n": found.n,
        }
    else:
        words = gettext("NPS before, %(days)s: %(value)s, %(interval)s, n = %(n)s.") % {
            "days": days_in_words(*pack.before_days),
            "value": charts.signed(found.value),
            "interval": interval(found),
            "n": found.n,
        }
    return Part(words, Links(pack.filters).answers(**days) if looks.opens and found.n else "")


def _verdict(pack: Pack) -> str:
    if not (pack.before.nps.is_enough and pack.nps.nps.is_enough):
        return gettext("Not enough answers to compare.")
    if pack.change.may_be_chance or pack.change.value is None:
        return gettext("The change may be chance.")
    margin = math.floor((pack.change.margin or 0) + 0.5)
    points = f"{charts.signed(pack.change.value)}{NBSP}±{NBSP}{margin}"
    return gettext("The change, %(points)s points, is more than chance.") % {"points": points}


def _question(slug: str, name: str, n: int, links: _Open) -> Question:
    tickets = Part(ngettext("%(n)s ticket", "%(n)s tickets", n) % {"n": n}, links.tickets(f"cause-{slug}"))
    return Question(slug, gettext("What do we change about “%(cause)s”?") % {"cause": name}, tickets)


def _hears(pack: Pack, links: _Open) -> dict[str, Any]:
    found = pack.audience
    told = gettext("%(n)s can be told") % {"n": found.can_be_told}
    return {
        "hears": Part(
            ngettext(
                "%(n)s customer raised one of these causes.",
                "%(n)s customers raised one of these causes.",
                found.customers,
            )
            % {"n": found.customers},
            links.tickets("with_cause"),
        ),
        "told": Part(told, links.tickets("hears_yes")),
        "left_out": [
            Part(f"{hears.label} {n}", links.tickets(f"hears_{hears.value}")) for hears, n in found.left_out.items()
        ],
    }


def _trend(pack: Pack, links: _Open) -> Trend | None:
    """NPS over time, where two periods carry one; each point opens its answers, so it is drawn for those who may."""
    if not links.opens or sum(scores.nps.is_enough for _, scores in pack.nps.by_period) < 2:
        return None
    grain = grain_of(pack.review.day_from, pack.review.day_to)
    return Trend(answers.line(pack.nps, links.links, grain))
