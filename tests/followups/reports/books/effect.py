"""What being spoken to does to the next answer, recounted by pairs of customers who are alike."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import timedelta
from typing import Any

from tests.followups.reports.books.cohorts import Books

POINTS = {"promoter": 100.0, "passive": 0.0, "detractor": -100.0}


def effect(books: Books, asked: Any) -> dict[str, Any]:
    """Groups by when somebody first spoke to them, and each against those nobody spoke to, like with like."""
    groups: dict[str, list[Any]] = {"in_time": [], "late": [], "never": []}
    not_due = without = 0
    for loop in books.cohort(asked):
        if not loop.counted or loop.answer is None or loop.answer.excluded_as:
            continue
        if not loop.owed:
            without += 1
        elif loop.owed[0].due_at > books.now:
            not_due += 1
        else:
            group, case = case_of(books, loop)
            groups[group].append(case)
    return {
        "groups": {name: _group(cases) for name, cases in groups.items()},
        "not_due": not_due,
        "without_target": without,
        "against_never": {
            name: {
                "score": compared(groups[name], groups["never"], lambda later: float(later.score)),
                "nps": compared(groups[name], groups["never"], lambda later: POINTS[later.band]),
            }
            for name in ("in_time", "late")
        },
    }


def case_of(books: Books, loop: Any) -> tuple[str, tuple[Any, int, Any]]:
    """Its group, and what it is like, its first score, and what was heard after the contact was due (None: nothing)."""
    ticket, answer, owed = loop.ticket, loop.answer, loop.owed[0]
    met = owed.met_at
    if books.then:
        newest = [event.first_contact for event in loop.events if event.first_contact]
        was = newest[-1] if newest else "none"
        met = None if was == "none" else met or ticket.first_contact_at
    linked = [row for row in books.heard[answer.pk] if row.responded_at > owed.due_at]
    own = [row for row in books.by_contact[ticket.contact_id] if row.responded_at > owed.due_at]
    later = (linked or (own if ticket.contact_id else []) or [None])[0]
    if later is not None and later.responded_at > ticket.responded_at + timedelta(days=365):
        later = None
    if met is not None and met <= owed.due_at:
        group = "in_time"
    elif met is not None and (later is None or met < later.responded_at):
        group = "late"
    else:
        group = "never"
    like = (answer.score, answer.survey_kind, answer.segment, ticket.day.year, (ticket.day.month + 2) // 3)
    return group, (like, answer.score, later)


def _group(cases: list[Any]) -> dict[str, Any]:
    heard = [(first, later.score) for _like, first, later in cases if later is not None]
    n = len(heard)
    return {
        "tickets": len(cases),
        "heard_again": n,
        "mean_first_score": sum(first for first, _ in heard) / n if n else None,
        "mean_later_score": sum(score for _, score in heard) / n if n else None,
    }


def compared(treated: list[Any], never: list[Any], value: Any) -> dict[str, Any]:
    """The mean difference within groups of customers who are alike, each weighing n1 n0 / (n1 + n0)."""
    strata: dict[Any, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for side, cases in enumerate((treated, never)):
        for like, _first, later in cases:
            if later is not None:
                strata[like][side].append(value(later))
    both = [(ours, theirs) for ours, theirs in strata.values() if ours and theirs]
    n, n_never = sum(len(ours) for ours, _ in both), sum(len(theirs) for _, theirs in both)
    found: dict[str, Any] = {
        "n": n,
        "n_never": n_never,
        "unmatched": sum(len(ours) for ours, theirs in strata.values()) - n,
        "unmatched_never": sum(len(theirs) for ours, theirs in strata.values()) - n_never,
        "strata": len(both),
    }
    is_varied = any(max(ours + theirs) > min(ours + theirs) for ours, theirs in both)
    if min(n, n_never) < 20 or not is_varied:
        return {**found, "difference": None, "low": None, "high": None, "verdict": "too_few"}
    weights = [len(ours) * len(theirs) / (len(ours) + len(theirs)) for ours, theirs in both]
    apart = [sum(ours) / len(ours) - sum(theirs) / len(theirs) for ours, theirs in both]
    return {
        **found,
        "difference": sum(w * d for w, d in zip(weights, apart, strict=True)) / math.fsum(weights),
        **_interval(both, weights, apart),
    }


def _interval(both: list[tuple[list[float], list[float]]], weights: list[float], apart: list[float]) -> dict[str, Any]:
    """Every effect that shuffling who was spoken to does not refuse, once it is taken from those who were."""
    whole = math.fsum(weights)
    value = sum(w * d for w, d in zip(weights, apart, strict=True)) / whole

    def parts(effect: float) -> list[float]:
        """What each group of alike customers adds to the variance: its weight times the variance of all its values."""
        found = []
        for (ours, theirs), weight in zip(both, weights, strict=True):
            values = [each - effect for each in ours] + theirs
            mean = sum(values) / len(values)
            found.append(weight * sum((each - mean) ** 2 for each in values) / (len(values) - 1))
        return found

    # Welch, less the two degrees that the spreads being estimates cost.
    at_nothing = parts(0.0)
    fourth = sum(part**2 / (len(ours) + len(theirs) + 1) for part, (ours, theirs) in zip(at_nothing, both, strict=True))
    t = t_quantile(0.975, max(sum(at_nothing) ** 2 / fourth - 2, 3.0))

    def refused(effect: float) -> bool:
        return (value - effect) ** 2 > t * t * sum(parts(effect)) / whole**2

    low, high = _end(refused, value, -1.0), _end(refused, value, 1.0)
    found = (low is not None and low > 0) or (high is not None and high < 0)
    return {"low": low, "high": high, "verdict": "found" if found else "no_effect_detectable_yet"}


def _end(refused: Any, value: float, way: float) -> float | None:
    """Where refusing begins, from the value outwards; None where it never does."""
    far = 1e-3
    while not refused(value + way * far):
        far *= 2
        if far > 1e7:
            return None
    near = 0.0
    for _ in range(60):
        middle = (near + far) / 2
        near, far = (near, middle) if refused(value + way * middle) else (middle, far)
    return value + way * near


def t_quantile(p: float, freedom: float) -> float:
    """Of Student's distribution, by adding up its density and looking for where it holds so much."""
    constant = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)
    step, at, total = 1e-3, 0.0, 0.5
    while total < p:
        total += step * constant * (1 + (at + step / 2) ** 2 / freedom) ** (-(freedom + 1) / 2)
        at += step
    return at
