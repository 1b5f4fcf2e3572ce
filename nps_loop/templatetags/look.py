"""The parts every page is made of: score, state, clock, words, icon, tag, money, and the side navigation.

Pure presentation: plain values in, markup out. Nothing here asks the database. Each part is one small template under
templates/includes/, and stands in the style guide under the same name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

register = template.Library()

# State -> (class, icon, word). The dial fills: assigned 0, contacted a quarter, in action a half, resolved three.
STATES: Mapping[str, tuple[str, str, Any]] = {
    "new": ("", "st-new", _("New")),
    "assigned": ("state-active", "st-assigned", _("Assigned")),
    "contacted": ("state-active", "st-contacted", _("Contacted")),
    "in_action": ("state-active", "st-action", _("In action")),
    "waiting_on_customer": ("state-waiting", "st-waiting", _("Waiting on customer")),
    "resolved": ("state-active", "st-resolved", _("Resolved")),
    "dismissed": ("", "stop", _("Dismissed")),
}
# How a closed ticket ended. Only the customer's own yes is drawn as settled; everything else is a dash.
CLOSINGS: Mapping[str, tuple[str, str, Any]] = {
    "confirmed": ("state-closed", "st-confirmed", _("Settled")),
    "confirmed_by_reply": ("state-closed", "st-confirmed", _("Settled, by reply")),
    "unconfirmed": ("", "st-unconfirmed", _("Closed, no word")),
    "not_asked": ("", "st-unconfirmed", _("Closed, not asked")),
    "agreed_to_differ": ("", "st-unconfirmed", _("Agreed to differ")),
    "left_in_peace": ("", "st-unconfirmed", _("Left in peace")),
}
CURRENCY_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}
NBSP = "\u00a0"


# Dates as they are written out, by how English writes them.
DATE_FORMATS: Mapping[str, Any] = {
    "j M": pgettext_lazy("short date format", "j M"),
    "j M H:i": pgettext_lazy("date format", "j M H:i"),
    "j F Y": pgettext_lazy("date format", "j F Y"),
    "D j M": pgettext_lazy("date format", "D j M"),
    "D j M, H:i": pgettext_lazy("date format", "D j M, H:i"),
    "D j M Y, H:i": pgettext_lazy("date format", "D j M Y, H:i"),
    "M Y": pgettext_lazy("month format", "M Y"),
}


@register.filter
def written(at: datetime | date | None, form: str) -> str:
    """A day or moment in one of `DATE_FORMATS`, as the language that is active writes it; no moment is empty."""
    if at is None:
        return ""
    return formats.date_format(timezone.localtime(at) if isinstance(at, datetime) else at, str(DATE_FORMATS[form]))


@register.simple_tag
def icon(name: str, size: str = "", turn: bool = False) -> SafeString:
    """One icon of templates/includes/icons.html. `size` is "" or "lg"; `turn` marks the arrow of a fold."""
    classes = "icon" + (f" icon-{size}" if size else "") + (" turn" if turn else "")
    return format_html('<svg class="{}" aria-hidden="true"><use href="#i-{}"/></svg>', classes, name)


@register.inclusion_tag("includes/score.html")
def score(score: int, size: str = "") -> dict[str, Any]:
    """A score from 0 to 10 with its band. `size` is "", "xl" (the ticket) or "s" (in a list)."""
    if score <= 6:
        band, word = "d", gettext("Detractor")
    elif score <= 8:
        band, word = "p", gettext("Passive")
    else:
        band, word = "g", gettext("Promoter")
    return {"score": score, "band": band, "word": word, "size": size}


@register.inclusion_tag("includes/state.html")
def state(state: str, closed_as: str = "", word: str = "") -> dict[str, Any]:
    """The dial and the word of a ticket's state. `closed_as` counts only for a closed one; `word` replaces the word."""
    classes, symbol, usual = (CLOSINGS.get(closed_as) if state == "closed" else STATES.get(state)) or (
        "",
        "st-unconfirmed",
        gettext("Closed") if state == "closed" else state,
    )
    return {"classes": classes, "symbol": symbol, "word": word or usual}


@register.inclusion_tag("includes/clock.html")
def clock(
    due: datetime | None,
    now: datetime,
    label: str = "",
    *,
    left: timedelta | None = None,
    key: object = "",
    tip: Iterable[tuple[str, str]] = (),
) -> dict[str, Any]:
    """What is left until `due`, in words, or by how much it is late.

    `left` is the working time left, where the caller knows it; else wall time counts. `tip` holds (term, words) pairs
    shown on hover and focus and needs a `key` that is unique on the page. Without `due` the clock stands still.
    """
    if due is None:
        tone, symbol, words = "rest", "pause", gettext("paused")
    elif due < now:
        tone, symbol, words = "late", "late", gettext("late by %(span)s") % {"span": span_in_words(now - due)}
    else:
        today = timezone.localtime(due).date() == timezone.localtime(now).date()
        tone, symbol = ("soon", "soon") if today else ("rest", "clock")
        words = gettext("%(span)s left") % {"span": span_in_words(due - now if left is None else left)}
    return {"tone": tone, "symbol": symbol, "words": words, "label": label, "key": key, "tip": list(tip)}


@register.inclusion_tag("includes/words.html")
def words(text: str, lang: str = "", classes: str = "") -> dict[str, Any]:
    """A customer's words, always in serif and always as text. `classes` as in the style guide, e.g. "words-clamp"."""
    said = text.strip()
    return {"text": said, "lang": lang, "classes": classes, "lines": "\n" in said}


@register.inclusion_tag("includes/tag.html")
def tag(text: str, tone: str = "", symbol: str = "") -> dict[str, Any]:
    """A small label. `tone` is "", "warn", "bad", "good" or "accent"; `symbol` an icon's name."""
    return {"text": text, "tone": tone, "symbol": symbol}


@register.simple_tag
def money(amount: Decimal | int | None, currency: str = "EUR", short: bool = False) -> str:
    """An amount without decimals: €184,000, or €184k when `short`. An unknown amount is an empty string."""
    if amount is None:
        return ""
    sign = CURRENCY_SIGNS.get(currency, currency + NBSP)
    value = Decimal(amount)
    in_thousands = short and abs(value) >= 1000
    if in_thousands:
        value /= 1000
    amount_in_words = formats.number_format(abs(value), 0, force_grouping=True)
    # Translators: where the sign of a currency stands. €184,000 and €184k.
    form = pgettext("money", "%(sign)s%(amount)sk") if in_thousands else pgettext("money", "%(sign)s%(amount)s")
    return f"{'−' if value < 0 else ''}{form % {'sign': sign, 'amount': amount_in_words}}".strip()


@register.inclusion_tag("includes/nav.html", takes_context=True)
def main_nav(context: template.Context) -> dict[str, Any]:
    """The side navigation of the person logged in: items by role, counts, and the mark on the present place.

    Counts and role come from the context processor's `nav`: `leads` (bool), `day` (where one's own day is, or empty),
    `queue_late`, `actions_due`, `team_late`.
    """
    request, nav = context["request"], context.get("nav") or {}
    user = context["user"]
    runs = bool(user.is_staff)
    leads = bool(nav.get("leads")) or bool(user.is_superuser)
    work = [
        _item("/queue/", "queue", gettext("My queue"), "q", nav.get("queue_late"), gettext("late or due today")),
        _item("/actions/", "task", gettext("Promises"), "p", nav.get("actions_due"), gettext("due today")),
        _item("/tickets/", "tickets", gettext("All tickets"), "t"),
    ]
    if nav.get("day"):
        work.insert(0, _item(str(nav["day"]), "sunrise", gettext("My day"), "d"))
    if leads:
        work.insert(0, _item("/team/", "team", gettext("Team"), "m", nav.get("team_late"), gettext("late")))
    rest = [_item("/reports/", "chart", gettext("Reports"), "r"), _item("/mailbox/", "mail", gettext("Mailbox"))]
    rest.append(_item("/absences/", "pause", gettext("Absences")))
    if leads:
        rest.append(_item("/reviews/", "file", gettext("Review")))
        rest.append(_item("/templates/", "note", gettext("Templates")))
    if leads or runs:
        rest.append(_item("/import/", "upload", gettext("Import")))
    if leads:
        rest.append(_item("/set-up/", "gear", pgettext("navigation", "Set-up")))
    elif runs:
        rest.append(_item("/admin/", "gear", pgettext("navigation", "Set-up")))
    place = nav.get("place") or request.path
    for item in work + rest:
        # Every address begins as the first one does, so only the first one itself is that place.
        item["here"] = place == "/" if item["href"] == "/" else place.startswith(item["href"])
    return {"work": work, "rest": rest}


def _item(href: str, symbol: str, word: str, go: str = "", count: object = None, counted: str = "") -> dict[str, Any]:
    return {"href": href, "symbol": symbol, "word": word, "go": go, "count": count, "counted": counted}


def span_in_words(span: timedelta) -> str:
    """A stretch of time as short as it stays exact: 40 min, 1 h 30 (half hours, rounded down), 2 days."""
    minutes = max(int(span.total_seconds() // 60), 0)
    if minutes < 60:
        return f"{minutes}{NBSP}min"
    if minutes < 24 * 60:
        hours, rest = divmod(minutes, 60)
        return f"{hours}{NBSP}h" + (f"{NBSP}30" if rest >= 30 else "")
    days = minutes // (24 * 60)
    return (ngettext("%(days)s day", "%(days)s days", days) % {"days": days}).replace(" ", NBSP)
