"""Days promised in a mail, in four languages. What is only named, quoted or over promises nothing."""

from datetime import date

import pytest

from followups.dates_in_words import MOST, promised_days
from followups.promises import in_words
from tests.factories import NOW

TODAY = NOW.date()  # a Tuesday
FRIDAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("text", "language", "part"),
    [
        ("You have it by Friday 27 November.", "en", "evening"),
        ("You have it by Friday evening, 27 November.", "en", "evening"),
        ("You have it by Friday midday.", "en", "midday"),
        ("No later than Friday, the 27th of November", "en", "evening"),
        ("before November 27th, 2026 it is done", "en", "evening"),
        ("Sie haben es bis Freitag, 27. November.", "de", "evening"),
        ("Spätestens am Freitagmittag", "de", "midday"),
        ("bis zum 27.11.2026", "de", "evening"),
        ("Bis Freitagabend, den 27. November", "de", "evening"),
        ("La tendrá a más tardar el viernes 27 de noviembre.", "es", "evening"),
        ("antes del viernes al mediodía", "es", "midday"),
        ("para el 27 de noviembre de 2026", "es", "evening"),
        ("Vous l’aurez d’ici vendredi 27 novembre.", "fr", "evening"),
        ("d'ici vendredi midi", "fr", "midday"),
        ("avant le 27 novembre", "fr", "evening"),
    ],
)
def test_a_day_promised_in_words_is_found(text: str, language: str, part: str) -> None:
    [found] = promised_days(text, language, today=TODAY)
    assert (found.day, found.part) == (FRIDAY, part)


@pytest.mark.parametrize("language", ["en", "de", "es", "fr"])
def test_what_we_ourselves_promise_is_understood(language: str) -> None:
    for hour, part in ((12, "midday"), (17, "evening")):
        ends_at = NOW.replace(day=27, hour=hour)
        words = in_words(ends_at, language, "UTC", now=NOW)
        [found] = promised_days(words, language, today=TODAY)
        assert (found.day, found.part) == (FRIDAY, part), words


@pytest.mark.parametrize(
    "text",
    [
        "We met on Friday 27 November.",
        "> You said by Friday 27 November.",
        "by 31 February",
        "by 1 November 2026",
        "by 27 November 2028",
        "stand by, Friday is near",
        "goodby Friday",
        "",
    ],
)
def test_what_is_no_promise_is_not_found(text: str) -> None:
    assert promised_days(text, "en", today=TODAY) == []


def test_a_weekday_alone_is_the_next_one() -> None:
    assert promised_days("by Tuesday", "en", today=TODAY)[0].day == date(2026, 12, 1)
    assert promised_days("by Wednesday", "en", today=TODAY)[0].day == date(2026, 11, 25)


def test_a_date_without_a_year_is_the_coming_one() -> None:
    assert promised_days("by 3 January", "en", today=TODAY)[0].day == date(2027, 1, 3)


def test_the_sentence_around_it_is_what_could_be_promised() -> None:
    text = "Hello Marta,\n\nI am sorry. You will have the list\nby Friday 27 November. I call you then.\n\nHanna"
    [found] = promised_days(text, "en", today=TODAY)
    assert found.sentence == "You will have the list by Friday 27 November."
    [found] = promised_days("Es kommt bis Freitag, 27. November an.", "de", today=TODAY)
    assert found.sentence == "Es kommt bis Freitag, 27. November an."


def test_another_language_than_the_mails_is_understood_too() -> None:
    assert promised_days("bis Freitag, 27. November", "en", today=TODAY)[0].day == FRIDAY


def test_each_day_once_and_not_too_many() -> None:
    text = "by Friday. Again by Friday 27 November. By Monday. By Wednesday. By Thursday."
    found = promised_days(text, "en", today=TODAY)
    assert len(found) == MOST and len({row.day for row in found}) == MOST


def test_a_sentence_is_never_longer_than_an_action_may_be() -> None:
    [found] = promised_days("word " * 200 + "by Friday", "en", today=TODAY)
    assert len(found.sentence) <= 300
