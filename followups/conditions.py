"""Whether a rule is true of an answer, and of which of its conditions. Pure: facts of the answer in, a verdict out.

Every condition that a rule states must hold. Names of products, segments, regions and units are compared without regard
to case and to space around them, as files and tools write them in many ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from django.utils.translation import gettext, ngettext

from followups.holds import hold_words
from followups.models import Rule
from surveys.models import Account, Brand, Response


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules look at in an answer. Empty or None where nothing is known."""

    score: int
    band: str
    contact_me: bool | None = None
    words: str = ""
    survey_kind: str = ""
    touchpoint: str = ""
    product: str = ""
    segment: str = ""
    region: str = ""
    language: str = ""
    value: Decimal | None = None
    business_units: tuple[str, ...] = ()
    brand: str = ""
    # How a touchpoint is called, for the sentence alone.
    touchpoint_name: str = field(default="", compare=False)

    @classmethod
    def of(cls, response: Response, brand: Brand | None) -> Facts:
        """Of an answer with its account, contact and touchpoint at hand; segment and region as they were. No query."""
        account = account_of(response)
        spoken = response.language or (response.contact.language if response.contact else "")
        point = response.touchpoint
        return cls(
            score=response.score,
            band=response.band,
            contact_me=response.contact_me,
            words=response.verbatim,
            survey_kind=response.survey_kind,
            touchpoint=point.slug if point else "",
            product=response.product,
            segment=response.segment,
            region=response.region,
            language=spoken[:2].lower(),
            value=account.annual_value if account else None,
            business_units=tuple(account.business_units) if account else (),
            brand=brand.slug if brand else "",
            touchpoint_name=point.name if point else "",
        )


def account_of(response: Response) -> Account | None:
    """The account an answer is about: for a partner's, the one it was given for."""
    return response.answered_for or response.account


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing a rule may ask for. `holds` is None where the rule does not; `found` words what the answer has."""

    name: str
    holds: Callable[[Rule, Facts], bool | None]
    found: Callable[[Rule, Facts], str]


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _one_of(listed: Iterable[str], value: str) -> bool | None:
    listed = list(listed)
    return (bool(value) and _folded(value) in map(_folded, listed)) if listed else None


def _band(rule: Rule, facts: Facts) -> bool | None:
    return facts.band in rule.bands if rule.bands else None


def _contact_me(rule: Rule, facts: Facts) -> bool | None:
    return None if rule.contact_me is None else facts.contact_me is rule.contact_me


def _value(rule: Rule, facts: Facts) -> bool | None:
    if rule.value_from is None and rule.value_to is None:
        return None
    if facts.value is None:
        return False
    return (rule.value_from is None or facts.value >= rule.value_from) and (
        rule.value_to is None or facts.value < rule.value_to
    )


def _units(rule: Rule, facts: Facts) -> bool | None:
    return any(_one_of(rule.business_units, unit) for unit in facts.business_units) if rule.business_units else None


def _words(rule: Rule, facts: Facts) -> bool | None:
    return hold_words(facts.words, rule.words) is not None if rule.words else None


def _contact_me_found(_rule: Rule, facts: Facts) -> str:
    if facts.contact_me is None:
        return gettext("contact me not asked")
    return gettext("contact me yes") if facts.contact_me else gettext("contact me no")


def _value_found(_rule: Rule, facts: Facts) -> str:
    if facts.value is None:
        return gettext("account value not known")
    return gettext("account value %(value)s") % {"value": f"{facts.value:,.0f}"}


def _words_found(rule: Rule, facts: Facts) -> str:
    found = hold_words(facts.words, rule.words)
    if found is not None:
        return gettext("has “%(term)s”") % {"term": found}
    if not facts.words.strip():
        return gettext("has no words")
    n = len(rule.words)
    return ngettext("does not have the %(n)s word", "has none of the %(n)s words", n) % {"n": n}


CONDITIONS: Sequence[Condition] = (
    Condition(
        "segments",
        lambda rule, facts: _one_of(rule.segments, facts.segment),
        lambda rule, facts: _named(gettext("segment %(value)s"), facts.segment, gettext("segment not known")),
    ),
    Condition(
        "regions",
        lambda rule, facts: _one_of(rule.regions, facts.region),
        lambda rule, facts: _named(gettext("region %(value)s"), facts.region, gettext("region not known")),
    ),
    Condition(
        "languages",
        lambda rule, facts: _one_of(rule.languages, facts.language),
        lambda rule, facts: _named(gettext("language %(value)s"), facts.language, gettext("language not known")),
    ),
    Condition("value", _value, _value_found),
    Condition(
        "business_units",
        _units,
        lambda rule, facts: _named(
            gettext("unit %(value)s"), ", ".join(facts.business_units), gettext("business unit not known")
        ),
    ),
    Condition(
        "brands",
        lambda rule, facts: _one_of(rule.brands, facts.brand),
        lambda rule, facts: _named(gettext("brand %(value)s"), facts.brand, gettext("brand not known")),
    ),
    Condition(
        "touchpoints",
        lambda rule, facts: _one_of(rule.touchpoints, facts.touchpoint),
        lambda rule, facts: _named(
            gettext("touchpoint %(value)s"), facts.touchpoint_name or facts.touchpoint, gettext("no touchpoint")
        ),
    ),
    Condition(
        "survey_kinds",
        lambda rule, facts: _one_of(rule.survey_kinds, facts.survey_kind),
        lambda rule, facts: _named(gettext("survey %(value)s"), facts.survey_kind, gettext("kind of survey not known")),
    ),
    Condition(
        "products",
        lambda rule, facts: _one_of(rule.products, facts.product),
        lambda rule, facts: _named(gettext("product %(value)s"), facts.product, gettext("product not known")),
    ),
    Condition("contact_me", _contact_me, _contact_me_found),
    Condition("bands", _band, lambda rule, facts: gettext("score %(value)s") % {"value": facts.score}),
    # The dearest comes last: where anything else does not fit, nobody reads the words.
    Condition("words", _words, _words_found),
)


def _named(words: str, value: str, unknown: str) -> str:
    return words % {"value": value} if value else unknown


def matches(rule: Rule, facts: Facts) -> bool:
    """Whether every condition the rule states is true of the answer."""
    return all(condition.holds(rule, facts) is not False for condition in CONDITIONS)


@dataclass(frozen=True, slots=True)
class Look:
    """What came of looking at one rule: whether it fits, and because of what, in the language that is active."""

    rule: Rule
    fits: bool
    because: str


def look_at(rule: Rule, facts: Facts) -> Look:
    """The same as `matches`, with its reason: all that fits, or the conditions that do not."""
    stated = [(condition, condition.holds(rule, facts)) for condition in CONDITIONS]
    fits = all(held is not False for _condition, held in stated)
    told = [condition.found(rule, facts) for condition, held in stated if held is fits]
    return Look(rule, fits, ", ".join(told) or gettext("it asks for nothing in particular"))
