"""Text made comparable, for what is searched. Pure.

SQLite lowers only A to Z and PostgreSQL follows its locale, so both sides of a search go through this one function:
what is stored to be searched, and what somebody types.
"""

from __future__ import annotations

import unicodedata

# Letters that have no accent to take off, as people without the key for them type them.
PLAIN = str.maketrans({"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})

# Marks that make another letter, not the same one with an accent: Indic nukta and virama, Japanese voicing marks.
LETTER_MARKS = frozenset({7, 8, 9})


def normalise_for_search(text: str) -> str:
    """`text` without case, accents, control characters, invisible marks and repeated blanks: "Søren  MÜLLER-Groß" is
    "soren muller-gross". Doing it twice changes nothing.
    """
    folded = _decomposed(_decomposed(text).translate(PLAIN))
    kept = (
        " " if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") else char
        for char in folded
        if not _is_accent(char) and unicodedata.category(char) != "Cf"
    )
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())


def _is_accent(char: str) -> bool:
    marks = unicodedata.combining(char)
    return marks > 0 and marks not in LETTER_MARKS
