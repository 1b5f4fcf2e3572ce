"""Files that companies really exported, read off the reports: NPS per market, month, channel, airline and company.

The figures of markets, months and channels were published with the files or counted beforehand by other means; where
nothing was, a loop over the file itself says what must come out.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from followups.reports import metrics
from followups.reports.metrics import ReportFilters
from surveys.models import ReportableAttribute, Response
from tests.factories import make_admin
from tests.real_input.test_counts import run

pytestmark = [pytest.mark.django_db, pytest.mark.full]
YEAR = ReportFilters(date(2021, 1, 1), date(2021, 12, 31))


def groups(filters: ReportFilters, way: str) -> dict[str, tuple[int, float]]:
    """(answers, NPS) by the name of the group."""
    found = metrics.nps_report(filters, now=timezone.now(), by=[way]).groups[way]
    return {group.name: (group.scores.nps.n, round(group.scores.nps.value or 0, 2)) for group in found}


def counted(path: Path, column: str, score: str) -> dict[str, tuple[int, float]]:
    """The same straight from the file."""
    scores: defaultdict[str, list[int]] = defaultdict(list)
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            scores[row[column]].append(int(row[score]))
    return {
        name: (len(of), round(100 * (sum(s >= 9 for s in of) - sum(s <= 6 for s in of)) / len(of), 2))
        for name, of in scores.items()
    }


def test_markets_and_months_of_the_bank(real_data: Path) -> None:
    run(real_data / "bank-npstimeseries__rxzx115.csv")
    markets = {"US": (1631, 9.93), "UK": (1720, 8.49), "MEX": (1649, 17.10)}
    assert groups(YEAR, "attribute:market") == markets
    months = metrics.nps_report(YEAR, now=timezone.now(), by=()).by_period
    assert [scores.nps.n for _, scores in months] == [430, 398, 404, 391, 441, 401, 473, 430, 420, 396, 416, 400]

    ReportableAttribute.objects.create(name="market", position=1)
    client = Client()
    client.force_login(make_admin())
    asked: dict[str, Any] = {"day_from": "2021-01-01", "day_to": "2021-12-31"}
    said = client.get("/api/v1/reports/nps/", {**asked, "by": "attribute:market"}).json()
    assert {each["name"]: (each["n"], round(each["nps"], 2)) for each in said["by_attribute:market"]} == markets
    for market, (n, nps) in markets.items():
        page = client.get("/reports/", {**asked, "period": "own", "attribute": f"market:{market}"}).context["page"]
        assert (page.nps.nps.n, page.value) == (n, f"+{nps:.0f}")


def test_channels_and_regions_of_the_sims(real_data: Path) -> None:
    path = real_data / "esim-holafly__nps_dataset.csv"
    run(path)
    half = ReportFilters(date(2025, 1, 1), date(2025, 6, 30))
    channels = groups(half, "attribute:channel")
    assert {name: n for name, (n, _) in channels.items()} == {
        "chat": 2436, "email": 1504, "survey": 1243, "in-app": 817,
    }  # fmt: skip
    assert channels == counted(path, "channel", "nps_score")


def test_airlines_and_companies(real_data: Path) -> None:
    path = real_data / "airlines-prepbench122__input_01.csv"
    run(path)
    today = metrics.reporting_day(timezone.now())
    now = ReportFilters(today, today)
    score = "How likely are you to recommend this airline?"
    airlines = groups(now, "attribute:Airline")
    assert len(airlines) == 98
    assert airlines == counted(path, "Airline", score)


def test_the_companies_of_a_file_without_dates(real_data: Path) -> None:
    path = real_data / "cms-multilingual__vinaysaraswat33_nps_responses.csv"
    run(path)
    days = Response.objects.order_by("day").values_list("day", flat=True)
    found = groups(ReportFilters(days[0], days.last()), "account")
    assert sorted(found.values()) == sorted(counted(path, "account_id", "score").values())
