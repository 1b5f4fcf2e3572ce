"""A ticket that the rules did not ask for, and a person did."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext

from followups.actors import Actor
from followups.deciding import Ruling, rule_on
from followups.models import Decision, Ticket
from followups.opening.batch import Batch, SetUp
from followups.opening.claiming import WITH, mark_used
from followups.opening.tickets import open_tickets
from followups.refusals import Incomplete, NotAllowed
from nps_loop.mail import outbox
from surveys.models import Response
from surveys.recording.merging import follow_merges


def open_by_hand(response: Response, *, actor: Actor, now: datetime | None = None, reason: str) -> Ticket:
    """A person opens a ticket the rules did not ask for, with a reason. Raises Incomplete or NotAllowed."""
    now = now or timezone.now()
    reason = reason.replace("\x00", "").strip()
    if not reason:
        raise Incomplete({"reason": gettext("Say why this answer needs a ticket.")})
    with transaction.atomic():
        row = Response.objects.select_for_update(of=("self",), no_key=True).select_related(*WITH).get(pk=response.pk)
        follow_merges([row])
        if Ticket.objects.filter(response=row).exists():
            raise NotAllowed(gettext("This answer has a ticket already."), code="has_ticket")
        setup = SetUp.read()
        ruling = rule_on(row, setup.rules, has_ticket=False, brand=setup.brand_for(row))
        batch = Batch(
            now=now,
            setup=setup,
            responses=[row],
            rulings={row.pk: Ruling(Decision.Outcome.OPENED, None, ruling.hold_rule, ruling.disagrees)},
        )
        ticket = open_tickets(batch, [row], actor=actor)[row.pk]
        ticket.notes.create(by=actor.user, text=reason, happened_at=now)
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
        mark_used(batch)
        Response.objects.filter(pk=row.pk).update(decided_revision=F("revision"))
    return ticket
