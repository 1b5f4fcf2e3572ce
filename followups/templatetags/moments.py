"""Times as colleagues read them: exact, in their own zone, as short as they stay clear. No query in here."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django import template
from django.utils import formats, timezone
from django.utils.translation import get_language, gettext, pgettext

from followups.promises import in_words
from nps_loop.templatetags.look import NBSP, clock

register = template.Library()


@register.filter
def moment(at: datetime | None, now: datetime) -> str:
    """`today 17:30`, `Sun 20:42`, `Tue 24 Nov 14:52`, `24 Nov 2025 14:52`. No moment is an empty string."""
    if at is None:
        return ""
    local, here = timezone.localtime(at), timezone.localtime(now)
    away = (local.date() - here.date()).days
    clock = formats.date_format(local, "H:i")
    if away == 0:
        return gettext("today %(clock)s") % {"clock": clock}
    if abs(away) < 6:
        return f"{formats.date_format(local, 'D')} {clock}"
    return f"{_day(local.date(), here.date(), weekday=abs(away) < 60)} {clock}"


@register.filter
def on_day(at: datetime | date | None, now: datetime) -> str:
    """The day alone: `today`, `Sun 22 Nov`, `22 Nov 2025`. No moment is an empty string."""
    if at is None:
        return ""
    here = timezone.localtime(now).date()
    day = timezone.localtime(at).date() if isinstance(at, datetime) else at
    if day == here:
        return gettext("today")
    return _day(day, here, weekday=abs((day - here).days) < 60)


@register.filter
def on_day_at(at: datetime | None, now: datetime) -> str:
    """The day and the time: `today, 17:30`, `Sun 22 Nov, 20:42`. No moment is an empty string."""
    return f"{on_day(at, now)}, {formats.date_format(timezone.localtime(at), 'H:i')}" if at else ""


@register.filter
def in_full(at: datetime | date | None) -> str:
    """A day with its weekday, as a sentence takes it: `Sunday 22 November`; with the year where it is another one."""
    if at is None:
        return ""
    day = timezone.localtime(at).date() if isinstance(at, datetime) else at
    # Translators: a day in a sentence, in Django's date format, e.g. "Sunday 22 November".
    return formats.date_format(day, pgettext("date format", "l j F"))


@register.filter
def last_day(ends_at: datetime) -> datetime:
    """The last moment of a stretch that ends then: one that ends at midnight ends on the day before."""
    return ends_at - timedelta(seconds=1)


@register.filter
def in_full_at(at: datetime | None) -> str:
    """A moment as a sentence takes it: `Sunday 22 November, 20:42`."""
    if at is None:
        return ""
    return f"{in_full(at)}, {formats.date_format(timezone.localtime(at), 'H:i')}"


@register.filter
def as_promised(at: datetime | None, now: datetime) -> str:
    """A promised half-day in the reader's own words and zone: `by Tuesday evening`."""
    if at is None:
        return ""
    return in_words(at, get_language() or "en", timezone.get_current_timezone_name(), now=now, with_date=False)


@register.filter
def span(length: timedelta) -> str:
    """A stretch of time with its minutes: `41 h 48 min`, `6 d 2 h`, `13 h`."""
    minutes = max(int(length.total_seconds() // 60), 0)
    days, hours = divmod(minutes // 60, 24)
    if minutes >= 72 * 60:
        return f"{days}{NBSP}d" + (f" {hours}{NBSP}h" if hours else "")
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest}{NBSP}min"
    return f"{hours}{NBSP}h" + (f" {rest}{NBSP}min" if rest else "")


@register.filter
def ago(at: datetime | date, now: datetime) -> str:
    """How long ago, in the coarsest unit that fits: `today`, `2 days ago`, `5 weeks ago`, `3 months ago`."""
    day = timezone.localtime(at).date() if isinstance(at, datetime) else at
    days = (timezone.localtime(now).date() - day).days
    if days <= 0:
        return gettext("today")
    if days == 1:
        return gettext("yesterday")
    if days < 14:
        return gettext("%(n)s days ago") % {"n": days}
    if days < 75:
        return gettext("%(n)s weeks ago") % {"n": days // 7}
    if days < 365 * 2:
        return gettext("%(n)s months ago") % {"n": round(days / 30.44)}
    return gettext("%(n)s years ago") % {"n": days // 365}


def _day(day: date, today: date, *, weekday: bool) -> str:
    words = formats.date_format(day, pgettext("short date format", "j M"))
    if day.year != today.year:
        return f"{words} {day.year}"
    return f"{formats.date_format(day, 'D')} {words}" if weekday else words


@register.filter
def lower_first(words: str) -> str:
    """A button's words inside a sentence: `call Grace`."""
    # In German it is often a noun or a name that comes first: "Grace anrufen".
    if (get_language() or "en").startswith("de"):
        return words
    return words[:1].lower() + words[1:]


@register.inclusion_tag("followups/includes/left.html")
def left(due: datetime | None, now: datetime, remaining: timedelta | None = None) -> dict[str, str]:
    """What a clock says, in words alone, for a cell of a table."""
    shown = clock(due, now, left=remaining)
    return {"words": shown["words"], "tone": {"late": "bad strong", "soon": "warn strong"}.get(shown["tone"], "soft")}
