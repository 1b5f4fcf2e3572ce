"""Three years of a company's answers and tickets, written by SQL: what the benchmark of the reports reads."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

DAYS = 1_095
TEAMS, TOUCHPOINTS, AGENTS, AREAS, CAUSES = 20, 10, 5, 5, 20
BATCH = 500_000
BIG = (
    "surveys_response", "surveys_invitation", "followups_conversation", "followups_ticket", "followups_deadline",
    "followups_action", "followups_actionmove", "followups_resolution", "followups_verdict",
    "followups_dismissalrequest", "followups_contactattempt", "followups_event", "surveys_contact",
)  # fmt: skip


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
