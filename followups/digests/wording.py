"""A digest in words, in the active language: each finding a sentence, and as many of them as fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext

from followups.digests.findings import COMPARED, Finding, Kind
from followups.messages.notices import MorningLine, MorningPart
from followups.reports.charts import signed
from followups.reports.page.goals import goal_in_words, measured_in_words

# Words of all lines together: with heading, links and foot the mail stays under 200.
WORDS = 125
NAME = 48


@dataclass(frozen=True, slots=True)
class Said:
    """A digest as it is read: parts with their lines, and how many findings did not fit."""

    parts: list[MorningPart]
    left_out: int


def said(found: Sequence[Finding], words: int | None = WORDS) -> Said:
    """The findings as they come, cut to so many words from the end, so that what is worst stays; None: all of them."""
    lines: list[tuple[bool, MorningLine]] = []
    left = words
    for finding in found:
        text = sentence(finding)
        if left is not None:
            left -= len(text.split())
            if left < 0:
                break
        lines.append((finding.kind in COMPARED, MorningLine(text, finding.path)))
    headings = {False: gettext("Needs somebody now"), True: gettext("More than chance")}
    parts = [
        MorningPart(heading, [line for kind, line in lines if kind == compared])
        for compared, heading in headings.items()
        if any(kind == compared for kind, _ in lines)
    ]
    return Said(parts, len(found) - len(lines))


def sentence(finding: Finding) -> str:
    """One finding; with the team before it where there are several."""
    text = _COUNTS[finding.kind](finding.n) if finding.kind in _COUNTS else _COMPARISONS[finding.kind](finding)
    return f"{_clipped(finding.team)}: {text}" if finding.team else text


def _clipped(text: str) -> str:
    return Truncator(" ".join(text.split())).chars(NAME)


_COUNTS: dict[Kind, Callable[[int], str]] = {
    Kind.LATE_FIRST_CONTACT: lambda n: (
        ngettext("%(n)s first contact is late", "%(n)s first contacts are late", n) % {"n": n}
    ),
    Kind.UNASSIGNED: lambda n: ngettext("%(n)s ticket nobody has", "%(n)s tickets nobody has", n) % {"n": n},
    Kind.PROMISE_OVER: lambda n: (
        ngettext(
            "%(n)s customer waits for a promise that is over", "%(n)s customers wait for a promise that is over", n
        )
        % {"n": n}
    ),
    Kind.NOT_YET_UNANSWERED: lambda n: (
        ngettext("%(n)s customer said not yet and has no answer", "%(n)s customers said not yet and have no answer", n)
        % {"n": n}
    ),
    Kind.REOPENED_TWICE: lambda n: (
        ngettext("%(n)s ticket was reopened twice or more", "%(n)s tickets were reopened twice or more", n) % {"n": n}
    ),
    Kind.SILENT: lambda n: (
        ngettext("%(n)s ticket has rested for seven days", "%(n)s tickets have rested for seven days", n) % {"n": n}
    ),
    Kind.APPROVAL_WAITING: lambda n: (
        ngettext("%(n)s wish to dismiss waits for a lead", "%(n)s wishes to dismiss wait for a lead", n) % {"n": n}
    ),
    Kind.MAIL_STUCK: lambda n: (
        ngettext(
            "A mail to %(n)s customer did not arrive this week", "Mails to %(n)s customers did not arrive this week", n
        )
        % {"n": n}
    ),
}


def _goal_missed(finding: Finding) -> str:
    row: Any = finding.about
    return gettext("%(figure)s: %(value)s, below the goal of %(goal)s") % {
        "figure": row.metric.label,
        "value": measured_in_words(row.metric, row.measured),
        "goal": goal_in_words(row.metric, row.target),
    }


def _touchpoint_worse(finding: Finding) -> str:
    about: Any = finding.about
    return ngettext(
        "%(name)s: NPS %(own)s over %(n)s answer, %(other)s elsewhere",
        "%(name)s: NPS %(own)s over %(n)s answers, %(other)s elsewhere",
        finding.n,
    ) % _scores(about, finding.n)


def _nps_fell(finding: Finding) -> str:
    about: Any = finding.about
    return ngettext(
        "NPS %(own)s over %(n)s answer, %(other)s in as many days before",
        "NPS %(own)s over %(n)s answers, %(other)s in as many days before",
        finding.n,
    ) % _scores(about, finding.n)


def _scores(about: Any, n: int) -> dict[str, object]:
    own, other = signed(about.own.value), signed(about.other.value)
    return {"name": _clipped(about.name), "own": own, "other": other, "n": n}


_COMPARISONS: dict[Kind, Callable[[Finding], str]] = {
    Kind.GOAL_MISSED: _goal_missed,
    Kind.TOUCHPOINT_WORSE: _touchpoint_worse,
    Kind.NPS_FELL: _nps_fell,
}
