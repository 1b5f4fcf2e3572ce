"""/reviews/: what is coming, what was held, and the decisions that are with whoever looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from followups.models import Review, ReviewDecision
from followups.models.reviews import OPEN_DECISIONS, ReviewQuerySet
from followups.reports.metrics import reporting_day
from followups.reports.sentences import days_in_words
from nps_loop.people.models import User

# Held reviews of one page.
PAGE = 30


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A review, its days in words, and how many of its decisions are open."""

    review: Review
    days: str
    decisions: int
    open: int
    # Its day has passed and nobody said yet that it was held.
    is_over: bool


@dataclass(frozen=True, slots=True)
class ReviewsPage:
    coming: list[ReviewRow]
    held: list[ReviewRow]
    mine: list[ReviewDecision]
    next_query: str


def reviews_page(user: User, *, before: str, now: datetime) -> ReviewsPage:
    """Everything this person may read. Three queries. `before` is the key of the last held one seen, as typed."""
    seen = Review.objects.visible_to(user)
    held = _rows(seen.held()).order_by("-pk")
    if before.isascii() and before.isdigit() and len(before) < 19:
        held = held.filter(pk__lt=int(before))
    found = list(held[: PAGE + 1])
    mine = ReviewDecision.objects.filter(owner=user, state__in=OPEN_DECISIONS).select_related("review__touchpoint")
    return ReviewsPage(
        coming=[_row(review, now) for review in _rows(seen.coming())],
        held=[_row(review, now) for review in found[:PAGE]],
        mine=list(mine.order_by("due_on", "pk")),
        next_query=f"before={found[PAGE - 1].pk}" if len(found) > PAGE else "",
    )


def _rows(reviews: ReviewQuerySet) -> ReviewQuerySet:
    still_open = Count("decisions", filter=Q(decisions__state__in=OPEN_DECISIONS))
    return reviews.select_related("touchpoint").annotate(made=Count("decisions"), still_open=still_open)


def _row(review: Review, now: datetime) -> ReviewRow:
    return ReviewRow(
        review=review,
        days=days_in_words(review.day_from, review.day_to),
        decisions=review.made,  # type: ignore[attr-defined]
        open=review.still_open,  # type: ignore[attr-defined]
        is_over=not review.is_held and review.meeting_on < reporting_day(now),
    )
