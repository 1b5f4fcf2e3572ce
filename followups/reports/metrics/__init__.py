"""Every figure's one definition. Pages, API and lists count through here, so that they cannot differ.

`facts` defines the figures about tickets, `closure` and `people` count them, `answers` counts NPS, `filters` says which
cohort and whose eyes.
"""

from followups.reports.metrics.accounts import AtAccount, accounts_with_detractors, at_accounts
from followups.reports.metrics.answers import USUAL_WAYS, Group, NpsReport, Scores, nps_groups, nps_report
from followups.reports.metrics.causes import CausesReport, causes_report
from followups.reports.metrics.closure import (
    Age,
    Cause,
    ClosureReport,
    Counts,
    Goal,
    Promises,
    Rate,
    TicketGroup,
    closure_groups,
    closure_report,
    figure_queryset,
    first_contact_curve,
    goal_of,
)
from followups.reports.metrics.comparison import Compare, Earlier, earlier, earlier_report
from followups.reports.metrics.facts import FIGURES, figure_of, is_figure, with_facts
from followups.reports.metrics.filters import ReportFilters, answered_to, reporting_day
from followups.reports.metrics.people import Person, led_teams, own_counts, people_report
from followups.reports.metrics.periods import Period, grain_of, periods
from followups.reports.metrics.recovery import RecoveryReport, recovery_report
from followups.reports.metrics.response_rate import Asked, ResponseRateReport, invitations_of, response_rate_report
from followups.reports.metrics.stretches import Stretch
from followups.reports.metrics.touchpoints import AtTouchpoint, TouchpointsReport, touchpoints_report
from followups.reports.metrics.ways import WITHOUT, Way, reportable, way_of

__all__ = [
    "FIGURES",
    "USUAL_WAYS",
    "WITHOUT",
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
    "Goal",
    "Group",
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
    "TicketGroup",
    "TouchpointsReport",
    "Way",
    "accounts_with_detractors",
    "answered_to",
    "at_accounts",
    "causes_report",
    "closure_groups",
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
    "nps_groups",
    "nps_report",
    "own_counts",
    "people_report",
    "periods",
    "recovery_report",
    "reportable",
    "reporting_day",
    "response_rate_report",
    "touchpoints_report",
    "way_of",
    "with_facts",
]
