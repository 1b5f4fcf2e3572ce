"""Giving thousands of tickets that nobody has to be written to about one by one, in one statement and without objects.

The same as `give` for tickets without a mail of their own: owner, team, state, version, event, conversation. On
PostgreSQL one statement; SQLite, which has no arrays and no changes inside a WITH, takes one statement for many rows of
each table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from followups.models import Event, Member, Ticket
from followups.models.tickets import TicketState


@dataclass(slots=True)
class Codes:
    """Why: the round, its rule, and the load before."""

    round: int
    rule: str
    load: int

    def as_data(self, to: int) -> dict[str, Any]:
        return {"round": self.round, "rule": self.rule, "load": self.load, "to": to}


@dataclass(slots=True)
class Given:
    """One ticket to one person by the system; `state`, `cycle` and `version` are those before.

    `data` holds codes; `silent_at` is when its new owner is reminded, where nothing happens until then.
    """

    ticket: int
    conversation: int
    to: int
    team: int
    state: str
    cycle: int
    version: int
    data: Codes
    silent_at: datetime | None = None


def give_many(given: Sequence[Given], *, now: datetime) -> None:
    """Make each ticket its person's. The caller holds `assignment_lock`, and locked the tickets in this transaction."""
    if not given:
        return
    if connection.vendor == "postgresql":
        _by_one_statement(given, now)
    else:
        _row_by_row(given, now)


# The parts of a WITH see the tables as they were before it, so the events are made from what is given, not from the
# tickets.
ONE_STATEMENT = """
    WITH won AS MATERIALIZED (
        SELECT ticket, conversation, owner, team, was_new, cycle, version, (%s::text[])[rule] AS rule, load,
            silent_at
        FROM unnest(
            %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bool[], %s::int[], %s::int[], %s::int[],
            %s::int[], %s::timestamptz[]
        ) AS won(ticket, conversation, owner, team, was_new, cycle, version, rule, load, silent_at)
    ), moved AS (
        UPDATE followups_ticket SET
            owner_id = won.owner, team_id = won.team, snoozed_until = NULL, version = won.version,
            worked_at = %s::timestamptz, silent_step = 0, silent_at = won.silent_at,
            changed_at = %s::timestamptz, assigned_at = coalesce(assigned_at, %s::timestamptz),
            state = CASE WHEN won.was_new THEN 'assigned' ELSE state END
        FROM won WHERE followups_ticket.id = won.ticket
    ), held AS (
        UPDATE followups_conversation SET owner_id = won.owner
        FROM (SELECT DISTINCT ON (conversation) conversation, owner FROM won ORDER BY conversation, ticket DESC) AS won
        WHERE followups_conversation.id = won.conversation
    ), last AS (
        UPDATE followups_member SET last_assigned_at = %s::timestamptz WHERE user_id IN (SELECT owner FROM won)
    )
    INSERT INTO followups_event (
        ticket_id, seq, cycle, actor_kind, verb, from_state, to_state, data, happened_at, recorded_at
    )
    SELECT
        ticket, version, cycle, 'system', 'assign', CASE WHEN was_new THEN 'new' ELSE '' END,
        CASE WHEN was_new THEN 'assigned' ELSE '' END,
        jsonb_build_object('round', %s::bigint, 'rule', rule, 'load', load, 'to', owner),
        %s::timestamptz, %s::timestamptz
    FROM won
"""


def _by_one_statement(given: Sequence[Given], now: datetime) -> None:
    # Texts cost most on the way: the few rules go once, and each ticket names its rule by number.
    rules = {rule: n for n, rule in enumerate(dict.fromkeys(each.data.rule for each in given), 1)}
    columns: list[list[Any]] = [
        [each.ticket for each in given],
        [each.conversation for each in given],
        [each.to for each in given],
        [each.team for each in given],
        [each.state == TicketState.NEW for each in given],
        [each.cycle for each in given],
        [each.version + 1 for each in given],
        [rules[each.data.rule] for each in given],
        [each.data.load for each in given],
        [each.silent_at for each in given],
    ]
    with connection.cursor() as cursor:
        cursor.execute(ONE_STATEMENT, [list(rules), *columns, now, now, now, now, given[0].data.round, now, now])


def _row_by_row(given: Sequence[Given], now: datetime) -> None:
    column = Ticket._meta.get_field("changed_at")
    moment = column.get_db_prep_save(now, connection)
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE followups_ticket SET owner_id = %s, team_id = %s, snoozed_until = NULL, version = %s,"
            " worked_at = %s, silent_step = 0, silent_at = %s, changed_at = %s,"
            " assigned_at = coalesce(assigned_at, %s),"
            " state = CASE WHEN state = 'new' THEN 'assigned' ELSE state END WHERE id = %s",
            [
                (
                    each.to,
                    each.team,
                    each.version + 1,
                    moment,
                    column.get_db_prep_save(each.silent_at, connection),
                    moment,
                    moment,
                    each.ticket,
                )
                for each in given
            ],
        )
        owner_of = {each.conversation: each.to for each in given}
        cursor.executemany(
            "UPDATE followups_conversation SET owner_id = %s WHERE id = %s",
            [(owner, conversation) for conversation, owner in owner_of.items()],
        )
    new = [each.state == TicketState.NEW for each in given]
    Event.objects.bulk_create(
        [
            Event(
                ticket_id=each.ticket,
                seq=each.version + 1,
                cycle=each.cycle,
                actor_kind=Event.Actor.SYSTEM,
                verb="assign",
                from_state=TicketState.NEW if was_new else "",
                to_state=TicketState.ASSIGNED if was_new else "",
                data=each.data.as_data(each.to),
                happened_at=now,
                recorded_at=now,
            )
            for each, was_new in zip(given, new, strict=True)
        ],
        batch_size=1000,
    )
    Member.objects.filter(user__in={each.to for each in given}).update(last_assigned_at=now)
