"""The import keeps its distance to the least it could cost. The full size is run by hand: see `bench_import`."""

import os
import re
import subprocess
import sys

import pytest
from django.db import connection

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="the bound is promised on PostgreSQL"),
]


def bench(*options: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-m", "tests.benchmarks.bench_import", *options]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=900)
    print(done.stdout)
    return done.stdout


def test_an_import_takes_a_few_times_what_writing_its_rows_takes():
    told = bench("--rows", "2000", "--follow-up", "all")
    ratio = re.search(r"ratio ([\d.]+)", told)
    assert ratio
    # At the full size, alone on a machine, it is below 3; so small a file beside other work is another matter.
    assert float(ratio[1]) <= 6


def test_memory_does_not_grow_with_the_file():
    small, large = (
        int(megabytes) for megabytes in re.findall(r"peak memory (\d+) MB", bench("--memory", "1000", "8000"))
    )
    assert large - small <= 16
