"""Score, state, clock, words, tag and money: what they show for what they are given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.template import Context, Template

from nps_loop.templatetags.look import NBSP, money, span_in_words

NOW = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)


def shown(source: str, **values: object) -> str:
    return Template("{% load look %}" + source).render(Context(values)).strip()


@pytest.mark.parametrize(
    ("score", "band", "word"),
    [(0, "d", "Detractor"), (6, "d", "Detractor"), (7, "p", "Passive"), (8, "p", "Passive"), (9, "g", "Promoter")],
)
def test_a_score_shows_number_shape_and_word(score: int, band: str, word: str) -> None:
    html = shown("{% score score %}", score=score)
    assert html == f'<span class="score score-{band}"><b>{score}</b><span>{word}</span></span>'


def test_a_small_score_keeps_its_word_for_those_who_listen() -> None:
    assert '<span class="vh">Detractor</span>' in shown('{% score 3 "s" %}')


@pytest.mark.parametrize(
    ("state", "closed_as", "icon", "word"),
    [
        ("new", "", "st-new", "New"),
        ("assigned", "", "st-assigned", "Assigned"),
        ("waiting_on_customer", "", "st-waiting", "Waiting on customer"),
        ("resolved", "", "st-resolved", "Resolved"),
        ("closed", "confirmed", "st-confirmed", "Settled"),
        ("closed", "unconfirmed", "st-unconfirmed", "Closed, no word"),
        ("closed", "agreed_to_differ", "st-unconfirmed", "Agreed to differ"),
        ("closed", "", "st-unconfirmed", "Closed"),
        ("dismissed", "", "stop", "Dismissed"),
    ],
)
def test_a_state_has_a_dial_and_a_word(state: str, closed_as: str, icon: str, word: str) -> None:
    html = shown("{% state state closed_as %}", state=state, closed_as=closed_as)
    assert f'href="#i-{icon}"' in html and word in html


def test_only_the_customers_yes_is_drawn_as_settled() -> None:
    assert "state-closed" in shown('{% state "closed" "confirmed" %}')
    for closing in ("unconfirmed", "not_asked", "agreed_to_differ", "left_in_peace"):
        assert "state-closed" not in shown("{% state 'closed' closing %}", closing=closing)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "0 min"),
        (59, "59 min"),
        (60, "1 h"),
        (89, "1 h"),
        (90, "1 h 30"),
        (23 * 60 + 59, "23 h 30"),
        (24 * 60, "1 day"),
        (71 * 60, "2 days"),
    ],
)
def test_a_stretch_of_time_is_never_longer_than_it_is(minutes: int, words: str) -> None:
    assert span_in_words(timedelta(minutes=minutes)) == words.replace(" ", NBSP)


@pytest.mark.parametrize(
    ("due", "tone", "words"),
    [
        (timedelta(minutes=-90), "late", "late by 1 h 30"),
        (timedelta(0), "soon", "0 min left"),
        (timedelta(hours=3), "soon", "3 h left"),
        (timedelta(hours=15), "rest", "15 h left"),
        (timedelta(days=3), "rest", "3 days left"),
    ],
)
def test_a_clock_says_what_is_left(due: timedelta, tone: str, words: str) -> None:
    html = shown('{% clock due now "first contact" %}', due=NOW + due, now=NOW)
    assert f"clock-{tone}" in html
    assert words in html.replace(NBSP, " ") and "<small>first contact</small>" in html


def test_working_time_left_replaces_wall_time() -> None:
    html = shown("{% clock due now left=left %}", due=NOW + timedelta(days=1), now=NOW, left=timedelta(hours=7))
    assert "7 h left" in html.replace(NBSP, " ")


def test_a_clock_that_stands_still_says_so() -> None:
    assert "paused" in shown("{% clock None now %}", now=NOW)


def test_a_clock_with_a_tip_can_be_focused_and_names_it() -> None:
    html = shown("{% clock due now key=7 tip=tip %}", due=NOW, now=NOW, tip=[("Promised", "by Tuesday evening")])
    assert '<button type="button"' in html and 'aria-describedby="tip-7"' in html and 'id="tip-7"' in html
    assert "<dt>Promised</dt><dd>by Tuesday evening</dd>" in html


def test_words_are_text_in_their_language() -> None:
    html = shown('{% words text "de" "words-clamp" %}', text="<b>Nichts</b>\n\nwirklich ")
    assert html == (
        '<blockquote dir="auto" class="words words-clamp words-kept" lang="de">'
        "&lt;b&gt;Nichts&lt;/b&gt;\n\nwirklich</blockquote>"
    )


def test_no_words_are_said_to_be_none() -> None:
    assert "No words, only the score." in shown("{% words '' %}")


@pytest.mark.parametrize(
    ("amount", "currency", "short", "words"),
    [
        (Decimal("184000.00"), "EUR", False, "€184,000"),
        (184000, "EUR", True, "€184k"),
        (950, "EUR", True, "€950"),
        (-1200, "USD", False, "−$1,200"),
        (5000, "SEK", False, f"SEK{NBSP}5,000"),
        (None, "EUR", False, ""),
    ],
)
def test_money(amount: Decimal | int | None, currency: str, short: bool, words: str) -> None:
    assert money(amount, currency, short) == words
