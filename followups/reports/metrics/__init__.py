"""Every figure's one definition. Pages, API and lists count through here, so that they cannot differ.

`facts` defines the figures about tickets, `closure` and `people` count them, `times` says how long things take,
`effect` what they do, `answers` counts NPS, `filters` says which cohort and whose eyes.
"""

from followups.reports.metrics.answers import USUAL_WAYS, Group, NpsReport, Scores, nps_groups, nps_report
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
    resolution_curve,
)
from followups.reports.metrics.effect import Comparison, EffectReport, effect_report
from followups.reports.metrics.facts import FIGURES, figure_of, is_figure, with_facts
from followups.reports.metrics.filters import ReportFilters, answered_to, reporting_day
from followups.reports.metrics.people import Person, own_counts, people_report
from followups.reports.metrics.periods import Period, grain_of, periods
from followups.reports.metrics.recovery import RecoveryReport, recovery_report
from followups.reports.metrics.reopening import ReopeningReport, reopening_report
from followups.reports.metrics.response_rate import Asked, ResponseRateReport, invitations_of, response_rate_report
from followups.reports.metrics.times import TimesReport, times_report
from followups.reports.metrics.ways import WITHOUT, Way, reportable, way_of
from followups.reports.metrics.worth import Worth, WorthReport, worth_report

__all__ = [
    "FIGURES",
    "USUAL_WAYS",
    "WITHOUT",
    "Age",
    "Asked",
    "Cause",
    "ClosureReport",
    "Comparison",
    "Counts",
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
    "TicketGroup",
    "TimesReport",
    "Way",
    "Worth",
    "WorthReport",
    "answered_to",
    "closure_groups",
    "closure_report",
    "effect_report",
    "figure_of",
    "figure_queryset",
    "first_contact_curve",
    "goal_of",
    "grain_of",
    "invitations_of",
    "is_figure",
    "nps_groups",
    "nps_report",
    "own_counts",
    "people_report",
    "periods",
    "recovery_report",
    "reopening_report",
    "reportable",
    "reporting_day",
    "resolution_curve",
    "response_rate_report",
    "times_report",
    "way_of",
    "with_facts",
    "worth_report",
]
