"""Strings that break careless pages, and how to fill the rows of a company with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from itertools import cycle, groupby, islice
from pathlib import Path
from typing import Any
from unicodedata import category

from django.db.models import Model

from followups.models import (
    Action,
    ContactAttempt,
    DismissalRequest,
    LetterTemplate,
    Note,
    Reply,
    Resolution,
    RootCause,
    SavedView,
    Team,
    Ticket,
    Verdict,
)
from followups.models.tickets import TicketState
from nps_loop.mail.models import Message
from nps_loop.people.models import User
from surveys.models import Account, Brand, Contact, Response, Source, Touchpoint
from surveys.quoting import display

# Whatever was taken for markup would leave an element of this class, whatever ran a mark on the window.
OURS = (
    '<script>window.naughty = 1</script><b class="naughty">bold</b>',
    '"><img class="naughty" src="x" onerror="window.naughty = 1">',
    "'; alert(1); //",
    "</textarea></title></style><i class=naughty>",
    "javascript:window.naughty=1",
    "&lt;b class=&quot;naughty&quot;&gt;&amp;amp;",
    "{{7*7}} {% now 'Y' %} ${7*7} #{7*7}",
    "Robert'); DROP TABLE surveys_response;--",
    "W" * 400,
    "donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2,
    "https://example.com/" + "a/" * 150,
    "Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤ ̖t̝͕̳̣̻̪͞h̼͓̲̦̳̘̲e͇̣̰̦̬͎ ̢̼̻̱̘h͚͎͙̜̣̲ͅi̦̲̣̰̤v̻͍e̺̭̳̪̰",
    "مرحبا بالعالم، هذا نص طويل من اليمين إلى اليسار (1,234)",
    "\u202emirrored\u202c \u2067text\u2069",
    "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏿 🇸🇪",
    "社會科學院語學研究所の電子計算機は夜も昼も働いている",
    "=HYPERLINK(\"http://x.test\",\"a\")",
    "%s %d %(name)s {0} {name} \\n \\u0041",
    "../../../../etc/passwd%00.html",
    "NULL undefined None NaN -0 1e309",
    "a\u00a0b\u2028c\u2029d\ufeffe",
    "🀀" * 300,
)  # fmt: skip


def big_list(folder: Path) -> list[str]:
    """The strings of the Big List of Naughty Strings in `folder`, those that a database can store.

    Without those that are one letter under hundreds of marks: no browser breaks a letter, and where no font knows it each
    mark is drawn as a box of its own.
    """
    lines = (folder / "blns__blns.txt").read_text(encoding="utf-8").split("\n")
    found = [line for line in lines if line.strip() and not line.startswith("#") and "\x00" not in line]
    return [line for line in found if _marks_in_a_row(line) < 30]


def _marks_in_a_row(line: str) -> int:
    return max((len(list(run)) for is_mark, run in groupby(line, _is_mark) if is_mark), default=0)


def _is_mark(letter: str) -> bool:
    return category(letter) in ("Mn", "Me")


# What people and files bring in, a name or a line of it, and whole texts.
LINES: dict[type[Model], tuple[str, ...]] = {
    Account: ("name", "segment", "region"),
    Action: ("title",),
    Brand: ("name", "legal_footer"),
    Contact: ("name", "first_name", "role", "good_time"),
    LetterTemplate: ("name", "subject"),
    Message: ("subject", "recipient_name", "from_name", "reason"),
    Response: ("driver", "product", "segment", "region"),
    RootCause: ("name",),
    SavedView: ("name",),
    Source: ("name",),
    Team: ("name",),
    Ticket: ("hold_reason",),
    Touchpoint: ("name", "customer_phrase"),
    User: ("first_name", "last_name", "title"),
}
TEXTS: dict[type[Model], tuple[str, ...]] = {
    Action: ("note", "what_changed", "dropped_reason"),
    ContactAttempt: ("note", "line_for_customer"),
    DismissalRequest: ("explanation",),
    LetterTemplate: ("text",),
    Message: ("text",),
    Note: ("text",),
    Reply: ("text",),
    Resolution: ("what_changed", "why_it_happened", "differ_text"),
    Response: ("verbatim",),
    Verdict: ("text",),
}


def spoil(strings: Sequence[str], agent: User) -> None:
    """Put `strings` wherever people may write, in turn, and all of them into the answer behind a ticket of `agent`."""
    line, text = cycle(strings), cycle(strings)
    for model, names in LINES.items():
        _write(model, names, lambda: " ".join(next(line).split()))
    for model, names in TEXTS.items():
        _write(model, names, lambda: "\n".join(islice(text, 3)))
    mine = Ticket.objects.filter(owner=agent, state=TicketState.ASSIGNED, contact__isnull=False).latest("pk")
    Response.objects.filter(pk=mine.response_id).update(verbatim="\n".join(strings))


def _write(model: type[Model], names: Sequence[str], make: Any) -> None:
    rows = list(model._default_manager.order_by("pk"))
    for row in rows:
        for name in names:
            # Unique names stay so; a field that says nothing may mean something by it.
            limit = model._meta.get_field(name).max_length  # type: ignore[union-attr]
            unique = f"{row.pk} " if model._meta.get_field(name).unique else ""  # type: ignore[union-attr]
            if getattr(row, name) or name in ("segment", "region", "role", "driver"):
                setattr(row, name, f"{unique}{make()}"[:limit])
    model._default_manager.bulk_update(rows, names)


KEPT = frozenset({"variant", "language", "words_language", "lang", "day", "kind", "colour", "opened", "reply_address"})


def spoiled(value: Any, strings: Iterator[str]) -> Any:
    """`value` (a mail's context, a customer's page) with every text in it replaced, all the way down."""
    if isinstance(value, dict):
        return {name: one if _stays(name) else spoiled(one, strings) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(spoiled(one, strings) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        new = {f.name: spoiled(getattr(value, f.name), strings) for f in fields(value) if not _stays(f.name) and f.init}
        return replace(value, **new)
    return next(strings) if type(value) is str and value else value


def _stays(name: str) -> bool:
    return name in KEPT or name.endswith(("link", "url"))


def seen(text: str) -> str:
    """Text as an eye takes it in: blanks are blanks, what has no width is not there."""
    return " ".join(display(text).split())
