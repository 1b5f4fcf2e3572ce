"""Rows become answers, or reasons; a row without an id gets a key that finds it again."""

from datetime import UTC, datetime

import pytest

from surveys.incoming import IncomingResponse, Rejection
from surveys.readers.answers import AnswerFile, look_into
from surveys.readers.columns import Choices
from surveys.readers.dates import DateOrder
from surveys.readers.delimited import UnreadableFile
from tests.factories import NOW

FILL = "\n".join(f"{score},filler,2026-11-0{score % 9 + 1}" for score in (10, 0, 9, 8, 7))


def read(tmp_path, text: str, skip: int = 0, zone: str = "UTC", **said) -> list[IncomingResponse | Rejection]:
    path = tmp_path / "answers.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return list(AnswerFile(look_into(path, Choices(**said)), zone=zone, now=NOW).answers(skip))


def keys(rows) -> list[str]:
    return [row.row_key for row in rows]


def test_a_row_becomes_an_answer(tmp_path):
    text = (
        "Response ID,nps,comment,email,First Name,Last Name,language,contact_me,survey_date,updated_at,plan,empty\n"
        'r-1,"9 - very likely", Good ,a@b.example,Ada,Okafor,Deutsch,Ja,2026-11-20 10:00,2026-11-21T10:00Z,Pro,\n'
        "r-2,0,,,,,xx-yy-zz,n/a,,,,\n"
    )
    first, second = read(tmp_path, text, zone="Europe/Berlin")
    assert first == IncomingResponse(
        row=2,
        score=9,
        external_id="r-1",
        comment="Good",
        email="a@b.example",
        name="Ada Okafor",
        language="de",
        contact_me=True,
        responded_at=datetime(2026, 11, 20, 9, tzinfo=UTC),
        version_at=datetime(2026, 11, 21, 10, tzinfo=UTC),
        attributes={"plan": "Pro"},
    )
    assert second == IncomingResponse(row=3, score=0, external_id="r-2")


@pytest.mark.parametrize(
    ("row", "field", "said"),
    [
        ("11,x,2026-11-01", "score", "0 to 10"),
        (",x,2026-11-01", "score", "no score"),
        (" NA ,x,2026-11-01", "score", "no score"),
        ('"7,5",x,2026-11-01', "score", "whole number"),
        ("９,x,2026-11-01", "score", "whole number"),
        ("-1,x,2026-11-01", "score", "whole number"),
        ("9,x,31/02/2026", "responded_at", "no such day"),
        ("9,x,tomorrow", "responded_at", "not a date"),
        ("9,x", "", "2 cells instead of 3"),
        ("9,x,2026-11-01,more", "", "4 cells instead of 3"),
        ("score,comment,date", "", "column names again"),
    ],
)
def test_a_row_that_cannot_be_taken_says_why_and_the_others_go_on(tmp_path, row, field, said):
    rows = read(tmp_path, f"score,comment,date\n{FILL}\n{row}\n10,last,2026-11-09\n")
    refused = rows[5]
    assert isinstance(refused, Rejection)
    assert (refused.row, refused.field) == (7, field)
    assert said in refused.reason
    assert [type(each) for each in rows].count(Rejection) == 1
    assert rows[-1].comment == "last"


def test_empty_cells_beyond_the_header_are_no_fault(tmp_path):
    assert read(tmp_path, "score,comment\n9,x,,\n")[0].comment == "x"


def test_an_unclear_contact_me_is_refused_and_not_taken_for_a_yes(tmp_path):
    rows = read(tmp_path, "score,contact_me\n9,perhaps\n3,NEIN\n0,oui\n10,\n")
    assert (rows[0].field, rows[0].reason) == ("contact_me", "“perhaps” is neither yes nor no.")
    assert [row.contact_me for row in rows[1:]] == [False, True, None]


def test_a_stated_order_is_obeyed(tmp_path):
    text = "score,date\n9,3/11/2026\n10,4/11/2026\n"
    assert "must be stated" in look_into(_write(tmp_path, text), Choices()).problem
    assert read(tmp_path, text, date_order=DateOrder.DMY)[0].responded_at.month == 11
    assert read(tmp_path, text, date_order=DateOrder.MDY)[0].responded_at.month == 3


def _write(tmp_path, text):
    path = tmp_path / "answers.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("zone", ["Mars/Base", "../../etc/passwd", "\x00"])
def test_an_unknown_time_zone_is_said(tmp_path, zone):
    with pytest.raises(UnreadableFile, match="no time zone"):
        read(tmp_path, "score\n9\n", time_zone=zone)


def test_equal_rows_have_different_keys_and_the_same_ones_at_every_reading(tmp_path):
    text = "score,comment\n9,same\n9,other\n9,same\n9,same\n"
    first = keys(read(tmp_path, text))
    assert len(set(first)) == 4
    assert [key.rpartition(":")[2] for key in first] == ["0", "0", "1", "2"]
    assert keys(read(tmp_path, text)) == first


def test_a_reading_taken_up_again_gives_the_same_keys(tmp_path):
    text = "score,comment\n" + "9,same\n" * 5
    assert keys(read(tmp_path, text, skip=3)) == keys(read(tmp_path, text))[3:]


def test_keys_do_not_depend_on_how_the_file_is_written(tmp_path):
    first = keys(read(tmp_path, "score,comment\n9,one\n3,two\n"))
    assert keys(read(tmp_path, "comment;score\r\none;9\r\n two ;3\r\n")) == first
    assert keys(read(tmp_path, "score,comment\n9,one\n3,two\n", columns={"driver": "comment"})) == first


def test_a_row_with_an_id_needs_no_key_and_one_without_gets_one(tmp_path):
    with_id, without = read(tmp_path, "response_id,score\nr-1,9\n,9\n")
    assert (with_id.external_id, with_id.row_key) == ("r-1", "")
    assert without.row_key.startswith("row:")


def test_a_file_of_a_header_alone_is_said(tmp_path):
    assert "no rows" in look_into(_write(tmp_path, "score,comment\n"), Choices()).problem


def test_the_first_values_of_every_column_are_shown(tmp_path):
    found = look_into(_write(tmp_path, "score,comment\n9,a\n8,b\n7,c\n6,d\n"), Choices())
    assert found.samples == [["9", "8", "7"], ["a", "b", "c"]]
    assert found.rows == 4
