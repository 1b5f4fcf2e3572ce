"""One tick of the clocks at many tickets beside the same at a thousand, with 300 due in both, on PostgreSQL.

    DATABASE_URL=postgres:///any .venv/bin/python -m tests.benchmarks.bench_clocks [TICKETS] [--rounds 5]

Makes two databases, one with 1,000 tickets and one with TICKETS (1,000,000 unless told), and lets both climb the
ladders of the same 300 deadlines, in turns: everything a tick does is rolled back, so that each finds the same. Prints
the plans of what a tick looks for, how many rows each touches, the medians and their ratio; then the same for every
other part of the clocks. Drops both databases at the end.

Every fourth ticket is live and has two running deadlines, so that at a million half a million of them have a step
before them; the others are closed, with deadlines that were met.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.benchmarks.bench_finding import start_django

FEW = 1_000
DUE = 300
BATCH = 100_000


def fill(tickets: int) -> None:
    """So many tickets with answers, customers and deadlines, written by SQL. 300 deadlines reach their time now."""
    from django.db import connection

    from followups.models import SlaPolicy
    from tests import factories

    now = datetime.now(UTC).replace(microsecond=0)
    lead, agents = factories.make_user("Tomas Ruiz"), tuple(factories.make_user() for _ in range(20))
    teams = [
        factories.make_team(lead=lead, agents=agents[n * 5 : n * 5 + 5], director=factories.make_user()).pk
        for n in range(4)
    ]
    policy = SlaPolicy.objects.get(slug="detractor-48h")
    ids = {
        "now": now, "source": factories.make_source().pk, "brand": factories.make_brand().pk, "policy": policy.pk,
        "calendar": factories.make_calendar().pk, "teams": teams, "owners": [agent.pk for agent in agents], "due": DUE,
    }  # fmt: skip
    with connection.cursor() as cursor:
        # No triggers: nobody searches here, and the rows point to where they should.
        cursor.execute("SET session_replication_role = replica")
        for start in range(1, tickets + 1, BATCH):
            span = {**ids, "start": start, "end": min(start + BATCH - 1, tickets)}
            for statement in ROWS:
                cursor.execute(statement, span)
    connection.close()
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


# The first 300 deadlines of live tickets were due a minute ago, and their owners were warned.
ROWS = (
    "INSERT INTO surveys_contact (id, name, search_name, first_name, role, email, phone, language, time_zone,"
    " preferred_channel, good_time, is_shared_mailbox, do_not_contact, created_at)"
    " SELECT n, 'Customer ' || n, 'customer ' || n, '', '', 'c' || n || '@client.example', '', 'en', '', '', '', false,"
    " false, now() FROM generate_series(%(start)s, %(end)s) n",
    "INSERT INTO surveys_response (id, source_id, external_id, survey_kind, score, band, verbatim, search_text, language,"
    " driver, product, attributes, contact_id, segment, region, responded_at, received_at, undated, day, is_history,"
    " follow_up, acknowledge, excluded_as, excluded_reason, version_at, content_digest, revision, decided_revision,"
    " decide_attempts, decide_error)"
    " SELECT n, %(source)s, 'r' || n, 'relational', 3, 'detractor', 'Late.', '', 'en', '', '', '{}', n, 'key', 'North',"
    " t, t, false, t::date, false, 'auto', true, '', '', t, md5(n::text), 1, 1, 0, ''"
    " FROM generate_series(%(start)s, %(end)s) n, LATERAL (SELECT %(now)s - interval '2 days' AS t) x",
    "INSERT INTO followups_conversation (id, contact_id, brand_id, thread_root, generation, opened_at)"
    " SELECT n, n, %(brand)s, '', 1, now() FROM generate_series(%(start)s, %(end)s) n",
    "INSERT INTO followups_ticket (id, response_id, conversation_id, contact_id, brand_id, team_id, owner_id, state,"
    " closed_as, dismissed_as, cycle, version, score, band, nobody_to_reach, left_in_peace, on_hold, hold_reason,"
    " customer_waits, opened_at, responded_at, received_at, day, changed_at, due_at, due_for, bonus, rank, waiting_from,"
    " wait_count, silent_step)"
    " SELECT r.id, r.id, r.id, r.contact_id, %(brand)s, (%(teams)s::bigint[])[1 + r.id %% 4],"
    " (%(owners)s::bigint[])[1 + r.id %% 20],"
    " CASE WHEN r.id %% 4 = 0 THEN 'assigned' ELSE 'closed' END, CASE WHEN r.id %% 4 = 0 THEN '' ELSE 'confirmed' END,"
    " '', 0, 1, 3, 'detractor', false, false, false, '', false, r.received_at, r.responded_at, r.received_at, r.day,"
    " r.received_at, CASE WHEN r.id %% 4 = 0 AND (r.id / 4 - 1) * 2 < %(due)s THEN %(now)s - interval '1 minute'"
    " ELSE %(now)s + interval '5 days' END, 'first_contact', '[]', 0, '', 0, 0"
    " FROM surveys_response r WHERE r.id BETWEEN %(start)s AND %(end)s",
    "INSERT INTO followups_deadline (ticket_id, cycle, target, ordinal, clock, policy_id, calendar_id, starts_at,"
    " minutes, due_at, met_at, next_step_at, next_step)"
    " SELECT t.id, 0, CASE k WHEN 0 THEN 'first_contact' ELSE 'resolution' END, 0, 'customer', %(policy)s, %(calendar)s,"
    " t.responded_at, 2880, due, CASE WHEN t.state = 'closed' THEN t.responded_at END,"
    " CASE WHEN t.state = 'assigned' THEN due END, CASE WHEN t.state = 'assigned' THEN 'late' ELSE '' END"
    " FROM followups_ticket t, generate_series(0, 1) k, LATERAL (SELECT CASE"
    "  WHEN t.id %% 4 = 0 AND (t.id / 4 - 1) * 2 + k < %(due)s THEN %(now)s - interval '1 minute'"
    "  ELSE %(now)s + interval '5 days' + (t.id %% 100000) * interval '1 second' END AS due) d"
    " WHERE t.id BETWEEN %(start)s AND %(end)s",
    "INSERT INTO followups_escalation (ticket_id, cycle, target, ordinal, level, happened_at, told_at, told_to, untold)"
    " SELECT d.ticket_id, 0, d.target, 0, 'soon', %(now)s - interval '3 hours', %(now)s - interval '3 hours', '[]', ''"
    " FROM followups_deadline d WHERE d.ticket_id BETWEEN %(start)s AND %(end)s"
    " AND (d.met_at IS NOT NULL OR d.next_step_at < %(now)s)",
    "INSERT INTO followups_action (ticket_id, cycle, title, owner_id, state, due_at, planned_at, what_changed,"
    " dropped_reason, note, warned_for, late_told_for)"
    " SELECT t.id, 0, 'Send the list', t.owner_id, 'open', d, %(now)s, '', '', '', d, d FROM followups_ticket t,"
    " LATERAL (SELECT %(now)s - interval '9 days' AS d) x"
    " WHERE t.id BETWEEN %(start)s AND %(end)s AND t.id %% 40 = 0",
)


def looks(now: datetime) -> dict[str, Any]:
    """What each part of the clocks looks for."""
    from followups.clocks import climbing, promises, telling, unassigned
    from followups.models import Ticket
    from followups.models.work import UNTOLD, UNWARNED

    return {
        "ladders, due": climbing.due(now)[: climbing.BATCH],
        "escalations, to tell": telling.due(now)[: telling.BATCH],
        "promises, to warn of": promises.due(UNWARNED, now + timedelta(hours=3))[: promises.BATCH],
        "promises, broken": promises.due(UNTOLD, now)[: promises.BATCH],
        "waiting, to bring back": Ticket.objects.waiting().filter(waiting_until__lte=now).order_by("waiting_until"),
        "silent": Ticket.objects.filter(state="resolved", silence_until__lte=now).order_by("silence_until"),
        "to remind": Ticket.objects.filter(state="resolved", remind_at__lte=now).order_by("remind_at"),
        "unassigned": unassigned.untold(now).order_by("opened_at", "pk"),
    }


def measure(rounds: int) -> dict[str, Any]:
    """Seconds of each tick, what it touched, and the plans."""
    from django.db import connection, transaction

    from followups import clocks
    from followups.models import Escalation
    from nps_loop.celery import without_ringing
    from nps_loop.mail.models import Message

    now = datetime.now(UTC)
    seconds: dict[str, list[float]] = {"climb and tell": [], "all other clocks": []}
    touched = 0

    def others() -> None:
        clocks.bring_back_waiting(now=now)
        clocks.acknowledge_the_unassigned(now=now)
        clocks.close_the_silent(now=now)
        clocks.remind_once(now=now)
        clocks.warn_of_promises_in_danger(now=now)
        clocks.tell_of_broken_promises(now=now)

    def tick() -> None:
        clocks.escalate(now=now)

    parts: dict[str, Callable[[], None]] = {"climb and tell": tick, "all other clocks": others}
    with without_ringing():
        for turn in range(rounds + 1):
            for name, part in parts.items():
                with transaction.atomic():
                    before = Escalation.objects.filter(level="late").count() if name == "climb and tell" else 0
                    begun = time.perf_counter()
                    part()
                    took = time.perf_counter() - begun
                    if name == "climb and tell":
                        touched = Escalation.objects.filter(level="late").count() - before
                        assert Message.objects.exists()
                    transaction.set_rollback(True)
                if turn:
                    seconds[name].append(took)
            with connection.cursor() as cursor:
                # What was rolled back is dead weight that a real tick would not leave.
                cursor.execute("VACUUM followups_deadline, followups_escalation, mail_message")
    plans = {name: rows.explain(analyze=True, buffers=True) for name, rows in looks(now).items()}
    return {"seconds": seconds, "touched": touched, "plans": plans}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tickets", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--do", choices=["fill", "measure"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.do:
        start_django(os.environ["DATABASE_URL"])
        if options.do == "fill":
            fill(options.tickets)
        else:
            print(json.dumps(measure(options.rounds)))
        return
    from tests.databases import copy_migrated_postgres, drop_postgres

    server, name = os.environ["DATABASE_URL"], f"nps_clocks_bench_{uuid.uuid4().hex[:6]}"
    urls: dict[int, str] = {}
    try:
        for rows in (FEW, options.tickets):
            urls[rows] = copy_migrated_postgres(server, f"{name}_{rows}")
            begun = time.monotonic()
            child(urls[rows], str(rows), "--do", "fill")
            print(f"{rows:,} tickets written in {time.monotonic() - begun:.0f} s", flush=True)
        found: dict[int, dict[str, list[float]]] = {rows: {} for rows in urls}
        last: dict[int, dict[str, Any]] = {}
        for _ in range(3):
            for rows, url in urls.items():
                last[rows] = json.loads(child(url, "--do", "measure", "--rounds", str(options.rounds)))
                for part, seconds in last[rows]["seconds"].items():
                    found[rows].setdefault(part, []).extend(seconds)
        for part, plan in last[options.tickets]["plans"].items():
            print(f"\n--- {part}, at {options.tickets:,} tickets\n{plan}")
        print(f"\nsteps climbed by a tick: {last[FEW]['touched']} and {last[options.tickets]['touched']}")
        for part in found[FEW]:
            few, many = (statistics.median(found[rows][part]) for rows in urls)
            print(
                f"{part:18} {FEW:>9,}: {few * 1000:7.1f} ms   {options.tickets:>9,}: {many * 1000:7.1f} ms   "
                f"ratio {many / few:.2f}"
            )
    finally:
        for url in urls.values():
            drop_postgres(url)


def child(url: str, *arguments: str) -> str:
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.bench_clocks", *arguments],
        env={**os.environ, "DATABASE_URL": url}, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return done.stdout


if __name__ == "__main__":
    main()
