"""What somebody else's delivery says, as the fields of an answer that `surveys.posting` takes. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from surveys.hooks.paths import MISSING, BadPath, as_text, find, steps
from surveys.hooks.presets import Preset
from surveys.incoming import shorten
from surveys.readers.cells import BadCell, language_from, yes_or_no

# What a mapping may name, beside `only_when` and `attributes.<name>`.
FIELDS = frozenset(
    (
        "external_id", "score", "comment", "responded_at", "updated_at", "email", "contact_id", "name", "phone",
        "language", "time_zone", "account", "account_name", "touchpoint", "driver", "contact_me", "share_name",
        "answered_for", "product", "attributes", "test",
    )
)  # fmt: skip
ONLY_WHEN = "only_when"
_FLAGS = ("contact_me", "share_name", "test")
_ATTRIBUTE = "attributes."
_MOST_ATTRIBUTES = 100


@dataclass(frozen=True, slots=True)
class Ignored:
    """A delivery that is no answer, and why. It was taken: nobody needs to send it again."""

    reason: str


class NotSetUp(ValueError):
    """The source does not say yet how to read what comes; the message says what to choose."""


def answer_in(body: Any, preset: Preset, mapping: Mapping[str, Any]) -> dict[str, Any] | Ignored:
    """The answer in a delivery. Raises NotSetUp, and BadPath for a mapping that was never checked."""
    if preset.fetched:
        return Ignored(preset.fetched)
    fields = {**preset.fields, **{name: _paths(path) for name, path in mapping.items() if name != ONLY_WHEN}}
    rules = {**preset.only_when, **{path: _values(value) for path, value in mapping.get(ONLY_WHEN, {}).items()}}
    if other := _not_meant(body, rules):
        return Ignored(other)
    if "score" not in fields:
        raise NotSetUp("Choose in the set-up which value is the score: “score” in the source's mapping.")
    answer = {
        name: value
        for name, paths in fields.items()
        if not name.startswith(_ATTRIBUTE) and (value := _first(body, paths)) is not None
    }
    if "score" not in answer:
        return Ignored("There is no score in it.")
    for name in _FLAGS:
        if isinstance(answer.get(name), str):
            answer[name] = _flag(name, answer[name])
    for name in ("comment", "name", "account_name", "driver", "product"):
        if isinstance(answer.get(name), int | float):
            answer[name] = as_text(answer[name])
    if "language" in answer:
        answer["language"] = language_from(str(answer["language"]))
    named = {
        name.removeprefix(_ATTRIBUTE): _first(body, paths)
        for name, paths in fields.items()
        if name.startswith(_ATTRIBUTE)
    }
    answer["attributes"] = _attributes(answer.get("attributes")) | _attributes(named)
    return {name: value for name, value in answer.items() if value not in (None, "", {})}


def key_of(answer: Mapping[str, Any]) -> str:
    """What finds an answer again that came without an id: a digest of all it says."""
    said = json.dumps(answer, sort_keys=True, default=str).encode("utf-8", "surrogatepass")
    return f"hook:{hashlib.sha256(said).hexdigest()[:40]}"


def problems(mapping: Any) -> Iterator[str]:
    """What is wrong with a source's mapping for deliveries, a sentence each, for whoever writes it."""
    if not isinstance(mapping, Mapping):
        yield "Write an object: our field, and the path to it in what is sent."
        return
    for name, paths in mapping.items():
        if name == ONLY_WHEN:
            if not isinstance(paths, Mapping):
                yield "only_when is an object: a path, and the value or list of values that must stand there."
                continue
            yield from _bad_paths(paths)
        elif name not in FIELDS and not (name.startswith(_ATTRIBUTE) and len(name) > len(_ATTRIBUTE)):
            yield f"“{shorten(name)}” is no field of an answer. Known: {', '.join(sorted(FIELDS))}, attributes.<name>."
        else:
            yield from _bad_paths(paths if isinstance(paths, list) else [paths])


def _bad_paths(paths: Any) -> Iterator[str]:
    for path in paths:
        try:
            steps(path)
        except (BadPath, TypeError) as error:
            yield str(error) if isinstance(error, BadPath) else "A path is text, or a list of texts."


def _not_meant(body: Any, rules: Mapping[str, tuple[str, ...]]) -> str:
    for path, allowed in rules.items():
        found = as_text(find(body, path))
        if found not in allowed:
            stands = f"this says “{shorten(found)}”" if found else "here it is missing"
            return f"Only what has “{path}” = {' or '.join(allowed)} is an answer; {stands}."
    return ""


def _paths(path: Any) -> tuple[str, ...]:
    return tuple(path) if isinstance(path, list | tuple) else (path,)


def _values(value: Any) -> tuple[str, ...]:
    return tuple(as_text(each) or "" for each in (value if isinstance(value, list) else [value]))


def _first(body: Any, paths: tuple[str, ...]) -> Any:
    """The value at the first path that holds one; None where none does."""
    found = (find(body, path) for path in paths)
    return next((value for value in found if value is not MISSING and value not in (None, "")), None)


def _flag(name: str, text: str) -> Any:
    """A yes or no that came as text; what is neither is left to be refused by name."""
    try:
        return yes_or_no(name, text)
    except BadCell:
        return text


def _attributes(value: Any) -> dict[str, Any]:
    """The scalars of an object; lists and objects in it are none of what is asked of an answer."""
    if not isinstance(value, Mapping):
        return {}
    kept = {name: inner for name, inner in value.items() if inner != "" and as_text(inner) is not None}
    return dict(list(kept.items())[:_MOST_ATTRIBUTES])
