"""The customer's page: each variant in each language, drawn from its value alone, and equal answers for equal people."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from followups.loop_page import LoopPage
from tests.followups.loop_pages import MOMENTS, WORDS, pages

LANGUAGES = list(MOMENTS)
VARIANTS = list(pages())
every_page = pytest.mark.parametrize(
    ("variant", "language"), [(variant, language) for variant in VARIANTS for language in LANGUAGES]
)


def shown(page: LoopPage) -> str:
    """The page as the view renders it: in the customer's language, with nothing but the value."""
    request = RequestFactory().get("/loop/token/")
    with translation.override(page.language):
        return render_to_string("followups/loop/page.html", {"page": page}, request=request)


def body(html: str) -> str:
    return html[html.index('<main class="public-main"') : html.index("</main>")]


def words_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", body(html)).split())


@every_page
def test_every_variant_is_whole(variant: str, language: str) -> None:
    html = shown(pages(language)[variant])
    assert f'<html lang="{language}"' in html
    assert html.count("<h1>") == 1
    assert "None" not in words_of(html) and "{{" not in html and "%(" not in html
    assert not re.search(r"\sstyle=|<style|<script(?! src=)|\son\w+=", html)
    icons = set(re.findall(r'href="#(i-[\w-]+)"', html))
    assert icons <= set(re.findall(r'<symbol id="(i-[\w-]+)"', html))
    ids = re.findall(r'\bid="([^"]+)"', body(html))
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'aria-(?:labelledby|describedby)="([^"]+)"', body(html))) <= set(ids)
    assert set(re.findall(r'<label class="label" for="([^"]+)"', html)) <= set(ids)


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_english_is_left_in_the_other_languages(variant: str) -> None:
    english = re.findall(r">([^<>]{6,})<", body(shown(pages("en")[variant])))
    kept = {value for value in english if not value.isspace()}
    page = pages("en")[variant]
    typed = " ".join([repr(page), page.words, *(f"{item.text} {item.reason}" for item in page.left_out)])
    for language in ("de", "es", "fr"):
        html = body(shown(pages(language)[variant]))
        assert [text for text in kept if text.strip() not in typed and f">{text}<" in html] == []


@pytest.mark.parametrize("variant", [name for name in VARIANTS if name != "expired"])
def test_whose_turn_comes_before_everything_to_press(variant: str) -> None:
    html = body(shown(pages()[variant]))
    assert html.index('class="whose') < html.index("<form")


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_press_posts_here_with_cycle_and_token(variant: str) -> None:
    html = body(shown(pages()[variant]))
    forms = re.findall(r"<form.*?</form>", html, re.DOTALL)
    assert forms
    for form in forms:
        assert 'method="post"' in form and "action=" not in form
        assert 'name="csrfmiddlewaretoken"' in form
        assert 'name="cycle" value="1"' in form or variant == "expired"
    pressed = set(re.findall(r'name="verdict" value="(\w+)"', html))
    assert pressed <= {str(option) for option in pages()[variant].options}
    assert pressed == {str(option) for option in pages()[variant].options}


@pytest.mark.parametrize("variant", ["resolved", "choosing", "silent"])
def test_both_answers_stand_equal(variant: str) -> None:
    html = body(shown(pages()[variant]))
    summaries = re.findall(r'<summary class="([^"]*)">', html.split('<div class="choices">')[1])
    assert summaries[0] == summaries[1]
    sends = re.findall(r'<button class="([^"]*)" type="submit" name="verdict" value="(settled|not_yet)">', html)
    assert [value for _, value in sends[:2]] == ["settled", "not_yet"]
    assert sends[0][0] == sends[1][0]


def test_an_open_answer_keeps_what_was_typed() -> None:
    html = body(shown(pages()["choosing"]))
    assert html.count("Two addresses failed again.") == 1
    assert '<details name="verdict" open>' in html
    assert html.index('<div class="choices">') < html.index("I don’t mind bugs")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_missed_promise_is_said_first(language: str) -> None:
    page = pages(language)["late"]
    html = body(shown(page))
    assert page.missed[0].promised in html
    assert html.index("notice-warn") < html.index('class="whose')
    once, twice = replace(page, missed=page.missed), replace(page, missed=page.missed * 2)
    with translation.override(language):
        assert once.heading != twice.heading and "2" in twice.heading


def test_whoever_was_told_in_time_is_not_told_that_we_kept_silent() -> None:
    page = pages()["late"]
    told = replace(page, missed=(replace(page.missed[0], told_before=True),))
    assert "should have told you" in shown(page)
    assert "should have told you" not in shown(told)


def test_a_customers_words_are_never_markup() -> None:
    evil = "<script>alert(1)</script> & \"quotes\" 'n' more"
    for name, page in pages().items():
        html = shown(
            replace(
                page,
                words=evil * 2,
                quote=evil,
                missing=evil,
                typed=evil,
                first_name=evil,
                contact_name=evil,
                owner_name=evil,
                letter=evil,
                question=evil,
            )
        )
        assert "<script>alert" not in html, name


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_page_that_knows_little_is_still_whole(variant: str, language: str) -> None:
    page = replace(
        pages(language)[variant],
        first_name="",
        contact_name="",
        owner_name="",
        owner_first_name="",
        reply_address="",
        quote="",
        words="",
        told_on="",
        answered_on="",
        score=None,
        said_on="",
        until="",
        story=(),
        as_of="",
    )
    text = words_of(shown(page))
    assert not re.search(r" ,|\(\)|None|^,", text)
    assert page.heading[0].isupper()


def test_a_score_without_words_is_shown_as_a_score() -> None:
    text = words_of(shown(replace(pages()["new"], quote="", words="")))
    assert "You gave us 3 out of 10" in text
    assert "Read all you wrote" not in text


def test_short_words_are_not_shown_twice() -> None:
    html = shown(replace(pages()["new"], words="Slow.", quote="Slow."))
    assert words_of(html).count("Slow.") == 1


def test_all_the_words_are_there_for_whoever_opens_them() -> None:
    assert WORDS in shown(pages()["new"]).replace("&#x27;", "'")


def test_a_colleague_sees_the_page_and_can_press_nothing() -> None:
    for name, page in pages().items():
        html = body(shown(replace(page, options=frozenset(), seen_by_staff=True)))
        assert "<form" not in html, name
        assert "logged in as a colleague" in html


def test_without_a_known_number_the_page_asks_for_one() -> None:
    asks = shown(pages()["waiting"])
    assert 'name="phone"' in asks
    assert 'name="phone"' not in shown(replace(pages()["waiting"], phone_known=True))
