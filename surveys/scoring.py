"""What a score means: reading it, its band, and every figure made of many. Pure: no database, no clock.

An NPS, a rate or a difference never stands alone here. Each comes with the interval that says how sure it is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

# 95 % of a normal distribution lies within this many standard errors of its middle.
Z95 = 1.96

# Under this many answers there is no figure: the answers themselves are shown.
ENOUGH = 20


class Band(models.TextChoices):
    """Three kinds of answer, by score. The word *detractor* is never shown to a customer."""

    DETRACTOR = "detractor", _("Detractor")
    PASSIVE = "passive", _("Passive")
    PROMOTER = "promoter", _("Promoter")


def band(score: int) -> Band:
    """0-6 detractor, 7-8 passive, 9-10 promoter. Raises ValueError for anything that is not 0..10."""
    if not 0 <= score <= 10:
        raise ValueError("A score goes from 0 to 10.")
    if score >= 9:
        return Band.PROMOTER
    return Band.PASSIVE if score >= 7 else Band.DETRACTOR


# --- reading one score -----------------------------------------------------------------------------------------


class BadScore(ValueError):
    """This is no score. `reason` is one sentence that a person can act on."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BlankScore(BadScore):
    """Nothing was given. It is missing, and never zero: zero is the worst score there is."""


# What spreadsheets, survey tools and statistics packages write where nothing was answered.
BLANKS = frozenset(
    {"", "na", "n/a", "n.a.", "#n/a", "<na>", "nan", "null", "none", "nil", "(blank)", "-", "--", "–", "—"}
)

# "9", "9.0", and labelled ends such as "10 - extremely likely". The blank on both sides of the dash keeps "5-star" and
# "9-10" out, the first character of the words keeps "7 - 8 points" out. ASCII digits only: a full-width nine has never
# been seen in a real export, and a rule without exceptions is easier to explain.
WRITTEN = re.compile(r"(?P<score>10|[0-9])(?:\.0+|\s+[-–—]\s+(?P<words>[^\d\s].*))?", re.DOTALL)

LONGEST_WRITTEN = 300


def parse_score(raw: object) -> int:
    """The score 0..10 in `raw`, which may be 9, 9.0, Decimal("9"), "9", " 9.0 " or "9 - words".

    Raises BlankScore where nothing was given (None, "", "NA", not a number, ...), and BadScore for everything else:
    7.5, 11, "nine", "９", "9/10", True.
    """
    if raw is None:
        raise BlankScore(gettext("There is no score."))
    if isinstance(raw, bool):
        raise BadScore(gettext("A score is a number from 0 to 10, not %(kind)s.") % {"kind": str(raw).lower()})
    if isinstance(raw, str):
        return _score_in_text(raw)
    if isinstance(raw, int | float | Decimal):
        return _score_of_number(raw)
    kind = (
        gettext("a list")
        if isinstance(raw, list)
        else gettext("an object")
        if isinstance(raw, dict)
        else gettext("something else")
    )
    raise BadScore(gettext("A score is a number from 0 to 10, not %(kind)s.") % {"kind": kind})


def _score_of_number(raw: int | float | Decimal) -> int:
    # Only not-a-number differs from itself; a signalling Decimal refuses to be compared, a long int to be a float.
    if raw.is_nan() if isinstance(raw, Decimal) else raw != raw:
        raise BlankScore(gettext("There is no score."))
    if not 0 <= raw <= 10:
        # A number may have more digits than Python agrees to print.
        if isinstance(raw, int | float) and abs(raw) < 10**12:
            raise BadScore(gettext("A score goes from 0 to 10; this is %(score)s.") % {"score": raw})
        raise BadScore(gettext("A score goes from 0 to 10."))
    if raw != int(raw):
        raise BadScore(gettext("A score is a whole number; this is %(score)s.") % {"score": f"{float(raw):g}"})
    return int(raw)


def _score_in_text(raw: str) -> int:
    text = raw.strip()
    if text.casefold() in BLANKS:
        raise BlankScore(gettext("There is no score."))
    if len(text) <= LONGEST_WRITTEN:
        found = WRITTEN.fullmatch(text)
        if found and (found["words"] is None or any(map(str.isalpha, found["words"]))):
            return int(found["score"])
    shown = text if len(text) <= 40 else text[:39] + "…"
    raise BadScore(gettext("A score is a whole number from 0 to 10; this is %(score)s.") % {"score": repr(shown)})


# --- many scores -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Nps:
    """A Net Promoter Score with what it rests on. Points from -100 to 100; all four figures are None without answers.

    `value` is exact; `low` to `high` is the 95 % interval, always around `value`; `margin` is half its width before
    it is cut off at -100 and 100.
    """

    promoters: int
    passives: int
    detractors: int
    n: int
    value: float | None
    low: float | None
    high: float | None
    margin: float | None

    @property
    def is_enough(self) -> bool:
        return enough(self.n)


def enough(n: int) -> bool:
    """Whether `n` answers carry a figure: an NPS, a rate or an interval."""
    return n >= ENOUGH


def nps(promoters: int, passives: int, detractors: int) -> Nps:
    """NPS = 100 (P - D) / n, with its 95 % Adjusted-Wald interval. Raises ValueError for a negative count.

    Adjusted-Wald (J. Sauro and J. Lewis, measuringu.com/nps-three-significance-tests): three answers are added, 3/4 of
    one to promoters and to detractors each, which keeps the interval honest where the plain one is far too narrow: few
    answers, or nearly all of one band. How often it holds the truth is counted in tests/surveys/
    test_interval_coverage.py; it is short only where a population holds nobody of one band at all.
    """
    if min(promoters, passives, detractors) < 0:
        raise ValueError("A count cannot be negative.")
    n = promoters + passives + detractors
    if not n:
        return Nps(0, 0, 0, 0, None, None, None, None)
    value = 100 * (promoters - detractors) / n
    centre, error = _adjusted(promoters, detractors, n)
    margin = Z95 * error
    # A single answer is the one case where the adjusted interval stops short of the value itself.
    low, high = min(centre - margin, value), max(centre + margin, value)
    return Nps(promoters, passives, detractors, n, value, max(low, -100.0), min(high, 100.0), margin)


def _adjusted(promoters: int, detractors: int, n: int) -> tuple[float, float]:
    """Adjusted-Wald centre and standard error of an NPS, in points."""
    weight = n + 3
    p, d = (promoters + 0.75) / weight, (detractors + 0.75) / weight
    return 100 * (p - d), 100 * math.sqrt((p + d - (p - d) ** 2) / weight)


@dataclass(frozen=True, slots=True)
class Difference:
    """How far one NPS lies above another, in points, with the 95 % interval of the difference around `value`.

    `may_be_chance` is what must be said wherever the difference is shown: nothing in the answers rules out that the
    two groups think alike. None where one side has no answers, and then it may always be chance.
    """

    value: float | None
    low: float | None
    high: float | None
    margin: float | None
    may_be_chance: bool


def difference(a: Nps, b: Nps) -> Difference:
    """`a` minus `b`, for two groups of different people.

    Where the same people are in both and still think alike, the interval is too wide, never too narrow: it then calls
    a change chance that a paired test would see (tests/surveys/test_interval_coverage.py says how much).

    Both are adjusted as in `nps`; the error of the difference is the root of the two squared errors (same source).
    The difference counts as more than chance only if both the adjusted and the exact one say so: with very unequal
    groups the adjustment moves the small one so far that the two can disagree.
    """
    if a.value is None or b.value is None:
        return Difference(None, None, None, None, may_be_chance=True)
    (centre_a, error_a), (centre_b, error_b) = (_adjusted(x.promoters, x.detractors, x.n) for x in (a, b))
    value, centre, margin = a.value - b.value, centre_a - centre_b, Z95 * math.hypot(error_a, error_b)
    low, high = min(centre - margin, value), max(centre + margin, value)
    return Difference(value, low, high, margin, may_be_chance=low <= 0 <= high or abs(value) <= margin)


def proportion_interval(k: int, n: int) -> tuple[float, float]:
    """95 % Wilson score interval of the rate k/n, as two fractions of 1; (0, 1) while there is nothing to count.

    E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927. Raises ValueError
    unless 0 <= k <= n.
    """
    if not 0 <= k <= n:
        raise ValueError("A part goes from nothing to the whole.")
    if not n:
        return 0.0, 1.0
    rate, z2 = k / n, Z95 * Z95
    centre = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * math.sqrt(rate * (1 - rate) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return min(max(centre - half, 0.0), rate), max(min(centre + half, 1.0), rate)


# --- does a column hold scores? --------------------------------------------------------------------------------


def looks_like_nps(values_seen: Mapping[int, int]) -> str | None:
    """Why a column of whole numbers does not look like answers from 0 to 10, in one sentence; None if it does.

    `values_seen` counts how often each number stands in the column. Reading another scale as NPS opens a ticket for
    nearly everybody, so a column must look right and not merely fit: thumbs (0/1), stars (1-5) and scales up to 7 all
    fit into 0..10. Among ten real answers at least one is 9 or 10 (one in two to three people answers so; that none
    of ten does happens in one or two of 100 columns). Fewer prove less, so only thumbs and stars stop a handful.
    """
    counts = {value: count for value, count in values_seen.items() if count > 0}
    n = sum(counts.values())
    if not n:
        return gettext("There is no number in this column.")
    lowest, highest = min(counts), max(counts)
    outside = sum(count for value, count in counts.items() if not 0 <= value <= 10)
    if outside * 20 > n:
        return gettext(
            "%(outside)s of %(count)s values lie outside 0 to 10 "
            "(from %(lowest)s to %(highest)s): this is another scale."
        ) % {"outside": outside, "count": n, "lowest": lowest, "highest": highest}
    inside = [value for value in counts if 0 <= value <= 10]
    lowest, highest = min(inside), max(inside)
    if n >= 3 and highest <= 1:
        return gettext("Every value is 0 or 1: this looks like thumbs up or down, not like a score from 0 to 10.")
    if n >= 5 and highest <= 5:
        return gettext(
            "This looks like five stars, not like a score from 0 to 10: "
            "the highest of %(count)s answers is %(highest)s."
        ) % {"count": n, "highest": highest}
    if n >= 10 and highest < 9:
        return gettext(
            "This does not look like a scale from 0 to 10: the highest of %(count)s answers is %(highest)s."
        ) % {"count": n, "highest": highest}
    if n >= ENOUGH and (len(inside) <= 2 or highest - lowest <= 2):
        seen = ", ".join(map(str, sorted(inside)))
        return gettext(
            "This does not look like a scale from 0 to 10: in %(count)s answers nothing but %(seen)s occurs."
        ) % {"count": n, "seen": seen}
    return None
