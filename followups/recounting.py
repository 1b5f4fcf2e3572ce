"""Open tickets counted anew by the newest version of a calendar or a policy, where somebody asked for it.

Nothing else moves what is due on a ticket that is open already. Each ticket that changes says so in an event, with the
versions before and after; what a customer was told stays promised, and what was met or missed stays so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from followups import deadlines
from followups.actors import Actor
from followups.models import Calendar, Deadline, SlaPolicy, Ticket
from followups.models.tickets import LIVE
from followups.workflow.locking import opened
from nps_loop.jobs import running
from nps_loop.jobs.models import Job
from nps_loop.people.models import User

logger = logging.getLogger(__name__)

KIND = "recount"


def concerned(made: Calendar | SlaPolicy) -> QuerySet[Ticket]:
    """Live tickets on which something open was worked out by an earlier version of this calendar or policy."""
    by = "calendar" if isinstance(made, Calendar) else "policy"
    of_it: dict[str, Any] = {f"{by}__slug": made.slug, f"{by}__version__lt": made.version}
    older = Deadline.objects.filter(**of_it, met_at=None, dropped_at=None)
    return Ticket.objects.filter(state__in=LIVE, pk__in=older.values("ticket"))


def begin(made: Calendar | SlaPolicy, *, by: User, now: datetime) -> Job:
    """Keep the job that counts every ticket concerned anew by this version."""
    kind = "calendar" if isinstance(made, Calendar) else "policy"
    parameters = {kind: made.pk, "slug": made.slug}
    return running.start(KIND, parameters=parameters, created_by=by, now=now, total=concerned(made).count())


def run_job(job: Job, alive: Callable[..., None]) -> dict[str, Any]:
    """The work of such a job, each ticket in a transaction of its own. Doing it twice changes nothing more."""
    made = _version(job)
    actor = Actor.person(job.created_by) if job.created_by else Actor.system()
    counted = moved = last = 0
    while True:
        batch = list(concerned(made).filter(pk__gt=last).order_by("pk")[:100])
        if not batch:
            return {"counted": counted, "moved": moved}
        for ticket in batch:
            moved += recount(ticket, made, actor=actor, now=timezone.now())
        last, counted = batch[-1].pk, counted + len(batch)
        alive(done=counted)


def recount(ticket: Ticket, made: Calendar | SlaPolicy, *, actor: Actor, now: datetime) -> bool:
    """Work out again what is open on it; one event where anything changed. Returns whether a due time moved."""
    with opened(ticket, actor=actor, now=now, version=None) as work:
        events = list(work.ticket.events.order_by("seq"))
        pauses = deadlines.pauses(events, now=now)
        before: dict[str, int] = {}
        moved = 0
        if isinstance(made, SlaPolicy):
            work.climbs_by(made)
        for row in work.deadlines:
            policy = made if isinstance(made, SlaPolicy) else row.policy
            calendar = made if isinstance(made, Calendar) else row.calendar
            pinned: Calendar | SlaPolicy = row.policy if isinstance(made, SlaPolicy) else row.calendar
            if not row.is_open or pinned.slug != made.slug or pinned.version >= made.version:
                continue
            before = {"policy": row.policy_id, "calendar": row.calendar_id}
            moved += deadlines.pin_anew(row, policy, calendar, pauses)
            row.save(update_fields=["policy", "calendar", "clock", "minutes", "due_at"])
            work.changed(row)
            if row.target == Deadline.Target.RESOLUTION and row.cycle == 0:
                work.set(resolution_due_at=row.due_at)
        if before:
            type(made)._default_manager.filter(pk=made.pk, used_at=None).update(used_at=now)
            after = {"policy": made.pk} if isinstance(made, SlaPolicy) else {"calendar": made.pk}
            work.write("recount", data={"before": before, "after": after, "moved": moved})
    return bool(moved)


def _version(job: Job) -> Calendar | SlaPolicy:
    if "calendar" in job.parameters:
        return Calendar.objects.get(pk=job.parameters["calendar"])
    return SlaPolicy.objects.get(pk=job.parameters["policy"])
