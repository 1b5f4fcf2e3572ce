"""Answers that changed after their ticket opened, and colleagues named in the words."""

from __future__ import annotations

from collections.abc import Collection

from followups.messages import notices
from followups.models import Decision, Event, Ticket
from followups.naming import colleague_named
from followups.opening.batch import Batch
from followups.opening.tickets import tell_leads_of_hold
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
            tell_leads_of_hold(batch, ticket)
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
    people = {user.pk: user for user in User.objects.filter(is_active=True).exclude(first_name="", last_name="")}
    names = {pk: (user.first_name, user.last_name) for pk, user in people.items()}
    for response in with_words:
        for pk in colleague_named(response.verbatim, names):
            ticket = batch.tickets.get(response.pk)
            brand = ticket.brand if ticket else batch.setup.brand_for(response)
            batch.drafts.append(notices.named(people[pk], response, brand, ticket))
