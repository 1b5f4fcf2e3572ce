"""Every figure once more, the plain way: all rows in memory, one loop each, straight from the definitions in words.

Shares no code with what it checks, on purpose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from followups.models import Action, ActionMove, Deadline, DismissalRequest, Resolution, Ticket, Verdict
from surveys.models import Response


class Loop:
    """One ticket with whatever hangs on it."""

    def __init__(self, ticket: Ticket, now: datetime) -> None:
        self.ticket = ticket
        approved = DismissalRequest.objects.filter(ticket=ticket, approved=True).exists()
        self.removed = ticket.state == "dismissed" and ticket.dismissed_as in ("duplicate", "test", "spam") and approved
        self.in_peace = not self.removed and (ticket.left_in_peace or ticket.closed_as == "left_in_peace")
        self.nobody = not self.removed and not self.in_peace and ticket.nobody_to_reach
        self.counted = not (self.removed or self.in_peace or self.nobody)
        target_over = ticket.resolution_due_at is not None and ticket.resolution_due_at <= now
        self.due = self.counted and (ticket.state in ("closed", "dismissed") or target_over)
        self.declared = self.due and ticket.state in ("resolved", "closed")
        self.told = self.declared and ticket.told_at is not None
        self.confirmed = self.declared and ticket.closed_as == "confirmed"
        self.dismissed = self.due and ticket.state == "dismissed"
        self.not_yet = Verdict.objects.filter(ticket=ticket, choice="not_yet").exists()
        first = Deadline.objects.filter(ticket=ticket, cycle=0, target="first_contact").first()
        self.on_time = bool(self.due and first and first.met_at and first.met_at <= first.due_at)
        self.contacted_later = bool(self.due and first and first.met_at and first.met_at > first.due_at)


def tickets_of(loops: Iterable[Loop]) -> dict[str, set[int]]:
    """Every figure about a cohort, as the set of its ticket numbers."""
    known = list(loops)

    def those(**facts: bool) -> set[int]:
        return {
            loop.ticket.pk
            for loop in known
            if all(bool(getattr(loop, name)) is wanted for name, wanted in facts.items())
        }

    return {
        "cohort": those(),
        "counted": those(counted=True),
        "not_due": those(counted=True, due=False),
        "nobody_to_reach": those(nobody=True),
        "left_in_peace": those(in_peace=True),
        "removed": those(removed=True),
        "beside": those(counted=False),
        "due": those(due=True),
        "declared": those(declared=True),
        "told": those(told=True),
        "confirmed": those(confirmed=True),
        "told_settled": those(told=True, confirmed=True),
        "told_not_yet": those(told=True, confirmed=False, not_yet=True),
        "told_silent": those(told=True, confirmed=False, not_yet=False),
        "told_unconfirmed": those(told=True, confirmed=False),
        "declared_only": those(declared=True, told=False, confirmed=False),
        "not_told": those(declared=True, told=False),
        "agreed_to_differ": {
            loop.ticket.pk for loop in known if loop.due and loop.ticket.closed_as == "agreed_to_differ"
        },
        "said_not_yet": those(due=True, not_yet=True),
        "dismissed": those(dismissed=True),
        "still_open": those(due=True, declared=False, dismissed=False),
        "unfinished": those(counted=True, declared=False),
        "on_time": those(on_time=True),
        "contacted_later": those(contacted_later=True),
        "not_contacted": those(due=True, on_time=False, contacted_later=False),
        "spoken_to": {loop.ticket.pk for loop in known if loop.counted and loop.ticket.first_contact_at},
        "never_spoken_to": {loop.ticket.pk for loop in known if loop.counted and not loop.ticket.first_contact_at},
    }


def fate(action: Action, now: datetime) -> str:
    """What became of one promise; empty where it is none, or not due."""
    first = action.first_promised_at
    if first is None:
        return ""
    of_first = [move for move in ActionMove.objects.filter(action=action) if move.from_at == first]
    moved = action.due_at > first and all(move.happened_at <= first for move in of_first)
    if action.state == "done":
        if action.done_at is not None and action.done_at <= first:
            return "promises_kept"
        return "promises_moved" if moved else "promises_later"
    if action.state == "dropped":
        return "promises_dropped"
    if first > now:
        return ""
    return "promises_moved" if moved else "promises_broken"


def promises_of(loops: Iterable[Loop], now: datetime) -> tuple[Counter[str], dict[str, set[int]]]:
    """Counts of promises by what became of them, and the tickets that hold them."""
    counts: Counter[str] = Counter()
    tickets: dict[str, set[int]] = {}
    for loop in loops:
        if loop.removed:
            continue
        for action in Action.objects.filter(ticket=loop.ticket):
            if name := fate(action, now):
                for each in (name, "promises"):
                    counts[each] += 1
                    tickets.setdefault(each, set()).add(loop.ticket.pk)
    return counts, tickets


def causes_of(loops: Iterable[Loop]) -> dict[str, set[int]]:
    """Tickets declared resolved, by the slug of the cause that stands."""
    found: dict[str, set[int]] = {}
    for loop in loops:
        for resolution in Resolution.objects.filter(ticket=loop.ticket).select_related("root_cause"):
            stands = resolution.cycle == loop.ticket.cycle and resolution.voided_at is None
            if loop.declared and stands and resolution.root_cause:
                found.setdefault(resolution.root_cause.slug, set()).add(loop.ticket.pk)
    return found


def nps_of(responses: Iterable[Response]) -> dict[str, Any]:
    """Promoters less detractors, in points, over the answers that count."""
    counted = [response.score for response in responses if response.excluded_as == ""]
    promoters = sum(score >= 9 for score in counted)
    detractors = sum(score <= 6 for score in counted)
    n = len(counted)
    return {
        "n": n,
        "promoters": promoters,
        "passives": n - promoters - detractors,
        "detractors": detractors,
        "nps": 100 * (promoters - detractors) / n if n >= 20 else None,
    }
