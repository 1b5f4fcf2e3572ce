"""Which answers open a ticket: ordered rules, first match wins. Pure, once the rules are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from followups.holds import hold_words
from followups.models import Decision, Rule
from surveys.models import Response
from surveys.quoting import disagree

Outcome = Decision.Outcome


@dataclass(frozen=True, slots=True)
class Ruling:
    """What becomes of one revision of an answer, and by which rules."""

    outcome: Decision.Outcome
    rule: Rule | None = None
    hold_rule: Rule | None = None
    disagrees: bool = False


def rules_in_force() -> list[Rule]:
    """Active rules in their order. One query."""
    return list(Rule.objects.filter(is_active=True).order_by("position", "-version"))


def matches(rule: Rule, response: Response) -> bool:
    """Whether every condition the rule states is true of the answer."""
    if rule.bands and response.band not in rule.bands:
        return False
    if rule.contact_me is not None and response.contact_me is not rule.contact_me:
        return False
    if rule.touchpoints and (response.touchpoint is None or response.touchpoint.slug not in rule.touchpoints):
        return False
    if rule.segments and response.segment not in rule.segments:
        return False
    return not rule.words or hold_words(response.verbatim, rule.words) is not None


def rule_on(response: Response, rules: Sequence[Rule], *, has_ticket: bool) -> Ruling:
    """The decision on the newest revision of an answer."""
    hold = next((rule for rule in rules if rule.kind == Rule.Kind.HOLD and matches(rule, response)), None)
    clash = disagree(response.score, response.verbatim)
    if has_ticket:
        return Ruling(Outcome.HAS_TICKET, None, hold, clash)
    if response.excluded_as:
        return Ruling(Outcome.EXCLUDED, None, None, clash)
    if response.follow_up == Response.FollowUp.NONE:
        return Ruling(Outcome.TOLD_NOT_TO, None, None, clash)
    if response.is_history and response.follow_up != Response.FollowUp.ALL:
        return Ruling(Outcome.HISTORY, None, None, clash)
    opens = next((rule for rule in rules if rule.kind == Rule.Kind.OPEN and matches(rule, response)), None)
    if opens is None:
        return Ruling(Outcome.NO_RULE, None, hold, clash)
    return Ruling(Outcome.OPENED, opens, hold, clash)
