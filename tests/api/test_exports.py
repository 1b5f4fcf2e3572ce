"""/api/v1/exports/: lists as files for programs, at once or by a worker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from followups.models import ExportRecord
from followups.reports.exports import asking
from followups.reports.exports.files import Format
from nps_loop.jobs import running
from nps_loop.jobs.models import Job
from tests.api.conftest import Caller, Cast, key_caller
from tests.factories import HOUR
from tests.followups.reports.exports.reading import content_of, csv_of, table_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def test_columns_are_headed_by_keys_and_codes_stay_codes(cast: Cast, reading: Caller) -> None:
    answer = reading.get("/api/v1/exports/tickets.csv")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    content = content_of(answer)
    assert content.startswith(b"number,score,band,state,")
    row = next(row for row in csv_of(content) if row["number"] == str(cast.ticket.pk))
    assert (row["state"], row["band"]) == (cast.ticket.state, cast.ticket.band)
    assert row["answered_at"].endswith("+00:00")
    assert row["on_hold"] in ("true", "false")
    marked = content_of(reading.get("/api/v1/exports/tickets.csv", {"mark": "yes"}))
    assert marked == b"\xef\xbb\xbf" + content
    record = ExportRecord.objects.first()
    assert record is not None and (record.api_key, record.user, record.rows) == (reading.key, None, 2)


def test_a_person_s_key_gets_what_the_person_sees(cast: Cast) -> None:
    own = key_caller("read", user=cast.outsider)
    rows = csv_of(content_of(own.get("/api/v1/exports/tickets.csv")))
    assert [row["number"] for row in rows] == [str(cast.other_ticket.pk)]


@pytest.mark.parametrize("what", ["tickets", "answers", "figures", "invitations", "mails", "queue", "promises"])
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_every_list_comes_in_both_formats(what: str, form: str, cast: Cast, reading: Caller) -> None:
    answer = reading.get(f"/api/v1/exports/{what}.{form}", Accept="text/csv")
    assert answer.status_code == 200
    content = content_of(answer)
    assert csv_of(content) is not None if form == "csv" else table_of(content) is not None
    assert answer["Content-Disposition"].startswith(f'attachment; filename="{what} ')


def test_filters_are_checked(cast: Cast, reading: Caller) -> None:
    rows = csv_of(content_of(reading.get("/api/v1/exports/tickets.csv", {"team": cast.team.slug})))
    assert [row["number"] for row in rows] == [str(cast.ticket.pk)]
    for query in ({"state": "odd"}, {"nothing": "1"}, {"team": "none"}, {"x" * 500: "1"}):
        answer = reading.get("/api/v1/exports/tickets.csv", query)
        assert answer.status_code == 400, query
        assert answer.json()["errors"][0]["attr"] == next(iter(query))[:60]
    assert reading.get("/api/v1/exports/answers.csv", {"day_from": "soon"}).status_code == 400
    for path in ("nothing.csv", "tickets.pdf"):
        assert reading.get(f"/api/v1/exports/{path}").status_code == 404


def test_invitations_are_for_leads(cast: Cast) -> None:
    assert Caller(user=cast.agent).get("/api/v1/exports/invitations.csv").status_code == 404
    assert Caller(user=cast.lead).get("/api/v1/exports/invitations.csv").status_code == 200


def test_too_many_rows_for_one_answer_are_left_to_a_worker(
    cast: Cast, reading: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(asking.AT_ONCE, Format.CSV, 1)
    answer = reading.get("/api/v1/exports/tickets.csv")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "too_many_rows")
    assert not ExportRecord.objects.exists()
    asked = {"list": "tickets", "format": "csv", "filters": {"live": True, "band": ["detractor", "passive"]}}
    answer = reading.post("/api/v1/exports/", asked)
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert (body["state"], body["file"], body["total"]) == ("waiting", None, 2)
    assert body["filters"] == {"band": ["detractor", "passive"], "live": ["true"]}
    assert reading.get(f"/api/v1/exports/{body['id']}/file/").json()["errors"][0]["code"] == "not_yet"
    running.run_now(Job.objects.get(), now=timezone.now() + HOUR)
    body = reading.get(f"/api/v1/exports/{body['id']}/").json()
    assert (body["state"], body["rows"], body["error"]) == ("done", 2, "")
    assert body["file"].endswith(f"/api/v1/exports/{body['id']}/file/")
    rows = csv_of(content_of(reading.get(f"/api/v1/exports/{body['id']}/file/")))
    assert {row["number"] for row in rows} == {str(cast.ticket.pk), str(cast.other_ticket.pk)}
    assert [each["id"] for each in reading.get("/api/v1/exports/").json()] == [body["id"]]
    # Another program has nothing of it.
    other = key_caller("write")
    assert other.get("/api/v1/exports/").json() == []
    assert other.get(f"/api/v1/exports/{body['id']}/file/").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {}, {"list": "nothing"}, {"list": 3}, {"list": "tickets", "format": "pdf"}, {"list": "tickets", "filters": []},
        {"list": "tickets", "filters": {"state": {}}}, {"list": "tickets", "filters": {"state": "odd"}},
        {"list": "tickets", "filters": {"odd": "1"}}, {"list": "tickets", "filters": {"q": "x" * 5_000}}, [], "x", None,
        {"list": "tickets", "filters": {"day_from": [[]]}}, {"list": "tickets", "extra": 1},
    ],
)  # fmt: skip
def test_nonsense_is_refused_in_the_one_shape(body: Any, cast: Cast, reading: Caller) -> None:
    answer = reading.post("/api/v1/exports/", body)
    assert answer.status_code == 400, answer.content
    assert set(answer.json()) == {"type", "errors"}
    assert not Job.objects.exists()
