"""A person's own working week: kept, or given up for the hours of the team. Loads are weighed by it from then on."""

from __future__ import annotations

from datetime import datetime

from followups.models import WorkPattern
from nps_loop.people.models import User


def keep(user: User, *, zone: str, weekly: list[list[list[int]]], now: datetime) -> WorkPattern:
    """Let somebody work by a week of their own: seven days of [from, to] in minutes, read on the clock of `zone`."""
    week, _made = WorkPattern.objects.update_or_create(
        user=user, defaults={"zone": zone, "weekly": weekly, "changed_at": now}
    )
    return week


def go_by_the_team(user: User) -> None:
    """Let somebody work when their team does, whatever was kept before."""
    WorkPattern.objects.filter(user=user).delete()
