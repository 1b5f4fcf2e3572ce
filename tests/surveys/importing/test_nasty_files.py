"""Files made to break an import: each is read with a report of its rows, or refused as a whole in one line."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from surveys.models import Response

pytestmark = pytest.mark.django_db

HEADER = "response_id,score,comment,responded_at"
DAYS = ("2026-11-20", "2026-11-21", "2026-11-22")
BODY = "".join(f"r-{n},{score},Straße {n},{DAYS[n % 3]}\n" for n, score in enumerate((10, 0, 7, 9, 3, 8)))
CLEAN = f"{HEADER}\n{BODY}"
COUNTS = {"promoters": 2, "passives": 2, "detractors": 2}


def _zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("answers.csv", CLEAN)
    return packed.getvalue()


def _dates(*dates: str) -> bytes:
    rows = "".join(f'{score},"{date}"\n' for score, date in zip((10, 0, 7, 9, 3, 8), dates * 6, strict=False))
    return f"score,responded_at\n{rows}".encode()


def _naughty(score: int = 3) -> Iterator[str]:
    texts = (
        "undefined", "NULL", "=1+1", '=HYPERLINK("http://x.test","a")', "@SUM(1)", "+1", "-1", "\tx", "1;DROP TABLE users",
        "<script>alert(0)</script>", "ﾟ･✿ヾ╲(｡◕‿◕｡)╱✿･ﾟ", "‪‪test‪", "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮", "👾 🙇 💁", "١٢٣", "社會科學院語學研究所", "%d%s%n", "../../etc/passwd",
        "${jndi:ldap://x}", "{{ 7*7 }}", "\u2028line", "\ufeff", "\u200b", "a" * 20_000,
    )  # fmt: skip
    for number, text in enumerate(texts):
        quoted = text.replace('"', '""')
        yield f'n-{number},{score},"{quoted}",2026-11-20\n'


READ: dict[str, tuple[bytes, int, int]] = {
    # name: (content, recorded, rejected)
    "utf-8": (CLEAN.encode(), 6, 0),
    "utf-8 with a mark": (CLEAN.encode("utf-8-sig"), 6, 0),
    "utf-16": (CLEAN.encode("utf-16"), 6, 0),
    "utf-16-le without a mark": (CLEAN.encode("utf-16-le"), 6, 0),
    "cp1252": (CLEAN.encode("cp1252"), 6, 0),
    "semicolons": (CLEAN.replace(",", ";").encode(), 6, 0),
    "tabs": (CLEAN.replace(",", "\t").encode(), 6, 0),
    "vertical bars": (CLEAN.replace(",", "|").encode(), 6, 0),
    "CR LF": (CLEAN.replace("\n", "\r\n").encode(), 6, 0),
    "CR alone": (CLEAN.replace("\n", "\r").encode(), 6, 0),
    "every line end": (CLEAN.replace("\n", "\r\n", 3).replace("r-5", "\rr-5").encode(), 6, 0),
    "no last line end": (CLEAN.rstrip("\n").encode(), 6, 0),
    "columns in another order": (
        "\n".join(",".join(reversed(line.split(","))) for line in CLEAN.splitlines()).encode(), 6, 0,
    ),
    "a bare CR in a cell": (CLEAN.replace("Straße 2", "Straße\r2").encode(), 5, 2),
    "a NUL in a cell": (CLEAN.replace("Straße 2", "Stra\x00ße").encode(), 5, 1),
    "a byte that is no UTF-8": (CLEAN.replace("Straße 2", "Straße X").encode().replace(b"X", b"\xff"), 5, 1),
    "one letter and one broken byte": (
        b"response_id,score,comment,responded_at\nr-1,9,\xc3\xa9,2026-11-20\nr-2,3,x\xff,2026-11-20\nr-3,7,plain,2026-11-20\n", 2, 1,
    ),
    "a cell of 200 KB": (CLEAN.replace("Straße 2", "x" * 200_000).encode(), 5, 1),
    "a cell of 40 KB": (CLEAN.replace("Straße 2", "x" * 40_000).encode(), 6, 0),
    "the header twice": (f"{CLEAN}{CLEAN}".encode(), 6, 1),
    "empty lines": (CLEAN.replace("\n", "\n\n,,,\n").encode(), 6, 0),
    "rows cut short": (CLEAN.replace(",2026-11-21", "").encode(), 4, 2),
    "rows too long": (CLEAN.replace("Straße 2", "Straße, 2, b").encode(), 5, 1),
    "scores in disguise": (b"score\n10.0\n 7 \n9 - great\n8.00\n0\n\xef\xbc\x99\n-1\n7.5\nNA\n", 5, 4),
    "naughty strings": (f"{CLEAN}{''.join(_naughty())}".encode(), 30, 0),
    "ISO dates": (_dates("2026-11-20T10:00:00Z", "2026-11-20 10:00:00.123 +0200", "2026-11-20"), 6, 0),
    "day first": (_dates("20/11/2026", "3/11/26", "21/11/2026 10:15"), 6, 0),
    "month first": (_dates("11/20/2026", "11/3/26", "11/21/2026 10:15 PM"), 6, 0),
    "dots": (_dates("20.11.2026", "3.11.2026 09:05"), 6, 0),
    "names of months": (_dates("20 Nov 2026", "Nov 3, 2026 10:15 PM", "3-Nov-26"), 6, 0),
    "Unix times": (_dates("1795424400", "1795424400123", "1795424400.5"), 6, 0),
    "dates that are none": (_dates("2026-11-20", "31.02.2026", "yesterday"), 2, 4),
    "a future year": (_dates("2026-11-20", "2062-11-20"), 3, 3),
    "a column of 500 names": (
        f"score,{','.join(f'c{n}' for n in range(500))}\n9{',x' * 500}\n".encode(), 1, 0,
    ),
}  # fmt: skip

REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "empty"),
    "a zip named csv": (_zip(), "zip archive"),
    "10,000 columns": (",".join(["score", *(f"c{n}" for n in range(10_000))]).encode(), "10,001 columns"),
    "a quotation mark never closed": (CLEAN.replace("Straße 2", '"Straße 2').encode(), "Line 5 has text|never closed"),
    "no header": (BODY.encode(), "No score column"),
    "a NUL in the header": (CLEAN.replace("score", "sc\x00ore").encode(), "NUL"),
    "two orders of dates": (_dates("20/11/2026", "11/20/2026"), "must be stated"),
    "no order of dates": (_dates("3/11/2026", "4/11/2026"), "must be stated"),
    "zeros": (b"\x00" * 100_000, "empty"),
    "noise": (bytes(range(256)) * 400, "not text"),
    "JSON": (json.dumps([{"score": 3, "comment": "x"}]).encode(), "No score column|no rows"),
    "one endless line": (b"score" + b"x" * 9_000_000, "longer than"),
}


def run(path) -> dict:
    out = StringIO()
    call_command("import_responses", str(path), "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.parametrize("name", READ)
def test_is_read_with_a_report_of_its_rows_and_adds_nothing_the_second_time(name, tmp_path):
    content, recorded, rejected = READ[name]
    path = tmp_path / "answers.csv"
    path.write_bytes(content)
    told = run(path)
    assert (told["recorded"], told["rejected"]) == (recorded, rejected), told["rejections"]
    assert told["rows"] == told["recorded"] + told["duplicates"] + told["updated"] + told["rejected"]
    assert len(told["rejections"]) == rejected
    assert all(refused["row"] > 1 and refused["reason"] for refused in told["rejections"])
    assert Response.objects.count() == recorded
    again = run(path)
    assert (again["recorded"], again["updated"], again["tickets"]) == (0, 0, 0)
    assert Response.objects.count() == recorded


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_in_one_line_and_records_nothing(name, tmp_path):
    content, said = REFUSED[name]
    path = tmp_path / "answers.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=said) as refused:
        run(path)
    assert refused.value.returncode == 2
    assert "\n" not in str(refused.value)
    assert not Response.objects.exists()


def test_texts_are_kept_as_they_came(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text(f"{CLEAN}{''.join(_naughty())}", encoding="utf-8")
    run(path)
    kept = set(Response.objects.filter(external_id__startswith="n-").values_list("verbatim", flat=True))
    assert {"=1+1", "@SUM(1)", "+1", "-1", "<script>alert(0)</script>", "{{ 7*7 }}", "a" * 20_000} <= kept


def test_umlauts_survive_every_encoding(tmp_path):
    for number, encoding in enumerate(("utf-8", "utf-8-sig", "utf-16", "cp1252")):
        path = tmp_path / f"{number}.csv"
        path.write_bytes(CLEAN.encode(encoding))
        call_command("import_responses", str(path), "--source", f"s{number}", "--json", stdout=StringIO())
    assert set(Response.objects.filter(external_id="r-1").values_list("verbatim", flat=True)) == {"Straße 1"}
