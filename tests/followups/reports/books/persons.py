"""The cohort by employee, recounted."""

from __future__ import annotations

from collections import Counter
from typing import Any

from followups.models import Away
from nps_loop.people.models import User
from tests.followups.reports.books.arithmetic import counts_of
from tests.followups.reports.books.cohorts import Books
from tests.followups.reports.books.rows import AT_WORK


def people(books: Books, asked: Any) -> dict[int, tuple[dict[str, int], int, int, bool]]:
    """By key: counts, at work, capacity, away."""
    viewer = asked.viewer
    led = {
        key
        for key, team in books.teams.items()
        if (viewer is None or viewer.is_superuser or leads(books, viewer, key))
        and (not asked.team or team.slug == asked.team)
    }
    loops = [each for each in books.cohort(asked) if each.ticket.team_id in led and each.ticket.owner_id]
    now = [each for each in books.cohort(asked, all_days=True) if each.ticket.team_id in led]
    capacity: Counter[int] = Counter()
    for row in books.members:
        if row.team_id in led and books.teams[row.team_id].takes_tickets:
            capacity[row.user_id] += row.capacity
    away = {row.user_id for row in Away.objects.all() if row.starts_at <= books.now < row.ends_at}
    keys = {each.ticket.owner_id for each in loops} | {key for key, limit in capacity.items() if limit}
    return {
        key: (
            counts_of(each for each in loops if each.ticket.owner_id == key),
            sum(each.ticket.owner_id == key and each.ticket.state in AT_WORK for each in now),
            capacity[key],
            key in away,
        )
        for key in keys
    }


def leads_somebody(books: Books, asked: Any) -> bool:
    """Whether whoever looks leads a team, or sees everything."""
    viewer = asked.viewer
    return viewer is None or viewer.is_superuser or any(leads(books, viewer, team) for team in books.teams)


def leads(books: Books, viewer: User, team: int) -> bool:
    return any(
        row.user_id == viewer.pk and row.team_id == team and row.role in ("lead", "deputy") for row in books.members
    )
