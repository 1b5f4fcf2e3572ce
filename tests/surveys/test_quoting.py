"""A customer's words on a page, in a mail, and against their score."""

import csv
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.quoting import dead_links, disagree, display, quote

MARTA = (
    "We waited eleven days for someone to tell us why the imports kept failing. In the end our own driver found the "
    "cause, a comma in an address. I don’t mind bugs. I mind silence. If you call: before ten is best, after that there "
    "is no signal in the cold store."
)

# Anything a mail program or a page could be led astray with, beside ordinary words.
hostile = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(
            ["Bad.", "Why?", "a", "evil.com", "http://", "www.", "@", "z. B.", "\n", " ", "。", "…", "\u202e", "\ud800",
             "\x00", "e\u0301", "👩‍👧", "mailto:", "ＷＷＷ．", "x" * 60, '."', "javascript:"]
        ),
        max_size=40,
    ).map("".join),
)  # fmt: skip


# --- quote -----------------------------------------------------------------------------------------------------


def test_whole_sentences_up_to_the_limit():
    assert quote(MARTA) == MARTA[: MARTA.index(" If you call")]
    assert quote(MARTA, 120) == "We waited eleven days for someone to tell us why the imports kept failing."
    assert quote(MARTA, 500) == MARTA


@pytest.mark.parametrize("nothing", ["", "   ", "\n\n", "\x00\x01", "\u202e\ufeff"])
def test_no_words_no_quotation(nothing):
    assert quote(nothing) == ""


def test_a_long_sentence_is_cut_after_a_word():
    cut = quote("never " * 100)
    assert cut.endswith("never…")
    assert 190 < len(cut) <= 200


def test_a_word_without_end_is_cut_between_characters():
    assert quote("x" * 500) == "x" * 199 + "…"
    assert quote("é" * 500, 11) == "é" * 10 + "…"
    assert quote("e\u0301" * 200, 12) == "e\u0301" * 5 + "…"
    family = "👩\u200d👩\u200d👧"
    assert quote(family * 100, 12) == family * 2 + "…"


def test_a_short_word_before_a_blob_stands_alone():
    assert quote("Look: " + "x" * 500) == "Look…"


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("产品功能还可以。我们非常失望！为什么？", "产品功能还可以。我们非常失望！"),
        ("まったく動かない。困っています。", "まったく動かない。困っています。"),
        ("¿Por qué? ¡No funciona! Nada más.", "¿Por qué? ¡No funciona!"),
        ("« Jamais ! » Voilà… Fin. Et puis", "« Jamais ! » Voilà… Fin."),
    ],
)
def test_sentences_end_as_each_language_ends_them(words, first):
    assert quote(words, max(len(first), 16)).startswith(first)


@pytest.mark.parametrize(
    "whole",
    [
        "Am 22. November kam z. B. niemand.",
        "Dr. Who called J. Smith at 3.30 about v2.1 of it.",
        "So... nobody called.",
        "They came (e.g. twice) and left.",
    ],
)
def test_a_full_stop_in_a_sentence_does_not_end_it(whole):
    # One character short, the sentence is cut at a word, never at such a full stop.
    assert quote(f"{whole} {'More to say about it. ' * 9}", len(whole) + 2) == whole
    assert quote(whole, len(whole) - 1).endswith("…")


def test_lines_are_sentences_unless_they_go_on():
    assert quote("Bad service\nNo answer\nNothing at all", 24) == "Bad service No answer"
    assert quote("It broke\nin the middle.\nThen silence.", 30) == "It broke in the middle."


def test_a_quotation_is_one_line_without_controls():
    assert quote("One.\r\n\r\n\tTwo.\x00\x07 \u202eThree.") == "One. Two. Three."


def test_a_dead_link_may_not_push_a_quotation_over_its_limit():
    words = "It broke. See www.evil.example for more."
    assert len(dead_links(words)) == len(words) + 4
    assert quote(words, len(words)) == "It broke."
    assert quote(words, len(words) + 4) == dead_links(words)


@given(hostile, st.integers(2, 300))
def test_a_quotation_is_one_short_line_that_can_be_sent(words, limit):
    said = quote(words, limit)
    assert len(said) <= limit
    assert said == said.strip()
    assert "\n" not in said
    said.encode()
    assert bool(said) == bool(display(words))


@given(st.lists(st.sampled_from(["It broke.", "Why?", "Nobody came!", "We wait…", "真的。"]), min_size=1, max_size=30))
def test_what_is_quoted_is_the_beginning_of_what_was_said(sentences):
    words = " ".join(sentences)
    said = quote(words)
    assert words.startswith(said)
    assert words[len(said) :][:1] in ("", " ")


# --- links -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "dead"),
    [
        ("see https://evil.example/x?a=b.c now", "see https[:]//evil[.]example/x?a=b[.]c now"),
        ("www.evil.example", "www[.]evil[.]example"),
        ("WWW.EVIL.EXAMPLE", "WWW[.]EVIL[.]EXAMPLE"),
        ("ann.lee@firm.example", "ann[.]lee@firm[.]example"),
        ("mailto:ann@firm.example", "mailto[:]ann@firm[.]example"),
        ("JavaScript:alert(1)", "JavaScript[:]alert(1)"),
        ("[here](ftp://evil.example)", "[here](ftp[:]//evil[.]example)"),
        ("//evil.example/x", "//evil[.]example/x"),
        ("evil.example/win", "evil.\u200bexample/win"),
        ("import.csv", "import.\u200bcsv"),
        ("evil。com", "evil。\u200bcom"),
        ("3.5 of v2.1 at 10.30, z.B. 1.000", "3.5 of v2.1 at 10.30, z.B. 1.000"),
        ("No link. At all.", "No link. At all."),
        ("好的。我们很失望。", "好的。我们很失望。"),
    ],
)
def test_links_are_dead_and_the_rest_is_untouched(words, dead):
    assert dead_links(words) == dead


# What mail programs look for: a scheme, www, a mail address, or names parted by dots with letters at the end.
CLICKABLE = re.compile(
    r"[a-z][a-z0-9+.-]*://\S|\bwww\.\w|\w@\w[\w-]*\.\w|\b(?:mailto|tel|javascript):\S|\w[.。．｡](?=[a-z]{2})", re.I
)


@given(hostile)
def test_nothing_in_a_quotation_can_be_clicked(words):
    assert not CLICKABLE.search(quote(words))


def test_a_link_that_reaches_over_two_sentences_is_dead_too():
    assert CLICKABLE.search("evil。com")
    assert not CLICKABLE.search(quote("evil。com wins"))


# --- display ---------------------------------------------------------------------------------------------------


def test_every_word_stays_and_nothing_unseen():
    assert display("a\u202eb\x00c\r\nd\x1be\u2028f") == "abc\nde\nf"
    assert display("one\n\n\n \n\t\n\ntwo") == "one\n\ntwo"
    assert display("half \ud83d pair") == "half \ufffd pair"
    assert display("  می\u200cخواهم 👩\u200d👧  ") == "می\u200cخواهم 👩\u200d👧"


@given(hostile)
def test_no_letter_is_lost(words):
    shown = display(words)
    assert [c for c in shown if c.isalnum()] == [c for c in words if c.isalnum()]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]|\n{3}", shown)
    assert display(shown) == shown


def test_four_thousand_words_are_shown_whole():
    words = "silence " * 4_000
    assert display(words) == words.strip()


def test_naughty_strings_are_shown_and_quoted(real_data: Path):
    for words in (real_data / "blns__blns.txt").read_text(encoding="utf-8").split("\n"):
        assert [c for c in display(words) if c.isalnum()] == [c for c in words if c.isalnum()]
        assert len(quote(words)) <= 200
        assert not CLICKABLE.search(quote(words))


# --- words against score ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (2, "Best headless CMS on the market. Period."),
        (3, "Great developer experience and the support team is phenomenal."),
        (6, "Transformed how our team publishes content. Love it."),
        (5, "Would recommend to anyone in our industry."),
        (0, "Couldn't be happier"),
        (1, "Super!"),
        (0, "Wir sind sehr zufrieden mit Ihnen, der Service ist hervorragend."),
        (4, "Todo excelente, muy contentos con el servicio. ¡Me encanta!"),
        (1, "Tout est parfait, merci à votre équipe."),
        (10, "Constant downtime and no communication."),
        (9, "A waste of our time, never again."),
        (10, "Furchtbar, nie wieder!"),
        (10, "Un desastre total, el servicio es pésimo."),
        (9, "C'est inadmissible, je suis très déçu."),
    ],
)
def test_words_that_say_the_opposite_of_the_score(score, words):
    assert disagree(score, words)


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (10, "Great developer experience."),
        (2, "Terrible."),
        (7, "Terrible."),
        (8, "Furchtbar."),
        (0, ""),
        (2, "Great. Another outage, and nobody answers."),
        (2, "Not great."),
        (3, "It would be great if it worked."),
        (5, "We love the CONCEPT but the execution has fallen off a cliff this year."),
        (3, "Please call me back. Best, Ann Lee"),
        (3, "Please call me. Best regards"),
        (3, "Ich hatte nicht gedacht, dass der Service so toll klingt."),
        (4, "Das war leider nicht perfekt."),
        (10, "No problems, never disappointed."),
        (10, "Le produit est bon mais l'interface n'est pas intuitive."),
        (9, "El producto es bueno pero el soporte en español es inexistente."),
        (10, "Bad Homburg"),
        (10, "Schau mal die Tage in Bad Ems"),
        (1, "非常失望"),
        (0, "great " * 1_000),
    ],
)
def test_when_in_doubt_words_and_score_agree(score, words):
    assert not disagree(score, words)


def test_the_real_contradictions_are_found_and_few_others(real_data: Path):
    with (real_data / "cms-multilingual__vinaysaraswat33_nps_responses.csv").open(encoding="utf-8") as opened:
        found = {
            (int(row["score"]), row["verbatim_comment"])
            for row in csv.DictReader(opened)
            if disagree(int(row["score"]), row["verbatim_comment"])
        }
    assert (2, "Best headless CMS on the market. Period.") in found
    assert all(score <= 6 for score, _words in found)
    assert {words.split()[0] for _score, words in found} == {"Best", "Great", "Transformed", "Would"}


@given(st.integers(0, 10), hostile)
def test_whatever_is_said_gets_an_answer(score, words):
    assert disagree(score, words) in (True, False)


# --- hostile lengths -------------------------------------------------------------------------------------------

LONG = ["On ", "a.", ".", "!", "\n ", "http://", "a@", "((.", "www.", "。", "\u202e", "A. ", "e\u0301", "best ", " ", "-",
        '."', "\r", "22. ", "\n\t", "\u200d", "[", "x.\n", "never again "]  # fmt: skip


@pytest.mark.parametrize("part", LONG)
@pytest.mark.parametrize("ends", ["", "x", "\n", "."])
def test_the_time_grows_with_the_length_and_no_more(part, ends):
    def seconds(size: int) -> float:
        words = (part * (size // len(part) + 1))[:size] + ends
        began = time.process_time()
        quote(words)
        display(words)
        disagree(0, words)
        return time.process_time() - began

    # Quadratic work on this much takes minutes; the bound leaves room for a slow machine.
    assert seconds(100_000) < 2
