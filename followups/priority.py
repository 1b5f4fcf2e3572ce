"""In which order tickets are worked: due time minus a bonus. Constant between events, so the queue is one index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext_noop

# Hours a ticket moves up, by reason. Their sum bounds how long anybody else can be kept waiting by them.
LOWEST_SCORES = 6
LOW_SCORES = 3
ASKED_FOR_CONTACT = 3
LARGE_ACCOUNT = 6
MIDDLE_ACCOUNT = 3
RENEWS_SOON = 6
UNHAPPY_AGAIN = 6

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


def bonus(weight: Weight, today: date) -> list[list[str | int]]:
    """Reasons with their hours, as shown on the ticket: `[["score 0 to 2", 6], …]`."""
    found: list[list[str | int]] = []
    if weight.score <= 2:
        found.append([gettext_noop("a score of 0 to 2"), LOWEST_SCORES])
    elif weight.score <= 6:
        found.append([gettext_noop("a score of 3 to 6"), LOW_SCORES])
    if weight.contact_me:
        found.append([gettext_noop("asked to be contacted"), ASKED_FOR_CONTACT])
    if weight.annual_value is not None and weight.annual_value >= LARGE_VALUE:
        found.append([gettext_noop("a large account"), LARGE_ACCOUNT])
    elif weight.annual_value is not None and weight.annual_value >= MIDDLE_VALUE:
        found.append([gettext_noop("a middle-sized account"), MIDDLE_ACCOUNT])
    if weight.renewal_on is not None and 0 <= (weight.renewal_on - today).days <= RENEWAL_DAYS:
        found.append([gettext_noop("renews within 60 days"), RENEWS_SOON])
    if weight.unhappy_before:
        found.append([gettext_noop("was unhappy before"), UNHAPPY_AGAIN])
    return found


def rank(due_at: datetime | None, bonuses: Sequence[Sequence[str | int]]) -> int:
    """Seconds since 1970 of the due time less the bonus hours; smaller is sooner."""
    if due_at is None:
        return NEVER
    return int(due_at.timestamp()) - 3600 * sum(int(hours) for _reason, hours in bonuses)
