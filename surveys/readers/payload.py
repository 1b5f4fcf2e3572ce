"""A posted JSON object read as one answer, with what is wrong told field by field."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import available_timezones

from surveys.identity import normalise_email
from surveys.incoming import (
    ATTRIBUTES_KEPT,
    LIMITS,
    IncomingEvent,
    IncomingResponse,
    Rejection,
    objection_to,
    objection_to_moment,
    objections,
    shorten,
)
from surveys.readers.cells import language_from
from surveys.readers.dates import BadDate, DateOrder, parse_moment
from surveys.scoring import BadScore, parse_score

TEXT_FIELDS = (
    "external_id", "comment", "driver", "email", "contact_external_id", "name", "phone", "language",
    "time_zone", "account_external_id", "account_name", "touchpoint", "answered_for", "product",
)  # fmt: skip
# Other names under which senders know the same thing.
ALSO_CALLED = {
    "verbatim": "comment",
    "customer_id": "contact_external_id",
    "contact_id": "contact_external_id",
    "account_id": "account_external_id",
    "account": "account_name",
    "company": "account_name",
    "customer_name": "name",
    "customer_email": "email",
    "updated_at": "version_at",
}
# What an event may say: its own fields, and who the customer is as an answer says it.
EVENT_LIMITS = {
    "reference": 200,
    **{name: LIMITS[name] for name in (
        "touchpoint", "email", "contact_external_id", "name", "phone", "language", "time_zone", "account_external_id",
        "account_name",
    )},
}  # fmt: skip
EVENT_FIELDS = frozenset((*EVENT_LIMITS, "happened_at", "journey_ended"))
# Reading the names of all zones from disk takes a tenth of a second.
_zones = functools.cache(available_timezones)
# Ids are often numbers where they were made; they stay the digits that were sent.
_NUMBERS_ALLOWED = frozenset(("external_id", "reference", "contact_external_id", "account_external_id", "phone"))


def read_payload(row: int, body: object, *, zone: tzinfo, now: datetime) -> IncomingResponse | list[Rejection]:
    """The answer in `body`, or everything that is wrong with it, one entry per field.

    `body` is JSON as Python reads it. Times without an offset are in `zone`. A name that is not ours and holds text, a
    number or a boolean is kept as an attribute, so that nothing a sender says is lost.
    """
    if not isinstance(body, Mapping):
        return [Rejection(row, "", "An answer is an object with at least a score.")]
    reading = _Reading(row, body, zone, now)
    incoming = reading.answer()
    wrong = reading.wrong or list(objections(incoming, now=now))
    return wrong or incoming


def read_event(row: int, body: Mapping[str, object], *, zone: tzinfo, now: datetime) -> IncomingEvent | list[Rejection]:
    """Something that happened to a customer, as `body` tells it, or everything that is wrong with it."""
    reading = _Reading(row, {name: value for name, value in body.items() if name in EVENT_FIELDS}, zone, now)
    event = reading.event()
    wrong = reading.wrong or [
        Rejection(row, name, reason)
        for name, limit in EVENT_LIMITS.items()
        if (reason := objection_to(getattr(event, name), limit))
    ]
    if not reading.wrong and (reason := objection_to_moment(event.happened_at, now=now)):
        wrong.append(Rejection(row, "happened_at", reason))
    return wrong or event


class _Reading:
    def __init__(self, row: int, body: Mapping[str, Any], zone: tzinfo, now: datetime) -> None:
        self.row = row
        self.zone = zone
        self.now = now
        self.wrong: list[Rejection] = []
        self.values: dict[str, Any] = {}
        self.attributes: dict[str, str] = {}
        for name, value in body.items():
            self._take(name, value)

    def refuse(self, field: str, reason: str) -> None:
        self.wrong.append(Rejection(self.row, field, reason))

    def _take(self, name: str, value: Any) -> None:
        ours = ALSO_CALLED.get(name, name)
        if ours in self.values:
            self.refuse(shorten(name), f"Says the same as “{ours}”: send one of them.")
        elif ours == "attributes":
            self._take_attributes(value)
        elif ours in _OURS:
            self.values[ours] = value
        elif value is not None:
            self._take_attribute(name, value)

    def _take_attributes(self, value: Any) -> None:
        if value is None:
            return
        if not isinstance(value, Mapping):
            self.refuse("attributes", "Attributes are an object of names and values.")
            return
        for name, inner in value.items():
            if inner is not None:
                self._take_attribute(name, inner)

    def _take_attribute(self, name: str, value: Any) -> None:
        if len(self.attributes) >= ATTRIBUTES_KEPT:
            if len(self.attributes) == ATTRIBUTES_KEPT:
                self.refuse("attributes", f"At most {ATTRIBUTES_KEPT} attributes are kept.")
                self.attributes[name] = ""
        elif isinstance(value, bool):
            self.attributes[name] = "yes" if value else "no"
        elif isinstance(value, str):
            self.attributes[name] = value.strip()
        elif isinstance(value, int | float) and (text := _digits(value)):
            self.attributes[name] = text
        else:
            self.refuse(shorten(name), "Is not a field of an answer, and only text and numbers are kept as attributes.")

    def answer(self) -> IncomingResponse:
        return IncomingResponse(
            row=self.row,
            score=self._score(),
            responded_at=self._moment("responded_at"),
            version_at=self._moment("version_at"),
            contact_me=self._flag("contact_me"),
            share_name=self._flag("share_name"),
            attributes=self.attributes,
            **{field: self._text(field) for field in TEXT_FIELDS},
        )

    def event(self) -> IncomingEvent:
        event = IncomingEvent(
            row=self.row,
            happened_at=self._moment("happened_at") or self.now,
            journey_ended=bool(self._flag("journey_ended")),
            **{field: self._text(field) for field in EVENT_LIMITS},
        )
        for field in ("touchpoint", "reference"):
            if not getattr(event, field):
                self.refuse(field, "This field is required.")
        if not (event.email or event.contact_external_id):
            self.refuse("email", "Say who it happened to: email, contact_id, or both.")
        elif event.email and not event.contact_external_id and not normalise_email(event.email):
            self.refuse("email", f"“{shorten(event.email)}” is not an e-mail address.")
        return event

    def _score(self) -> int:
        if "score" not in self.values:
            self.refuse("score", "This field is required.")
            return 0
        try:
            return parse_score(self.values["score"])
        except BadScore as error:
            self.refuse("score", error.reason)
            return 0

    def _text(self, field: str) -> str:
        value = self.values.get(field)
        if value is None:
            return ""
        if isinstance(value, int) and not isinstance(value, bool) and field in _NUMBERS_ALLOWED:
            value = _digits(value) or None
        if not isinstance(value, str):
            self.refuse(field, "Must be text.")
            return ""
        if field == "language" and value.strip():
            language = language_from(value)
            if not language:
                self.refuse(field, "Must be a language such as “en” or “de-AT”.")
            return language
        if field == "time_zone" and value.strip() and value.strip() not in _zones():
            self.refuse(field, "Must be a time zone such as “Europe/Berlin”.")
        return value.strip()

    def _flag(self, field: str) -> bool | None:
        value = self.values.get(field)
        if value is not None and not isinstance(value, bool):
            self.refuse(field, "Must be true, false or null (not asked).")
            return None
        return value

    def _moment(self, field: str) -> datetime | None:
        value = self.values.get(field)
        if value is None or value == "":
            return None
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = _digits(value)
        if not isinstance(value, str) or not value:
            self.refuse(field, "Must be a time such as 2026-11-22T09:30:00Z, or seconds since 1970.")
            return None
        try:
            moment = parse_moment(value, DateOrder.ISO, self.zone, this_year=self.now.year)
        except BadDate as error:
            self.refuse(field, str(error))
            return None
        return moment.at.astimezone(UTC)


_OURS = frozenset(
    (
        *TEXT_FIELDS,
        "reference",
        "happened_at",
        "journey_ended",
        "score",
        "responded_at",
        "version_at",
        "contact_me",
        "share_name",
    )
)


def _digits(value: int | float) -> str:
    """A number as text without an exponent; "" for infinities and for integers longer than Python prints."""
    if isinstance(value, int):
        return str(value) if abs(value) < 10**300 else ""
    if value != value or value in (float("inf"), float("-inf")) or abs(value) >= 1e15:
        return ""
    return f"{value:.6f}".rstrip("0").rstrip(".")
