"""The same cohort by employee: for leads, ordered by name, ranking nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Sum

from followups.models import Away, Member, Team
from followups.models.teams import TeamQuerySet
from followups.reports.metrics.closure import RATES, Counts
from followups.reports.metrics.counting import figure_counts
from followups.reports.metrics.facts import FACTS, with_facts
from followups.reports.metrics.figures import figure_of
from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.then import column
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

    def as_dict(self) -> dict[str, Any]:
        """For the API: plain types."""
        return {
            "user": self.user.username,
            "name": self.user.name,
            **self.counts.by_name,
            "rates": {name: self.counts.rate(name).as_dict() for name in RATES},
            "at_work": self.at_work,
            "capacity": self.capacity,
            "away_until": self.away and self.away.ends_at.isoformat(),
        }


def people_as_dict(filters: ReportFilters, people: Sequence[Person], *, now: datetime) -> dict[str, Any]:
    """What `people_report` found of a cohort, for the API: plain types."""
    return {
        "filters": filters.as_dict(),
        "as_of": filters.moment(now).isoformat(),
        "people": [person.as_dict() for person in people],
    }


def own_counts(user: User, filters: ReportFilters, *, now: datetime) -> Counts:
    """One person's own part of the cohort, by the present owner, whoever looks. One query."""
    now = filters.moment(now)
    tickets = filters.tickets()
    tickets = tickets.filter(**{column(tickets, "owner_id"): user.pk}).order_by()
    return Counts.folded(with_facts(tickets, now=now).values(*FACTS).annotate(n=Count("pk")))


def led_teams(filters: ReportFilters) -> list[str]:
    """Slugs of the teams that `people_report` covers. One query."""
    return sorted(_led(filters).order_by().values_list("slug", flat=True))


def _led(filters: ReportFilters) -> TeamQuerySet:
    teams = Team.objects.all() if filters.viewer is None else Team.objects.led_by(filters.viewer)
    return teams.filter(slug=filters.team) if filters.team else teams


def people_report(filters: ReportFilters, *, now: datetime) -> tuple[Person, ...]:
    """Everybody who belongs to the teams the viewer leads, and whoever else owns a ticket of the cohort.

    Up to ten queries. Tickets without an owner are in nobody's row; teams and capacity are of now. Empty for somebody
    who leads no team.
    """
    now = filters.moment(now)
    led = sorted(set(_led(filters).order_by().values_list("pk", flat=True)))
    owned = figure_counts(filters, way_of("person"), now=now, teams=led)
    figures = {int(owner): counts for owner, counts in owned.items() if owner}
    every = filters.all_days()
    owner, of_led = column(every, "owner_id"), {f"{column(every, 'team_id')}__in": led}
    at_work = dict(
        figure_of(every.filter(**of_led), "at_work", now=now).order_by().values_list(owner).annotate(n=Count("pk"))
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
