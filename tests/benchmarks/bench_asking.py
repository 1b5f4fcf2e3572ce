"""How long one round over 100,000 customers takes, and what each thousand costs.

`python -m pytest -s tests/benchmarks/bench_asking.py` prints its figures. On PostgreSQL (DATABASE_URL) the number of
queries for each thousand is held as well.
"""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from nps_loop.jobs import running
from nps_loop.jobs.models import Job
from surveys.asking import planning
from surveys.models import Account, Contact, Invitation
from tests.factories import NOW
from tests.surveys.asking.rows import make_cadence

pytestmark = [pytest.mark.benchmark, pytest.mark.full, pytest.mark.django_db]
N = 100_000


def test_a_round_over_a_hundred_thousand_customers() -> None:
    make_cadence(account_most=5, share=80, quiet_from=19, quiet_until=8)
    accounts = Account.objects.bulk_create(Account(external_id=f"A-{k}", name=f"A {k}") for k in range(5_000))
    zones = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "")
    Contact.objects.bulk_create(
        (
            Contact(email=f"c{k}@client.example", account=accounts[k % 5_000], time_zone=zones[k % 4], language="de")
            for k in range(N)
        ),
        batch_size=5_000,
    )
    planning.start_rounds(now=NOW)
    job = Job.objects.get()

    began = time.perf_counter()
    with CaptureQueriesContext(connection) as found:
        running.run_now(job, now=NOW)
    seconds = time.perf_counter() - began

    assert job.state == Job.State.DONE, job.error
    assert job.done == Invitation.objects.count() == N
    print(
        f"\n{connection.vendor}: {N:,} customers planned in {seconds:.1f} s ({N / seconds:,.0f} a second), "
        f"{len(found) / (N / 1_000):.1f} queries for each thousand; {job.result}"
    )
    assert seconds < timedelta(minutes=15).total_seconds()
    if connection.vendor == "postgresql":
        assert len(found) < 14 * N / 1_000
