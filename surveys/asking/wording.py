"""The words a survey asks in: its own where somebody wrote them, ours otherwise.

Ours exist in the languages that mails exist in. A survey may have its own in any language at all: then that is one of
its languages too, and what nobody wrote in it is said in English.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.conf import settings
from django.conf.locale import LANG_INFO
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from nps_loop.mail.rendering import LANGUAGES, language_of
from surveys.models import Survey

LONGEST = 300


@dataclass(frozen=True, slots=True)
class Words:
    """What is asked, in one language. `why` is asked of 0 to 6, `why_passive` of 7 and 8, `why_promoter` of 9 and 10."""

    question: str
    low: str
    high: str
    why: str
    why_passive: str
    why_promoter: str
    driver: str
    contact: str
    share: str
    thanks: str


# The parts that can be worded, with what they are called on the page where that is done.
PARTS: Mapping[str, Any] = {
    "question": _("The question"),
    "low": _("What 0 means"),
    "high": _("What 10 means"),
    "why": _("Why, asked after 0 to 6"),
    "why_passive": _("Why, asked after 7 and 8"),
    "why_promoter": _("Why, asked after 9 and 10"),
    "driver": _("Above the reasons to pick from"),
    "contact": _("Whether somebody shall get in touch"),
    "share": _("Whether colleagues may see the name"),
    "thanks": _("Thanks, at the end"),
}

# What we say where nobody wrote anything, in the language that is active.
_OURS: Mapping[str, Callable[[], str]] = {
    "question": lambda: gettext("How likely are you to recommend %(brand)s to a colleague?"),
    "low": lambda: gettext("not at all likely"),
    "high": lambda: gettext("extremely likely"),
    "why": lambda: gettext("What is the main reason?"),
    "why_passive": lambda: gettext("What would make it a 9 or 10?"),
    "why_promoter": lambda: gettext("What should we keep doing?"),
    "driver": lambda: gettext("What is it mostly about?"),
    "contact": lambda: gettext("Shall somebody get in touch with you about this?"),
    "share": lambda: gettext("May colleagues in other teams see your name?"),
    "thanks": lambda: "",
}
assert [each.name for each in fields(Words)] == list(PARTS) == list(_OURS)


def code_of(language: str) -> str:
    """ "de", "de-AT" and "DE_at" are one language."""
    return (language or "").replace("_", "-").partition("-")[0].casefold()


def name_of(language: str) -> str:
    """The name of a language in itself: "Deutsch", "Nederlands"; its code where nobody knows."""
    info = LANG_INFO.get(language, {})
    return str(info.get("name_local", language)).capitalize()


def languages_of(survey: Survey) -> list[str]:
    """The languages this survey can be answered in: those we ship, then its own."""
    own = [code for code, words in survey.wording.items() if isinstance(words, dict) and words.get("question")]
    return [*LANGUAGES, *sorted(set(own) - set(LANGUAGES))]


def language_for(survey: Survey, *wishes: str) -> str:
    """The first of the wished languages that this survey has; English otherwise."""
    has = languages_of(survey)
    return next((code for wish in wishes if (code := code_of(wish)) in has), "en")


def words_of(survey: Survey, language: str, brand: str) -> Words:
    """What `survey` asks in `language`: its own words, else ours. `brand` is the name customers know us by.

    The one question of the survey itself stands for its wording in the language of this deployment.
    """
    own = survey.wording.get(language)
    own = {name: text for name, text in own.items() if isinstance(text, str)} if isinstance(own, dict) else {}
    if survey.question and language == settings.LANGUAGE_CODE:
        own = {"question": survey.question} | own
    with translation.override(language_of(language)):
        said = {name: own.get(name) or ours() for name, ours in _OURS.items()}
        if not own.get("question"):
            said["question"] %= {"brand": brand}
    return Words(**said)


def drivers_of(survey: Survey, language: str) -> list[tuple[str, str]]:
    """(code, label) of the reasons to pick from, labelled in `language`, else in English, else by any label at all."""
    found = []
    for driver in survey.drivers:
        labels = driver.get("label") if isinstance(driver, dict) else None
        if isinstance(labels, dict) and isinstance(driver.get("code"), str) and driver["code"]:
            label = labels.get(language) or labels.get("en") or next(iter(labels.values()), "")
            found.append((driver["code"], str(label) or driver["code"]))
    return found
