"""Who is compared with whom in the measured effect, from rows: groups, later answers, words and the API."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.utils import translation

from followups.models import Deadline, Ticket
from followups.reports import metrics
from followups.reports.effect import Estimate, Verdict
from followups.reports.effect_in_words import in_words
from followups.reports.metrics.effect import GROUPS
from surveys.models import Response
from surveys.scoring import band
from tests import factories as make
from tests.api.conftest import key_caller
from tests.factories import DAY, HOUR, NOW
from tests.surveys.asking.rows import make_planned

pytestmark = pytest.mark.django_db
YEARS = metrics.ReportFilters(date(2024, 1, 1), date(2026, 11, 24))


def life(
    first: int = 3, *, contact_after: int | None = None, later: int | None = None, later_after: int = 30, **answer: Any
) -> Ticket:
    """A ticket whose first contact is due after 48 hours, contacted after so many, answered again after so many days."""
    answer = {"responded_at": NOW - 200 * DAY, "contact": make.make_contact(), **answer}
    response = make.make_response(first, **answer)
    at = response.responded_at
    ticket = make.make_ticket(response, first_contact_at=None if contact_after is None else at + contact_after * HOUR)
    make.make_deadline(ticket, cycle=0, met_at=ticket.first_contact_at)
    if later is not None:
        make.make_response(later, contact=response.contact, responded_at=at + later_after * DAY)
    return ticket


def groups(filters: metrics.ReportFilters = YEARS) -> dict[str, tuple[int, int]]:
    found = metrics.effect_report(filters, now=NOW).groups
    return {name: (found[name].tickets, found[name].heard_again) for name in GROUPS}


def test_in_time_late_and_never_are_told_apart_at_the_moment_contact_was_due() -> None:
    life(contact_after=48, later=9)
    life(contact_after=49, later=9)
    life(later=9)
    life(contact_after=1)
    assert groups() == {"in_time": (2, 1), "late": (1, 1), "never": (1, 1)}


def test_whoever_answered_before_contact_was_due_has_not_answered_again() -> None:
    life(contact_after=10, later=9, later_after=2)
    life(later=9, later_after=2)
    life(later=9, later_after=3)
    assert groups() == {"in_time": (1, 0), "late": (0, 0), "never": (2, 1)}


def test_whoever_was_spoken_to_after_answering_again_had_not_been_by_then() -> None:
    life(contact_after=24 * 31, later=9, later_after=30)
    life(contact_after=24 * 29, later=9, later_after=30)
    assert groups() == {"in_time": (0, 0), "late": (1, 1), "never": (1, 1)}


def test_an_answer_after_more_than_a_year_or_that_does_not_count_is_none() -> None:
    old = {"responded_at": NOW - 700 * DAY}
    life(later=9, later_after=366, **old)
    life(later=9, later_after=365, **old)
    spam = life(later=9)
    Response.objects.filter(contact=spam.contact, score=9).update(excluded_as="spam")
    assert groups()["never"] == (3, 1)


def test_the_answer_to_the_recovery_question_goes_before_an_earlier_one() -> None:
    ticket = life(contact_after=10, later=2, later_after=10)
    answer = make.make_response(9, contact=ticket.contact, responded_at=NOW - 20 * DAY)
    make_planned(make.make_survey(), ticket.contact, recovers=ticket.response, state="answered", response=answer)
    found = metrics.effect_report(YEARS, now=NOW).groups["in_time"]
    assert (found.mean_first, found.mean_later) == (3, 9)


def test_who_is_not_due_has_no_target_or_does_not_count_is_in_no_group() -> None:
    life(responded_at=NOW - DAY)
    make.make_ticket()
    for fields in ({"nobody_to_reach": True}, {"left_in_peace": True}):
        Ticket.objects.filter(pk=life().pk).update(**fields)
    Response.objects.filter(pk=life().response_id).update(excluded_as="own_staff")
    report = metrics.effect_report(YEARS, now=NOW)
    assert groups() == {"in_time": (0, 0), "late": (0, 0), "never": (0, 0)}
    assert (report.not_due, report.without_target) == (1, 1)


def many(seed: int, effect: int, tickets: int = 150) -> None:
    """Contact is likelier where the first score is better; it lifts the later score by `effect`."""
    chance = random.Random(seed)
    for _ in range(tickets):
        first = chance.randint(0, 8)
        in_time, late = chance.random() < 0.2 + first / 14, chance.random() < 0.4
        hours = 20 if in_time else 200 if late else None
        life(
            first,
            contact_after=hours,
            later=min(max(first + chance.choice((-1, 0, 1)) + (effect if in_time else 0), 0), 10),
            segment=chance.choice(("Key account", "")),
            survey_kind=chance.choice(("relational", "transactional")),
            responded_at=NOW - chance.choice((150, 300)) * DAY,
        )


def by_hand(treated: str) -> tuple[float, float, int, int]:
    """Score and NPS differences and how many are matched, with loops over all rows."""
    strata: dict[Any, tuple[list[int], list[int]]] = {}
    for ticket in Ticket.objects.select_related("response"):
        row = Deadline.objects.get(ticket=ticket, target="first_contact")
        after = [
            r
            for r in Response.objects.filter(contact=ticket.contact).order_by("responded_at")
            if r.responded_at > row.due_at
        ]
        group = "in_time" if row.met_at and row.met_at <= row.due_at else "late" if row.met_at else "never"
        answer = ticket.response
        key = (answer.score, answer.survey_kind, answer.segment, answer.day.year, (answer.day.month + 2) // 3)
        if after and group in (treated, "never"):
            strata.setdefault(key, ([], []))[group == "never"].append(after[0].score)
    weight = score = points = 0.0
    sizes = [0, 0]
    value = {"detractor": -100, "passive": 0, "promoter": 100}
    for inside, outside in strata.values():
        if inside and outside:
            w = len(inside) * len(outside) / (len(inside) + len(outside))
            weight += w
            score += w * (sum(inside) / len(inside) - sum(outside) / len(outside))
            of = [sum(value[band(each)] for each in side) / len(side) for side in (inside, outside)]
            points += w * (of[0] - of[1])
            sizes = [sizes[0] + len(inside), sizes[1] + len(outside)]
    return score / weight, points / weight, sizes[0], sizes[1]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_differences_are_those_of_a_loop_over_all_rows(seed: int) -> None:
    many(seed, effect=2)
    report = metrics.effect_report(YEARS, now=NOW)
    for name in ("in_time", "late"):
        found = report.compared[name]
        score, points, treated, never = by_hand(name)
        assert (found.score.treated, found.score.others) == (found.nps.treated, found.nps.others) == (treated, never)
        assert found.score.treated + found.score.unmatched_treated == report.groups[name].heard_again
        if found.score.verdict != Verdict.TOO_FEW:
            assert found.score.value == pytest.approx(score)
            assert found.nps.value == pytest.approx(points)
    assert report.compared["in_time"].score.verdict == Verdict.FOUND
    assert report.compared["in_time"].score.low > 1
    assert report.compared["late"].score.verdict != Verdict.FOUND


def test_better_first_scores_among_those_contacted_are_not_taken_for_an_effect() -> None:
    many(3, effect=0)
    report = metrics.effect_report(YEARS, now=NOW)
    apart = report.groups["in_time"].mean_later - report.groups["never"].mean_later
    assert apart > 0.8
    assert report.compared["in_time"].score.verdict == Verdict.NOT_DETECTABLE


def test_everybody_compares_what_they_may_see() -> None:
    agent = make.make_user()
    north = make.make_team("North", agents=(agent,))
    life(contact_after=1, later=9)
    Ticket.objects.filter(pk=life(contact_after=1, later=9).pk).update(team=north)
    assert groups(replace(YEARS, viewer=agent))["in_time"] == (1, 1)
    assert groups(replace(YEARS, viewer=make.make_user()))["in_time"] == (0, 0)


def test_one_query_whatever_the_number(django_assert_num_queries: Any) -> None:
    many(4, effect=1, tickets=30)
    with django_assert_num_queries(1):
        metrics.effect_report(YEARS, now=NOW)


def test_the_api_says_what_the_function_says_and_in_words(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)
    many(5, effect=2)
    query = {"day_from": "2025-01-01", "day_to": "2026-11-24"}
    body = key_caller("read").get("/api/v1/reports/effect/", query).json()
    report = metrics.effect_report(replace(YEARS, day_from=date(2025, 1, 1)), now=NOW)
    words = body.pop("in_words")
    assert body == report.as_dict()
    assert words == in_words(report)
    assert words[0].startswith("Contact in time: an effect is found.")
    assert "no experiment" in words[-1]


# --- words -----------------------------------------------------------------------------------------------------


@pytest.fixture
def empty() -> metrics.EffectReport:
    return metrics.effect_report(YEARS, now=NOW)


def said(report: metrics.EffectReport, *scores: Estimate) -> list[str]:
    compared = {
        name: metrics.Comparison(score=score, nps=score)
        for name, score in zip(("in_time", "late"), scores, strict=True)
    }
    return in_words(replace(report, compared=compared))


def test_each_verdict_has_its_sentence(empty: metrics.EffectReport) -> None:
    better = Estimate(1.26, 0.31, 2.2, 1.4, Verdict.FOUND, 40, 31, 3, 2, 9)
    worse = Estimate(-1.04, -1.9, -0.2, 1.2, Verdict.FOUND, 24, 31, 0, 9, 7)
    nothing = Estimate(0.02, -0.9, 1.0, 1.3, Verdict.NOT_DETECTABLE, 22, 25, 0, 0, 6)
    few = Estimate(None, None, None, None, Verdict.TOO_FEW, 3, 25, 9, 0, 2)
    first, second, _ = said(empty, better, worse)
    assert first == (
        "Contact in time: an effect is found. 40 customers contacted in time gave later scores 1.3 points higher "
        "than 31 like them whom nobody had contacted (95 % interval +0.3 to +2.2)."
    )
    assert "for the worse" in second
    assert "1.0 point lower" in second
    assert "−1.9 to −0.2" in second
    first, second, trust = said(empty, nothing, few)
    assert "no effect detectable yet" in first
    assert "An effect of 1.3 points or more would have been seen four times in five." in first
    assert second.startswith("Late contact: too few to compare.")
    assert "each side needs 20" in second
    assert trust.startswith("This is no experiment.")
    boundless = replace(nothing, low=None, high=None, smallest=None)
    assert "no difference of any size" in said(empty, boundless, few)[0]


@pytest.mark.parametrize("language", ["de", "es", "fr"])
def test_the_sentences_are_translated(empty: metrics.EffectReport, language: str) -> None:
    english = in_words(empty)
    with translation.override(language):
        assert not set(in_words(empty)) & set(english)
