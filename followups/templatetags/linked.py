"""Words that lead somewhere, where the reader may go there. No query in here."""

from __future__ import annotations

from typing import Protocol

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

register = template.Library()


class Part(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def href(self) -> str: ...


@register.simple_tag
def linked(part: Part) -> SafeString:
    """A part's words as a link, or as they are where there is nothing behind them for this reader."""
    return format_html('<a href="{}">{}</a>', part.href, part.text) if part.href else conditional_escape(part.text)
