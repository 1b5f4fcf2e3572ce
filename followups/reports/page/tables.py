"""Tables as plain values: one template draws them all, so that every number in one is a link, and none is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext

from followups.reports import sentences
from followups.reports.charts import Gauge, gauge, signed
from followups.reports.metrics import Rate, Scores
from followups.reports.sentences import interval


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place. `full` is said to whoever hears the page, `note` stands beside the link."""

    words: str
    href: str = ""
    full: str = ""
    note: str = ""
    gauge: Gauge | None = None
    parts: Sequence[Cell] = ()
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its heading. `deep` sets it in below the one above; `person` draws initials."""

    label: str
    cells: Sequence[Cell]
    href: str = ""
    deep: bool = False
    strong: bool = False
    initials: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """`head` names the columns, that of the rows' own headings first; `start` holds those that read from the left."""

    label: str
    head: Sequence[str]
    rows: Sequence[Row]
    start: frozenset[int] = field(default_factory=frozenset)

    @property
    def columns(self) -> list[tuple[str, bool]]:
        return [(words, place in self.start) for place, words in enumerate(self.head)]

    @property
    def body(self) -> list[tuple[Row, list[tuple[str, bool, Cell]]]]:
        """Rows with their cells, each with the name of its column and whether it reads from the left."""
        return [
            (row, [(self.head[i + 1], i + 1 in self.start, cell) for i, cell in enumerate(row.cells)])
            for row in self.rows
        ]


def count(n: int, href: str) -> Cell:
    return Cell(str(n), href)


def text(words: str) -> Cell:
    return Cell(words)


def rate(found: Rate, href: str) -> Cell:
    """`81 %`, or `8 of 12` where there are too few for a rate; the hidden words say of how many."""
    if not found.of:
        return Cell("–")
    full = "" if found.rate is None else gettext("%(count)s of %(all)s") % {"count": found.count, "all": found.of}
    return Cell(sentences.rate_in_words(found), href, full)


def part_of(found: Rate, href: str) -> Cell:
    """`8 of 12`."""
    if not found.of:
        return Cell("–")
    return Cell(gettext("%(count)s of %(all)s") % {"count": found.count, "all": found.of}, href)


def rate_gauge(found: Rate, goal: int | None = None) -> Cell:
    """The interval of a rate, drawn."""
    if found.rate is None or found.low is None or found.high is None:
        return Cell(gettext("too few for a rate"))
    drawn = gauge(found.rate, found.low, found.high, (0, 1), None if goal is None else goal / 100)
    return Cell(sentences.rate_range(found), gauge=drawn)


def range_of(found: Rate) -> Cell:
    """`71 to 87 %`, or that there are too few."""
    return Cell(sentences.rate_range(found) or gettext("too few for a rate"))


def score(found: Scores, href: str, few: str = "") -> Cell:
    """`+19`, or that there are too few (in the words of `few`); the hidden words say of how many answers."""
    if not found.nps.is_enough or found.nps.value is None:
        return Cell(few or gettext("not enough answers"))
    full = gettext("NPS of %(n)s answers") % {"n": found.nps.n}
    return Cell(signed(found.nps.value), href, full)


def score_interval(found: Scores) -> Cell:
    return Cell(interval(found.nps) if found.nps.is_enough else "–")
