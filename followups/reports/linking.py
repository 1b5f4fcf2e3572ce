"""Numbers in running text that open what they counted."""

from __future__ import annotations

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe


def linked(words: object, href: str, full: object = "") -> SafeString | str:
    """The words as a link; `full` says them once more to whoever hears the page. Plain words where nothing opens."""
    if not href:
        return str(words)
    if full:
        return format_html('<a href="{}">{}<span class="vh"> {}</span></a>', href, words, full)
    return format_html('<a href="{}">{}</a>', href, words)


def said(text: str, **words: object) -> SafeString:
    """A sentence whose %(names)s may be links: whatever is not markup already is made harmless."""
    safe = {
        name: conditional_escape(word if isinstance(word, SafeString) else str(word)) for name, word in words.items()
    }
    return mark_safe(conditional_escape(text) % safe)  # noqa: S308
