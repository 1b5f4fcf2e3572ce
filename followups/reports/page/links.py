"""What each number opens: the list of exactly what it counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.urls import reverse

from followups.reports.metrics import ReportFilters


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of the lists behind the figures of one cohort."""

    filters: ReportFilters

    def tickets(self, figure: str, **more: object) -> str:
        return f"{reverse('tickets')}?{self.filters.query(figure=figure, **more)}"

    def tickets_now(self, figure: str, **more: object) -> str:
        """Tickets of a figure about this moment: whatever the day of the answer, unless `more` names days."""
        days = {"day_from": None, "day_to": None}
        return f"{reverse('tickets')}?{self.filters.query(**{**days, 'figure': figure, **more})}"

    def answers(self, **more: object) -> str:
        return f"{reverse('report-answers')}?{self.filters.query(**{'band': None, **more})}"

    def today(self) -> str:
        """The same report as it stands now."""
        return f"{reverse('reports')}?{self.filters.query(as_of=None)}"

    def between(self, first: date, last: date) -> Links:
        return Links(self.filters.between(first, last))
