"""What is wanted and how far it is reached, recounted: each goal by looking at every day for itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import groupby
from typing import Any

from followups.models import SetGoal
from tests.followups.reports.books.again import later_band
from tests.followups.reports.books.arithmetic import counts_of, rate, scores
from tests.followups.reports.books.asked import asked_of, became, invitations_asked
from tests.followups.reports.books.cohorts import Books
from tests.followups.reports.books.loops import promises
from tests.followups.reports.books.persons import leads
from tests.followups.reports.books.rows import BETTER
from tests.followups.reports.books.wanted import METRICS, days_of, goal_on


def attainments(books: Books, asked: Any) -> list[dict[str, Any]]:
    """A row for each goal, team and stretch of days, in the shape of the API."""
    viewer, goals = asked.viewer, list(SetGoal.objects.all())
    everything = viewer is None or viewer.is_superuser
    led = [team for key, team in books.teams.items() if everything or leads(books, viewer, key)]
    led = [team for team in led if team.takes_tickets and (not asked.team or team.slug == asked.team)]
    led.sort(key=lambda team: (team.name, team.pk))
    if not led and not everything:
        return []
    found = []
    for metric in METRICS:
        whose = [None, *led] if everything and not asked.team else [*led]
        for team in [None] if metric == "response_rate" else whose:
            key = team.pk if team else None
            for (target, own), days in groupby(days_of(asked), lambda day: goal_on(goals, metric, key, day)):  # noqa: B023
                known = list(days)
                these = replace(asked, day_from=known[0], day_to=known[-1])
                source = "team" if own else "everybody"
                if target is None and metric == "on_time":
                    target, source = _of_policies(books, these, key), "policy"
                if target is None:
                    continue
                found.append(
                    {
                        "metric": metric, "team": team.slug if team else None, "goal": target, "goal_of": source,
                        "day_from": known[0].isoformat(), "day_to": known[-1].isoformat(),
                        **judged(measured(books, these, metric, key), target),
                    }
                )  # fmt: skip
    return found


def _of_team(books: Books, asked: Any, team: int | None) -> list[Any]:
    return [loop for loop in books.cohort(asked) if team is None or loop.ticket.team_id == team]


def _of_policies(books: Books, asked: Any, team: int | None) -> int | None:
    asks = {row.policy.goal_percent for loop in _of_team(books, asked, team) for row in loop.owed}
    return asks.pop() if len(asks) == 1 else None


def measured(books: Books, asked: Any, metric: str, team: int | None) -> dict[str, Any]:
    """Count, of, value and interval, in per cent or points."""
    if metric == "nps":
        rows = [row for row in books.answers_of(asked) if team is None or team in books.teams_of_answer(row)]
        known = scores(rows)
        count = known["promoters"] - known["detractors"]
        return {"count": count, "of": known["n"], "value": known["nps"], "low": known["low"], "high": known["high"]}
    if metric == "response_rate":
        found = asked_of([became(books, row) for row in invitations_asked(books, asked)])["response_rate"]
    elif metric == "kept":
        counts, _tickets = promises(books, _of_team(books, asked, team))
        found = rate(counts["promises_kept"], counts["promises"])
    elif metric == "recovery":
        loops = [loop for loop in _of_team(books, asked, team) if loop.ticket.band == "detractor"]
        later = Counter(later_band(books, loop) for loop in loops)
        del later[""]
        found = rate(sum(later[band] for band in BETTER["detractor"]), later.total())
    else:
        counts = Counter(counts_of(_of_team(books, asked, team)))
        found = rate(counts[metric], counts["due"])
    as_percent = {name: None if found[name] is None else 100 * found[name] for name in ("rate", "low", "high")}
    return {
        "count": found["count"], "of": found["of"], "value": as_percent["rate"], "low": as_percent["low"],
        "high": as_percent["high"],
    }  # fmt: skip


def judged(found: dict[str, Any], target: int) -> dict[str, Any]:
    """With the verdict: only an interval that leaves the goal out lies on one side of it."""
    if found["low"] is None:
        return {**found, "verdict": "few"}
    verdict = "above" if found["low"] > target else "below" if found["high"] < target else "at"
    return {**found, "verdict": verdict}
