"""Dates as people and programs write them. Never guessed: the order of day and month is stated, or the file proves it.

`03/11/2026` is a day in March or in November, and a wrong guess raises no error: it moves answers to other months. So
every date of a file is looked at first (`OrderEvidence`), and only then read (`parse_moment`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from enum import StrEnum
from typing import NamedTuple

from django.utils.translation import gettext, gettext_noop


class DateOrder(StrEnum):
    DMY = "dmy"
    MDY = "mdy"
    ISO = "iso"


ORDER_IN_WORDS = {
    DateOrder.DMY: gettext_noop("day first"),
    DateOrder.MDY: gettext_noop("month first"),
    DateOrder.ISO: gettext_noop("year first"),
}


class BadDate(ValueError):
    """The text is no moment; the message says why, for the person who sent it."""


class UndecidedOrder(ValueError):
    """The dates of this file fit day first as well as month first; the message says what was seen."""


class UnprovenOrder(UndecidedOrder):
    """Nothing in the file speaks against either order, and nothing for one."""


class Moment(NamedTuple):
    at: datetime
    is_day_only: bool


_CLOCK = (
    r"(?:(?:T|\s*,\s*|\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?:\s*(?P<half>[ap])\.?m\.?)?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
)
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})" + _CLOCK, re.I | re.A)
_COMPACT = re.compile(r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})", re.A)
_YEAR_LAST = re.compile(
    r"(?P<first>\d{1,2})(?P<separator>[-/.])\s?(?P<second_number>\d{1,2})(?P=separator)\s?(?P<year>\d{4}|\d{2})"
    + _CLOCK,
    re.I | re.A,
)
_WEEKDAY = r"(?:[^\W\d_]{2,12}\.?,?\s+)?"
_DAY_THEN_NAME = re.compile(
    _WEEKDAY + r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?[\s-](?:de\s+)?(?P<name>[^\W\d_]{3,12})\.?,?[\s-](?:de\s+)?"
    r"(?P<year>\d{4}|\d{2})" + _CLOCK,
    re.I,
)
_NAME_THEN_DAY = re.compile(
    _WEEKDAY + r"(?P<name>[^\W\d_]{3,12})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})" + _CLOCK, re.I
)
_UNIX = re.compile(r"(\d{9,16})(?:\.(\d{1,6})\d*)?", re.A)

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar enero janvier ene janv jän jänner",
            "feb february februar febrero février fév févr fevrier",
            "mar march märz marzo mars mär mrz maerz",
            "apr april abril avril abr avr",
            "may mai mayo",
            "jun june juni junio juin",
            "jul july juli julio juillet juil",
            "aug august agosto août ago aout",
            "sep sept september septiembre septembre",
            "oct october oktober octubre octobre okt",
            "nov november noviembre novembre",
            "dec december dezember diciembre décembre dez dic déc decembre",
        ),
        start=1,
    )
    for name in names.split()
}
_MIDDAY = time(12)
_SPLIT_AT = 10


def month_from(text: str) -> int | None:
    """Number of the month that `text` names ("9", "09", "Sep", "September"), or None."""
    text = text.strip().casefold()
    if text.isascii() and text.isdigit() and len(text) <= 2 and 1 <= int(text) <= 12:
        return int(text)
    return _MONTHS.get(text.rstrip("."))


def parse_moment(raw: str, order: DateOrder, zone: tzinfo, *, this_year: int) -> Moment:
    """Read one date or time, into UTC.

    A time without an offset is in `zone`; one that a clock change skipped counts by the clock before the change, one
    that came twice is the first. A date without a time counts as midday there, so that no change of zone moves it to
    another day. Two-digit years are the ones nearest below `this_year` + 1. Unix seconds, milliseconds and
    microseconds are read as such. Raises BadDate.
    """
    text = raw.strip()
    if match := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        parts = match.groupdict()
        return _moment(parts, int(parts["year"]), int(parts["month"]), int(parts["day"]), zone, text)
    if match := _UNIX.fullmatch(text):
        return _from_unix(match[1], match[2] or "", text)
    if match := _YEAR_LAST.fullmatch(text):
        parts = match.groupdict()
        first, second = int(parts["first"]), int(parts["second_number"])
        if order is DateOrder.ISO:
            raise BadDate(
                gettext("“%(text)s” does not begin with the year, and year first was stated.") % {"text": text}
            )
        day, month = (first, second) if order is DateOrder.DMY else (second, first)
        return _moment(parts, _full_year(parts["year"], this_year), month, day, zone, text)
    if match := _DAY_THEN_NAME.fullmatch(text) or _NAME_THEN_DAY.fullmatch(text):
        parts = match.groupdict()
        if number := _MONTHS.get(parts["name"].casefold()):
            return _moment(parts, _full_year(parts["year"], this_year), number, int(parts["day"]), zone, text)
    raise BadDate(gettext("“%(text)s” is not a date that can be read.") % {"text": text[:40]})


def _moment(parts: dict[str, str | None], year: int, month: int, day: int, zone: tzinfo, text: str) -> Moment:
    try:
        on = date(year, month, day)
    except ValueError as error:
        raise BadDate(gettext("“%(text)s”: there is no such day.") % {"text": text}) from error
    hour = parts.get("hour")
    offset = _offset(parts.get("zone"))
    if hour is None:
        return Moment(_utc(datetime.combine(on, _MIDDAY), offset or zone), True)
    half = (parts.get("half") or "").lower()
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            raise BadDate(gettext("“%(text)s”: there is no such time.") % {"text": text})
        hours = hours % 12 + (12 if half == "p" else 0)
    micro = int((parts.get("fraction") or "0")[:6].ljust(6, "0"))
    try:
        clock = time(hours, int(parts["minute"] or 0), int(parts.get("second") or 0), micro)
    except ValueError as error:
        raise BadDate(gettext("“%(text)s”: there is no such time.") % {"text": text}) from error
    return Moment(_utc(datetime.combine(on, clock), offset or zone), False)


def _utc(naive: datetime, zone: tzinfo) -> datetime:
    try:
        return naive.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError as error:
        raise BadDate(gettext("%(date)s: there is no such day.") % {"date": naive.date()}) from error


def _offset(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    if ahead >= timedelta(hours=24):
        raise BadDate(gettext("“%(text)s” is not an offset from UTC.") % {"text": text})
    return timezone(ahead if text[0] == "+" else -ahead)


def _full_year(text: str, this_year: int) -> int:
    if len(text) == 4:
        return int(text)
    year = this_year // 100 * 100 + int(text)
    return year if year <= this_year + 1 else year - 100


def _from_unix(whole: str, fraction: str, text: str) -> Moment:
    scale = {9: 1, 10: 1, 12: 1_000, 13: 1_000, 15: 1_000_000, 16: 1_000_000}.get(len(whole))
    if scale is None:
        raise BadDate(
            gettext("“%(text)s” is a number, but not one that counts seconds, milliseconds or microseconds.")
            % {"text": text[:40]}
        )
    micro = int(whole) * (1_000_000 // scale)
    if scale == 1 and fraction:
        micro += int(fraction.ljust(6, "0"))
    return Moment(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micro), False)


@dataclass
class _Shape:
    """What was seen of dates written in one way, e.g. with slashes and a two-digit year."""

    only_day_first: int = 0
    only_month_first: int = 0
    either: int = 0


@dataclass
class OrderEvidence:
    """What the dates of one column prove about day and month. Fed with every row; its size does not grow.

    A first number above 12 proves day first, a second one month first. A month column beside the date, where there is
    one, proves what it agrees with.
    """

    shapes: dict[tuple[str, int], _Shape] = field(default_factory=dict)
    month_agrees_day_first: int = 0
    month_agrees_month_first: int = 0
    month_silent: int = 0
    holds_dates: bool = False
    day_first_example: tuple[str, int] | None = None
    month_first_example: tuple[str, int] | None = None
    either_example: tuple[str, int] | None = None

    def add(self, raw: str, row: int, month_beside: int | None = None) -> None:
        """Take in one date as written in `row`, and the month that the same row names elsewhere."""
        text = raw.strip()
        match = _YEAR_LAST.fullmatch(text)
        if match is None:
            self.holds_dates = self.holds_dates or _is_date(text)
            return
        first, second = int(match["first"]), int(match["second_number"])
        if not (1 <= first <= 31 and 1 <= second <= 31) or (first > 12 and second > 12):
            return
        self.holds_dates = True
        shape = self.shapes.setdefault((match["separator"], len(match["year"])), _Shape())
        if first > 12:
            shape.only_day_first += 1
            self.day_first_example = self.day_first_example or (text, row)
        elif second > 12:
            shape.only_month_first += 1
            self.month_first_example = self.month_first_example or (text, row)
        elif first != second:
            shape.either += 1
            self.either_example = self.either_example or (text, row)
            if month_beside == second:
                self.month_agrees_day_first += 1
            elif month_beside == first:
                self.month_agrees_month_first += 1
            else:
                self.month_silent += 1

    def order(self) -> tuple[DateOrder, str]:
        """Return the proven order and the proof in one sentence. Raises UndecidedOrder, which says what was seen."""
        if not self.shapes:
            return DateOrder.ISO, ""
        day_first = sum(shape.only_day_first for shape in self.shapes.values())
        month_first = sum(shape.only_month_first for shape in self.shapes.values())
        if day_first and month_first:
            raise UndecidedOrder(
                gettext("%(first)s fits only day first, %(other)s only month first")
                % {"first": self._quote(self.day_first_example), "other": self._quote(self.month_first_example)}
            )
        beside = self._proof_by_month_column()
        if beside:
            if month_first if beside is DateOrder.DMY else day_first:
                fits = self._quote(self.day_first_example or self.month_first_example)
                raise UndecidedOrder(
                    gettext("%(example)s fits one order only, and the month column says the other for the rest")
                    % {"example": fits}
                )
            return beside, gettext("Dates are %(order)s: the month column agrees in every row.") % {
                "order": gettext(ORDER_IN_WORDS[beside])
            }
        if (day_first or month_first) and not self._rewritten_by_a_spreadsheet():
            proven = DateOrder.DMY if day_first else DateOrder.MDY
            example = self._quote(self.day_first_example if day_first else self.month_first_example)
            return (
                proven,
                gettext("Dates are %(order)s: %(rows)s rows prove it, such as %(example)s.")
                % {
                    "order": gettext(ORDER_IN_WORDS[proven]),
                    "rows": f"{day_first or month_first:,}",
                    "example": example,
                },
            )
        if not self.either_example:
            return DateOrder.DMY, ""
        if not month_first and all(separator == "." for separator, _ in self.shapes):
            # No locale of the Unicode CLDR writes the month first with dots.
            return DateOrder.DMY, gettext("Dates are day first: they are written with dots.")
        raise UnprovenOrder(
            gettext("%(example)s fits day first as well as month first, and no row proves which")
            % {"example": self._quote(self.either_example)}
        )

    def _proof_by_month_column(self) -> DateOrder | None:
        if self.month_silent or bool(self.month_agrees_day_first) == bool(self.month_agrees_month_first):
            return None
        return DateOrder.DMY if self.month_agrees_day_first else DateOrder.MDY

    def _rewritten_by_a_spreadsheet(self) -> bool:
        """Whether one way of writing holds every date that fits both orders, and the other only those that fit one.

        A spreadsheet set to the other order takes what it can read for dates and writes it anew, perhaps with day and
        month exchanged, and leaves the rest as text. Then the rest proves nothing about what was rewritten. Four days
        in ten fit both orders, so that none of _SPLIT_AT dates does is no chance (0.6 ** 10 is under 1 %).
        """
        proven = [shape for shape in self.shapes.values() if shape.only_day_first or shape.only_month_first]
        unproven = [
            shape
            for shape in self.shapes.values()
            if shape.either and not shape.only_day_first and not shape.only_month_first
        ]
        rows = sum(shape.only_day_first + shape.only_month_first for shape in proven)
        return bool(unproven) and rows >= _SPLIT_AT and not any(shape.either for shape in proven)

    @staticmethod
    def _quote(example: tuple[str, int] | None) -> str:
        if example is None:
            return ""
        return gettext("“%(text)s” in row %(row)s") % {"text": example[0], "row": f"{example[1]:,}"}


def _is_date(text: str) -> bool:
    try:
        parse_moment(text, DateOrder.DMY, UTC, this_year=2000)
    except BadDate:
        return False
    return True
