"""Several sweeps at one review, several leads at one draw and one decision: each thing happens once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from followups.improve.reviews import deciding
from followups.improve.reviews.drawing import draw, mark
from followups.improve.reviews.preparing import prepare_due, remind_due
from followups.models import Draw, Review, ReviewDecision
from followups.refusals import NotAllowed
from nps_loop.mail.models import Message
from tests.concurrency.test_tickets import at_once
from tests.factories import NOW
from tests.followups.reviews.company import TODAY, Company, closed, make_company, make_review

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company(transactional_db: None) -> Company:
    return make_company()


def raised(results: list[Any], kind: type[Exception]) -> int:
    assert not [each for each in results if isinstance(each, Exception) and not isinstance(each, kind)], results
    return sum(isinstance(each, kind) for each in results)


def test_looking_and_then_preparing_without_a_claim_would_prepare_twice(company: Company) -> None:
    """The race exists: between looking and acting every sweep sees the same review."""
    make_review(company, prepare_on=TODAY)

    def looks() -> int:
        return Review.objects.filter(state="planned", prepare_on__lte=TODAY).count()

    assert at_once(4, lambda _: looks()) == [1] * 4


def test_four_sweeps_prepare_each_review_once(company: Company) -> None:
    for _ in range(7):
        closed(company)
    reviews = [make_review(company, prepare_on=TODAY, meeting_on=TODAY + timedelta(days=n)) for n in range(1, 4)]
    results = at_once(4, lambda _: prepare_due(now=NOW))
    assert not raised(results, NotAllowed) and sum(results) == 3
    assert [Draw.objects.filter(review=review).count() for review in reviews] == [5, 5, 5]
    assert Message.objects.filter(kind="notice_review").count() == 6


def test_four_sweeps_remind_once(company: Company) -> None:
    decided(company, make_review(company))
    results = at_once(4, lambda _: remind_due(now=NOW))
    assert not raised(results, NotAllowed) and sum(results) == 1
    assert Message.objects.filter(dedupe_key__startswith="decision:").count() == 1


def decided(company: Company, review: Review) -> ReviewDecision:
    return deciding.decide(
        review, kind="product", what="Imports say when they fail", owner=company.guest, due_on=TODAY, by=company.lead,
        now=NOW,
    )  # fmt: skip


def test_one_of_four_marks_counts(company: Company) -> None:
    closed(company)
    review = make_review(company)
    draw(review)
    one = Draw.objects.get()
    results = at_once(4, lambda n: mark(review, one.pk, ("yes", "no")[n % 2], by=company.lead, now=NOW))
    assert raised(results, NotAllowed) == 3


def test_four_presses_decide_once(company: Company) -> None:
    review = make_review(company)
    assert raised(at_once(4, lambda _: decided(company, review)), NotAllowed) == 3
    assert ReviewDecision.objects.count() == 1
