"""Tickets as of a past moment: the same rows, with what reports read of them as it stood then.

Every event keeps how its ticket stood after it (`followups.models.standing`), so the newest one by a moment tells.
Where a queryset is as of a moment, its columns of then go by `then_<name>`; `column` says which name to use, so that
one definition of a figure serves now and then.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from followups.models import Action, ActionMove, Event, FirstContact, Member, Team, Ticket
from followups.models.standing import KEPT, PREFIX
from followups.models.tickets import TicketQuerySet
from followups.reports.metrics.ways import WITHOUT
from nps_loop.people.models import User

Tickets = TypeVar("Tickets", bound="QuerySet[Ticket]")


def as_of(tickets: Tickets, moment: datetime) -> Tickets:
    """Those of the tickets that were open by `moment`, as they stood then."""
    known = Event.objects.filter(ticket=OuterRef("pk"), recorded_at__lte=moment).order_by("-seq")
    told = known.exclude(first_contact="").values("first_contact")[:1]
    found = tickets.filter(events__seq=Subquery(known.values("seq")[:1]))
    return found.annotate(
        **{f"{PREFIX}{name}": F(f"events__{PREFIX}{name}") for name in KEPT},
        then_cycle=F("events__cycle"),
        then_changed_at=F("events__recorded_at"),
        then_first_contact=Coalesce(Subquery(told), Value(FirstContact.NONE), output_field=CharField()),
    )


def is_then(tickets: QuerySet[Any]) -> bool:
    """Whether these tickets are as of a past moment."""
    return "then_state" in tickets.query.annotations


def column(tickets: QuerySet[Any], name: str) -> str:
    """What a column of these tickets is called: of now, or as of the moment they are of."""
    return f"{PREFIX}{name}" if is_then(tickets) else name


def in_team(tickets: TicketQuerySet, slug: str) -> TicketQuerySet:
    """Those of the team with this slug; `WITHOUT` asks for those of no team."""
    if slug == WITHOUT:
        return tickets.filter(**{f"{column(tickets, 'team_id')}__isnull": True})
    if not is_then(tickets):
        return tickets.filter(team__slug=slug)
    return tickets.filter(**{column(tickets, "team_id__in"): Team.objects.filter(slug=slug).values("pk")})


def calendar_of_team(tickets: QuerySet[Any]) -> Any:
    """The key of the calendar of a ticket's team, as an expression."""
    if not is_then(tickets):
        return F("team__calendar")
    return Subquery(Team.objects.filter(pk=OuterRef("then_team_id")).values("calendar")[:1])


def visible_to(tickets: TicketQuerySet, user: User, moment: datetime) -> TicketQuerySet:
    """What was then a ticket of a team, a ticket or a promise of this person, as `TicketQuerySet.visible_to` has it.

    Teams are those the person is in today: whoever left one sees nothing of it any more, not even what was.
    """
    if not user.is_active:
        return tickets.none()
    if user.is_superuser:
        return tickets
    teams = Member.objects.filter(user=user, is_active=True).values("team")
    own = Q(then_team_id__in=teams) | Q(then_owner_id=user.pk)
    return tickets.filter(own | Q(pk__in=_with_promises_of(user, moment)))


def _with_promises_of(user: User, moment: datetime) -> Any:
    """Keys of the tickets on which this person had a promise. One query for those that were passed on since."""
    since = Event.objects.filter(verb="pass-on-action", recorded_at__gt=moment).order_by("recorded_at", "seq")
    had: dict[int, int] = {}
    for data in since.values_list("data", flat=True):
        had.setdefault(data["action"], data["from"])
    theirs = [action for action, owner in had.items() if owner == user.pk]
    mine = Q(owner=user) & ~Q(pk__in=list(had)) | Q(pk__in=theirs)
    return Action.objects.filter(mine, planned_at__lte=moment).values("ticket")


def actions_as_of(moment: datetime) -> QuerySet[Action]:
    """Promises as they stood at `moment`: with `then_state`, `then_due_at` and `then_first_promised_at`."""
    moves = ActionMove.objects.filter(action=OuterRef("pk"), happened_at__gt=moment).order_by("happened_at", "pk")
    states = Action.State
    known = Q(told_at=None) | Q(told_at__lte=moment)
    return Action.objects.filter(planned_at__lte=moment).annotate(
        then_state=Case(
            When(state=states.DONE, done_at__lte=moment, then=Value(states.DONE)),
            When(
                Q(state=states.DROPPED) & (Q(dropped_at=None) | Q(dropped_at__lte=moment)), then=Value(states.DROPPED)
            ),
            default=Value(states.OPEN),
            output_field=CharField(),
        ),
        then_due_at=Coalesce(Subquery(moves.values("from_at")[:1]), F("due_at")),
        then_first_promised_at=Case(When(known, then=F("first_promised_at")), output_field=DateTimeField()),
    )


def promises_that_ran_on(moment: datetime) -> QuerySet[Action]:
    """Open actions of the ticket outside that were due before it stopped waiting."""
    until = ExpressionWrapper(OuterRef("then_waiting_until"), output_field=DateTimeField())
    still_open: dict[str, Any] = {"ticket": OuterRef("pk"), "then_state": Action.State.OPEN}
    found: Any = actions_as_of(moment).filter(**still_open).annotate(until=until)
    return found.filter(Q(until=None) | Q(then_due_at__lte=F("until")))
