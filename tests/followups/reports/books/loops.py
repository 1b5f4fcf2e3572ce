"""How loops are closed: figures of a cohort, what stands now, promises, and what came back. Recounted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tests.followups.reports.books.arithmetic import counts_of, fate, incidence, periods, rate, reached
from tests.followups.reports.books.cohorts import Books
from tests.followups.reports.books.rows import AT_WORK, DAY, LIVE
from tests.followups.reports.books.wanted import targets


def closure(books: Books, asked: Any, ways: Iterable[str]) -> dict[str, Any]:
    loops = books.cohort(asked)
    counts = counts_of(loops)
    causes = Counter((loop.cause.slug, loop.cause.name) for loop in loops if loop.cause)
    promised, _tickets = promises(books, loops)
    names = ("kept", "moved", "later", "dropped", "broken")
    found: dict[str, Any] = {
        **counts,
        "rates": {
            name: rate(counts[name], counts["due"])
            for name in ("declared", "told", "confirmed", "on_time", "dismissed")
        },
        **waits(books, asked, loops),
        "promises": {
            "promises": promised["promises"],
            **{f"promises_{name}": promised[f"promises_{name}"] for name in names},
            "kept": rate(promised["promises_kept"], promised["promises"]),
        },
        "root_causes": {slug: n for (slug, _name), n in causes.items()},
        "without_root_cause": counts["declared"] - causes.total(),
        "now": standing_now(books, books.cohort(asked, all_days=True)),
        "by_period": [
            {
                "day_from": a.isoformat(),
                "day_to": b.isoformat(),
                **counts_of(x for x in loops if a <= x.ticket.day <= b),
            }
            for a, b in periods(asked.day_from, asked.day_to)
        ],
    }
    for way in ways:
        groups = defaultdict(list)
        for loop in loops:
            for group in books.groups(way, loop.answer, loop.ticket):
                groups[group].append(loop)
        found[f"by_{way}"] = {group: counts_of(kept) for group, kept in groups.items()}
    return found


def waits(books: Books, asked: Any, loops: list[Any]) -> dict[str, Any]:
    spells = []
    for loop in loops:
        if loop.counted:
            at = loop.ticket.first_contact_at
            spells.append((((at or books.now) - loop.ticket.responded_at).total_seconds(), at is not None))
    percents = {row.policy.goal_percent for loop in loops for row in loop.owed}
    wanted = targets(books, asked, percents.pop() if len(percents) == 1 else None)
    steps = incidence(spells)
    return {
        "goal_percent": wanted.get("on_time"),
        "goals": wanted,
        "first_contact": {
            "tickets": len(spells),
            "spoken_to": sum(spoken for _, spoken in spells),
            # Here they stand under 20 tickets as well.
            "median_seconds": reached(steps, 0.5),
            "ninety_percent_seconds": reached(steps, 0.9),
        },
    }


def standing_now(books: Books, loops: list[Any]) -> dict[str, Any]:
    today = books.now.date()
    at_work = [each.ticket for each in loops if each.ticket.state in AT_WORK and each.ticket.owner_id]
    ages = ((0, 1), (2, 3), (4, 7), (8, 14), (15, 30), (31, None))

    def of_age(first: int, last: int | None) -> list[Any]:
        return [
            ticket
            for ticket in at_work
            if first <= max((today - ticket.day).days, 0) and (last is None or (today - ticket.day).days <= last)
        ]

    def late(tickets: list[Any]) -> int:
        return sum(ticket.due_at is not None and ticket.due_at < books.now for ticket in tickets)

    return {
        "at_work": len(at_work),
        "late": late(at_work),
        "silent": sum(ticket.changed_at < books.now - 7 * DAY for ticket in at_work),
        "waiting": sum(each.ticket.state == "waiting_on_customer" for each in loops),
        "unassigned": sum(each.ticket.state in LIVE and each.ticket.owner_id is None for each in loops),
        "by_age": [
            {"days_from": a, "days_to": b, "at_work": len(of_age(a, b)), "late": late(of_age(a, b))} for a, b in ages
        ],
    }


def falls_due(books: Books, loops: list[Any], lowest: datetime | None, below: datetime) -> set[int]:
    """Tickets on which something of ours is due first from `lowest` on and before `below`."""
    found = set()
    for loop in loops:
        ticket = loop.ticket
        first = ticket.due_at if ticket.state in AT_WORK else None
        if ticket.state == "waiting_on_customer":
            dates = [
                each.row.due_at
                for each in books.actions
                if each.row.ticket_id == ticket.pk
                and each.row.state == "open"
                and (ticket.waiting_until is None or each.row.due_at <= ticket.waiting_until)
            ]
            first = min(dates, default=None)
        if first is not None and first < below and (lowest is None or first >= lowest):
            found.add(ticket.pk)
    return found


def promises(books: Books, loops: list[Any]) -> tuple[Counter[str], dict[str, set[int]]]:
    counts: Counter[str] = Counter()
    tickets: dict[str, set[int]] = defaultdict(set)
    kept = {loop.ticket.pk for loop in loops if not loop.removed}
    for each in books.actions:
        name = fate(each.row, each.moves, books.now) if each.row.ticket_id in kept else ""
        for figure in (name, "promises") if name else ():
            counts[figure] += 1
            tickets[figure].add(each.row.ticket_id)
    return counts, tickets


def reopening(books: Books, asked: Any) -> dict[str, Any]:
    loops = [loop for loop in books.cohort(asked) if loop.counted]
    again = [loop for loop in loops if loop.ticket.pk in books.taken_up_again]
    ever = [loop for loop in loops if loop in again or loop.ticket.state in ("resolved", "closed")]
    promised, _tickets = promises(books, books.cohort(asked))
    return {
        "reopened": rate(len(again), len(ever)),
        "promises_moved": rate(promised["promises_moved"], promised["promises"]),
    }
