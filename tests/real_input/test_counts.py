"""Files that companies really exported: what an import must yield, counted beforehand by other means."""

from __future__ import annotations

import csv
import json
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from surveys.models import Contact, Response

pytestmark = pytest.mark.django_db

# file: (rows, promoters, passives, detractors, NPS, options)
FILES: dict[str, tuple[int, int, int, int, float, list[str]]] = {
    "bank-npstimeseries__rxzx115.csv": (5000, 2309, 972, 1719, 11.80, []),
    "saas-20k__julioverdugo.csv": (20268, 9404, 3661, 7203, 10.86, []),
    "esim-holafly__nps_dataset.csv": (6000, 3390, 1779, 831, 42.65, []),
    "airlines-prepbench122__input_01.csv": (5723, 2069, 2096, 1558, 8.93, []),
    "airlines-prepbench122__input_02.csv": (184, 74, 75, 35, 21.20, []),
    "event-sudzilla-prepbench040__input_01.csv": (39, 8, 9, 22, -35.90, ["--date-order", "mdy"]),
    "event-sudzilla-prepbench040__input_02.csv": (39, 8, 9, 22, -35.90, []),
    "semicolon-ifood-devweek__feedbacks.example.csv": (5, 3, 1, 1, 40.00, []),
    "cms-multilingual__vinaysaraswat33_nps_responses.csv": (98, 31, 43, 24, 7.14, []),
}
NO_NPS = {
    "gsa-touchpoints__sample_cx_responses_upload_with_bom.csv": "question_1",
    "verbatim-nonps-jupyter2015__SurveyExport.csv": "Status",
}


def run(path: Path, *options: str) -> dict:
    out = StringIO()
    call_command("import_responses", str(path), "--json", "--follow-up", "all", *options, stdout=out)
    return json.loads(out.getvalue())


def _bank() -> None:
    """Day first; the file's own month column, kept as an attribute, says the same for every row."""
    months = Counter(day.month for day in Response.objects.values_list("day", flat=True))
    assert [months[month] for month in range(1, 13)] == [430, 398, 404, 391, 441, 401, 473, 430, 420, 396, 416, 400]
    assert all(day.month == int(said["month"]) for day, said in Response.objects.values_list("day", "attributes"))
    markets = Counter(said["market"] for said in Response.objects.values_list("attributes", flat=True))
    assert markets == {"UK": 1720, "MEX": 1649, "US": 1631}


def _saas() -> None:
    """The day of the survey, and not of the account."""
    days = Response.objects.order_by("day").values_list("day", flat=True)
    assert (days.first().isoformat(), days.last().isoformat()) == ("2017-02-01", "2018-08-31")


def _esim() -> None:
    assert Contact.objects.count() == 4894
    assert Response.objects.values("contact").distinct().count() == 4894
    assert Response.objects.filter(external_id__startswith="NPS-").count() == 6000


def _cms() -> None:
    assert Response.objects.values("account").distinct().count() == 98
    assert Response.objects.filter(undated=True, is_history=True).count() == 98
    assert Response.objects.filter(verbatim="").count() == 11


def _sudzilla() -> None:
    assert set(Response.objects.values_list("day__month", flat=True)) == {11}


WHAT_ELSE = {
    "bank-npstimeseries__rxzx115.csv": _bank,
    "saas-20k__julioverdugo.csv": _saas,
    "esim-holafly__nps_dataset.csv": _esim,
    "cms-multilingual__vinaysaraswat33_nps_responses.csv": _cms,
    "event-sudzilla-prepbench040__input_01.csv": _sudzilla,
    "event-sudzilla-prepbench040__input_02.csv": _sudzilla,
}


# Those of many rows are for the full run.
ALL_FILES = [pytest.param(name, marks=pytest.mark.full) if rows[0] > 1_000 else name for name, rows in FILES.items()]


@pytest.mark.parametrize("name", ALL_FILES)
def test_every_file_yields_its_counts_and_nothing_the_second_time(real_data, name):
    rows, promoters, passives, detractors, nps, options = FILES[name]
    told = run(real_data / name, *options)
    assert (told["rows"], told["recorded"], told["rejected"], told["rejections"]) == (rows, rows, 0, [])
    assert (told["promoters"], told["passives"], told["detractors"]) == (promoters, passives, detractors)
    assert told["nps"] == nps
    assert told["tickets"] == detractors + passives
    assert Counter(Response.objects.values_list("band", flat=True)) == {
        "promoter": promoters, "passive": passives, "detractor": detractors,
    }  # fmt: skip

    if name in WHAT_ELSE:
        WHAT_ELSE[name]()

    again = run(real_data / name, *options)
    assert (again["rows"], again["recorded"], again["updated"], again["duplicates"]) == (rows, 0, 0, rows)
    assert again["tickets"] == 0
    assert Response.objects.count() == rows


@pytest.mark.parametrize("name", NO_NPS)
def test_files_that_are_no_nps_open_nothing_and_say_why_in_one_line(real_data, name):
    for options in ([], ["--score", NO_NPS[name]]):
        with pytest.raises(CommandError, match=r"No score column|is not read as the score") as refused:
            run(real_data / name, *options)
        assert refused.value.returncode == 2
        assert "\n" not in str(refused.value)
    assert not Response.objects.exists()


def test_dates_that_prove_nothing_are_asked_for(real_data):
    with pytest.raises(CommandError, match=r"must be stated \(dmy or mdy\)"):
        run(real_data / "event-sudzilla-prepbench040__input_01.csv", "--follow-up", "auto")


def test_told_what_to_do_a_file_with_unproven_dates_is_taken_undated_and_dated_later(real_data):
    path = real_data / "event-sudzilla-prepbench040__input_01.csv"
    first = run(path, "--follow-up", "all")
    assert (first["recorded"], first["tickets"], first["nps"]) == (39, 31, -35.9)
    assert Response.objects.filter(undated=True).count() == 39
    second = run(path, "--follow-up", "all", "--date-order", "mdy")
    assert (second["recorded"], second["updated"], second["tickets"]) == (0, 39, 0)
    assert not Response.objects.filter(undated=True).exists()


def test_naughty_strings_are_kept_whole(real_data, tmp_path):
    texts = [
        line
        for line in (real_data / "blns__blns.txt").read_text(encoding="utf-8").split("\n")
        if line.strip() and not line.startswith("#")
    ]
    path = tmp_path / "naughty.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["response_id", "score", "comment", "name"])
        writer.writerows([f"n-{n}", n % 11, text, text[:200]] for n, text in enumerate(texts))
    told = run(path)
    assert (told["recorded"], told["rejected"]) == (len(texts), 0)
    kept = dict(Response.objects.values_list("external_id", "verbatim"))
    assert all(kept[f"n-{n}"] == text.strip() for n, text in enumerate(texts))
