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


@pytest.mark.parametrize("module", ["bench_finding", "bench_clocks"])
def test_a_benchmark_fills_its_tables(module: str) -> None:
    url = copy_migrated_postgres(os.environ["DATABASE_URL"], f"nps_fill_{uuid.uuid4().hex[:8]}")
    try:
        environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        command = [sys.executable, "-m", f"tests.benchmarks.{module}", "2000", "--do", "fill"]
        done = subprocess.run(
            command, env=environment | {"DATABASE_URL": url}, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        with psycopg.connect(url) as server:
            assert server.execute("SELECT count(*) FROM followups_ticket").fetchone() == (2000,)
    finally:
        drop_postgres(url)
