"""/reports/goals/: every goal of the teams somebody leads, how far it is reached, and what was ever set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from followups.goal_setting import goals_of
from followups.models import Team
from followups.reports.forms import ReportForm
from followups.reports.metrics.attainment import goals_report
from followups.reports.page.goals import GoalRow, SetRow, counted_and_not, goal_rows, set_rows
from followups.reports.sentences import days_in_words


@dataclass(frozen=True, slots=True)
class GoalsPage:
    """`rows` are goals over something that was counted, `uncounted` those over nothing yet; `ever` the newest first."""

    days: str
    rows: list[GoalRow]
    uncounted: list[GoalRow]
    ever: list[SetRow]
    export_query: str


def goals_page(form: ReportForm, teams: Sequence[Team], *, now: datetime) -> GoalsPage:
    """Count what `form` asks for, for whoever may set the goals of `teams`."""
    filters = form.filters()
    rows, uncounted = counted_and_not(goal_rows(goals_report(filters, now=now)))
    return GoalsPage(
        days=days_in_words(filters.day_from, filters.day_to),
        rows=rows,
        uncounted=uncounted,
        ever=set_rows(goals_of(teams)),
        export_query=urlencode({"page": "goals", **form.kept()}),
    )
