"""A rule in words: when it fits, and what then happens. Pure, but for the names that are read once per page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from followups.models import Rule, SlaPolicy
from followups.rule_books import Difference
from surveys.models import Brand, Survey, Touchpoint
from surveys.scoring import Band

# Of a longer list so many are named, and how many there are.
NAMED = 4


@dataclass(frozen=True, slots=True)
class Names:
    """How touchpoints, brands and policies are called, by slug."""

    touchpoints: Mapping[str, str]
    brands: Mapping[str, str]
    policies: Mapping[str, str]

    @classmethod
    def read(cls) -> Names:
        """Three queries."""
        active = SlaPolicy.objects.filter(is_active=True).order_by("version")
        return cls(
            dict(Touchpoint.objects.values_list("slug", "name")),
            dict(Brand.objects.values_list("slug", "name")),
            {row.slug: f"{row.name} ({row.version})" for row in active},
        )


def when(rule: Rule, names: Names) -> SafeString:
    """Every condition of a rule in one sentence, what it asks for in bold."""
    parts: list[SafeString] = []

    def add(words: str, values: Iterable[str]) -> None:
        if found := list(values):
            parts.append(format_html(words, mark_safe(_any_of(found))))  # noqa: S308  each value is escaped there

    add(gettext("words contain {}"), rule.words)
    add(gettext("segment is {}"), rule.segments)
    add(gettext("region is {}"), rule.regions)
    add(gettext("language is {}"), [language(code) for code in rule.languages])
    if rule.value_from is not None:
        add(gettext("the account is worth {} or more"), [f"{rule.value_from:,.0f}"])
    if rule.value_to is not None:
        add(gettext("the account is worth less than {}"), [f"{rule.value_to:,.0f}"])
    add(gettext("business unit is {}"), rule.business_units)
    add(gettext("brand is {}"), [names.brands.get(slug, slug) for slug in rule.brands])
    add(gettext("touchpoint is {}"), [names.touchpoints.get(slug, slug) for slug in rule.touchpoints])
    kinds = dict(Survey.Kind.choices)
    add(gettext("survey is {}"), [str(kinds.get(kind, kind)).lower() for kind in rule.survey_kinds])
    add(gettext("product is {}"), rule.products)
    if rule.contact_me is not None:
        add(gettext("contact me is {}"), [gettext("yes") if rule.contact_me else gettext("no")])
    scores = SafeString(scores_of(rule.bands))
    if not parts:
        return format_html(gettext("when {scores}"), scores=scores)
    joined = SafeString(format_html(" {} ", gettext("and")).join(parts))
    return format_html(gettext("when {conditions}, {scores}"), conditions=joined, scores=scores)


def scores_of(bands: Sequence[str]) -> str:
    """Bands as the scores they stand for."""
    words: Mapping[frozenset[str], str] = {
        frozenset({Band.DETRACTOR}): gettext("score 0 to 6"),
        frozenset({Band.PASSIVE}): gettext("score 7 or 8"),
        frozenset({Band.PROMOTER}): gettext("score 9 or 10"),
        frozenset({Band.DETRACTOR, Band.PASSIVE}): gettext("score 0 to 8"),
        frozenset({Band.PASSIVE, Band.PROMOTER}): gettext("score 7 to 10"),
        frozenset({Band.DETRACTOR, Band.PROMOTER}): gettext("score 0 to 6, 9 or 10"),
    }
    return words.get(frozenset(bands), gettext("any score"))


def then(rule: Rule, names: Names) -> str:
    """What happens where the rule fits, in one sentence."""
    if rule.kind == Rule.Kind.HOLD:
        return gettext("then Ticket on hold: no automatic mail, words for owner and lead only")
    parts = [gettext("Team %(team)s") % {"team": rule.team.name} if rule.team else gettext("Team of the account")]
    if rule.contact_me is False:
        parts = [gettext("A ticket to read and learn from, one thank-you at most")]
    parts.append(gettext("account owner first") if rule.owner_first else gettext("least loaded"))
    if rule.policy_slug:
        known = names.policies.get(rule.policy_slug)
        parts.append(
            gettext("policy %(name)s") % {"name": known} if known else gettext("policy of the band (its own is off)")
        )
    else:
        parts.append(gettext("policy of the band"))
    if rule.priority != Rule.Priority.NORMAL:
        parts.append(gettext("priority %(priority)s") % {"priority": rule.get_priority_display()})
    if rule.skills:
        parts.append(gettext("needs %(skills)s") % {"skills": ", ".join(rule.skills)})
    return gettext("then %(parts)s") % {"parts": ", ".join(parts)}


def language(code: str) -> str:
    return str(dict(settings.LANGUAGES).get(code, code))


def _any_of(values: Sequence[str]) -> str:
    """ "**a**, **b** or **c**"; of many the first few and how many there are."""
    shown = [format_html("<b>{}</b>", value) for value in values[:NAMED]]
    if len(values) > NAMED + 1:
        more = gettext("and %(n)s more") % {"n": len(values) - NAMED}
        return format_html("{} {}", mark_safe(", ".join(shown)), more)  # noqa: S308
    shown = [format_html("<b>{}</b>", value) for value in values]
    if len(shown) == 1:
        return shown[0]
    return format_html("{} {} {}", mark_safe(", ".join(shown[:-1])), gettext("or"), shown[-1])  # noqa: S308


def field_word(name: str) -> str:
    """What a field of a rule is called where two of them are compared."""
    return {
        "name": gettext("the name"),
        "kind": gettext("what it does"),
        "bands": gettext("the score"),
        "contact_me": gettext("contact me"),
        "words": gettext("the words"),
        "touchpoints": gettext("touchpoints"),
        "survey_kinds": gettext("the kind of survey"),
        "products": gettext("products"),
        "segments": gettext("segments"),
        "regions": gettext("regions"),
        "languages": gettext("languages"),
        "value_from": gettext("the account value"),
        "value_to": gettext("the account value"),
        "business_units": gettext("business units"),
        "brands": gettext("brands"),
        "team_id": gettext("the team"),
        "owner_first": gettext("who is asked first"),
        "policy_slug": gettext("the policy"),
        "priority": gettext("the priority"),
        "skills": gettext("skills"),
    }[name]


def difference(row: Difference, names: Names) -> str:
    """One thing a book says otherwise than the one before, in a sentence."""
    rule = row.rule
    values = {"name": rule.name, "place": row.place, "before": row.place_before}
    if row.what == "new":
        return gettext("“%(name)s” is new, in place %(place)s.") % values
    if row.what == "gone":
        return gettext("“%(name)s” is gone.") % values
    if row.what == "moved":
        return gettext("“%(name)s” goes from place %(before)s to place %(place)s.") % values
    told = [
        _list_changed(row, name) for name in row.fields if name not in ("value_to",) or "value_from" not in row.fields
    ]
    return gettext("“%(name)s”: %(changes)s.") % {"name": rule.name, "changes": "; ".join(told)}


def _list_changed(row: Difference, name: str) -> str:
    old, new = getattr(row.before, name), getattr(row.rule, name)
    word = field_word(name)
    if not isinstance(new, list) or not isinstance(old, list):
        return gettext("%(field)s changed") % {"field": word}
    came = [value for value in new if value not in old]
    went = [value for value in old if value not in new]
    parts = [word]
    if came:
        parts.append(gettext("with %(values)s") % {"values": ", ".join(map(str, came[:NAMED]))})
    if went:
        parts.append(gettext("without %(values)s") % {"values": ", ".join(map(str, went[:NAMED]))})
    return " ".join(parts)
