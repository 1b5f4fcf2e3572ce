"""Erasing a person: what every part of the program is told, and the parts that do it.

Apps register what they do when they start. All of it may be done twice: whoever was interrupted begins anew, and while
that lasts the person's own row still holds what is looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

# What stands in place of a name or a word that is gone, in texts that stay. English, as all that is kept for good.
GONE = "(erased)"


@dataclass(frozen=True, slots=True)
class Person:
    """Who is erased: all that is theirs, by number, and the strings that betray them.

    `addresses` are normalised. `strings` are what is looked for everywhere: addresses, numbers, ids, and the name where
    nobody else has it. `words` are what they wrote, as a whole and by sentences: looked for where others quote.
    """

    contacts: frozenset[int]
    responses: frozenset[int]
    addresses: frozenset[str]
    strings: tuple[str, ...]
    words: tuple[str, ...] = ()


# Each removes what its part holds and returns how many rows of which kind that were. Told in this order.
Eraser = Callable[[Person, datetime], Mapping[str, int]]
erasers: list[Eraser] = []

# What these contacts wrote beside their answers: texts as they stand. Asked before anything is erased.
Writing = Callable[[frozenset[int]], Iterable[str]]
writings: list[Writing] = []
