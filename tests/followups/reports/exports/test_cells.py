"""How values look in a file: nothing runs, nothing is lost, numbers stay numbers."""

from __future__ import annotations

import io
import math
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followups.reports.exports import files
from followups.reports.exports.cells import LONGEST_CELL, Reader, cells, csv_cells, sheet_cells, shortened
from followups.reports.exports.columns import Column, Holds
from followups.reports.exports.files import Spreadsheet, csv_head, csv_parts
from tests.followups.reports.exports.reading import csv_of, sheets_of, table_of
from tests.journeys import naughty

BERLIN = Reader("en", ZoneInfo("Europe/Berlin"), in_words=True, with_mark=True)
PROGRAM = Reader("en", ZoneInfo("UTC"), in_words=False, with_mark=False)
TEXT = (Column("text", "Text"),)
HOSTILE = (
    "=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x", " =1", "\u00a0=1", "\u200b=1",
    "\ufeff=1", "  \t+1", "\u2028=1", "\x00=1", "\x1b=1", "=cmd|'/c calc'!A0", '=HYPERLINK("http://x.test","a")',
)  # fmt: skip


def as_csv(column: Column, *values: Any, reader: Reader = BERLIN) -> list[str]:
    columns = (column,)
    written = csv_head(columns, reader) + b"".join(csv_parts(columns, reader, [[(value,) for value in values]]))
    return [next(iter(row.values())) for row in csv_of(written)]


def as_sheet(column: Column, *values: Any, folder: Path, reader: Reader = BERLIN) -> list[Any]:
    written = io.BytesIO()
    with Spreadsheet(written, "Rows", (Column("n", "N", Holds.NUMBER), column), reader, folder) as sheet:
        sheet.write((n, value) for n, value in enumerate(values))
    return [row.get(column.heading if reader.in_words else column.key) for row in table_of(written.getvalue())]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_would_run_is_harmless_in_csv_and_a_text_in_a_spreadsheet(text: str, tmp_path: Path) -> None:
    (written,) = as_csv(TEXT[0], text)
    assert written.startswith("'")
    (cell,) = as_sheet(TEXT[0], text, folder=tmp_path)
    assert isinstance(cell, str)


@given(st.text())
def test_no_text_begins_as_a_formula(text: str) -> None:
    (convert,) = csv_cells(TEXT, BERLIN)
    written = convert(text)
    assert not written.lstrip(" \t\r\n\u00a0\u200b\ufeff\u2028\u2029\x85").startswith(
        ("=", "+", "-", "@", "＝", "＋", "－", "＠")
    )
    written.encode()


def test_negative_numbers_stay_numbers(tmp_path: Path) -> None:
    column = Column("nps", "NPS", Holds.NUMBER)
    assert as_csv(column, -12, -12.5, Decimal("-3.20"), 0) == ["-12", "-12.5", "-3.20", "0"]
    assert as_sheet(column, -12, -12.5, Decimal("-3.20"), 0, folder=tmp_path) == [-12, -12.5, -3.2, 0]
    assert as_csv(column, math.nan, math.inf) == ["", ""]
    assert as_sheet(column, math.nan, -math.inf, 2**60, folder=tmp_path) == [None, None, str(2**60)]


def test_moments_are_of_the_readers_clock(tmp_path: Path) -> None:
    column = Column("at", "At", Holds.MOMENT)
    at = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    assert as_csv(column, at, None) == ["2026-07-02T00:30:00+02:00", ""]
    assert as_csv(column, at, reader=PROGRAM) == ["2026-07-01T22:30:00+00:00"]
    # 2 July 2026 is day 46205 of Excel's calendar.
    (serial,) = as_sheet(column, at, folder=tmp_path)
    assert serial == pytest.approx(46_205 + 30 / 1_440)
    assert as_sheet(column, datetime(1899, 1, 1, tzinfo=UTC), folder=tmp_path)[0].startswith("1899-01-01T")


def test_days_are_days(tmp_path: Path) -> None:
    column = Column("day", "Day", Holds.DAY)
    assert as_csv(column, date(2026, 11, 24)) == ["2026-11-24"]
    assert as_sheet(column, date(2026, 11, 24), date(1900, 1, 1), folder=tmp_path) == [46_350, "1900-01-01"]


def test_ids_are_texts_and_codes_are_words_for_people_only(tmp_path: Path) -> None:
    number = Column("number", "Number", Holds.ID)
    assert as_sheet(number, 10**17, "007", folder=tmp_path) == ["100000000000000000", "007"]
    state = Column("state", "State", Holds.CODE, {"new": "New here"})
    assert as_csv(state, "new", "", "=gone") == ["New here", "", "'=gone"]
    assert as_csv(state, "new", reader=PROGRAM) == ["new"]
    known = Column("known", "Known", Holds.YES_NO)
    assert as_csv(known, True, False, None) == ["yes", "no", ""]
    assert as_csv(known, True, False, None, reader=PROGRAM) == ["true", "false", ""]


def come_back(texts: list[str], folder: Path) -> None:
    """All of `texts` are read back from both formats as they were, but for what no file can hold."""
    gone = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xD800, 0xFFFE, 0xFFFF])
    cleaned = [text.translate(gone) for text in texts]
    for text, back in zip(cleaned, as_csv(TEXT[0], *texts), strict=True):
        assert back in (text, f"'{text}")
    # XML reads every end of a line as one character; `_x000D_` that somebody typed has its first sign escaped.
    seen = [text or "" for text in as_sheet(TEXT[0], *texts, folder=folder)]
    assert [text.replace("_x005F_x", "_x") for text in seen] == [
        text.replace("\r\n", "\n").replace("\r", "\n") for text in cleaned
    ]


def test_naughty_strings_come_back_as_they_were(tmp_path: Path) -> None:
    come_back([*naughty.OURS, "_x000D_ as typed", "a\r\nb", "\x00\x07\x0b\ud800 kept \ufffe", "'quoted'"], tmp_path)


def test_the_big_list_of_naughty_strings_comes_back(real_data: Path, tmp_path: Path) -> None:
    come_back(naughty.big_list(real_data), tmp_path)


@pytest.mark.parametrize("text", ["a" * 40_000, "😀" * 20_000, "ab😀" * 12_000])
def test_what_is_too_long_for_a_cell_is_cut_with_a_mark(text: str) -> None:
    cut = shortened(text, "… (cut)")
    assert len(cut.encode("utf-16-le")) // 2 <= LONGEST_CELL
    assert len(cut.encode("utf-16-le")) // 2 >= LONGEST_CELL - 1
    assert cut.endswith("… (cut)") and text.startswith(cut.removesuffix("… (cut)"))


def test_what_just_fits_is_whole() -> None:
    assert shortened("a" * LONGEST_CELL, "cut") == "a" * LONGEST_CELL
    assert shortened("😀" * (LONGEST_CELL // 2), "cut") == "😀" * (LONGEST_CELL // 2)


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(files, "ROWS_OF_A_SHEET", 2)
    written = io.BytesIO()
    columns = (Column("n", "N", Holds.NUMBER),)
    with Spreadsheet(
        written, "A [very] long/name: with what no sheet may be called", columns, BERLIN, tmp_path
    ) as sheet:
        sheet.write([(n,) for n in range(5)])
    found = sheets_of(written.getvalue())
    assert list(found) == [
        "A very longname with what n", "A very longname with what n 2", "A very longname with what n 3",
    ]  # fmt: skip
    assert list(found.values()) == [[["N"], [0], [1]], [["N"], [2], [3]], [["N"], [4]]]


def test_long_texts_that_fill_a_sheet_before_its_rows_do_go_on_in_the_next(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(files, "BYTES_OF_A_SHEET", 40_000)
    monkeypatch.setattr(files, "ROWS_BETWEEN_LOOKS", 2)
    written = io.BytesIO()
    with Spreadsheet(written, "Rows", TEXT, BERLIN, tmp_path) as sheet:
        sheet.write([(f"{n} {'a' * 9_990}",) for n in range(13)])
    found = sheets_of(written.getvalue())
    assert [len(rows) - 1 for rows in found.values()] == [6, 6, 1]
    assert [row[0].partition(" ")[0] for rows in found.values() for row in rows[1:]] == [str(n) for n in range(13)]


def test_a_file_that_no_zip_holds_says_so_and_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 5_000)
    with pytest.raises(files.TooLarge), Spreadsheet(tmp_path / "list.xlsx", "Rows", TEXT, BERLIN, tmp_path) as sheet:
        sheet.write([(f"{n}" * 100,) for n in range(1_000)])


def test_a_spreadsheet_left_by_an_exception_makes_no_file(tmp_path: Path) -> None:
    place = tmp_path / "list.xlsx"
    with pytest.raises(RuntimeError), Spreadsheet(place, "Rows", TEXT, BERLIN, tmp_path) as sheet:
        sheet.write([("a",)])
        raise RuntimeError
    assert not place.exists()


def test_the_header_stands_still(tmp_path: Path) -> None:
    written = io.BytesIO()
    with Spreadsheet(written, "Rows", TEXT, BERLIN, tmp_path) as sheet:
        sheet.write([("a",)])
    xml = zipfile.ZipFile(written).read("xl/worksheets/sheet1.xml").decode()
    assert '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' in xml
    assert '<autoFilter ref="A1:A2"/>' in xml


def test_a_row_has_a_cell_for_each_column() -> None:
    with pytest.raises(ValueError):
        cells(sheet_cells(TEXT, BERLIN), ("a", "b"))
