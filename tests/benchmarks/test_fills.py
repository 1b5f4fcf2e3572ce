"""The benchmarks that are run by hand can still fill their tables: a new column that must not be empty breaks them."""

import os
import subprocess
import sys
import uuid

import psycopg
import pytest
from django.db import connection

from tests.databases import copy_migrated_postgres, drop_postgres

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="the benchmarks measure PostgreSQL"),
]


@pytest.mark.parametrize(
    ("module", "sizes", "tickets"),
    [("bench_finding", ["2000"], 2000), ("bench_clocks", ["2000"], 2000), ("bench_reports", ["2000", "200"], 200)],
)
def test_a_benchmark_fills_its_tables(module: str, sizes: list[str], tickets: int) -> None:
    url = copy_migrated_postgres(os.environ["DATABASE_URL"], f"nps_fill_{uuid.uuid4().hex[:8]}")
    try:
        environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        command = [sys.executable, "-m", f"tests.benchmarks.{module}", *sizes, "--do", "fill"]
        done = subprocess.run(
            command, env=environment | {"DATABASE_URL": url}, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        with psycopg.connect(url) as server:
            assert server.execute("SELECT count(*) FROM followups_ticket").fetchone() == (tickets,)
            if module == "bench_reports":
                kept = server.execute("SELECT sum(tickets) FROM followups_tickettally WHERE way = ''").fetchone()
                assert kept == (tickets,)
    finally:
        drop_postgres(url)
