"""Colleagues named in a customer's words, so that they hear of it. Pure: no database.

It would rather miss somebody than name the wrong one: praise that goes to a stranger costs more than praise found a day
later by a reader.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from surveys.searching import normalise_for_search

SHORTEST_FIRST_NAME = 3

# Given names that are also words, months or days where these customers live. Alone they prove nothing, even with a
# capital: a sentence may begin with one.
ALSO_WORDS = frozenset(
    """
    april art august aurore autumn bill bob carol chance charity chase chip christian claire dawn dean dolores
    don drew ernst eve faith fern flor frank franc gene grace grant guy harmony heather holly hope iris ivy jack
    jan jasmine joy june kai king lance lily luz mar marine mark mars marsh max may mercedes mercy miles mike
    nick noel norm olive page pat patience paz peg penny pilar piper prince ray rich rob robin rocio rod rosa
    rose ruby sky sol son star stern sue summer sunny temple trinity van viola victor violet wade ward warren
    will winter wolf
    """.split()
)

# Before a family name they make a person of it: "Frau Brandt", "Mr Brandt". Folded, without their full stop.
TITLES = frozenset(
    """
    mr mrs ms miss dr prof herr herrn frau senor senora senorita sr sra srta don dona monsieur madame m mme mlle
    """.split()
)

# A word of letters, hyphens and apostrophes, or a number. "Hanna-Lena" is one word, so that Hanna is not in it.
WORD = re.compile(r"[^\W_]+(?:[-‐‑'’][^\W_]+)*")
ELIDED = re.compile(r"(?:d|l|qu|j|n|s|c|m|t)['’](?=.)", re.IGNORECASE)
POSSESSIVE = re.compile(r"['’]s?\Z", re.IGNORECASE)

# What may stand between two words of one name, or between a title and a name.
WITHIN_NAME = re.compile(r"\.?\s{1,3}")


class Word(NamedTuple):
    folded: str
    begins_large: bool
    follows: bool  # nothing but blanks part it from the word before, and perhaps a full stop
    stopped: bool  # a full stop does


class People(NamedTuple):
    """Names in parts, folded, and how to look them up."""

    parts: dict[int, tuple[str, ...]]
    by_first: dict[str, list[int]]
    by_last: dict[str, list[int]]
    called: Counter[str]  # how many people have a word in their name


def colleague_named(words: str, names: Mapping[int, tuple[str, ...]]) -> list[int]:
    """Keys of the colleagues named in `words`, in the order in which they are first named, each once.

    `names` gives each colleague's name in parts, given name first: {7: ("Hanna", "Brandt")}; a part may hold several
    names. Somebody is named by given and family name together (names between them may be left out), by title and family
    name, or by the given name alone. The last two count only with a capital letter and if nobody else of `names` is
    called so; a given name alone must have three letters and be no everyday word (Will, Grace). Accents and case of the
    rest do not matter; whole words only, so scripts written without blanks are not searched.
    """
    people = _people(tuple(names.items()))
    found: dict[int, None] = {}
    spoken = _words(words)
    for at, word in enumerate(spoken):
        first, last = people.by_first.get(word.folded, ()), people.by_last.get(word.folded, ())
        full = [key for key in first if _full_name_at(spoken, at, people.parts[key])]
        if len(full) == 1:
            found.setdefault(full[0])
        elif word.begins_large and people.called[word.folded] == 1:
            titled = at > 0 and word.follows and spoken[at - 1].folded in TITLES
            if titled and last and len(people.parts[last[0]]) > 1:
                found.setdefault(last[0])
            elif first and not titled and _speaks_alone(spoken, at):
                found.setdefault(first[0])
    return list(found)


@lru_cache(maxsize=16)
def _people(names: tuple[tuple[int, tuple[str, ...]], ...]) -> People:
    people = People({}, {}, {}, Counter())
    for key, name in names:
        parts = tuple(folded(part) for part in WORD.findall(unicodedata.normalize("NFC", " ".join(name))))
        if parts:
            people.parts[key] = parts
            people.by_first.setdefault(parts[0], []).append(key)
            people.by_last.setdefault(parts[-1], []).append(key)
            people.called.update(set(parts))
    return people


def _speaks_alone(spoken: list[Word], at: int) -> bool:
    """Whether a given name stands for its person: not when another name follows, as in "Hanna Schmidt"."""
    name = spoken[at].folded
    if len(name) < SHORTEST_FIRST_NAME or name in ALSO_WORDS:
        return False
    if at + 1 == len(spoken):
        return True
    after = spoken[at + 1]
    return not (after.begins_large and after.follows and not after.stopped)


def _full_name_at(spoken: list[Word], at: int, parts: tuple[str, ...]) -> bool:
    """Whether the whole name stands here, or its first and last part."""
    return len(parts) > 1 and any(
        all(
            at + offset < len(spoken)
            and spoken[at + offset].folded == part
            and (offset == 0 or (spoken[at + offset].follows and not spoken[at + offset].stopped))
            for offset, part in enumerate(wanted)
        )
        for wanted in {parts, (parts[0], parts[-1])}
    )


def _words(text: str) -> list[Word]:
    text = unicodedata.normalize("NFC", text)
    words: list[Word] = []
    end = 0
    for found in WORD.finditer(text):
        elided = ELIDED.match(found[0])
        spoken = POSSESSIVE.sub("", found[0][elided.end() if elided else 0 :])
        gap = WITHIN_NAME.fullmatch(text, end, found.start()) if words else None
        words.append(Word(folded(spoken), spoken[:1].isupper(), gap is not None, gap is not None and gap[0][0] == "."))
        end = found.end()
    return words


def folded(word: str) -> str:
    return normalise_for_search(word).replace("’", "'").replace("‐", "-").replace("‑", "-")
