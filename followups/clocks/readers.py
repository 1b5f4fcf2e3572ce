"""Who a step speaks to: the people of a batch of tickets, read once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from followups.models import LadderStep, Member, Team, Ticket
from nps_loop.people.models import User

Who = LadderStep.Who


@dataclass(frozen=True, slots=True)
class Readers:
    """Team -> its active lead and deputies, lead first; team -> its director; and who hears where there is nobody."""

    leads: dict[int, list[User]]
    deputies: dict[int, list[User]]
    directors: dict[int, User]
    administrators: list[User]

    @classmethod
    def of(cls, tickets: Iterable[Ticket]) -> Readers:
        """Three queries, however many tickets and teams."""
        teams = {ticket.team_id for ticket in tickets if ticket.team_id}
        leads: dict[int, list[User]] = {}
        deputies: dict[int, list[User]] = {}
        # "lead" comes after "deputy" in the alphabet: whoever is named first is the lead.
        for member in (
            Member.objects.filter(
                team__in=teams,
                role__in=[Member.Role.LEAD, Member.Role.DEPUTY],
                is_active=True,
                user__is_active=True,
            )
            .select_related("user")
            .order_by("team", "-role", "user__first_name", "user")
        ):
            leads.setdefault(member.team_id, []).append(member.user)
            if member.role == Member.Role.DEPUTY:
                deputies.setdefault(member.team_id, []).append(member.user)
        directed = Team.objects.filter(pk__in=teams, director__is_active=True).select_related("director")
        directors = {team.pk: team.director for team in directed if team.director is not None}
        return cls(leads, deputies, directors, list(User.objects.filter(is_superuser=True, is_active=True)))

    def of_step(self, step: LadderStep, ticket: Ticket) -> list[User]:
        """The colleagues who hear of a step on this ticket; none where it goes to an address or a program. Pure."""
        team = ticket.team_id or 0
        if step.who == Who.OWNER:
            return [ticket.owner] if ticket.owner and ticket.owner.is_active else []
        if step.who == Who.LEAD:
            return self.leads.get(team) or self.administrators
        if step.who == Who.DEPUTY:
            return self.deputies.get(team) or self.leads.get(team) or self.administrators
        if step.who == Who.DIRECTOR:
            return [self.directors[team]] if team in self.directors else []
        return []
