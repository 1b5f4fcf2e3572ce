"""What a change of the bonus hours does to the tickets there are: a job counts their reasons anew, batch by batch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from followups import priority
from followups.models import BonusHours, Ticket
from followups.models.tickets import LIVE
from nps_loop.jobs import running
from nps_loop.jobs.models import Job
from nps_loop.people.models import User

KIND = "rerank"
BATCH = 1_000
# What ended within this time may be opened again, and then stands in the queue by its reasons.
OPENED_AGAIN_WITHIN = timedelta(days=100)


def change_hours(hours: BonusHours, *, by: User, now: datetime) -> Job:
    """Keep the hours and leave the job that brings every ticket in line, in one transaction."""
    with transaction.atomic():
        hours.pk, hours.changed_at = 1, now
        hours.save()
        return running.start(KIND, parameters={}, created_by=by, now=now)


def rerank(job: Job, alive: Callable[..., None]) -> dict[str, Any]:
    """The work of such a job: three queries per 1,000 tickets. Doing it twice changes nothing more."""
    concerned = Ticket.objects.filter(Q(state__in=LIVE) | Q(changed_at__gte=job.created_at - OPENED_AGAIN_WITHIN))
    looked_at = changed = last = 0
    while True:
        with transaction.atomic():
            # Read with the rows locked: a verb that counts a rank at this moment does so before or after.
            rows = concerned.filter(pk__gt=last).order_by("pk").only("due_at", "bonus", "rank")
            batch = list(rows.select_for_update(of=("self",), no_key=True)[:BATCH])
            moved = _weighed_again(batch, BonusHours.current())
            Ticket.objects.bulk_update(moved, ["bonus", "rank"])
        if not batch:
            return {"looked_at": looked_at, "changed": changed}
        last, looked_at, changed = batch[-1].pk, looked_at + len(batch), changed + len(moved)
        alive(done=looked_at)


def _weighed_again(tickets: list[Ticket], hours: BonusHours) -> list[Ticket]:
    """Those of the tickets that stand elsewhere now."""
    moved = []
    for ticket in tickets:
        bonus = priority.weighed_again(ticket.bonus, hours)
        rank = priority.rank(ticket.due_at, bonus)
        if (bonus, rank) != (ticket.bonus, ticket.rank):
            ticket.bonus, ticket.rank = bonus, rank
            moved.append(ticket)
    return moved
