"""Dates somebody promises in a mail: "by Friday 27 November", "bis Freitagabend", "d’ici vendredi midi".

Pure: text in, days out. Only what is said to be done *by* a day counts; a date that is merely named is no promise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from followups.promises import Part
from nps_loop.moments import WORDINGS

# Longer than any promise; a day beyond it was not meant.
FARTHEST = timedelta(days=200)
MOST = 3
LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True)
class PromisedDay:
    """A day that is promised: its date, which half of it, the words that say so and the sentence they stand in."""

    day: date
    part: Part
    words: str
    sentence: str


# By language: what stands before the day, what may part weekday and date, and what says midday.
_BEFORE = {
    "en": r"(?:by|until|before|no later than|not later than)",
    "de": r"(?:bis spätestens|spätestens|bis zum|bis)(?:\s+(?:am|zum|nächsten|kommenden|diesen))?",
    "es": r"(?:a más tardar|antes de|antes del|hasta|para)(?:\s+(?:el|este|próximo))*",
    "fr": r"(?:d['’]ici|avant|au plus tard)(?:\s+(?:le|au|ce))*",
}
_BETWEEN = {
    "en": r"(?:\s+(?P<half>midday|noon|morning|evening|afternoon))?,?\s*(?:the\s+)?",
    "de": r"(?P<half>mittag|morgen|abend|nachmittag)?,?\s*(?:(?:den|dem)\s+)?",
    "es": r"(?:\s+(?P<half>al mediodía|por la mañana|por la tarde|por la noche))?,?\s*(?:día\s+)?",
    "fr": r"(?:\s+(?P<half>midi|matin|soir|après-midi))?,?\s*(?:le\s+)?",
}
_DATE = {
    "en": r"(?:(?P<d>\d{1,2})(?:st|nd|rd|th)?(?:\s+of)?\s+(?P<m>{months})"
    r"|(?P<m2>{months})\s+(?P<d2>\d{1,2})(?:st|nd|rd|th)?)(?:,?\s+(?P<y>20\d\d))?",
    "de": r"(?P<d>\d{1,2})\.\s*(?:(?P<m>{months})|(?P<mn>\d{1,2})\.)(?:\s*(?P<y>20\d\d))?",
    "es": r"(?P<d>\d{1,2})\s+de\s+(?P<m>{months})(?:\s+de\s+(?P<y>20\d\d))?",
    "fr": r"(?P<d>\d{1,2})(?:er)?\s+(?P<m>{months})(?:\s+(?P<y>20\d\d))?",
}
_MIDDAY = {"midday", "noon", "morning", "mittag", "morgen", "al mediodía", "por la mañana", "midi", "matin"}


@lru_cache
def _pattern(language: str) -> re.Pattern[str]:
    wording = WORDINGS[language]
    weekdays, months = "|".join(wording.weekdays), "|".join(wording.months)
    on_date = _DATE[language].replace("{months}", months)
    weekday = rf"(?P<weekday>{weekdays})"
    return re.compile(
        rf"(?<!\w){_BEFORE[language]}\s+(?:{weekday}{_BETWEEN[language]}(?P<dated>{on_date})?|(?:the\s+)?{_renamed(on_date)})(?!\w)",
        re.IGNORECASE,
    )


def _renamed(pattern: str) -> str:
    """The same pattern with groups of other names, for a date without a weekday."""
    return re.sub(r"\(\?P<(\w+)>", r"(?P<x\1>", pattern)


def promised_days(text: str, language: str, *, today: date) -> list[PromisedDay]:
    """Days that `text` promises something by, each once, in the order they stand in; at most three.

    The language of the mail is tried first, then the others. Quoted lines (`>`) are the customer's and promise nothing.
    A weekday alone is the next one after `today`. A day that is over, or too far off to be meant, is left out.
    """
    own = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(">"))
    found: dict[date, PromisedDay] = {}
    for code in sorted(WORDINGS, key=lambda code: code != language[:2].casefold()):
        for promised in _in_language(own, code, today):
            found.setdefault(promised.day, promised)
        if found:
            # Words of two languages seldom stand in one mail, and "para" or "bis" may be anything elsewhere.
            break
    return list(found.values())[:MOST]


def _in_language(text: str, language: str, today: date) -> Iterator[PromisedDay]:
    wording = WORDINGS[language]
    weekdays = [word.casefold() for word in wording.weekdays]
    months = [word.casefold() for word in wording.months]
    for match in _pattern(language).finditer(text):
        groups = {name: value for name, value in match.groupdict().items() if value is not None}

        def said(*names: str, groups: dict[str, str] = groups) -> str:
            return next((groups[each] for name in names for each in (name, f"x{name}") if each in groups), "")

        number, month = said("d", "d2"), said("m", "m2").casefold()
        if number:
            at = months.index(month) + 1 if month else int(said("mn"))
            day = _day(int(number), at, said("y"), today)
        else:
            ahead = (weekdays.index(groups["weekday"].casefold()) - today.weekday()) % 7
            day = today + timedelta(days=ahead or 7)
        if day is not None and today <= day <= today + FARTHEST:
            part: Part = "midday" if groups.get("half", "").casefold() in _MIDDAY else "evening"
            yield PromisedDay(day, part, " ".join(match[0].split()), _sentence(text, match.start(), match.end()))


def _day(number: int, month: int, year: str, today: date) -> date | None:
    """The day that is meant; without a year the next one that is not long over. None for a day no calendar has."""
    for candidate in (int(year),) if year else (today.year, today.year + 1):
        try:
            day = date(candidate, month, number)
        except ValueError:
            continue
        if year or day >= today - timedelta(days=60):
            return day
    return None


def _sentence(text: str, start: int, end: int) -> str:
    """The sentence around a stretch of `text`, on one line. A full stop after a number ends no sentence."""
    before = max((found.end() for found in re.finditer(r"(?<!\d)[.!?]\s+|\n\s*\n", text[:start])), default=0)
    after = re.search(r"(?<!\d)[.!?](?=\s|$)|\n\s*\n", text[end:])
    until = end + (after.end() if after else len(text) - end)
    sentence = " ".join(text[before:until].split())
    return sentence if len(sentence) <= LONGEST_TITLE else f"{sentence[: LONGEST_TITLE - 1].rstrip()}…"
