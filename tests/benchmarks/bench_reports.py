"""Reports over 90 days at many answers beside the same at few, on PostgreSQL.

    DATABASE_URL=postgres:///any .venv/bin/python -m tests.benchmarks.bench_reports [ANSWERS TICKETS] [--requests 30]

Makes two databases, one of 100,000 answers and 10,000 tickets and one of ANSWERS and TICKETS (1,000,000 and 100,000
unless told), both over three years, keeps their rollups, and asks both for each page and API report in turns, as the
lead of all teams. Prints medians, 95th percentiles and ratios; the SQL of the answers' figures with rollups and from
rows; how far kept medians are off; whether every other figure is what a count of the rows finds; and the memory of the
process after every report, and after an export of 1,000,000 answers as well, beside that after warm-up. Drops both
databases at the end; with --keep they stay, and the next run with --keep measures them again.

With --days only the last so many days of the three years are written, at the same number of rows a day: what a report
over 90 days reads, in a tenth of the time. Beside seconds on the clock, the seconds of the processor in this process and
in its database connection are told, because others on the machine disturb these less.

Rows are written by SQL with triggers and indexes off; the rollups are built by `rebuild_rollups`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.benchmarks.bench_finding import p95, start_django
from tests.benchmarks.three_years import DAYS, fill

FEW = (100_000, 10_000)
ROUNDS = 3
EXPORTED = 1_000_000

PAGES = {
    "reports": "/reports/",
    "reports, one team": "/reports/?team={team}",
    "reports, one touchpoint": "/reports/?touchpoint={touchpoint}",
    "closure": "/reports/closure/",
    "closure by segment": "/reports/closure/?by=segment",
    "times": "/reports/times/",
    "causes": "/reports/causes/",
    "people": "/reports/people/",
    "touchpoints": "/reports/touchpoints/",
    "accounts": "/reports/accounts/",
    "accounts won back": "/reports/accounts/?figure=saved",
    "goals": "/reports/goals/",
    "signals": "/reports/signals/",
    "promises behind": "/reports/promises/?figure=promises&{days}",
    "answers behind": "/reports/answers/?{days}",
    "detractors behind": "/reports/answers/?band=detractor&{days}",
    "left out behind": "/reports/answers/?excluded=1&{days}",
    "tickets behind: declared": "/tickets/?figure=declared&{days}",
    "API nps": "/api/v1/reports/nps/",
    "API nps by 5 ways": "/api/v1/reports/nps/?by=team,product,region,brand,language",
    "API closure": "/api/v1/reports/closure/",
    "API closure by 2 ways": "/api/v1/reports/closure/?by=team,segment",
    "API recovery": "/api/v1/reports/recovery/",
    "API times": "/api/v1/reports/times/",
    "API causes": "/api/v1/reports/causes/",
    "API people": "/api/v1/reports/people/",
    "API touchpoints": "/api/v1/reports/touchpoints/",
    "API accounts": "/api/v1/reports/accounts/",
    "API worth": "/api/v1/reports/worth/",
    "API reopening": "/api/v1/reports/reopening/",
    "API response rate": "/api/v1/reports/response-rate/",
}


# --- measuring ---------------------------------------------------------------------------------------------------


def measure(requests: int) -> dict[str, Any]:
    """Seconds of each request by page, on the clock and of processors, of the answers' figures by SQL, errors of
    medians, and memory.
    """
    from django.db import connection
    from django.test import Client

    import nps_loop.wsgi  # noqa: F401 (what a web process does as it starts)
    from nps_loop.people.models import User

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        processes = (os.getpid(), cursor.fetchone()[0])
    client = Client(raise_request_exception=True)
    client.force_login(User.objects.get(username="lead"))
    pages = addresses()
    found: dict[str, list[float]] = {name: [] for name in pages}
    worked: dict[str, list[float]] = {name: [] for name in pages}
    for url in pages.values():
        client.get(url)
    warm = memory()
    for turn in range(requests):
        for name, url in pages.items():
            start, before = time.perf_counter(), processor(processes)
            answer = client.get(url)
            took, work = time.perf_counter() - start, processor(processes) - before
            assert answer.status_code == 200, (url, answer.status_code)
            if turn:
                found[name].append(took)
                worked[name].append(work)
    reported = memory()
    rows = export(client)
    return {
        "pages": found, "worked": worked, "memory": [warm, reported, memory()], "exported": rows,
        "sql": sql_of_answers(), "medians": medians(), "differ": differing(),
    }  # fmt: skip


def sweep() -> None:
    """Count the days on which something came due since, as a deployment does every 30 seconds."""
    from django.utils import timezone

    from followups.reports.rollups import keeping

    keeping.flush(now=timezone.now(), seconds=600)


def export(client: Any) -> int:
    """Send so many answers as CSV, as a web process streams them. Returns how many there were."""
    from followups.models import ExportRecord
    from followups.reports.exports import asking
    from followups.reports.exports.files import Format
    from surveys.models import Response

    asking.AT_ONCE[Format.CSV] = 10**9
    newest = Response.objects.order_by("-day").values_list("day", flat=True)
    first = newest[min(EXPORTED, newest.count() - 1)]
    answer = client.get("/exports/answers.csv", {"day_from": str(first)})
    assert sum(len(part) for part in answer.streaming_content)
    return ExportRecord.objects.order_by("-pk")[0].rows


def processor(processes: tuple[int, ...]) -> float:
    """Seconds that these processes have run so far."""
    return sum(int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) for process in processes) / 1e9


def addresses() -> dict[str, str]:
    from django.utils import timezone

    from followups.models import Team
    from surveys.models import Touchpoint

    today = timezone.localdate()
    names = {
        "team": Team.objects.order_by("pk")[3].slug,
        "touchpoint": Touchpoint.objects.order_by("pk")[3].slug,
        "days": f"day_from={today - timedelta(days=89)}&day_to={today}",
    }
    return {name: url.format(**names) for name, url in PAGES.items()}


def memory() -> int:
    """Of this process, in kB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError("This system does not say.")


def _quarter() -> Any:
    from django.utils import timezone

    from followups.reports.metrics import ReportFilters

    today = timezone.localdate()
    return ReportFilters(today - timedelta(days=89), today)


def sql_of_answers() -> dict[str, dict[str, list[float]]]:
    """Seconds in the database of NPS by day, of the days before, of what is left out and of three ways; three times."""
    from unittest.mock import patch

    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from followups.reports.metrics import nps_report

    def seconds() -> float:
        with CaptureQueriesContext(connection) as asked:
            nps_report(_quarter(), now=timezone.now())
        return sum(float(query["time"]) for query in asked.captured_queries)

    kept = [seconds() for _ in range(6)][1:]
    with patch("followups.reports.rollups.days.good_days", return_value={}):
        plain = [seconds() for _ in range(4)][1:]
    return {"nps_report": {"kept": kept, "plain": plain}}


def differing() -> dict[str, bool]:
    """Whether each report counts otherwise from kept counts than from rows, medians aside."""
    from unittest.mock import patch

    from django.utils import timezone

    from followups.reports import metrics
    from followups.reports.metrics.attainment import goals_report

    now, quarter = timezone.now(), _quarter()
    ways = tuple(way.name for way in metrics.reportable() if way.name != "account")

    def counted() -> dict[str, Any]:
        closure = metrics.closure_report(quarter, now=now).as_dict()
        waits = ("tickets", "happened", "waiting")
        times = metrics.times_report(quarter, now=now).as_dict()
        return {
            "NPS": metrics.nps_report(quarter, now=now, by=ways).as_dict(),
            "closure": {**closure, "first_contact": closure["first_contact"]["spoken_to"]},
            "times": [
                [times[of][clock][name] for name in waits]
                for of in ("first_contact", "resolution")
                for clock in ("customer_clock", "team_clock")
            ],
            "causes": metrics.causes_report(quarter, now=now).as_dict(),
            "people": [person.as_dict() for person in metrics.people_report(quarter, now=now)],
            "touchpoints": metrics.touchpoints_report(quarter, "before", now=now).as_dict(),
            "accounts": metrics.accounts_report(quarter, now=now).as_dict(()),
            "worth": metrics.worth_report(quarter, now=now).as_dict(),
            "recovery": metrics.recovery_report(quarter, now=now).as_dict(),
            "reopening": metrics.reopening_report(quarter, now=now).as_dict(),
            "response rate": metrics.response_rate_report(quarter, now=now).as_dict(),
            "goals": goals_report(quarter, now=now).as_dict(),
        }

    kept = counted()
    with patch("followups.reports.rollups.days.good_days", return_value={}):
        right = counted()
    return {name: kept[name] != right[name] for name in right}


def medians() -> dict[str, list[float | None]]:
    """Kept and exact seconds of each median and of 90 %."""
    from unittest.mock import patch

    from django.utils import timezone

    from followups.reports.metrics import times_report

    now, found = timezone.now(), {}
    with patch("followups.reports.metrics.counting.EXACT_UNDER", 1):
        kept = times_report(_quarter(), now=now)
    with patch("followups.reports.rollups.days.good_days", return_value={}):
        exact = times_report(_quarter(), now=now)
    for name in ("first_contact", "resolution", "first_contact_working", "resolution_working"):
        for share in (0.5, 0.9):
            found[f"{name.replace('_', ' ')}, {share:.0%}"] = [
                getattr(kept, name).reached(share),
                getattr(exact, name).reached(share),
            ]
    return found


def child(url: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.bench_reports", *arguments],
        env={**os.environ, "DATABASE_URL": url}, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return done.stdout


def table(few: dict[str, list[float]], many: dict[str, list[float]], answers: int) -> str:
    lines = [f"{'page':28} {FEW[0]:>11,} p50/p95 ms  {answers:>11,} p50/p95 ms  ratio p50  ratio p95"]
    for name, slow in many.items():
        quick = few[name]
        lines.append(
            f"{name:28} {statistics.median(quick) * 1000:11.1f} {p95(quick) * 1000:9.1f}  "
            f"{statistics.median(slow) * 1000:11.1f} {p95(slow) * 1000:9.1f}   "
            f"{statistics.median(slow) / statistics.median(quick):9.2f} {p95(slow) / p95(quick):10.2f}"
        )
    return "\n".join(lines)


def tell(answers: int, one: dict[str, Any]) -> None:
    """What was measured besides pages."""
    sql = one["sql"]["nps_report"]
    kept, plain = statistics.median(sql["kept"]) * 1000, statistics.median(sql["plain"]) * 1000
    print(f"{answers:,}: SQL of an NPS report {kept:.1f} ms with rollups, {plain:.1f} ms from rows: {plain / kept:.1f}")
    for name, (found, right) in one["medians"].items():
        if found is not None and right:
            print(f"{answers:,}: {name} kept {found:.0f} s, exact {right:.0f} s: off by {abs(found / right - 1):.2%}")
    differ = [name for name, differs in one["differ"].items() if differs]
    print(f"{answers:,}: counted from rows alike: {', '.join(name for name in one['differ'] if name not in differ)}")
    if differ:
        print(f"{answers:,}: COUNTED FROM ROWS OTHERWISE: {', '.join(differ)}")
    warm, *later = one["memory"]
    whats = ("every report", f"an export of {one['exported']:,} answers as well")
    for what, after in zip(whats, later, strict=True):
        print(
            f"{answers:,}: memory {warm / 1024:.0f} MB after warm-up, {after / 1024:.0f} MB after {what}: {after / warm:.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("answers", nargs="?", type=int, default=1_000_000)
    parser.add_argument("tickets", nargs="?", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=30)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--do", choices=["fill", "sweep", "measure"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.do:
        start_django(os.environ["DATABASE_URL"])
        if options.do == "fill":
            fill(options.answers, options.tickets, options.days)
        elif options.do == "sweep":
            sweep()
        else:
            print(json.dumps(measure(options.requests)))
        return
    from tests.databases import beside, copy_migrated_postgres, drop_postgres, postgres_exists

    server, name = (
        os.environ["DATABASE_URL"],
        f"nps_reports_bench_{f'kept_{options.days}' if options.keep else uuid.uuid4().hex[:6]}",
    )
    sizes = {FEW[0]: FEW[1], options.answers: options.tickets}
    share = options.days / DAYS
    urls: dict[int, str] = {}
    found: dict[int, list[dict[str, Any]]] = {answers: [] for answers in sizes}
    try:
        for answers, tickets in sizes.items():
            url = beside(server, f"{name}_{answers}")
            if options.keep and postgres_exists(url):
                urls[answers] = url
                continue
            urls[answers] = copy_migrated_postgres(server, f"{name}_{answers}")
            begun = datetime.now(UTC)
            written = (str(round(answers * share)), str(round(tickets * share)))
            print(child(urls[answers], *written, "--days", str(options.days), "--do", "fill"), end="")
            seconds = (datetime.now(UTC) - begun) / timedelta(seconds=1)
            print(f"{answers:,} answers and {tickets:,} tickets written in {seconds:.0f} s", flush=True)
        for _ in range(ROUNDS):
            for answers, url in urls.items():
                child(url, "--do", "sweep")
                rounds = str(max(options.requests // ROUNDS, 2) + 1)
                found[answers].append(json.loads(child(url, "--do", "measure", "--requests", rounds)))
        for what in ("pages", "worked"):
            pages = {
                answers: {name: [s for one in each for s in one[what][name]] for name in PAGES}
                for answers, each in found.items()
            }
            print({"pages": "On the clock", "worked": "Of processors"}[what])
            print(table(pages[FEW[0]], pages[options.answers], options.answers))
        for answers, each in found.items():
            tell(answers, each[-1])
    finally:
        for url in urls.values() if not options.keep else ():
            drop_postgres(url)


if __name__ == "__main__":
    main()
