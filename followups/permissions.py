"""Who may do what on a ticket. Lists go through `Ticket.objects.visible_to(user)`; this is about one ticket in hand."""

from __future__ import annotations

from enum import StrEnum

from followups.actors import Actor
from followups.models import Action, Event, Member, Ticket
from nps_loop.people.models import User


class Role(StrEnum):
    """What a person is to a ticket, the strongest first."""

    ADMIN = "admin"
    LEAD = "lead"
    OWNER = "owner"
    MEMBER = "member"
    ACTION_OWNER = "action_owner"
    NOBODY = ""


WORKING = frozenset({Role.ADMIN, Role.LEAD, Role.OWNER, Role.MEMBER})


def roles_on(ticket: Ticket, user: User) -> frozenset[Role]:
    """Everything this person is to this ticket. One query for memberships, one for actions where it matters."""
    if not user.is_active:
        return frozenset()
    role = (
        Member.objects.filter(team=ticket.team_id, user=user, is_active=True).values_list("role", flat=True).first()
        if ticket.team_id
        else None
    )
    roles = roles_by(ticket, user, role or "", has_action=False)
    if not roles and Action.objects.filter(ticket=ticket, owner=user).exists():
        return frozenset({Role.ACTION_OWNER})
    return roles


def roles_by(ticket: Ticket, user: User, membership: str, *, has_action: bool) -> frozenset[Role]:
    """The same, where the role in the ticket's team ("" for none) and whether an action is theirs are known. Pure."""
    if not user.is_active:
        return frozenset()
    roles: set[Role] = set()
    if user.is_superuser:
        roles.add(Role.ADMIN)
    if ticket.owner_id == user.pk:
        roles.add(Role.OWNER)
    if membership in (Member.Role.LEAD, Member.Role.DEPUTY):
        roles.add(Role.LEAD)
    if membership:
        roles.add(Role.MEMBER)
    if not roles and has_action:
        roles.add(Role.ACTION_OWNER)
    return frozenset(roles)


def leads_and_is_not_owner(ticket: Ticket, user: User, roles: frozenset[Role]) -> bool:
    """Whether somebody with these roles leads the ticket's team or administers, and is not its owner too. Pure."""
    return ticket.owner_id != user.pk and bool(roles & {Role.ADMIN, Role.LEAD})


def roles_of(actor: Actor, ticket: Ticket) -> frozenset[Role]:
    """Roles of whoever acts. A key without a user may do what an administrator may; the system may do anything."""
    if actor.user is not None:
        return roles_on(ticket, actor.user)
    if actor.kind in (Event.Actor.PROGRAM, Event.Actor.SYSTEM):
        return frozenset({Role.ADMIN})
    return frozenset()


def role_on(ticket: Ticket, user: User) -> Role:
    """The strongest role, for wording."""
    roles = roles_on(ticket, user)
    return next((role for role in Role if role in roles), Role.NOBODY)


def may_act(ticket: Ticket, user: User) -> bool:
    """Owner, lead, administrator and the owner's team mates work on a ticket."""
    return bool(roles_on(ticket, user) & WORKING)


def sees_words(ticket: Ticket, user: User, roles: frozenset[Role] | None = None) -> bool:
    """A hold shows the customer's words to owner and lead only."""
    if not ticket.on_hold:
        return True
    known = roles_on(ticket, user) if roles is None else roles
    return bool(known & {Role.ADMIN, Role.LEAD, Role.OWNER})


def sees_name(ticket: Ticket, user: User, share_name: bool | None, roles: frozenset[Role] | None = None) -> bool:
    """Outside owner, team and lead a customer has a name only where they said that it may be shown."""
    known = roles_on(ticket, user) if roles is None else roles
    return bool(known & WORKING) or share_name is True
