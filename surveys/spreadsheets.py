"""Tables that people open in a spreadsheet program: what looks like a formula stays text. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator

# Beginnings that Excel, LibreOffice or Google Sheets take for a formula or that hide one.
# Source: https://owasp.org/www-community/attacks/CSV_Injection
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BYTE_ORDER_MARK = "\ufeff"
# What programs skip before they look at a beginning: blanks of all kinds, and characters that nobody sees.
_SKIPPED = re.compile(r"[\s\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")


class _Line:
    """Hands back each line as it is written."""

    def write(self, text: str) -> str:
        return text


def guarded(cell: object) -> str:
    """The cell as text; one that would run as a formula gets an apostrophe in front, which the programs hide."""
    text = "" if cell is None else str(cell)
    # Most begin with a letter or a figure, and this is asked of every cell of every file.
    if not text or text[0].isalnum():
        return text
    if text.startswith(RISKY):
        return f"'{text}"
    skipped = _SKIPPED.match(text)
    return f"'{text}" if skipped and text.startswith(RISKY, skipped.end()) else text


def lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """The rows as lines of CSV, one at a time, with the mark by which Excel knows that it is UTF-8."""
    writer = csv.writer(_Line())
    yield BYTE_ORDER_MARK
    for row in rows:
        yield writer.writerow([guarded(cell) for cell in row])
