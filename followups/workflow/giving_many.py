"""Giving thousands of tickets that nobody has to be written to about one by one, in one statement and without objects.

The same as `give` for tickets without a mail of their own: owner, team, state, version, event, conversation. On
PostgreSQL one statement; SQLite, which has no arrays and no changes inside a WITH, takes one statement for many rows of
each table.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from followups.models import Event, Member, Ticket
from followups.models.standing import KEPT, PREFIX
from followups.models.tickets import TicketState
from nps_loop.bulk import as_array


@dataclass(frozen=True, slots=True)
class Place:
    """Whoever gets tickets, as a member of one team; at `silent_at` they are reminded, where nothing happens before."""

    owner: int
    team: int
    silent_at: datetime | None = None


class Given(NamedTuple):
    """One ticket to one place, named by its number in the list; whether it was new, cycle and version are as before.

    `rule` and `load`, the one before this ticket, say why.
    """

    ticket: int
    place: int
    rule: str
    load: int
    was_new: bool
    conversation: int
    cycle: int
    version: int


def reason(round_: int, rule: str, load: int, to: int) -> dict[str, Any]:
    """The codes an event keeps of a round's choice."""
    return {"round": round_, "rule": rule, "load": load, "to": to}


def give_many(given: Sequence[Given], places: Sequence[Place], *, round_: int, now: datetime) -> None:
    """Make each ticket its person's. The caller holds `assignment_lock`, and locked the tickets in this transaction."""
    if not given:
        return
    if connection.vendor == "postgresql":
        _by_one_statement(given, places, round_, now)
    else:
        _row_by_row(given, places, round_, now)


# What being given changes nothing about, and an event keeps.
_KEPT = tuple(name for name in KEPT if name not in ("state", "owner_id", "team_id"))

# Arrays are what costs most on the way, so each ticket names its place and its rule by number, and what stands in its
# row, which is locked, is read there. The changes do not read each other's rows: each table is then written in one go,
# which takes a quarter less than ticket, event, ticket, event.
ONE_STATEMENT = """
    WITH place AS (
        SELECT * FROM unnest(%(owners)s::bigint[], %(teams)s::bigint[], %(silent)s::timestamptz[])
        WITH ORDINALITY AS place(owner, team, silent_at, number)
    ), won AS MATERIALIZED (
        SELECT
            ticket, owner, team, place.silent_at, (%(said)s::text[])[said] AS said, load, was_new = 1 AS was_new,
            conversation_id, cycle, version + 1 AS version,
            CASE WHEN was_new = 1 THEN 'assigned' ELSE state END AS state, {kept}
        FROM unnest(%(tickets)s::bigint[], %(places)s::int[], %(rules)s::int[], %(loads)s::int[], %(new)s::int[])
            AS given(ticket, place, said, load, was_new)
        JOIN place ON place.number = given.place
        JOIN followups_ticket ON followups_ticket.id = given.ticket
    ), moved AS (
        UPDATE followups_ticket SET
            owner_id = won.owner, team_id = won.team, snoozed_until = NULL, version = won.version,
            worked_at = %(now)s::timestamptz, silent_step = 0, silent_at = won.silent_at,
            changed_at = %(now)s::timestamptz, assigned_at = coalesce(assigned_at, %(now)s::timestamptz),
            state = won.state
        FROM won WHERE followups_ticket.id = won.ticket
    ), held AS (
        UPDATE followups_conversation SET owner_id = newest.owner
        FROM (
            SELECT DISTINCT ON (conversation_id) conversation_id, owner FROM won ORDER BY conversation_id, ticket DESC
        ) AS newest
        WHERE followups_conversation.id = newest.conversation_id
    ), last AS (
        UPDATE followups_member SET last_assigned_at = %(now)s::timestamptz WHERE user_id = ANY(%(owners)s::bigint[])
    )
    INSERT INTO followups_event (
        ticket_id, seq, cycle, actor_kind, verb, from_state, to_state, data, happened_at, recorded_at, first_contact,
        then_state, then_owner_id, then_team_id, {then_kept}
    )
    SELECT
        ticket, version, cycle, 'system', 'assign', CASE WHEN was_new THEN 'new' ELSE '' END,
        CASE WHEN was_new THEN 'assigned' ELSE '' END,
        (said || ', "load": ' || load || ', "to": ' || owner || '}}')::jsonb, %(now)s::timestamptz,
        %(now)s::timestamptz, '', state, owner, team, {kept}
    FROM won
""".format(kept=", ".join(_KEPT), then_kept=", ".join(f"{PREFIX}{name}" for name in _KEPT))  # noqa: S608


def _by_one_statement(given: Sequence[Given], places: Sequence[Place], round_: int, now: datetime) -> None:
    rules = {rule: number for number, rule in enumerate(dict.fromkeys(each.rule for each in given), 1)}
    values: dict[str, Any] = {
        "owners": as_array(place.owner for place in places),
        "teams": as_array(place.team for place in places),
        "silent": [place.silent_at for place in places],
        # What the reasons of all tickets with the same rule begin with.
        "said": [json.dumps({"round": round_, "rule": rule})[:-1] for rule in rules],
        "tickets": as_array(each.ticket for each in given),
        "places": as_array(each.place + 1 for each in given),
        "rules": as_array(rules[each.rule] for each in given),
        "loads": as_array(each.load for each in given),
        "new": as_array(int(each.was_new) for each in given),
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(ONE_STATEMENT, values)


def _row_by_row(given: Sequence[Given], places: Sequence[Place], round_: int, now: datetime) -> None:
    column = Ticket._meta.get_field("changed_at")
    moment = column.get_db_prep_save(now, connection)
    silent = [column.get_db_prep_save(place.silent_at, connection) for place in places]
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE followups_ticket SET owner_id = %s, team_id = %s, snoozed_until = NULL, version = %s,"
            " worked_at = %s, silent_step = 0, silent_at = %s, changed_at = %s,"
            " assigned_at = coalesce(assigned_at, %s),"
            " state = CASE WHEN state = 'new' THEN 'assigned' ELSE state END WHERE id = %s",
            [
                (
                    places[each.place].owner,
                    places[each.place].team,
                    each.version + 1,
                    moment,
                    silent[each.place],
                    moment,
                    moment,
                    each.ticket,
                )
                for each in given
            ],
        )
        owner_of = {each.conversation: places[each.place].owner for each in given}
        cursor.executemany(
            "UPDATE followups_conversation SET owner_id = %s WHERE id = %s",
            [(owner, conversation) for conversation, owner in owner_of.items()],
        )
    tickets = Ticket.objects.in_bulk([each.ticket for each in given])
    Event.objects.bulk_create(
        [
            Event(
                ticket=tickets[each.ticket],
                seq=each.version + 1,
                cycle=each.cycle,
                actor_kind=Event.Actor.SYSTEM,
                verb="assign",
                from_state=TicketState.NEW if each.was_new else "",
                to_state=TicketState.ASSIGNED if each.was_new else "",
                data=reason(round_, each.rule, each.load, places[each.place].owner),
                happened_at=now,
                recorded_at=now,
            )
            for each in given
        ],
        batch_size=1000,
    )
    Member.objects.filter(user__in={place.owner for place in places}).update(last_assigned_at=now)
