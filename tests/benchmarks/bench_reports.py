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
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.benchmarks.bench_finding import p95, start_django

FEW = (100_000, 10_000)
ROUNDS = 3
EXPORTED = 1_000_000
BATCH = 500_000
DAYS = 1_095
TEAMS, TOUCHPOINTS, AGENTS, AREAS, CAUSES = 20, 10, 5, 5, 20
BIG = (
    "surveys_response", "surveys_invitation", "followups_conversation", "followups_ticket", "followups_deadline",
    "followups_action", "followups_actionmove", "followups_resolution", "followups_verdict",
    "followups_dismissalrequest", "followups_contactattempt", "followups_event", "surveys_contact",
)  # fmt: skip

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


# --- filling -----------------------------------------------------------------------------------------------------


def fill(answers: int, tickets: int, days: int) -> None:
    """So many answers over so many days, and so many tickets with what hangs on them, in realistic shares."""
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from followups.models import Away, SetGoal, Team
    from nps_loop.people.models import User
    from surveys.models import ReportableAttribute
    from tests import factories

    now = timezone.now()
    lead = factories.make_user("Tomas Ruiz", username="lead")
    touchpoints = [factories.make_touchpoint(f"Touchpoint {n}") for n in range(TOUCHPOINTS)]
    for n in range(TEAMS):
        agents = tuple(factories.make_user(username=f"agent-{n}-{m}") for m in range(AGENTS))
        team = factories.make_team(f"Team {n}", lead=lead, agents=agents, is_default=n == 0)
        if n:
            team.touchpoints.add(touchpoints[n % TOUCHPOINTS])
    areas = [factories.make_root_cause(f"Area {n}") for n in range(AREAS)]
    for n in range(CAUSES):
        factories.make_root_cause(parent=areas[n % AREAS])
    for position, name in enumerate(("plan", "channel"), start=1):
        ReportableAttribute.objects.create(name=name, position=position)
    for team in (None, *Team.objects.filter(name__in=("Team 1", "Team 2"))):
        for metric, target in (("on_time", 80), ("told", 60), ("confirmed", 40), ("kept", 75), ("nps", 30)):
            SetGoal.objects.create(metric=metric, team=team, target=target, valid_from=date(2000, 1, 1), set_at=now)
    for user in User.objects.filter(username__in=("agent-1-1", "agent-4-2")):
        Away.objects.create(user=user, starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=9))
    # Fewer days mean fewer answers, of as many companies and people as in the three years.
    whole = answers * DAYS // days
    fixed = {
        "source": factories.make_source().pk,
        "brand": factories.make_brand().pk,
        "survey": factories.make_survey().pk,
        "policy": factories.make_policy().pk,
        "calendar": factories.make_calendar().pk,
        "accounts": max(whole // 200, 20),
        "contacts": max(whole // 10, 20),
        "answers": answers,
        "every": max(answers // tickets, 1),
        "days": days,
        "now": now,
    }
    with connection.cursor() as cursor, bare_tables(cursor):
        write(cursor, _look_ups(cursor), fixed)
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    begun = time.perf_counter()
    call_command("rebuild_rollups")
    print(f"rollups built in {time.perf_counter() - begun:.0f} s", flush=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


@contextmanager
def bare_tables(cursor: Any) -> Iterator[None]:
    """The big tables without triggers, foreign keys and indexes, for as long as this lasts."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes i WHERE tablename = ANY(%s) AND NOT EXISTS"
        " (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname)",
        [list(BIG)],
    )
    indexes = cursor.fetchall()
    cursor.execute("SET session_replication_role = replica")
    cursor.execute("SET maintenance_work_mem = '512MB'")
    for name, _definition in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    yield
    for _name, definition in indexes:
        cursor.execute(definition)
    cursor.execute("SET session_replication_role = origin")


def _look_ups(cursor: Any) -> dict[str, list[int]]:
    found = {}
    for name, sql in {
        "teams": "SELECT id FROM followups_team ORDER BY id",
        "agents": "SELECT id FROM people_user WHERE username LIKE 'agent-%' ORDER BY id",
        "touchpoints": "SELECT id FROM surveys_touchpoint ORDER BY id",
        "causes": "SELECT id FROM followups_rootcause WHERE parent_id IS NOT NULL ORDER BY id",
    }.items():
        cursor.execute(sql)
        found[name] = [key for (key,) in cursor.fetchall()]
    return found


def write(cursor: Any, known: dict[str, list[int]], fixed: dict[str, Any]) -> None:
    """Every row, in portions."""
    every, values = fixed["every"], {**known, **fixed}
    cursor.execute(_ACCOUNTS, values)
    cursor.execute("SELECT min(id) FROM surveys_account WHERE external_id LIKE 'B-%'")
    values["account_from"] = cursor.fetchone()[0]
    cursor.execute(_CONTACTS, values)
    cursor.execute("SELECT min(id) FROM surveys_contact WHERE email LIKE '%@bench.example'")
    values["contact_from"] = cursor.fetchone()[0]
    for start in range(1, fixed["answers"] + 1, BATCH):
        cursor.execute(_ANSWERS, {**values, "start": start, "end": min(start + BATCH - 1, fixed["answers"])})
    last = fixed["answers"] // every
    for start in range(1, last + 1, BATCH):
        span = {**values, "start": start, "end": min(start + BATCH - 1, last)}
        for sql in (
            _CONVERSATIONS, _TICKETS, _DEADLINES, _ACTIONS, _MOVES, _RESOLUTIONS, _VERDICTS, _DISMISSALS, _QUESTIONS,
            _TALKS, _PAUSES, _REOPENED,
        ):  # fmt: skip
            cursor.execute(sql, span)
    cursor.execute(_INVITATIONS, values)
    for table in BIG:
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce(max(id), 1)) FROM {table}")


# A number from 0 to 99 that looks drawn, of row n and purpose `salt`.
def _percent(salt: int, n: str = "n") -> str:
    return f"(abs(hashint8({n} * 31 + {salt})::bigint) %% 100)"


# Company of a contact `{c}` (from 0): some have many, most have few.
def _company(c: str) -> str:
    return f"floor(%(accounts)s * power((abs(hashint8({c})::bigint) %% 100000) / 100000.0, 1.5))::bigint"


_ACCOUNTS = (
    "INSERT INTO surveys_account (external_id, name, search_name, segment, region, business_units, annual_value,"
    " currency, renewal_on, owner_id, is_partner, is_active, created_at) SELECT 'B-' || n, 'Company ' || n,"
    f" 'company ' || n, (ARRAY['Key account','Mid market','Small',''])[1 + {_percent(31)} %% 4],"
    f" (ARRAY['North','South','East','West','Overseas'])[1 + {_percent(32)} %% 5],"
    " CASE n %% 4 WHEN 0 THEN '[]' WHEN 1 THEN '[\"Freight\"]' WHEN 2 THEN '[\"Rail\"]' ELSE '[\"Freight\", \"Rail\"]' END"
    f"::jsonb, CASE WHEN {_percent(33)} < 90 THEN round(exp(6 + {_percent(34)} / 12.0)::numeric, -2) END,"
    f" CASE WHEN {_percent(35)} < 80 THEN 'EUR' ELSE 'CHF' END, (now() + interval '1 day' * ({_percent(36)} * 4))::date,"
    f" (%(agents)s::bigint[])[1 + {_percent(37)}], false, true, now() FROM generate_series(1, %(accounts)s) n ORDER BY n"
)
_CONTACTS = (
    "INSERT INTO surveys_contact (account_id, name, search_name, first_name, role, email, phone, language, time_zone,"
    " preferred_channel, good_time, is_shared_mailbox, do_not_contact, created_at)"
    f" SELECT %(account_from)s + {_company('n - 1')}, 'Customer ' || n, 'customer ' || n, '', '',"
    " 'c' || n || '@bench.example', '', 'en', '', '', '', false, false, now()"
    " FROM generate_series(1, %(contacts)s) n ORDER BY n"
)


def _plan(name: str) -> str:
    return f'{{"plan": "{name}", "channel": "mail"}}'


# Every so many answers are of somebody unhappy whose case follows; the later the answer, the higher its key.
_ANSWERS = (
    "INSERT INTO surveys_response (id, source_id, external_id, survey_id, survey_kind, score, band, verbatim,"
    " search_text, language, driver, product, attributes, contact_id, account_id, segment, region, team_id_then,"
    " account_owner_id, touchpoint_id, responded_at, received_at, undated, day, is_history, follow_up, acknowledge,"
    " excluded_as, excluded_reason, version_at, content_digest, revision, decided_revision, decide_attempts,"
    " decide_error)"
    " SELECT n, %(source)s, 'b' || n, CASE WHEN n %% 3 > 0 THEN %(survey)s END,"
    " (ARRAY['relational','transactional','transactional'])[1 + n %% 3], score,"
    " CASE WHEN score >= 9 THEN 'promoter' WHEN score >= 7 THEN 'passive' ELSE 'detractor' END,"
    " 'The callback came late, and the invoice was wrong again.', '', (ARRAY['en','de','es','fr',''])[1 + n %% 5], '',"
    f" (ARRAY['Planner','Billing','Portal','Mobile',''])[1 + {_percent(2)} %% 5],"
    f" (ARRAY['{_plan('basic')}','{_plan('plus')}','{_plan('premium')}','{{}}'])[1 + {_percent(38)} %% 4]::jsonb,"
    f" %(contact_from)s + n * 7 %% %(contacts)s, %(account_from)s + {_company('(n * 7 %% %(contacts)s)')},"
    f" (ARRAY['Key account','Mid market','Small',''])[1 + {_percent(3)} %% 4],"
    f" (ARRAY['North','South','East','West','Overseas'])[1 + {_percent(4)} %% 5],"
    f" CASE WHEN {_percent(5)} < 60 THEN (%(teams)s::bigint[])[1 + n %% 20] END,"
    f" CASE WHEN {_percent(5)} < 60 THEN (%(agents)s::bigint[])[1 + n %% 20 * 5 + {_percent(6)} %% 5] END,"
    f" CASE WHEN {_percent(7)} < 95 THEN (%(touchpoints)s::bigint[])[1 + {_percent(8)} %% 10] END,"
    " at, at + interval '2 minutes', false, (at AT TIME ZONE 'UTC')::date, false, 'auto', true,"
    f" CASE WHEN {_percent(9)} = 0 THEN (ARRAY['test','spam','own_staff','duplicate'])[1 + n %% 4] ELSE '' END, '', at,"
    " md5(n::text), 1, 1, 0, ''"
    " FROM (SELECT n, %(now)s::timestamptz - interval '3 hours' - (%(answers)s - n)::float8 / %(answers)s"
    " * interval '1 day' * %(days)s AS at, CASE WHEN n %% %(every)s = 0 THEN"
    f" (ARRAY[0,1,2,3,4,5,6,6,6,7,7,8,8])[1 + {_percent(1)} %% 13] ELSE"
    f" (ARRAY[10,10,10,9,9,9,9,8,8,7,7,6,10,9,9,8,10,9,7,5])[1 + {_percent(1)} %% 20] END AS score"
    " FROM generate_series(%(start)s, %(end)s) n) r"
)
_CONVERSATIONS = (
    "INSERT INTO followups_conversation (id, contact_id, brand_id, thread_root, generation, opened_at, closed_at)"
    " SELECT n, NULL, %(brand)s, '', 1, now(), now() FROM generate_series(%(start)s, %(end)s) n"
)
# Nearly everything older than three weeks is over; of what is younger, more the older it is.
_TICKETS = (
    "INSERT INTO followups_ticket (id, response_id, conversation_id, contact_id, account_id, brand_id, team_id,"
    " owner_id, state, closed_as, dismissed_as, cycle, version, score, band, nobody_to_reach, left_in_peace, on_hold,"
    " hold_reason, customer_waits, opened_at, responded_at, received_at, day, changed_at, due_at, due_for, bonus, rank,"
    " waiting_from, wait_count, silent_step, first_contact_at, resolved_at, told_at, closed_at, resolution_due_at)"
    " SELECT n, id, n, contact_id, account_id, %(brand)s, (%(teams)s::bigint[])[1 + n %% 20],"
    f" (%(agents)s::bigint[])[1 + n %% 20 * 5 + {_percent(10)} %% 5], state,"
    f" CASE WHEN state = 'closed' THEN CASE WHEN {_percent(11)} < 50 THEN 'confirmed' WHEN {_percent(11)} < 95 THEN"
    " 'unconfirmed' WHEN left_in_peace THEN 'left_in_peace' ELSE 'agreed_to_differ' END ELSE '' END,"
    f" CASE WHEN state = 'dismissed' THEN (ARRAY['duplicate','test','not_ours','mistake'])[1 + n %% 4] ELSE '' END,"
    f" CASE WHEN {_percent(12)} < 6 THEN 1 ELSE 0 END, 5, score, band, {_percent(13)} < 3, left_in_peace, false, '',"
    " false, received_at, responded_at, received_at, day, received_at + interval '1 day',"
    " CASE WHEN state IN ('closed', 'dismissed', 'resolved') THEN NULL ELSE responded_at + interval '48 hours' END,"
    " 'first_contact', '[]', extract(epoch FROM responded_at)::bigint + 172800, '', 0, 0,"
    " CASE WHEN spoken THEN contacted END, CASE WHEN state IN ('closed', 'resolved') THEN contacted + work END,"
    f" CASE WHEN state IN ('closed', 'resolved') AND {_percent(14)} < 85 THEN contacted + work END,"
    " CASE WHEN state IN ('closed', 'dismissed') THEN contacted + work + interval '3 days' END,"
    " responded_at + interval '21 days'"
    " FROM (SELECT n, r.*, contacted < %(now)s AND"
    f" {_percent(16)} < 95 AS spoken, work, contacted, {_percent(17)} < 3 AS left_in_peace,"
    " CASE WHEN contacted + work > %(now)s THEN (ARRAY['new','assigned','contacted','in_action',"
    " 'waiting_on_customer'])[CASE WHEN contacted > %(now)s THEN 2 ELSE 3 + n %% 3 END]"
    f" WHEN {_percent(18)} < 5 THEN 'dismissed' WHEN contacted + work + interval '3 days' > %(now)s THEN 'resolved'"
    " ELSE 'closed' END AS state"
    " FROM generate_series(%(start)s, %(end)s) n JOIN surveys_response r ON r.id = n * %(every)s, LATERAL (SELECT"
    f" r.responded_at + interval '1 hour' * exp({_percent(15)} / 20.0) AS contacted,"
    f" interval '1 hour' * exp(1 + {_percent(19)} / 20.0) AS work) w) t"
)
_OF_TICKETS = " FROM followups_ticket t WHERE t.id BETWEEN %(start)s AND %(end)s"
_DEADLINES = (
    "INSERT INTO followups_deadline (ticket_id, cycle, target, ordinal, clock, starts_at, minutes, due_at, calendar_id,"
    " policy_id, next_step, met_at) SELECT t.id, 0, 'first_contact', 0, 'customer', t.responded_at, 2880,"
    " t.responded_at + interval '48 hours', %(calendar)s, %(policy)s, '', t.first_contact_at"
    + _OF_TICKETS
    + " UNION ALL SELECT t.id, 0, 'resolution', 0, 'team', t.received_at, 7650, t.resolution_due_at, %(calendar)s,"
    " %(policy)s, '', t.resolved_at" + _OF_TICKETS
)
_ACTIONS = (
    "INSERT INTO followups_action (ticket_id, cycle, title, state, due_at, first_promised_at, planned_at, done_at,"
    " what_changed, dropped_reason, note, owner_id) SELECT t.id, 0, 'Correct the invoice',"
    f" CASE WHEN t.resolved_at IS NULL THEN 'open' WHEN {_percent(20, 't.id')} < 4 THEN 'dropped' ELSE 'done' END,"
    " t.responded_at + interval '5 days', t.responded_at + interval '5 days', t.responded_at,"
    f" t.resolved_at + interval '1 day' * ({_percent(21, 't.id')} / 50), '', '', '', t.owner_id{_OF_TICKETS}"
    f" AND t.first_contact_at IS NOT NULL AND {_percent(22, 't.id')} < 60"
)
_MOVES = (
    "INSERT INTO followups_actionmove (action_id, from_at, to_at, reason, happened_at) SELECT a.id, a.first_promised_at,"
    " a.due_at, 'More was broken.', a.first_promised_at - interval '1 hour' FROM followups_action a"
    " WHERE a.ticket_id BETWEEN %(start)s AND %(end)s AND a.ticket_id %% 10 = 0"
)
_RESOLUTIONS = (
    "INSERT INTO followups_resolution (ticket_id, cycle, root_cause_id, what_changed, why_it_happened, told,"
    " no_mail_reason, happened_at, differ_text, together, by_id) SELECT t.id, t.cycle,"
    f" CASE WHEN {_percent(23, 't.id')} < 90 THEN (%(causes)s::bigint[])[1 + {_percent(24, 't.id')} %% 20] END,"
    f" 'It was corrected.', 'A rule was missing.', CASE WHEN {_percent(28, 't.id')} < 90 THEN 'mail' ELSE 'not_mailed' END,"
    f" '', t.resolved_at, '', {_percent(29, 't.id')} < 5, t.owner_id{_OF_TICKETS}"
    " AND t.resolved_at IS NOT NULL"
)
_VERDICTS = (
    "INSERT INTO followups_verdict (ticket_id, cycle, choice, text, happened_at) SELECT t.id, 0,"
    f" CASE WHEN {_percent(25, 't.id')} < 10 THEN 'not_yet' ELSE 'settled' END, '', t.resolved_at{_OF_TICKETS}"
    f" AND t.resolved_at IS NOT NULL AND {_percent(25, 't.id')} < 55"
)
_DISMISSALS = (
    "INSERT INTO followups_dismissalrequest (ticket_id, reason, explanation, asked_by_id, asked_at, decided_by_id,"
    " decided_at, approved) SELECT t.id, t.dismissed_as, '', t.owner_id, t.opened_at, (%(agents)s::bigint[])[1 + t.id %% 20],"
    f" t.closed_at, {_percent(26, 't.id')} < 80{_OF_TICKETS}"
    " AND t.state = 'dismissed'"
)
_TALKS = (
    "INSERT INTO followups_contactattempt (ticket_id, cycle, by_id, channel, outcome, happened_at, recorded_at, note,"
    " line_for_customer, evidence_from) SELECT t.id, 0, t.owner_id, 'phone', 'spoke', t.first_contact_at,"
    f" t.first_contact_at, '', '', t.first_contact_at{_OF_TICKETS} AND t.first_contact_at IS NOT NULL"
)
# One in six waited for the customer for a day or two, and one in sixteen was taken up again.
_PAUSES = (
    "INSERT INTO followups_event (ticket_id, seq, cycle, actor_kind, actor_id, verb, from_state, to_state, data,"
    " happened_at, recorded_at, then_state, then_closed_as, then_dismissed_as, then_due_for, first_contact)"
    " SELECT t.id, 3 + back, 0, 'person', t.owner_id, CASE WHEN back = 0 THEN 'wait' ELSE 'go-on' END,"
    " CASE WHEN back = 0 THEN 'contacted' ELSE 'waiting_on_customer' END,"
    " CASE WHEN back = 0 THEN 'waiting_on_customer' ELSE 'in_action' END, '{}', at, at,"
    " CASE WHEN back = 0 THEN 'waiting_on_customer' ELSE 'in_action' END, '', '', '', ''"
    " FROM (SELECT t.*, back, t.first_contact_at + interval '1 hour' + back * interval '30 hours' AS at"
    f"{_OF_TICKETS.replace(' FROM followups_ticket t', ' FROM followups_ticket t, generate_series(0, 1) back')}"
    f" AND t.first_contact_at IS NOT NULL AND {_percent(30, 't.id')} < 16) t WHERE at < %(now)s"
)
_REOPENED = (
    "INSERT INTO followups_event (ticket_id, seq, cycle, actor_kind, verb, from_state, to_state, data, happened_at,"
    " recorded_at, then_state, then_closed_as, then_dismissed_as, then_due_for, first_contact)"
    " SELECT t.id, 5, 1, 'customer', 'not-yet', 'resolved', 'assigned', '{}', t.resolved_at, t.resolved_at, 'assigned',"
    f" '', '', '', ''{_OF_TICKETS} AND t.cycle = 1 AND t.resolved_at IS NOT NULL"
)
# Every second closed case is asked about again, and a third of those answer.
_QUESTIONS = (
    'INSERT INTO surveys_invitation (survey_id, contact_id, account_id, cause, reference, recovers_id, "case", state,'
    " stopped_by, stopped_about, planned_for, day, language, generation, created_at, sent_at, response_id)"
    " SELECT %(survey)s, t.contact_id, t.account_id, 'recovery', 'case:' || t.id, t.response_id, t.id,"
    f" CASE WHEN {_percent(27, 't.id')} < 33 THEN 'answered' WHEN {_percent(27, 't.id')} < 50 THEN 'expired' ELSE"
    f" 'sent' END, '', '', t.closed_at, t.day + 14, '', 1, t.closed_at, t.closed_at, CASE WHEN"
    f" {_percent(27, 't.id')} < 33 AND t.response_id + 1 <= %(answers)s THEN t.response_id + 1 END{_OF_TICKETS}"
    " AND t.closed_at < %(now)s AND t.state = 'closed' AND t.id %% 2 = 0"
)
_INVITATIONS = (
    "INSERT INTO surveys_invitation (survey_id, contact_id, touchpoint_id, cause, reference, state, stopped_by,"
    " stopped_about, planned_for, day, language, generation, created_at, sent_at) SELECT %(survey)s,"
    " %(contact_from)s + n %% %(contacts)s, (%(touchpoints)s::bigint[])[1 + n %% 10], 'cadence', 'round:' || n,"
    " (ARRAY['sent','answered','expired','stopped'])[1 + n %% 4],"
    " CASE WHEN n %% 4 = 3 THEN (ARRAY['resting','bounced'])[1 + n / 4 %% 2] ELSE '' END, '', at, at::date, '', 1, at,"
    " CASE WHEN n %% 4 = 3 THEN NULL ELSE at END FROM (SELECT n, %(now)s::timestamptz - n::float8 / (%(answers)s / 5)"
    " * interval '1 day' * %(days)s AS at FROM generate_series(1, %(answers)s / 5) n) i"
)


# --- measuring ---------------------------------------------------------------------------------------------------


def measure(requests: int) -> dict[str, Any]:
    """Seconds of each request by page, on the clock and of processors, of the answers' figures by SQL, errors of
    medians, and memory.
    """
    from django.db import connection
    from django.test import Client

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
