"""In which order tickets are worked: due time minus a bonus. Constant between events, so the queue is one index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from followups.models import BonusHours, Rule

LARGE_VALUE = Decimal(100_000)
MIDDLE_VALUE = Decimal(25_000)
RENEWAL_DAYS = 60

# A ticket without any due time sorts behind everything that has one.
NEVER = 2**52


@dataclass(frozen=True, slots=True)
class Weight:
    """What makes a ticket more pressing than its clock alone."""

    score: int
    contact_me: bool | None
    annual_value: Decimal | None
    renewal_on: date | None
    unhappy_before: bool
    rule_priority: str = Rule.Priority.NORMAL


# What may move a ticket up, as it is stored and shown, and the field of `BonusHours` that says by how much. The shipped
# hours are the defaults there; all of them together bound how long anybody else can be kept waiting.
REASONS = {
    "a score of 0 to 2": "lowest_scores",
    "a score of 3 to 6": "low_scores",
    "asked to be contacted": "asked_for_contact",
    "a large account": "large_account",
    "a middle-sized account": "middle_account",
    "renews within 60 days": "renews_soon",
    "was unhappy before": "unhappy_again",
    "a rule marks it high": "rule_high",
    "a rule marks it urgent": "rule_urgent",
}
OF_A_RULE = {Rule.Priority.HIGH: "a rule marks it high", Rule.Priority.URGENT: "a rule marks it urgent"}


def bonus(weight: Weight, today: date, hours: BonusHours) -> list[list[str | int]]:
    """Reasons with their hours, as shown on the ticket: `[["a score of 0 to 2", 6], …]`.

    A reason that counts for nothing now is kept with 0 hours: it may count again one day.
    """
    found: list[str] = []
    if weight.score <= 2:
        found.append("a score of 0 to 2")
    elif weight.score <= 6:
        found.append("a score of 3 to 6")
    if weight.contact_me:
        found.append("asked to be contacted")
    if weight.annual_value is not None and weight.annual_value >= LARGE_VALUE:
        found.append("a large account")
    elif weight.annual_value is not None and weight.annual_value >= MIDDLE_VALUE:
        found.append("a middle-sized account")
    if weight.renewal_on is not None and 0 <= (weight.renewal_on - today).days <= RENEWAL_DAYS:
        found.append("renews within 60 days")
    if weight.unhappy_before:
        found.append("was unhappy before")
    if reason := OF_A_RULE.get(Rule.Priority(weight.rule_priority)):
        found.append(reason)
    return [[reason, getattr(hours, REASONS[reason])] for reason in found]


def weighed_again(bonuses: Sequence[Sequence[str | int]], hours: BonusHours) -> list[list[str | int]]:
    """The same reasons with the hours they count for now. One that nobody knows any more keeps its own."""
    return [
        [reason, getattr(hours, REASONS[str(reason)]) if reason in REASONS else counted] for reason, counted in bonuses
    ]


def longest_wait(hours: BonusHours) -> int:
    """The bound: nobody waits longer than so many hours behind a ticket that is due later.

    Of the two scores, the two sizes of account and the two marks of a rule only one each can hold at a time.
    """
    return (
        max(hours.lowest_scores, hours.low_scores)
        + max(hours.large_account, hours.middle_account)
        + hours.asked_for_contact
        + hours.renews_soon
        + hours.unhappy_again
        + max(hours.rule_high, hours.rule_urgent)
    )


def rank(due_at: datetime | None, bonuses: Sequence[Sequence[str | int]]) -> int:
    """Seconds since 1970 of the due time less the bonus hours; smaller is sooner."""
    if due_at is None:
        return NEVER
    return int(due_at.timestamp()) - 3600 * sum(int(hours) for _reason, hours in bonuses)
