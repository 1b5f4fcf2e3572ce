"""From a kind of mail and its facts to subject, text and HTML in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    text: str
    html: str


def language_of(*wishes: str) -> str:
    """The first of the wished languages that mails exist in, by its first two letters; English otherwise."""
    for wish in wishes:
        code = (wish or "").replace("_", "-").split("-")[0].lower()
        if code in LANGUAGES:
            return code
    return "en"


def render(kind: str, language: str, context: Mapping[str, Any]) -> Rendered:
    """Render the three templates of `templates/emails/<kind>/`. Links stay placeholders until hand-over."""
    facts = dict(context) | {"language": language}
    with translation.override(language):
        return Rendered(
            subject=" ".join(render_to_string(f"emails/{kind}/subject.txt", facts).split()),
            text=render_to_string(f"emails/{kind}/body.txt", facts).strip() + "\n",
            html=render_to_string(f"emails/{kind}/body.html", facts),
        )
