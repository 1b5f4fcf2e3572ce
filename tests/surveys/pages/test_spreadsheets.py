"""Cells that a spreadsheet program would run stay text."""

import csv
import io

import pytest

from surveys.spreadsheets import BYTE_ORDER_MARK, guarded, lines


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_what_would_run_gets_an_apostrophe(cell: str) -> None:
    assert guarded(cell) == "'" + cell


@pytest.mark.parametrize(("cell", "text"), [("plain", "plain"), (12, "12"), (None, ""), ("a=b", "a=b"), ("", "")])
def test_what_is_harmless_stays_as_it_is(cell: object, text: str) -> None:
    assert guarded(cell) == text


def test_lines_are_read_back_as_they_were() -> None:
    text = "".join(lines([["Row", "Why"], [1, 'He said "no",\nand left']]))
    assert text.startswith(BYTE_ORDER_MARK)
    assert list(csv.reader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK)))) == [
        ["Row", "Why"],
        ["1", 'He said "no",\nand left'],
    ]
