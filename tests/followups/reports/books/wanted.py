"""Which goal holds on which day, the plain way: newest first, the team's before everybody's."""

from __future__ import annotations

from datetime import date
from typing import Any

from followups.models import SetGoal
from tests.followups.reports.books.cohorts import Books
from tests.followups.reports.books.rows import DAY

METRICS = ("on_time", "told", "confirmed", "kept", "recovery", "nps", "response_rate")


def goal_on(goals: list[SetGoal], metric: str, team: int | None, day: date) -> tuple[int | None, bool]:
    """What is wanted on one day, and whether it is the team's own: its own goal, or where it has none everybody's."""
    for whose in (team, None):
        begun = [row for row in goals if row.metric == metric and row.team_id == whose and row.valid_from <= day]
        if begun:
            last = max(begun, key=lambda row: (row.valid_from, row.pk))
            if last.target is not None:
                return last.target, whose is not None
    return None, False


def days_of(asked: Any) -> list[date]:
    return [asked.day_from + n * DAY for n in range((asked.day_to - asked.day_from).days + 1)]


def targets(books: Books, asked: Any, percent: int | None) -> dict[str, int]:
    """The goals that hold on all days of a cohort; of first contacts what the policies ask for, where none was set."""
    goals = list(SetGoal.objects.all())
    team = next((key for key, each in books.teams.items() if asked.team and each.slug == asked.team), None)
    found = {}
    for metric in METRICS:
        wanted = {goal_on(goals, metric, team, day)[0] for day in days_of(asked)}
        if metric == "on_time":
            wanted = {percent if each is None else each for each in wanted}
        if len(wanted) == 1 and (only := wanted.pop()) is not None:
            found[metric] = only
    return found
