"""An import beside the least it could cost, on PostgreSQL.

    DATABASE_URL=postgres:///any .venv/bin/python -m tests.benchmarks.bench_import [FILE] [--follow-up all]
    DATABASE_URL=postgres:///any .venv/bin/python -m tests.benchmarks.bench_import --memory 5000 40000
    DATABASE_URL=postgres:///any .venv/bin/python -m tests.benchmarks.bench_import --rollups [--rows 20000]

The least: `bulk_create`, in batches of 1,000, of ready-made objects of every row the import wrote, into an empty copy of
the same database, in the same run. Prints the ratio, which may be 3. With `--memory`: the peak memory of imports of so
many rows, each in a process of its own, which must not grow with the file. With `--rollups`: what keeping the rollups of
reports costs, by importing the same file without their triggers, and with them and the count of all marked days after
it; seconds of the processor in this process and in its database connection, so that others on the machine disturb
little. Makes its own databases and drops them.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

ROWS = 20_268
BATCH = 1_000


@dataclass(frozen=True)
class Measured:
    """Seconds and rows. `floor_seconds` is what writing the same rows took, `rows` how many per table."""

    answers: int
    import_seconds: float
    floor_seconds: float
    rows: dict[str, int]
    grown_kb: int

    @property
    def ratio(self) -> float:
        return self.import_seconds / self.floor_seconds


def write_answers(path: Path, rows: int) -> Path:
    """A file of the shape of the largest real one: an id, a score, two dates and some numbers a row, scores spread out."""
    numbers = random.Random(rows)
    first = datetime(2025, 1, 1, tzinfo=UTC)
    with open(path, "w", encoding="utf-8") as file:
        file.write("is_admin,id,score,created_at,surveyed_at,sessions,messages\r\n")
        for row in range(rows):
            score = numbers.choice((10, 10, 9, 9, 8, 7, 6, 5, 3, 1, 0))
            at = first + timedelta(minutes=13 * row)
            seen = (at - timedelta(days=31)).isoformat()
            file.write(f"{row % 2},{row},{score},{seen},{at.isoformat()},{row % 97},{row % 501}\r\n")
    return path


@contextlib.contextmanager
def databases() -> Iterator[None]:
    """Two fresh databases for as long as this lasts: `default` for the import, `floor` for the comparison."""
    from tests.databases import copy_migrated_postgres, drop_postgres

    server, name = os.environ["DATABASE_URL"], f"nps_bench_{uuid.uuid4().hex[:8]}"
    urls = [copy_migrated_postgres(server, f"{name}_{part}") for part in ("import", "floor")]
    os.environ.update(DATABASE_URL=urls[0], ENV_FILE=os.devnull, SECRET_KEY="only-for-benchmarks")
    os.environ["DJANGO_SETTINGS_MODULE"] = "nps_loop.settings"
    try:
        import django
        import environ
        from django.conf import settings

        settings.DATABASES["floor"] = {**settings.DATABASES["default"], **environ.Env.db_url_config(urls[1])}
        settings.DATABASES["floor"]["OPTIONS"] = dict(settings.DATABASES["default"]["OPTIONS"])
        django.setup()
        yield
    finally:
        for url in urls:
            drop_postgres(url)


def measure(path: Path, *options: str) -> Measured:
    """Import the file into `default`, then write the rows this made into `floor`."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    told = import_file(path, *options)
    seconds = time.perf_counter() - start
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    floor, rows = write_floor()
    return Measured(told["recorded"], seconds, floor, rows, grown)


def import_file(path: Path, *options: str) -> dict[str, Any]:
    from django.core.management import call_command

    out = StringIO()
    call_command("import_responses", str(path), "--json", *options, stdout=out)
    return dict(json.loads(out.getvalue()))


def write_floor() -> tuple[float, dict[str, int]]:
    """Write every row of `default` that a fresh database does not hold into `floor`; seconds, and rows by table."""
    from django.apps import apps
    from django.db import connections, transaction

    made: dict[Any, list[Any]] = {}
    for model in apps.get_models():
        # Documents of a search, and marks of days to count, come with their rows: triggers write them.
        by_triggers = model._meta.label in ("followups.TicketDocument", "followups.RollupMark")
        if not model._meta.managed or model._meta.proxy or by_triggers:
            continue
        known = set(model._base_manager.using("floor").values_list("pk", flat=True))
        rows = [row for row in model._base_manager.order_by("pk") if row.pk not in known]
        if rows:
            made[model] = rows
    connections["floor"].ensure_connection()
    seconds = 0.0
    # One transaction, so that foreign keys are checked at its end, whatever the order of the tables.
    start = time.perf_counter()
    with transaction.atomic(using="floor"):
        for model, rows in made.items():
            for at in range(0, len(rows), BATCH):
                model._base_manager.using("floor").bulk_create(rows[at : at + BATCH], batch_size=BATCH)
    seconds = time.perf_counter() - start
    return seconds, {model._meta.db_table: len(rows) for model, rows in made.items()}


def rollup_cost(path: Path) -> tuple[float, float, float]:
    """Processor seconds of an import without rollups, of the same with their triggers, and of the count after it."""
    from django.db import connections

    from followups import rollup_triggers
    from followups.reports.rollups import keeping

    def seconds(work: Any) -> float:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            backend = cursor.fetchone()[0]
        before = _processor(os.getpid()) + _processor(backend)
        work()
        return _processor(os.getpid()) + _processor(backend) - before

    rollup_triggers.remove(connections["default"])
    plain = seconds(lambda: import_file(path, "--follow-up", "all"))
    rollup_triggers.ensure(connections["default"])
    # The same rows under other numbers, into the same tables, so that both meet the same indexes.
    again = path.with_name("again.csv")
    lines = path.read_text(encoding="utf-8").splitlines()
    again.write_text("\r\n".join([lines[0], *(_renumbered(line) for line in lines[1:])]), encoding="utf-8")
    marking = seconds(lambda: import_file(again, "--follow-up", "all"))
    counting = seconds(lambda: keeping.flush(now=datetime.now(UTC), seconds=3_600))
    return plain, marking, counting


def _renumbered(line: str) -> str:
    first, number, rest = line.split(",", 2)
    return f"{first},{int(number) + 10**7},{rest}"


def _processor(process: int) -> float:
    """Seconds that a process of this machine has used so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory(rows: int) -> int:
    """Peak memory in kB of a process that imports a file of so many rows into a database of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_import", "--peak-of", str(rows)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--rows", type=int, default=ROWS, help="Of the file that is made where none is given.")
    parser.add_argument("--follow-up", default="auto")
    parser.add_argument("--memory", nargs="+", type=int, metavar="ROWS")
    parser.add_argument("--rollups", action="store_true")
    parser.add_argument("--peak-of", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.memory:
        for rows in asked.memory:
            print(f"{rows:>9,} rows: peak memory {peak_memory(rows) / 1024:.0f} MB")
        return
    with tempfile.TemporaryDirectory() as folder, databases():
        path = asked.file or write_answers(Path(folder) / "answers.csv", asked.peak_of or asked.rows)
        if asked.peak_of:
            import_file(path)
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
            return
        if asked.rollups:
            plain, marking, counting = rollup_cost(path)
            print(
                f"import {plain:.1f} s without rollups, {marking:.1f} s with their triggers, {counting:.1f} s to count"
                f" what was marked: {(marking + counting) / plain - 1:+.0%}"
            )
            return
        show(measure(path, "--follow-up", asked.follow_up))


def show(measured: Measured) -> None:
    for table, rows in measured.rows.items():
        print(f"{rows:>9,}  {table}")
    print(
        f"import of {measured.answers:,} answers {measured.import_seconds:.1f} s, bulk_create of the same rows "
        f"{measured.floor_seconds:.1f} s: ratio {measured.ratio:.2f}; memory grew by {measured.grown_kb / 1024:.0f} MB"
    )


if __name__ == "__main__":
    main()
