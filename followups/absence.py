"""While somebody is away: what falls due goes to the delegate, and back when they are there again.

What is due, promised or waited for within the absence is covered; the rest stays with its owner. What falls due later,
because a customer writes or says *not yet*, is covered then. One conversation keeps one owner, so it goes as a whole.
A delegate who is away is stood in for by their own, each person asked once; where that ends with nobody who can, the
assigner finds somebody. A `Cover` row for each ticket and promise says so, and makes doing it twice harmless.

Back: what is still open goes to its owner, unless whoever held it has talked with the customer or promised something
since, or a person gave it to somebody. That stays, and the pages say why.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext

from followups.actors import Actor
from followups.models import Action, ActionMove, Away, ContactAttempt, Conversation, Cover, Member, Ticket
from followups.models.tickets import LIVE, TicketState
from followups.templatetags.moments import in_full
from followups.workflow.giving import Handing, assignment_lock, give
from followups.workflow.letting_go import pass_on_all, release_all
from followups.workflow.writing import WITH
from nps_loop.people.models import User

# Conversations, or promises, in one transaction: short enough that nobody waits for the lock for long.
BATCH = 50

HELD = (*LIVE, TicketState.RESOLVED)
Outcome = Cover.Outcome


# --- who stands in ---------------------------------------------------------------------------------------------


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
    """Who is away now and for whom, and who can take tickets of which team. Read once for a batch: two queries."""

    absences: dict[int, Away] = field(default_factory=dict)
    delegates: dict[int, int | None] = field(default_factory=dict)
    teams_of: dict[int, set[int]] = field(default_factory=dict)
    users: dict[int, User] = field(default_factory=dict)

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
        return found

    def instead_of(self, absent: int, tickets: Iterable[Ticket]) -> User | None:
        """Who takes all of these for somebody who is away: there, active, and of a team that sees each of them."""
        teams = {ticket.team_id for ticket in tickets if ticket.team_id is not None}
        pk = stand_in(absent, self.delegates, lambda user: teams <= self.teams_of.get(user, set()) and self.takes(user))
        return self.users[pk] if pk is not None else None

    def takes(self, user: int) -> bool:
        """Whether somebody is here and may be given tickets at all."""
        return user in self.users and user not in self.delegates


# --- what falls due --------------------------------------------------------------------------------------------


def _absence_of(person: str, now: datetime, field_name: str, order: str) -> Subquery:
    rows = Away.objects.at(now).filter(user=OuterRef(person)).order_by(order)
    return Subquery(rows.values(field_name)[:1])


def _with_absence(rows: QuerySet[Any], person: str, now: datetime) -> QuerySet[Any]:
    """Rows of people who are away, with from when until when; several absences at once are one."""
    away = Away.objects.at(now).order_by().values("user")
    return rows.filter(**{f"{person}__in": away}).annotate(
        away_from=_absence_of(person, now, "starts_at", "starts_at"),
        away_until=_absence_of(person, now, "ends_at", "-ends_at"),
    )


def falling_due(now: datetime) -> QuerySet[Ticket]:
    """Tickets of people who are away that are due before they are back, or that a customer waits on.

    Left out is what was covered in this absence already, or given back by hand while it lasts.
    """
    newer = ContactAttempt.objects.filter(ticket=OuterRef("ticket"), happened_at__gt=OuterRef("happened_at"))
    tries = ContactAttempt.objects.filter(
        ticket=OuterRef("pk"),
        cycle=OuterRef("cycle"),
        next_try_at__gte=OuterRef("away_from"),
        next_try_at__lt=OuterRef("away_until"),
    ).exclude(Exists(newer))
    due = (
        Q(due_at__lt=F("away_until"))
        | Q(customer_waits=True)
        | Q(snoozed_until__gte=F("away_from"), snoozed_until__lt=F("away_until"))
        | Q(state=TicketState.WAITING_ON_CUSTOMER, waiting_until__lt=F("away_until"))
        | Exists(tries)
    )
    settled = Cover.objects.filter(
        ticket=OuterRef("pk"), action=None, absent=OuterRef("owner"), outcome__in=[Outcome.OPEN, Outcome.GIVEN],
        away__in=Away.objects.at(now).values("pk"),
    )  # fmt: skip
    return _with_absence(Ticket.objects.live(), "owner", now).filter(due).exclude(Exists(settled))


def coming_in(now: datetime) -> QuerySet[Ticket]:
    """New tickets in conversations of people who are away."""
    away = Away.objects.at(now).order_by().values("user")
    return Ticket.objects.unassigned().filter(conversation__owner__in=away)


def promises_due(now: datetime) -> QuerySet[Action]:
    """What people who are away promised for a time before they are back, on whoever's ticket."""
    settled = Cover.objects.filter(
        action=OuterRef("pk"), absent=OuterRef("owner"), outcome__in=[Outcome.OPEN, Outcome.GIVEN],
        away__in=Away.objects.at(now).values("pk"),
    )  # fmt: skip
    rows = Action.objects.filter(state=Action.State.OPEN, ticket__state__in=LIVE)
    return _with_absence(rows, "owner", now).filter(due_at__lt=F("away_until")).exclude(Exists(settled))


# --- handing over ----------------------------------------------------------------------------------------------


def cover_what_falls_due(*, now: datetime) -> int:
    """Hand over what falls due while its owner is away. Returns how many tickets and promises changed hands.

    Nobody away costs one query; a batch a fixed number. Safe to run beside itself.
    """
    if not Away.objects.at(now).exists():
        return 0
    return _cover_tickets(now) + _cover_promises(now) + _follow_changed_delegates(now)


def _cover_tickets(now: datetime) -> int:
    covered = 0
    while True:
        if not falling_due(now).exists() and not coming_in(now).exists():
            return covered
        with assignment_lock():
            conversations = set(falling_due(now).order_by("rank", "pk").values_list("conversation", flat=True)[:BATCH])
            conversations |= set(coming_in(now).order_by("rank", "pk").values_list("conversation", flat=True)[:BATCH])
            moved = _cover_conversations(conversations, now)
        if not moved:
            return covered
        covered += moved


def _cover_conversations(conversations: Collection[int], now: datetime) -> int:
    """Each as a whole to whoever stands in for its owner, or to the pool. The caller holds the assigner's lock."""
    present = Present.at(now)
    handings: list[Handing] = []
    pooled: list[Ticket] = []
    covers: list[Cover] = []
    new_in_pool: list[Ticket] = []
    for owner, tickets in _by_conversation(conversations):
        if owner is None or owner not in present.absences:
            continue
        away = present.absences[owner]
        heir = present.instead_of(owner, tickets)
        held = [ticket for ticket in tickets if ticket.owner_id is not None]
        if heir is not None:
            why = partial(_stands_in, away)
            data = {"away": away.pk, "from": owner, "rule": "away"}
            handings += [
                Handing(ticket, heir, None, why, data, "hand-over" if ticket.owner_id else "assign")
                for ticket in tickets
            ]
        else:
            pooled += held
            new_in_pool += [ticket for ticket in tickets if ticket.owner_id is None]
        covers += [
            Cover(away=away, ticket=ticket, absent_id=owner, delegate_id=away.delegate_id, to=heir, at=now)
            for ticket in tickets
        ]
    Cover.objects.bulk_create(covers, batch_size=500)
    give(handings, actor=Actor.system(), now=now)
    release_all(pooled, {"because": "away"}, actor=Actor.system(), now=now)
    Conversation.objects.filter(pk__in={ticket.conversation_id for ticket in new_in_pool}).update(owner=None)
    return len(covers)


def _by_conversation(conversations: Collection[int]) -> list[tuple[int | None, list[Ticket]]]:
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


def _stands_in(away: Away) -> str:
    words = gettext("%(name)s is away until %(day)s, and you stand in.")
    return words % {"name": away.user.name, "day": in_full(away.ends_at)}


def _cover_promises(now: datetime) -> int:
    """Promises of the absent: to whoever stands in, else to whoever has the ticket, who has to answer for it."""
    if not promises_due(now).exists():
        return 0
    numbers = set(promises_due(now).order_by("ticket", "pk").values_list("ticket", flat=True)[:BATCH])
    with assignment_lock(Ticket.objects.filter(pk__in=numbers)):
        present = Present.at(now)
        heirs, covers, data = [], [], {}
        found = promises_due(now).filter(ticket__in=numbers)
        for action in found.select_related(*(f"ticket__{name}" for name in WITH)).order_by("ticket", "pk"):
            away = present.absences[action.owner_id]
            heir = present.instead_of(action.owner_id, [action.ticket]) or _there(present, action.ticket.owner)
            if heir is None or heir.pk == action.owner_id:
                continue
            covers.append(
                Cover(
                    away=away, ticket=action.ticket, action=action, absent_id=action.owner_id,
                    delegate_id=away.delegate_id, to=heir, at=now,
                )
            )  # fmt: skip
            data[action.pk] = {"away": away.pk}
            heirs.append((action, heir))
        Cover.objects.bulk_create(covers, batch_size=500)
        pass_on_all(heirs, data, actor=Actor.system(), now=now)
    return len(covers)


def _there(present: Present, user: User | None) -> User | None:
    return user if user is not None and user.is_active and user.pk not in present.delegates else None


# --- somebody else is named meanwhile --------------------------------------------------------------------------


def _follow_changed_delegates(now: datetime) -> int:
    """Where an absence that runs names somebody else by now, what nobody has begun on goes to them."""
    named_anew = Cover.objects.open().filter(
        away__in=Away.objects.at(now).filter(delegate__isnull=False), action=None
    ).filter(~Q(delegate=F("away__delegate")) | Q(delegate=None))  # fmt: skip
    if not named_anew.exists():
        return 0
    moved = 0
    with assignment_lock():
        covers = {row.ticket_id: row for row in named_anew.select_related("away__user").order_by("pk")[:BATCH]}
        conversations = set(Ticket.objects.filter(pk__in=covers).values_list("conversation", flat=True))
        present, handings = Present.at(now), []
        groups = [group for group in _by_conversation(conversations) if any(row.pk in covers for row in group[1])]
        begun = _begun(covers.values(), [ticket for _owner, tickets in groups for ticket in tickets])
        for owner, tickets in groups:
            cover = next(covers[ticket.pk] for ticket in tickets if ticket.pk in covers)
            if cover.away is None:
                continue
            heir = present.instead_of(cover.absent_id, tickets)
            if heir is None or heir.pk == owner or tickets[0].conversation_id in begun:
                continue
            why = partial(_stands_in, cover.away)
            data = {"away": cover.away.pk, "from": owner, "rule": "away"}
            handings += [Handing(ticket, heir, None, why, data, "hand-over") for ticket in tickets]
            for ticket in tickets:
                if ticket.pk in covers:
                    covers[ticket.pk].to = heir
            moved += len(tickets)
        give(handings, actor=Actor.system(), now=now)
        for cover in covers.values():
            cover.delegate_id = cover.away.delegate_id if cover.away else None
        Cover.objects.bulk_update(covers.values(), ["delegate", "to"], batch_size=500)
    return moved


# --- back again ------------------------------------------------------------------------------------------------


def give_back(*, now: datetime) -> int:
    """What was covered for people who are there again, or never left. Returns how many covers ended."""
    ended = 0
    while Cover.objects.to_give_back(now).exists():
        with assignment_lock():
            # Whole conversations, so that one decision is made for each.
            first = Cover.objects.to_give_back(now).order_by("pk").values_list("ticket__conversation", flat=True)
            found = Cover.objects.to_give_back(now).filter(ticket__conversation__in=set(first[:BATCH]))
            covers = list(found.select_related("absent", "away").order_by("pk"))
            tickets = [cover for cover in covers if cover.action_id is None]
            _give_back_tickets(tickets, now)
            _give_back_promises([cover for cover in covers if cover.action_id is not None], now)
            Cover.objects.bulk_update(covers, ["outcome", "back_at"], batch_size=500)
        ended += len(covers)
    return ended


def _give_back_tickets(covers: Sequence[Cover], now: datetime) -> None:
    """Decide on each and hand back what goes. Sets outcome and end of the covers; the caller saves them."""
    if not covers:
        return
    present = Present.at(now)
    first: dict[int, Cover] = {}
    for cover in covers:
        first.setdefault(cover.ticket_id, cover)
    conversations = set(Ticket.objects.filter(pk__in=first).values_list("conversation", flat=True))
    groups = _by_conversation(conversations)
    begun = _begun(covers, [ticket for _owner, tickets in groups for ticket in tickets])
    outcomes: dict[int, str] = {}
    handings = []
    for owner, tickets in groups:
        theirs = [first[ticket.pk] for ticket in tickets if ticket.pk in first]
        if not theirs:
            continue
        cover = min(theirs, key=lambda row: row.pk)
        if not any(ticket.is_live and ticket.pk in first for ticket in tickets):
            outcome = Outcome.OVER
        elif not _takes_back(present, cover.absent_id, tickets):
            outcome = Outcome.GONE
        elif owner == cover.absent_id:
            outcome = Outcome.BACK
        elif tickets[0].conversation_id in begun:
            outcome = Outcome.STAYED
        else:
            outcome = Outcome.BACK
            data = {"away": cover.away_id, "from": owner, "rule": "back"}
            why = partial(_is_back, tickets[0].owner)
            handings += [Handing(ticket, cover.absent, None, why, data, "hand-over") for ticket in tickets]
        outcomes |= {ticket.pk: outcome for ticket in tickets}
    give(handings, actor=Actor.system(), now=now)
    for row in covers:
        row.outcome, row.back_at = outcomes.get(row.ticket_id, Outcome.OVER), now
    # Whoever stood in for one who stood in holds it for nobody any more.
    back = [handing.ticket.pk for handing in handings]
    others = Cover.objects.open().filter(ticket__in=back, action=None).values_list("pk", "ticket")
    later = [pk for pk, ticket in others if ticket not in first or pk > first[ticket].pk]
    Cover.objects.filter(pk__in=later).exclude(pk__in=[row.pk for row in covers]).update(
        outcome=Outcome.GIVEN, back_at=now
    )


def _takes_back(present: Present, absent: int, tickets: Iterable[Ticket]) -> bool:
    teams = {ticket.team_id for ticket in tickets if ticket.team_id is not None}
    return present.takes(absent) and bool(teams & present.teams_of[absent] or not teams)


def _is_back(held_by: User | None) -> str:
    if held_by is None:
        return gettext("You are back, and nobody else has it.")
    return gettext("You are back. %(name)s looked after it.") % {"name": held_by.name}


def _begun(covers: Iterable[Cover], tickets: Sequence[Ticket]) -> set[int]:
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


def _give_back_promises(covers: Sequence[Cover], now: datetime) -> None:
    """Promises go back where they are still open and whoever held them has not moved their date."""
    if not covers:
        return
    list(
        Ticket.objects.filter(pk__in={cover.ticket_id for cover in covers})
        .order_by("pk").select_for_update(no_key=True).values_list("pk")
    )  # fmt: skip
    found = Action.objects.filter(pk__in=[cover.action_id for cover in covers])
    actions = {row.pk: row for row in found.select_related(*(f"ticket__{name}" for name in WITH))}
    moved = set(
        ActionMove.objects.filter(action__in=actions, happened_at__gte=min(cover.at for cover in covers))
        .values_list("action", "by")
    )  # fmt: skip
    heirs, data = [], {}
    for cover in covers:
        action = actions[cover.action_id or 0]
        cover.back_at = now
        if action.state != Action.State.OPEN:
            cover.outcome = Outcome.OVER
        elif action.owner_id == cover.absent_id:
            cover.outcome = Outcome.BACK
        elif not cover.absent.is_active:
            cover.outcome = Outcome.GONE
        elif action.owner_id != cover.to_id:
            cover.outcome = Outcome.GIVEN
        elif (action.pk, cover.to_id) in moved:
            cover.outcome = Outcome.STAYED
        else:
            cover.outcome = Outcome.BACK
            data[action.pk] = {"away": cover.away_id, "back": True}
            heirs.append((action, cover.absent))
    pass_on_all(heirs, data, actor=Actor.system(), now=now)


# --- planning --------------------------------------------------------------------------------------------------


def is_back(away: Away, *, now: datetime) -> Away:
    """An absence ends before its time: its owner is here, and gets back what others held. One to come is taken off.

    An absence that is over stays as it was.
    """
    if away.starts_at >= now:
        away.delete()
    elif away.ends_at > now:
        away.ends_at = now
        away.save(update_fields=["ends_at"])
        give_back(now=now)
    return away


def follow(away: Away, *, now: datetime) -> None:
    """After an absence was made or changed: hand over, or back, what follows from it, at once."""
    give_back(now=now)
    if away.starts_at <= now < away.ends_at:
        cover_what_falls_due(now=now)
