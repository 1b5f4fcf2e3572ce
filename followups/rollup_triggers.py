"""How a change of any row marks the days whose figures it may change: triggers, so that no writer can forget to.

On PostgreSQL rows that come or go mark once per statement, and a change only where a column that matters has another
value than before, once per transaction: what it has marked stands in a setting of its own, which ends with it, goes
back with its savepoints, and is emptied where marks are deleted. On SQLite triggers are per row, and a day that is
marked already is not marked again. The triggers are compared with this page after every `migrate` and made anew where
they differ: SQLite forgets them when a migration rewrites their table.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from followups.reports.metrics.signals import CORRECTED, HURRY

PREFIX = "followups_rollup"
# The setting that holds what a transaction has marked, and how much of it is remembered: what is not is marked again.
MARKED, MOST_REMEMBERED = "nps_loop.marked", 4_000


@dataclass(frozen=True, slots=True)
class Marking:
    """Days to mark on account of a row `r`: of `kind`, the `day` of each row of `tables` for which `where` holds."""

    kind: str
    day: str = "r.day"
    tables: tuple[str, ...] = ()
    where: str = ""


@dataclass(frozen=True, slots=True)
class Watch:
    """What a row of `table` marks when it comes or goes, or when one of `columns` gets another value."""

    table: str
    columns: tuple[str, ...]
    markings: tuple[Marking, ...]
    # Rows that come may affect nothing yet: then only changes mark.
    coming: bool = True
    name: str = ""

    @property
    def trigger(self) -> str:
        return f"{PREFIX}_{self.name or self.table.split('_', 1)[1]}"


def _of_its_ticket(where: str = "", kind: str = "tickets") -> Marking:
    joined = "t.id = r.ticket_id" + (f" AND {where}" if where else "")
    return Marking(kind, "t.day", ("followups_ticket t",), joined)


_TICKET_OF_ANSWER = ("followups_ticket t",), "t.response_id = r.id"
# A later answer of the same person speaks about cases of theirs that were closed before.
_EARLIER_CASES = Marking(
    "recovery", "t.day", ("followups_ticket t",),
    "t.contact_id = r.contact_id AND t.closed_at < r.responded_at AND r.excluded_as = ''",
)  # fmt: skip
_ASKED_BY_QUESTION = Marking(
    "recovery", "t.day", ("surveys_invitation i", "followups_ticket t"),
    "i.response_id = r.id AND t.response_id = i.recovers_id",
)  # fmt: skip
# What an answer is grouped by.
_GROUPS = (
    "touchpoint_id", "survey_kind", "product", "segment", "region", "account_id", "account_owner_id", "language",
    "source_id", "attributes",
)  # fmt: skip


def _of_answers(column: str) -> tuple[Marking, ...]:
    """Every day with an answer, or a ticket, that holds the row in this column."""
    of_answer = ("surveys_response a",)
    of_ticket = ("surveys_response a", "followups_ticket t")
    return (
        Marking("answers", "a.day", of_answer, f"a.{column} = r.id"),
        Marking("tickets", "t.day", of_ticket, f"a.{column} = r.id AND t.response_id = a.id"),
        Marking("recovery", "t.day", of_ticket, f"a.{column} = r.id AND t.response_id = a.id"),
    )


# `near(a, b)`: two moments that lie at most `HURRY` apart. SQLite's moments lose what is under a second on the way.
_NEAR = re.compile(r"near\(([\w.]+), ([\w.]+)\)")
_AS_NEAR = {
    "postgresql": r"\1 BETWEEN \2 - interval '{0} seconds' AND \2 + interval '{0} seconds'",
    "sqlite": r"\1 BETWEEN datetime(\2, '-{0} seconds') AND datetime(\2, '+{0} seconds')",
}
_NEAR_SECONDS = int(HURRY.total_seconds()) + 2

_EVERY_DAY = (Marking("", "d.day", ("followups_rollupday d",), "d.kind IN ('answers', 'tickets', 'recovery')"),)

# A pause, a ticket that is taken up again, and one that goes by the calendar of its team or of nobody.
_PAUSE = "'waiting_on_customer' IN (r.from_state, r.to_state)"
_AGAIN = "r.from_state IN ('resolved', 'closed') AND r.to_state = 'assigned'"
_NO_CALENDAR = (
    "NOT EXISTS (SELECT 1 FROM followups_deadline d WHERE d.ticket_id = t.id AND d.cycle = 0"
    " AND d.target IN ('first_contact', 'resolution'))"
)

WATCHED: tuple[Watch, ...] = (
    Watch(
        "surveys_response",
        ("day", "score", "excluded_as", "team_id_then", *_GROUPS),
        (Marking("answers"),),
    ),
    # The rest of what an answer changes is about cases; a table of its own so that a score marks no case.
    Watch(
        "surveys_response",
        _GROUPS,
        (
            Marking("tickets", "t.day", *_TICKET_OF_ANSWER),
            Marking("recovery", "t.day", *_TICKET_OF_ANSWER),
        ),
        coming=False,
        name="response_of_ticket",
    ),
    Watch(
        "surveys_response",
        ("excluded_as", "band", "contact_id", "responded_at", "survey_id", "touchpoint_id"),
        (_EARLIER_CASES, _ASKED_BY_QUESTION, Marking("recovery", "t.day", *_TICKET_OF_ANSWER)),
        name="response_heard",
    ),
    Watch(
        "followups_ticket",
        (
            "day", "team_id", "band", "owner_id", "response_id", "account_id", "state", "closed_as", "dismissed_as",
            "cycle", "received_at",
            "nobody_to_reach", "left_in_peace", "told_at", "responded_at", "first_contact_at", "resolved_at",
            "closed_at", "resolution_due_at",
        ),
        (Marking("tickets"), Marking("signals")),
    ),
    Watch(
        "followups_ticket",
        (
            "day", "team_id", "band", "owner_id", "response_id", "account_id", "contact_id", "closed_at", "cycle",
            "state", "closed_as", "dismissed_as", "nobody_to_reach", "left_in_peace", "resolution_due_at",
        ),
        # Before it was closed for the first time, nobody is asked again.
        (Marking("recovery", where="r.closed_at IS NOT NULL OR r.cycle > 0"),),
        name="ticket_heard",
    ),
    Watch(
        "followups_deadline",
        ("ticket_id", "cycle", "target", "met_at", "due_at", "policy_id", "minutes", "clock"),
        (_of_its_ticket("r.cycle = 0 AND r.target = 'first_contact'"),),
    ),
    # By which calendar a ticket's working time is counted, and when it stood still or was taken up again.
    Watch(
        "followups_deadline",
        ("ticket_id", "cycle", "target", "ordinal", "calendar_id"),
        (_of_its_ticket("r.cycle = 0 AND r.target IN ('first_contact', 'resolution')"),),
        name="deadline_calendar",
    ),
    Watch(
        "followups_event",
        ("ticket_id", "verb", "from_state", "to_state", "data", "happened_at"),
        (_of_its_ticket(f"({_PAUSE} OR {_AGAIN})"), _of_its_ticket(f"r.verb = '{CORRECTED}'", "signals")),
    ),
    Watch(
        "followups_team",
        ("calendar_id",),
        (Marking("tickets", "t.day", ("followups_ticket t",), f"t.team_id = r.id AND {_NO_CALENDAR}"),),
        coming=False,
        name="team_calendar",
    ),
    # The hours of one that is in use never change; whoever changes them by hand marks everything.
    Watch(
        "followups_calendar",
        ("zone", "weekly", "closed_days"),
        (Marking("tickets", "d.day", ("followups_rollupday d",), "d.kind = 'tickets'"),),
        coming=False,
        name="calendar_hours",
    ),
    Watch(
        "followups_calendar",
        ("is_active",),
        (Marking("tickets", "t.day", ("followups_ticket t",), f"t.team_id IS NULL AND {_NO_CALENDAR}"),),
        name="calendar",
    ),
    Watch("followups_verdict", ("ticket_id", "choice"), (_of_its_ticket("r.choice = 'not_yet'"),)),
    Watch(
        "followups_dismissalrequest",
        ("ticket_id", "approved"),
        (_of_its_ticket("r.approved"), _of_its_ticket("r.approved", "recovery")),
    ),
    Watch(
        "followups_dismissalrequest",
        ("ticket_id", "approved", "asked_by_id", "asked_at", "decided_by_id", "decided_at"),
        (_of_its_ticket(kind="signals"),),
        name="dismissal_signals",
    ),
    Watch("followups_resolution", ("ticket_id", "cycle", "root_cause_id", "voided_at"), (_of_its_ticket(),)),
    Watch(
        "followups_resolution",
        ("ticket_id", "cycle", "by_id", "told", "message_id", "together", "happened_at", "voided_at"),
        (
            _of_its_ticket(kind="signals"),
            # What the same person resolved just before and after may be, or no longer be, in a hurry.
            Marking(
                "signals", "t.day", ("followups_resolution n", "followups_ticket t"),
                "n.by_id = r.by_id AND near(n.happened_at, r.happened_at) AND t.id = n.ticket_id",
            ),
        ),
        name="resolution_signals",
    ),
    Watch(
        "followups_contactattempt",
        ("ticket_id", "cycle", "outcome", "happened_at", "voided_at"),
        (_of_its_ticket(kind="signals"),),
    ),
    Watch(
        "followups_action",
        ("ticket_id", "state", "due_at", "done_at", "first_promised_at"),
        tuple(_of_its_ticket("r.first_promised_at IS NOT NULL", kind) for kind in ("tickets", "signals")),
    ),
    Watch(
        "followups_actionmove",
        ("action_id", "from_at", "to_at", "happened_at"),
        tuple(
            Marking(
                kind, "t.day", ("followups_action a", "followups_ticket t"),
                "a.id = r.action_id AND a.first_promised_at IS NOT NULL AND t.id = a.ticket_id",
            )
            for kind in ("tickets", "signals")
        ),
    ),
    Watch(
        "surveys_invitation",
        ("day", "survey_id", "touchpoint_id", "state", "stopped_by"),
        (Marking("invitations"),),
    ),
    Watch(
        "surveys_invitation",
        ("recovers_id", "sent_at", "state", "response_id"),
        (Marking("recovery", "t.day", ("followups_ticket t",), "t.response_id = r.recovers_id"),),
        name="invitation_heard",
    ),
    # What groups are called by. Rare, so that looking for every day they were on costs little.
    Watch("surveys_account", ("business_units",), _of_answers("account_id"), coming=False),
    Watch("surveys_touchpoint", ("slug", "brand_id"), _of_answers("touchpoint_id"), coming=False),
    Watch("surveys_source", ("brand_id",), _of_answers("source_id"), coming=False),
    Watch("surveys_brand", ("slug", "is_default"), _EVERY_DAY, name="brand"),
)  # fmt: skip


def statements(vendor: str) -> dict[str, list[str]]:
    """The SQL that makes the triggers, by the name of each trigger."""
    build = _for_postgresql if vendor == "postgresql" else _for_sqlite
    found: dict[str, list[str]] = {}
    for watch in WATCHED:
        found |= build(watch)
    near = _AS_NEAR[vendor].format(_NEAR_SECONDS)
    found = {name: [_NEAR.sub(near, one) for one in sql] for name, sql in found.items()}
    return found | (_forgetting() if vendor == "postgresql" else {})


def _select(marking: Marking, row: str, source: str = "") -> str:
    """The days to mark for `row`, a name like NEW; or for all of a transition table, `source`."""
    kind = f"'{marking.kind}'" if marking.kind else "d.kind"
    tables = ", ".join(([f"{source} r"] if source else []) + list(marking.tables))
    sql = f"SELECT DISTINCT {kind} AS kind, {marking.day} AS day"
    sql += f" FROM {tables}" if tables else ""
    sql += f" WHERE {marking.where}" if marking.where else ""
    return sql if source else re.sub(r"\br\.", f"{row}.", sql)


def _for_postgresql(watch: Watch) -> dict[str, list[str]]:
    name, insert = watch.trigger, "INSERT INTO followups_rollupmark (kind, day)"
    found: dict[str, list[str]] = {}

    def add(suffix: str, when: str, body: str) -> None:
        found[f"{name}_{suffix}"] = [
            f"CREATE OR REPLACE FUNCTION {name}_{suffix}() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {body} RETURN NULL; END $$",
            f"CREATE TRIGGER {name}_{suffix} {when} EXECUTE FUNCTION {name}_{suffix}()",
        ]

    of_all = "; ".join(f"{insert} {_select(marking, '', 'rows_of')}" for marking in watch.markings) + ";"
    if watch.coming:
        added = f"AFTER INSERT ON {watch.table} REFERENCING NEW TABLE AS rows_of FOR EACH STATEMENT"
        gone = f"AFTER DELETE ON {watch.table} REFERENCING OLD TABLE AS rows_of FOR EACH STATEMENT"
        add("came", added, of_all)
        add("went", gone, of_all)
    both = "; ".join(_marking_once(marking) for marking in watch.markings)
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in watch.columns)
    if all(marking.where and not marking.tables for marking in watch.markings):
        # Said before the function is called: most changes are none that these mark.
        own = " OR ".join(re.sub(r"\br\.", f"{row}.", each.where) for each in watch.markings for row in ("OLD", "NEW"))
        changed = f"({changed}) AND ({own})"
    columns = ", ".join(watch.columns)
    add("moved", f"AFTER UPDATE OF {columns} ON {watch.table} FOR EACH ROW WHEN ({changed})", f"{both};")
    return found


def _marking_once(marking: Marking) -> str:
    """What marks for OLD and NEW; days of the row itself that the transaction marked before are left alone."""
    insert = "INSERT INTO followups_rollupmark (kind, day)"
    if marking.tables:
        return f"{insert} {_select(marking, 'OLD')} UNION {_select(marking, 'NEW')}"
    marked, one = f"coalesce(current_setting('{MARKED}', true), '')", f"'{marking.kind} ' || NEW.day || ';'"
    return (
        f"IF OLD.day <> NEW.day OR strpos({marked}, {one}) = 0 THEN"
        f" {insert} {_select(marking, 'OLD')} UNION {_select(marking, 'NEW')};"
        # Of a row that moved, the day it came to may be unmarked: what was found may have been the other one.
        f" IF FOUND AND OLD.day = NEW.day THEN"
        f" PERFORM set_config('{MARKED}', right({marked} || {one}, {MOST_REMEMBERED}), true); END IF;"
        " END IF"
    )


def _forgetting() -> dict[str, list[str]]:
    """Whoever deletes marks and changes something after that, in one transaction, marks again. PostgreSQL."""
    name = f"{PREFIX}_marks_gone"
    return {
        name: [
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN PERFORM set_config('{MARKED}', '', true); RETURN NULL; END $$",
            f"CREATE TRIGGER {name} AFTER DELETE OR TRUNCATE ON followups_rollupmark FOR EACH STATEMENT"
            f" EXECUTE FUNCTION {name}()",
        ]
    }


def _for_sqlite(watch: Watch) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}

    def add(suffix: str, when: str, rows: tuple[str, ...]) -> None:
        body = "; ".join(
            "INSERT INTO followups_rollupmark (kind, day) SELECT n.kind, n.day FROM"  # noqa: S608
            f" ({_select(marking, row)}) n WHERE NOT EXISTS"
            " (SELECT 1 FROM followups_rollupmark m WHERE m.kind = n.kind AND m.day = n.day)"
            for marking in watch.markings
            for row in rows
        )
        found[f"{watch.trigger}_{suffix}"] = [f"CREATE TRIGGER {watch.trigger}_{suffix} {when} BEGIN {body}; END"]

    if watch.coming:
        add("came", f"AFTER INSERT ON {watch.table} FOR EACH ROW", ("NEW",))
        add("went", f"AFTER DELETE ON {watch.table} FOR EACH ROW", ("OLD",))
    changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in watch.columns)
    columns = ", ".join(watch.columns)
    add("moved", f"AFTER UPDATE OF {columns} ON {watch.table} FOR EACH ROW WHEN {changed}", ("OLD", "NEW"))
    return found


def ensure(connection: BaseDatabaseWrapper) -> int:
    """Make the triggers that are not there, or not as written here; drop those that are too many. Returns how many."""
    wanted = statements(connection.vendor)
    there = _there(connection)
    digests = {name: _digest(sql) for name, sql in wanted.items()}
    wrong = [name for name in {*there, *wanted} if there.get(name, ("", ""))[1] != digests.get(name)]
    with connection.cursor() as cursor:
        for name in sorted(wrong):
            if name in there:
                _drop(cursor, connection.vendor, name, there[name][0])
            for sql in wanted.get(name, ()):
                cursor.execute(sql)
            if name in wanted and connection.vendor == "postgresql":
                cursor.execute(f"COMMENT ON FUNCTION {name}() IS '{digests[name]}'")
    return len(wrong)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop every trigger of rollups, for whoever takes their tables away or fills others by the million."""
    with connection.cursor() as cursor:
        for name, (table, _digest_there) in sorted(_there(connection).items()):
            _drop(cursor, connection.vendor, name, table)


def _there(connection: BaseDatabaseWrapper) -> dict[str, tuple[str, str]]:
    """Table and digest of each trigger there is, by its name."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT t.tgname, t.tgrelid::regclass::text, coalesce(obj_description(t.tgfoid, 'pg_proc'), '')"
                " FROM pg_trigger t WHERE t.tgname LIKE %s AND NOT t.tgisinternal",
                [PREFIX.replace("_", r"\_") + r"\_%"],
            )
            return {name: (table, digest) for name, table, digest in cursor.fetchall()}
        cursor.execute(
            "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s ESCAPE '\\'",
            [PREFIX.replace("_", r"\_") + r"\_%"],
        )
        return {name: (table, _digest([sql])) for name, table, sql in cursor.fetchall()}


def _drop(cursor: Any, vendor: str, name: str, table: str) -> None:
    if vendor == "postgresql":
        cursor.execute(f"DROP TRIGGER {name} ON {table}")
        cursor.execute(f"DROP FUNCTION {name}()")
    else:
        cursor.execute(f"DROP TRIGGER {name}")


def _digest(sql: list[str]) -> str:
    # SQLite writes the words of CREATE TRIGGER back as it was given them.
    return hashlib.sha256("\n".join(sql).encode()).hexdigest()[:32]


def after_migrate(using: str = DEFAULT_DB_ALIAS, **_kwargs: Any) -> None:
    """Receives `post_migrate`: the triggers are as written here, if their table of marks is there."""
    connection = connections[using]
    if "followups_rollupmark" in connection.introspection.table_names():
        ensure(connection)
