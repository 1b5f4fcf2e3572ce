"""Whose ticket an answer must not become: whom it complains about, and whom it does not clearly praise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followups.conflicts import MOST_LOOKED_FOR, complained_about, may_name, name_words, those_that_may_name
from surveys.searching import normalise_for_search

NAMES = {1: ("Hanna", "Brandt"), 2: ("Ivo", "Lenz"), 3: ("Amélie", "Roux"), 4: ("Grace", "Okafor")}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Hanna Brandt never called me back.", {1: "complaint"}),
        ("hanna never called me back", {1: "complaint"}),
        ("Hanna was rude", {1: "complaint"}),
        ("Frau Brandt hat mich vergessen.", {1: "complaint"}),
        ("Amelie ne m'a jamais rappelée", {3: "complaint"}),
        ("Amélie no me ha llamado nunca", {3: "complaint"}),
        ("I spoke with Hanna on Monday.", {1: "unclear"}),
        ("Hanna promised a call. Great.", {1: "complaint"}),
        ("Hanna was not helpful", {1: "complaint"}),
        ("Hanna was helpful on Monday. Then she ignored my mails.", {1: "unclear"}),
        ("Hanna was great, but Ivo shouted at me.", {2: "complaint"}),
        ("Hanna was great", {}),
        ("Hanna was great but the delivery was late", {}),
        ("The delivery was late. Hanna Brandt was very helpful!", {}),
        ("Frau Brandt war sehr freundlich, aber die Lieferung kam zu spät", {}),
        ("Merci à Amélie, mais la livraison était en retard", {}),
        ("Gracias a Hanna, pero el pedido llegó tarde", {}),
        ("Hanna Schmidt was rude", {}),
        ("They were not in good grace with us", {}),
        ("Nobody called back for eleven days.", {}),
        ("", {}),
    ],
)
def test_of_an_unhappy_customer(words: str, found: dict[int, str]) -> None:
    assert complained_about(words, "detractor", NAMES) == found


@pytest.mark.parametrize(
    ("words", "found"),
    [("I spoke with Hanna on Monday.", {}), ("Hanna was rude", {1: "complaint"}), ("Hanna was great", {})],
)
def test_of_a_lukewarm_one_only_what_is_clearly_a_complaint(words: str, found: dict[int, str]) -> None:
    assert complained_about(words, "passive", NAMES) == found


def test_of_two_who_might_be_meant_both() -> None:
    names = {1: ("Hanna", "Brandt"), 2: ("Hanna", "Vogt")}
    assert complained_about("Hanna was rude", "detractor", names) == {1: "complaint", 2: "complaint"}
    assert complained_about("Hanna Vogt was rude", "detractor", names) == {2: "complaint"}


@given(
    st.text(max_size=80),
    st.sampled_from(["Hanna", "Hanna Brandt", "hanna", "Amélie", "Frau Brandt"]),
    st.text(max_size=80),
)
def test_the_quick_look_never_overlooks_anybody(before: str, name: str, after: str) -> None:
    words = f"{before} {name} {after}"
    if complained_about(words, "detractor", NAMES):
        assert may_name(normalise_for_search(words), name_words(NAMES))


@given(
    st.lists(
        st.lists(st.sampled_from(["Hanna", "hannas", "Brandt,", "waited", "Ann", "cannot"]), max_size=4), max_size=6
    ),
    st.frozensets(st.sampled_from(["hanna", "brandt", "ann", "vogt"])),
    st.booleans(),
)
def test_many_answers_are_looked_through_as_each_alone(
    said: list[list[str]], parts: frozenset[str], many: bool
) -> None:
    texts = [normalise_for_search(" ".join(words)) for words in said]
    if many:
        parts |= {f"name{n}" for n in range(MOST_LOOKED_FOR)}
    alone = [at for at, text in enumerate(texts) if may_name(text, parts)]
    assert those_that_may_name(texts, parts) == alone


@given(st.text(max_size=200), st.sampled_from(["detractor", "passive", "promoter"]))
def test_any_words_give_an_answer(words: str, band: str) -> None:
    assert complained_about(words, band, NAMES).keys() <= NAMES.keys()
