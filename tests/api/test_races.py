"""Many at once: one row, one ticket. On PostgreSQL too, where threads really meet."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from nps_loop.people.models import ApiKey
from surveys.models import Response, Revision
from tests.api.conftest import Caller

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/responses/"
MANY = 50


def at_once(post: Callable[[Caller, int], Any], secret: str) -> list[Any]:
    """Answers of MANY callers who all wait for each other and then post in the same moment."""
    together = threading.Barrier(MANY)

    def one(number: int) -> Any:
        caller = Caller(secret)
        together.wait(timeout=60)
        try:
            return post(caller, number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(one, range(MANY)))


@pytest.fixture
def secret() -> str:
    return ApiKey.objects.issue("race", "ingest")[1]


def test_fifty_posts_with_one_external_id_make_one_answer(secret: str) -> None:
    body = {"external_id": "r-1", "score": 2, "email": "grace@client.example", "touchpoint": "web", "account": "A-1"}
    answers = at_once(lambda caller, _n: caller.post(URL, body), secret)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: MANY - 1}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (Response.objects.count(), Revision.objects.count()) == (1, 1)


def test_fifty_posts_with_one_key_make_one_answer(secret: str) -> None:
    answers = at_once(lambda caller, _n: caller.post(URL, {"score": 2}, Idempotency_Key="k-1"), secret)
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert Response.objects.count() == 1
    told = [answer.content for answer in answers if answer.status_code == 201]
    assert len(told) >= 1 and len(set(told)) == 1
    again = Caller(secret).post(URL, {"score": 2}, Idempotency_Key="k-1")
    assert (again.status_code, again.content) == (201, told[0])


def test_fifty_bodies_under_one_key_make_one_answer(secret: str) -> None:
    answers = at_once(
        lambda caller, n: caller.post(URL, {"score": n % 11, "comment": str(n)}, Idempotency_Key="k-1"), secret
    )
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[201] == 1
    assert set(statuses) <= {201, 409, 422}
    assert Response.objects.count() == 1
