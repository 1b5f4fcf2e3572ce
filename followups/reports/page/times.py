"""How long customers wait: curves of waiting, each with its band, its goal and its table.

A curve comes as a `Timed`, whatever is timed and on whichever clock, so that one more is one more value in a list.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext, ngettext

from followups.reports import charts, sentences
from followups.reports.linking import linked, said
from followups.reports.metrics import ClosureReport, Goal, Stretch, TimesReport
from followups.reports.page import tables
from followups.reports.page.closing import ColumnsChart, ages
from followups.reports.page.frame import Frame
from followups.reports.page.links import Links
from followups.reports.page.tables import Cell, Row, Table
from followups.reports.sentences import hours_in_words
from followups.reports.survival import Curve
from surveys.scoring import enough

# Hours at which the table under a curve is cut.
STRETCHES = tuple(Stretch(*ends) for ends in ((0, 24), (24, 48), (48, 72), (72, 120), (120, 240), (240, None)))
# The same in working hours: one day, two, a week, two weeks.
WORKING = tuple(Stretch(*ends) for ends in ((0, 8), (8, 16), (16, 40), (40, 80), (80, None)))


@dataclass(frozen=True, slots=True)
class Timed:
    """One curve and what is said around it.

    `done` and `not_done` name the figures of those it happened to and those it did not. `stretches` is the pair of
    words that `Stretch.named` makes figures of for the rows of the table; None where no list can be narrowed to a row
    of this curve: then the table has shares and the whole.
    """

    key: str
    title: str
    clock: str
    words: Mapping[str, str]
    curve: Curve
    goal: Goal
    done: str
    not_done: str
    stretches: tuple[str, str] | None = None
    earlier: Curve | None = None
    of_team: bool = False
    # Whether every ticket that counts is in it: on the team clock those of teams without a calendar are not.
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class TimeChart:
    """A curve as the page draws it. `half` and `ninety` are empty while not so many have had it."""

    key: str
    title: str
    clock: str
    words: Mapping[str, str]
    caption: str
    half: str
    half_range: str
    ninety: str
    ninety_range: str
    done_href: str
    n: int
    chart: charts.CurveChart | None
    goal_words: str
    goal_title: str
    goal_href: str
    goal_percent: int | None
    goal_between: str
    axis: str
    before: str
    table: Table


def first_contact(curve: Curve, goal: Goal, earlier: Curve | None, *, of_team: bool = False) -> Timed:
    """Time to first contact. A curve of the team clock has no goal here: the cohort's goal is of the customer's."""
    return Timed(
        key="first-contact-of-team" if of_team else "first-contact",
        title=gettext("Time to first contact"),
        clock=_clock(of_team),
        words={
            "share": gettext("Share spoken to"),
            "open": gettext("not spoken to, counted up to now"),
            "done": gettext("Spoken to"),
            "not_done": gettext("Not spoken to"),
            "by_then": gettext("Spoken to by then"),
            "at_goal": gettext("%(hours)s h: %(share)s spoken to"),
        },
        curve=curve,
        goal=NO_GOAL if of_team else goal,
        done="spoken_to",
        not_done="never_spoken_to",
        stretches=None if of_team else ("spoken", "unspoken"),
        earlier=earlier,
        of_team=of_team,
    )


def resolution(curve: Curve, earlier: Curve | None, *, of_team: bool = False) -> Timed:
    """Time until the case is declared resolved; what was opened again waits anew."""
    whole = Stretch(0, None)
    return Timed(
        key="resolution-of-team" if of_team else "resolution",
        title=gettext("Time to resolution"),
        clock=_clock(of_team),
        words={
            "share": gettext("Share resolved"),
            "open": gettext("not resolved, counted up to now"),
            "done": gettext("Resolved"),
            "not_done": gettext("Not resolved"),
            "by_then": gettext("Resolved by then"),
            "at_goal": "",
        },
        curve=curve,
        goal=NO_GOAL,
        done=whole.named("resolved"),
        not_done=whole.named("unresolved"),
        stretches=None if of_team else ("resolved", "unresolved"),
        earlier=earlier,
        of_team=of_team,
    )


NO_GOAL = Goal(None, None)


def _clock(of_team: bool) -> str:
    return gettext("Team clock, working hours") if of_team else gettext("Customer clock")


def _in_words(seconds: float | None, timed: Timed) -> str:
    """A wait, with ≈ where it comes from kept counts; on the team clock always in hours: a day of work has no 24."""
    if seconds is None:
        return ""
    about = f"≈{sentences.NBSP}" if timed.curve.is_rounded else ""
    if timed.of_team and seconds >= 3600:
        return f"{about}{round(seconds / 3600)}{sentences.NBSP}h"
    return about + hours_in_words(seconds)


def _range_in_words(ends: tuple[float | None, float | None], timed: Timed) -> str:
    """`22 h to 40 h`; without a last end so far `22 h or more`."""
    first, last = (_in_words(end, timed) for end in ends)
    if not first:
        return ""
    return (
        gettext("%(low)s to %(high)s") % {"low": first, "high": last}
        if last
        else gettext("%(low)s or more") % {"low": first}
    )


def time_chart(timed: Timed, links: Links, frame: Frame) -> TimeChart:
    """Lay out one curve. Without enough tickets there is no drawing, and the table still counts."""
    known, goal = timed.curve, timed.goal
    half, ninety = known.reached(0.5), known.reached(0.9)
    drawn = enough(known.n)
    # As the list behind it has it: up to but not including the goal.
    within = 0 if goal.hours is None else sum(seconds < goal.hours * 3600 for seconds in known.happened)
    at_goal = None if goal.hours is None or not drawn else known.at(goal.hours * 3600).share
    goal_words = ""
    if goal.hours is not None and at_goal is not None:
        share = sentences.whole_percent(at_goal)
        goal_words = timed.words["at_goal"] % {"hours": f"{goal.hours:g}", "share": share}
    has_list = timed.stretches is not None and goal.hours is not None and float(goal.hours).is_integer()
    goal_figure = Stretch(0, int(goal.hours or 0)).named(timed.stretches[0]) if has_list and timed.stretches else ""
    chart = _drawn(timed) if drawn else None
    return TimeChart(
        key=timed.key,
        title=timed.title,
        clock=timed.clock,
        words=timed.words,
        caption=_caption(timed, half, ninety, links),
        half=_in_words(half, timed) if drawn else "",
        half_range=_range_in_words(known.reached_between(0.5), timed) if drawn and half is not None else "",
        ninety=_in_words(ninety, timed) if drawn else "",
        ninety_range=_range_in_words(known.reached_between(0.9), timed) if drawn and ninety is not None else "",
        done_href=links.tickets(timed.done),
        n=known.n,
        chart=chart,
        goal_words=goal_words,
        goal_title=ngettext("%(n)s ticket by then", "%(n)s tickets by then", within) % {"n": within},
        goal_href=links.tickets(goal_figure) if goal_figure else links.tickets(timed.done),
        goal_percent=goal.percent,
        goal_between=_goal_between(goal),
        axis=gettext("working hours since the answer") if timed.of_team else gettext("hours since the answer"),
        before=f"{frame.before}: {frame.before_days}" if chart and chart.earlier else "",
        table=_table(timed, links),
    )


def _goal_between(goal: Goal) -> str:
    """What is wanted where policies ask for it at different times; empty where they ask for one or for none."""
    if goal.percent is None or goal.between is None:
        return ""
    words = {"goal": goal.percent, "first": f"{goal.between[0]:g}", "last": f"{goal.between[1]:g}"}
    return gettext("goal %(goal)s %%, within %(first)s to %(last)s h") % words


def _drawn(timed: Timed) -> charts.CurveChart:
    known, goal_hours = timed.curve, timed.goal.hours
    hours = _in_hours(known)
    # The last few, who hear from us very late, would squeeze everybody else into a corner.
    most = 0.97 * hours[-1][1] if hours else 0
    last_goal = goal_hours or (timed.goal.between[1] if timed.goal.between else 0)
    longest = max([*(hour for hour, share, _, _ in hours if share <= most), last_goal, 24])
    return charts.curve_chart(
        hours,
        [seconds / 3600 for seconds in known.waiting],
        span_hours=longest,
        goal_hours=goal_hours,
        goal_share=None if timed.goal.percent is None else timed.goal.percent / 100,
        goal_between=timed.goal.between,
        earlier=_in_hours(timed.earlier) if timed.earlier is not None and enough(timed.earlier.n) else (),
    )


def _in_hours(curve: Curve) -> list[tuple[float, float, float, float]]:
    return [(step.seconds / 3600, step.share, step.low, step.high) for step in curve.steps]


def _caption(timed: Timed, half: float | None, ninety: float | None, links: Links) -> str:
    known = timed.curve
    if not enough(known.n):
        text = ngettext(
            "%(n)s ticket: not enough for a curve.", "%(n)s tickets: not enough for a curve.", known.n
        )  # fmt: skip
        # What happened and what did not are two lists, so a sum of both opens nothing by itself.
        if not timed.is_whole:
            return gettext("Too few tickets of teams with a calendar for a curve.")
        return said(text, n=linked(known.n, links.tickets("counted")))
    words = {"half": _in_words(half, timed), "ninety": _in_words(ninety, timed)}
    if half is not None and ninety is not None:
        first = said(gettext("Half within %(half)s, nine in ten within %(ninety)s."), **words)
    elif half is not None:
        first = said(gettext("Half within %(half)s; nine in ten not yet."), **words)
    else:
        first = said(gettext("Fewer than half so far."))
    if timed.of_team:
        # Tickets of teams without a calendar are in no curve of this clock, so no list has just these.
        rest = gettext("Pauses while the customer is asked something do not count, nor does time off work.")
        return sentences.joined([first, rest])
    open_ = len(known.waiting)
    text = ngettext(
        "The %(n)s still without it counts up to now, dismissed or not, so that neither waiting nor dismissing makes "
        "this better.",
        "The %(n)s still without it count up to now, dismissed or not, so that neither waiting nor dismissing makes "
        "this better.",
        open_,
    )
    return sentences.joined([first, said(text, n=linked(open_, links.tickets(timed.not_done)))])


def _table(timed: Timed, links: Links) -> Table:
    """Events and waits that ended within each stretch, and the share by its end."""
    known = timed.curve
    if timed.stretches is None:
        # No list can be narrowed to hours of work, so beside each share stands what it is a share of.
        whole = tables.count(known.n, links.tickets("counted"))
        rows = [
            Row(_label(stretch), [tables.text(sentences.whole_percent(known.at(end_of(stretch)).share)), whole])
            for stretch in WORKING
            if enough(known.n) and timed.is_whole
        ]
        head = [timed.clock, timed.words["by_then"], gettext("Of tickets")]
        return Table(f"{timed.title}, {timed.clock}", head, rows)
    rows = []
    for stretch in STRETCHES:
        counts = [sum(map(stretch.holds, spells)) for spells in (known.happened, known.waiting)]
        if not any(counts):
            continue
        share = sentences.whole_percent(known.at(end_of(stretch)).share) if enough(known.n) else "–"
        hrefs = [links.tickets(stretch.named(kind)) for kind in timed.stretches]
        cells = [tables.count(n, href) for n, href in zip(counts, hrefs, strict=True)]
        rows.append(Row(_label(stretch), [*cells, tables.text(share)]))
    together = [
        tables.count(known.events, links.tickets(timed.done)),
        tables.count(len(known.waiting), links.tickets(timed.not_done)),
        Cell(""),
    ]
    rows.append(Row(gettext("Together"), together, strong=True))
    head = [timed.clock, timed.words["done"], timed.words["not_done"], timed.words["by_then"]]
    return Table(f"{timed.title}, {timed.clock}", head, rows)


def end_of(stretch: Stretch) -> float:
    """Its end in seconds."""
    return math.inf if stretch.end is None else stretch.end * 3600


def _label(stretch: Stretch) -> str:
    if stretch.end is None:
        return gettext("%(hours)s h and longer") % {"hours": stretch.start}
    return gettext("%(start)s to %(end)s h") % {"start": stretch.start, "end": stretch.end}


def neglected(closure: ClosureReport, links: Links) -> Table:
    """What stands still or has nobody, whatever the day of the answer."""
    rows: Sequence[tuple[str, str, int]] = (
        (gettext("At work"), "at_work", closure.at_work),
        (gettext("of them late"), "late_at_work", closure.late),
        (gettext("of them without an event for a week"), "silent", closure.silent),
        (gettext("Waiting on the customer"), "waiting", closure.waiting),
        (gettext("Without an owner"), "unassigned", closure.unassigned),
    )
    return Table(
        gettext("What nobody looks after"),
        [gettext("Now"), gettext("Tickets")],
        [Row(label, [tables.count(n, links.tickets_now(name))], deep=name in DEEP) for label, name, n in rows],
    )


DEEP = ("late_at_work", "silent")


@dataclass(frozen=True, slots=True)
class TimesPage:
    """Everything /reports/times/ prints."""

    charts: list[TimeChart]
    ages: ColumnsChart
    at_work: int
    neglected: Table
    cohort: int
    cohort_href: str


def times_page(frame: Frame, closure: ClosureReport, found: TimesReport, earlier: TimesReport | None) -> TimesPage:
    """Lay out the waits of one cohort; `earlier` are those of the one it is compared with."""
    links, goal = Links(frame.filters), closure.goal
    before = (
        (earlier.first_contact, earlier.first_contact_working, earlier.resolution, earlier.resolution_working)
        if earlier
        else (None,) * 4
    )
    whole = not found.without_calendar
    timed = (
        first_contact(found.first_contact, goal, before[0]),
        replace(first_contact(found.first_contact_working, goal, before[1], of_team=True), is_whole=whole),
        resolution(found.resolution, before[2]),
        replace(resolution(found.resolution_working, before[3], of_team=True), is_whole=whole),
    )
    return TimesPage(
        charts=[time_chart(each, links, frame) for each in timed],
        ages=ages(closure, links),
        at_work=closure.at_work,
        neglected=neglected(closure, links),
        cohort=closure.counts["cohort"],
        cohort_href=links.tickets("cohort"),
    )
