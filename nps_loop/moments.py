"""Days and moments in the words of the language a mail or a page is written in. Pure: no database, no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

NBSP = "\u00a0"


@dataclass(frozen=True, slots=True)
class Wording:
    """How one language says a day, a moment and a promise. Weekdays start with Monday, months with January."""

    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    date: str  # {d} day of the month, {month}
    year: str  # added to a date of another year
    day: str  # {weekday}, {date}
    moment: str  # {day}, {clock}
    clock: str  # {h} hour, {m} minutes as two digits
    midday: str  # {weekday}
    evening: str


WORDINGS = {
    "en": Wording(
        weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        months=(
            "January", "February", "March", "April", "May", "June",
            "July", "August", "September", "October", "November", "December",
        ),
        date="{d} {month}",
        year=" {year}",
        day="{weekday}, {date}",
        moment="{day}, at {clock}",
        clock="{h:02d}:{m:02d}",
        midday="by {weekday} midday",
        evening="by {weekday} evening",
    ),
    "de": Wording(
        weekdays=("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
        months=(
            "Januar", "Februar", "März", "April", "Mai", "Juni",
            "Juli", "August", "September", "Oktober", "November", "Dezember",
        ),
        date="{d}. {month}",
        year=" {year}",
        day="{weekday}, {date}",
        moment="{day}, um {clock} Uhr",
        clock="{h:02d}:{m:02d}",
        midday="bis {weekday}mittag",
        evening="bis {weekday}abend",
    ),
    "es": Wording(
        weekdays=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
        months=(
            "enero", "febrero", "marzo", "abril", "mayo", "junio",
            "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
        ),
        date="{d} de {month}",
        year=" de {year}",
        day="{weekday}, {date}",
        moment="{day}, a las {clock}",
        clock="{h:02d}:{m:02d}",
        midday="a más tardar el {weekday} al mediodía",
        evening="a más tardar el {weekday} por la tarde",
    ),
    "fr": Wording(
        weekdays=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
        months=(
            "janvier", "février", "mars", "avril", "mai", "juin",
            "juillet", "août", "septembre", "octobre", "novembre", "décembre",
        ),
        date="{d} {month}",
        year=" {year}",
        day="{weekday} {date}",
        moment="{day} à {clock}",
        clock="{h}" + NBSP + "h" + NBSP + "{m:02d}",
        midday="d’ici {weekday} midi",
        evening="d’ici {weekday} soir",
    ),
}  # fmt: skip


def day_in_words(day: date, language: str, *, today: date | None = None) -> str:
    """A day with its weekday: "Friday, 11 December", "viernes, 11 de diciembre". The year is added unless `today`,
    where it is given, lies in it.
    """
    wording = wording_of(language)
    return wording.day.format(weekday=wording.weekdays[day.weekday()], date=date_in_words(wording, day, today))


def moment_in_words(at: datetime, language: str, zone: str, *, now: datetime | None = None) -> str:
    """A moment on the clock of `zone`: "Sunday, 22 November, at 20:42", "dimanche 22 novembre à 20 h 42". The year is
    added unless `now`, where it is given, lies in it.
    """
    local = at.astimezone(ZoneInfo(zone))
    today = now.astimezone(ZoneInfo(zone)).date() if now else None
    wording = wording_of(language)
    words = wording.moment.format(
        day=day_in_words(local.date(), language, today=today),
        clock=wording.clock.format(h=local.hour, m=local.minute),
    )
    return words.replace("a las 01:", "a la 01:") if wording is WORDINGS["es"] else words


def unbroken(words: str, language: str) -> str:
    """A day or a moment in words, for a page: no line ends inside its date, nor between a clock and its unit."""
    return _kept_together(wording_of(language)).sub(lambda found: found[0].replace(" ", NBSP), words)


@lru_cache
def _kept_together(wording: Wording) -> re.Pattern[str]:
    months = "|".join(wording.months)
    return re.compile(rf"\b\d{{1,2}}(?:er|\.)?(?: de)? (?:{months})(?:(?: de)? \d{{4}})?|\d\d:\d\d Uhr")


def wording_of(language: str) -> Wording:
    """ "de", "de-AT" and "DE_ch" are one language; what we do not speak is English."""
    return WORDINGS.get(language.replace("_", "-").partition("-")[0].casefold(), WORDINGS["en"])


def date_in_words(wording: Wording, day: date, today: date | None) -> str:
    """A day without its weekday: "24 November". The year is added unless `today`, where it is given, lies in it."""
    words = wording.date.format(d=day.day, month=wording.months[day.month - 1])
    if wording is WORDINGS["fr"] and day.day == 1:
        words = words.replace("1 ", "1er ", 1)
    if today is not None and day.year != today.year:
        words += wording.year.format(year=day.year)
    return words
