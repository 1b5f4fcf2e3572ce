"""What each number opens: the list of exactly what it counted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse

from followups.reports.metrics import ReportFilters
from followups.reports.metrics.accounts import lately


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of the lists behind the figures of one cohort."""

    filters: ReportFilters

    def tickets(self, figure: str, **more: object) -> str:
        return f"{reverse('tickets')}?{self.filters.query(figure=figure, **more)}"

    def tickets_now(self, figure: str | None, **more: object) -> str:
        """Tickets of a figure about this moment: whatever the day of the answer, unless `more` names days."""
        days = {"day_from": None, "day_to": None}
        return f"{reverse('tickets')}?{self.filters.query(**{**days, 'figure': figure, **more})}"

    def of_teams(self, teams: list[str], href: str) -> str:
        """The same list narrowed to several teams, where no one team is chosen already."""
        return href if self.filters.team else f"{href}&{urlencode([('team', slug) for slug in teams])}"

    def promises(self, figure: str) -> str:
        """The promises themselves: a ticket may hold several."""
        return f"{reverse('report-promises')}?{self.filters.query(figure=figure)}"

    def answers(self, **more: object) -> str:
        return f"{reverse('report-answers')}?{self.filters.query(**{'band': None, **more})}"

    def invitations(self, **more: object) -> str:
        return f"{reverse('invitations')}?{self.filters.query(**{'team': None, 'band': None, **more})}"

    def between(self, first: date, last: date) -> Links:
        return Links(self.filters.between(first, last))

    def ever(self) -> Links:
        """The same cohort with what was said before it."""
        return Links(lately(self.filters))

    def over(self, first: date, last: date) -> Links:
        """The same cohort over other days, whether its own or not."""
        return Links(replace(self.filters, day_from=first, day_to=last))
