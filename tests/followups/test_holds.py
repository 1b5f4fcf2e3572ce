"""Words that put a ticket on hold, and innocent ones that do not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followups.holds import SHIPPED_TERMS, hold_words


@pytest.mark.parametrize(
    ("words", "term"),
    [
        ("You will hear from my lawyer.", "lawyer"),
        ("LAWYERS!", "lawyers"),
        ("My son was injured by it", "injured"),
        ("This is a data-breach", "breach"),
        ("he harassed me", "harass*"),
        ("Harassment at the desk", "harass*"),
        ("Two data leaks in a month", "data leak*"),
        ("Ich gehe zum Anwalt", "Anwalt"),
        ("unsere Rechtsanwältin", "Rechtsanw*"),
        ("wegen der ANWÄLTE", "Anwälte"),
        ("Er hat sich verletzt", "verletzt"),
        ("schon wieder eine Datenpanne", "Datenpanne*"),
        ("Sie wurde belästigt", "belästig*"),
        ("Hablaré con mi abogado", "abogado"),
        ("una filtracion de datos", "filtración de datos"),
        ("sufrí acoso", "acoso"),
        ("j'ai pris un avocat", "pris un avocat"),
        ("mon fils a été blessé", "blessé"),
        ("une fuite de données", "fuite de données"),
        ("du harcèlement", "harcèlement"),
    ],
)
def test_each_language_has_its_words(words, term):
    assert hold_words(words) == term


@pytest.mark.parametrize(
    "words",
    [
        "",
        "unbreachable, disabused, injurious",
        "to add insult to injury, nobody called",
        "like a goal in injury time",
        "playing devil's advocate here",
        "une salade d'avocat et crevettes",
        "Keine Klagen, alles gut",
        "hay una alta demanda",
        "haciendo de abogado del diablo",
        "I sent it by accident in the food court",
        "a discriminating customer",
        "Sue is great, so is Sued­see",
        "We waited eleven days. I mind silence.",
    ],
)
def test_innocent_words_hold_nothing(words):
    assert hold_words(words) is None


def test_an_idiom_does_not_hide_what_is_meant():
    assert hold_words("To add insult to injury I was hurt") == "was hurt"
    assert hold_words("an injury, not injury time") == "injury"


def test_the_first_in_the_words_is_given_and_of_two_the_longer():
    assert hold_words("Injury first, lawyer second") == "injury"
    assert hold_words("a data leak", ["data", "data leak"]) == "data leak"


def test_a_list_of_ones_own_is_taken_as_typed():
    own = ["", "  ", "*", "Cancel contract", "refund*", "Kündigung"]
    assert hold_words("I want REFUNDS", own) == "refund*"
    assert hold_words("cancel   contract!", own) == "Cancel contract"
    assert hold_words("cancel the contract", own) is None
    assert hold_words("die kundigung", own) == "Kündigung"
    assert hold_words("my lawyer", own) is None
    assert hold_words("my lawyer", []) is None


@pytest.mark.parametrize("term", SHIPPED_TERMS)
def test_every_shipped_term_is_found(term):
    assert hold_words(f"… {term.removesuffix('*').upper()}, he said") is not None


def test_no_term_is_shipped_twice():
    assert len(set(SHIPPED_TERMS)) == len(SHIPPED_TERMS)


@given(st.text(), st.lists(st.text(max_size=10), max_size=5))
def test_whatever_is_said_gets_a_listed_term_or_none(words, terms):
    assert hold_words(words, terms) in {None, *terms}


@pytest.mark.parametrize("part", ["On ", "insult to ", "data ", "a.", "x", "sue ", "injury time ", "\u0301", "*"])
def test_the_time_grows_with_the_length_and_no_more(part):
    words = (part * 100_000)[:100_000]
    began = time.process_time()
    hold_words(words)
    assert time.process_time() - began < 3
