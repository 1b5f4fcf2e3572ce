"""Recovery: how many of the unhappy are happier after their case, and how many of those asked again answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from followups.reports.metrics.closure import Rate
from followups.reports.metrics.counting import recovery_counts
from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.recovered import BANDS, FROM
from surveys.scoring import Band


@dataclass(frozen=True, slots=True)
class RecoveryReport:
    """What was heard again from the customers of one cohort of tickets, by the days of their first answers.

    `changes` counts tickets by band then and band now. Who does not answer again may think otherwise: so the rate of
    those heard again stands beside `response_rate`, and whoever asks only the happy again lifts it. The rate of all who
    are due counts the silent as not recovered: at least so many are. `due` holds (recovered, all due) by band then.
    """

    filters: ReportFilters
    now: datetime
    asked: int
    answered: int
    changes: Mapping[tuple[str, str], int]
    due: Mapping[str, tuple[int, int]]

    @property
    def response_rate(self) -> Rate:
        """Answers to recovery questions, of the tickets whose question left; Wilson interval."""
        return Rate.counted(self.answered, self.asked)

    def heard(self, first: str) -> int:
        """Tickets of that band from which something was heard again."""
        return sum(self.changes[first, later.value] for later in BANDS)

    def recovered(self, first: Band) -> Rate:
        """Tickets of that band whose later answer is of a better one, of those heard again; Wilson interval."""
        better = sum(self.changes[first.value, later.value] for later in FROM[first])
        return Rate.counted(better, self.heard(first.value))

    def recovered_of_due(self, first: Band) -> Rate:
        """The recovered of that band, of all of it that are due, asked again or not; Wilson interval."""
        return Rate.counted(*self.due[first.value])

    def as_dict(self) -> dict[str, Any]:
        """For the API: plain types. A rate of under 20 is null, its counts are not."""
        return {
            "filters": self.filters.as_dict(),
            "as_of": self.now.isoformat(),
            "asked_again": self.asked,
            "answered_again": self.answered,
            "response_rate": self.response_rate.as_dict(),
            "recovered_detractors": self.recovered(Band.DETRACTOR).as_dict(),
            "recovered_passives": self.recovered(Band.PASSIVE).as_dict(),
            "recovered_detractors_of_due": self.recovered_of_due(Band.DETRACTOR).as_dict(),
            "recovered_passives_of_due": self.recovered_of_due(Band.PASSIVE).as_dict(),
            "changes": {
                first.value: {later.value: self.changes[first.value, later.value] for later in BANDS} for first in FROM
            },
        }


def recovery_report(filters: ReportFilters, *, now: datetime) -> RecoveryReport:
    """Count the tickets of one cohort by what was heard after closing. Up to twelve queries."""
    now = filters.moment(now)
    found = recovery_counts(filters, now=now)
    return RecoveryReport(
        filters=filters,
        now=now,
        asked=found.asked,
        answered=found.answered,
        changes={
            (first.value, later.value): found.changes[first.value, later.value] for first in BANDS for later in BANDS
        },
        due={first.value: (found.recovered_due[first.value], found.due[first.value]) for first in FROM},
    )
