"""Five loops drawn once, marked once, and the customer's answer only after that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from followups.improve.reviews import drawing
from followups.improve.reviews.drawing import TheirAnswer, agreement, chosen, draw, loops_to_draw, mark
from followups.models import Draw, Ticket
from followups.refusals import Incomplete, NotAllowed
from tests import factories as make
from tests.factories import NOW
from tests.followups.reviews.company import Company, answer, closed, make_review


def drawn(review: object) -> list[tuple[int, int]]:
    return list(Draw.objects.filter(review=review).order_by("position").values_list("position", "ticket_id"))  # type: ignore[misc]


def test_five_of_them_and_for_one_seed_always_the_same() -> None:
    first = chosen(range(100), "review 1")
    assert len(first) == 5 == len(set(first))
    assert chosen(reversed(range(100)), "review 1") == first
    assert chosen(range(100), "review 2") != first
    assert sorted(chosen([3, 1], "x")) == [1, 3]
    assert chosen([], "x") == []


def test_each_is_as_likely_as_the_next() -> None:
    counts = dict.fromkeys(range(10), 0)
    for seed in range(4_000):
        for number in chosen(range(10), f"review {seed}"):
            counts[number] += 1
    # 2,000 each are expected; four standard deviations of a binomial of 4,000 at one half are 126.
    assert all(abs(n - 2_000) < 127 for n in counts.values()), counts


def test_they_are_drawn_once_and_never_again(company: Company) -> None:
    for _ in range(7):
        closed(company)
    review = make_review(company)
    draw(review)
    before = drawn(review)
    for _ in range(20):
        closed(company)
    draw(review)
    assert drawn(review) == before
    assert [position for position, _ in before] == [1, 2, 3, 4, 5]


def test_only_closed_loops_of_these_answers_whose_customer_was_told_in_words(company: Company) -> None:
    wanted = closed(company)
    held = closed(company, on_hold=True)
    peace = closed(company, closed_as="left_in_peace")
    open_one = closed(company, state="resolved")
    wordless = closed(company, answer={"verbatim": ""})
    old = closed(company, answer={"day": make_review(company).day_from - timedelta(days=1)})
    elsewhere = closed(company, answer={"touchpoint": make.make_touchpoint()})
    untold = make.make_ticket(answer(company, 3), team=company.team, state="closed")
    mute = make.make_ticket(answer(company, 3), team=company.team, state="closed")
    make.make_resolution(mute, told="not_mailed", no_mail_reason="No address.")
    review = make_review(company, meeting_on=NOW.date() + timedelta(days=9))
    found = set(loops_to_draw(review))
    assert found & {wanted, held, peace, open_one, wordless, old, elsewhere, untold, mute} == {wanted}


def test_fewer_where_there_are_fewer(company: Company) -> None:
    closed(company)
    review = make_review(company)
    draw(review)
    assert len(drawn(review)) == 1


def test_the_first_mark_counts(company: Company) -> None:
    closed(company)
    review = make_review(company)
    draw(review)
    one = Draw.objects.get()
    mark(review, one.pk, "no", by=company.lead, now=NOW)
    with pytest.raises(NotAllowed, match="already"):
        mark(review, one.pk, "yes", by=company.lead, now=NOW)
    one.refresh_from_db()
    assert (one.mark, one.marked_by, one.marked_at) == ("no", company.lead, NOW)


@pytest.mark.parametrize("nonsense", ["", "maybe", "yes\0", "Y" * 400])
def test_a_mark_is_yes_no_or_not_sure(company: Company, nonsense: str) -> None:
    closed(company)
    review = make_review(company)
    draw(review)
    with pytest.raises(Incomplete):
        mark(review, Draw.objects.get().pk, nonsense, by=company.lead, now=NOW)
    assert Draw.objects.get().mark == ""


def test_a_draw_of_another_team_or_review_is_not_theirs_to_mark(company: Company) -> None:
    ticket = closed(company)
    review = make_review(company)
    draw(review)
    one = Draw.objects.get()
    with pytest.raises(NotAllowed):
        mark(make_review(company, meeting_on=NOW.date() + timedelta(days=9)), one.pk, "yes", by=company.lead, now=NOW)
    Ticket.objects.filter(pk=ticket.pk).update(team=make.make_team("Far away"), owner=None)
    with pytest.raises(NotAllowed):
        mark(review, one.pk, "yes", by=company.lead, now=NOW)


def answered(company: Company, **fields: object) -> str:
    verdicts = fields.pop("verdicts", ())
    ticket = closed(company, **fields)  # type: ignore[arg-type]
    review = make_review(company)
    draw(review)
    for cycle, choice in verdicts:  # type: ignore[attr-defined]
        make.make_verdict(ticket, choice, cycle=cycle)
    [row] = drawing.with_their_answer(Draw.objects.filter(review=review))
    return str(row.their_answer)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"closed_as": "confirmed"}, TheirAnswer.SETTLED),
        ({"closed_as": "unconfirmed"}, TheirAnswer.SILENT),
        ({"closed_as": "not_asked"}, TheirAnswer.SILENT),
        ({"closed_as": "agreed_to_differ"}, TheirAnswer.NOT_YET),
        ({"closed_as": "unconfirmed", "verdicts": [(0, "not_yet")]}, TheirAnswer.NOT_YET),
        ({"closed_as": "confirmed", "verdicts": [(0, "not_yet"), (0, "settled")]}, TheirAnswer.SETTLED),
        # What was said in another cycle is about another telling.
        ({"closed_as": "unconfirmed", "cycle": 1, "verdicts": [(0, "not_yet")]}, TheirAnswer.SILENT),
    ],
)
def test_what_the_customer_said(company: Company, fields: dict[str, object], expected: str) -> None:
    assert answered(company, **fields) == expected


def test_after_a_reopening_the_answer_is_that_of_the_cycle_that_was_drawn(company: Company) -> None:
    ticket = closed(company, closed_as="unconfirmed")
    review = make_review(company)
    draw(review)
    make.make_verdict(ticket, "not_yet", cycle=0)
    Ticket.objects.filter(pk=ticket.pk).update(cycle=1, closed_as="confirmed")
    [row] = drawing.with_their_answer(Draw.objects.all())
    assert row.their_answer == TheirAnswer.NOT_YET  # type: ignore[attr-defined]


def test_agreement_is_of_those_who_said_something_and_were_judged() -> None:
    found = agreement(
        {
            ("yes", "settled"): 12,
            ("no", "not_yet"): 4,
            ("yes", "not_yet"): 3,
            ("no", "settled"): 1,
            ("yes", "silent"): 9,
            ("unsure", "settled"): 2,
            ("", "settled"): 50,
        }
    )
    assert (found.agreed.count, found.agreed.of, found.silent, found.unsure) == (16, 20, 9, 2)
    assert found.agreed.rate == 0.8
    few = agreement({("yes", "settled"): 2})
    assert (few.agreed.count, few.agreed.of, few.agreed.rate) == (2, 2, None)


def test_agreement_is_over_all_reviews_of_that_lead(company: Company) -> None:
    for _ in range(2):
        closed(company, closed_as="confirmed")
    for days in (2, 9):
        review = make_review(company, meeting_on=NOW.date() + timedelta(days=days))
        draw(review)
    one, two, three, four = Draw.objects.order_by("pk")
    mark(one.review, one.pk, "yes", by=company.lead, now=NOW)
    mark(two.review, two.pk, "no", by=company.admin, now=NOW)
    mark(three.review, three.pk, "no", by=company.lead, now=NOW)
    found = drawing.agreement_of(company.lead)
    assert (found.agreed.count, found.agreed.of) == (1, 2)
    assert four.mark == ""
