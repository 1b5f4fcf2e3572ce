"""What the person who looks may be shown, worked out once per page instead of once per row.

`followups.permissions` answers the same questions about one ticket in hand; here the memberships are read once, and
every row of a list is judged by them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from followups import calendars
from followups.models import Calendar, Member, Ticket
from followups.permissions import Role, roles_by
from nps_loop.people.models import User
from surveys.models import Account, Response

LEADING = (Member.Role.LEAD, Member.Role.DEPUTY)


@dataclass(frozen=True)
class Viewer:
    """A person with their teams. Made once per page, at one query."""

    user: User
    memberships: tuple[Member, ...] = ()
    team_ids: frozenset[int] = field(init=False)
    led_team_ids: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "team_ids", frozenset(member.team_id for member in self.memberships))
        led = frozenset(member.team_id for member in self.memberships if member.role in LEADING)
        object.__setattr__(self, "led_team_ids", led)

    @classmethod
    def of(cls, user: User) -> Viewer:
        return cls(user, tuple(cls.memberships_of(user)))

    @staticmethod
    def memberships_of(user: User) -> QuerySet[Member]:
        """What a viewer is made with, for whoever reads it together with other rows."""
        return Member.objects.filter(user=user, is_active=True).select_related("team__calendar").order_by("team_id")

    @property
    def leads(self) -> bool:
        return bool(self.led_team_ids) or self.user.is_superuser

    @property
    def capacity(self) -> int:
        """Tickets at work at one time, over all teams; 0 where the person takes none."""
        return sum(member.capacity for member in self.memberships if member.team.takes_tickets)

    @property
    def calendar(self) -> Calendar | None:
        """The working time the person goes by: that of their first team."""
        return self.memberships[0].team.calendar if self.memberships else None

    def roles_on(self, ticket: Ticket, *, has_action: bool = False) -> frozenset[Role]:
        """The same as `permissions.roles_on`, without a query. `has_action`: one of its actions is theirs."""
        membership = next((str(row.role) for row in self.memberships if row.team_id == ticket.team_id), "")
        return roles_by(ticket, self.user, membership, has_action=has_action)

    def works_on(self, ticket: Ticket) -> bool:
        return self.user.is_superuser or ticket.owner_id == self.user.pk or (ticket.team_id or 0) in self.team_ids

    def sees_words(self, ticket: Ticket) -> bool:
        if not ticket.on_hold:
            return True
        return self.user.is_superuser or ticket.owner_id == self.user.pk or (ticket.team_id or 0) in self.led_team_ids

    def name_behind(self, answer: Response) -> str:
        """Whose answer it is, beside a ticket of somebody else; empty where this person may not know.

        Their own cases and companies they know by name, everybody else only who agreed to be named.
        """
        ticket: Ticket | None = getattr(answer, "ticket", None)
        knows = (
            answer.share_name is True
            or self.user.is_superuser
            or (answer.account is not None and answer.account.owner_id == self.user.pk)
            or (ticket is not None and self.works_on(ticket))
        )
        return str(answer.contact) if knows and answer.contact else ""

    def sees_name(self, ticket: Ticket, share_name: bool | None) -> bool:
        return share_name is True or self.works_on(ticket)


def viewer(request: HttpRequest) -> Viewer:
    """The viewer of this request; the memberships are read once, however many parts of the page ask."""
    known: Viewer | None = getattr(request, "_viewer", None)
    if known is None:
        known = Viewer.of(request.user)  # type: ignore[arg-type]
        request._viewer = known  # type: ignore[attr-defined]
    return known


def customer_without_name(segment: str, region: str) -> str:
    """What colleagues read where a customer did not agree to be named: "a customer, key account, Nordics"."""
    known = [part for part in (segment[:1].lower() + segment[1:], region) if part]
    return ", ".join([gettext("A customer"), *known])


def name_of(ticket: Ticket, viewer: Viewer) -> str:
    """The customer as this person may call them on this ticket."""
    response: Response | None = ticket.response
    if not viewer.sees_name(ticket, response.share_name if response else None):
        return customer_without_name(*_where(response, ticket.account))
    return str(ticket.contact) if ticket.contact else gettext("Nobody known")


def short_name_of(ticket: Ticket, viewer: Viewer) -> str:
    """The name buttons and labels use: a first name where there is one."""
    response: Response | None = ticket.response
    if ticket.contact and viewer.sees_name(ticket, response.share_name if response else None):
        return ticket.contact.short_name
    return gettext("the customer")


def _where(response: Response | None, account: Account | None) -> tuple[str, str]:
    if response is not None and (response.segment or response.region):
        return response.segment, response.region
    return (account.segment, account.region) if account else ("", "")


# --- days as the person works them -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Days:
    """Where today and the next working day end (UTC) for somebody. `next_day_starts` opens the latter at midnight."""

    now: datetime
    today_ends: datetime
    next_ends: datetime

    @classmethod
    def around(cls, now: datetime, calendar: Calendar | None) -> Days:
        """By the active time zone; the next working day by the calendar, or by weekdays where there is none."""
        today = timezone.localtime(now).date()
        if calendar is not None:
            following = calendars.next_working_day(calendar.hours, today)
        else:
            following = today + timedelta(days={4: 3, 5: 2}.get(today.weekday(), 1))
        return cls(now, _midnight_after(now, 0), _midnight_after(now, (following - today).days))


def _midnight_after(now: datetime, days: int) -> datetime:
    local = timezone.localtime(now)
    day = local.date() + timedelta(days=days + 1)
    return timezone.make_aware(datetime(day.year, day.month, day.day), local.tzinfo)  # noqa: DTZ001


def time_left(now: datetime, due_at: datetime, days: Days, calendar: Calendar | None) -> timedelta:
    """What is left in the unit people plan in: working time up to the next working day, whole days from there on."""
    if due_at > days.next_ends:
        return timedelta(days=(timezone.localtime(due_at).date() - timezone.localtime(now).date()).days)
    if calendar is None:
        return due_at - now
    worked = calendars.working_minutes(calendar.hours, now, due_at)
    return timedelta(minutes=worked) if worked else due_at - now
