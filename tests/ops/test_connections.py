"""What a worker's tasks connect with: kept from task to task, and replaced where the database server dropped it."""

import os
import time

import pytest

from tests.databases import is_postgres
from tests.stack import Stack

pytestmark = pytest.mark.stack

OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@pytest.mark.skipif(not is_postgres(os.environ.get("DATABASE_URL", "")), reason="SQLite has no server to connect to")
def test_a_worker_keeps_its_connections_and_gets_over_losing_them() -> None:
    with Stack(parts=("worker", "beat"), sweep_seconds=1) as stack:

        def connected() -> set[int]:
            return {pid for (pid,) in stack.rows(f"SELECT pid {OTHERS}")}

        stack.wait(lambda: bool(connected()), "a worker connects", seconds=60)
        time.sleep(5)  # Both processes of the worker have swept.
        before = connected()
        time.sleep(5)
        assert before and before <= connected(), "tasks connect anew"

        stack.rows(f"SELECT pg_terminate_backend(pid) {OTHERS}")
        stack.wait(lambda: bool(connected()), "a worker connects again")
        time.sleep(3)
        assert connected() and not connected() & before
        assert all(child.running for child in stack.children.values())
