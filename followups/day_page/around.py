"""Beside the day: accounts that renew soon, promises of others, who is away, and how one's own work goes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from followups import counting
from followups.models import Action, Away, Member, Ticket
from followups.models.tickets import LIVE, ClosedAs, TicketState
from followups.reports import sentences
from followups.reports.metrics import Goal, Rate, ReportFilters, goal_over, own_counts, reporting_day
from followups.reports.page.links import Links
from followups.ticket_rows import RENEWS_SOON
from followups.viewing import Viewer
from nps_loop.people.models import User
from surveys.models import Account, Response

SHOWN = 4
MATES_SHOWN = 8
ANSWERS_EACH = 4
ANSWERED_LATELY = timedelta(days=365)
FIGURES_OVER = 90


# --- accounts --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Renewal:
    """An account of one's own that renews soon, with where its people stand: pairs of name with score, and words."""

    account: Account
    days: int
    people: list[tuple[str, str]]


def renewals(user: User, now: datetime) -> list[Renewal]:
    """The next to renew first. Two queries."""
    today = timezone.localtime(now).date()
    accounts = list(
        Account.objects.filter(
            owner=user, is_active=True, renewal_on__gte=today, renewal_on__lte=today + timedelta(days=RENEWS_SOON)
        ).order_by("renewal_on", "id")[:SHOWN]
    )
    if not accounts:
        return []
    newest = Response.objects.counted().filter(contact__isnull=False, responded_at__gt=now - ANSWERED_LATELY)
    rows = counting.first_of_each(
        Response.objects.select_related("contact", "ticket").defer("search_text", "attributes"),
        [(newest.filter(account=one).order_by("-responded_at", "-id"), 3 * ANSWERS_EACH) for one in accounts],
    ).order_by("-responded_at", "-id")
    people: dict[int | None, dict[int | None, Response]] = defaultdict(dict)
    for row in rows:
        people[row.account_id].setdefault(row.contact_id, row)
    return [
        Renewal(
            account=one,
            days=(one.renewal_on - today).days if one.renewal_on else 0,
            people=[_where(row) for row in list(people[one.pk].values())[:ANSWERS_EACH]],
        )
        for one in accounts
    ]


def _where(row: Response) -> tuple[str, str]:
    name = row.contact.short_name if row.contact else ""
    ticket: Ticket | None = getattr(row, "ticket", None)
    return f"{name} {row.score}", standing(ticket) if ticket else ""


def standing(ticket: Ticket) -> str:
    """How far a case has come, in two or three words."""
    closed = {
        ClosedAs.CONFIRMED: gettext("settled"),
        ClosedAs.UNCONFIRMED: gettext("unconfirmed"),
        ClosedAs.NOT_ASKED: gettext("not asked"),
        ClosedAs.AGREED_TO_DIFFER: gettext("agreed to differ"),
        ClosedAs.LEFT_IN_PEACE: gettext("left in peace"),
    }
    words = {
        TicketState.NEW: gettext("nobody has it"),
        TicketState.ASSIGNED: gettext("not spoken to"),
        TicketState.CONTACTED: gettext("spoken to, no action yet"),
        TicketState.IN_ACTION: gettext("in action"),
        TicketState.WAITING_ON_CUSTOMER: gettext("asked, no answer yet"),
        TicketState.RESOLVED: gettext("has the last word"),
    }
    if ticket.state == TicketState.CLOSED:
        return closed.get(ClosedAs(ticket.closed_as), "")
    if ticket.cycle and ticket.state == TicketState.ASSIGNED:
        return gettext("said “not yet”")
    return words.get(TicketState(ticket.state), "")


# --- colleagues ------------------------------------------------------------------------------------------------


def promises_of_others(user: User) -> QuerySet[Action]:
    """What others promised on this person's open tickets, the next due first."""
    rows = Action.objects.filter(ticket__owner=user, ticket__state__in=LIVE, state=Action.State.OPEN)
    return rows.exclude(owner=user).select_related("owner").order_by("due_at", "id")


def away(viewer: Viewer, until: datetime, now: datetime) -> list[Away]:
    """Colleagues of one's teams who are away now or will be before `until`. One query."""
    mates = Member.objects.filter(team__in=viewer.team_ids, is_active=True, user__is_active=True).values("user")
    rows = Away.objects.filter(ends_at__gt=now, starts_at__lt=until, user__in=mates).exclude(user=viewer.user)
    return list(rows.select_related("user", "delegate").order_by("ends_at", "id")[:MATES_SHOWN])


# --- one's own figures -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OwnFigure:
    """A rate of one's own work: `82 %`, or the bare count where there are too few for a rate."""

    label: str
    rate: Rate
    words: str
    interval: str
    goal: int | None
    href: str

    @property
    def is_below(self) -> bool:
        """Below the goal for certain: even the upper end of the interval."""
        return self.goal is not None and self.rate.high is not None and self.rate.high * 100 < self.goal


def figures(user: User, now: datetime, team: str = "") -> list[OwnFigure]:
    """First contact on time, told, settled, of this person's tickets over 90 days; goals are those of `team` (a slug),
    else everybody's. Three queries.
    """
    today = reporting_day(now)
    filters = ReportFilters(day_from=today - timedelta(days=FIGURES_OVER - 1), day_to=today)
    counts = own_counts(user, filters, now=now)
    goal: Goal = goal_over(replace(filters, team=team), filters.tickets().filter(owner=user))
    links = Links(filters)
    labels = {
        "on_time": gettext("First contact on time"),
        "told": gettext("Told what changed"),
        "confirmed": gettext("Said it is settled"),
    }
    return [
        OwnFigure(
            label=label,
            rate=counts.rate(name),
            words=sentences.rate_in_words(counts.rate(name)),
            interval=sentences.rate_range(counts.rate(name)),
            goal=goal.targets.get(name),
            href=links.tickets(name, owner=user.pk),
        )
        for name, label in labels.items()
    ]
