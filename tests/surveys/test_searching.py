"""Text made comparable for search."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.searching import normalise_for_search


@pytest.mark.parametrize(
    ("written", "searched"),
    [
        ("Søren  MÜLLER-Groß", "soren muller-gross"),
        ("İstanbul ılık", "istanbul ilik"),
        ("Łódź", "lodz"),
        ("Œuvre Ægir", "oeuvre aegir"),
        ("e\u0301te\u0301", "ete"),
        ("ﬁnanz", "finanz"),
        ("ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
        ("a\x00b\r\nc\td", "a b c d"),
        ("in\u200bvis\u00adible\u202e", "invisible"),
        ("ガ", "ガ"),
        ("हिन्दी", "हिन्दी"),
        ("각", "각"),
        ("", ""),
    ],
)
def test_case_accents_and_the_invisible_do_not_matter(written, searched):
    assert normalise_for_search(written) == unicodedata.normalize("NFC", searched)


@given(st.text(st.characters()))
def test_doing_it_twice_changes_nothing(text):
    once = normalise_for_search(text)
    assert normalise_for_search(once) == once
    once.encode()  # storable: no half characters
    assert "\x00" not in once


@given(st.text("abcäöüéñ ßÄÖÜÉÑ"), st.text("abcäöüéñßÄÖÜÉÑ", min_size=1))
def test_what_is_in_a_text_is_found_in_it(around, word):
    assert normalise_for_search(word) in normalise_for_search(f"{around} {word} {around}")
    assert normalise_for_search(word.upper()) in normalise_for_search(f"{around} {word}")
