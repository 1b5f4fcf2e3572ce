"""What holds for every template at once: icons that exist, classes that are styled, a policy without exceptions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

ROOT = Path(settings.BASE_DIR)
# Mails carry their styles with them, and the administration is Django's own.
PAGES = sorted(path for path in (ROOT / "templates").rglob("*.html") if not {"emails", "admin"} & set(path.parts))
STYLES = (ROOT / "nps_loop" / "static" / "app.css").read_text()
SYMBOLS = set(re.findall(r'<symbol id="i-([\w-]+)"', (ROOT / "templates/includes/icons.html").read_text()))
each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT / "templates").as_posix())


def literal_classes(source: str) -> Iterator[str]:
    """Class names that stand as such in a template; those put together by tags are left out."""
    for value in re.findall(r'\bclass="([^"]*)"', markup(source)):
        yield from (name for name in value.split() if "\0" not in name)


def markup(source: str) -> str:
    """The template without what Django reads."""
    return re.sub(r"(?s)\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "\0", source)


@each_page
def test_no_style_and_no_script_of_its_own(path: Path) -> None:
    source = path.read_text()
    assert "|safe" not in source
    assert not re.search(r"\sstyle=|<style|<script(?![^>]*\bsrc=)|\shx-on|\son\w+=|javascript:", markup(source))


@each_page
def test_every_icon_exists(path: Path) -> None:
    assert set(re.findall(r'\{% icon "([\w-]+)"', path.read_text())) <= SYMBOLS


@each_page
def test_every_class_is_styled(path: Path) -> None:
    styled = set(re.findall(r"\.(-?[a-zA-Z][\w-]*)", STYLES))
    assert {name for name in literal_classes(path.read_text()) if name not in styled} == set()


def test_every_part_of_the_parts_exists() -> None:
    from nps_loop.templatetags.look import CLOSINGS, STATES

    assert {symbol for _, symbol, _ in [*STATES.values(), *CLOSINGS.values()]} <= SYMBOLS


@pytest.mark.parametrize("language", ["en", "de", "es", "fr"])
@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
def test_an_error_page_needs_no_request(name: str, language: str) -> None:
    with translation.override(language):
        html = render_to_string(f"{name}.html")
    assert f'<html lang="{language}"' in html
    assert html.count("<h1>") == 1 and 'class="public-main"' in html


def test_the_page_for_faults_asks_for_no_file_by_look_up() -> None:
    source = (ROOT / "templates" / "500.html").read_text()
    assert "{% static" not in source and "{% extends" not in source and "{% include" not in source
