"""What the person who looks may be shown, worked out once per page instead of once per row.

`followups.permissions` answers the same questions about one ticket in hand; here the memberships are read once, and
every row of a list is judged by them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import gettext, ngettext

from followups import calendars
from followups.calendars import WorkingHours
from followups.models import Calendar, Member, Ticket
from followups.permissions import Role, roles_by
from followups.templatetags.moments import in_full
from nps_loop.people.models import User
from surveys.models import Account, Response

LEADING = (Member.Role.LEAD, Member.Role.DEPUTY)
# Where somebody belongs to no team: office hours, so that a day has an end and yesterday was a day of work.
USUAL_WEEK = (((9 * 60, 17 * 60 + 30),),) * 5 + ((), ())


class OfATicket(Protocol):
    """What decides about a ticket who may see what of it: the ticket itself, or these three read of it."""

    @property
    def team_id(self) -> int | None: ...
    @property
    def owner_id(self) -> int | None: ...
    @property
    def on_hold(self) -> bool: ...


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

    def works_on(self, ticket: OfATicket) -> bool:
        return self.user.is_superuser or ticket.owner_id == self.user.pk or (ticket.team_id or 0) in self.team_ids

    def sees_words(self, ticket: OfATicket) -> bool:
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

    def sees_name(self, ticket: OfATicket, share_name: bool | None) -> bool:
        return share_name is True or self.works_on(ticket)


def viewer(request: HttpRequest) -> Viewer:
    """The viewer of this request; the memberships are read once, however many parts of the page ask."""
    known: Viewer | None = getattr(request, "_viewer", None)
    if known is None:
        known = Viewer.of(request.user)  # type: ignore[arg-type]
        request._viewer = known  # type: ignore[attr-defined]
    return known


def remember(request: HttpRequest, memberships: Iterable[Member]) -> None:
    """The viewer of this request is made of memberships that were read together with something else."""
    request._viewer = Viewer(request.user, tuple(memberships))  # type: ignore[attr-defined,arg-type]


def customer_without_name(segment: str, region: str) -> str:
    """What colleagues read where a customer did not agree to be named: "a customer, key account, Nordics"."""
    return ", ".join([gettext("A customer"), *_known(segment, region)])


def company_without_name(segment: str, region: str) -> str:
    """The same of a company: "a company, key account, Nordics"."""
    return ", ".join([gettext("A company"), *_known(segment, region)])


def _known(segment: str, region: str) -> list[str]:
    return [part for part in (segment[:1].lower() + segment[1:], region) if part]


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


def hours_of(calendar: Calendar | None) -> WorkingHours:
    """The hours of a team read off the clock that is active: nobody starts at nine by a colleague's clock."""
    zone = timezone.get_current_timezone_name()
    return replace(calendar.hours, zone=zone) if calendar else WorkingHours(zone, USUAL_WEEK)


@dataclass(frozen=True, slots=True)
class Days:
    """Today and the next working day of somebody, as moments (UTC). What falls due at an end belongs to that day.

    Today ends when work does. Where it is over, or nobody works today, it ends at midnight: whoever looks then still
    sees what the evening brings. The next working day takes all that is due from there until its own work ends, the
    hours before it starts (`next_opens`) included; `next_begins` is its midnight.
    """

    now: datetime
    today_ends: datetime
    next_begins: datetime
    next_opens: datetime
    next_ends: datetime
    # Whether today ends with work; else it ends at midnight.
    at_work: bool

    @classmethod
    def around(cls, now: datetime, calendar: Calendar | None) -> Days:
        """By the active time zone and the hours of the calendar; office hours where there is none."""
        hours, today = hours_of(calendar), timezone.localtime(now).date()
        stretches = calendars.working_stretches(hours, today)
        at_work = bool(stretches) and now < stretches[-1][1]
        following = calendars.next_working_day(hours, today)
        opens = calendars.working_stretches(hours, following)
        return cls(
            now=now,
            today_ends=stretches[-1][1] if at_work else _midnight(today + timedelta(days=1)),
            next_begins=_midnight(following),
            next_opens=opens[0][0],
            next_ends=opens[-1][1],
            at_work=at_work,
        )

    @property
    def next_day(self) -> date:
        """The date of the next working day on the active clock."""
        return timezone.localtime(self.next_begins).date()

    @property
    def today_ends_at(self) -> str:
        """`17:30`, or in words where it is midnight."""
        return _clock(self.today_ends) if self.at_work else gettext("midnight")

    @property
    def today_hint(self) -> str:
        """Until when *today* runs, in a sentence."""
        if self.at_work:
            clock = self.today_ends_at
            return gettext("Today is what falls due before your working day ends at %(clock)s.") % {"clock": clock}
        return gettext("You have no working hours left today: today is what still falls due before midnight.")

    def next_hint(self, early: int) -> str:
        """What the next working day holds. `early`: how much of it is due before work starts."""
        words = {"day": in_full(self.next_day), "clock": _clock(self.next_ends)}
        said = gettext("What falls due after that, until work ends on %(day)s at %(clock)s.") % words
        return f"{said} {self.early_words(early)}".strip() if early else said

    def early_words(self, early: int) -> str:
        """`2 are due before work starts.`"""
        return ngettext("%(n)s is due before work starts.", "%(n)s are due before work starts.", early) % {"n": early}


def _clock(at: datetime) -> str:
    return formats.date_format(timezone.localtime(at), "H:i")


def _midnight(day: date) -> datetime:
    """When a day begins on the active clock."""
    return calendars.clock_moment(WorkingHours(timezone.get_current_timezone_name(), USUAL_WEEK), day, 0)


def time_left(now: datetime, due_at: datetime, days: Days, calendar: Calendar | None) -> timedelta:
    """What is left in the unit people plan in: working time up to the next working day, whole days from there on."""
    if due_at > days.next_ends:
        return timedelta(days=(timezone.localtime(due_at).date() - timezone.localtime(now).date()).days)
    if calendar is None:
        return due_at - now
    worked = calendars.working_minutes(calendar.hours, now, due_at)
    return timedelta(minutes=worked) if worked else due_at - now
