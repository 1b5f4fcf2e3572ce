"""How fast waiting tickets are given, beside what a message through the broker and one UPDATE for many rows cost.

    DATABASE_URL=postgres:///any REDIS_URL=redis://... .venv/bin/python -m tests.benchmarks.bench_assignment [TICKETS]
        [--runs 3] [--acknowledge] [--latency]

Fills a database of its own with TICKETS (10,000 unless told) waiting tickets that 20 rules opened, and in turns
measures: `assign_waiting` over all of them, with rounds, reasons and events stored; no-op tasks by a Celery worker of
two on the same broker; and a batch UPDATE that only sets owner and state: on a bare table of 50,000, of which 40,000 are
taken by a thousand and by ten thousand a statement, and on the table of tickets by a thousand. Prints medians, ratios
and queries per thousand tickets.

The answers came by an import without acknowledgements, unless `--acknowledge` is given: then a mail to the customer is
rendered with each, which is measured apart. `--latency` alone posts 20 answers a second to a running web server and measures
from the 201 to the commit that gives the ticket, beside the round trip of a no-op task at the same rate. The first three
seconds of either count for nothing: processes start cold, and connect to the database when they are first asked.

Takes nothing but a database of its own, dropped at the end, and keys of its own prefix.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

RULES, TEAMS, PEOPLE = 20, 5, 4
TASKS = 1_000
PER_STATEMENT = 1_000
BARE_ROWS, BARE_TAKEN, BARE_MOST = 50_000, 40_000, 10_000
PER_SECOND, SECONDS = 20, 15
WARMING = 3


# --- the backlog -----------------------------------------------------------------------------------------------


def fill(tickets: int, *, acknowledge: bool) -> None:
    from django.db import connection
    from django.utils import timezone

    from followups.models import SlaPolicy
    from tests import factories

    now = timezone.now()
    teams = []
    for n in range(TEAMS):
        agents = tuple(factories.make_user(f"Agent{n}x{m} Family{n}x{m}") for m in range(PEOPLE))
        teams.append(factories.make_team(f"Team {n}", lead=factories.make_user(), agents=agents))
    from followups.models import Member

    Member.objects.filter(capacity__gt=0).update(capacity=tickets)
    rules = [factories.make_rule(f"Rule {n}", bands=["detractor"], position=n) for n in range(RULES)]
    policy = SlaPolicy.objects.order_by("pk").first() or factories.make_policy()
    source, brand, calendar = factories.make_source(), factories.make_brand(), factories.make_calendar()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE followups_ticket DISABLE TRIGGER USER")
        cursor.execute(
            "INSERT INTO surveys_account (external_id, name, search_name, segment, region, business_units, currency,"
            " is_partner, is_active, created_at) SELECT 'A-' || n, 'Company ' || n, 'company ' || n, 'key', 'North',"
            " '[]', 'EUR', false, true, now() FROM generate_series(1, %s) n",
            [tickets],
        )
        cursor.execute(
            "INSERT INTO surveys_contact (id, account_id, name, search_name, first_name, role, email, phone, language,"
            " time_zone, preferred_channel, good_time, is_shared_mailbox, do_not_contact, created_at)"
            " SELECT n, (SELECT min(id) FROM surveys_account) + n - 1, 'Customer ' || n, 'customer ' || n, '', '',"
            " 'c' || n || '@client.example', '', 'en', '', '', '', false, false, now() FROM generate_series(1, %s) n",
            [tickets],
        )
        words = "We waited eleven days for an answer, and then the delivery came to the wrong depot. Nobody called us."
        cursor.execute(
            "INSERT INTO surveys_response (id, source_id, external_id, survey_kind, score, band, verbatim, search_text,"
            " language, driver, product, attributes, contact_id, account_id, segment, region, responded_at, received_at,"
            " undated, day, is_history, follow_up, acknowledge, excluded_as, excluded_reason, version_at,"
            " content_digest, revision, decided_revision, decide_attempts, decide_error)"
            " SELECT n, %s, 'r' || n, 'relational', 3, 'detractor', %s, lower(%s), 'en', '', '', '{}', n,"
            " (SELECT min(id) FROM surveys_account) + n - 1, 'key', 'North', %s, %s, false, current_date, false,"
            " 'auto', %s, '', '', now(), md5(n::text), 1, 1, 0, '' FROM generate_series(1, %s) n",
            [source.pk, words, words, now, now, acknowledge, tickets],
        )
        cursor.execute(
            "INSERT INTO followups_conversation (id, contact_id, brand_id, thread_root, generation, opened_at)"
            " SELECT n, n, %s, '', 1, now() FROM generate_series(1, %s) n",
            [brand.pk, tickets],
        )
        cursor.execute(
            "INSERT INTO followups_ticket (id, response_id, conversation_id, contact_id, account_id, brand_id, team_id,"
            " rule_id, state, closed_as, dismissed_as, cycle, version, score, band, nobody_to_reach, left_in_peace,"
            " on_hold, hold_reason, customer_waits, opened_at, responded_at, received_at, day, changed_at, due_at,"
            " due_for, bonus, rank, waiting_from, wait_count, silent_step)"
            " SELECT n, n, n, n, (SELECT min(id) FROM surveys_account) + n - 1, %s, (%s::bigint[])[1 + n %% %s],"
            " (%s::bigint[])[1 + n %% %s], 'new', '', '', 0, 1, 3, 'detractor', false, false, false, '', false, %s, %s,"
            " %s, current_date, %s, %s, 'first_contact', '[]', %s - n, '', 0, 0 FROM generate_series(1, %s) n",
            [
                brand.pk, [team.pk for team in teams], TEAMS, [rule.pk for rule in rules], RULES, now, now, now, now,
                now + timedelta(hours=48), int(now.timestamp()), tickets,
            ],
        )  # fmt: skip
        cursor.execute(
            "INSERT INTO followups_deadline (ticket_id, cycle, target, ordinal, clock, policy_id, calendar_id, starts_at,"
            " minutes, due_at, next_step) SELECT n, 0, 'first_contact', 0, 'customer', %s, %s, %s, 2880, %s, ''"
            " FROM generate_series(1, %s) n",
            [policy.pk, calendar.pk, now, now + timedelta(hours=48), tickets],
        )
        cursor.execute("ALTER TABLE followups_ticket ENABLE TRIGGER USER")
    vacuum()


# A table with the columns, keys and indexes that one table of tickets needs at least, and the answers it speaks of.
BARE_TABLE = (
    "DROP TABLE IF EXISTS bare_ticket, bare_response",
    "CREATE TABLE bare_response (id bigint PRIMARY KEY)",
    "CREATE TABLE bare_ticket (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,"
    " response_id bigint NOT NULL UNIQUE REFERENCES bare_response (id), team_id int NOT NULL, assignee_id int,"
    " status smallint NOT NULL, priority smallint NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),"
    " due_at timestamptz, first_contact_at timestamptz, closed_at timestamptz)",
    "CREATE INDEX ON bare_ticket (status, created_at DESC, id DESC)",
    "CREATE INDEX ON bare_ticket (assignee_id, status)",
    f"INSERT INTO bare_response SELECT generate_series(1, {BARE_ROWS})",
    "INSERT INTO bare_ticket (response_id, team_id, status, priority, assignee_id, created_at, due_at)"
    " SELECT n, 1 + n % 20, 1, 2, CASE WHEN n % 10 > 0 THEN 1 + n % 50 END, now() - n * interval '1 s',"
    f" now() + interval '2 days' FROM generate_series(1, {BARE_ROWS}) n",
)


def bare_table() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in BARE_TABLE:
            cursor.execute(statement)
    vacuum()


def vacuum() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def as_it_was() -> None:
    """Everybody waits again."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE followups_event, followups_assignmentround, mail_message, followups_conflict CASCADE")
        cursor.execute("UPDATE followups_conversation SET owner_id = NULL, thread_root = ''")
        cursor.execute(
            "UPDATE followups_ticket SET owner_id = NULL, state = 'new', version = 1, assigned_at = NULL,"
            " promised_at = NULL, worked_at = NULL, silent_at = NULL"
        )
        cursor.execute("UPDATE followups_deadline SET promised_at = NULL")
    vacuum()


# --- what is measured ------------------------------------------------------------------------------------------


def rate_of_rounds(tickets: int) -> tuple[float, float]:
    """Tickets a second, and queries per thousand of them."""
    from django.db import connection
    from django.utils import timezone

    from followups.assignment import assign_waiting
    from followups.models import Event, Ticket

    queries = 0

    def count(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal queries
        queries += 1
        return execute(*arguments)

    with connection.execute_wrapper(count):
        start = time.perf_counter()
        done = assign_waiting(now=timezone.now())
        took = time.perf_counter() - start
    assert done.assigned == tickets, done
    assert Event.objects.filter(verb="assign").count() == tickets and not Ticket.objects.unassigned().exists()
    return tickets / took, queries / tickets * 1000


def rate_of_update(tickets: int, statement: str, at_once: int = PER_STATEMENT) -> float:
    from django.db import connection

    start = time.perf_counter()
    with connection.cursor() as cursor:
        for _batch in range(0, tickets, at_once):
            cursor.execute(statement, [at_once])
    return tickets / (time.perf_counter() - start)


BARE = (
    "WITH todo AS (SELECT id, row_number() OVER () place FROM (SELECT id FROM bare_ticket WHERE status = 1"
    " ORDER BY created_at DESC, id DESC LIMIT %s FOR UPDATE SKIP LOCKED) waiting)"
    " UPDATE bare_ticket t SET assignee_id = 1 + place %% 50, status = 2 FROM todo WHERE t.id = todo.id"
)
OURS = (
    "WITH todo AS (SELECT id, row_number() OVER () place FROM (SELECT id FROM followups_ticket WHERE state = 'new'"
    " AND owner_id IS NULL ORDER BY rank, id LIMIT %s FOR UPDATE SKIP LOCKED) waiting)"
    " UPDATE followups_ticket t SET state = 'assigned', owner_id = (SELECT min(id) FROM people_user) + place %% 10"
    " FROM todo WHERE t.id = todo.id"
)


@dataclass
class NoopWorker:
    """A worker of two that does nothing, with a key prefix of its own; started when told, gone when the block ends."""

    env: dict[str, str]
    server: Any
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "celery", "-A", "tests.benchmarks.noop", "worker", "-P", "prefork", "-c", "2",
                   "--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "ERROR"]  # fmt: skip
        self.process = subprocess.Popen(command, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextmanager
def noop_worker(**env: str) -> Iterator[NoopWorker]:
    import redis

    prefix = f"nps-noop-{uuid.uuid4().hex[:8]}:"
    worker = NoopWorker({**os.environ, "NOOP_PREFIX": prefix, **env}, redis.Redis.from_url(os.environ["REDIS_URL"]))
    try:
        yield worker
    finally:
        if worker.process is not None:
            worker.process.terminate()
            worker.process.wait(60)
        for key in worker.server.scan_iter(prefix + "*", count=1000):
            worker.server.delete(key)


def rate_of_noop() -> float:
    """Tasks a second, from the first that is taken to an empty queue."""
    with noop_worker() as worker:
        publish = f"import tests.benchmarks.noop as m\n[m.noop.delay(n) for n in range({TASKS})]"
        subprocess.run([sys.executable, "-c", publish], env=worker.env, check=True)
        queue, taken = worker.env["NOOP_PREFIX"] + "celery", worker.env["NOOP_PREFIX"] + "unacked"
        full = worker.server.llen(queue)
        worker.start()
        while worker.server.llen(queue) == full:
            time.sleep(0.002)
        start = time.perf_counter()
        while worker.server.llen(queue) or worker.server.hlen(taken):
            time.sleep(0.01)
        return full / (time.perf_counter() - start)


# --- from accepted to assigned ---------------------------------------------------------------------------------


def latency() -> None:
    noop = round_trips()
    print(
        f"no-op round trip   p50 {statistics.median(noop) * 1000:7.1f} ms   p95 {p95(noop) * 1000:7.1f} ms", flush=True
    )
    accept_to_assigned(noop)


def tell_latency(ours: list[float], noop: list[float]) -> None:
    print(f"accept to assigned p50 {statistics.median(ours) * 1000:7.1f} ms   p95 {p95(ours) * 1000:7.1f} ms")
    print(f"p95 accept to assigned / p95 no-op round trip: {p95(ours) / p95(noop):.2f} (at most 10)", flush=True)


def at_rate(act: Callable[[int], None]) -> None:
    """Call `act` so many times a second, each in its own thread so that none waits for another.

    It is given numbers from 0 on, and before those negative ones for what counts for nothing.
    """
    threads = []
    begun = time.perf_counter()
    for n in range(-PER_SECOND * WARMING, PER_SECOND * SECONDS):
        time.sleep(max(0.0, begun + WARMING + n / PER_SECOND - time.perf_counter()))
        threads.append(threading.Thread(target=act, args=(n,)))
        threads[-1].start()
    for thread in threads:
        thread.join(60)


def round_trips() -> list[float]:
    with noop_worker(NOOP_BACKEND=os.environ["REDIS_URL"]) as worker:
        worker.start()
        os.environ.update(NOOP_PREFIX=worker.env["NOOP_PREFIX"], NOOP_BACKEND=worker.env["NOOP_BACKEND"])
        from tests.benchmarks.noop import noop

        noop.delay(0).get(timeout=60)
        took: list[float] = []

        def act(n: int) -> None:
            start = time.perf_counter()
            noop.delay(n).get(timeout=60)
            if n >= 0:
                took.append(time.perf_counter() - start)

        at_rate(act)
    return took


def accept_to_assigned(noop: list[float]) -> None:
    import psycopg

    from tests.stack import Stack

    with Stack(parts=("web", "worker"), sweep_seconds=30) as stack:
        key = _key(stack.manage("create_api_key", "bench", "--scope", "write").stdout)
        stack.manage("shell", "-c", CREW)
        accepted: dict[str, float] = {}
        given: dict[str, float] = {}
        watching, over = threading.Event(), threading.Event()

        def watch() -> None:
            with psycopg.connect(stack.database, autocommit=True) as connection:
                connection.execute(TOLD_WHEN_GIVEN)
                connection.execute("LISTEN given")
                watching.set()
                while not over.is_set():
                    for told in connection.notifies(timeout=0.2):
                        given.setdefault(told.payload, time.perf_counter())

        def act(n: int) -> None:
            body = {
                "score": 3, "comment": "We waited eleven days.", "external_id": f"bench-{n}",
                "email": f"c{n}@client.example", "name": f"Customer {n}",
            }  # fmt: skip
            request = urllib.request.Request(
                f"{stack.url}/api/v1/responses/", json.dumps(body).encode(),
                {"Content-Type": "application/json", "Authorization": f"Bearer {key}"},
            )  # fmt: skip
            with urllib.request.urlopen(request, timeout=60) as answer:
                assert answer.status == 201, answer.status
            if n >= 0:
                accepted[f"bench-{n}"] = time.perf_counter()

        watcher = threading.Thread(target=watch)
        watcher.start()
        assert watching.wait(60)
        at_rate(act)
        end = time.perf_counter() + 60
        while not given.keys() >= accepted.keys() and time.perf_counter() < end:
            time.sleep(0.05)
        over.set()
        watcher.join()
        assert given.keys() >= accepted.keys(), f"{len(accepted.keys() - given)} were not given within a minute"
        # Before the stack goes, since dropping its database can take a while.
        tell_latency([max(given[number] - at, 0.0) for number, at in accepted.items()], noop)


# Whoever asks again and again takes a good part of a processor from those who are measured.
TOLD_WHEN_GIVEN = """
CREATE FUNCTION tell_given() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_notify('given', external_id) FROM surveys_response WHERE id = NEW.response_id;
    RETURN NULL;
END $$;
CREATE TRIGGER tell_given AFTER UPDATE OF owner_id ON followups_ticket FOR EACH ROW
    WHEN (OLD.owner_id IS NULL AND NEW.owner_id IS NOT NULL) EXECUTE FUNCTION tell_given();
"""


def _key(told: str) -> str:
    return next(word for word in told.split() if word.startswith("npsl_"))


CREW = """
from followups.models import Member, Team
from nps_loop.people.models import User
team = Team.objects.get(is_default=True)
for n in range(4):
    user = User.objects.create(username=f"agent{n}", first_name=f"Agent{n}", email=f"agent{n}@office.example")
    Member.objects.create(team=team, user=user, capacity=100_000)
"""


def p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[18]


# --- running it ------------------------------------------------------------------------------------------------


def start_django(url: str) -> None:
    import logging

    import django

    os.environ.update(DATABASE_URL=url, ENV_FILE=os.devnull, SECRET_KEY="only-for-benchmarks", DEBUG="false")
    os.environ["DJANGO_SETTINGS_MODULE"] = "nps_loop.settings"
    os.environ["REDIS_KEY_PREFIX"] = f"nps-bench-{uuid.uuid4().hex[:8]}:"
    django.setup()
    logging.disable(logging.WARNING)


def backlog(tickets: int, runs: int, *, acknowledge: bool) -> None:
    fill(tickets, acknowledge=acknowledge)
    ours, queries, noops, bare, most, own = [], [], [], [], [], []
    for _run in range(runs):
        noops.append(rate_of_noop())
        bare_table()
        bare.append(rate_of_update(BARE_TAKEN, BARE))
        bare_table()
        most.append(rate_of_update(BARE_TAKEN, BARE, BARE_MOST))
        as_it_was()
        own.append(rate_of_update(tickets, OURS))
        as_it_was()
        rate, cost = rate_of_rounds(tickets)
        ours.append(rate)
        queries.append(cost)
    for name, rates in (
        ("no-op tasks, worker of two", noops),
        ("batch UPDATE, 1,000 bare rows", bare),
        ("batch UPDATE, 10,000 bare rows", most),
        ("batch UPDATE, our table", own),
        ("assign_waiting", ours),
    ):
        print(f"{name:30} {statistics.median(rates):9,.0f} a second   ({min(rates):,.0f} to {max(rates):,.0f})")
    rate = statistics.median(ours)
    print(f"queries per 1,000 tickets: {max(queries):.1f} (at most 15)")
    print(f"ratio to no-op tasks:                  {rate / statistics.median(noops):6.2f} (at least 10)")
    print(f"ratio to 1,000 bare rows a statement:  {rate / statistics.median(bare):6.3f} (at least 0.15)")
    print(f"ratio to 10,000 bare rows a statement: {rate / statistics.median(most):6.3f}")
    print(f"ratio to batch UPDATE, our table:      {rate / statistics.median(own):6.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tickets", nargs="?", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--acknowledge", action="store_true")
    parser.add_argument("--latency", action="store_true")
    options = parser.parse_args()
    if options.latency:
        latency()
        return
    from tests.databases import copy_migrated_postgres, drop_postgres

    server = os.environ["DATABASE_URL"]
    url = copy_migrated_postgres(server, f"nps_assign_bench_{uuid.uuid4().hex[:6]}")
    try:
        start_django(url)
        backlog(options.tickets, options.runs, acknowledge=options.acknowledge)
        from django.db import connection

        connection.close()
    finally:
        drop_postgres(url)


if __name__ == "__main__":
    main()
