"""The page a person's day starts on."""

from __future__ import annotations

from followups.models import Member
from nps_loop.people.models import User


def page_of(user: User) -> str:
    """Leads and administrators start with their team, agents with their queue, the back office with its promises."""
    if user.is_superuser:
        return "/team/"
    memberships = list(Member.objects.filter(user=user, is_active=True).values_list("role", "team__takes_tickets"))
    if any(role in (Member.Role.LEAD, Member.Role.DEPUTY) for role, _takes in memberships):
        return "/team/"
    if memberships and any(takes for _role, takes in memberships):
        return "/queue/"
    return "/actions/"
