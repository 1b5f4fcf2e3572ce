"""When a customer likes to be called: from their words to hours on their own clock. Pure: no database, no clock.

The words stay what people read. What is read out of them here only sorts a day and holds a call back, so whatever is
not certain is left alone: no hours are better than wrong ones.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from followups.calendars import WorkingHours, clock_moment, is_working_day

Window = tuple[datetime, datetime]

# Where only one end is said. Nobody who is free "from 15:00" means the night.
DAY_STARTS, DAY_ENDS = 8 * 60, 20 * 60
# Beyond this many days there is no next good time worth planning for.
AHEAD = 14

_NUMBERS = {
    name: at + 1 for at, name in enumerate("one two three four five six seven eight nine ten eleven twelve".split())
} | {"noon": 12, "midday": 12}
_WEEKDAYS = (
    ("monday", "montag", "lunes", "lundi"),
    ("tuesday", "dienstag", "martes", "mardi"),
    ("wednesday", "mittwoch", "miercoles", "mercredi"),
    ("thursday", "donnerstag", "jueves", "jeudi"),
    ("friday", "freitag", "viernes", "vendredi"),
    ("saturday", "samstag", "sabado", "samedi"),
    ("sunday", "sonntag", "domingo", "dimanche"),
)
# Parts of a day, in minutes. Words that may be something else ("morgen", "tarde") are left out.
_PARTS = {
    "morning": (8 * 60, 12 * 60),
    "vormittag": (8 * 60, 12 * 60),
    "matin": (8 * 60, 12 * 60),
    "afternoon": (12 * 60, 17 * 60),
    "nachmittag": (12 * 60, 17 * 60),
    "apres midi": (12 * 60, 17 * 60),
    "evening": (17 * 60, DAY_ENDS),
    "abend": (17 * 60, DAY_ENDS),
}
# Said the other way round ("not before ten", "nie montags") it is left to people.
_NEGATED = re.compile(r"\b(not|no|never|except|nicht|kein\w*|nie|ausser|pas|jamais|sauf|nunca|excepto)\b|n't")
_CLOCK = r"(\d{1,2})(?:\s?[:.h]\s?(\d{2}))?\s?(am|pm|uhr|h)?"
_FROM_TO = re.compile(rf"\b{_CLOCK}\s?(?:to|till|until|and|bis|und|a|y|et|-)\s?{_CLOCK}\b")
_BEFORE = re.compile(rf"\b(?:before|until|till|by|vor|bis|avant|jusqu\S*|hasta(?: las)?|antes de las)\s{_CLOCK}\b")
_AFTER = re.compile(
    rf"\b(?:after|from|since|ab|nach|apres|des|a partir de(?: las)?|desde las|despues de las)\s{_CLOCK}\b"
)


@dataclass(frozen=True, slots=True)
class GoodTime:
    """Hours in minutes from midnight, and the days of the week (0 is Monday) they are for; no days: every day."""

    starts: int
    ends: int
    weekdays: frozenset[int] = frozenset()


@lru_cache(maxsize=2048)
def good_time(words: str) -> GoodTime | None:
    """What the words say for certain; None where they say no time, or may mean another one."""
    text = "".join(
        letter for letter in unicodedata.normalize("NFKD", words.casefold()) if not unicodedata.combining(letter)
    )
    text = re.sub(r"[–—‑−]", "-", text).replace("a.m.", "am").replace("p.m.", "pm")
    text = re.sub(r"[^\w:.'-]+", " ", text).strip()
    if not text or _NEGATED.search(text):
        return None
    text = re.sub(r"\b[a-z]+\b", lambda word: str(_NUMBERS.get(word[0], word[0])), text).replace(
        "apres-midi", "apres midi"
    )
    days = frozenset(
        at for at, names in enumerate(_WEEKDAYS) if any(re.search(rf"\b{name}s?\b", text) for name in names)
    )
    hours = _hours(text)
    if hours is None and days:
        hours = (DAY_STARTS, DAY_ENDS)
    return GoodTime(*hours, days) if hours and hours[0] < hours[1] else None


def _hours(text: str) -> tuple[int, int] | None:
    if found := _FROM_TO.search(text):
        first, last = found.groups()[:3], found.groups()[3:]
        ends = _minute(*last)
        # "2 to 4 pm": what is said of the second holds for both, unless that would run backwards.
        starts = _minute(first[0], first[1], first[2] or (last[2] if last[2] in ("am", "pm") else None))
        if starts is not None and ends is not None and starts >= ends:
            starts = _minute(*first)
        return None if starts is None or ends is None else (starts, ends)
    if found := _BEFORE.search(text):
        ends = _minute(*found.groups())
        return None if ends is None else (min(DAY_STARTS, max(ends - 120, 0)), ends)
    if found := _AFTER.search(text):
        starts = _minute(*found.groups())
        return None if starts is None else (starts, max(DAY_ENDS, starts))
    said = [hours for name, hours in _PARTS.items() if re.search(rf"\b{name}s?\b", text)]
    # "nachmittags" holds no "vormittag", and two parts of the day are no one stretch.
    return said[0] if len(said) == 1 else None


def _minute(hour: str, minutes: str | None, half: str | None) -> int | None:
    """Minutes from midnight; None for what no clock shows. A bare 1 to 6 is after noon: nobody is called at four."""
    at = int(hour)
    if half == "pm" and at < 12:
        at += 12
    elif half == "am" and at == 12:
        at = 0
    elif half is None and minutes is None and 1 <= at <= 6:
        at += 12
    found = at * 60 + int(minutes or 0)
    return found if found <= 24 * 60 and int(minutes or 0) < 60 else None


def next_window(
    good: GoodTime, at: datetime, zone: str, fallback: str, hours: WorkingHours | None = None
) -> Window | None:
    """The good time (UTC) that is open at `at`, else the next that begins after it; None within two weeks.

    It is read off the clock of `zone`, the customer's; where that is none, off that of `fallback`. With `hours` only
    days on which the team works count.
    """
    clock = WorkingHours(zone_of(zone, fallback), (((0, 24 * 60),),) * 7)
    today = at.astimezone(ZoneInfo(clock.zone)).date()
    for days in range(AHEAD):
        day = today + timedelta(days=days)
        if not _is_for(good, day) or (hours is not None and not is_working_day(hours, day)):
            continue
        window = clock_moment(clock, day, good.starts), clock_moment(clock, day, good.ends)
        if window[1] > at:
            return window
    return None


def _is_for(good: GoodTime, day: date) -> bool:
    return not good.weekdays or day.weekday() in good.weekdays


def zone_of(zone: str, fallback: str) -> str:
    """The name of a time zone; `fallback` where it is empty or none."""
    try:
        return ZoneInfo(zone).key if zone else fallback
    except (KeyError, ValueError, OSError):
        return fallback
