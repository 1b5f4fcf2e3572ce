"""Working hours as people write them: one line a day, `09:00–12:30, 13:30–17:30`; closing days one a line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

DAY = 24 * 60
# Days, Monday first: the name of the form's field and what people call it.
DAYS: tuple[tuple[str, Any], ...] = (
    ("monday", _("Monday")),
    ("tuesday", _("Tuesday")),
    ("wednesday", _("Wednesday")),
    ("thursday", _("Thursday")),
    ("friday", _("Friday")),
    ("saturday", _("Saturday")),
    ("sunday", _("Sunday")),
)
LONGEST_CLOSURE = 366

_PERIOD = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?\s*(?:-|–|—|to|bis|a|à)\s*(\d{1,2})(?:[:.h](\d{2}))?", re.IGNORECASE)
_CLOSURE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\s*(?:-|–|—|to|bis|\.\.)\s*(\d{4}-\d{2}-\d{2}))?[\s,:]*(.*)")


def periods(text: str) -> list[list[int]]:
    """`9-12:30, 13:30–17:30` as [[540, 750], [810, 1050]], minutes from midnight; nothing is a day off.

    Raises ValidationError where a part is no period, or they do not follow each other within the day.
    """
    found: list[list[int]] = []
    for part in filter(None, (part.strip() for part in re.split(r"[,;/]|\band\b", text))):
        match = _PERIOD.fullmatch(part)
        if match is None:
            raise ValidationError(
                gettext("“%(part)s” is no period. Write it like 09:00–12:30, and leave a day off empty.")
                % {"part": part[:40]}
            )
        hours, minutes, until_hours, until_minutes = (int(number or 0) for number in match.groups())
        start, end = hours * 60 + minutes, until_hours * 60 + until_minutes
        if minutes > 59 or until_minutes > 59 or end > DAY or start >= end:
            raise ValidationError(
                gettext("“%(part)s” does not lie within one day. A day ends at 24:00.") % {"part": part[:40]}
            )
        if found and start < found[-1][1]:
            raise ValidationError(
                gettext("“%(part)s” begins before the period in front of it ends.") % {"part": part[:40]}
            )
        found.append([start, end])
    return found


def written(day: Sequence[Sequence[int]]) -> str:
    """The other way round: [[540, 750]] as `09:00–12:30`."""
    return ", ".join(f"{_clock(start)}–{_clock(end)}" for start, end in day)


def week_in_words(weekly: Sequence[Sequence[Sequence[int]]], *, off: str) -> list[tuple[str, str]]:
    """Days and their hours, neighbours with the same hours as one: `Monday to Friday`, `09:00–17:30`.

    `off` is what is said of a day without any.
    """
    found: list[tuple[str, str]] = []
    start = 0
    for place in range(1, 8):
        if place < 7 and list(map(list, weekly[place])) == list(map(list, weekly[start])):
            continue
        first, last = str(DAYS[start][1]), str(DAYS[place - 1][1])
        days = first if place - start == 1 else gettext("%(first)s to %(last)s") % {"first": first, "last": last}
        found.append((days, written(weekly[start]) or off))
        start = place
    return found


def closures(text: str) -> list[list[str]]:
    """Lines like `2026-12-24 Eve` or `2026-12-28 to 2026-12-31 Between the years` as [ISO date, name], in order.

    Raises ValidationError naming each line that is none.
    """
    found: dict[str, str] = {}
    wrong = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        match = _CLOSURE.fullmatch(line.strip())
        try:
            if match is None:
                raise ValueError
            first = date.fromisoformat(match[1])
            last = date.fromisoformat(match[2]) if match[2] else first
        except ValueError:
            wrong.append(gettext("Line %(n)s: write it like 2026-12-24 Christmas Eve.") % {"n": number})
            continue
        if not timedelta() <= last - first < timedelta(days=LONGEST_CLOSURE):
            wrong.append(gettext("Line %(n)s: it ends before it begins, or lasts over a year.") % {"n": number})
            continue
        for offset in range((last - first).days + 1):
            found[(first + timedelta(days=offset)).isoformat()] = match[3].strip()[:100] or gettext("Closed")
    if wrong:
        raise ValidationError(wrong)
    return [[day, name] for day, name in sorted(found.items())]


def closures_written(days: Sequence[Sequence[str]]) -> str:
    """The other way round, one day a line; days in a row under one name stand as one line."""
    lines: list[tuple[date, date, str]] = []
    for text, name in days:
        day = date.fromisoformat(text)
        if lines and lines[-1][2] == name and lines[-1][1] + timedelta(days=1) == day:
            lines[-1] = (lines[-1][0], day, name)
        else:
            lines.append((day, day, name))
    return "\n".join(f"{first} {name}" if first == last else f"{first} to {last} {name}" for first, last, name in lines)


class PeriodsField(forms.CharField):
    """One day: text in, list of [from, to] out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "max_length": 100, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        return written(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[list[int]]:
        return periods(super().clean(value))


class ClosuresField(forms.CharField):
    """Closing days of our own, one a line."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 4})
        super().__init__(**{"required": False, "max_length": 20_000, "widget": widget, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        return closures_written(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[list[str]]:
        return closures(super().clean(value))


class WeekForm(forms.Form):
    """Seven days. `week` gives them, Monday first, once the form is valid."""

    monday = PeriodsField(label=DAYS[0][1])
    tuesday = PeriodsField(label=DAYS[1][1])
    wednesday = PeriodsField(label=DAYS[2][1])
    thursday = PeriodsField(label=DAYS[3][1])
    friday = PeriodsField(label=DAYS[4][1])
    saturday = PeriodsField(label=DAYS[5][1])
    sunday = PeriodsField(label=DAYS[6][1])

    @property
    def days(self) -> list[forms.BoundField]:
        return [self[name] for name, _label in DAYS]

    @property
    def week(self) -> list[list[list[int]]]:
        return [self.cleaned_data[name] for name, _label in DAYS]

    @staticmethod
    def initial_of(weekly: Sequence[Any]) -> dict[str, Any]:
        """What the form starts with for a stored week."""
        return {name: list(map(list, day)) for (name, _label), day in zip(DAYS, weekly, strict=True)}


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
