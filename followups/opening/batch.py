"""A batch of answers on its way to decisions: the set-up that decides about it, and what it has made so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from followups import deadlines
from followups.deciding import Ruling, rules_in_force
from followups.messages import notices
from followups.models import BonusHours, LadderStep, Member, Rule, Team, Ticket
from followups.prepared import Prepared
from nps_loop.mail import outbox
from nps_loop.people.models import User
from surveys.models import Brand, Response


@dataclass(slots=True)
class SetUp:
    """What decides about a batch, read once."""

    rules: Sequence[Rule]
    policies: deadlines.Policies
    default_brand: Brand
    team_of_touchpoint: dict[int, Team]
    team_of_member: dict[int, Team]
    default_team: Team | None
    bonus_hours: BonusHours
    steps: list[LadderStep]

    @classmethod
    def read(cls, rules: Sequence[Rule] | None = None) -> SetUp:
        """What decides now; with `rules`, what would decide if those were in force. One query."""
        brands, all_teams, points, in_force, policies, calendars, members, bonus, steps = _set_up()
        brand = next(iter(brands), None)
        if brand is None:
            raise deadlines.NoPolicy("There is no brand: make one in the set-up.")
        by_key = {team.pk: team for team in all_teams}
        for rule in in_force:
            rule.team = by_key.get(rule.team_id)
        teams = {team.pk: team for team in all_teams if team.takes_tickets}
        return cls(
            rules=in_force if rules is None else rules,
            policies=deadlines.Policies.of(policies, calendars),
            default_brand=brand,
            team_of_touchpoint={point: teams[team] for team, point in points},
            team_of_member={user: teams[team] for user, team in members},
            default_team=next((team for team in teams.values() if team.is_default), next(iter(teams.values()), None)),
            bonus_hours=BonusHours.of(bonus),
            steps=steps,
        )

    def team_for(self, response: Response, rule: Rule | None = None) -> Team | None:
        """The team the rule names, else the account owner's, the touchpoint's, or the default one."""
        if rule is not None and rule.team is not None and rule.team.takes_tickets:
            return rule.team
        owner = _account_owner(response)
        if owner is not None and owner.pk in self.team_of_member:
            return self.team_of_member[owner.pk]
        if response.touchpoint_id in self.team_of_touchpoint:
            return self.team_of_touchpoint[response.touchpoint_id]
        return self.default_team

    def brand_for(self, response: Response) -> Brand:
        point = response.touchpoint
        return (point.brand if point and point.brand else None) or response.source.brand or self.default_brand


_set_up = Prepared(
    lambda: (
        Brand.objects.order_by("-is_default", "pk")[:1],
        Team.objects.select_related("calendar"),
        Team.touchpoints.through.objects.filter(team__takes_tickets=True)
        .order_by("team__name", "pk")
        .values_list("team", "touchpoint"),
        # Their teams are among those.
        rules_in_force().select_related(None),
        deadlines.active_policies(),
        deadlines.first_calendar(),
        Member.objects.users_and_teams(),
        BonusHours.stored(),
        LadderStep.objects.filter(policy__is_active=True).select_related("endpoint").order_by("pk"),
    )
)


def _account_owner(response: Response) -> User | None:
    account = response.answered_for or response.account
    return (account.owner if account else None) or response.account_owner


@dataclass(slots=True)
class Batch:
    """A batch on its way: answers with their rulings, and the drafts to queue at the end."""

    now: datetime
    setup: SetUp
    responses: list[Response]
    rulings: dict[int, Ruling]
    tickets: dict[int, Ticket] = field(default_factory=dict)
    drafts: list[outbox.Draft] = field(default_factory=list)
    leads: dict[int | None, list[User]] = field(default_factory=dict)

    def leads_of(self, ticket: Ticket) -> list[User]:
        """Read once per team, however many tickets the batch holds."""
        if ticket.team_id not in self.leads:
            self.leads[ticket.team_id] = notices.leads_of(ticket.team_id)
        return self.leads[ticket.team_id]
