"""One round: read who waits and who could take it, choose for all, write it down, tell. Under the one lock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext

from followups import silence
from followups.actors import Actor
from followups.assignment import telling
from followups.assignment.choosing import NOBODY, Choice, choose
from followups.assignment.pool import Pool
from followups.assignment.waiting import Waiting, first_of, held_in, read
from followups.conflicts import complained_about, may_name
from followups.messages import notices
from followups.models import AssignmentRound, Conflict, Event, Ticket
from followups.models.tickets import LIVE, TicketState
from followups.workflow.giving import Handing, assignment_lock, give
from followups.workflow.giving_many import Given, Place, give_many, reason
from followups.workflow.writing import WITH
from nps_loop.bulk import among, without_collecting
from surveys.models import Response

# Tickets handed out in one transaction: so many by plain rows, and at most so many for which a customer is written to,
# since rendering costs most and whoever else gives waits for the lock meanwhile. SQLite takes fewer: there every writer
# waits, and some builds bind no more than 999 values.
BATCH = 10_000
SQLITE_BATCH = 300
MAILS = 100
SAME_ACCOUNT_WITHIN = timedelta(days=30)


@dataclass(slots=True)
class Assigned:
    assigned: int = 0
    waiting: int = 0


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
    if not Ticket.objects.unassigned().exists():
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


def most_at_once() -> int:
    """Tickets one round takes at most on this database."""
    return BATCH if connection.vendor == "postgresql" else SQLITE_BATCH


def _round(*, now: datetime, after: tuple[int, int] | None) -> tuple[int, int, tuple[int, int] | None]:
    """Given, left waiting, and behind which place in the queue the next round begins; None where this was the last."""
    with without_collecting(), assignment_lock():
        unassigned = Ticket.objects.unassigned()
        if after is not None:
            rank, pk = after
            unassigned = unassigned.filter(rank__gte=rank).exclude(rank=rank, pk__lte=pk)
        first, is_all = first_of(unassigned, most=most_at_once(), most_mails=MAILS)
        if not first:
            return 0, 0, None
        # With those of the same conversations, which go along where a conversation changes hands.
        locked = read(Ticket.objects.filter(among("pk", first) | held_in(set(first.values()))))
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
        choices = _choose_all(tickets, pool, found, now)
        stored = keep_round(pool, candidates, len(tickets) - len(choices), now, given=len(choices))
        tell_of = _give(choices, locked, stored, now)
        telling.tell(tell_of, found.conflicts, now=now)
        return len(choices), len(tickets) - len(choices), last


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
    rows = (
        Ticket.objects.filter(among("contact", contacts) | among("account", accounts) & Q(opened_at__gt=since))
        .filter(owner__isnull=False)
        .exclude(state=TicketState.DISMISSED)
        .order_by("pk")
    )
    for contact, account, owner, opened_at in rows.values_list("contact", "account", "owner", "opened_at"):
        if contact in contacts:
            found.last_of_contact[contact] = owner
        if account in accounts and opened_at > since:
            found.last_of_account[account] = owner


def _whom_they_complain_about(
    tickets: Sequence[Waiting], locked: Sequence[Waiting], pool: Pool, found: Found, now: datetime
) -> None:
    """Whoever one ticket of a conversation complains about gets none of it: it has one owner."""
    known: dict[int, set[int]] = {row.pk: set() for row in locked}
    if before := [row.pk for row in locked if row.was_given or row.owner is not None or row.version > 1]:
        for ticket, user in Conflict.objects.filter(among("ticket", before)).values_list("ticket", "user"):
            known[ticket].add(user)
    naming = [row for row in tickets if row.search_text and may_name(row.search_text, pool.name_parts)]
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


def _choose_all(tickets: Sequence[Waiting], pool: Pool, found: Found, now: datetime) -> list[tuple[Waiting, Choice]]:
    owners: dict[int, int] = {row.conversation: row.conversation_owner for row in tickets if row.conversation_owner}
    mates, lasts = found.last_of_account, found.last_of_contact
    choices = []
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
    return choices


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


def _give(
    choices: Sequence[tuple[Waiting, Choice]], locked: Sequence[Waiting], stored: AssignmentRound, now: datetime
) -> list[tuple[Waiting, Choice, Ticket | None]]:
    """Give each ticket. Where nobody has to be written to about it alone, by plain rows; else as a person's is.

    Returns the choices with the ticket as an object, where it had to be read.
    """
    shares = Counter(choice.candidate.key for _row, choice in choices)
    along = _along_with(choices, locked)
    alone = {row.pk: choice for row, choice in choices if _is_told_alone(row, choice, shares)}
    tickets = {
        ticket.pk: ticket
        for ticket in (
            Ticket.objects.select_related(*WITH, "account__owner").filter(pk__in=[*alone, *along]).order_by("pk")
            if alone or along
            else ()
        )
    }
    if alone or along:
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
        told = {pk for pk in tickets if pk in along or shares[alone[pk].candidate.user.pk] <= notices.MOST_ALONE}
        give(handings, actor=Actor.system(), now=now, tell=told)
    _give_by_rows([(row, choice) for row, choice in choices if row.pk not in alone], stored, now)
    return [(row, choice, tickets.get(row.pk)) for row, choice in choices]


def _give_by_rows(choices: Sequence[tuple[Waiting, Choice]], stored: AssignmentRound, now: datetime) -> None:
    """Whoever wins as a member of a team is one place, with what is the same for all its tickets."""
    candidates = {choice.candidate.place: choice.candidate for _row, choice in choices}
    numbers = {place: number for number, place in enumerate(candidates)}
    silent_at = {row.team.pk: silence.next_at(row.team, 0, now) for row in candidates.values()}
    give_many(
        [
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
            for row, choice in choices
        ],
        [Place(owner, team, silent_at[team]) for owner, team in candidates],
        round_=stored.pk,
        now=now,
    )


def _is_told_alone(row: Waiting, choice: Choice, shares: Mapping[int, int]) -> bool:
    """Whether a mail may have to be written about this very ticket: to customer, owner or somebody passed over."""
    return (
        row.acknowledge
        or shares[choice.candidate.key] <= notices.MOST_ALONE
        or choice.passed_over is not None
        or choice.rule in telling.YIELDED
    )


def _along_with(
    choices: Sequence[tuple[Waiting, Choice]], locked: Sequence[Waiting]
) -> dict[int, tuple[Waiting, Choice]]:
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
