"""A batch costs a constant number of queries (on PostgreSQL; SQLite takes few parameters a statement)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from surveys.incoming import IncomingResponse
from surveys.recording import record_responses
from tests.factories import DAY, NOW, make_brand, make_source

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="constant query counts are promised on PostgreSQL"),
]


def batch(count: int, score: int = 3, prefix: str = "r") -> list[IncomingResponse]:
    return [
        IncomingResponse(
            row=n,
            score=score,
            external_id=f"{prefix}-{n}",
            email=f"{prefix}{n}@client.example",
            contact_external_id=f"{prefix}{n}",
            name=f"Customer {n}",
            account_external_id=f"{prefix}{n}",
            account_name=f"Client {n}",
            answered_for=f"P-{n}",
            touchpoint=f"{prefix} {n % 3}",
            responded_at=NOW - DAY,
            attributes={"plan": "Pro"},
        )
        for n in range(count)
    ]


def cost(source, answers) -> int:
    with CaptureQueriesContext(connection) as queries:
        record_responses(source, answers, now=NOW)
    return len(queries)


@pytest.mark.parametrize("count", [10, 1_000])
def test_new_repeated_and_changed_answers(count):
    make_brand(own_domains=["own.example"])
    source = make_source()
    assert cost(source, batch(count)) <= 18
    assert cost(source, batch(count)) <= 4
    assert cost(source, batch(count, score=9)) <= 14


def test_one_answer_costs_what_a_batch_costs():
    source = make_source()
    costs = {cost(source, batch(count, prefix=f"s{count}")) for count in (1, 50, 500)}
    assert len(costs) == 1
