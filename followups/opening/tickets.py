"""What opens for an answer: conversation, ticket, deadlines, event. And who must hear of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.utils.translation import gettext

from followups import deadlines, ladders, priority
from followups.actors import Actor
from followups.deciding import Ruling
from followups.messages import notices
from followups.models import Calendar, Conversation, Deadline, Event, Rule, Ticket, Watcher
from followups.models.tickets import TicketState
from followups.opening.batch import Batch, SetUp
from followups.prepared import Kind, Prepared
from nps_loop.bulk import among
from surveys.models import Response
from surveys.scoring import Band

SAME_ACCOUNT_WITHIN = timedelta(days=30)


def open_tickets(batch: Batch, opening: Sequence[Response], *, actor: Actor | None = None) -> dict[int, Ticket]:
    """Conversations, tickets, deadlines and events for these answers. Response -> ticket."""
    if not opening:
        return {}
    now, setup = batch.now, batch.setup
    conversations = _conversations_for(batch, opening)
    unhappy_before = _contacts_with_tickets(opening)
    rows: list[tuple[Response, Ticket, list[Deadline]]] = []
    for response in opening:
        ruling, contact = batch.rulings[response.pk], response.contact_id
        ticket, owed = ticket_for(setup, response, ruling, unhappy_before=contact in unhappy_before, now=now)
        ticket.conversation = conversations[response.pk]
        rows.append((response, ticket, owed))
    tickets = [ticket for _response, ticket, _owed in rows]
    Ticket.objects.bulk_create(tickets, batch_size=500)
    owed_rows = [row for _response, _ticket, owed in rows for row in owed]
    ladders.plan(owed_rows, read=ladders.Read(setup.steps))
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
            tell_leads_of_hold(batch, ticket)
    return {response.pk: ticket for response, ticket, _owed in rows}


def ticket_for(
    setup: SetUp, response: Response, ruling: Ruling, *, unhappy_before: bool, now: datetime
) -> tuple[Ticket, list[Deadline]]:
    """The ticket of an answer by the rule that matched, and what is owed on it. Not saved, in no conversation yet."""
    rule, contact = ruling.rule, response.contact
    account = response.answered_for or response.account
    team = setup.team_for(response, rule)
    band = response.band if response.band != Band.PROMOTER else Band.DETRACTOR
    policy = setup.policies.policy(band, rule.policy_slug if rule else "")
    calendar = team.calendar if team else setup.policies.default_calendar
    ticket = Ticket(
        response=response,
        contact=contact,
        account=account,
        brand=setup.brand_for(response),
        team=team,
        rule=rule,
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
    weight = priority.Weight(
        score=response.score,
        contact_me=response.contact_me,
        annual_value=account.annual_value if account else None,
        renewal_on=account.renewal_on if account else None,
        unhappy_before=unhappy_before,
        rule_priority=rule.priority if rule else Rule.Priority.NORMAL,
    )
    ticket.bonus = priority.bonus(weight, response.day, setup.bonus_hours)
    owed = deadlines.at_opening(ticket, policy, calendar)
    vars(ticket).update(deadlines.due_fields(ticket, owed, ()))
    ticket.resolution_due_at = next(row.due_at for row in owed if row.target == Deadline.Target.RESOLUTION)
    return ticket, owed


def tell_leads_of_hold(batch: Batch, ticket: Ticket) -> None:
    batch.drafts += notices.to_leads(
        ticket,
        lambda: (
            gettext("On hold: #%(number)s") % {"number": ticket.pk},
            [
                gettext("The words match “%(rule)s”.") % {"rule": ticket.hold_reason},
                gettext("Automatic mail stops, and the words are shown to owner and lead only. The clocks run on."),
            ],
        ),
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
        if not contacts:
            return {}
        (rows,) = _conversations_still_open(contacts=contacts)
        return {row.contact_id: row for row in rows}

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


_conversations_still_open = Prepared(
    lambda contacts: (
        Conversation.objects.filter(among("contact", contacts), closed_at=None)
        .order_by("pk")
        .select_for_update(no_key=True),
    ),
    contacts=Kind.KEYS,
)


def _contacts_with_tickets(opening: Sequence[Response]) -> set[int]:
    contacts = {row.contact_id for row in opening if row.contact_id}
    if not contacts:
        return set()
    (known,) = _with_tickets(contacts=contacts)
    return set(known)


_with_tickets = Prepared(
    lambda contacts: (
        Ticket.objects.filter(among("contact", contacts))
        .exclude(state=TicketState.DISMISSED)
        .order_by()
        .values_list("contact", flat=True),
    ),
    contacts=Kind.KEYS,
)


def _second_person_of_an_account(batch: Batch, tickets: Sequence[Ticket]) -> None:
    """Another unhappy person of the account within 30 days: lead and account owner hear of it once.

    A promoter may have a ticket too, having asked for a call; that makes nobody unhappy.
    """
    fresh = [
        ticket
        for ticket in tickets
        if ticket.account_id and ticket.band != Band.PROMOTER and not (ticket.response and ticket.response.is_history)
    ]
    if not fresh:
        return
    others = (
        Ticket.objects.filter(
            account__in={ticket.account_id for ticket in fresh}, opened_at__gt=batch.now - SAME_ACCOUNT_WITHIN
        )
        .exclude(state=TicketState.DISMISSED)
        .exclude(band=Band.PROMOTER)
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
        words = partial(_second_person, account.name, ", ".join(f"#{pk}" for pk in [*earlier, ticket.pk]))
        leads = batch.leads_of(ticket)
        batch.drafts += notices.to_leads(ticket, words, dedupe_key=key, leads=leads)
        if owner is not None and owner not in leads:
            batch.drafts.append(notices.to_person(owner, ticket, words, dedupe_key=f"{key}:owner:{owner.pk}"))
    Watcher.objects.bulk_create(watchers, ignore_conflicts=True, batch_size=500)


def _second_person(account: str, numbers: str) -> tuple[str, list[str]]:
    line = gettext("More than one person at %(account)s is unhappy: %(numbers)s. They go to the same owner.")
    return (
        gettext("A second unhappy person at %(account)s") % {"account": account},
        [line % {"account": account, "numbers": numbers}],
    )
