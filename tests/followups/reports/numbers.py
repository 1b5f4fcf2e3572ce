"""Every number on a report page: those that are links with what they say they count, and those that are none.

What may stand without a link: an interval, a difference with its margin, a day, a clock time, a wait, a percentage beside
a link in the same row or sentence, the labels of an axis and the headings of a table, a single score, and what is set and
not counted (a goal, a limit, the 20 answers a figure needs, how many bars a sentence compares).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.test import Client

VOID = frozenset({"input", "br", "meta", "link", "hr", "img"})
# Parts of a page that show no figures: what was asked, where one can go, and what is drawn for the eye alone.
ASIDE = frozenset({"form", "nav", "summary", "script", "option"})
ASIDE_CLASSES = frozenset({"chips", "crumbs", "page-note", "score", "legend", "empty-art"})
LISTS = ("/tickets/", "/reports/answers/", "/reports/promises/", "/surveys/invitations/", "/reports/accounts/")

MINUS = "−"
NUMBER = rf"[+{MINUS}]?\d+"
UNLINKED = [
    rf"{NUMBER} ± \d+",
    rf"{NUMBER} to {NUMBER}(?: %)?",
    r"\d{1,2} (?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)\w*(?: \d{4})?",
    r"(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)\w* \d{4}",
    r"\d\d:\d\d",
    r"\d+ (?:min|h|days?)\b",
    rf"goal (?:of |at )?{NUMBER}(?: %)?",
    r"limit \d+",
    r"where 1 is even",
    r"From 20 answers on",
    r"even with \d+ (?:changes )?compared|[Ww]ith \d+ compared",
    r"95 % interval",
]


@dataclass
class Link:
    """A link of the page: `words` is what is read, `title` what a mark of a chart says, `is_name` a row's heading."""

    href: str
    words: str = ""
    title: str = ""
    is_name: bool = False


@dataclass
class Loose:
    """Text with a digit that is in no link. `beside` says whether its row or sentence holds one."""

    words: str
    where: str
    beside: bool = False


@dataclass
class _Element:
    tag: str
    classes: frozenset[str]
    attributes: dict[str, str]
    links: int = 0


@dataclass
class Page(HTMLParser):
    """What a page says in numbers. Feed it the HTML of a report page."""

    links: list[Link] = field(default_factory=list)
    loose: list[tuple[Loose, list[_Element]]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    stack: list[_Element] = field(default_factory=list)
    open_link: Link | None = None

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        attributes = {name: value or "" for name, value in attrs}
        element = _Element(tag, frozenset(attributes.get("class", "").split()), attributes)
        self.stack.append(element)
        if tag == "a" and self._in_main() and not self._aside():
            label = "hbars-label" in element.classes or any(each.tag == "th" for each in self.stack)
            self.open_link = Link(attributes.get("href", ""), is_name=label)
            self.links.append(self.open_link)
            for each in self.stack:
                each.links += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A mark of a drawing: it holds no text."""

    def handle_endtag(self, tag: str) -> None:
        while self.stack:
            element = self.stack.pop()
            if element.tag == "a":
                self.open_link = None
            if element.tag == tag:
                return

    def handle_data(self, data: str) -> None:
        words = " ".join(data.split())
        if not words or not self._in_main() or self._aside():
            return
        heading = any(each.tag == "th" for each in self.stack)
        if heading or any("hbars-label" in each.classes for each in self.stack):
            self.names.add(words)
        if self.open_link is not None:
            if self.stack[-1].tag == "title":
                self.open_link.title = words
            else:
                self.open_link.words = f"{self.open_link.words} {words}".strip()
        elif re.search(r"\d", words) and not heading and not self._axis():
            where = "/".join(".".join([each.tag, *each.classes]) for each in self.stack[-4:])
            self.loose.append((Loose(words, where), list(self.stack)))

    def _in_main(self) -> bool:
        return any(each.tag == "main" for each in self.stack)

    def _aside(self) -> bool:
        return any(each.tag in ASIDE or each.classes & ASIDE_CLASSES for each in self.stack)

    def _axis(self) -> bool:
        """Labels of axes and single answers are bare text in a drawing; figures written into one have a class."""
        last = self.stack[-1]
        return last.tag == "text" and not last.classes - {"x-minor"}

    def without_link(self) -> list[Loose]:
        """What stands in no link and should: numbers that are left when all that may stand alone is taken away."""
        spoken = (name for name in self.names if re.search(r"\d", name) and re.search(r"[^\W\d]", name))
        names = sorted(spoken, key=len, reverse=True)
        found = []
        for loose, stack in self.loose:
            words = loose.words.replace("\xa0", " ")
            for name in names:
                either = "|".join(re.escape(begun + name[1:]) for begun in (name[0], name[0].lower()))
                words = re.sub(rf"(?<!\d)(?:{either})(?!\d)", "", words)
            for pattern in UNLINKED:
                words = re.sub(pattern, "", words)
            around = [each for each in stack if each.tag in ("tr", "p") or "hbars-pair" in each.classes]
            if any(each.links for each in around):
                words = re.sub(r"\d+ %", "", words)
            if re.search(r"\d", words):
                found.append(loose)
        return found


@dataclass(frozen=True)
class Claim:
    """What a link says it opens: `n` rows, which are so many of `of` (`percent`), or have this `nps`."""

    n: int
    of: int | None = None
    percent: int | None = None
    nps: int | None = None


CLAIMS = [
    rf"(?P<nps>{NUMBER}) NPS of (?P<n>\d+) answers",
    rf"(?P<nps>{NUMBER}) n = (?P<n>\d+)",
    r"(?P<percent>\d+) %(?: .*?,)? (?P<n>\d+) of (?P<of>\d+)",
    r"(?P<n>\d+) of (?P<of>\d+)(?: [^\d,]+)?",
    r"(?P<n>\d+)",
    r"The (?P<n>\d+) tickets?",
    r"(?:Read the )?(?P<n>\d+) (?:excluded|promoters|passives|detractors|answers?)",
    r"(?P<n>\d+) answers?: not enough.*",
    r"\D+ (?P<n>\d+)",
]
TITLES = [
    rf".*: NPS (?P<nps>{NUMBER}), .*, (?P<n>\d+) answers",
    r"(?P<n>\d+) at work.*",
    r"(?P<n>\d+) tickets? by then",
    r".*: (?P<n>\d+)(?: .*)?",
]
# What a link may say that is no count: a wait, money, a fairness index, nothing yet.
NO_CLAIM = r"\d+ (?:min|h|days?)|[^\w\s]?[\d,.]+k?|[A-Z]{3} [\d,.]+|–|Read the answer"


def claim_of(link: Link) -> Claim | None:
    """What a link says; None where it says no number. Raises ValueError for a number that it does not explain."""
    words = link.words.replace("\xa0", " ")
    if link.is_name:
        return None
    for patterns, text in ((TITLES, link.title.replace("\xa0", " ")), (CLAIMS, words)):
        for pattern in patterns if text else ():
            if found := re.fullmatch(pattern, text):
                given = {name: value and int(value.replace(MINUS, "-")) for name, value in found.groupdict().items()}
                return Claim(**given)
    if not re.search(r"\d", words + link.title) or re.fullmatch(NO_CLAIM, words):
        return None
    raise ValueError(f"This link has a number that says nothing: {link}")


def rows_of(html: str) -> int:
    """How many rows one page of a list shows."""
    return len(re.findall(r'<tr id="t\d|<li class="row|<tr data-row=|<tr><th scope="row" class="start">', html))


def following(html: str) -> str:
    """Where the next page of a list is; empty on the last one."""
    found = re.search(r'<a class="btn" href="([^"]+)" rel="next"', html)
    return found[1].replace("&amp;", "&") if found else ""


@dataclass
class Follower:
    """Opens lists as one person and counts what is in them; each list once."""

    client: Client
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, href: str) -> int:
        """How many rows a list has, by what it states and, where it is one page, by its rows as well."""
        if href not in self.counts:
            self.counts[href] = self._count(href)
        return self.counts[href]

    def _count(self, href: str) -> int:
        html = self._get(href)
        rows, more = rows_of(html), following(html)
        path = urlsplit(href).path
        if path == "/reports/accounts/":
            return rows + (self._count(path + more) if more else 0)
        stated = re.search(
            r'<span class="muted small inline">(\d+) tickets?</span>|<h1 class="page-title">(\d+) ', html
        )
        total = int(stated[1] or stated[2]) if stated else 0
        assert total == rows or more or not stated, (href, total, rows)
        assert stated or not rows, href
        return total

    def _get(self, href: str) -> str:
        answer = self.client.get(href)
        assert answer.status_code == 200, href
        return answer.content.decode()

    def nps(self, href: str) -> int:
        """NPS of the answers of a list, halves away from zero, by counting promoters and detractors in it."""
        address = urlsplit(href)
        asked = [(name, value) for name, value in parse_qsl(address.query) if name != "band"]

        def of(band: str) -> int:
            return self.count(f"{address.path}?{urlencode([*asked, ('band', band)])}")

        value = 100 * (of("promoter") - of("detractor")) / self.count(href)
        return int(abs(value) + 0.5) * (1 if value > 0 else -1)


def wrong_numbers(html: str, follower: Follower) -> tuple[list[str], int]:
    """What is wrong with the numbers of a page, one line each, and how many links were followed and held."""
    page = Page()
    page.feed(html)
    wrong = [f"no link: {loose.words!r} in {loose.where}" for loose in page.without_link()]
    held = 0
    for link in page.links:
        address = urlsplit(link.href)
        if address.path not in LISTS:
            continue
        claim = claim_of(link)
        if claim is None:
            continue
        n = follower.count(link.href)
        if n != claim.n:
            wrong.append(f"{n} behind: {link}")
        if claim.percent is not None and claim.of and int(100 * claim.n / claim.of + 0.5) != claim.percent:
            wrong.append(f"no such rate: {link}")
        if claim.nps is not None and follower.nps(link.href) != claim.nps:
            wrong.append(f"NPS {follower.nps(link.href)} behind: {link}")
        held += 1
    return wrong, held
