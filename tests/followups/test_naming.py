"""Colleagues named in a customer's words."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followups.naming import colleague_named

HANNA, IVO, JO, GRACE, TOMAS, LENA, SEAN, ANNA, WILL, BEN, KAI_A, KAI_B = range(1, 13)
NAMES = {
    HANNA: ("Hanna", "Brandt"),
    IVO: ("Ivo", "Lenz"),
    JO: ("Jo", "Whitfield"),
    GRACE: ("Grace", "Hopper"),
    TOMAS: ("Tomás", "Ferreira"),
    LENA: ("Hanna-Lena", "Vogt"),
    SEAN: ("Sean", "O'Brien"),
    ANNA: ("Anna Maria", "López García"),
    WILL: ("Will", "Smith"),
    BEN: ("Ben", "Lenz"),
    KAI_A: ("Robert", "Berg"),
    KAI_B: ("Robert", "Berg"),
    99: ("", ""),
}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Hanna was wonderful", [HANNA]),
        ("HANNA, YOU WERE WONDERFUL", [HANNA]),
        ("Thank you, Hanna.", [HANNA]),
        ("hanna brandt called twice", [HANNA]),
        ("Hanna Brandt and Tomas Ferreira", [HANNA, TOMAS]),
        ("Ivo's call came first, then Hanna’s", [IVO, HANNA]),
        ("Frau Brandt hat sich gekümmert", [HANNA]),
        ("Mme. Brandt, merci", [HANNA]),
        ("C'est grâce à Tomás", [TOMAS]),
        ("Le travail d'Hanna", [HANNA]),
        ("Ask Sean O’Brien", [SEAN]),
        ("Anna López helped, Señora García too", [ANNA]),
        ("Anna Maria López García", [ANNA]),
        ("Grace Hopper fixed it. Will Smith paid.", [GRACE, WILL]),
        ("Ivo, Ivo and again Ivo", [IVO]),
        ("Hanna\nBrandt", [HANNA]),
        ("Hanna-Lena called", [LENA]),
        ("Toma\u0301s!", [TOMAS]),
        ("Ben Lenz and not the other one", [BEN]),
    ],
)
def test_named_colleagues_are_found_in_order(words, found):
    assert colleague_named(words, NAMES) == found


@pytest.mark.parametrize(
    "words",
    [
        "",
        "thanks hanna",  # small letters and no family name: conservative
        "Jo called",  # two letters
        "Grace was asked for and Will you call?",  # everyday words
        "Hanna Schmidt of your Paris office",  # somebody else
        "HANNA SCHMIDT, or HANNA WAS HERE",  # in capitals nobody can tell
        "Johanna and Hannah",
        "Mr. Lenz was rude",  # two colleagues of that name
        "Robert Berg was here",  # likewise, in full
        "Brandt",  # a family name alone may be a firm
        "I like sean connery",
    ],
)
def test_nobody_is_named_where_it_is_not_sure(words):
    assert colleague_named(words, NAMES) == []


def test_a_given_name_that_two_share_names_neither():
    assert colleague_named("Hanna was great", {1: ("Hanna", "Brandt"), 2: ("Hanna", "Vogt")}) == []
    assert colleague_named("Hanna Vogt was great", {1: ("Hanna", "Brandt"), 2: ("Hanna", "Vogt")}) == [2]


def test_a_given_name_that_is_anothers_family_name_names_neither():
    assert colleague_named("Ask Martin", {1: ("Martin", "Lenz"), 2: ("Ivo", "Martin")}) == []


@given(st.text(), st.dictionaries(st.integers(), st.lists(st.text(max_size=12), max_size=3).map(tuple), max_size=6))
def test_only_colleagues_are_found_each_once(words, names):
    found = colleague_named(words, names)
    assert len(found) == len(set(found))
    assert set(found) <= set(names)


@given(st.sampled_from(["Hanna Brandt", "IVO LENZ", "tomas ferreira"]), st.text("abc .,!?\n", max_size=30))
def test_a_full_name_is_found_wherever_it_stands(name, around):
    assert len(colleague_named(f"{around} {name} {around}", NAMES)) == 1


@pytest.mark.parametrize("part", ["On ", "a-", "Hanna ", "'", "M. ", "Hanna Brandt ", "a'", " ", "Ä", "\u0301", ".\n"])
def test_the_time_grows_with_the_length_and_no_more(part):
    words = (part * 100_000)[:100_000]
    began = time.process_time()
    colleague_named(words, NAMES)
    assert time.process_time() - began < 3
