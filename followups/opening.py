"""From answers to tickets, in batches. Each revision of an answer gets one stored decision; some of them a ticket.

A batch claims answers that await a decision, and writes decisions, conversations, tickets, first deadlines, events,
mails and the revision decided on in one transaction. A batch that raises is taken apart: each answer alone, its failure
counted in the database, so that one bad row never holds up the others.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from followups import deadlines, priority
from followups.actors import Actor
from followups.deciding import Ruling, rule_on, rules_in_force
from followups.messages import letters, notices
from followups.models import Calendar, Conversation, Deadline, Decision, Event, Member, Rule, Team, Ticket, Watcher
from followups.models.tickets import TicketState
from followups.naming import colleague_named
from followups.refusals import Incomplete, NotAllowed
from nps_loop.mail import outbox
from nps_loop.people.models import User
from surveys.models import Brand, Response
from surveys.scoring import Band

logger = logging.getLogger(__name__)

BATCH = 200
MAX_ATTEMPTS = 5
SAME_ACCOUNT_WITHIN = timedelta(days=30)
WITH = ("contact", "account__owner", "answered_for__owner", "account_owner", "source__brand", "touchpoint__brand")


@dataclass(slots=True)
class Opened:
    """What a run did."""

    decided: int = 0
    tickets: int = 0
    failed: int = 0

    def add(self, other: Opened) -> None:
        self.decided += other.decided
        self.tickets += other.tickets
        self.failed += other.failed


def open_awaiting(*, now: datetime, response_ids: Collection[int] | None = None, limit: int | None = None) -> Opened:
    """Decide on every answer that awaits it (or on those given), batch by batch, until none is left.

    Safe to run beside itself. Returns how many were decided, tickets opened, answers that raised.
    """
    done = Opened()
    waiting = Response.objects.awaiting_decision(now).filter(decide_attempts__lt=MAX_ATTEMPTS)
    chunks: Iterable[Q]
    if response_ids is None:
        chunks = _endlessly(Q())
    else:
        ids = sorted(response_ids)
        chunks = [Q(pk__in=ids[start : start + BATCH]) for start in range(0, len(ids), BATCH)]
    for chunk in chunks:
        ids_here = list(waiting.filter(chunk).order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not ids_here:
            if response_ids is None:
                break
            continue
        before = done.decided + done.failed
        done.add(_open_or_take_apart(ids_here, now=now))
        if response_ids is None and done.decided + done.failed == before:
            break  # Another worker holds them.
        if limit is not None and done.decided >= limit:
            break
    return done


def _endlessly(chunk: Q) -> Iterable[Q]:
    while True:
        yield chunk


def _open_or_take_apart(ids: Sequence[int], *, now: datetime) -> Opened:
    try:
        with transaction.atomic():
            return _open_batch(ids, now=now)
    except Exception:
        logger.exception("A batch of %d answers raised; each is tried alone.", len(ids))
    done = Opened()
    for pk in ids:
        try:
            with transaction.atomic():
                done.add(_open_batch([pk], now=now))
        except Exception as error:
            logger.exception("Answer %s could not be decided on.", pk)
            done.failed += 1
            attempts = Response.objects.values_list("decide_attempts", flat=True).get(pk=pk) + 1
            Response.objects.filter(pk=pk).update(
                decide_attempts=attempts,
                decide_after=now + timedelta(seconds=30 * 2**attempts),
                decide_error=f"{type(error).__name__}: {error}"[:300],
            )
    return done


@dataclass(slots=True)
class SetUp:
    """What decides about a batch, read once."""

    rules: Sequence[Rule]
    policies: deadlines.Policies
    default_brand: Brand
    team_of_touchpoint: dict[int, Team]
    team_of_member: dict[int, Team]
    default_team: Team | None

    @classmethod
    def read(cls) -> SetUp:
        brand = Brand.objects.filter(is_default=True).first() or Brand.objects.order_by("pk").first()
        if brand is None:
            raise deadlines.NoPolicy("There is no brand: make one in the set-up.")
        teams = {
            team.pk: team
            for team in Team.objects.filter(takes_tickets=True)
            .select_related("calendar")
            .prefetch_related("touchpoints")
        }
        return cls(
            rules=rules_in_force(),
            policies=deadlines.Policies.active(),
            default_brand=brand,
            team_of_touchpoint={point.pk: team for team in teams.values() for point in team.touchpoints.all()},
            team_of_member={
                row.user_id: teams[row.team_id]
                for row in Member.objects.filter(is_active=True, team__in=teams).order_by("-team__is_default", "-pk")
            },
            default_team=next((team for team in teams.values() if team.is_default), next(iter(teams.values()), None)),
        )

    def team_for(self, response: Response) -> Team | None:
        """The account owner's team, else the touchpoint's, else the default one."""
        owner = _account_owner(response)
        if owner is not None and owner.pk in self.team_of_member:
            return self.team_of_member[owner.pk]
        if response.touchpoint_id in self.team_of_touchpoint:
            return self.team_of_touchpoint[response.touchpoint_id]
        return self.default_team

    def brand_for(self, response: Response) -> Brand:
        point = response.touchpoint
        return (point.brand if point and point.brand else None) or response.source.brand or self.default_brand


def _account_owner(response: Response) -> User | None:
    account = response.answered_for or response.account
    return (account.owner if account else None) or response.account_owner


@dataclass(slots=True)
class Batch:
    """A batch on its way: answers with their rulings, and the drafts to queue at the end."""

    now: datetime
    setup: SetUp
    responses: list[Response]
    rulings: dict[int, Ruling]
    tickets: dict[int, Ticket] = field(default_factory=dict)
    drafts: list[outbox.Draft] = field(default_factory=list)
    leads: dict[int | None, list[User]] = field(default_factory=dict)

    def leads_of(self, ticket: Ticket) -> list[User]:
        """Read once per team, however many tickets the batch holds."""
        if ticket.team_id not in self.leads:
            self.leads[ticket.team_id] = notices.leads_of(ticket.team_id)
        return self.leads[ticket.team_id]


def _open_batch(ids: Sequence[int], *, now: datetime) -> Opened:
    """Decide on these answers. Runs in the caller's transaction; skips what another worker holds."""
    responses = list(
        Response.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
        .select_related(*WITH)
        .filter(pk__in=ids, decided_revision__lt=F("revision"))
        .order_by("pk")
    )
    if not responses:
        return Opened()
    existing = {
        ticket.response_id: ticket for ticket in Ticket.objects.filter(response__in=responses) if ticket.response_id
    }
    setup = SetUp.read()
    batch = Batch(
        now=now,
        setup=setup,
        responses=responses,
        rulings={row.pk: rule_on(row, setup.rules, has_ticket=row.pk in existing) for row in responses},
    )
    opening = [row for row in responses if batch.rulings[row.pk].outcome == Decision.Outcome.OPENED]
    batch.tickets = _open_tickets(batch, opening)
    _answers_that_changed(batch, existing)
    _tell_colleagues_named(batch, on_hold={pk for pk, ticket in existing.items() if ticket.on_hold})
    promoters = [
        row
        for row in responses
        if row.band == Band.PROMOTER
        and batch.rulings[row.pk].outcome == Decision.Outcome.NO_RULE
        and row.decided_revision == 0
        and not batch.rulings[row.pk].disagrees
        and batch.rulings[row.pk].hold_rule is None
    ]
    if promoters:
        batch.drafts += letters.promoter_thanks(promoters, setup.default_brand, now=now)
    outbox.queue(batch.drafts, now=now)
    Decision.objects.bulk_create(
        [
            Decision(
                response=row,
                revision=row.revision,
                outcome=batch.rulings[row.pk].outcome,
                rule=batch.rulings[row.pk].rule,
                hold_rule=batch.rulings[row.pk].hold_rule,
                ticket=batch.tickets.get(row.pk) or existing.get(row.pk),
                decided_at=now,
            )
            for row in responses
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )
    Response.objects.filter(pk__in=[row.pk for row in responses]).update(
        decided_revision=F("revision"), decide_attempts=0, decide_after=None, decide_error=""
    )
    _mark_used(batch)
    return Opened(decided=len(responses), tickets=len(batch.tickets))


def _mark_used(batch: Batch) -> None:
    """Versions that something points to are immutable from here on."""
    rules = {rule.pk for ruling in batch.rulings.values() for rule in (ruling.rule, ruling.hold_rule) if rule}
    unused = [rule.pk for rule in batch.setup.rules if rule.pk in rules and rule.used_at is None]
    if unused:
        Rule.objects.filter(pk__in=unused, used_at=None).update(used_at=batch.now)


def _open_tickets(batch: Batch, opening: Sequence[Response], *, actor: Actor | None = None) -> dict[int, Ticket]:
    """Conversations, tickets, deadlines and events for these answers. Response -> ticket."""
    if not opening:
        return {}
    now, setup = batch.now, batch.setup
    conversations = _conversations_for(batch, opening)
    unhappy_before = _contacts_with_tickets(opening)
    rows: list[tuple[Response, Ticket, list[Deadline]]] = []
    for response in opening:
        ruling = batch.rulings[response.pk]
        contact = response.contact
        account = response.answered_for or response.account
        team = setup.team_for(response)
        policy = setup.policies.policy(response.band if response.band != Band.PROMOTER else Band.DETRACTOR)
        calendar = team.calendar if team else setup.policies.default_calendar
        ticket = Ticket(
            response=response,
            conversation=conversations[response.pk],
            contact=contact,
            account=account,
            brand=setup.brand_for(response),
            team=team,
            rule=ruling.rule,
            score=response.score,
            band=response.band,
            contact_me=response.contact_me,
            nobody_to_reach=contact is None or not contact.can_be_reached,
            left_in_peace=response.contact_me is False,
            on_hold=ruling.hold_rule is not None,
            hold_reason=ruling.hold_rule.name if ruling.hold_rule else "",
            version=1,
            opened_at=now,
            changed_at=now,
            responded_at=response.responded_at,
            received_at=response.received_at,
            day=response.day,
        )
        ticket.bonus = priority.bonus(
            priority.Weight(
                score=response.score,
                contact_me=response.contact_me,
                annual_value=account.annual_value if account else None,
                renewal_on=account.renewal_on if account else None,
                unhappy_before=contact is not None and contact.pk in unhappy_before,
            ),
            response.day,
        )
        owed = deadlines.at_opening(ticket, policy, calendar)
        vars(ticket).update(deadlines.due_fields(ticket, owed, ()))
        ticket.resolution_due_at = next(row.due_at for row in owed if row.target == Deadline.Target.RESOLUTION)
        rows.append((response, ticket, owed))
    tickets = [ticket for _response, ticket, _owed in rows]
    Ticket.objects.bulk_create(tickets, batch_size=500)
    owed_rows = [row for _response, _ticket, owed in rows for row in owed]
    Deadline.objects.bulk_create(owed_rows, batch_size=1000)
    _pin(setup, owed_rows, now)
    who = actor or Actor.system()
    Event.objects.bulk_create(
        [
            Event(
                ticket=ticket,
                seq=1,
                actor_kind=who.kind,
                actor=who.user,
                program=who.program,
                verb="open",
                from_state="",
                to_state=TicketState.NEW,
                data={
                    "response": response.pk,
                    "revision": response.revision,
                    "rule": ticket.rule_id,
                    "hold": ticket.on_hold,
                },
                happened_at=now,
                recorded_at=now,
            )
            for response, ticket, _owed in rows
        ],
        batch_size=1000,
    )
    _second_person_of_an_account(batch, tickets)
    for ticket in tickets:
        if ticket.on_hold:
            _tell_leads_of_hold(batch, ticket)
    return {response.pk: ticket for response, ticket, _owed in rows}


def _tell_leads_of_hold(batch: Batch, ticket: Ticket) -> None:
    batch.drafts += notices.to_leads(
        ticket,
        f"On hold: #{ticket.pk}",
        [
            f"The words match “{ticket.hold_reason}”. Automatic mail stops, and the words are shown to owner "
            "and lead only. The clocks run on."
        ],
        dedupe_key=f"hold:{ticket.pk}:{ticket.version}",
        leads=batch.leads_of(ticket),
    )


def _pin(setup: SetUp, rows: Sequence[Deadline], now: datetime) -> None:
    policies = {row.policy.pk: row.policy for row in rows if row.policy.used_at is None}
    calendars = {row.calendar.pk: row.calendar for row in rows if row.calendar.used_at is None}
    if policies:
        type(next(iter(policies.values()))).objects.filter(pk__in=policies, used_at=None).update(used_at=now)
    if calendars:
        Calendar.objects.filter(pk__in=calendars, used_at=None).update(used_at=now)


def _conversations_for(batch: Batch, opening: Sequence[Response]) -> dict[int, Conversation]:
    """The open conversation of each answer's contact, made where there is none. Response -> conversation."""
    contacts = {row.contact_id for row in opening if row.contact_id}

    def still_open() -> dict[int, Conversation]:
        rows = Conversation.objects.filter(contact__in=contacts, closed_at=None).select_related("owner")
        return {row.contact_id: row for row in rows if row.contact_id}

    found = still_open()
    first_of = {row.contact_id: row for row in reversed(opening) if row.contact_id}
    missing = [
        Conversation(contact_id=contact, brand=batch.setup.brand_for(first_of[contact]), opened_at=batch.now)
        for contact in sorted(contacts - set(found))
    ]
    if missing:
        # Another worker may be opening one for the same person at this moment: the constraint lets one through.
        Conversation.objects.bulk_create(missing, ignore_conflicts=True, batch_size=500)
        found = still_open()
    without = [row for row in opening if not row.contact_id]
    own = Conversation.objects.bulk_create(
        [Conversation(brand=batch.setup.brand_for(row), opened_at=batch.now) for row in without], batch_size=500
    )
    return {row.pk: found[row.contact_id] for row in opening if row.contact_id} | {
        row.pk: conversation for row, conversation in zip(without, own, strict=True)
    }


def _contacts_with_tickets(opening: Sequence[Response]) -> set[int]:
    contacts = {row.contact_id for row in opening if row.contact_id}
    return set(
        Ticket.objects.filter(contact__in=contacts)
        .exclude(state=TicketState.DISMISSED)
        .values_list("contact", flat=True)
    )


def _second_person_of_an_account(batch: Batch, tickets: Sequence[Ticket]) -> None:
    """Another unhappy person of the account within 30 days: lead and account owner hear of it once."""
    fresh = [ticket for ticket in tickets if ticket.account_id and not (ticket.response and ticket.response.is_history)]
    if not fresh:
        return
    others = (
        Ticket.objects.filter(
            account__in={ticket.account_id for ticket in fresh}, opened_at__gt=batch.now - SAME_ACCOUNT_WITHIN
        )
        .exclude(state=TicketState.DISMISSED)
        .order_by("pk")
        .values_list("account", "pk", "contact")
    )
    by_account: dict[int, list[tuple[int, int | None]]] = {}
    for account_id, pk, contact in others:
        by_account.setdefault(account_id, []).append((pk, contact))
    told: set[str] = set()
    watchers = []
    for ticket in fresh:
        account = ticket.account
        earlier = [
            pk
            for pk, contact in by_account.get(ticket.account_id or 0, ())
            if pk < ticket.pk and (contact is None or contact != ticket.contact_id)
        ]
        if not earlier or account is None:
            continue
        owner = account.owner if account.owner and account.owner.is_active else None
        if owner is not None:
            watchers.append(Watcher(ticket=ticket, user=owner, reason=Watcher.Reason.SAME_ACCOUNT, since=batch.now))
        key = f"second-person:{account.pk}:{earlier[0]}"
        if key in told:
            continue
        told.add(key)
        subject = f"A second unhappy person at {account.name}"
        numbers = ", ".join(f"#{pk}" for pk in [*earlier, ticket.pk])
        lines = [f"More than one person at {account.name} is unhappy: {numbers}. They go to the same owner."]
        leads = batch.leads_of(ticket)
        batch.drafts += notices.to_leads(ticket, subject, lines, dedupe_key=key, leads=leads)
        if owner is not None and owner not in leads:
            batch.drafts.append(notices.to_person(owner, ticket, subject, lines, dedupe_key=f"{key}:owner:{owner.pk}"))
    Watcher.objects.bulk_create(watchers, ignore_conflicts=True, batch_size=500)


def _answers_that_changed(batch: Batch, existing: dict[int, Ticket]) -> None:
    """A later version of an answer with a ticket: an event and a notice. A better score closes nothing by itself.

    Words for a hold put one on, once for each rule, so that a hold a lead lifted stays lifted. `existing` gets the
    tickets as they are now.
    """
    by_ticket = {existing[row.pk].pk: row for row in batch.responses if row.pk in existing}
    if not by_ticket:
        return
    tickets = list(
        Ticket.objects.select_for_update(of=("self",), no_key=True)
        .select_related("owner", "contact", "account", "brand", "response")
        .filter(pk__in=by_ticket)
        .order_by("pk")
    )
    held_before = set(
        Decision.objects.filter(ticket__in=by_ticket, hold_rule__isnull=False).values_list("ticket", "hold_rule")
    )
    events = []
    for ticket in tickets:
        response = by_ticket[ticket.pk]
        existing[response.pk] = ticket
        before, ticket.score = ticket.score, response.score
        if response.contact_me is not ticket.contact_me and response.contact_me is not None:
            ticket.left_in_peace = not response.contact_me
        ticket.contact_me = response.contact_me
        hold_rule = batch.rulings[response.pk].hold_rule
        starts_hold = hold_rule is not None and not ticket.on_hold and (ticket.pk, hold_rule.pk) not in held_before
        if hold_rule is not None and starts_hold:
            ticket.on_hold, ticket.hold_reason = True, hold_rule.name
        ticket.version += 1
        ticket.changed_at = batch.now
        events.append(
            Event(
                ticket=ticket,
                seq=ticket.version,
                cycle=ticket.cycle,
                actor_kind=Event.Actor.CUSTOMER,
                verb="answer-changed",
                data={
                    "response": response.pk,
                    "revision": response.revision,
                    "from": before,
                    "to": response.score,
                    "hold": starts_hold,
                },
                happened_at=response.version_at,
                recorded_at=batch.now,
            )
        )
        if starts_hold:
            _tell_leads_of_hold(batch, ticket)
        if ticket.owner is not None and ticket.owner.is_active:
            change = f"from {before} to {response.score}" if before != response.score else "in words"
            batch.drafts.append(
                notices.to_person(
                    ticket.owner,
                    ticket,
                    f"The answer changed (#{ticket.pk})",
                    [f"The customer changed the answer {change}. The ticket stays as it is until you decide."],
                    dedupe_key=f"changed:{ticket.pk}:{response.revision}",
                )
            )
    fields = ["score", "contact_me", "left_in_peace", "on_hold", "hold_reason", "version", "changed_at"]
    Ticket.objects.bulk_update(tickets, fields, batch_size=500)
    Event.objects.bulk_create(events, batch_size=1000)


def _tell_colleagues_named(batch: Batch, *, on_hold: Collection[int]) -> None:
    """Whoever is named in the words hears it the same day, praise or not. Holds stay between owner and lead."""
    with_words = [
        row
        for row in batch.responses
        if row.verbatim.strip()
        and not row.excluded_as
        and not row.is_history
        and row.follow_up != Response.FollowUp.NONE
        and batch.rulings[row.pk].hold_rule is None
        and row.pk not in on_hold
    ]
    if not with_words:
        return
    people = {user.pk: user for user in User.objects.filter(is_active=True).exclude(first_name="", last_name="")}
    names = {pk: (user.first_name, user.last_name) for pk, user in people.items()}
    for response in with_words:
        for pk in colleague_named(response.verbatim, names):
            ticket = batch.tickets.get(response.pk)
            brand = ticket.brand if ticket else batch.setup.brand_for(response)
            batch.drafts.append(notices.named(people[pk], response, brand, ticket))


def open_by_hand(response: Response, *, actor: Actor, now: datetime | None = None, reason: str) -> Ticket:
    """A person opens a ticket the rules did not ask for, with a reason. Raises Incomplete or NotAllowed."""
    now = now or timezone.now()
    if not reason.strip():
        raise Incomplete({"reason": "Say why this answer needs a ticket."})
    with transaction.atomic():
        row = Response.objects.select_for_update(of=("self",), no_key=True).select_related(*WITH).get(pk=response.pk)
        if Ticket.objects.filter(response=row).exists():
            raise NotAllowed("This answer has a ticket already.", code="has_ticket")
        setup = SetUp.read()
        ruling = rule_on(row, setup.rules, has_ticket=False)
        batch = Batch(
            now=now,
            setup=setup,
            responses=[row],
            rulings={row.pk: Ruling(Decision.Outcome.OPENED, None, ruling.hold_rule, ruling.disagrees)},
        )
        ticket = _open_tickets(batch, [row], actor=actor)[row.pk]
        ticket.notes.create(by=actor.user, text=reason.strip(), happened_at=now)
        outbox.queue(batch.drafts, now=now)
        Decision.objects.update_or_create(
            response=row,
            revision=row.revision,
            defaults={
                "outcome": Decision.Outcome.OPENED,
                "rule": None,
                "hold_rule": ruling.hold_rule,
                "ticket": ticket,
                "decided_at": now,
            },
        )
        _mark_used(batch)
        Response.objects.filter(pk=row.pk).update(decided_revision=F("revision"))
    return ticket
