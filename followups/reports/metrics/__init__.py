"""Every figure's one definition. Pages, API and lists count through here, so that they cannot differ.

`facts` defines the figures about tickets, `closure` and `people` count them, `times` says how long things take,
`effect` what they do, `answers` counts NPS, `filters` says which cohort and whose eyes.
"""

from followups.reports.metrics.accounts import AtAccount, accounts_of, accounts_report, at_accounts
from followups.reports.metrics.answers import USUAL_WAYS, Group, NpsReport, Scores, nps_groups, nps_report, scores_over
from followups.reports.metrics.audience import Audience, audience_of
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
    counts_of,
    figure_queryset,
    first_contact_curve,
    goal_over,
)
from followups.reports.metrics.comparison import Compare, Earlier, earlier, earlier_report
from followups.reports.metrics.effect import Comparison, EffectReport, effect_report
from followups.reports.metrics.facts import with_facts
from followups.reports.metrics.figures import FIGURES, figure_of, is_figure
from followups.reports.metrics.filters import ReportFilters, answered_to, reporting_day
from followups.reports.metrics.people import Person, led_teams, own_counts, people_as_dict, people_report
from followups.reports.metrics.periods import Period, grain_of, periods
from followups.reports.metrics.recovery import RecoveryReport, recovery_report
from followups.reports.metrics.reopening import ReopeningReport, reopening_report
from followups.reports.metrics.response_rate import Asked, ResponseRateReport, invitations_of, response_rate_report
from followups.reports.metrics.stretches import Stretch
from followups.reports.metrics.times import TimesReport, times_report
from followups.reports.metrics.touchpoints import AtTouchpoint, TouchpointsReport, touchpoints_report
from followups.reports.metrics.ways import WITHOUT, Way, reportable, way_of
from followups.reports.metrics.worth import Worth, WorthReport, worth_report

__all__ = [
    "FIGURES",
    "USUAL_WAYS",
    "WITHOUT",
    "Age",
    "Asked",
    "AtAccount",
    "AtTouchpoint",
    "Audience",
    "Cause",
    "CausesReport",
    "ClosureReport",
    "Compare",
    "Comparison",
    "Counts",
    "Earlier",
    "EffectReport",
    "Goal",
    "Group",
    "NpsReport",
    "Period",
    "Person",
    "Promises",
    "Rate",
    "RecoveryReport",
    "ReopeningReport",
    "ReportFilters",
    "ResponseRateReport",
    "Scores",
    "Stretch",
    "TicketGroup",
    "TimesReport",
    "TouchpointsReport",
    "Way",
    "Worth",
    "WorthReport",
    "accounts_of",
    "accounts_report",
    "answered_to",
    "at_accounts",
    "audience_of",
    "causes_report",
    "closure_groups",
    "closure_report",
    "counts_of",
    "earlier",
    "earlier_report",
    "effect_report",
    "figure_of",
    "figure_queryset",
    "first_contact_curve",
    "goal_over",
    "grain_of",
    "invitations_of",
    "is_figure",
    "led_teams",
    "nps_groups",
    "nps_report",
    "own_counts",
    "people_as_dict",
    "people_report",
    "periods",
    "recovery_report",
    "reopening_report",
    "reportable",
    "reporting_day",
    "response_rate_report",
    "scores_over",
    "times_report",
    "touchpoints_report",
    "way_of",
    "with_facts",
    "worth_report",
]
