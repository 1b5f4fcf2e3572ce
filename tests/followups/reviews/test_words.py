"""Which answers are worth reading aloud: by the rule alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from followups.improve.reviews.words import HOW_MANY, LONGEST, Candidate, pick, worth_reading
from followups.reports.metrics import ReportFilters
from tests import factories as make
from tests.followups.reviews.company import DAY_FROM, DAY_TO, WORDS, Company, answer

FILTERS = ReportFilters(day_from=DAY_FROM, day_to=DAY_TO, touchpoint="onboarding")


def candidate(
    number: int, band: str, *, segment: str = "", company: int | None = None, words: str = WORDS
) -> Candidate:
    return Candidate(number, band, segment, ("account", company or number), words)


def test_two_detractors_two_passives_and_one_promoter() -> None:
    bands = ["promoter"] * 4 + ["passive"] * 4 + ["detractor"] * 4
    picked = pick([candidate(n, band) for n, band in enumerate(bands)])
    assert sorted(bands[n] for n in picked) == ["detractor", "detractor", "passive", "passive", "promoter"]


def test_a_band_with_too_few_is_filled_up_from_the_others() -> None:
    assert sorted(pick([candidate(n, "promoter") for n in range(9)])) == [0, 1, 2, 3, 4]
    assert pick([candidate(1, "passive")]) == [1]
    assert pick([]) == []


def test_one_company_is_heard_once_and_another_segment_comes_first() -> None:
    rows = [
        candidate(1, "detractor", segment="A", company=7),
        candidate(2, "detractor", segment="B", company=7),
        candidate(3, "detractor", segment="A", company=8),
        candidate(4, "detractor", segment="C", company=9),
    ]
    assert pick(rows) == [1, 4, 3]


def test_a_row_of_dots_says_nothing() -> None:
    assert pick([candidate(1, "detractor", words="." * 60), candidate(2, "detractor")]) == [2]


@given(
    st.lists(
        st.builds(
            Candidate,
            number=st.integers(0, 10**6),
            band=st.sampled_from(["detractor", "passive", "promoter"]),
            segment=st.sampled_from(["", "A", "B"]),
            company=st.one_of(st.none(), st.tuples(st.just("account"), st.integers(0, 4))),
            words=st.sampled_from([WORDS, "........................"]),
        ),
        max_size=30,
        unique_by=lambda each: each.number,
    )
)
def test_five_at_most_one_per_company_and_always_the_same(rows: list[Candidate]) -> None:
    picked = pick(rows)
    by_number = {row.number: row for row in rows}
    companies = [by_number[n].company for n in picked if by_number[n].company]
    assert len(picked) <= HOW_MANY and len(set(picked)) == len(picked)
    assert len(set(companies)) == len(companies)
    assert picked == pick([replace(row) for row in rows])


def test_the_longest_that_fits_goes_first_and_what_is_on_hold_is_never_there(company: Company) -> None:
    fits = [answer(company, 3, verbatim="Nobody called. " * n) for n in range(5, 12)]
    too_long = answer(company, 1, verbatim="It never ends, does it. " * 40)
    held = make.make_ticket(answer(company, 0, verbatim="My lawyer will write to you about this."), on_hold=True)
    excluded = answer(company, 4, verbatim="Left out of the figures, because it is a test.", excluded_as="test")
    found = {each.pk for each in worth_reading(FILTERS)}
    assert found == {each.pk for each in fits[2:]}
    assert not found & {too_long.pk, held.response_id, excluded.pk}


def test_what_is_too_long_is_read_where_there_is_nothing_else(company: Company) -> None:
    too_long = answer(company, 1, verbatim="It never ends, does it. " * 40)
    answer(company, 2, verbatim="Too short")
    assert worth_reading(FILTERS) == [too_long]
    assert len(too_long.verbatim) > LONGEST


@pytest.mark.parametrize("n", [1, 60])
def test_four_queries_whatever_the_number(company: Company, n: int) -> None:
    for score in range(n):
        answer(company, score % 11)
    with CaptureQueriesContext(connection) as asked:
        worth_reading(FILTERS)
    assert len(asked) == 4
