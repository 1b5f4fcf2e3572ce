"""Who would get tickets that are not in the database: the assigner's own choice over a pool with made-up loads.

The only module here that knows the assigner. It asks it for the pool of a moment (members, absences, capacities) and
for the choice of one ticket; rounds, who is in conversation with whom and what moves along are kept as the assigner
keeps them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from followups.assignment import BATCH, SAME_ACCOUNT_WITHIN, Choice, Pool, choose
from followups.models import Conversation, Deadline, Ticket


@dataclass(slots=True)
class Case:
    """A ticket that exists in memory alone, with what is owed on it and when somebody got it."""

    ticket: Ticket
    owed: list[Deadline]
    opened_at: datetime
    assigned_at: datetime | None = None

    @property
    def owner(self) -> int | None:
        return self.ticket.owner_id

    def is_past_half_of_first_contact(self, now: datetime) -> bool:
        rows = [row for row in self.owed if row.target == Deadline.Target.FIRST_CONTACT]
        return any(now >= row.starts_at + (row.due_at - row.starts_at) / 2 for row in rows)


@dataclass(slots=True)
class Desk:
    """Who has what. `lasts` is how long a ticket counts against a person's capacity once they have it."""

    lasts: timedelta
    waiting: list[Case] = field(default_factory=list)
    held: list[Case] = field(default_factory=list)
    load: dict[int, int] = field(default_factory=dict)
    last_given: dict[int, datetime] = field(default_factory=dict)
    peak: dict[int, int] = field(default_factory=dict)
    of_account: dict[int, list[Case]] = field(default_factory=dict)
    # Conversations in which somebody still has a ticket, by the contact they are with.
    conversations: dict[int, Conversation] = field(default_factory=dict)
    numbers: int = 0

    def take_in(self, cases: Iterable[Case]) -> None:
        """New tickets: each gets a number and its customer's conversation, and waits for somebody."""
        for case in cases:
            self.numbers += 1
            ticket, contact = case.ticket, case.ticket.contact_id
            ticket.pk = self.numbers
            talk = self.conversations.get(contact) if contact else None
            if talk is None:
                talk = Conversation(
                    pk=self.numbers, contact=ticket.contact, brand=ticket.brand, opened_at=case.opened_at
                )
                if contact:
                    self.conversations[contact] = talk
            ticket.conversation = talk
            self.waiting.append(case)
            if ticket.account_id:
                self.of_account.setdefault(ticket.account_id, []).append(case)

    def close_what_is_over(self, now: datetime) -> None:
        """Tickets that somebody has had long enough are closed, and conversations in which none is left."""
        over = [case for case in self.held if case.assigned_at and case.assigned_at + self.lasts <= now]
        if not over:
            return
        ended = {id(case) for case in over}
        self.held = [case for case in self.held if id(case) not in ended]
        for case in over:
            self.load[case.owner or 0] -= 1
        alive = {case.ticket.conversation_id for case in (*self.held, *self.waiting)}
        for contact, talk in list(self.conversations.items()):
            if talk.pk not in alive:
                del self.conversations[contact]

    def give_out(self, now: datetime) -> None:
        """One run of the assigner over all that waits, in the order of the queue. Four queries where anything does."""
        if not self.waiting:
            return
        queue = sorted(self.waiting, key=lambda case: (case.ticket.rank, case.ticket.pk))
        pool = pool_with(self.load, self.last_given, now)
        if not pool.by_user:
            return
        for start in range(0, len(queue), BATCH):
            self._round(queue[start : start + BATCH], pool, now)
        self.waiting = [case for case in self.waiting if case.owner is None]

    def _round(self, cases: list[Case], pool: Pool, now: datetime) -> None:
        mates = {
            case.ticket.account_id: mate
            for case in cases
            if case.ticket.account_id and (mate := self._account_mate(case.ticket.account_id, now)) is not None
        }
        chosen: dict[int, Choice] = {}
        for case in cases:
            ticket = case.ticket
            choice = choose(
                ticket,
                pool,
                conversation_owner=ticket.conversation.owner_id,
                account_mate=mates.get(ticket.account_id or 0),
                cap_yields=case.is_past_half_of_first_contact(now),
            )
            if choice is None:
                continue
            user = choice.candidate.user
            pool.given(user.pk, now)
            ticket.conversation.owner = user
            if ticket.account_id:
                mates.setdefault(ticket.account_id, user.pk)
            self._give(case, choice, now)
            self.held.append(case)
            chosen[ticket.conversation_id] = choice
        for case in self.held:
            found = chosen.get(case.ticket.conversation_id)
            if found is not None and case.owner != found.candidate.user.pk:
                self.load[case.owner or 0] -= 1
                self._give(case, found, now)

    def _give(self, case: Case, choice: Choice, now: datetime) -> None:
        user = choice.candidate.user
        case.ticket.owner, case.ticket.team = user, choice.candidate.team
        case.assigned_at = case.assigned_at or now
        self.load[user.pk] = self.load.get(user.pk, 0) + 1
        self.peak[user.pk] = max(self.peak.get(user.pk, 0), self.load[user.pk])
        self.last_given[user.pk] = now

    def _account_mate(self, account: int, now: datetime) -> int | None:
        """Who has the newest ticket of the account, opened within 30 days."""
        for case in reversed(self.of_account.get(account, ())):
            if case.owner is not None and case.opened_at > now - SAME_ACCOUNT_WITHIN:
                return case.owner
        return None


def pool_with(load: dict[int, int], last_given: dict[int, datetime], now: datetime) -> Pool:
    """The assigner's pool of a moment, with these loads in place of the real ones."""
    pool = Pool.at(now)
    for user, rows in pool.by_user.items():
        for row in rows:
            row.load, row.last_assigned_at = load.get(user, 0), last_given.get(user)
    return pool


def who_now(ticket: Ticket, *, now: datetime) -> tuple[Choice | None, Pool]:
    """Who would get this unsaved ticket if it opened at this moment, with the real loads. Six queries at most."""
    pool = Pool.at(now)
    talk = (
        Conversation.objects.filter(contact=ticket.contact, closed_at=None).values_list("owner", flat=True).first()
        if ticket.contact_id
        else None
    )
    mate = (
        Ticket.objects.filter(account=ticket.account, owner__isnull=False, opened_at__gt=now - SAME_ACCOUNT_WITHIN)
        .exclude(state="dismissed")
        .order_by("-pk")
        .values_list("owner", flat=True)
        .first()
        if ticket.account_id
        else None
    )
    return choose(ticket, pool, conversation_owner=talk, account_mate=mate, cap_yields=False), pool
