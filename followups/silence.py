"""How long somebody may have a ticket without doing anything: what counts as doing, and when a step is due. Pure.

A silence begins when somebody gets a ticket, when a cycle begins, when waiting for the customer is over, and whenever
its owner does something. It is counted in the working time of the ticket's team. Waiting on the customer ends it, a
snooze does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import IntEnum
from typing import Any

from followups.calendars import add_working
from followups.models import Team, Ticket
from followups.models.tickets import AT_WORK

# Doing something: a contact or a try, a mail that a person sent, an action, a hand-over. Nothing else begins anew.
DOING = frozenset(
    {
        "log-contact", "send-message", "wait", "delay", "resolve",
        "add-action", "move-action", "complete-action", "drop-action",
        "assign", "hand-over",
    }
)  # fmt: skip


class Step(IntEnum):
    """What happens when nothing does, in this order, each once in a silence."""

    NUDGE = 1
    TELL_LEAD = 2
    REASSIGN = 3


def hours_of(team: Team) -> dict[Step, int]:
    """Working hours after which a team takes each step; a step that is switched off is not in it."""
    after = {
        Step.NUDGE: team.nudge_after,
        Step.TELL_LEAD: team.tell_lead_after,
        Step.REASSIGN: team.reassign_after,
    }
    return {step: hours for step, hours in after.items() if hours is not None}


def next_step(team: Team, done: int) -> Step | None:
    """The step that comes after those done; None where nothing more does."""
    return next((step for step in sorted(hours_of(team)) if step > done), None)


def next_at(team: Team | None, done: int, at: datetime) -> datetime | None:
    """When the step after `done` is due, where the one before it was taken, or the silence began, at `at`.

    Counted from when a step was really taken: after an outage nobody is reminded and loses the ticket in one minute.
    """
    if team is None or (step := next_step(team, done)) is None:
        return None
    hours = hours_of(team)
    before = max((hours[each] for each in hours if each <= done), default=0)
    return add_working(team.calendar.hours, at, max(hours[step] - before, 0) * 60)


def begun(team: Team | None, at: datetime) -> dict[str, Any]:
    """Columns of a ticket whose owner has just done something, or just got it."""
    return {"worked_at": at, "silent_step": 0, "silent_at": next_at(team, 0, at)}


def stopped() -> dict[str, Any]:
    """Columns of a ticket on which nobody has anything to do now."""
    return {"silent_at": None}


def fields_after(ticket: Ticket, verb: str, changed: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """Columns an event changes: `ticket` as it was, with team and calendar, and the fields the event sets. No query."""
    owner = changed["owner"].pk if changed.get("owner") else (None if "owner" in changed else ticket.owner_id)
    if owner is None or changed.get("state", ticket.state) not in AT_WORK:
        return stopped() if ticket.silent_at is not None else {}
    ran = ticket.owner_id == owner and ticket.state in AT_WORK
    same_cycle = changed.get("cycle", ticket.cycle) == ticket.cycle
    if ran and same_cycle and verb not in DOING:
        return {}
    return begun(changed.get("team", ticket.team), now)


def due_from(ticket: Ticket, *, now: datetime) -> datetime | None:
    """When the next step of a running silence is due, counted from its beginning by the hours as they are now."""
    team = ticket.team
    if team is None or (step := next_step(team, ticket.silent_step)) is None:
        return None
    return add_working(team.calendar.hours, ticket.worked_at or now, hours_of(team)[step] * 60)


def begin_each(tickets: Iterable[Ticket], *, now: datetime) -> None:
    """Set the columns of tickets that just got their owner; the caller saves them. One sum for each team."""
    due: dict[int | None, datetime | None] = {}
    for ticket in tickets:
        if ticket.team_id not in due:
            due[ticket.team_id] = next_at(ticket.team, 0, now)
        ticket.worked_at, ticket.silent_step = now, 0
        ticket.silent_at = due[ticket.team_id] if ticket.state in AT_WORK else None


# --- taking a mail back ----------------------------------------------------------------------------------------


def as_kept(ticket: Ticket) -> list[Any]:
    """The silence as an event keeps it, for when the mail that ended it is taken back before it left."""
    return [ticket.worked_at and ticket.worked_at.isoformat(), ticket.silent_step]


def as_it_was(ticket: Ticket, kept: Any, *, now: datetime) -> dict[str, Any]:
    """Columns of before; empty where none were kept or nothing runs. What came due meanwhile is due now."""
    if not kept or ticket.owner_id is None or ticket.state not in AT_WORK:
        return {}
    ticket.worked_at = datetime.fromisoformat(kept[0]) if kept[0] else now
    ticket.silent_step = int(kept[1])
    return {
        "worked_at": ticket.worked_at,
        "silent_step": ticket.silent_step,
        "silent_at": due_from(ticket, now=now),
    }
