"""Many tickets to CSV and XLSX: memory of the process that does it, and its rate beside PostgreSQL's own COPY.

    DATABASE_URL=postgres:///any .venv/bin/python -m tests.benchmarks.bench_exports [TICKETS] [--keep]

Makes a database with TICKETS (200,000 unless told) as bench_finding does, and drops it at the end; with --keep it stays,
and the next run with --keep measures it again. Each way has a process of its own: a worker that makes the file as a job,
and a web process that streams it. It exports a few thousand rows to warm up, then all of them; what is compared is its
PSS after each, and its peak of RSS while it works. The rate is that of `COPY (the very query of the rows) TO STDOUT`, by
the clock and, for machines that do other things too, by CPU seconds of the process and of the database's together.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from tests.benchmarks.bench_finding import fill, start_django

WARM = 4_000
WAYS = ("copy", "job csv", "job xlsx", "web csv")


def pss() -> int:
    """This process's share of memory, in bytes."""
    gc.collect()
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise LookupError("Pss")


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def admin() -> Any:
    from nps_loop.people.models import User

    return User.objects.get(username="admin")


def copied(most: int | None) -> tuple[int, int]:
    """Rows and bytes of COPY over the query that exports read by, in the order of numbers."""
    from django.db import connection

    from followups.models import Ticket
    from followups.reports.exports import tickets

    rows = Ticket.objects.order_by("pk").values_list(*tickets._SHOWN, *tickets._BESIDE)
    sql, values = (rows[:most] if most else rows).query.sql_with_params()
    written = 0
    connection.ensure_connection()
    cursor = connection.connection.cursor()
    with open(os.devnull, "wb") as out, cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)", values) as copy:
        for part in copy:
            out.write(part)
            written += len(part)
    return cursor.rowcount, written


def made(form: str, most: int | None) -> tuple[int, int]:
    """Rows and bytes of a file made as a worker makes it."""
    from django.conf import settings
    from django.http import QueryDict
    from django.utils import timezone

    from followups.models import ExportRecord
    from followups.reports.exports import asking
    from followups.reports.exports.files import Format
    from followups.viewing import Viewer
    from nps_loop.jobs import running

    asked = QueryDict(f"day_from={_first_day(most)}" if most else "")
    export = asking.export_for(
        "tickets", Format(form), asked, viewer=Viewer.of(admin()), key=None, in_words=True, now=timezone.now()
    )
    job = asking.ask(export)
    running.run_now(job, now=timezone.now())
    assert job.state == "done", job.error
    assert list((Path(settings.MEDIA_ROOT) / "jobs").glob("list-*.part")) == []
    return ExportRecord.objects.get(job=job).rows, job.result["bytes"]


def streamed(most: int | None) -> tuple[int, int]:
    """Rows and bytes of a response that is sent as it is read."""
    from django.test import Client

    from followups.models import ExportRecord
    from followups.reports.exports import asking
    from followups.reports.exports.files import Format

    asking.AT_ONCE[Format.CSV] = 10**9
    client = Client()
    client.force_login(admin())
    answer = client.get("/exports/tickets.csv", {"day_from": _first_day(most)} if most else {})
    written = sum(len(part) for part in answer.streaming_content)
    return ExportRecord.objects.first().rows, written


def _first_day(most: int) -> str:
    """The day from which on there are about so many tickets."""
    from followups.models import Ticket

    return str(Ticket.objects.order_by("-day").values_list("day", flat=True)[most])


def measure(way: str) -> dict[str, float]:
    from django.conf import settings

    do = {
        "copy": copied,
        "job csv": lambda most: made("csv", most),
        "job xlsx": lambda most: made("xlsx", most),
        "web csv": streamed,
    }[way]
    with tempfile.TemporaryDirectory() as folder:
        settings.MEDIA_ROOT = folder
        do(WARM)
        warm = pss()
        began, worked, served = time.perf_counter(), time.process_time(), server_seconds()
        rows, written = do(None)
        took, worked = time.perf_counter() - began, time.process_time() - worked
        return {
            "rows": rows, "bytes": written, "seconds": took, "own": worked, "server": server_seconds() - served,
            "warm": warm, "after": pss(), "peak": peak(),
        }  # fmt: skip


def server_seconds() -> float:
    """CPU seconds of the database's processes that work for this database, where they run on this machine; else 0."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        pids = [pid for (pid,) in cursor.fetchall()]
    found = 0
    for pid in pids:
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists():
            user, system = stat.read_text().rpartition(")")[2].split()[11:13]
            found += int(user) + int(system)
    return found / os.sysconf("SC_CLK_TCK")


def child(url: str, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.bench_exports", *arguments],
        env={**os.environ, "DATABASE_URL": url, **environment}, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tickets", nargs="?", type=int, default=200_000)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--do", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.do:
        start_django(os.environ["DATABASE_URL"])
        if options.do == "fill":
            fill(options.tickets)
        else:
            print(json.dumps(measure(options.do)))
        return
    from tests.databases import beside, copy_migrated_postgres, drop_postgres, postgres_exists

    server = os.environ["DATABASE_URL"]
    name = f"nps_exports_bench_{'kept' if options.keep else uuid.uuid4().hex[:6]}_{options.tickets}"
    url = beside(server, name)
    try:
        if not (options.keep and postgres_exists(url)):
            url = copy_migrated_postgres(server, name)
            # Without the triggers that write what is searched: nothing is searched here, and they take most of the time.
            child(url, str(options.tickets), "--do", "fill", PGOPTIONS="-c session_replication_role=replica")
            print(f"{options.tickets:,} tickets written", flush=True)
        rate = cpu = 0.0
        for way in options.ways.split(","):
            found = json.loads(child(url, "--do", way))
            rows = found["rows"] / found["seconds"]
            worked = found["rows"] / (found["own"] + found["server"])
            rate, cpu = rate or rows, cpu or worked
            print(
                f"{way:9} {found['rows']:>9,} rows {found['bytes'] / 1e6:7.1f} MB {found['seconds']:7.1f} s"
                f" ({found['own']:6.1f} s own CPU, {found['server']:6.1f} s the server's) {rows:9,.0f} rows/s,"
                f" {rows / rate:5.2f} of COPY by the clock, {worked / cpu:5.2f} by CPU;"
                f" PSS {found['warm'] / 1e6:.1f} -> {found['after'] / 1e6:.1f} MB ({found['after'] / found['warm']:.2f}),"
                f" peak RSS {found['peak'] / 1e6:.1f} MB",
                flush=True,
            )
    finally:
        if not options.keep:
            drop_postgres(url)


if __name__ == "__main__":
    main()
