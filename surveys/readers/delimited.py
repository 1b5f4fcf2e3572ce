"""From the bytes of a text file to rows of cells: encoding, separator, line ends. Memory does not grow with the file.

`csv.field_size_limit` is one setting for the whole process; this module owns it.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path

from django.utils.translation import gettext, gettext_noop

SEPARATORS = ",;\t|"
SEPARATOR_IN_WORDS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
COLUMNS_LIMIT = 1_000
# Larger than any text we keep, so that a long comment is refused by its row; small enough to stop at a quotation mark
# that was never closed, which would swallow the rest of the file into one cell.
CELL_LIMIT = 1_000_000
# No line is longer: 1,000 columns of honest text fit, and a file without line ends never fills the memory.
LINE_LIMIT = 8_000_000
csv.field_size_limit(CELL_LIMIT)

_SAMPLE_BYTES = 256 * 1024
_SAMPLE_ROWS = 100
_BLOCK = 1024 * 1024
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_NOT_TEXT = {
    b"PK\x03\x04": gettext_noop("a zip archive or an Excel workbook"),
    b"PK\x05\x06": gettext_noop("an empty zip archive"),
    b"\xd0\xcf\x11\xe0": gettext_noop("an old Excel workbook"),
    b"%PDF": gettext_noop("a PDF"),
    b"\x1f\x8b": gettext_noop("a gzip archive"),
    b"\x7fELF": gettext_noop("a program"),
    b"\x89PNG": gettext_noop("a picture"),
    b"\xff\xd8\xff": gettext_noop("a picture"),
    b"SQLite format 3": gettext_noop("a database"),
    b"{\\rtf": gettext_noop("a word processor's document"),
}


class UnreadableFile(ValueError):
    """The file as a whole cannot be taken. The message is one line that says why."""


@dataclass(frozen=True, slots=True)
class Table:
    """A text file of rows: how it is written, and its first row. Rows are read anew at each `rows()`."""

    path: Path
    encoding: str
    errors: str
    separator: str
    skipped_lines: int
    header: tuple[str, ...]
    header_row: int = 1

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (row number, cells) of every row below the header that holds anything, the file's first row being 1.

        Raises UnreadableFile where the quotation marks do not add up, naming the line where that row began.
        """
        return (numbered for numbered in self.filled_rows() if numbered[0] > self.header_row)

    def filled_rows(self) -> Iterator[tuple[int, list[str]]]:
        """As `rows`, with the header."""
        try:
            with self.path.open(encoding=self.encoding, errors=self.errors, newline="") as file:
                for _ in range(self.skipped_lines):
                    file.readline()
                for number, cells in _parsed(_bounded_lines(file), self.separator, self.skipped_lines):
                    if any(cell and not cell.isspace() for cell in cells):
                        yield number, cells
        except UnicodeError as error:
            raise UnreadableFile(
                gettext("The file cannot be read as %(encoding)s: %(error)s.")
                % {"encoding": self.encoding, "error": error}
            ) from error


def open_table(path: Path) -> Table:
    """Find out how the file is written. Reads it once. Raises UnreadableFile when it is no text of rows."""
    if not path.is_file():
        raise UnreadableFile(gettext("There is no such file."))
    try:
        with path.open("rb") as file:
            sample = file.read(_SAMPLE_BYTES)
    except OSError as error:
        raise UnreadableFile(
            gettext("The file cannot be opened: %(error)s.") % {"error": error.strerror or error}
        ) from error
    _refuse_what_is_no_text(sample)
    encoding, errors = _encoding(path, sample)
    text = codecs.getincrementaldecoder(encoding)(errors).decode(sample)
    skipped = 1 if text[:5].lower().startswith("sep=") and text[5:6] in ("\r", "\n") else 0
    separator = text[4] if skipped else _separator(text)
    if separator in '"\r\n':
        raise UnreadableFile(gettext("The first line names no separator that can be used."))
    unread = Table(path, encoding, errors, separator, skipped, ())
    header_row, names = next(unread.filled_rows(), (1, []))
    header = tuple(name.strip() for name in names)
    if not any(header):
        raise UnreadableFile(gettext("The file holds no line with the names of the columns."))
    if len(header) > COLUMNS_LIMIT:
        raise UnreadableFile(
            gettext("The file has %(count)s columns; at most %(limit)s are read.")
            % {"count": f"{len(header):,}", "limit": f"{COLUMNS_LIMIT:,}"}
        )
    if any("\x00" in name for name in header):
        raise UnreadableFile(gettext("The first line holds a NUL character, so it is no line of column names."))
    return Table(path, encoding, errors, separator, skipped, header, header_row)


def _bounded_lines(file: io.TextIOBase) -> Iterator[str]:
    number = 0
    while line := file.readline(LINE_LIMIT):
        number += 1
        if len(line) == LINE_LIMIT:
            raise UnreadableFile(
                gettext("Line %(line)s is longer than %(limit)s characters, so this is no file of rows.")
                % {"line": f"{number:,}", "limit": f"{LINE_LIMIT:,}"}
            )
        yield line


def _parsed(lines: Iterable[str], separator: str, skipped: int = 0) -> Iterator[tuple[int, list[str]]]:
    # strict: without it, a quotation mark that is never closed ends the file silently in the middle.
    reader = csv.reader(lines, delimiter=separator, strict=True)
    began = skipped + 1
    number = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableFile(_in_words(error, began)) from error
        began = skipped + reader.line_num + 1
        number += 1
        yield number, cells


def _in_words(error: csv.Error, line: int) -> str:
    message = str(error)
    if "field larger" in message:
        return gettext(
            "A cell in line %(line)s is longer than %(limit)s characters: "
            "perhaps a quotation mark there is never closed."
        ) % {"line": f"{line:,}", "limit": f"{CELL_LIMIT:,}"}
    if "unexpected end" in message:
        return gettext("A quotation mark in line %(line)s is never closed.") % {"line": f"{line:,}"}
    if "expected after" in message:
        return gettext(
            "Line %(line)s has text after a closing quotation mark: a quotation mark inside a cell must be doubled."
        ) % {"line": f"{line:,}"}
    return gettext("Line %(line)s cannot be read: %(error)s.") % {"line": f"{line:,}", "error": message}


def _refuse_what_is_no_text(sample: bytes) -> None:
    if not sample.strip(b"\r\n\t \x00"):
        raise UnreadableFile(gettext("The file is empty."))
    for beginning, what in _NOT_TEXT.items():
        if sample.startswith(beginning):
            raise UnreadableFile(
                gettext("The file is %(what)s, not text: save it as CSV first.") % {"what": gettext(what)}
            )
    if sample.lstrip()[:9].lower() in (b"<!doctype", b"<html>") or sample.lstrip()[:5] in (b"<?xml", b"<html"):
        raise UnreadableFile(gettext("The file is a web page or XML, not rows of text: save it as CSV first."))


def _encoding(path: Path, sample: bytes) -> tuple[str, str]:
    """Return the encoding and how to treat bytes that do not fit it.

    A byte-order mark decides; then NULs in every second place (UTF-16 without a mark); then UTF-8 if all of the file
    is; else cp1252, unless at least half of what is not ASCII is sound UTF-8: then single places are broken, and their
    rows are refused one by one instead of every accent of the file becoming two wrong letters.
    """
    if sample.startswith(codecs.BOM_UTF8):
        return "utf-8-sig", "surrogateescape"
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", "strict"
    places = Counter(index % 2 for index, byte in enumerate(sample[:4096]) if byte == 0)
    half = min(len(sample), 4096) // 2
    if places[1] > half * 0.3 and places[0] < half * 0.1:
        return "utf-16-le", "strict"
    if places[0] > half * 0.3 and places[1] < half * 0.1:
        return "utf-16-be", "strict"
    if sum(places.values()) > half * 0.2:
        raise UnreadableFile(gettext("The file is not text: every few bytes there is a NUL."))
    found = _utf8_count(path)
    if found.broken and (found.broken > found.sound or (found.broken == found.sound and not found.clear)):
        if _has_control_codes(sample):
            raise UnreadableFile(gettext("The file is not text in UTF-8, UTF-16 or Windows-1252."))
        return "cp1252", "surrogateescape"
    return "utf-8", "surrogateescape"


@dataclass(slots=True)
class _Utf8Count:
    """Letters beyond ASCII that are sound UTF-8, those among them that no other encoding writes by chance, and places
    at which the bytes are no UTF-8."""

    sound: int = 0
    clear: int = 0
    broken: int = 0


def _utf8_count(path: Path) -> _Utf8Count:
    """One pass. A letter that was cut is one broken place, however many of its bytes are left.

    In a Windows-1252 file two bytes make a letter by chance where a capital or ß stands before a sign ("Gruß”" is
    one). The two-byte letters of Western Europe begin with Ã or Â there, which no word ends with, and three bytes in
    a row are no text at all: those are clear.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    found, was_wrong = _Utf8Count(), False
    with path.open("rb") as file:
        while True:
            block = file.read(_BLOCK)
            text = decoder.decode(block, final=not block)
            if text.isascii():
                was_wrong = was_wrong and not text
            else:
                was_wrong = _count_into(found, text, was_wrong)
            if not block:
                return found


def _count_into(found: _Utf8Count, text: str, was_wrong: bool) -> bool:
    """Add what `text` holds; whether its last letter is a broken byte."""
    for run in _BEYOND_ASCII.finditer(text):
        for is_wrong, letters in groupby(run[0], key=lambda letter: "\udc80" <= letter <= "\udcff"):
            if is_wrong:
                found.broken += not (was_wrong and run.start() == 0)
            else:
                beyond = list(letters)
                found.sound += len(beyond)
                found.clear += sum(letter <= "\xff" or letter >= "\u0800" for letter in beyond)
            was_wrong = False
    return "\udc80" <= text[-1] <= "\udcff"


def _has_control_codes(sample: bytes) -> bool:
    codes = sum(byte < 32 and byte not in b"\t\r\n\x0b\x0c" for byte in sample)
    return codes > len(sample) * 0.02


def _separator(text: str) -> str:
    """The separator under which most of the first rows are as wide as the header, and the header is widest."""

    def fit(separator: str) -> tuple[float, int]:
        rows: list[list[str]] = []
        with suppress(UnreadableFile):  # The sample may end inside a cell; what was read up to there counts.
            for _, cells in islice(_parsed(io.StringIO(text, newline=""), separator), _SAMPLE_ROWS):
                if any(cells):
                    rows.append(cells)
        if not rows or len(rows[0]) < 2:
            return 0.0, 0
        width = len(rows[0])
        return sum(len(cells) == width for cells in rows) / len(rows), width

    best = max(SEPARATORS, key=fit)
    return best if fit(best)[1] else ","
