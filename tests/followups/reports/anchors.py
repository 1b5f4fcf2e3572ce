"""The links of a page, with the words on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Anchor:
    href: str
    words: str = ""


@dataclass
class _Reader(HTMLParser):
    found: list[Anchor] = field(default_factory=list)
    open_: list[Anchor] = field(default_factory=list)
    attributes: set[str] = field(default_factory=set)
    ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes |= {name for name, _ in attrs}
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag == "a":
            self.open_.append(Anchor(dict(attrs).get("href") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self.found.append(self.open_.pop())

    def handle_data(self, data: str) -> None:
        if self.open_:
            self.open_[-1].words += data


def read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    return reader


def anchors(page: str) -> list[Anchor]:
    """Every link, its words with single blanks."""
    return [Anchor(found.href, " ".join(found.words.split())) for found in read(page).found]
