"""The queue, its pages and the search at many tickets beside the same at a thousand, on PostgreSQL.

    DATABASE_URL=postgres:///any .venv/bin/python -m tests.benchmarks.bench_finding [TICKETS] [--requests 60] [--keep]

Makes two databases, one with 1,000 tickets and one with TICKETS (100,000 unless told), asks both for the same pages in
turns, and prints medians, 95th percentiles and their ratios. Drops both databases at the end; with --keep they stay, and
the next run with --keep measures them again.

A quarter of the tickets is live. One account manager has up to 12,000 of them, so that the 200th page exists; every page
compared shows as many rows. `zeppelin` stands in one of 1,000 answers, `invoice` in every third.
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
from typing import Any

FEW = 1_000
ROUNDS = 3
BATCH = 50_000
WORDS = (
    "service delivery portal waiting callback contract driver depot pallet signature support answer hotline price "
    "quality packaging schedule refund system update training account manager warehouse label shipment customs"
).split()

PAGES = {
    "queue": "/queue/",
    "queue, all mine by page": "/queue/?view=later",
    "team": "/queue/?view=team",
    "poll": "/queue/changes/?view=mine",
    "tickets, open": "/tickets/",
    "search, rare word": "/tickets/?q=zeppelin",
    "search, two rare words": "/tickets/?q=zeppelins+signature",
    "search, name": "/tickets/?q=Quentin",
    "search, phone": "/tickets/?q=0042",
    "search, number": "/tickets/?q=%23420",
    "search, common word": "/tickets/?q=invoice",
    "search in the queue": "/queue/?q=zeppelin",
    "search in the queue, common": "/queue/?q=invoice",
    "ticket": "/tickets/300/",
}


def fill(tickets: int) -> None:
    """So many tickets with answer, customer and company, written by SQL; the triggers write what is searched."""
    from django.db import connection
    from django.utils import timezone

    from nps_loop.people.models import User
    from tests import factories

    now = timezone.now()
    lead = factories.make_user("Tomas Ruiz", username="lead")
    mine = factories.make_user("Hanna Brandt", username="mine")
    team = factories.make_team("Key accounts", lead=lead, agents=(mine,))
    others = []
    for n in range(20):
        agents = tuple(factories.make_user(username=f"other-{n}-{m}") for m in range(5))
        others.append((factories.make_team(agents=agents), agents))
    factories.make_admin(username="admin")
    source, brand = factories.make_source(), factories.make_brand()
    own = min(12_000, tickets // 3)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO surveys_account (external_id, name, search_name, segment, region, business_units, currency,"
            " is_partner, is_active, created_at) SELECT 'A-' || n, 'Company ' || n, 'company ' || n, 'key', 'North',"
            " '[]', 'EUR', false, true, now() FROM generate_series(1, %s) n",
            [max(tickets // 20, 1)],
        )
        for start in range(1, tickets + 1, BATCH):
            end = min(start + BATCH - 1, tickets)
            fill_batch(cursor, start, end, own=own, source=source.pk, brand=brand.pk, now=now)
        people = [(other.pk, agent.pk) for other, agents in others for agent in agents]
        cursor.execute(
            "UPDATE followups_ticket t SET team_id = p.team, owner_id = p.owner FROM (SELECT * FROM unnest(%s::bigint[],"
            " %s::bigint[]) WITH ORDINALITY AS p(team, owner, place)) p WHERE t.id > %s AND p.place = t.id %% %s + 1",
            [[team_id for team_id, _ in people], [owner for _, owner in people], own, len(people)],
        )
        cursor.execute(
            "UPDATE followups_ticket SET team_id = %s, owner_id = %s WHERE id <= %s", [team.pk, mine.pk, own]
        )
    connection.close()
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    assert User.objects.filter(username="mine").exists()


def fill_batch(cursor: Any, start: int, end: int, *, own: int, source: int, brand: int, now: datetime) -> None:
    span = [start, end]
    cursor.execute(
        "INSERT INTO surveys_contact (id, account_id, name, search_name, first_name, role, email, phone, language,"
        " time_zone, preferred_channel, good_time, is_shared_mailbox, do_not_contact, created_at)"
        " SELECT n, (SELECT min(id) FROM surveys_account) + n / 20 %% (SELECT count(*) FROM surveys_account),"
        " CASE WHEN n %% 1000 = 7 THEN 'Quentin ' ELSE 'Customer ' END || n,"
        " CASE WHEN n %% 1000 = 7 THEN 'quentin ' ELSE 'customer ' END || n, '', '', 'c' || n || '@client.example',"
        " '+49 170 ' || lpad((n::bigint * 7919 %% 10000000)::text, 7, '0'), 'en', '', '', '', false, false, now()"
        " FROM generate_series(%s, %s) n",
        span,
    )
    cursor.execute(
        "WITH said AS (SELECT n, (SELECT string_agg((%s::text[])[1 + (n * (k * k + 7) + k * 31) %% 25], ' ')"
        " FROM generate_series(1, 30) k) || CASE WHEN n %% 3 = 0 THEN ' invoice' ELSE '' END"
        " || CASE WHEN n %% 1000 = 7 THEN ' zeppelin' ELSE '' END AS words FROM generate_series(%s, %s) n)"
        " INSERT INTO surveys_response (id, source_id, external_id, survey_kind, score, band, verbatim, search_text,"
        " language, driver, product, attributes, contact_id, account_id, segment, region, responded_at, received_at,"
        " undated, day, is_history, follow_up, acknowledge, excluded_as, excluded_reason, version_at, content_digest,"
        " revision, decided_revision, decide_attempts, decide_error)"
        " SELECT n, %s, 'r' || n, 'relational', 3, 'detractor', words, words, 'en', '', '', '{}', n,"
        " (SELECT min(id) FROM surveys_account) + n / 20 %% (SELECT count(*) FROM surveys_account), 'key', 'North',"
        " %s - n * interval '1 minute', %s - n * interval '1 minute', false, (%s - n * interval '1 minute')::date, false,"
        " 'auto', true, '', '', %s - n * interval '1 minute', md5(n::text), 1, 1, 0, '' FROM said",
        [WORDS[:25], *span, source, now, now, now, now],
    )
    cursor.execute(
        "INSERT INTO followups_conversation (id, contact_id, brand_id, thread_root, generation, opened_at)"
        " SELECT n, n, %s, '', 1, now() FROM generate_series(%s, %s) n",
        [brand, *span],
    )
    cursor.execute(
        "INSERT INTO followups_ticket (id, response_id, conversation_id, contact_id, account_id, brand_id, state,"
        " closed_as, dismissed_as, cycle, version, score, band, nobody_to_reach, left_in_peace, on_hold, hold_reason,"
        " customer_waits, opened_at, responded_at, received_at, day, changed_at, due_at, due_for, bonus, rank,"
        " waiting_from, wait_count, silent_step)"
        " SELECT r.id, r.id, r.id, r.contact_id, r.account_id, %s,"
        " CASE WHEN r.id <= %s OR r.id %% 4 = 0 THEN 'assigned' ELSE 'closed' END,"
        " CASE WHEN r.id <= %s OR r.id %% 4 = 0 THEN '' ELSE 'confirmed' END, '', 0, 1, 3, 'detractor', false, false,"
        " false, '', false, r.received_at, r.responded_at, r.received_at, r.day, r.received_at, due, 'first_contact',"
        " '[]', extract(epoch FROM due)::bigint, '', 0, 0"
        # Some are late, some due today, the rest from ten days on.
        " FROM surveys_response r, LATERAL (SELECT CASE WHEN r.id <= 30 THEN %s - interval '1 hour'"
        " WHEN r.id <= 60 THEN %s + interval '10 minutes' ELSE %s + interval '10 days' END"
        " + r.id * interval '1 second' AS due) d WHERE r.id BETWEEN %s AND %s",
        [brand, own, own, now, now, now, *span],
    )


def measure(requests: int) -> dict[str, list[float]]:
    """Seconds of each request, by page."""
    from django.test import Client

    from followups.models import Ticket
    from nps_loop.people.models import User

    mine, admin = Client(raise_request_exception=True), Client(raise_request_exception=True)
    mine.force_login(User.objects.get(username="mine"))
    admin.force_login(User.objects.get(username="admin"))
    asked: list[tuple[str, Client, str]] = [(name, mine, url) for name, url in PAGES.items()]
    asked += [(f"admin: {name}", admin, url) for name, url in PAGES.items() if url.startswith("/tickets/")]
    rows = Ticket.objects.live().filter(owner__username="mine")
    asked += [("queue, page 200", mine, place(rows, "/queue/?view=later", ".", 199 * 50))]
    asked += [("tickets, page 200", mine, place(rows, "/tickets/?live=true", "~", 199 * 25))]
    asked += [("tickets, page 1", mine, "/tickets/?live=true"), ("queue, page 1", mine, "/queue/?view=later")]
    found: dict[str, list[float]] = {name: [] for name, _, _ in asked}
    for turn in range(requests + 3):
        for name, client, url in asked:
            if not url:
                continue
            start = time.perf_counter()
            answer = client.get(url)
            took = time.perf_counter() - start
            assert answer.status_code == 200, (url, answer.status_code)
            if turn >= 3:
                found[name].append(took)
    return found


def place(rows: Any, url: str, sign: str, skipped: int) -> str:
    """The address so many rows further on in the order of rank; empty where there are not as many."""
    ticket = rows.order_by("rank", "id")[skipped : skipped + 1].first()
    return f"{url}&after={ticket.rank}{sign}{ticket.pk}" if ticket else ""


def start_django(url: str) -> None:
    import django

    os.environ.update(DATABASE_URL=url, ENV_FILE=os.devnull, SECRET_KEY="only-for-benchmarks", DEBUG="false")
    os.environ["DJANGO_SETTINGS_MODULE"] = "nps_loop.settings"
    django.setup()
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["*"]
    # What serves files is not measured here.
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    import logging

    logging.disable(logging.INFO)


def child(url: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.bench_finding", *arguments],
        env={**os.environ, "DATABASE_URL": url}, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return done.stdout


def p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[18]


def table(few: dict[str, list[float]], many: dict[str, list[float]], tickets: int) -> str:
    lines = [f"{'page':34} {FEW:>9,} p50/p95 ms   {tickets:>9,} p50/p95 ms   ratio p50   ratio p95"]
    for name, slow in many.items():
        quick = few.get(name) or []
        if not slow:
            continue
        if not quick:
            one = many[name.replace("page 200", "page 1")]
            lines.append(
                f"{name + ' beside page 1':34} {statistics.median(one) * 1000:9.1f} {p95(one) * 1000:9.1f}     "
                f"{statistics.median(slow) * 1000:9.1f} {p95(slow) * 1000:9.1f}     "
                f"{statistics.median(slow) / statistics.median(one):9.2f} {p95(slow) / p95(one):11.2f}"
            )
            continue
        lines.append(
            f"{name:34} {statistics.median(quick) * 1000:9.1f} {p95(quick) * 1000:9.1f}     "
            f"{statistics.median(slow) * 1000:9.1f} {p95(slow) * 1000:9.1f}     "
            f"{statistics.median(slow) / statistics.median(quick):9.2f} {p95(slow) / p95(quick):11.2f}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tickets", nargs="?", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--do", choices=["fill", "measure"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.do:
        start_django(os.environ["DATABASE_URL"])
        if options.do == "fill":
            fill(options.tickets)
        else:
            print(json.dumps(measure(options.requests)))
        return
    from tests.databases import beside, copy_migrated_postgres, drop_postgres, postgres_exists

    server, name = os.environ["DATABASE_URL"], f"nps_find_bench_{'kept' if options.keep else uuid.uuid4().hex[:6]}"
    urls: dict[int, str] = {}
    found: dict[int, dict[str, list[float]]] = {rows: {} for rows in (FEW, options.tickets)}
    try:
        for rows in found:
            kept = beside(server, f"{name}_{rows}")
            if options.keep and postgres_exists(kept):
                urls[rows] = kept
                continue
            urls[rows] = copy_migrated_postgres(server, f"{name}_{rows}")
            begun = datetime.now(UTC)
            child(urls[rows], str(rows), "--do", "fill")
            print(f"{rows:,} tickets written in {(datetime.now(UTC) - begun) / timedelta(seconds=1):.0f} s", flush=True)
        for _ in range(ROUNDS):
            for rows, url in urls.items():
                answer = json.loads(child(url, "--do", "measure", "--requests", str(options.requests // ROUNDS)))
                for page, seconds in answer.items():
                    found[rows].setdefault(page, []).extend(seconds)
        print(table(found[FEW], found[options.tickets], options.tickets))
    finally:
        for url in urls.values() if not options.keep else ():
            drop_postgres(url)


if __name__ == "__main__":
    main()
