"""Figures as the style guide writes them. No query in here."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def points(value: float | None) -> str:
    """An NPS as a whole number with its sign: `+56`, `−12`, `0`; nothing for no value."""
    if value is None:
        return ""
    whole = round(value)
    return f"{whole:+d}".replace("-", "−") if whole else "0"
