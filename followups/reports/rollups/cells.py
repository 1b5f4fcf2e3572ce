"""Which kept rows about tickets a viewer may add up, and which tickets have to be counted themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from followups.models import Action, Member, Ticket
from followups.models.tickets import TicketQuerySet
from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.then import column
from followups.reports.metrics.ways import WITHOUT, Way
from followups.reports.rollups.days import KeptDays, within
from followups.reports.rollups.once import once


@dataclass(frozen=True, slots=True)
class Parts:
    """A cohort in parts that no ticket is in twice: kept rows (None: none of it is kept) and sets of tickets."""

    tallies: QuerySet[Any] | None
    tickets: tuple[TicketQuerySet, ...]

    def of_teams(self, teams: list[int]) -> Parts:
        """The same, of tickets of these teams only."""
        tallies = None if self.tallies is None else self.tallies.filter(team_id__in=teams)
        return Parts(tallies, tuple(part.filter(**{f"{column(part, 'team_id')}__in": teams}) for part in self.tickets))


def parts(model: type[Any], filters: ReportFilters, kept: KeptDays, way: Way | None = None) -> Parts:
    """Divide a cohort. Up to two queries, about whose eyes it is for."""
    found = kept.layout.slice_for(filters, way)
    if found is None:
        return Parts(None, (filters.tickets(),))
    good, others = kept.split(filters.day_from, filters.day_to, found.way)
    tickets: list[TicketQuerySet] = []
    if others:
        tickets.append(filters.tickets().filter(within(others)))
    if not good:
        return Parts(None, tuple(tickets))
    tallies: QuerySet[Any] = model.objects.filter(within(good), way=found.way)
    if found.group is not None:
        tallies = tallies.filter(group=found.group)
    if filters.team:
        tallies = tallies.filter(team=None) if filters.team == WITHOUT else tallies.filter(team__slug=filters.team)
    if filters.band:
        tallies = tallies.filter(band=filters.band)
    viewer = filters.viewer
    if viewer is not None and not (viewer.is_active and viewer.is_superuser):
        if not viewer.is_active:
            return Parts(None, ())
        teams = Member.objects.filter(user=viewer, is_active=True).values_list("team", flat=True)
        own = once(("teams", viewer.pk), lambda: list(teams))
        tallies = tallies.filter(team_id__in=own)
        # What they own or work on in other teams no kept row tells apart.
        elsewhere = Q(team=None) | ~Q(team__in=own)
        own_ones = Ticket.objects.filter(elsewhere, owner=viewer, day__gte=filters.day_from, day__lte=filters.day_to)
        acted_on = Action.objects.filter(owner=viewer).values("ticket")
        also = Ticket.objects.filter(elsewhere, pk__in=acted_on, day__gte=filters.day_from, day__lte=filters.day_to)
        both = own_ones.order_by().values_list("pk", flat=True).union(also.order_by().values_list("pk", flat=True))
        keys = once(("elsewhere", viewer.pk, filters.day_from, filters.day_to), lambda: set(both))
        if keys:
            tickets.append(filters.tickets().filter(within(good)).filter(elsewhere, pk__in=keys))
    return Parts(tallies, tuple(tickets))
