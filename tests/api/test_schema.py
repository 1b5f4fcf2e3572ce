"""The document of the API: complete, without a warning, and what every error looks like."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from tests.api.conftest import Caller, Cast
from tests.api.test_matrix import MATRIX


@pytest.fixture(scope="module")
def schema() -> Any:
    """As `manage.py spectacular --validate --fail-on-warn` writes it; a warning would raise."""
    written = StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=written)
    return yaml.safe_load(written.getvalue())


def test_it_describes_every_address_of_the_api(schema: Any) -> None:
    described = {(method, path) for path, methods in schema["paths"].items() for method in methods}
    assert described >= {
        (
            method,
            "/api/v1/" + re.sub(r"<\w+:(\w+)>", r"{\1}", route.replace("<int:pk>", "<int:id>")),
        )
        for method, route in MATRIX
    }


def test_every_post_takes_an_idempotency_key_and_every_verb_a_version(schema: Any) -> None:
    for path, methods in schema["paths"].items():
        if "post" not in methods:
            continue
        names = {parameter["name"] for parameter in methods["post"]["parameters"]}
        assert "Idempotency-Key" in names, path
        # Asking for the next one names no ticket yet.
        if path.startswith("/api/v1/tickets/{number}/"):
            reference = methods["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            body = schema["components"]["schemas"][reference.rpartition("/")[2]]
            assert "version" in body["required"], path


@pytest.mark.django_db
def test_every_error_has_the_one_shape(cast: Cast, anonymous: Caller, ingest: Caller, writing: Caller) -> None:
    note = f"/api/v1/tickets/{cast.ticket.pk}/note/"
    writing.post(note, {"version": 0, "text": "x"})
    answers = {
        400: writing.post(note, {}),
        401: anonymous.get("/api/v1/tickets/"),
        403: ingest.get("/api/v1/tickets/"),
        404: writing.get("/api/v1/tickets/987654/"),
        405: writing.get(note),
        406: writing.get("/api/v1/tickets/", Accept="application/xml"),
        409: writing.post(f"/api/v1/tickets/{cast.ticket.pk}/reopen/", {"version": 1, "reason": "x"}),
        412: writing.post(note, {"version": 0, "text": "x"}),
        413: writing.post(note, b" " * 1_100_000),
        415: writing.client.post(note, "x", content_type="text/plain", headers=writing.headers),
    }
    for status, answer in answers.items():
        assert answer.status_code == status, answer.content
        assert answer["Content-Type"] == "application/json"
        body = answer.json()
        assert body["type"] == ("validation_error" if status == 400 else "client_error")
        assert body["errors"]
        for error in body["errors"]:
            assert set(error) == {"code", "detail", "attr"}
            assert error["code"] and error["detail"]
    assert answers[401]["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.django_db
def test_too_many_requests_a_minute_are_told_to_wait(reading: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nps_loop.people.throttles.PerMinute.reads", 2)
    statuses = [reading.get("/api/v1/tickets/").status_code for _ in range(2)]
    answer = reading.get("/api/v1/tickets/")
    # The count starts anew with each minute of the clock, which may turn while this test runs.
    assert (statuses, answer.status_code) in (([200, 200], 429), ([200, 200], 200))
    if answer.status_code == 429:
        assert 0 < int(answer["Retry-After"]) <= 60
