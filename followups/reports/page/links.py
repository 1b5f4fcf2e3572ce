"""What each number opens: the list of exactly what it counted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse

from followups.reports.metrics import ReportFilters, Way
from followups.reports.metrics.accounts import lately
from followups.reports.metrics.ways import ATTRIBUTE, WITHOUT


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

    def group(self, figure: str, way: Way, slug: str) -> str:
        """The tickets of a figure in one group; an empty slug is those in none."""
        if way.name.startswith(ATTRIBUTE):
            own = self.filters.as_dict().get("attribute", [])
            name = way.name.removeprefix(ATTRIBUTE)
            return self.tickets(figure, attribute=[*own, f"{name}:{slug or WITHOUT}"])
        # Whose an answer is changes with its ticket: the list goes by its owner, as the groups do.
        if way.name == "person":
            return self.tickets(figure, owner=slug or "none")
        return self.tickets(figure, **{way.name: slug or WITHOUT})

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
