"""The same cohort by employee: for leads, ordered by name, ranking nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Sum

from followups.models import Away, Member, Team
from followups.reports.metrics.closure import Counts
from followups.reports.metrics.counting import figure_counts
from followups.reports.metrics.facts import FACTS, figure_of, with_facts
from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.ways import way_of
from nps_loop.people.models import User


@dataclass(frozen=True, slots=True)
class Person:
    """One employee's part of the cohort, by the present owner; the last three are of now, over the teams shown."""

    user: User
    counts: Counts
    at_work: int
    capacity: int
    away: Away | None


def own_counts(user: User, filters: ReportFilters, *, now: datetime) -> Counts:
    """One person's own part of the cohort, by the present owner, whoever looks. One query."""
    tickets = filters.tickets().filter(owner=user).order_by()
    return Counts.folded(with_facts(tickets, now=now).values(*FACTS).annotate(n=Count("pk")))


def people_report(filters: ReportFilters, *, now: datetime) -> tuple[Person, ...]:
    """Everybody who belongs to the teams the viewer leads, and whoever else owns a ticket of the cohort.

    Up to ten queries. Tickets without an owner are in nobody's row. Empty for somebody who leads no team.
    """
    teams = Team.objects.all() if filters.viewer is None else Team.objects.led_by(filters.viewer)
    if filters.team:
        teams = teams.filter(slug=filters.team)
    led = sorted(set(teams.order_by().values_list("pk", flat=True)))
    owned = figure_counts(filters, way_of("person"), now=now, teams=led)
    figures = {int(owner): counts for owner, counts in owned.items() if owner}
    at_work = dict(
        figure_of(filters.all_days().filter(team__in=led), "at_work", now=now)
        .order_by()
        .values_list("owner")
        .annotate(n=Count("pk"))
    )
    capacity = dict(
        Member.objects.filter(team__in=led, is_active=True, team__takes_tickets=True)
        .order_by()
        .values_list("user")
        .annotate(limit=Sum("capacity"))
    )
    users = User.objects.in_bulk({*figures, *(user for user, limit in capacity.items() if limit)})
    away = {absence.user_id: absence for absence in Away.objects.at(now).filter(user__in=users)}
    people = (
        Person(
            user=user,
            counts=Counts.added([figures.get(key, {})]),
            at_work=at_work.get(key, 0),
            capacity=capacity.get(key, 0),
            away=away.get(key),
        )
        for key, user in users.items()
    )
    return tuple(sorted(people, key=lambda person: (person.user.name.casefold(), person.user.pk)))
