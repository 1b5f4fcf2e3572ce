"""The formulas of the reports, the plain way. Pure."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from followups.models import Action, ActionMove
from tests.followups.reports import recount


def counts_of(loops: Iterable[Any]) -> dict[str, int]:
    return {name: len(tickets) for name, tickets in recount.tickets_of(loops).items()}


def fate(row: Action, moves: list[ActionMove], now: datetime) -> str:
    """What became of one promise; empty where it is none, or not due."""
    first = row.first_promised_at
    if first is None:
        return ""
    if row.state == "done" and row.done_at is not None and row.done_at <= first:
        return "promises_kept"
    if row.state == "dropped":
        return "promises_dropped"
    if row.state == "open" and first > now:
        return ""
    if row.due_at > first and not any(move.from_at == first and move.happened_at > first for move in moves):
        return "promises_moved"
    return "promises_later" if row.state == "done" else "promises_broken"


def periods(first: date, last: date) -> list[tuple[date, date]]:
    """Days up to two weeks, weeks from Monday up to 190 days, else months."""
    n = (last - first).days + 1
    key: Callable[[date], Any] = date.toordinal
    if n > 14:
        key = (lambda day: day - timedelta(days=day.weekday())) if n <= 190 else (lambda day: (day.year, day.month))
    found: dict[Any, list[date]] = {}
    for at in range(n):
        day = first + timedelta(days=at)
        found.setdefault(key(day), []).append(day)
    return [(days[0], days[-1]) for days in found.values()]


def bands_of(rows: Iterable[Any]) -> tuple[int, int, int]:
    counted = [row.score for row in rows if row.excluded_as == ""]
    promoters, detractors = sum(score >= 9 for score in counted), sum(score <= 6 for score in counted)
    return promoters, detractors, len(counted)


def adjusted(promoters: int, detractors: int, n: int) -> tuple[float, float]:
    p, d, m = (promoters + 0.75) / (n + 3), (detractors + 0.75) / (n + 3), n + 3
    return 100 * (p - d), 100 * math.sqrt((p + d - (p - d) ** 2) / m)


def scores(rows: Iterable[Any]) -> dict[str, Any]:
    """NPS with its Adjusted-Wald interval; no figure under 20."""
    p, d, n = bands_of(rows)
    found: dict[str, Any] = {"n": n, "promoters": p, "passives": n - p - d, "detractors": d}
    if n < 20:
        return {**found, "nps": None, "low": None, "high": None}
    centre, error = adjusted(p, d, n)
    value = 100 * (p - d) / n
    low, high = min(centre - 1.96 * error, value), max(centre + 1.96 * error, value)
    return {**found, "nps": value, "low": max(low, -100.0), "high": min(high, 100.0)}


def change(rows: list[Any], before: list[Any]) -> dict[str, Any]:
    """How far the NPS moved, where both sides have 20 answers."""
    (p1, d1, n1), (p2, d2, n2) = bands_of(rows), bands_of(before)
    if min(n1, n2) < 20:
        return {"points": None, "low": None, "high": None, "may_be_chance": None}
    (c1, e1), (c2, e2) = adjusted(p1, d1, n1), adjusted(p2, d2, n2)
    points = 100 * (p1 - d1) / n1 - 100 * (p2 - d2) / n2
    margin = 1.96 * math.sqrt(e1 * e1 + e2 * e2)
    low, high = min(c1 - c2 - margin, points), max(c1 - c2 + margin, points)
    return {"points": points, "low": low, "high": high, "may_be_chance": low <= 0 <= high or abs(points) <= margin}


def rate(k: int, n: int) -> dict[str, Any]:
    """A part of a whole with its Wilson interval; no figure under 20."""
    if n < 20:
        return {"count": k, "of": n, "rate": None, "low": None, "high": None}
    p, z = k / n, 1.96
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return {"count": k, "of": n, "rate": p, "low": max(centre - half, 0.0), "high": min(centre + half, 1.0)}


Step = tuple[float, float, float, float]


def incidence(spells: Iterable[tuple[float, bool]]) -> list[Step]:
    """Kaplan and Meier over (seconds, whether it happened): from when on which share have had it, lowest and highest.

    The interval is Greenwood's on the log-log scale; once nobody is left its lower end is the one before.
    """
    known = [(max(seconds, 0.0), happened) for seconds, happened in spells]
    steps: list[Step] = []
    without, greenwood = 1.0, 0.0
    happened_at = Counter(seconds for seconds, happened in known if happened)
    ends = sorted(seconds for seconds, _happened in known)
    for seconds in sorted(happened_at):
        at_risk, events = len(ends) - bisect_left(ends, seconds), happened_at[seconds]
        without *= 1 - events / at_risk
        if events == at_risk:
            steps.append((seconds, 1.0, steps[-1][2] if steps else 0.0, 1.0))
            continue
        greenwood += events / (at_risk * (at_risk - events))
        error = 1.96 * math.sqrt(greenwood) / abs(math.log(without))
        steps.append((seconds, 1 - without, 1 - without ** math.exp(-error), 1 - without ** math.exp(min(error, 700))))
    return steps


SHARE, LOW, HIGH = 1, 2, 3


def reached(steps: list[Step], share: float, column: int = SHARE) -> float | None:
    """After how many seconds so many have had it; None while they have not."""
    return next((step[0] for step in steps if step[column] >= share - 1e-9), None)


def curve(spells: Iterable[tuple[float, bool]]) -> dict[str, Any]:
    """A curve as the API has it: half and nine in ten, each with the moments whose interval holds it."""
    known = list(spells)
    steps, happened = incidence(known), sum(happened for _, happened in known)
    found: dict[str, Any] = {
        "tickets": len(known), "happened": happened, "waiting": len(known) - happened, "approximate": False,
    }  # fmt: skip
    for name, share in (("median", 0.5), ("ninety_percent", 0.9)):
        is_known = len(known) >= 20
        ends = [reached(steps, share, HIGH), reached(steps, share, LOW)]
        found[f"{name}_seconds"] = reached(steps, share) if is_known else None
        found[f"{name}_between"] = ends if is_known else None
    return found
