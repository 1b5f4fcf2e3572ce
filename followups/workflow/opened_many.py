"""Many tickets open at once, for the system: three queries however many there are, where `opened` takes two for each.

One locks them in the order of their numbers, as everybody does who locks several. One reads what is looked at, under
the lock, so that nothing of it can be from before. What was changed is written by one statement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import QuerySet

from followups.actors import Actor
from followups.at_once import read_at_once
from followups.models import (
    Action,
    Calendar,
    Deadline,
    Escalation,
    LadderStep,
    SlaPolicy,
    Team,
    Ticket,
)
from followups.workflow.around import Around
from followups.workflow.writing import OpenTicket
from nps_loop.at_once import Insert, Update, Write, write_at_once
from nps_loop.bulk import among
from nps_loop.mail import outbox

# Name of a list of `Around` -> its rows for all tickets, and the column that says whose each is.
Lists = Mapping[str, tuple[QuerySet[Any], str]]


@contextmanager
def opened_many(
    numbers: Collection[int], *, now: datetime, ahead: Lists | None = None
) -> Iterator[dict[int, OpenTicket]]:
    """Lock these tickets and yield them by number, those that exist; on leaving, all that was changed is written.

    `ahead` are lists besides what every verb looks at. Tickets of one team hold one object of it; so it is with
    policies and calendars.
    """
    with transaction.atomic():
        locked = Ticket.objects.select_related("contact").filter(among("pk", numbers)).order_by("pk")
        tickets = {ticket.pk: ticket for ticket in locked.select_for_update(of=("self",), no_key=True)}
        works = _read(tickets, ahead or {}, now) if tickets else {}
        yield works
        _let_go(works.values(), now)


def _read(tickets: dict[int, Ticket], ahead: Lists, now: datetime) -> dict[int, OpenTicket]:
    owed = Deadline.objects.filter(among("ticket", tickets)).order_by("pk")
    policies = SlaPolicy.objects.filter(pk__in=owed.order_by().values("policy"))
    calendars = Calendar.objects.filter(pk__in=owed.order_by().values("calendar"))
    teams = Team.objects.select_related("calendar").filter(
        pk__in={ticket.team_id for ticket in tickets.values() if ticket.team_id}
    )
    steps = LadderStep.objects.filter(policy__in=policies.values("pk")).select_related("endpoint").order_by("pk")
    lists: dict[str, tuple[QuerySet[Any], str]] = {
        "deadlines": (owed, "ticket_id"),
        "actions": (Action.objects.filter(among("ticket", tickets)).select_related("owner"), "ticket_id"),
        "told": (Escalation.objects.filter(among("ticket", tickets)), "ticket_id"),
        **ahead,
    }
    read_at_once(policies, calendars, teams, steps, *(rows for rows, _whose in lists.values()))
    for name, shared in (("policy", policies), ("calendar", calendars)):
        _share(owed, name, shared)
    _share(tickets.values(), "team", teams)
    by_ticket = {name: _by_ticket(rows, whose) for name, (rows, whose) in lists.items()}
    works = {}
    for number, ticket in tickets.items():
        around = Around(number)
        vars(around).update({name: rows.get(number, []) for name, rows in by_ticket.items()}, steps=list(steps))
        works[number] = OpenTicket(ticket, Actor.system(), now, around=around)
    return works


def _share(rows: Any, name: str, shared: QuerySet[Any]) -> None:
    """Let rows that point at the same one hold one object, and what is worked out of it once."""
    found = {row.pk: row for row in shared}
    for row in rows:
        if (key := getattr(row, f"{name}_id")) in found:
            setattr(row, name, found[key])


def _by_ticket(rows: QuerySet[Any], whose: str) -> dict[int, list[models.Model]]:
    found: dict[int, list[models.Model]] = defaultdict(list)
    for row in rows:
        found[getattr(row, whose)].append(row)
    return found


def _let_go(works: Iterable[OpenTicket], now: datetime) -> None:
    """Write what these tickets have waiting, by one statement. All were locked in this transaction: nobody was faster.

    Rows of one model that change the same fields are one part of the statement, however many tickets they belong to.
    """
    every = [work.hand_out() for work in works]
    rows: dict[tuple[str, ...], list[Ticket]] = defaultdict(list)
    for pending in every:
        if pending.fields:
            rows[pending.fields].append(pending.ticket)
    drawn = outbox.draw_up([draft for pending in every for draft in pending.drafts], now=now)
    notices_of_all = [message for pending in every for message in pending.notices] + drawn
    writes: list[Write] = [Update(tickets, fields) for fields, tickets in rows.items()]
    writes.append(Insert([event for pending in every for event in pending.events]))
    writes += _merged([write for pending in every for write in pending.writes])
    writes.append(Insert(notices_of_all, unless_there=True))
    write_at_once(*(write for write in writes if not isinstance(write, Insert | Update) or write.rows))
    outbox.ring_for([*(message for pending in every for message in pending.mails), *drawn], now=now)


def _merged(writes: Iterable[Write]) -> list[Write]:
    """The same, with new rows of one model together, and changed ones where they change the same fields."""
    new: dict[tuple[type[models.Model], bool], list[models.Model]] = defaultdict(list)
    changed: dict[tuple[type[models.Model], tuple[str, ...]], list[models.Model]] = defaultdict(list)
    rest: list[Write] = []
    for write in writes:
        if isinstance(write, Insert):
            new[type(write.rows[0]), write.unless_there] += write.rows
        elif isinstance(write, Update):
            changed[type(write.rows[0]), tuple(write.fields)] += write.rows
        else:
            rest.append(write)
    inserts = [Insert(rows, unless_there) for (_model, unless_there), rows in new.items()]
    updates = [Update(rows, fields) for (_model, fields), rows in changed.items()]
    return [*inserts, *updates, *rest]
