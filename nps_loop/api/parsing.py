"""Reading a request's JSON so that nothing in it can break what comes after: no 500, whatever was sent.

Refused with a sentence that names the place: what is not JSON or not UTF-8, nesting beyond `DEEPEST`, the same field
twice (the signed body and what another parser reads would differ), NUL and lone surrogates (no database stores them),
NaN and numbers beyond what a float holds.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import parse_qsl

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

# Our deepest own body has four levels. Python's reader itself gives up near a thousand.
DEEPEST = 20
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Unreadable(ValueError):
    """The bytes are no JSON that we take; the message is a sentence for whoever sent them."""


class _Doubled(dict[str, Any]):
    """An object in which a field stands more than once."""

    field = ""


@dataclass(frozen=True, slots=True)
class BadValue:
    """Stands in a list for an element that cannot be taken: the field at fault ("" for the whole) and why."""

    field: str
    reason: str


def read_json(raw: bytes) -> Any:
    """The value in `raw`, unchecked inside (see `objection`). Raises Unreadable."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"This is not UTF-8: byte {error.start + 1} cannot be read.") from None
    try:
        return json.loads(text, parse_constant=_no_number, object_pairs_hook=_object)
    except Unreadable:
        raise
    except RecursionError:
        raise Unreadable(f"This is nested too deep; {DEEPEST} levels are read.") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"This is not JSON: {error.msg}, line {error.lineno}, column {error.colno}.") from None
    except ValueError:  # more digits than Python agrees to read
        raise Unreadable("This holds a number with too many digits.") from None


def _no_number(name: str) -> Any:
    raise Unreadable(f"This is not JSON: {name} is no number there.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    doubled = _Doubled(found)
    # Counted once over: looking through all names for each of them holds a process for minutes at a body of a megabyte.
    doubled.field = next(name for name, times in Counter(name for name, _value in pairs).items() if times > 1)
    return doubled


def objection(value: Any) -> BadValue | None:
    """Why `value` cannot be taken, or None. Walks without recursion; the field is a dotted path."""
    todo: list[tuple[str, int, Any]] = [("", 1, value)]
    while todo:
        path, depth, item = todo.pop()
        if isinstance(item, str):
            if reason := _text_objection(item):
                return BadValue(path, reason)
        elif isinstance(item, Mapping | list):
            if depth > DEEPEST:
                return BadValue("", f"This is nested too deep; {DEEPEST} levels are read.")
            if isinstance(item, _Doubled):
                return BadValue(_shown(path, item.field), "This field stands more than once.")
            if isinstance(item, Mapping):
                for name in item:
                    if reason := _text_objection(name):
                        return BadValue(path, f"A field's name: {reason}")
                todo.extend((_shown(path, name), depth + 1, part) for name, part in item.items())
            else:
                todo.extend((_shown(path, str(index)), depth + 1, part) for index, part in enumerate(item))
        elif isinstance(item, float) and not math.isfinite(item):
            return BadValue(path, "This number is too large.")
    return None


def _shown(path: str, name: str) -> str:
    name = name if len(name) <= 60 else name[:59] + "…"
    name = name.encode("utf-8", "replace").decode().replace("\x00", "?")
    return f"{path}.{name}" if path else name


def _text_objection(text: str) -> str:
    if text.isascii() and "\x00" not in text:
        return ""
    found = _UNSTORABLE.search(text)
    if found is None:
        return ""
    return "This holds a NUL character." if found[0] == "\x00" else "This holds half a character (a lone surrogate)."


_BRACKETS = re.compile(r"(?P<first>[^\[\]]+)(?P<rest>(?:\[[^\[\]]*\])*)")
MOST_FORM_FIELDS = 1_000


def read_brackets(raw: bytes) -> dict[str, Any]:
    """The object that the names of a form spell out, as in `response[score]=7&response[text]=`. Raises Unreadable."""
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=MOST_FORM_FIELDS, errors="strict")
    except UnicodeDecodeError:
        raise Unreadable("This is not UTF-8.") from None
    except ValueError:
        raise Unreadable(f"This form has more than {MOST_FORM_FIELDS:,} fields.") from None
    found: dict[str, Any] = {}
    for name, value in pairs:
        match = _BRACKETS.fullmatch(name)
        if match is None:
            raise Unreadable(f"The name “{_shown('', name)}” cannot be read.")
        way = [match["first"], *re.findall(r"\[([^\[\]]*)\]", match["rest"])]
        if len(way) > DEEPEST:
            raise Unreadable(f"This is nested too deep; {DEEPEST} levels are read.")
        inside = found
        for step in way[:-1]:
            inside = inside.setdefault(step, {})
            if not isinstance(inside, dict):
                raise Unreadable(f"“{_shown('', name)}” is a value and an object at once.")
        if way[-1] in inside:
            raise Unreadable(f"“{_shown('', name)}” stands more than once.")
        inside[way[-1]] = value
    return found


class StrictJSONParser(JSONParser):
    """The body as one value, refused with 400 as soon as anything in it cannot be taken."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        value = _read(stream)
        if bad := objection(value):
            raise ParseError(f"{bad.field}: {bad.reason}" if bad.field else bad.reason)
        return value


class RowsJSONParser(JSONParser):
    """The body as a list whose elements are checked one by one: a bad one becomes a BadValue, the rest is kept."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        rows = _read(stream)
        if not isinstance(rows, list):
            raise ParseError("Send a list of answers: [{…}, {…}].")
        return [objection(row) or row for row in rows]


def _read(stream: IO[Any]) -> Any:
    try:
        return read_json(stream.read())
    except Unreadable as error:
        raise ParseError(str(error)) from None
