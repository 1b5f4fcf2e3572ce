"""Writing a file batch by batch: whatever its length, one batch of rows is in memory.

CSV is RFC 4180 in UTF-8: commas, CRLF, quotes doubled. A spreadsheet holds real numbers, days and moments, its header
stands still, and a list longer or larger than a sheet goes on in the next one. Texts are written as texts: never a
formula, never a link.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import IO, Any

import xlsxwriter
from xlsxwriter.exceptions import FileSizeError
from xlsxwriter.worksheet import Worksheet

from followups.reports.exports.cells import Reader, cells, csv_cells, sheet_cells
from followups.reports.exports.columns import Column, Columns, Holds, Row
from surveys.spreadsheets import BYTE_ORDER_MARK

# Excel specifications and limits: 1,048,576 rows, of which the first is the header.
ROWS_OF_A_SHEET = 1_048_575
# A part of a ZIP file holds 2 GiB unless it is of the kind that Excel offers to repair (ZIP64). Long texts fill a sheet
# before its rows do; so many bytes of it begin the next. They are looked at every so many rows.
BYTES_OF_A_SHEET = 2_000_000_000
ROWS_BETWEEN_LOOKS = 100
# A sheet's name has 31 characters and none of these.
_NOT_IN_A_NAME = str.maketrans(dict.fromkeys("[]:*?/\\'"))


class TooLarge(Exception):
    """No spreadsheet holds so much."""


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"

    @property
    def content_type(self) -> str:
        if self is Format.CSV:
            return "text/csv; charset=utf-8"
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


FORMATS = frozenset(form.value for form in Format)


def csv_head(columns: Columns, reader: Reader) -> bytes:
    """The header of a CSV file, after the mark where it has one."""
    mark = BYTE_ORDER_MARK if reader.with_mark else ""
    return (mark + _lines([reader.headings(columns)])).encode()


def csv_parts(columns: Columns, reader: Reader, batches: Iterable[list[Row]]) -> Iterator[bytes]:
    """The rows of a CSV file, a part for each batch."""
    convert = csv_cells(columns, reader)
    for rows in batches:
        yield _lines(cells(convert, row) for row in rows).encode()


def _lines(rows: Iterable[Sequence[Any]]) -> str:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    return written.getvalue()


class Spreadsheet:
    """An XLSX file written row by row. Rows wait in a file in `folder` until they are packed; none is kept in memory.

    To be used as a context; left by an exception, no file is made. Raises TooLarge at its end where the packed file
    would have more than 2 GiB.
    """

    def __init__(self, to: Path | IO[bytes], title: str, columns: Columns, reader: Reader, folder: Path) -> None:
        options = {"constant_memory": True, "tmpdir": str(folder), "strings_to_formulas": False,
                   "strings_to_urls": False, "strings_to_numbers": False, "nan_inf_to_errors": False}  # fmt: skip
        self._book = xlsxwriter.Workbook(str(to) if isinstance(to, Path) else to, options)
        self._book.set_properties({"title": title, "comments": f"{reader.zone}"})
        self._title, self._columns = title.translate(_NOT_IN_A_NAME)[:27].strip() or "Rows", columns
        self._headings, self._convert = reader.headings(columns), sheet_cells(columns, reader)
        self._bold = self._book.add_format({"bold": True, "valign": "top"})
        self._formats = [self._format_of(column) for column in columns]
        self._numbers = count(1)
        self._row = 0
        self._sheet = self._new_sheet()

    def __enter__(self) -> Spreadsheet:
        return self

    def __exit__(self, raised: type[BaseException] | None, *_rest: object) -> None:
        try:
            if raised is None:
                self._end_sheet()
                self._book.close()
        except FileSizeError as problem:
            raise TooLarge from problem
        finally:
            # Not closed, the book would pack what is there as it is forgotten. The sheets' files go with their folder.
            self._book.fileclosed = True
            for sheet in self._book.worksheets():
                sheet.row_data_fh.close()

    def write(self, rows: Iterable[Row]) -> None:
        """Add these rows."""
        convert, formats = self._convert, self._formats
        for row in rows:
            if self._is_full():
                self._end_sheet()
                self._sheet = self._new_sheet()
            self._row += 1
            number, write_text, write_number = self._row, self._sheet.write_string, self._sheet.write_number
            for place, cell in enumerate(cells(convert, row)):
                if cell is None:
                    continue
                if isinstance(cell, str):
                    write_text(number, place, cell)
                else:
                    write_number(number, place, cell, formats[place])

    def _is_full(self) -> bool:
        if self._row and self._row % ROWS_BETWEEN_LOOKS == 0 and self._sheet.row_data_fh.tell() > BYTES_OF_A_SHEET:
            return True
        return self._row == ROWS_OF_A_SHEET

    def _new_sheet(self) -> Worksheet:
        number = next(self._numbers)
        sheet = self._book.add_worksheet(self._title if number == 1 else f"{self._title} {number}")
        for place, column in enumerate(self._columns):
            sheet.set_column(place, place, column.width)
            sheet.write_string(0, place, self._headings[place], self._bold)
        sheet.freeze_panes(1, 0)
        # Numbers of rows are texts on purpose; no corner of a cell need say so.
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        self._row = 0
        return sheet

    def _end_sheet(self) -> None:
        self._sheet.autofilter(0, 0, self._row, len(self._columns) - 1)

    def _format_of(self, column: Column) -> Any:
        shown = {Holds.DAY: "yyyy-mm-dd", Holds.MOMENT: "yyyy-mm-dd hh:mm"}.get(column.holds)
        return self._book.add_format({"num_format": shown}) if shown else None
