"""Captions are true of the data, and say when it may be chance."""

from __future__ import annotations

import random
from datetime import date

import pytest

from followups.reports import sentences
from followups.reports.metrics import Cause, Rate
from nps_loop.templatetags.look import NBSP
from surveys.scoring import Nps, difference, nps


def test_a_clear_outlier_is_named_as_more_than_chance() -> None:
    groups = [("Invoice", nps(10, 20, 70)), ("Review", nps(60, 30, 10)), ("Support", nps(55, 30, 15))]
    found = sentences.standout(groups)
    assert found is not None
    assert (found.name, found.may_be_chance, found.compared) == ("Invoice", False, 3)
    assert found.points == pytest.approx(-60 - 100 * (115 - 25) / 200)
    words = sentences.groups_caption(groups, {"Invoice": "/there/"})
    link = '<a href="/there/">−60<span class="vh"> NPS of 100 answers</span></a>'
    assert words.startswith(f"Invoice stands apart at {link}, −105{NBSP}±{NBSP}")
    assert "more than chance, even with three compared" in words


def test_a_difference_that_noise_draws_says_so() -> None:
    groups = [("Invoice", nps(30, 30, 40)), ("Review", nps(35, 30, 35)), ("Support", nps(36, 30, 34))]
    assert sentences.groups_caption(groups, {}).endswith("With three compared, even that may be chance.")
    assert sentences.periods_caption(groups, {}).startswith("Nothing stands out.")


def test_two_groups_are_set_side_by_side() -> None:
    words = sentences.groups_caption([("Relational", nps(50, 30, 20)), ("Transactional", nps(48, 30, 22))], {})
    assert words == f"Relational lies at +30, the other at +26: +4{NBSP}±{NBSP}22 points, which may be chance."


def test_groups_with_few_answers_are_never_compared() -> None:
    groups = [("Tiny", nps(0, 0, 19)), ("Review", nps(60, 30, 10))]
    assert sentences.standout(groups) is None
    assert "Tiny has not enough answers" in sentences.groups_caption(groups, {})
    assert sentences.periods_caption(groups, {}) == "Too few periods have enough answers to compare them."


def test_where_all_groups_think_alike_hardly_any_caption_claims_otherwise() -> None:
    """The claim errs in at most 5 % of reports, whatever the number of groups. 600 reports of eight equal groups."""
    chance = random.Random(11)

    def answers() -> Nps:
        drawn = [chance.random() for _ in range(60)]
        promoters, detractors = sum(r < 0.45 for r in drawn), sum(r > 0.75 for r in drawn)
        return nps(promoters, 60 - promoters - detractors, detractors)

    claims = 0
    for _ in range(600):
        found = sentences.standout([(str(i), answers()) for i in range(8)])
        claims += found is not None and not found.may_be_chance
    assert claims <= 600 * 0.05 + 3 * (600 * 0.05 * 0.95) ** 0.5


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (20, f"0{NBSP}min"),
        (59 * 60, f"59{NBSP}min"),
        (3600 * 30.6, f"31{NBSP}h"),
        (3600 * 24 * 6, f"6{NBSP}days"),
    ],
)
def test_waits_are_rounded_to_what_a_headline_needs(seconds: float, words: str) -> None:
    assert sentences.hours_in_words(seconds) == words


def test_a_rate_of_few_is_a_count() -> None:
    assert sentences.rate_in_words(Rate.counted(8, 12)) == "8 of 12"
    assert sentences.rate_range(Rate.counted(8, 12)) == ""
    assert sentences.rate_in_words(Rate.counted(77, 96)) == f"80{NBSP}%"
    assert sentences.rate_range(Rate.counted(77, 96)) == f"71 to 87{NBSP}%"


def test_days_name_their_years_only_where_they_differ() -> None:
    assert sentences.days_in_words(date(2026, 8, 24), date(2026, 11, 22)) == "24 Aug to 22 Nov"
    assert sentences.days_in_words(date(2025, 12, 1), date(2026, 1, 5)) == "1 Dec 2025 to 5 Jan 2026"
    assert sentences.days_in_words(date(2026, 1, 5), date(2026, 1, 5)) == "5 Jan"


def test_causes_are_added_up_from_the_top() -> None:
    causes = [Cause("a", "A", 20), Cause("b", "B", 14), Cause("c", "C", 6)]
    words = sentences.causes_sentence(causes, 50, lambda name: f"/{name}/")
    known, declared = '<a href="/with_cause/">40</a>', '<a href="/declared/">50</a>'
    said = f"One cause makes up 50{NBSP}% of the {known} tickets resolved with a cause, of {declared} resolved."
    assert words.startswith(said)
    assert sentences.causes_sentence(causes[2:], 50, lambda _: "") == "6 tickets were resolved with a cause, of 50."
    assert sentences.causes_sentence([], 50, lambda _: "") == ""


def test_of_causes_that_share_a_place_none_is_picked() -> None:
    causes = [Cause("a", "A", 14), *(Cause(slug, slug, 8) for slug in "bcd"), Cause("e", "E", 2)]
    words = sentences.causes_share(causes, 50, lambda _: "")
    first = f"One cause makes up 35{NBSP}% of the 40 tickets resolved with a cause, of 50 resolved."
    assert words == f"{first} Three share the next place, each with 20{NBSP}%."
    first = f"Three causes share the first place, each with 33{NBSP}% of the 24 tickets resolved with a cause"
    assert sentences.causes_share(causes[1:4], 50, lambda _: "") == f"{first}, of 50 resolved."
    both = [Cause("a", "A", 10), Cause("b", "B", 10), Cause("c", "C", 1)]
    assert sentences.causes_share(both, 50, lambda _: "").startswith("Two causes make up 95")


def test_a_name_in_a_sentence_is_text() -> None:
    groups = [("<b>Invoice</b>", nps(10, 20, 70)), ("Review", nps(60, 30, 10)), ("Support", nps(55, 30, 15))]
    assert sentences.groups_caption(groups, {}).startswith("&lt;b&gt;Invoice&lt;/b&gt; stands apart at −60")


def test_a_change_says_what_was_before_and_whether_it_may_be_chance() -> None:
    before, now = nps(20, 20, 20), nps(50, 10, 5)
    words = sentences.change_sentence(difference(now, before), before, "Before", "/b/")
    assert words.startswith('Before: <a href="/b/">0<span class="vh"> NPS of 60 answers</span></a> (−20 to +20).')
    assert words.endswith("points, is more than chance.")
    same = sentences.change_sentence(difference(before, before), before, "Before", "/b/")
    assert same.endswith("The change may be chance.")
    few = sentences.change_sentence(difference(now, nps(1, 2, 3)), nps(1, 2, 3), "A year earlier", "/b/")
    assert few == 'A year earlier: <a href="/b/">6</a> answers, not enough to compare.'


def test_counts_of_bars_are_words() -> None:
    assert [sentences.in_letters(n) for n in (2, 12, 13)] == ["two", "twelve", "13"]


def test_an_even_load_has_the_index_one() -> None:
    assert sentences.load_fairness([(5, 10), (10, 20), (0, 0)]) == pytest.approx(1)
    assert sentences.load_fairness([(10, 10), (0, 10)]) == pytest.approx(0.5)
    assert sentences.load_fairness([(0, 10)]) is None


def test_a_figure_below_its_goal_is_never_said_to_be_at_it() -> None:
    below, reached = Rate.counted(19, 26), Rate.counted(23, 26)
    assert sentences.rate_goal_sentence(below, 85) == f"26 cannot tell whether the goal of 85{NBSP}% is reached."
    assert sentences.rate_goal_sentence(reached, 85) == f"At the goal of 85{NBSP}%, as far as 26 can tell."
    assert sentences.nps_goal_sentence(nps(44, 35, 21), 25) == "100 cannot tell whether the goal of +25 is reached."
    assert sentences.nps_goal_sentence(nps(46, 33, 21), 25) == "At the goal of +25, as far as 100 can tell."
