"""The measured effect of closing the loop as sentences. Pure: a report in, words out."""

from __future__ import annotations

from django.utils import formats
from django.utils.translation import gettext, ngettext

from followups.reports.effect import Estimate, Verdict
from followups.reports.metrics.effect import COMPARED, IN_TIME, EffectReport
from surveys.scoring import ENOUGH


def in_words(report: EffectReport) -> list[str]:
    """What was found for contact in time, for late contact, and how far both may be trusted."""
    return [*(_found(name, report.compared[name].score) for name in COMPARED), _trust()]


def _found(name: str, found: Estimate) -> str:
    if found.verdict == Verdict.TOO_FEW or found.value is None:
        return _too_few(name, found)
    words = {
        "n": found.treated,
        "never": found.others,
        "points": _points(abs(found.value)),
        "range": _range(found),
    }
    if found.verdict == Verdict.FOUND:
        return _apart(name, found.value > 0) % words
    if found.smallest is None:
        return gettext("Nothing can be said yet: these answers would have shown no difference of any size.")
    words["smallest"] = _points(found.smallest)
    return _nothing(name) % words


def _too_few(name: str, found: Estimate) -> str:
    words = {"n": found.treated, "never": found.others, "enough": ENOUGH}
    if name == IN_TIME:
        return (
            gettext(
                "Contact in time: too few to compare. Of those contacted in time %(n)s answered again and are like "
                "somebody whom nobody had contacted, and %(never)s the other way round; each side needs %(enough)s."
            )
            % words
        )
    return (
        gettext(
            "Late contact: too few to compare. Of those contacted late %(n)s answered again and are like "
            "somebody never contacted, and %(never)s the other way round; each side needs %(enough)s."
        )
        % words
    )


def _apart(name: str, higher: bool) -> str:
    if name == IN_TIME and higher:
        return gettext(
            "Contact in time: an effect is found. %(n)s customers contacted in time gave later scores %(points)s "
            "higher than %(never)s like them whom nobody had contacted (95 %% interval %(range)s)."
        )
    if name == IN_TIME:
        return gettext(
            "Contact in time: an effect is found, for the worse. %(n)s customers contacted in time gave later scores "
            "%(points)s lower than %(never)s like them whom nobody had contacted (95 %% interval %(range)s)."
        )
    if higher:
        return gettext(
            "Late contact: an effect is found. %(n)s customers contacted late gave later scores %(points)s "
            "higher than %(never)s like them whom nobody had contacted (95 %% interval %(range)s)."
        )
    return gettext(
        "Late contact: an effect is found, for the worse. %(n)s customers contacted late gave later scores "
        "%(points)s lower than %(never)s like them whom nobody had contacted (95 %% interval %(range)s)."
    )


def _nothing(name: str) -> str:
    if name == IN_TIME:
        return gettext(
            "Contact in time: no effect detectable yet. The later scores of %(n)s customers contacted in time and of "
            "%(never)s like them whom nobody had contacted differ by no more than chance may "
            "(95 %% interval %(range)s). An effect of %(smallest)s or more would have been seen four times in five."
        )
    return gettext(
        "Late contact: no effect detectable yet. The later scores of %(n)s customers contacted late and of "
        "%(never)s like them whom nobody had contacted differ by no more than chance may (95 %% interval %(range)s). "
        "An effect of %(smallest)s or more would have been seen four times in five."
    )


def _trust() -> str:
    return gettext(
        "This is no experiment. Customers are compared who gave the same first score in the same quarter, to the same "
        "kind of survey and in the same segment; they may still differ in what nobody wrote down, and only those who "
        "answered again are in."
    )


def _points(value: float) -> str:
    # A plural follows the number as it is shown: 1.0 is said like 1.
    shown = round(value, 1)
    words = ngettext("%(n)s point", "%(n)s points", 1 if shown == 1 else 2)
    return words % {"n": formats.number_format(shown, 1)}


def _range(found: Estimate) -> str:
    if found.low is None or found.high is None:
        return gettext("without an end")
    return gettext("%(low)s to %(high)s") % {"low": _signed(found.low), "high": _signed(found.high)}


def _signed(value: float) -> str:
    shown = formats.number_format(abs(round(value, 1)), 1)
    return shown if round(value, 1) == 0 else f"{'+' if value > 0 else '−'}{shown}"
