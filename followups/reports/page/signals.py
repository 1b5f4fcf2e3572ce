"""The page of signals: what may be asked, and the counts behind each question with the lists they open. No query.

Nothing here says why. A number may have a good reason, so each one ends in a question to whoever leads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext

from followups.reports import charts, sentences
from followups.reports.charts import Gauge
from followups.reports.metrics.signals import EXCLUDED, SIGNALS, Behind
from followups.reports.metrics.signals_report import Compared, Line, SignalsReport
from followups.reports.page.links import Links
from nps_loop.people.models import User


@dataclass(frozen=True, slots=True)
class Part:
    """A count with the list it opens; no address where it is nought."""

    n: int
    href: str


@dataclass(frozen=True, slots=True)
class SignalRow:
    """One person: `hits` of `n`, the same among everybody else, and what the comparison says."""

    user: User
    hits: Part
    n: Part
    interval: str
    gauge: Gauge | None
    other_hits: Part
    other_n: Part
    other_interval: str
    verdict: str
    stands_out: bool


@dataclass(frozen=True, slots=True)
class SignalTable:
    """One signal: what it counts, in a sentence, and everybody's numbers by name."""

    slug: str
    title: str
    about: str
    rows: list[SignalRow]

    @property
    def counted(self) -> bool:
        """Whether there is anything to look at."""
        return any(row.hits.n for row in self.rows)


@dataclass(frozen=True, slots=True)
class SignalsPage:
    """`questions` are what is more than chance, each with the list behind it."""

    questions: list[tuple[str, str]]
    tables: list[SignalTable]
    without: list[str]
    tested: int


def signals_page(report: SignalsReport) -> SignalsPage:
    """Lay out the report. A signal that counted nothing is only named."""
    tables = [_table(signal, report) for signal in SIGNALS]
    asked = [line for signal in SIGNALS for line in report.of(signal) if line.compared == Compared.MORE]
    return SignalsPage(
        questions=[(question(line, report.people[line.person].name), _hits(line, report)) for line in asked],
        tables=[table for table in tables if table.counted],
        without=[table.title for table in tables if not table.counted],
        tested=report.tested,
    )


def _table(signal: str, report: SignalsReport) -> SignalTable:
    title, about = _words(signal)
    return SignalTable(signal.replace("_", "-"), title, about, [_row(line, report) for line in report.of(signal)])


def _row(line: Line, report: SignalsReport) -> SignalRow:
    own, others = line.own, line.others
    known = own.rate is not None
    return SignalRow(
        user=report.people[line.person],
        hits=_part(own.count, _hits(line, report)),
        n=_part(own.of, _behind(line, report, line.person, False)),
        interval=sentences.rate_range(own),
        gauge=charts.gauge(own.rate or 0, own.low or 0, own.high or 0, (0, 1), others.rate) if known else None,
        other_hits=_part(others.count, _behind(line, report, -line.person, True)),
        other_n=_part(others.of, _behind(line, report, -line.person, False)),
        other_interval=sentences.rate_range(others),
        verdict=_verdict(line),
        stands_out=line.compared == Compared.MORE,
    )


def _part(n: int, href: str) -> Part:
    return Part(n, href if n else "")


def _hits(line: Line, report: SignalsReport) -> str:
    return _behind(line, report, line.person, True)


def _behind(line: Line, report: SignalsReport, person: int, only_counted: bool) -> str:
    """The list of what one number counted, narrowed to the teams that the report is about."""
    if line.signal == EXCLUDED:
        narrowed = {"band": "detractor"} if only_counted else {}
        return Links(report.filters).answers(left_out_by=person, **narrowed)
    query: dict[str, Any] = {**report.filters.as_dict(), "signal": str(Behind(line.signal, person, only_counted))}
    if report.teams and not report.filters.team:
        query["team"] = report.teams
    return f"{reverse('tickets')}?{urlencode(query, doseq=True)}"


def _verdict(line: Line) -> str:
    return {
        Compared.MORE: gettext("More often than elsewhere, beyond chance"),
        Compared.LESS: gettext("Less often than elsewhere, beyond chance"),
        Compared.CHANCE: gettext("May be chance"),
        Compared.FEW: gettext("Not enough to compare"),
    }[line.compared]


def signal_in_words(signal: str) -> str:
    """What a signal is called."""
    return _words(signal)[0]


def _words(signal: str) -> tuple[str, str]:
    """What a signal is called, and what it counts of what."""
    return {
        "not_told": (
            gettext("Resolved, and the customer not told"),
            gettext(
                "Tickets declared resolved on which no specific mail arrived and no talk followed the last action."
            ),
        ),
        "together": (
            gettext("Resolved in bulk"),
            gettext("Tickets declared resolved that were resolved as one of many at once."),
        ),
        "in_a_hurry": (
            gettext("Resolved within minutes of each other"),
            gettext("Tickets declared resolved that lie with two others of the same person within five minutes."),
        ),
        "not_reached": (
            gettext("Ended as not reached after the fewest tries"),
            gettext(
                "Tickets declared resolved that ended as not reached after no more than the three tries asked for."
            ),
        ),
        "not_asked": (
            gettext("Resolved without asking the customer"),
            gettext("Tickets declared resolved on which whoever resolved chose to send no mail."),
        ),
        "moved": (
            gettext("Promised dates moved"),
            gettext("Tickets with a promise that is due, on which a date the customer had been told was moved later."),
        ),
        "dismissal_asked": (
            gettext("Dismissed, or a wish to dismiss"),
            gettext("Of all tickets: those that somebody dismissed or wished to, put down to whoever did."),
        ),
        "dismissal_approved": (
            gettext("Wishes to dismiss that a lead agreed to"),
            gettext("Of the wishes a lead decided on: those agreed to, put down to the lead."),
        ),
        "corrected": (
            gettext("Scores raised after a talk"),
            gettext("Tickets with a talk, on which the customer raised the score as a slip within a day of one."),
        ),
        "excluded": (
            gettext("Unhappy answers left out of NPS"),
            gettext("Of the answers somebody left out: the detractors, against their share among all other answers."),
        ),
    }[signal]


def question(line: Line, name: str) -> str:
    """What may be asked where somebody's number is more than chance."""
    asked: dict[str, Callable[[], str]] = {
        "not_told": lambda: gettext(
            "%(k)s of %(n)s tickets that %(name)s resolved ended without the customer being told, %(rest)s of %(all)s "
            "elsewhere. What keeps the news from arriving?"
        ),
        "together": lambda: gettext(
            "%(name)s resolved %(k)s of %(n)s tickets in bulk, everybody else %(rest)s of %(all)s. What did these "
            "customers have in common?"
        ),
        "in_a_hurry": lambda: gettext(
            "%(k)s of %(n)s tickets that %(name)s resolved lie within minutes of each other, %(rest)s of %(all)s "
            "elsewhere. Is the work written down later than it is done?"
        ),
        "not_reached": lambda: gettext(
            "%(k)s of %(n)s tickets that %(name)s resolved ended as not reached after three tries, %(rest)s of %(all)s "
            "elsewhere. Which hours or channels were tried?"
        ),
        "not_asked": lambda: gettext(
            "%(name)s sent no mail on %(k)s of %(n)s tickets resolved, everybody else on %(rest)s of %(all)s. What "
            "speaks against asking these customers?"
        ),
        "moved": lambda: gettext(
            "Dates were moved on %(k)s of %(n)s tickets with %(name)s’s promises, on %(rest)s of %(all)s elsewhere. "
            "What makes dates hard to keep there?"
        ),
        "dismissal_asked": lambda: gettext(
            "%(name)s wished to dismiss %(k)s of %(n)s tickets, everybody else %(rest)s of %(all)s. What comes in "
            "there that is not for us to answer?"
        ),
        "dismissal_approved": lambda: gettext(
            "%(name)s agreed to %(k)s of %(n)s wishes to dismiss, other leads to %(rest)s of %(all)s. What is looked "
            "at before saying yes?"
        ),
        "corrected": lambda: gettext(
            "On %(k)s of %(n)s tickets on which %(name)s spoke with the customer, the score was raised within a day, "
            "on %(rest)s of %(all)s elsewhere. What is said about scores in these talks?"
        ),
        "excluded": lambda: gettext(
            "%(k)s of %(n)s answers that %(name)s left out of NPS are unhappy ones, %(rest)s of %(all)s among all "
            "others. What do they have in common?"
        ),
    }
    words = {"k": line.own.count, "n": line.own.of, "rest": line.others.count, "all": line.others.of, "name": name}
    return asked[line.signal]() % words
