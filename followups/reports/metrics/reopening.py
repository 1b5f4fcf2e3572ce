"""Whether what was done lasts: how much was taken up again, and how many promises were moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from followups.reports.metrics.closure import Promises, Rate, promises_in
from followups.reports.metrics.counting import TicketCohort
from followups.reports.metrics.filters import ReportFilters


@dataclass(frozen=True, slots=True)
class ReopeningReport:
    """Reopened, of all that was ever resolved; moved before its date, of all promises due. Wilson intervals."""

    filters: ReportFilters
    now: datetime
    reopened: Rate
    promises: Promises

    @property
    def promises_moved(self) -> Rate:
        return Rate.counted(self.promises["promises_moved"], self.promises["promises"])

    def as_dict(self) -> dict[str, Any]:
        """For the API: plain types. A rate of under 20 is null, its counts are not."""
        return {
            "filters": self.filters.as_dict(),
            "as_of": self.now.isoformat(),
            "reopened": self.reopened.as_dict(),
            "promises_moved": self.promises_moved.as_dict(),
        }


def reopening_report(filters: ReportFilters, *, now: datetime) -> ReopeningReport:
    """Count the tickets and promises of one cohort. Up to eight queries."""
    cohort = TicketCohort(filters, now=now)
    counts = cohort.reopening
    reopened = Rate.counted(counts["reopened"], counts["ever_resolved"])
    return ReopeningReport(filters, cohort.now, reopened, promises_in(cohort))
