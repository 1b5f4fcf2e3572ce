"""Who gets a ticket. Set-based, fair, and explained: every round stores whom it considered and why others could not.

In this order, the first that can take it:
1. whoever has the conversation (one person, one owner), even when full; where they cannot, all of it goes along with
   the new ticket;
2. whoever has the ticket of another unhappy person of the account, even when full;
3. the account's owner;
4. of the ticket's team, the least loaded for their capacity; ties go to who was given one longest ago, then by id.
   Where an account's owner was passed over, the touchpoint's team comes before the owner's.

Nobody who is away, inactive or full. Whoever gave a ticket back gets it again only where nobody else can take it. At
half of the first-contact time the cap yields, to the least loaded, and the lead is told. Where nobody can take it the
ticket waits, and the next sweep looks again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Count, Q
from django.utils.translation import gettext

from followups.actors import Actor
from followups.messages import notices
from followups.models import (
    AssignmentRound,
    Away,
    Deadline,
    Escalation,
    Event,
    Member,
    Team,
    Ticket,
    Watcher,
)
from followups.models.tickets import AT_WORK, LIVE, TicketState
from followups.templatetags.moments import in_full
from followups.workflow.giving import Handing, assignment_lock, give
from followups.workflow.writing import WITH
from nps_loop.mail import outbox
from nps_loop.people.models import User

# Tickets handed out in one transaction: short enough that nobody waits for the lock for long.
BATCH = 50
SAME_ACCOUNT_WITHIN = timedelta(days=30)


@dataclass(slots=True)
class Candidate:
    """A member who may be given tickets, with the load as it grows during a round."""

    user: User
    team: Team
    capacity: int
    languages: frozenset[str]
    load: int
    last_assigned_at: datetime | None

    @property
    def is_full(self) -> bool:
        return self.load >= self.capacity

    @property
    def order(self) -> tuple[float, float, int]:
        """Least load for the capacity, then longest since the last ticket, then id."""
        given = self.last_assigned_at.timestamp() if self.last_assigned_at else 0.0
        return (self.load / self.capacity, given, self.user.pk)


@dataclass(slots=True)
class Pool:
    """Everybody a round considers. Several memberships of one person share one load."""

    by_team: dict[int, list[Candidate]] = field(default_factory=dict)
    by_user: dict[int, list[Candidate]] = field(default_factory=dict)
    excluded: dict[int, tuple[str, str]] = field(default_factory=dict)
    exclusions: list[dict[str, object]] = field(default_factory=list)
    team_of_touchpoint: dict[int, int] = field(default_factory=dict)

    @classmethod
    def at(cls, now: datetime) -> Pool:
        """Read members, absences, loads and whose each touchpoint is. Four queries."""
        pool = cls()
        points = Team.touchpoints.through.objects.filter(team__takes_tickets=True).order_by("team")
        pool.team_of_touchpoint = dict(points.values_list("touchpoint", "team"))
        away = {row.user_id: row.ends_at for row in Away.objects.at(now)}
        members = list(
            Member.objects.filter(is_active=True, team__takes_tickets=True)
            .select_related("user", "team__calendar")
            .order_by("team", "pk")
        )
        loads = dict(
            Ticket.objects.filter(state__in=AT_WORK, owner__in={member.user_id for member in members})
            .order_by()
            .values_list("owner")
            .annotate(n=Count("pk"))
        )
        for member in members:
            code, until = "", ""
            if not member.user.is_active:
                code = "inactive"
            elif member.user_id in away:
                code, until = "away", away[member.user_id].isoformat()
            elif member.capacity == 0:
                code = "no_capacity"
            if code:
                pool.excluded[member.user_id] = (code, until)
                pool.exclusions.append({"user": member.user_id, "team": member.team_id, "code": code, "until": until})
                continue
            candidate = Candidate(
                user=member.user,
                team=member.team,
                capacity=member.capacity,
                languages=frozenset(member.languages),
                load=loads.get(member.user_id, 0),
                last_assigned_at=member.last_assigned_at,
            )
            pool.by_team.setdefault(member.team_id, []).append(candidate)
            pool.by_user.setdefault(member.user_id, []).append(candidate)
        return pool

    def of_user(self, user_id: int, team_id: int | None) -> Candidate | None:
        """This person as a member of the ticket's team, else of their first one; None where they take no tickets."""
        rows = self.by_user.get(user_id, [])
        return next((row for row in rows if row.team.pk == team_id), rows[0] if rows else None)

    def teams_for(self, ticket: Ticket, *, owner_passed_over: bool) -> list[int]:
        """Teams that may take a ticket, in the order in which they are asked."""
        own = ticket.team_id or 0
        point = ticket.response.touchpoint_id if owner_passed_over and ticket.response else None
        return list(dict.fromkeys([self.team_of_touchpoint.get(point or 0, own), own]))

    def least_loaded(
        self, ticket: Ticket, team_id: int, *, cap_yields: bool, but: int | None = None
    ) -> Candidate | None:
        """Of a team but one person: who writes the customer's language first, where somebody like that is free."""
        members = [row for row in self.by_team.get(team_id, []) if row.user.pk != but]
        language = (ticket.contact.language if ticket.contact else "")[:2].lower()
        speaking = [row for row in members if not row.languages or language in row.languages] if language else members
        free = [row for row in speaking if not row.is_full] or [row for row in members if not row.is_full]
        if not free and cap_yields:
            free = speaking or members
        return min(free, key=lambda row: row.order, default=None)

    def why_not(self, user: User) -> tuple[str, str]:
        """Code and end of what keeps this person from taking a ticket; empty where nothing does."""
        if not user.is_active:
            return ("inactive", "")
        if rows := self.by_user.get(user.pk):
            return ("full", "") if all(row.is_full for row in rows) else ("", "")
        return self.excluded.get(user.pk, ("no_team", ""))

    def given(self, user_id: int, now: datetime) -> None:
        for row in self.by_user[user_id]:
            row.load += 1
            row.last_assigned_at = now

    def snapshot(self) -> list[dict[str, object]]:
        return [
            {"user": row.user.pk, "team": row.team.pk, "load": row.load, "capacity": row.capacity}
            for rows in self.by_team.values()
            for row in rows
        ]


@dataclass(slots=True)
class Choice:
    candidate: Candidate
    rule: str
    why: notices.Sentence
    passed_over: tuple[User, str, str] | None = None


def choose(
    ticket: Ticket,
    pool: Pool,
    *,
    conversation_owner: int | None,
    account_mate: int | None,
    cap_yields: bool,
    gave_back: int | None = None,
) -> Choice | None:
    """The person for one ticket, by the order at the top of this module; None where it has to wait. No query."""
    if conversation_owner is not None and (found := pool.of_user(conversation_owner, ticket.team_id)):
        return Choice(found, "conversation", lambda: gettext("You are in conversation with this customer already."))
    account = ticket.account.name if ticket.account else ""
    if account_mate is not None and account_mate != gave_back and (found := pool.of_user(account_mate, ticket.team_id)):
        return Choice(
            found,
            "same_account",
            lambda: gettext("You have the ticket of somebody else at %(account)s.") % {"account": account},
        )
    owner = ticket.account.owner if ticket.account else None
    passed_over = None
    if owner is not None:
        code, until = ("gave_back", "") if owner.pk == gave_back else pool.why_not(owner)
        if not code and (found := pool.of_user(owner.pk, ticket.team_id)):
            return Choice(
                found,
                "account_owner",
                lambda: gettext("You look after %(account)s and are not away.") % {"account": account},
            )
        passed_over = (owner, code, until)
    teams = pool.teams_for(ticket, owner_passed_over=passed_over is not None)
    # Whoever gave it back is asked again only where nobody else can take it.
    asked = (
        pool.least_loaded(ticket, team, cap_yields=cap_yields, but=but)
        for but in dict.fromkeys((gave_back, None))
        for team in teams
    )
    least = next(filter(None, asked), None)
    if least is None:
        return None
    if least.is_full:
        return Choice(least, "cap_yielded", lambda: _had_the_least_of_the_full(least), passed_over)
    # As it is now: the load grows with each ticket of the round.
    load = least.load
    return Choice(least, "least_load", lambda: _had_the_least(least, load), passed_over)


def _had_the_least_of_the_full(chosen: Candidate) -> str:
    words = gettext("Everybody in %(team)s is full and half of the time is gone. You had the least for your capacity.")
    return words % {"team": chosen.team.name}


def _had_the_least(chosen: Candidate, load: int) -> str:
    words = gettext("Of %(team)s you had the least for your capacity: %(load)s of %(capacity)s.")
    return words % {"team": chosen.team.name, "load": load, "capacity": chosen.capacity}


@dataclass(slots=True)
class Assigned:
    assigned: int = 0
    waiting: int = 0


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


def _round(*, now: datetime, after: tuple[int, int] | None) -> tuple[int, int, tuple[int, int] | None]:
    with assignment_lock():
        waiting = Ticket.objects.unassigned().select_related(*WITH, "account__owner", "conversation__owner")
        if after is not None:
            rank, pk = after
            waiting = waiting.filter(rank__gte=rank).exclude(rank=rank, pk__lte=pk)
        first = dict(waiting.in_queue_order().values_list("pk", "conversation")[:BATCH])
        # Locked in the order of their numbers, dealt with in that of the queue; with those of the same conversations,
        # which go along where a conversation changes hands.
        of_them = Ticket.objects.filter(Q(pk__in=first) | _held_in_conversations(set(first.values())))
        locked = list(
            of_them.select_related(*WITH, "account__owner", "conversation__owner")
            .select_for_update(of=("self",), no_key=True)
            .order_by("pk")
        )
        tickets = sorted(
            (row for row in locked if row.pk in first and row.owner_id is None and row.state in LIVE),
            key=lambda ticket: (ticket.rank, ticket.pk),
        )
        if not tickets:
            return 0, 0, None
        last = (tickets[-1].rank, tickets[-1].pk)
        pool = Pool.at(now)
        if not pool.by_user:
            _keep_round(pool, [], len(tickets), now)
            return 0, Ticket.objects.unassigned().count(), None
        candidates = pool.snapshot()
        choices = _choose_all(tickets, pool, now)
        stored = _keep_round(pool, candidates, len(tickets) - len(choices), now, given=len(choices))
        handings = [
            Handing(
                ticket,
                choice.candidate.user,
                choice.candidate.team,
                choice.why,
                {"round": stored.pk, "rule": choice.rule, "load": choice.candidate.load},
            )
            for ticket, choice in choices
        ]
        handings += _along_with(choices, locked)
        give(handings, actor=Actor.system(), now=now)
        _let_passed_over_watch(choices, now)
        _tell_leads_that_the_cap_yielded(choices, now)
        return len(choices), len(tickets) - len(choices), last


def _held_in_conversations(conversations: Collection[int]) -> Q:
    """Tickets of these conversations that somebody has, and resolved ones, which wait for nobody to take them."""
    held = Q(state__in=LIVE, owner__isnull=False) | Q(state=TicketState.RESOLVED)
    return Q(conversation__in=conversations) & held


def _along_with(choices: Sequence[tuple[Ticket, Choice]], locked: Sequence[Ticket]) -> list[Handing]:
    """What else is open in the conversations that were given away, where somebody else has it: one customer, one owner.

    That is so where whoever has the conversation is away or gone and the customer gives another answer.
    """
    given = {ticket.pk for ticket, _choice in choices}
    chosen = {ticket.conversation_id: (ticket, choice) for ticket, choice in choices}
    handings = []
    for row in locked:
        found = chosen.get(row.conversation_id)
        if found is None or row.pk in given or row.owner_id == found[1].candidate.user.pk:
            continue
        if row.owner_id is None and row.state != TicketState.RESOLVED:
            continue
        ticket, choice = found
        data = {"rule": "conversation", "with": ticket.pk}
        why = partial(_goes_with, ticket.pk)
        handings.append(Handing(row, choice.candidate.user, choice.candidate.team, why, data))
    return handings


def _goes_with(number: int) -> str:
    return gettext("It goes with #%(number)s: one customer has one person to turn to.") % {"number": number}


def _choose_all(tickets: Sequence[Ticket], pool: Pool, now: datetime) -> list[tuple[Ticket, Choice]]:
    halfway = _past_half_of_first_contact(tickets, now)
    owners = {
        ticket.conversation_id: ticket.conversation.owner_id for ticket in tickets if ticket.conversation.owner_id
    }
    mates = _owners_at_the_same_account(tickets, now)
    gave_back = _who_gave_back(tickets)
    choices = []
    for ticket in tickets:
        choice = choose(
            ticket,
            pool,
            conversation_owner=owners.get(ticket.conversation_id),
            account_mate=mates.get(ticket.account_id or 0),
            cap_yields=ticket.pk in halfway,
            gave_back=gave_back.get(ticket.pk),
        )
        if choice is None:
            continue
        winner = choice.candidate.user.pk
        pool.given(winner, now)
        owners[ticket.conversation_id] = winner
        if ticket.account_id:
            mates.setdefault(ticket.account_id, winner)
        choices.append((ticket, choice))
    return choices


def _past_half_of_first_contact(tickets: Iterable[Ticket], now: datetime) -> set[int]:
    rows = Deadline.objects.filter(
        ticket__in=[ticket.pk for ticket in tickets],
        target=Deadline.Target.FIRST_CONTACT,
        met_at=None,
        dropped_at=None,
    )
    return {row.ticket_id for row in rows if now >= row.starts_at + (row.due_at - row.starts_at) / 2}


def _owners_at_the_same_account(tickets: Iterable[Ticket], now: datetime) -> dict[int, int]:
    """Account -> owner of its newest other ticket that is open or was opened within 30 days."""
    accounts = {ticket.account_id for ticket in tickets if ticket.account_id}
    if not accounts:
        return {}
    rows = (
        Ticket.objects.filter(account__in=accounts, owner__isnull=False, opened_at__gt=now - SAME_ACCOUNT_WITHIN)
        .exclude(state=TicketState.DISMISSED)
        .order_by("pk")
        .values_list("account", "owner")
    )
    return dict(rows)


def _who_gave_back(tickets: Iterable[Ticket]) -> dict[int, int]:
    """Ticket -> whoever had it when it was given back last, or taken from them because they did nothing."""
    rows = Event.objects.filter(ticket__in=[ticket.pk for ticket in tickets], verb="release")
    by_hand = rows.filter(~Q(actor_kind=Event.Actor.SYSTEM) | Q(data__because="silent"))
    return {ticket: data["from"] for ticket, data in by_hand.order_by("seq").values_list("ticket", "data")}


def _keep_round(
    pool: Pool, candidates: list[dict[str, object]], waiting: int, now: datetime, *, given: int = 0
) -> AssignmentRound:
    """Store the round; one that gave nothing and found what the last one found is that one again."""
    if not given:
        last = AssignmentRound.objects.order_by("-pk").first()
        if last is not None and last.exclusions == pool.exclusions and last.candidates == candidates:
            AssignmentRound.objects.filter(pk=last.pk).update(left_waiting=waiting)
            return last
    return AssignmentRound.objects.create(
        happened_at=now, candidates=candidates, exclusions=pool.exclusions, tickets=given, left_waiting=waiting
    )


def _let_passed_over_watch(choices: Sequence[tuple[Ticket, Choice]], now: datetime) -> None:
    """An account owner who could not take it follows the ticket and reads why."""
    watchers, drafts = [], []
    for ticket, choice in choices:
        if choice.passed_over is None:
            continue
        user, code, until = choice.passed_over
        if user.pk == ticket.owner_id:
            continue
        watchers.append(
            Watcher(
                ticket=ticket, user=user, reason=Watcher.Reason.PASSED_OVER, detail=f"{code} {until}".strip(), since=now
            )
        )
        if user.is_active:
            drafts.append(notices.watching(user, ticket, partial(passed_over_because, code, until)))
    # Whoever watches as account owner already reads from now on why it went to somebody else.
    Watcher.objects.bulk_create(
        watchers,
        update_conflicts=True,
        unique_fields=["ticket", "user"],
        update_fields=["reason", "detail"],
        batch_size=500,
    )
    outbox.queue(drafts, now=now)


def passed_over_because(code: str, until: str) -> str:
    """Why the account owner did not get it, as they read it, in the language that is active."""
    if code == "away" and until:
        return gettext("You are away until %(day)s.") % {"day": in_full(datetime.fromisoformat(until))}
    return {
        "away": gettext("You are away."),
        "full": gettext("You have as many tickets as fit."),
        "gave_back": gettext("It was given back."),
        "inactive": gettext("Your log-in is switched off."),
        "no_team": gettext("You are in no team that takes tickets."),
        "no_capacity": gettext("You take no tickets at present."),
    }.get(code, gettext("Somebody else could take it at once."))


def _tell_leads_that_the_cap_yielded(choices: Sequence[tuple[Ticket, Choice]], now: datetime) -> None:
    yielded = [ticket for ticket, choice in choices if choice.rule == "cap_yielded"]
    if not yielded:
        return
    fresh = _escalations_that_are_new(yielded, Escalation.Level.HALF, now)
    leads: dict[int | None, list[User]] = {}
    drafts = []
    for ticket in fresh:
        if ticket.team_id not in leads:
            leads[ticket.team_id] = notices.leads_of(ticket.team_id)
        drafts += notices.to_leads(
            ticket,
            partial(_given_beyond_capacity, ticket),
            dedupe_key=f"half:{ticket.pk}:{ticket.cycle}",
            leads=leads[ticket.team_id],
        )
    outbox.queue(drafts, now=now)


def _given_beyond_capacity(ticket: Ticket) -> tuple[str, list[str]]:
    line = gettext("Half of its time was gone and everybody was full: %(name)s has it.")
    return (
        gettext("Given beyond capacity: #%(number)s") % {"number": ticket.pk},
        [line % {"name": ticket.owner.name if ticket.owner else ""}],
    )


def _escalations_that_are_new(tickets: Sequence[Ticket], level: str, now: datetime) -> list[Ticket]:
    target = Deadline.Target.FIRST_CONTACT
    known = set(
        Escalation.objects.filter(ticket__in=tickets, target=target, level=level).values_list("ticket", "cycle")
    )
    fresh = [ticket for ticket in tickets if (ticket.pk, ticket.cycle) not in known]
    Escalation.objects.bulk_create(
        [Escalation(ticket=row, cycle=row.cycle, target=target, level=level, happened_at=now) for row in fresh],
        ignore_conflicts=True,
    )
    return fresh
