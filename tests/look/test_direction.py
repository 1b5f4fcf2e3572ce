"""Nothing in the stylesheet takes it for granted that people read from left to right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

CSS = (Path(settings.BASE_DIR) / "nps_loop" / "static" / "app.css").read_text(encoding="utf-8")

# What may name a side all the same: declaration -> why.
PHYSICAL = {
    "padding: .75rem 1rem 1.75rem 2.875rem": "a chart has its scale on the left in every language",
}

DECLARATION = re.compile(r"(?<![\w-])([a-z-]+)\s*:\s*([^;{}]+)(?=[;}])")
SIDED = re.compile(
    r"(margin|padding|border|scroll-margin|scroll-padding)(-\w+)*-(left|right)(-\w+)?|left|right|float|clear"
)


def names_a_side(name: str, value: str) -> bool:
    """Whether a declaration means the left or the right of the screen, and not the start or end of a line."""
    if SIDED.fullmatch(name):
        return True
    if name == "text-align":
        return value in {"left", "right"}
    if name in {"margin", "padding", "inset"}:
        parts = re.findall(r"(?:[^\s()]|\((?:[^()]|\([^()]*\))*\))+", value)
        return len(parts) == 4 and parts[1] != parts[3]
    return False


def test_no_side_is_named_but_for_a_stated_reason() -> None:
    without_comments = re.sub(r"/\*.*?\*/", "", CSS, flags=re.DOTALL)
    found = {
        f"{name}: {value.strip()}"
        for name, value in DECLARATION.findall(without_comments)
        if names_a_side(name, value.strip())
    }
    assert found == set(PHYSICAL)


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("margin-left", "1rem", True),
        ("text-align", "right", True),
        ("padding", "1px 2px 3px 4px", True),
        ("inset", "calc(100% + .5rem) 0 auto auto", True),
        ("padding", "1px 2px 3px 2px", False),
        ("margin-inline-start", "1rem", False),
        ("text-align", "end", False),
    ],
)
def test_a_side_is_told_from_the_start_of_a_line(name: str, value: str, named: bool) -> None:
    assert names_a_side(name, value) is named


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("de", "ltr"), ("ar", "rtl"), ("he", "rtl")])
def test_a_page_says_in_which_direction_it_is_read(language: str, direction: str) -> None:
    with translation.override(language):
        assert f'dir="{direction}">' in render_to_string("base.html").split("\n")[1]


def test_words_of_customers_run_in_their_own_direction() -> None:
    shown = render_to_string("includes/words.html", {"text": "خدمة بطيئة", "lang": "ar", "classes": ""})
    assert '<blockquote dir="auto" class="words" lang="ar">خدمة بطيئة</blockquote>' in shown
