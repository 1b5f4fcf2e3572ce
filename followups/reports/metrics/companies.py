"""Sets of companies behind figures, from kept counts where these hold. A company is in a set once, by its key."""

from __future__ import annotations

from datetime import datetime

from followups.models import RecoveryTally, RollupKind, TicketTally
from followups.models.tickets import TicketQuerySet
from followups.reports.metrics.counting import kept_answers
from followups.reports.metrics.figures import figure_of
from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.of_now import OF_NOW
from followups.reports.rollups import answers as of_answers
from followups.reports.rollups.cells import parts
from followups.reports.rollups.days import KeptDays
from followups.reports.rollups.joined import joined
from followups.reports.rollups.packed import keys_of
from surveys.scoring import Band

# Figure -> where its companies are kept.
KEPT = {
    "due_detractor": (RollupKind.TICKETS, TicketTally, "due_accounts"),
    "saved": (RollupKind.RECOVERY, RecoveryTally, "saved_accounts"),
}


def unhappy(filters: ReportFilters, *, now: datetime) -> set[int]:
    """Companies of which a detractor's answer counts in this cohort. Up to four queries."""
    tallies, answers = of_answers.read(filters, kept_answers(filters, now=filters.moment(now)))
    found = set() if tallies is None else keys_of(joined(tallies, "unhappy_accounts")["unhappy_accounts"])
    if answers is not None:
        counted = answers.counted()
        rows = counted.filter(**{counted.column("band"): Band.DETRACTOR}, account__isnull=False).order_by()
        found.update(rows.values_list("account", flat=True).distinct())
    return found


def behind(figure: str, filters: ReportFilters, *, now: datetime) -> set[int]:
    """Companies with a ticket that this figure counts: one of `KEPT`, or one about now. Up to six queries."""
    now = filters.moment(now)
    found: set[int] = set()
    rest: tuple[TicketQuerySet, ...] = (filters.all_days(),)
    if figure not in OF_NOW:
        kind, model, column = KEPT[figure]
        kept = KeptDays.read(kind, filters.day_from, filters.day_to, now=now)
        cohort = parts(model, filters, kept)
        if cohort.tallies is not None:
            found = keys_of(joined(cohort.tallies, column)[column])
        rest = cohort.tickets
    for part in rest:
        tickets = figure_of(part, figure, now=now).filter(account__isnull=False).order_by()
        found.update(tickets.values_list("account", flat=True).distinct())
    return found
