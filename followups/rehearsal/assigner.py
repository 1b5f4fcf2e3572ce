"""Who would get tickets that are not in the database: the assigner's own choice over a pool with made-up loads.

The only module here that knows the assigner. It asks it for the pool of a moment (members, absences, capacities) and
for the choice of one ticket; rounds, who is in conversation with whom and what moves along are kept as the assigner
keeps them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from followups.assignment import Choice, Pool, choose, rounds
from followups.assignment.pool import MadeUp
from followups.assignment.waiting import Waiting, round_size
from followups.conflicts import complained_about, may_name
from followups.models import Conflict, Conversation, Deadline, Ticket
from surveys.searching import normalise_for_search


@dataclass(slots=True)
class Case:
    """A ticket that exists in memory alone, with what is owed on it and when somebody got it.

    `barred` are the people whom its words complain about.
    """

    ticket: Ticket
    owed: list[Deadline]
    opened_at: datetime
    assigned_at: datetime | None = None
    barred: frozenset[int] = frozenset()

    @property
    def owner(self) -> int | None:
        return self.ticket.owner_id

    @property
    def is_mailed(self) -> bool:
        """Whether its customer is written to when somebody gets it."""
        response = self.ticket.response
        return response is not None and response.acknowledge and not self.ticket.nobody_to_reach


@dataclass(slots=True)
class Desk:
    """Who has what. `lasts` is how long a ticket counts against a person's capacity once they have it."""

    lasts: timedelta
    waiting: list[Case] = field(default_factory=list)
    held: list[Case] = field(default_factory=list)
    load: dict[int, int] = field(default_factory=dict)
    given_at: dict[int, list[datetime]] = field(default_factory=dict)
    peak: dict[int, int] = field(default_factory=dict)
    of_account: dict[int, list[Case]] = field(default_factory=dict)
    of_contact: dict[int, list[Case]] = field(default_factory=dict)
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
            if contact:
                self.of_contact.setdefault(contact, []).append(case)

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
        """One run of the assigner over all that waits, in the order of the queue. Two queries for each of its rounds.

        Each round finds the loads the one before left: what moved along with a conversation is on another desk then.
        """
        queue = sorted(self.waiting, key=lambda case: (case.ticket.rank, case.ticket.pk))
        while queue:
            pool = Pool.at(now, desks=MadeUp(self.load, self.given_at))
            if not pool.by_user:
                break
            pool.read_touchpoints()
            size = round_size([case.is_mailed for case in queue], most=rounds.most_at_once(), most_mails=rounds.MAILS)
            self._round(queue[:size], pool, now)
            queue = queue[size:]
        self.waiting = [case for case in self.waiting if case.owner is None]

    def _round(self, cases: list[Case], pool: Pool, now: datetime) -> None:
        mates = {
            case.ticket.account_id: mate
            for case in cases
            if case.ticket.account_id and (mate := self._account_mate(case.ticket.account_id, now)) is not None
        }
        lasts = {
            case.ticket.contact_id: last
            for case in cases
            if case.ticket.contact_id and (last := self._last_of_contact(case.ticket.contact_id)) is not None
        }
        for case in cases:
            case.barred = whom_it_complains_about(case.ticket, pool)
        barred: dict[int, frozenset[int]] = {}
        for case in (*self.held, *cases):
            talk = case.ticket.conversation_id
            barred[talk] = barred.get(talk, frozenset()) | case.barred
        chosen: dict[int, Choice] = {}
        for case in cases:
            ticket = case.ticket
            row = as_waiting(ticket, case.owed)
            choice = choose(
                row,
                pool,
                conversation_owner=ticket.conversation.owner_id,
                same_contact=lasts.get(ticket.contact_id or 0),
                account_mate=mates.get(ticket.account_id or 0),
                cap_yields=row.is_past_half(now),
                barred=barred[ticket.conversation_id],
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
        self.given_at.setdefault(user.pk, []).append(now)

    def _account_mate(self, account: int, now: datetime) -> int | None:
        """Who has the newest ticket of the account, opened within 30 days."""
        for case in reversed(self.of_account.get(account, ())):
            if case.owner is not None and case.opened_at > now - rounds.SAME_ACCOUNT_WITHIN:
                return case.owner
        return None

    def _last_of_contact(self, contact: int) -> int | None:
        """Who had this contact's last ticket."""
        return next((case.owner for case in reversed(self.of_contact.get(contact, ())) if case.owner is not None), None)


def as_waiting(ticket: Ticket, owed: Iterable[Deadline]) -> Waiting:
    """An unsaved ticket as the assigner reads a waiting one. No query, with what an opening reads at hand."""
    response, contact, account, rule = ticket.response, ticket.contact, ticket.account, ticket.rule
    owner = account.owner if account else None
    first = next((row for row in owed if row.target == Deadline.Target.FIRST_CONTACT), None)
    return Waiting(
        pk=ticket.pk or 0,
        team=ticket.team_id,
        score=ticket.score,
        band=ticket.band,
        touchpoint=response.touchpoint_id if response else None,
        contact=ticket.contact_id,
        language=(contact.language if contact else "")[:2].lower(),
        account=ticket.account_id,
        account_name=account.name if account else "",
        account_owner=owner.pk if owner else None,
        account_owner_is_active=owner.is_active if owner else False,
        starts_at=first.starts_at if first else None,
        due_at=first.due_at if first else None,
        skills=frozenset(rule.skills) if rule else frozenset(),
        owner_first=rule.owner_first if rule else True,
        team_by_rule=rule is not None and rule.team_id is not None,
    )


def whom_it_complains_about(ticket: Ticket, pool: Pool) -> frozenset[int]:
    """Of the people of the pool, those whom the answer complains about."""
    response = ticket.response
    if response is None:
        return frozenset()
    if not may_name(response.search_text or normalise_for_search(response.verbatim), pool.name_parts):
        return frozenset()
    return frozenset(complained_about(response.verbatim, ticket.band, pool.names))


def who_now(ticket: Ticket, owed: Iterable[Deadline], *, now: datetime) -> tuple[Choice | None, Pool]:
    """Who would get this unsaved ticket if it opened at this moment, with the real loads. Nine queries at most."""
    pool = Pool.at(now)
    pool.read_touchpoints()
    row = as_waiting(ticket, owed)
    talk = (
        Conversation.objects.filter(contact=ticket.contact, closed_at=None).values_list("owner", flat=True).first()
        if ticket.contact_id
        else None
    )
    had = Ticket.objects.filter(owner__isnull=False).exclude(state="dismissed").order_by("-pk")
    last, mate = None, None
    if ticket.contact_id:
        last = had.filter(contact=ticket.contact).values_list("owner", flat=True).first()
    if ticket.account_id:
        lately = had.filter(account=ticket.account, opened_at__gt=now - rounds.SAME_ACCOUNT_WITHIN)
        mate = lately.values_list("owner", flat=True).first()
    barred = whom_it_complains_about(ticket, pool)
    if ticket.contact_id:
        talked = Conflict.objects.filter(
            ticket__conversation__contact=ticket.contact, ticket__conversation__closed_at=None
        )
        barred |= frozenset(talked.values_list("user", flat=True))
    choice = choose(
        row,
        pool,
        conversation_owner=talk,
        same_contact=last,
        account_mate=mate,
        cap_yields=row.is_past_half(now),
        barred=barred,
    )
    return choice, pool
