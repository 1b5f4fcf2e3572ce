"""Who acts for somebody who is away, and what is held together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from followups.conflicts import complained_about
from followups.models import Action, Away, Conflict, ContactAttempt, Cover, Member, Ticket
from followups.models.tickets import LIVE, TicketState
from followups.workflow.locking import WITH
from nps_loop.people.models import User

# Conversations, or promises, in one transaction: short enough that nobody waits for the lock for long.
BATCH = 50

HELD = (*LIVE, TicketState.RESOLVED)


def stand_in(absent: int, delegates: Mapping[int, int | None], can: Callable[[int], bool]) -> int | None:
    """Who acts for somebody who is away: their delegate, or whoever acts for that one. Pure.

    `delegates`: everybody who is away now -> whom they named. Each person is asked once, so a ring ends with nobody; so
    does a delegate who is there and cannot.
    """
    asked = {absent}
    found = delegates.get(absent)
    while found is not None and found not in asked:
        if found not in delegates:
            return found if can(found) else None
        asked.add(found)
        found = delegates[found]
    return None


@dataclass(slots=True)
class Present:
    """Who is away now and for whom, and who can take tickets of which team. Read once for a batch: three queries.

    `about` holds (conversation, person) where the customer's words may complain about that person.
    """

    absences: dict[int, Away] = field(default_factory=dict)
    delegates: dict[int, int | None] = field(default_factory=dict)
    teams_of: dict[int, set[int]] = field(default_factory=dict)
    users: dict[int, User] = field(default_factory=dict)
    about: frozenset[tuple[int, int]] = frozenset()

    @classmethod
    def at(cls, now: datetime) -> Present:
        found = cls()
        # Of absences that overlap the one that began last decides; one without a delegate leaves that to the other.
        for row in Away.objects.at(now).select_related("user").order_by("starts_at", "pk"):
            found.absences[row.user_id] = row
            found.delegates[row.user_id] = row.delegate_id or found.delegates.get(row.user_id)
        members = Member.objects.filter(is_active=True, user__is_active=True, team__takes_tickets=True)
        for member in members.select_related("user"):
            found.teams_of.setdefault(member.user_id, set()).add(member.team_id)
            found.users[member.user_id] = member.user
        complaints = Conflict.objects.filter(ticket__state__in=HELD)
        found.about = frozenset(complaints.values_list("ticket__conversation", "user"))
        return found

    def instead_of(self, absent: int, tickets: Iterable[Ticket]) -> User | None:
        """Who takes all of these for somebody who is away: there, active, of a team that sees each, meant by none."""
        rows = list(tickets)
        teams = {ticket.team_id for ticket in rows if ticket.team_id is not None}

        def can(user: int) -> bool:
            return teams <= self.teams_of.get(user, set()) and self.takes(user) and not self.is_meant(user, rows)

        pk = stand_in(absent, self.delegates, can)
        return self.users[pk] if pk is not None else None

    def is_meant(self, user: int, tickets: Iterable[Ticket]) -> bool:
        """Whether the customer's words may complain about somebody: as was found, or as no round has read yet."""
        person = self.users.get(user)
        name = {user: (person.first_name, person.last_name)} if person else {}
        return any(
            (row.conversation_id, user) in self.about
            or (row.response is not None and bool(complained_about(row.response.verbatim, row.band, name)))
            for row in tickets
        )

    def takes(self, user: int) -> bool:
        """Whether somebody is here and may be given tickets at all."""
        return user in self.users and user not in self.delegates


def by_conversation(conversations: Collection[int]) -> list[tuple[int | None, list[Ticket]]]:
    """What is held or new in each, locked in the order of their numbers: (owner, tickets). One query."""
    rows = (
        Ticket.objects.filter(conversation__in=conversations, state__in=HELD)
        .filter(Q(owner__isnull=False) | Q(state__in=LIVE))
        .select_related(*WITH)
        .select_for_update(of=("self",), no_key=True)
        .order_by("pk")
    )
    together: dict[int, list[Ticket]] = {}
    for row in rows:
        together.setdefault(row.conversation_id, []).append(row)
    return [(_owner_of(tickets) or tickets[0].conversation.owner_id, tickets) for tickets in together.values()]


def _owner_of(tickets: Iterable[Ticket]) -> int | None:
    return next((ticket.owner_id for ticket in tickets if ticket.owner_id is not None), None)


def begun_since(covers: Iterable[Cover], tickets: Sequence[Ticket]) -> set[int]:
    """Conversations in which somebody else talked with the customer, wrote or promised something since. Two queries."""
    since: dict[int, datetime] = {}
    absent: dict[int, int] = {}
    of_ticket = {ticket.pk: ticket.conversation_id for ticket in tickets}
    for cover in covers:
        conversation = of_ticket.get(cover.ticket_id)
        if conversation is not None:
            since[conversation] = min(cover.at, since.get(conversation, cover.at))
            absent[conversation] = cover.absent_id
    talks = ContactAttempt.objects.filter(ticket__in=of_ticket, voided_at=None, by__isnull=False).filter(
        Q(evidence_from__isnull=False) | Q(message__isnull=False)
    )
    promised = Action.objects.filter(ticket__in=of_ticket).exclude(state=Action.State.DROPPED)
    done = [
        *talks.values_list("ticket", "recorded_at", "by"),
        *promised.values_list("ticket", "planned_at", "planned_by"),
    ]
    return {
        of_ticket[ticket]
        for ticket, at, by in done
        if of_ticket[ticket] in since and at >= since[of_ticket[ticket]] and by not in (None, absent[of_ticket[ticket]])
    }


def end_later(covers: Mapping[int, Cover], tickets: Collection[int], *, now: datetime) -> None:
    """Whoever stood in for one who stood in holds these for nobody any more: they go by the first cover from now on.

    `covers`: ticket -> the cover that decides. Two queries.
    """
    open_ones = Cover.objects.open().filter(ticket__in=tickets, action=None).values_list("pk", "ticket", "absent")
    later = [
        pk
        for pk, ticket, absent in open_ones
        if ticket not in covers or (pk > covers[ticket].pk and absent != covers[ticket].absent_id)
    ]
    Cover.objects.filter(pk__in=later).update(outcome=Cover.Outcome.GIVEN, back_at=now)
