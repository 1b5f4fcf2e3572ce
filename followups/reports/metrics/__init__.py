"""Every figure's one definition. Pages, API and lists count through here, so that they cannot differ.

`facts` defines the figures about tickets, `closure` and `people` count them, `answers` counts NPS, `filters` says which
cohort and whose eyes.
"""

from followups.reports.metrics.accounts import AtAccount, accounts_with_detractors, at_accounts
from followups.reports.metrics.answers import Group, NpsReport, Scores, nps_report
from followups.reports.metrics.causes import CausesReport, causes_report
from followups.reports.metrics.closure import (
    Age,
    Cause,
    ClosureReport,
    Counts,
    Goal,
    Promises,
    Rate,
    closure_report,
    figure_queryset,
    first_contact_curve,
    goal_of,
)
from followups.reports.metrics.comparison import Compare, Earlier, earlier, earlier_report
from followups.reports.metrics.facts import FIGURES, figure_of, is_figure, with_facts
from followups.reports.metrics.filters import ReportFilters, answered_to, reporting_day
from followups.reports.metrics.grouped import WAYS, Grouped, closure_by
from followups.reports.metrics.people import Person, led_teams, own_counts, people_report
from followups.reports.metrics.periods import Period, grain_of, periods
from followups.reports.metrics.recovery import RecoveryReport, recovery_report
from followups.reports.metrics.response_rate import Asked, ResponseRateReport, invitations_of, response_rate_report
from followups.reports.metrics.stretches import Stretch
from followups.reports.metrics.touchpoints import AtTouchpoint, TouchpointsReport, touchpoints_report

__all__ = [
    "Age",
    "Asked",
    "AtAccount",
    "AtTouchpoint",
    "Cause",
    "CausesReport",
    "ClosureReport",
    "Compare",
    "Counts",
    "Earlier",
    "FIGURES",
    "Goal",
    "Group",
    "Grouped",
    "NpsReport",
    "Period",
    "Person",
    "Promises",
    "Rate",
    "RecoveryReport",
    "ReportFilters",
    "ResponseRateReport",
    "Scores",
    "Stretch",
    "TouchpointsReport",
    "WAYS",
    "accounts_with_detractors",
    "answered_to",
    "at_accounts",
    "causes_report",
    "closure_by",
    "closure_report",
    "earlier",
    "earlier_report",
    "figure_of",
    "figure_queryset",
    "first_contact_curve",
    "goal_of",
    "grain_of",
    "invitations_of",
    "is_figure",
    "led_teams",
    "nps_report",
    "own_counts",
    "people_report",
    "periods",
    "recovery_report",
    "reporting_day",
    "response_rate_report",
    "touchpoints_report",
    "with_facts",
]
