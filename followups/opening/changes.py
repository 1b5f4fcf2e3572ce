"""Answers that changed after their ticket opened, and colleagues named in the words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial

from django.utils.translation import gettext

from followups import deadlines, ladders
from followups.messages import notices
from followups.models import Action, Deadline, Decision, Event, Ticket
from followups.naming import colleague_named
from followups.opening.batch import Batch
from followups.opening.tickets import tell_leads_of_hold
from followups.prepared import Prepared
from nps_loop.people.models import User
from surveys.models import Response


def answers_that_changed(batch: Batch, existing: dict[int, Ticket]) -> None:
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
        Decision.objects.filter(ticket__in=by_ticket, hold_rule__isnull=False).values_list("ticket", "hold_rule__slug")
    )
    events = []
    minds_changed: dict[int, datetime] = {}
    for ticket in tickets:
        response = by_ticket[ticket.pk]
        existing[response.pk] = ticket
        before, ticket.score = ticket.score, response.score
        if response.contact_me is not ticket.contact_me and response.contact_me is not None:
            ticket.left_in_peace = not response.contact_me
            minds_changed[ticket.pk] = min(response.version_at, batch.now)
        ticket.contact_me = response.contact_me
        hold_rule = batch.rulings[response.pk].hold_rule
        starts_hold = hold_rule is not None and not ticket.on_hold and (ticket.pk, hold_rule.slug) not in held_before
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
            tell_leads_of_hold(batch, ticket)
        if ticket.owner is not None and ticket.owner.is_active:
            words = partial(_changed, ticket.pk, before, response.score)
            batch.drafts.append(
                notices.to_person(
                    ticket.owner,
                    ticket,
                    words,
                    dedupe_key=f"changed:{ticket.pk}:{response.revision}",
                )
            )
    _owe_contact_or_not([ticket for ticket in tickets if ticket.pk in minds_changed], minds_changed, batch.now)
    fields = ["score", "contact_me", "left_in_peace", "on_hold", "hold_reason", "version", "changed_at"]
    Ticket.objects.bulk_update(tickets, [*fields, "due_at", "due_for", "promised_at", "rank"], batch_size=500)
    Event.objects.bulk_create(events, batch_size=1000)


def _changed(number: int, before: int, after: int) -> tuple[str, list[str]]:
    if before == after:
        line = gettext("The customer changed the words of the answer. The ticket stays as it is until you decide.")
    else:
        line = gettext(
            "The customer changed the answer from %(before)s to %(after)s. The ticket stays as it is until you decide."
        )
    subject = gettext("The answer changed (#%(number)s)") % {"number": number}
    return subject, [line % {"before": before, "after": after}]


def _owe_contact_or_not(tickets: Sequence[Ticket], asked_at: Mapping[int, datetime], now: datetime) -> None:
    """Who asks to be contacted after all is owed a first contact from then on; who asks not to be, none any more.

    Sets due time and rank on those nobody has spoken to yet; the caller saves the tickets. Two queries, and writes.
    """
    waiting = [ticket for ticket in tickets if ticket.is_live and ticket.first_contact_at is None]
    if not waiting:
        return
    rows: dict[int, list[Deadline]] = {ticket.pk: [] for ticket in waiting}
    for row in Deadline.objects.filter(ticket__in=waiting).select_related("policy", "calendar").order_by("pk"):
        rows[row.ticket_id].append(row)
    running: dict[int, list[Action]] = {ticket.pk: [] for ticket in waiting}
    for action in Action.objects.filter(ticket__in=waiting, state=Action.State.OPEN):
        running[action.ticket_id].append(action)
    owed, dropped = [], []
    for ticket in waiting:
        of_ticket = rows[ticket.pk]
        contacts = [row for row in of_ticket if row.target == Deadline.Target.FIRST_CONTACT]
        if ticket.left_in_peace:
            for row in contacts:
                if row.is_open:
                    row.dropped_at = now
                    dropped.append(row)
        elif not ticket.nobody_to_reach and of_ticket and not any(row.is_open for row in contacts):
            policy, calendar = of_ticket[0].policy, of_ticket[0].calendar
            fresh = deadlines.first_contact(ticket, policy, calendar, asked_at=asked_at[ticket.pk])
            fresh.ordinal = sum(1 for row in contacts if row.cycle == ticket.cycle)
            owed.append(fresh)
            of_ticket.append(fresh)
        vars(ticket).update(deadlines.due_fields(ticket, of_ticket, running[ticket.pk]))
    ladders.plan(owed, fresh=True)
    Deadline.objects.bulk_create(owed)
    Deadline.objects.bulk_update(dropped, ["dropped_at"])


def tell_colleagues_named(batch: Batch, *, on_hold: Collection[int]) -> None:
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
    (colleagues,) = _colleagues()
    names = {pk: (first, last) for pk, first, last in colleagues}
    named = [(response, pk) for response in with_words for pk in colleague_named(response.verbatim, names)]
    people = User.objects.in_bulk({pk for _response, pk in named}) if named else {}
    for response, pk in named:
        ticket = batch.tickets.get(response.pk)
        brand = ticket.brand if ticket else batch.setup.brand_for(response)
        batch.drafts.append(notices.named(people[pk], response, brand, ticket))


_colleagues = Prepared(
    lambda: (
        User.objects.filter(is_active=True)
        .exclude(first_name="", last_name="")
        .order_by("pk")
        .values_list("pk", "first_name", "last_name"),
    )
)
