"""What a column of an export is. Each is stated once: its key for programs, its heading for people, what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Holds(StrEnum):
    """What the cells of a column are, which decides how they are written."""

    TEXT = "text"
    ID = "id"  # a number nobody calculates with: text, so that no program rounds or groups it
    NUMBER = "number"
    DAY = "day"  # a date
    MOMENT = "moment"  # an aware datetime
    CODE = "code"  # one of `words`, by its key
    YES_NO = "yes_no"  # True, False, or None for unknown


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `heading` and the values of `words` are messages, read in the language of whoever asks."""

    key: str
    heading: Any
    holds: Holds = Holds.TEXT
    words: Mapping[str, Any] | None = None
    # Characters a spreadsheet shows of it before anybody widens it.
    width: int = 14


Row = tuple[Any, ...]
Columns = tuple[Column, ...]
