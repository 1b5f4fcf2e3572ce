"""Which answers open a ticket: the rules of the book in force, first match wins. Pure, once the rules are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from followups.conditions import Facts, matches
from followups.models import Decision, Rule
from surveys.models import Brand, Response
from surveys.quoting import disagree

Outcome = Decision.Outcome


@dataclass(frozen=True, slots=True)
class Ruling:
    """What becomes of one revision of an answer, and by which rules."""

    outcome: Decision.Outcome
    rule: Rule | None = None
    hold_rule: Rule | None = None
    disagrees: bool = False


def rules_in_force() -> QuerySet[Rule]:
    """Rules of the book in force in their order, each with its team."""
    in_force = Rule.objects.filter(book__in_force_from__isnull=False, book__retired_at=None)
    return in_force.select_related("team__calendar").order_by("position", "id")


def first_match(rules: Sequence[Rule], kind: str, facts: Facts) -> Rule | None:
    """The first rule of a kind that fits: it decides, and nobody looks at those after it."""
    return next((rule for rule in rules if rule.kind == kind and matches(rule, facts)), None)


def rule_on(response: Response, rules: Sequence[Rule], *, has_ticket: bool, brand: Brand | None) -> Ruling:
    """The decision on the newest revision of an answer. `brand` is the one its ticket would have."""
    facts = Facts.of(response, brand)
    hold = first_match(rules, Rule.Kind.HOLD, facts)
    clash = disagree(response.score, response.verbatim)
    if has_ticket:
        return Ruling(Outcome.HAS_TICKET, None, hold, clash)
    if response.excluded_as:
        return Ruling(Outcome.EXCLUDED, None, None, clash)
    if response.follow_up == Response.FollowUp.NONE:
        return Ruling(Outcome.TOLD_NOT_TO, None, None, clash)
    if response.is_history and response.follow_up != Response.FollowUp.ALL:
        return Ruling(Outcome.HISTORY, None, None, clash)
    opens = first_match(rules, Rule.Kind.OPEN, facts)
    if opens is None:
        return Ruling(Outcome.NO_RULE, None, hold, clash)
    return Ruling(Outcome.OPENED, opens, hold, clash)
