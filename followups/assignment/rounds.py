"""One round: read who waits and who could take it, choose for all, write it down, tell. Under the one lock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext

from followups import silence
from followups.actors import Actor
from followups.assignment import telling
from followups.assignment.choosing import NOBODY, Choice, choose
from followups.assignment.pool import Pool
from followups.assignment.waiting import Waiting, first_of, in_order, read
from followups.conflicts import complained_about, those_that_may_name
from followups.messages import notices
from followups.models import AssignmentRound, Conflict, Event, Team, Ticket
from followups.models.tickets import LIVE, TicketState
from followups.prepared import Kind, Prepared
from followups.workflow.giving_many import Given, Place, give_many, reason
from followups.workflow.handing import Handing, assignment_lock, give
from followups.workflow.locking import WITH
from nps_loop.bulk import among, sent_ahead, without_collecting
from surveys.models import Brand, Response

# Tickets handed out in one transaction: so many by plain rows, and at most so many for which a customer is written to,
# since rendering costs most and whoever else gives waits for the lock meanwhile. SQLite takes fewer: there every writer
# waits, and some builds bind no more than 999 values.
BATCH = 10_000
SQLITE_BATCH = 300
MAILS = 100
# So many are chosen while the database writes down those before. Up to a thousand are one statement, whatever their
# number; then each part is so much larger than the last as writing takes longer than choosing: neither waits.
FIRST_PART, GROWTH = 1_000, 1.5
SAME_ACCOUNT_WITHIN = timedelta(days=30)


Chosen = tuple[Waiting, Choice]


@dataclass(slots=True)
class Assigned:
    """What was given, what has to wait, and whether there is more that nobody looked at."""

    assigned: int = 0
    waiting: int = 0
    is_more: bool = False


@dataclass(slots=True)
class Found:
    """What is known of the waiting tickets beside themselves."""

    last_of_contact: dict[int, int] = field(default_factory=dict)
    last_of_account: dict[int, int] = field(default_factory=dict)
    gave_back: dict[int, int] = field(default_factory=dict)
    barred: dict[int, frozenset[int]] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)


def assign_waiting(*, now: datetime) -> Assigned:
    """Hand out every unassigned ticket that somebody can take, a batch at a time. Safe to run beside itself."""
    done = Assigned()
    if not _any_waits.exists():
        return done  # The usual case: nobody has to wait for the lock.
    after: tuple[int, int] | None = None
    while True:
        given, waiting, last = _round(now=now, after=after)
        done.assigned += given
        done.waiting += waiting
        if last is None:
            return done
        # Those that have to wait are not looked at twice in one run.
        after = last


def assign_some(*, now: datetime) -> Assigned:
    """Hand out one batch of those, the most urgent; `is_more` says whether others were not looked at."""
    if not _any_waits.exists():
        return Assigned()
    given, waiting, last = _round(now=now, after=None)
    return Assigned(given, waiting, last is not None)


def most_at_once() -> int:
    """Tickets one round takes at most on this database."""
    return BATCH if connection.vendor == "postgresql" else SQLITE_BATCH


def _round(*, now: datetime, after: tuple[int, int] | None) -> tuple[int, int, tuple[int, int] | None]:
    """Given, left waiting, and behind which place in the queue the next round begins; None where this was the last."""
    with without_collecting(), assignment_lock(is_found_again=True):
        most = most_at_once()
        if after is None:
            (rows,) = _first_waiting(most)()
        else:
            rank, pk = after
            unassigned = Ticket.objects.unassigned().filter(rank__gte=rank).exclude(rank=rank, pk__lte=pk)
            rows = list(in_order(unassigned, most))
        first, is_all = first_of(rows, most=most, most_mails=MAILS)
        if not first:
            return 0, 0, None
        # With those of the same conversations, which go along where a conversation changes hands.
        locked = read(first)
        tickets = sorted(
            (row for row in locked if row.pk in first and row.owner is None and row.state in LIVE),
            key=lambda row: (row.rank, row.pk),
        )
        if not tickets:
            return 0, 0, None
        last = None if is_all else (tickets[-1].rank, tickets[-1].pk)
        pool = Pool.at(now)
        if not pool.by_user:
            keep_round(pool, [], len(tickets), now)
            return 0, Ticket.objects.unassigned().count(), None
        if any(row.touchpoint and row.account_owner for row in tickets):
            pool.read_touchpoints()
        candidates = pool.snapshot()
        found = look_around(tickets, locked, pool, now)
        by_rows = _ByRows(now)
        # So few are all given alone: there is nothing that the database could do meanwhile.
        are_few = len(tickets) <= notices.MOST_ALONE
        brands = {} if are_few else Brand.objects.in_bulk({row.brand for row in tickets})
        choices: list[Chosen] = []
        stored: AssignmentRound | None = None
        with nullcontext() if are_few else sent_ahead():
            for part in _choose(tickets, pool, found, now):
                stored = stored or keep_round(pool, candidates, 0, now, given=len(tickets))
                choices += part
                by_rows.give(part, stored)
            # Written while the database is busy with the last part.
            of_many = telling.owners_of_many(choices, brands)
        waiting = len(tickets) - len(choices)
        alone: dict[int, Ticket] = {}
        if stored is None:
            keep_round(pool, candidates, waiting, now)
        else:
            if waiting:
                AssignmentRound.objects.filter(pk=stored.pk).update(tickets=len(choices), left_waiting=waiting)
            alone = _give_alone(choices, by_rows, locked, stored, now)
        telling.tell([(row, choice, alone.get(row.pk)) for row, choice in choices], found.conflicts, of_many, now=now)
        return len(choices), waiting, last


_any_waits = Prepared(lambda: (Ticket.objects.unassigned().order_by().values_list("pk")[:1],))


@cache
def _first_waiting(most: int) -> Prepared:
    return Prepared(lambda: (in_order(Ticket.objects.unassigned(), most),))


def look_around(tickets: Sequence[Waiting], locked: Sequence[Waiting], pool: Pool, now: datetime) -> Found:
    """Whose customers and companies these are, who gave them back, and whom they complain about. Up to five queries.

    New conflicts are stored here, and given back in `conflicts`.
    """
    found = Found()
    _last_owners(tickets, found, now)
    if again := [row.pk for row in tickets if row.was_given]:
        # By a person, or taken from somebody who did nothing.
        taken = ~Q(actor_kind=Event.Actor.SYSTEM) | Q(data__because="silent")
        rows = Event.objects.filter(taken, ticket__in=again, verb="release")
        found.gave_back = {pk: data["from"] for pk, data in rows.order_by("seq").values_list("ticket", "data")}
    _whom_they_complain_about(tickets, locked, pool, found, now)
    return found


def _last_owners(tickets: Sequence[Waiting], found: Found, now: datetime) -> None:
    """Who had each contact's last ticket, and each account's newest of the last 30 days. One query."""
    contacts = {row.contact for row in tickets if row.contact}
    accounts = {row.account for row in tickets if row.account}
    if not contacts and not accounts:
        return
    since = now - SAME_ACCOUNT_WITHIN
    (rows,) = _had_by(contacts=contacts, accounts=accounts, since=since)
    for contact, account, owner, opened_at in rows:
        if contact in contacts:
            found.last_of_contact[contact] = owner
        if account in accounts and opened_at > since:
            found.last_of_account[account] = owner


_had_by = Prepared(
    lambda contacts, accounts, since: (
        Ticket.objects.filter(among("contact", contacts) | among("account", accounts) & Q(opened_at__gt=since))
        .filter(owner__isnull=False)
        .exclude(state=TicketState.DISMISSED)
        .order_by("pk")
        .values_list("contact", "account", "owner", "opened_at"),
    ),
    contacts=Kind.KEYS,
    accounts=Kind.KEYS,
    since=Kind.MOMENT,
)


def _whom_they_complain_about(
    tickets: Sequence[Waiting], locked: Sequence[Waiting], pool: Pool, found: Found, now: datetime
) -> None:
    """Whoever one ticket of a conversation complains about gets none of it: it has one owner."""
    known: dict[int, set[int]] = {row.pk: set() for row in locked}
    if before := [row.pk for row in locked if row.was_given or row.owner is not None or row.version > 1]:
        for ticket, user in Conflict.objects.filter(among("ticket", before)).values_list("ticket", "user"):
            known[ticket].add(user)
    naming = [tickets[at] for at in those_that_may_name([row.search_text for row in tickets], pool.name_parts)]
    words = (
        dict(Response.objects.filter(pk__in=[row.response for row in naming]).values_list("pk", "verbatim"))
        if naming
        else {}
    )
    for row in naming:
        for user, because in complained_about(words[row.response or 0], row.band, pool.names).items():
            if user not in known[row.pk]:
                known[row.pk].add(user)
                found.conflicts.append(Conflict(ticket_id=row.pk, user_id=user, because=because, found_at=now))
    if found.conflicts:
        Conflict.objects.bulk_create(found.conflicts, ignore_conflicts=True, batch_size=500)
    for row in locked:
        if users := known[row.pk]:
            found.barred[row.conversation] = found.barred.get(row.conversation, NOBODY) | users


def _choose(tickets: Sequence[Waiting], pool: Pool, found: Found, now: datetime) -> Iterator[list[Chosen]]:
    """The choices in the order of the queue, so many at a time; none for what has to wait."""
    owners: dict[int, int] = {row.conversation: row.conversation_owner for row in tickets if row.conversation_owner}
    mates, lasts = found.last_of_account, found.last_of_contact
    choices: list[Chosen] = []
    most = FIRST_PART
    for row in tickets:
        choice = choose(
            row,
            pool,
            conversation_owner=owners.get(row.conversation),
            same_contact=lasts.get(row.contact or 0),
            account_mate=mates.get(row.account or 0),
            cap_yields=row.is_past_half(now),
            gave_back=found.gave_back.get(row.pk),
            barred=found.barred.get(row.conversation, NOBODY),
        )
        if choice is None:
            continue
        winner = choice.candidate.key
        pool.given(winner, now)
        owners[row.conversation] = winner
        if row.account:
            mates.setdefault(row.account, winner)
        choices.append((row, choice))
        if len(choices) == most:
            yield choices
            choices, most = [], int(most * GROWTH)
    if choices:
        yield choices


def keep_round(
    pool: Pool, candidates: list[dict[str, object]], waiting: int, now: datetime, *, given: int = 0
) -> AssignmentRound:
    """Store the round; one that gave nothing and found what the last one found is that one again."""
    if not given:
        last = AssignmentRound.objects.order_by("-pk").first()
        if last is not None and last.exclusions == pool.exclusions and _same(last.candidates, candidates):
            AssignmentRound.objects.filter(pk=last.pk).update(left_waiting=waiting)
            return last
    return AssignmentRound.objects.create(
        happened_at=now, candidates=candidates, exclusions=pool.exclusions, tickets=given, left_waiting=waiting
    )


def _same(before: Iterable[Mapping[str, object]], after: Iterable[Mapping[str, object]]) -> bool:
    """Whether the same people were there with the same load: the hours ahead pass by with every minute."""

    def without_hours(rows: Iterable[Mapping[str, object]]) -> list[dict[str, object]]:
        return [{key: value for key, value in row.items() if key != "hours"} for row in rows]

    return without_hours(before) == without_hours(after)


# --- giving ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _ByRows:
    """Gives by plain rows, while the round goes on choosing, whatever nobody has to be written to about alone."""

    now: datetime
    shares: Counter[int] = field(default_factory=Counter)
    # Owner -> what they would be told of ticket by ticket, were there no more of them.
    few: dict[int, list[Chosen]] = field(default_factory=dict)
    reminded_at: dict[int, datetime | None] = field(default_factory=dict)

    def give(self, part: Iterable[Chosen], stored: AssignmentRound) -> None:
        """Take these into account, and give what is sure by now. One statement."""
        for row, choice in part:
            self.shares[choice.candidate.key] += 1
            if not _is_told_alone(row, choice):
                self.few.setdefault(choice.candidate.key, []).append((row, choice))
        many = [owner for owner in self.few if self.shares[owner] > notices.MOST_ALONE]
        chosen = [each for owner in many for each in self.few.pop(owner)]
        # Whoever wins as a member of a team is one place, with what is the same for all its tickets.
        candidates = {choice.candidate.place: choice.candidate for _row, choice in chosen}
        numbers = {place: number for number, place in enumerate(candidates)}
        places = [Place(row.key, row.team.pk, self._reminded_at(row.team)) for row in candidates.values()]
        given = [
            Given(
                row.pk,
                numbers[choice.candidate.place],
                choice.rule,
                choice.load,
                row.state == TicketState.NEW,
                row.conversation,
                row.cycle,
                row.version,
            )
            for row, choice in chosen
        ]
        give_many(sorted(given), places, round_=stored.pk, now=self.now)

    def _reminded_at(self, team: Team) -> datetime | None:
        if team.pk not in self.reminded_at:
            self.reminded_at[team.pk] = silence.next_at(team, 0, self.now)
        return self.reminded_at[team.pk]


_in_hand = Prepared(
    lambda numbers: (
        Ticket.objects.select_related(*WITH, "account__owner").filter(among("pk", numbers)).order_by("pk"),
    ),
    numbers=Kind.KEYS,
)


def _give_alone(
    choices: Sequence[Chosen], by_rows: _ByRows, locked: Sequence[Waiting], stored: AssignmentRound, now: datetime
) -> dict[int, Ticket]:
    """Give what is left as a person gives it, and what goes along. Number -> ticket of those that had to be read."""
    along = _along_with(choices, locked)
    few = {row.pk for rows in by_rows.few.values() for row, _choice in rows}
    alone = {row.pk: choice for row, choice in choices if row.pk in few or _is_told_alone(row, choice)}
    if not alone and not along:
        return {}
    (rows,) = _in_hand(numbers=[*alone, *along])
    tickets = {ticket.pk: ticket for ticket in rows}
    handings = [
        Handing(
            tickets[pk],
            choice.candidate.user,
            choice.candidate.team,
            choice.why,
            reason(stored.pk, choice.rule, choice.load, choice.candidate.key),
        )
        for pk, choice in alone.items()
    ]
    handings += [
        Handing(
            tickets[pk],
            choice.candidate.user,
            choice.candidate.team,
            partial(_goes_with, row.pk),
            {"rule": "conversation", "with": row.pk},
        )
        for pk, (row, choice) in along.items()
    ]
    told = {pk for pk in tickets if pk in along or by_rows.shares[alone[pk].candidate.key] <= notices.MOST_ALONE}
    give(handings, actor=Actor.system(), now=now, tell=told)
    return tickets


def _is_told_alone(row: Waiting, choice: Choice) -> bool:
    """Whether a mail may have to be written about this very ticket: to its customer, or to somebody passed over."""
    return row.acknowledge or choice.passed_over is not None or choice.rule in telling.YIELDED


def _along_with(choices: Sequence[Chosen], locked: Sequence[Waiting]) -> dict[int, Chosen]:
    """What else is open in the conversations that were given away, where somebody else has it: one customer, one owner.

    That is so where whoever has the conversation is away or gone and the customer gives another answer.
    """
    given = {row.pk for row, _choice in choices}
    chosen = {row.conversation: (row, choice) for row, choice in choices}
    found = {}
    for row in locked:
        with_it = chosen.get(row.conversation)
        if with_it is None or row.pk in given or row.owner == with_it[1].candidate.user.pk:
            continue
        if row.owner is None and row.state != TicketState.RESOLVED:
            continue
        found[row.pk] = with_it
    return found


def _goes_with(number: int) -> str:
    return gettext("It goes with #%(number)s: one customer has one person to turn to.") % {"number": number}
