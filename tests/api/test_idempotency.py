"""Idempotency-Key: the first answer again, whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from nps_loop.people import idempotency
from nps_loop.people.models import IdempotentRequest
from surveys.models import Response
from tests.api.conftest import Caller, Cast, key_caller

pytestmark = pytest.mark.django_db
URL = "/api/v1/responses/"
NOW = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def test_a_repeat_gets_the_first_status_and_body_and_changes_nothing(ingest: Caller) -> None:
    first = ingest.post(URL, {"score": 3}, Idempotency_Key="k-1")
    second = ingest.post(URL, {"score": 3}, Idempotency_Key="k-1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second["Content-Type"] == "application/json"
    assert (first.get("Idempotent-Replayed"), second["Idempotent-Replayed"]) == (None, "true")
    assert Response.objects.count() == 1


def test_another_body_under_the_same_key_is_422(ingest: Caller) -> None:
    ingest.post(URL, {"score": 3}, Idempotency_Key="k-1")
    answer = ingest.post(URL, {"score": 4}, Idempotency_Key="k-1")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "idempotency_key_reused"
    assert ingest.post("/api/v1/responses/bulk/", {"score": 3}, Idempotency_Key="k-1").status_code == 422
    assert Response.objects.count() == 1


def test_a_key_counts_for_its_sender_only(ingest: Caller) -> None:
    ingest.post(URL, {"score": 3}, Idempotency_Key="k-1")
    assert key_caller("ingest").post(URL, {"score": 4}, Idempotency_Key="k-1").status_code == 201


def test_a_refusal_is_given_again_too(ingest: Caller) -> None:
    first = ingest.post(URL, {"score": 11}, Idempotency_Key="k-1")
    second = ingest.post(URL, {"score": 11}, Idempotency_Key="k-1")
    assert (first.status_code, second.status_code) == (400, 400)
    assert first.content == second.content
    assert second["Idempotent-Replayed"] == "true"


def test_who_may_not_is_refused_before_the_key_is_taken(reading: Caller, anonymous: Caller) -> None:
    assert reading.post(URL, {"score": 3}, Idempotency_Key="k-1").status_code == 403
    assert anonymous.post(URL, {"score": 3}, Idempotency_Key="k-1").status_code == 401
    assert IdempotentRequest.objects.count() == 0


def test_while_the_first_is_worked_on_a_repeat_is_told_to_wait(ingest: Caller) -> None:
    ingest.post(URL, {"score": 3}, Idempotency_Key="k-1")
    IdempotentRequest.objects.update(status=None, body="")
    answer = ingest.post(URL, {"score": 3}, Idempotency_Key="k-1")
    assert answer.status_code == 409
    assert answer["Retry-After"] == "1"
    assert answer.json()["errors"][0]["code"] == "in_flight"


def test_a_first_request_that_died_is_taken_up_again_after_a_minute_without_a_second_answer(
    ingest: Caller, clock: time_machine.Traveller
) -> None:
    ingest.post(URL, {"score": 3}, Idempotency_Key="k-1")
    # It recorded the answer and died before it could say so.
    IdempotentRequest.objects.update(status=None, body="")
    clock.shift(timedelta(seconds=61))
    answer = ingest.post(URL, {"score": 3}, Idempotency_Key="k-1")
    assert answer.status_code == 200
    assert answer.json()["status"] == "duplicate"
    assert Response.objects.count() == 1


def test_after_a_day_the_key_is_free(ingest: Caller, clock: time_machine.Traveller) -> None:
    ingest.post(URL, {"score": 3}, Idempotency_Key="k-1")
    clock.shift(timedelta(hours=23, minutes=59))
    assert ingest.post(URL, {"score": 4}, Idempotency_Key="k-1").status_code == 422
    clock.shift(timedelta(minutes=2))
    assert ingest.post(URL, {"score": 4}, Idempotency_Key="k-1").status_code == 201
    assert Response.objects.count() == 2


def test_old_keys_are_forgotten(ingest: Caller, clock: time_machine.Traveller) -> None:
    ingest.post(URL, {"score": 3}, Idempotency_Key="k-1")
    clock.shift(timedelta(hours=12))
    ingest.post(URL, {"score": 3}, Idempotency_Key="k-2")
    clock.shift(timedelta(hours=12))
    assert idempotency.prune(now=NOW + timedelta(hours=24)) == 1
    assert [row.key for row in IdempotentRequest.objects.all()] == ["k-2"]


def test_a_fault_of_ours_is_not_kept(ingest: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("disk full")

    ingest.client.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr("surveys.api.responses.record_posted", broken)
        assert ingest.post(URL, {"score": 3}, Idempotency_Key="k-1").status_code == 500
    assert ingest.post(URL, {"score": 3}, Idempotency_Key="k-1").status_code == 201
    assert ingest.post(URL, {"score": 3}, Idempotency_Key="k-1")["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a\tb"])
def test_a_key_that_is_none_is_refused(key: str, ingest: Caller) -> None:
    answer = ingest.post(URL, {"score": 3}, Idempotency_Key=key)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == "Idempotency-Key"


def test_rows_of_a_bulk_post_that_died_are_found_again(ingest: Caller, clock: time_machine.Traveller) -> None:
    rows = [{"score": score} for score in (1, 2, 2)]
    ingest.post("/api/v1/responses/bulk/", rows, Idempotency_Key="k-1")
    IdempotentRequest.objects.update(status=None, body="")
    clock.shift(timedelta(seconds=61))
    answer = ingest.post("/api/v1/responses/bulk/", rows, Idempotency_Key="k-1")
    assert answer.json()["duplicates"] == 3
    assert Response.objects.count() == 3


def test_an_answer_moved_here_from_elsewhere_is_never_taken_for_one_posted_under_a_key(ingest: Caller) -> None:
    there = ingest.post(URL, {"score": 9, "comment": "Lovely."}, Idempotency_Key="k-1").json()
    IdempotentRequest.objects.all().delete()
    Response.objects.all().delete()
    # Here the claims are counted from the beginning, and the next one has the number that the other had there.
    ingest.post(URL, {"score": 9, "comment": "Lovely.", "external_id": there["external_id"]})
    number = int(there["external_id"].split(":")[1].split("-")[0])
    assert ingest.key is not None
    row = IdempotentRequest(
        pk=number, owner=f"key:{ingest.key.pk}", key="k-2", path=URL, created_at=NOW - timedelta(hours=1)
    )
    row.fingerprint = idempotency.fingerprint("POST", URL, b'{"score": 3}')
    row.save(force_insert=True)
    assert ingest.post(URL, {"score": 3}, Idempotency_Key="k-2").status_code == 201
    assert sorted(Response.objects.values_list("score", flat=True)) == [3, 9]


def test_verbs_take_a_key_as_well(cast: Cast) -> None:
    agent = Caller(user=cast.agent)
    url = f"/api/v1/tickets/{cast.ticket.pk}/note/"
    first = agent.post(url, {"version": 0, "text": "Called twice."}, Idempotency_Key="k-1")
    second = agent.post(url, {"version": 0, "text": "Called twice."}, Idempotency_Key="k-1")
    assert (first.status_code, second.status_code) == (200, 200)
    assert cast.ticket.notes.count() == 1
