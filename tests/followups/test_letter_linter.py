"""What the linter says of letters: of forty of our own, and of each thing it looks for."""

from __future__ import annotations

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from followups.letter_linter import ADVICE, Finding, Letter, findings
from tests.followups.letters_of_ours import SAMPLES

GOOD_TEXT = "Dear Marta,\n\nI send you the list by Friday midday.\n\nHanna Brandt"


def codes(text: str, **fields: object) -> list[str]:
    return [found.code for found in findings(Letter(parts={"text": text}, **fields))]  # type: ignore[arg-type]


def test_of_forty_letters_at_least_eighteen_good_and_eighteen_bad_ones_are_told_right() -> None:
    right = {True: 0, False: 0}
    print()
    for sample in SAMPLES:
        found = codes(sample.text, language=sample.language)
        is_right = bool(found) == bool(sample.bad)
        right[bool(sample.bad)] += is_right
        verdict = "right" if is_right else "WRONG"
        print(f"{verdict}  {sample.name:24} {sample.bad or 'good':28} said: {', '.join(found) or 'nothing'}")
    print(f"bad: {right[True]} of 20 right; good: {right[False]} of 20 right")
    assert [bool(sample.bad) for sample in SAMPLES].count(True) == 20 == len(SAMPLES) // 2
    assert right[True] >= 18
    assert right[False] >= 18


@pytest.mark.parametrize(
    ("text", "fields", "code"),
    [
        ("Hello {frist_name}, " + GOOD_TEXT, {}, "unknown_variable"),
        ("Dear Marta,\n\nI send you the list.\n\nHanna Brandt", {}, "no_date"),
        ("Dear Marta,\n\nthe list is late until Friday.\n\nHanna Brandt", {}, "no_action"),
        ("Dear Marta,\n\nI send you the list by Friday.\n\nThe Support Team", {}, "no_name"),
        ("Dear Marta,\n\nI send you the list by Friday.\n\nBest regards", {}, "no_name"),
        (GOOD_TEXT.replace("the list", "the list and a voucher"), {}, "sells"),
        (GOOD_TEXT.replace("the list", "THE WHOLE LIST THERE"), {}, "shouting"),
        (GOOD_TEXT.replace("midday.", "midday!!"), {}, "shouting"),
        (GOOD_TEXT.replace("midday.", "midday. " + "And one more word. " * 60), {}, "too_long"),
        (GOOD_TEXT.replace("midday.", "midday. What would make it a ten?"), {"band": "passive"}, "asks_back"),
        ("We have read your answer.", {"framed": True, "automatic": True}, "claims_reading"),
    ],
)
def test_each_thing_is_found_and_is_not_said_of_the_good_one(text: str, fields: dict[str, object], code: str) -> None:
    assert code in codes(text, **fields)
    assert codes(GOOD_TEXT) == []


def test_a_frame_brings_who_and_when_and_a_signature_brings_the_name() -> None:
    assert codes("Your answer has arrived.", framed=True) == []
    assert codes("I send you the list by Friday.", signed=True) == []
    assert codes("I send you the list by Friday.\n\nSupport", names=["Hanna Brandt"]) == ["no_name"]


def test_a_subject_without_the_date_is_named() -> None:
    letter = Letter(parts={"subject": "It has arrived"}, framed=True, expected={"subject": ("promise",)})
    assert findings(letter) == [Finding("missing_variable", "subject", "{promise}")]
    said = Letter(parts={"subject": "You hear {promise}"}, framed=True, expected={"subject": ("promise",)})
    assert findings(said) == []


def test_what_the_customer_said_is_not_held_against_the_writer() -> None:
    assert codes("> YOUR SUPPORT TEAM SELLS ME A VOUCHER!!\n\n" + GOOD_TEXT) == []


@pytest.mark.parametrize("language", ["de", "es", "fr"])
def test_every_finding_says_why_and_what_to_do_in_the_readers_language(language: str) -> None:
    for code in ADVICE:
        found = Finding(code, "text")
        english = str(found.why), str(found.what_to_do)
        with translation.override(language):
            assert str(found.why) != english[0] and str(found.what_to_do) != english[1], code


@given(st.text(max_size=400), st.sampled_from(["en", "de", "es", "fr"]), st.booleans())
def test_whatever_is_typed_is_answered(text: str, language: str, framed: bool) -> None:
    found = findings(Letter(parts={"subject": text, "text": text}, language=language, framed=framed))
    assert all(each.code in ADVICE for each in found)
