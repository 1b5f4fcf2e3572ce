"""HTML of a mail as plain text. A scanner of its own that goes through the text once: the stdlib's parser takes
quadratic time for some broken markup, and mail is written by strangers. What it makes is only ever shown as text.
"""

from __future__ import annotations

import re
from html import unescape

_BREAKS = frozenset(
    "address article aside blockquote br center dd div dl dt footer form h1 h2 h3 h4 h5 h6 header hr li main ol p pre"
    " section table tr ul".split()
)
_UNSEEN = frozenset(("head", "script", "style", "title", "noscript", "template"))
_TAG = re.compile(r"/?\s*([a-z][a-z0-9]{0,20})", re.IGNORECASE | re.ASCII)
_LONGEST_TAG = 20_000
_SPACES = re.compile(r"[ \t\r\n\f\xa0]+")


def to_text(html: str) -> str:
    """Return the words of `html`, a line per block; what stands in a blockquote begins with `>`. Linear."""
    return "\n".join(_Scanner(html).lines()).strip()


class _Scanner:
    def __init__(self, html: str) -> None:
        self._html = html
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quoted = 0
        self._unseen = ""

    def lines(self) -> list[str]:
        html, at = self._html, 0
        while at < len(html):
            start = html.find("<", at)
            if start < 0:
                self._words(html[at:])
                break
            self._words(html[at:start])
            at = self._markup(start)
        self._end_line()
        return self._lines

    def _markup(self, start: int) -> int:
        """Take in what begins with `<` at `start`, and return where to go on."""
        html = self._html
        if html.startswith("<!--", start):
            end = html.find("-->", start + 4)
            return end + 3 if end >= 0 else len(html)
        found = _TAG.match(html, start + 1, min(start + 40, len(html)))
        if found is None and not html.startswith(("<!", "<?"), start):
            self._words("<")
            return start + 1
        end = html.find(">", start, start + _LONGEST_TAG)
        if end < 0:
            # A tag without an end: what follows is no markup any more.
            return start + _LONGEST_TAG
        if found is not None:
            self._tag(found[1].lower(), closes=html.startswith("</", start))
        return end + 1

    def _tag(self, name: str, *, closes: bool) -> None:
        if self._unseen:
            if name == "body" or (closes and name == self._unseen):
                self._unseen = ""
            return
        if name in _UNSEEN and not closes:
            self._unseen = name
        if name in _BREAKS:
            self._end_line()
        if name == "blockquote":
            self._quoted = max(0, min(50, self._quoted + (-1 if closes else 1)))

    def _words(self, text: str) -> None:
        if text and not self._unseen:
            self._line.append(text)

    def _end_line(self) -> None:
        text = _SPACES.sub(" ", unescape("".join(self._line))).strip()
        self._line = []
        if text or (self._lines and self._lines[-1]):
            self._lines.append(("> " if self._quoted else "") + text if text else "")
