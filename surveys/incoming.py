"""One answer on its way in: the shape that every channel ends in before `surveys.recording` stores it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from django.utils.translation import gettext

# Longest text kept, in characters. 4,000 words of a very angry customer are about 25,000.
LIMITS = {
    "external_id": 250,
    "comment": 50_000,
    "driver": 200,
    "email": 320,
    # Real exports hold ids such as 61e216 that a spreadsheet wrote out: 217 digits.
    "contact_external_id": 400,
    "name": 300,
    "phone": 40,
    "language": 10,
    "time_zone": 64,
    "account_external_id": 200,
    "account_name": 300,
    "touchpoint": 200,
    "answered_for": 200,
    "product": 200,
}
ATTRIBUTES_KEPT = 100
ATTRIBUTE_NAME_LIMIT = 200
ATTRIBUTE_VALUE_LIMIT = 5_000

# A clock that runs ahead is forgiven one day; a date beyond that is a wrong year, not an answer from the future.
AHEAD_ALLOWED = timedelta(days=1)
# The score was published in 2003; what is older is an unset clock (1970, 1900) read as a date.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

# NUL cannot be stored in PostgreSQL, half a surrogate pair in no database at all.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class IncomingResponse:
    """One answer as a reader understood it. Times are aware. Empty text and None mean "not said".

    `row` is the reader's own place for it (row of the file with the header as row 1, or position in the list).
    `version_at` is the vendor's own time of this version, where the vendor tells one.
    `row_key` finds an answer again that has no id of its own: digest of its row and how many equal rows came before.
    """

    row: int
    score: int
    external_id: str = ""
    responded_at: datetime | None = None
    version_at: datetime | None = None
    comment: str = ""
    driver: str = ""
    email: str = ""
    contact_external_id: str = ""
    name: str = ""
    phone: str = ""
    language: str = ""
    time_zone: str = ""
    account_external_id: str = ""
    account_name: str = ""
    touchpoint: str = ""
    contact_me: bool | None = None
    share_name: bool | None = None
    answered_for: str = ""
    product: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    row_key: str = ""


@dataclass(frozen=True, slots=True)
class IncomingEvent:
    """Something that happened to a customer, as a sender told it: `reference` is their number of it."""

    row: int
    touchpoint: str
    reference: str
    happened_at: datetime
    journey_ended: bool = False
    email: str = ""
    contact_external_id: str = ""
    name: str = ""
    phone: str = ""
    language: str = ""
    time_zone: str = ""
    account_external_id: str = ""
    account_name: str = ""
    answered_for: str = ""


class NamesCustomer(Protocol):
    """Whatever says whom it is from or about: an answer, or something that happened. Empty text means "not said"."""

    @property
    def email(self) -> str: ...
    @property
    def contact_external_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def phone(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def account_external_id(self) -> str: ...
    @property
    def account_name(self) -> str: ...
    @property
    def answered_for(self) -> str: ...
    @property
    def touchpoint(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that was not taken: which, because of which field, and why in words for the person who sent it."""

    row: int
    field: str
    reason: str


def objections(incoming: IncomingResponse, *, now: datetime) -> Iterator[Rejection]:
    """Yield what forbids storing this answer: text that no database takes or is too long, or an impossible time."""
    for name, limit in LIMITS.items():
        text: str = getattr(incoming, name)
        if text and (reason := objection_to(text, limit)):
            yield Rejection(incoming.row, name, reason)
    if len(incoming.attributes) > ATTRIBUTES_KEPT:
        reason = gettext("%(count)s attributes; at most %(limit)s are kept.") % {
            "count": len(incoming.attributes),
            "limit": ATTRIBUTES_KEPT,
        }
        yield Rejection(incoming.row, "attributes", reason)
    for key, value in incoming.attributes.items():
        if reason := objection_to(key, ATTRIBUTE_NAME_LIMIT) or objection_to(value, ATTRIBUTE_VALUE_LIMIT):
            yield Rejection(incoming.row, "attributes", f"{shorten(key)}: {reason}")
    for name in ("responded_at", "version_at"):
        moment: datetime | None = getattr(incoming, name)
        if moment is not None and (reason := objection_to_moment(moment, now=now)):
            yield Rejection(incoming.row, name, reason)


def objection_to_moment(moment: datetime, *, now: datetime) -> str:
    """Why something cannot have happened then, in a sentence; "" where it can."""
    if moment > now + AHEAD_ALLOWED:
        return gettext("%(date)s is still to come. Is the year right?") % {"date": moment.date()}
    if moment < EARLIEST:
        return gettext("%(date)s is before the year 2000. Is the year right?") % {"date": moment.date()}
    return ""


def objection_to(text: str, limit: int) -> str:
    """Why a text cannot be stored, in a sentence; "" where it can."""
    if len(text) > limit:
        return gettext("%(count)s characters; at most %(limit)s are kept.") % {
            "count": f"{len(text):,}",
            "limit": f"{limit:,}",
        }
    if not text.isascii() or "\x00" in text:
        found = _UNSTORABLE.search(text)
        if found and found[0] == "\x00":
            return gettext("Holds a NUL character, which is not text.")
        if found:
            return gettext("Holds bytes that are not text in the encoding of the rest.")
    return ""


def shorten(text: str, limit: int = 60) -> str:
    """`text` for a message: at most `limit` characters, on one line, with what is not printable written as a code."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in cut)
