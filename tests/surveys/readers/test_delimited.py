"""A text file becomes rows whatever it is written in; what is no text file is refused in one line."""

import pytest

from surveys.readers import delimited
from surveys.readers.delimited import UnreadableFile, open_table

ROWS = "score,comment\n9,„Größe“ naïve\n3,plain\n"


def table(tmp_path, content: bytes):
    path = tmp_path / "answers.csv"
    path.write_bytes(content)
    return open_table(path)


def cells(tmp_path, content: bytes) -> list[list[str]]:
    return [row for _, row in table(tmp_path, content).rows()]


@pytest.mark.parametrize(
    "encoded",
    [
        ROWS.encode(),
        ROWS.encode("utf-8-sig"),
        ROWS.encode("utf-16"),
        "\ufeff".encode("utf-16-be") + ROWS.encode("utf-16-be"),
        ROWS.encode("utf-16-le"),
        ROWS.encode("utf-16-be"),
        ROWS.encode("cp1252"),
    ],
    ids=["utf-8", "utf-8 BOM", "utf-16 BOM", "utf-16-be BOM", "utf-16-le", "utf-16-be", "cp1252"],
)
def test_every_usual_encoding(tmp_path, encoded):
    read = table(tmp_path, encoded)
    assert read.header == ("score", "comment")
    assert [row for _, row in read.rows()] == [["9", "„Größe“ naïve"], ["3", "plain"]]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_usual_separator_even_where_texts_hold_the_others(tmp_path, separator):
    text = f"score{separator}comment\n9{separator}one, two; three | four\n3{separator}five, six\n"
    text = text.replace("one, two; three | four", '"one, two; three | four"').replace("five, six", '"five, six"')
    assert cells(tmp_path, text.encode()) == [["9", "one, two; three | four"], ["3", "five, six"]]


def test_a_line_that_names_the_separator_is_obeyed(tmp_path):
    assert cells(tmp_path, b"sep=;\r\nscore;comment\r\n9;a,b\r\n") == [["9", "a,b"]]


def test_a_single_column_is_a_table(tmp_path):
    assert cells(tmp_path, b"score\n9\n3\n") == [["9"], ["3"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end(tmp_path, end):
    assert cells(tmp_path, ROWS.replace("\n", end).encode()) == [["9", "„Größe“ naïve"], ["3", "plain"]]


def test_mixed_line_ends_and_none_at_the_end(tmp_path):
    assert cells(tmp_path, b"score,comment\r\n9,a\n3,b\r7,c") == [["9", "a"], ["3", "b"], ["7", "c"]]


def test_line_breaks_inside_quotation_marks_stay(tmp_path):
    assert cells(tmp_path, b'score,comment\n9,"one\r\ntwo\rthree"\n') == [["9", "one\r\ntwo\rthree"]]


def test_a_bare_carriage_return_splits_a_row_into_short_ones(tmp_path):
    assert cells(tmp_path, b"score,comment,x\n9,one\rtwo,1\n") == [["9", "one"], ["two", "1"]]


def test_empty_rows_are_passed_over_and_row_numbers_are_those_of_a_spreadsheet(tmp_path):
    read = table(tmp_path, b"\nscore,comment\n\n9,a\n , \n,\n3,b\n")
    assert list(read.rows()) == [(4, ["9", "a"]), (7, ["3", "b"])]


def test_a_million_empty_lines(tmp_path):
    assert cells(tmp_path, b"score\n" + b"\n" * 1_000_000 + b"9\n") == [["9"]]


def test_one_broken_byte_in_utf_8_does_not_turn_every_accent_into_two_letters(tmp_path):
    content = "score,comment\n9,é\n8,ü\n3,x".encode() + b"\xff\n"
    assert [row[1].isascii() for row in cells(tmp_path, content)][:2] == [False, False]
    assert cells(tmp_path, content)[0] == ["9", "é"]
    assert cells(tmp_path, content)[2][1] == "x\udcff"


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        # One letter that is sound for certain, and one broken byte.
        ("é", b"\xff"),
        ("€", b"\xff"),
        ("社", b"\xe9"),
        # A letter that was cut is one broken place, whatever is left of it.
        ("é", "👾".encode()[:3]),
        ("ñ ü", "社".encode()[:2]),
        ("Ж ё", b"\xff"),
    ],
)
def test_one_broken_place_beside_clear_utf_8_leaves_every_other_row_as_it_is(tmp_path, text, broken):
    content = f"score,comment\n9,{text}\n3,".encode() + broken + b"\n7,plain\n"
    (whole, odd, plain) = cells(tmp_path, content)
    assert whole == ["9", text] and plain == ["7", "plain"]
    assert odd[0] == "3" and all("\udc80" <= letter <= "\udcff" for letter in odd[1])


@pytest.mark.parametrize(
    "text",
    [
        "score,comment\n9,Größe\n",
        "score,comment\n9,Gruß“ naïve\n",
        "score,comment\n9,Gruß” é\n",
        "score,comment\n9,RÉ» déjà\n",
        "score,comment\n9,é\n3,Gruß…\n7,Spaß’\n8,où\n",
        # Somebody pasted a word that was broken already.
        "score,comment\n9,Ã¤ in an old text\n3,für schöne Größe\n",
    ],
)
def test_windows_1252_stays_windows_1252_where_two_signs_make_a_letter_by_chance(tmp_path, text):
    rows = [line.split(",") for line in text.splitlines()[1:]]
    assert cells(tmp_path, text.encode("cp1252")) == rows


def test_a_letter_cut_by_the_end_of_a_block_is_counted_as_one(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "_BLOCK", 7)
    content = "score,comment\n9,é\n3,".encode() + "👾".encode()[:3] + b"\n"
    for padding in range(8):
        assert cells(tmp_path, content + b"7,plain\n" * padding)[0] == ["9", "é"]
        found = delimited._utf8_count(tmp_path / "answers.csv")
        assert (found.sound, found.clear, found.broken) == (1, 1, 1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n\n \n", "empty"),
        (b"\x00" * 5000, "empty"),
        (b"PK\x03\x04" + b"x" * 100, "zip archive or an Excel"),
        (b"\xd0\xcf\x11\xe0rest", "Excel"),
        (b"%PDF-1.7", "PDF"),
        (b"<!DOCTYPE html><html>", "web page"),
        (bytes(range(1, 256)) * 20, "not text"),
        (b"a\x00\x00\x00" * 2000, "not text"),
        (b'score,comment\n9,"open\n3,more\n', "line 2 is never closed"),
        (b'score,comment\n9,"a" b\n', "Line 2 has text after"),
        (b"sc\x00ore\n9\n", "NUL"),
        (b",".join(b"c%d" % n for n in range(10_000)) + b"\n", "10,000 columns"),
        (b'score,comment\n9,"' + b"x" * 1_500_000 + b'"\n', "longer than 1,000,000 characters"),
        (b"score,comment\n" + b"x" * 9_000_000, "Line 2 is longer"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_one_line(tmp_path, content, said):
    with pytest.raises(UnreadableFile, match=said) as refused:
        list(table(tmp_path, content).rows())
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_or_a_folder(tmp_path):
    for path in (tmp_path / "missing.csv", tmp_path):
        with pytest.raises(UnreadableFile, match="no such file"):
            open_table(path)


def test_a_cell_of_200_kilobytes_is_read(tmp_path):
    assert len(cells(tmp_path, b"score,comment\n9," + b"x" * 200_000 + b"\n")[0][1]) == 200_000


def test_the_lines_of_a_file_are_never_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "LINE_LIMIT", 50)
    with pytest.raises(UnreadableFile, match="Line 3"):
        list(table(tmp_path, b"score\n9\n" + b"7" * 60 + b"\n").rows())
