"""Whatever strangers send is read in time and named for what it is; what they wrote is told from what they quoted."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_loop.mail.inbound import absences, attaching, bounces, classes, cutting, markup, reading
from nps_loop.mail.models import Inbound
from tests.factories import NOW
from tests.mail.inbound import corpus
from tests.mail.inbound.letters import raw

MAILS = corpus.mails()


def kind_of(mail: reading.Mail) -> str:
    words = cutting.cut(mail.text)
    kind = classes.classify(mail, words, own_domain="reply.example")
    return Inbound.Kind.REPLY if kind == Inbound.Kind.EMPTY and mail.files else kind


def test_there_are_at_least_eighty() -> None:
    assert len(MAILS) >= 80


@pytest.mark.parametrize("name", MAILS)
def test_each_mail_is_named_for_what_it_is_in_time(name: str) -> None:
    content, kind = MAILS[name]
    began = time.process_time()

    found = kind_of(reading.read(content))

    assert time.process_time() - began < 2
    assert found == kind


@pytest.mark.parametrize("name", corpus.QUOTES)
def test_what_is_quoted_is_cut_off_and_kept(name: str) -> None:
    mail = reading.read(raw(f"It is still broken.\n\n{corpus.QUOTES[name]}"))

    assert cutting.cut(mail.text) == "It is still broken."
    assert "We heard you." in mail.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("On Mon, 1 Nov 2026, C <c@x.example> wrote:\n> When?\nOn Friday.\n> Where?\nHere.", "On Friday.\nHere."),
        ("On Monday I wrote a letter.\nNobody answered.", "On Monday I wrote a letter.\nNobody answered."),
        ("From: here to there is far.", "From: here to there is far."),
        ("A - B\n--\nMarta", "A - B"),
        ("One.\n\n\n\nTwo.", "One.\n\nTwo."),
        ("", ""),
    ],
)
def test_words_between_quotes_stay_and_sentences_are_no_quotes(text: str, words: str) -> None:
    assert cutting.cut(text) == words


@pytest.mark.parametrize("language", corpus.AWAY)
def test_the_day_of_coming_back_is_understood(language: str) -> None:
    subject, text = corpus.AWAY[language]
    assert absences.back_on(f"{subject}\n{text}", today=NOW.date()) == date(2026, 12, 4)


def test_days_that_cannot_be_are_none() -> None:
    for text in ("back on 31 February 2027", "until 1 January 2020", "back on 5 May 2099", "back soon", "until 99.99."):
        assert absences.back_on(text, today=NOW.date()) is None


def test_a_report_names_the_mail_it_is_about() -> None:
    found = bounces.report_in(reading.read(MAILS["bounce"][0]))
    assert found is not None
    assert (found.is_final, found.recipient) == (True, "marta@nordby.example")
    assert found.message_ids == ("<personal.1@reply.example>",)


def test_html_becomes_lines_of_text() -> None:
    html = "<head><title>x</title></head><p>One<br>two &amp; 3 &lt; 4</p><script>no</script><blockquote>old</blockquote>end"
    assert markup.to_text(html) == "One\ntwo & 3 < 4\n\n> old\nend"


@given(st.binary(max_size=3_000))
def test_the_reader_takes_any_bytes(content: bytes) -> None:
    kind_of(reading.read(content))


PIECES = ["Content-Type: multipart/mixed; boundary=b", "--b", "--b--", "Content-Type: message/rfc822", "From: a@b.example",
          "Content-Transfer-Encoding: base64", "=?utf-8?q?=FF?=", "", "Content-Type: message/delivery-status", "\x00", "<p>", "> a",
          "Content-Disposition: attachment; filename*=utf-8''%FF", "Date: x", "Content-Type: text/html; charset*=a'b'c"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=30), max_size=40))
def test_the_reader_takes_any_order_of_pieces_of_mails(lines: list[str]) -> None:
    mail = reading.read("\n".join(lines).encode("utf-8", "surrogatepass"))
    kind_of(mail)
    mail.text.encode()
    mail.subject.encode()


@given(st.text(max_size=2_000))
def test_the_cutter_only_ever_takes_away_and_is_done_in_one_go(text: str) -> None:
    words = cutting.cut(text)
    assert len(words) <= len(text)
    assert all(
        line.strip() in text.replace("\xa0", " ").replace("\u200b", "").replace("\ufeff", "")
        for line in words.split("\n")
    )


@given(st.text(max_size=300))
def test_a_file_name_is_only_ever_a_name(name: str) -> None:
    safe = attaching.harmless(name)
    assert safe and len(safe) <= 120 and safe.isprintable() and not set(safe) & set('/\\:"<>|')
    assert safe not in (".", "..")


@pytest.mark.full
@pytest.mark.parametrize(
    "piece",
    [
        "> q\n",
        "On Mon 1 a@b\n",
        "From: a\n",
        "a b ",
        "<",
        "<a ",
        "<!--",
        "-- \n",
        "wrote:\n",
        "&",
        "a@b.c ",
        "until 1.1. ",
    ],
)
def test_time_grows_with_the_text_and_no_faster(piece: str) -> None:
    def seconds(times: int) -> float:
        text = piece * times
        began = time.process_time()
        cutting.cut(text)
        markup.to_text(text)
        absences.back_on(text, today=NOW.date())
        return time.process_time() - began

    small = min(seconds(20_000) for _ in range(3))
    large = min(seconds(200_000) for _ in range(3))
    assert large <= max(small, 0.005) * 20
