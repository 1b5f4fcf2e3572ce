"""The page a person's day starts on."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse

from followups.models import Member
from nps_loop.people.models import User


def page_of(user: User, memberships: Iterable[Member]) -> str:
    """Leads and administrators start with their team, agents with their day, the back office with its promises.

    `memberships` are the person's active ones, with their teams.
    """
    if user.is_superuser:
        return reverse("team")
    known = list(memberships)
    if any(member.role in (Member.Role.LEAD, Member.Role.DEPUTY) for member in known):
        return reverse("team")
    return reverse("home") if any(member.team.takes_tickets for member in known) else reverse("actions")
