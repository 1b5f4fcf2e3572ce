"""How a value looks in a file. Pure: a row of values in, a row of cells out.

What a cell holds was typed by customers, so each text is taken for hostile: one that a spreadsheet program would run as
a formula is made harmless, and what no such program can read is taken out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext

from followups.reports.exports.columns import Column, Columns, Holds
from surveys.spreadsheets import guarded

# XML 1.0, chapter 2.2, knows none of these; half a surrogate pair cannot be written as UTF-8 either.
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

# Excel's limit for one cell, in units of UTF-16: Excel specifications and limits, "total number of characters".
LONGEST_CELL = 32_767
# Excel's calendar begins there, and takes 1900 for a leap year; days before March of it are written as text.
_FIRST_DAY = date(1899, 12, 30).toordinal()
_FIRST_SAFE_DAY = date(1900, 3, 1)
# A number with more digits than a double holds would be another number in a spreadsheet.
_LARGEST_NUMBER = 2**53

CellOf = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads the file: `in_words` a person, in a language, on the clock of `zone`; else a program, in keys.

    A file for people begins with the mark by which Excel knows UTF-8 unless they ask for none.
    """

    language: str
    zone: tzinfo
    in_words: bool
    with_mark: bool

    def headings(self, columns: Columns) -> list[str]:
        with translation.override(self.language):
            return [str(column.heading) if self.in_words else column.key for column in columns]

    def labels(self, column: Column) -> dict[Any, str]:
        """What stands for each code, or for yes and no."""
        with translation.override(self.language):
            if column.holds == Holds.YES_NO:
                return {True: gettext("yes"), False: gettext("no")} if self.in_words else {True: "true", False: "false"}
            words = column.words or {}
            return {code: str(label) if self.in_words and code else code for code, label in words.items()}


def cleaned(text: str) -> str:
    """The text without characters that no file can hold."""
    return text if text.isprintable() else _UNREADABLE.sub("", text)


def shortened(text: str, mark: str) -> str:
    """The text as far as a cell of a spreadsheet holds it, with `mark` at the end where something is missing."""
    if len(text) * 2 <= LONGEST_CELL:
        return text
    units = text.encode("utf-16-le")
    if len(units) // 2 <= LONGEST_CELL:
        return text
    room = LONGEST_CELL - len(mark.encode("utf-16-le")) // 2
    # Half a pair at the cut is left out.
    return units[: room * 2].decode("utf-16-le", "ignore") + mark


# --- CSV -------------------------------------------------------------------------------------------------------


def csv_cells(columns: Columns, reader: Reader) -> list[CellOf]:
    """For each column, how a value of it becomes a cell: ISO 8601 with offset, numbers as they are, guarded texts."""
    return [_csv_cell(column, reader) for column in columns]


def _csv_cell(column: Column, reader: Reader) -> CellOf:
    zone = reader.zone

    def text(value: Any) -> str:
        return guarded(cleaned(value)) if value else ""

    def moment(value: datetime | None) -> str:
        return "" if value is None else value.replace(microsecond=0).astimezone(zone).isoformat()

    def day(value: date | None) -> str:
        return "" if value is None else value.isoformat()

    def number(value: Any) -> Any:
        return value if value is None or math.isfinite(value) else ""

    if column.holds in (Holds.CODE, Holds.YES_NO):
        labels = reader.labels(column)
        return lambda value: "" if value is None else labels[value] if value in labels else text(str(value))
    return {
        Holds.TEXT: text,
        Holds.ID: lambda value: "" if value is None else text(str(value)),
        Holds.NUMBER: number,
        Holds.DAY: day,
        Holds.MOMENT: moment,
    }[column.holds]


# --- spreadsheets ----------------------------------------------------------------------------------------------


def sheet_cells(columns: Columns, reader: Reader) -> list[CellOf]:
    """For each column, how a value becomes a cell: a float or int, a text, or None for nothing.

    Days and moments are Excel's serial numbers, moments on the reader's clock.
    """
    return [_sheet_cell(column, reader) for column in columns]


def _sheet_cell(column: Column, reader: Reader) -> CellOf:
    zone = reader.zone
    with translation.override(reader.language):
        mark = gettext(" … (cut, the text is longer)") if reader.in_words else " … (cut)"

    def text(value: Any) -> str | None:
        if not value:
            return None
        # A cell breaks its lines by line feeds alone.
        return shortened(cleaned(value).replace("\r\n", "\n").replace("\r", "\n"), mark)

    def moment(value: datetime | None) -> float | str | None:
        if value is None:
            return None
        local = value.astimezone(zone)
        if local.date() < _FIRST_SAFE_DAY:
            return local.isoformat(timespec="seconds")
        seconds = local.hour * 3600 + local.minute * 60 + local.second
        return local.toordinal() - _FIRST_DAY + seconds / 86_400

    def day(value: date | None) -> int | str | None:
        if value is None:
            return None
        return value.toordinal() - _FIRST_DAY if value >= _FIRST_SAFE_DAY else value.isoformat()

    def number(value: Any) -> Any:
        if value is None or not math.isfinite(value):
            return None
        if isinstance(value, int) and abs(value) > _LARGEST_NUMBER:
            return str(value)
        return float(value) if isinstance(value, Decimal) else value

    if column.holds in (Holds.CODE, Holds.YES_NO):
        labels = reader.labels(column)
        return lambda value: None if value is None else (labels[value] if value in labels else text(str(value))) or None
    return {
        Holds.TEXT: text,
        Holds.ID: lambda value: None if value is None else text(str(value)),
        Holds.NUMBER: number,
        Holds.DAY: day,
        Holds.MOMENT: moment,
    }[column.holds]


def cells(convert: Sequence[CellOf], row: Sequence[Any]) -> list[Any]:
    """One row, cell by cell."""
    return [cell(value) for cell, value in zip(convert, row, strict=True)]
