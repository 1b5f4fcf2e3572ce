"""Where a value lies in somebody else's JSON: `person.email`, `answers[?field.ref==why].text`, `data["q 1"]`. Pure.

name          a field of an object; quoted in ["…"] where it holds a dot, a bracket or a blank
[2]           an element of a list, counted from 0
[?path==x]    the first element of a list in which the value at `path` reads x
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

MISSING = object()

LONGEST = 300
_STEP = re.compile(
    r"\.?(?P<name>[^.\[\]\"\s]+)"
    r"|\[(?P<index>\d{1,6})\]"
    r"|\[\"(?P<quoted>[^\"]+)\"\]"
    r"|\[\?(?P<inner>[^\[\]=]+)==(?P<value>[^\[\]]*)\]"
)


class BadPath(ValueError):
    """This is no path; the message says why, for whoever wrote the mapping."""


@functools.lru_cache(maxsize=1_000)
def steps(path: str) -> tuple[Any, ...]:
    """The steps of a path: a name, an index, or a pair (steps of the inner path, text). Raises BadPath."""
    if not isinstance(path, str) or not path.strip() or len(path) > LONGEST:
        raise BadPath(f"A path is text of 1 to {LONGEST} characters, such as response.score.")
    found: list[Any] = []
    place, path = 0, path.strip()
    while place < len(path):
        match = _STEP.match(path, place)
        if match is None or (place == 0 and path[0] == "."):
            raise BadPath(f"“{path}” cannot be read from “{path[place : place + 20]}” on.")
        if match["inner"] is not None:
            found.append((steps(match["inner"]), match["value"].strip().strip("\"'")))
        elif match["index"] is not None:
            found.append(int(match["index"]))
        else:
            found.append(match["name"] or match["quoted"])
        place = match.end()
    return tuple(found)


def find(body: Any, path: str) -> Any:
    """The value at `path` in `body`, or MISSING. Raises BadPath."""
    return _walk(body, steps(path))


def _walk(value: Any, way: tuple[Any, ...]) -> Any:
    for step in way:
        if isinstance(step, str):
            value = value.get(step, MISSING) if isinstance(value, Mapping) else MISSING
        elif not isinstance(value, list):
            return MISSING
        elif isinstance(step, int):
            value = value[step] if step < len(value) else MISSING
        else:
            inner, text = step
            value = next((each for each in value if as_text(_walk(each, inner)) == text), MISSING)
        if value is MISSING:
            return MISSING
    return value


def as_text(value: Any) -> str | None:
    """A scalar as people write it (true, 7, text); None for what is none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | str):
        return str(value)
    return None
