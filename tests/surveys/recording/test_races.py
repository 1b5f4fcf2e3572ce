"""Many at once: exactly one answer, one person, one account; nobody is turned away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections

from surveys.incoming import IncomingResponse
from surveys.models import Account, Contact, ContactKey, Response, Revision, Source, Touchpoint
from surveys.recording import record_responses
from tests.factories import DAY, NOW, make_source

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 50


def at_once(work: Callable[[int], object], times: int = AT_ONCE) -> list[object]:
    """Run `work(n)` in threads that start together; returns what each returned, raises what any raised."""
    start = Barrier(times)

    def run(number: int) -> object:
        try:
            connection.ensure_connection()
            start.wait(60)
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return [future.result(120) for future in [pool.submit(run, number) for number in range(times)]]


def post(source: Source, **fields) -> str:
    incoming = IncomingResponse(row=0, **{"score": 3, "external_id": "r-1", **fields})
    return record_responses(source, [incoming], now=NOW)[0].status.value


def test_fifty_identical_posts_make_one_answer_of_one_person():
    source = make_source()
    said = {"email": "ada@client.example", "account_external_id": "A-1", "touchpoint": "onboarding", "name": "Ada"}
    statuses = Counter(at_once(lambda _: post(source, **said)))
    assert statuses == {"recorded": 1, "duplicate": AT_ONCE - 1}
    assert [model.objects.count() for model in (Response, Revision, Contact, ContactKey, Account, Touchpoint)] == [
        1
    ] * 6


def test_fifty_answers_of_one_new_person_find_each_other():
    source = make_source()
    statuses = at_once(lambda number: post(source, external_id=f"r-{number}", email="ada@client.example"))
    assert set(statuses) == {"recorded"}
    assert (Response.objects.count(), Contact.objects.count()) == (AT_ONCE, 1)
    assert Response.objects.values("contact").distinct().count() == 1


def test_versions_sent_at_once_end_in_the_newest():
    source = make_source()
    post(source, version_at=NOW - DAY)
    at_once(lambda number: post(source, score=number % 11, version_at=NOW.replace(minute=number % 30)), 30)
    row = Response.objects.get()
    assert row.version_at == NOW.replace(minute=29)
    assert row.score == 29 % 11
    numbers = list(row.revisions.values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    assert row.revisions.get(number=row.revision).score == row.score


def test_two_batches_with_the_same_answers_in_opposite_order_do_not_lock_each_other():
    source = make_source()

    def batch(number: int) -> Counter[str]:
        ids = [f"r-{n:03}" for n in range(100)]
        if number % 2:
            ids.reverse()
        incoming = [
            IncomingResponse(row=row, score=3, external_id=key, email=f"{key}@client.example", account_name=key)
            for row, key in enumerate(ids)
        ]
        return Counter(outcome.status.value for outcome in record_responses(source, incoming, now=NOW))

    total = sum(at_once(batch, 8), Counter())
    assert total == {"recorded": 100, "duplicate": 700}
    assert (Response.objects.count(), Contact.objects.count(), Account.objects.count()) == (100, 100, 100)
