"""The steps of the ladders: each deadline that reaches one is claimed, and what it reached is written down once.

A deadline says when its next step is due, in an index that holds nothing else, so a look costs what is due and not what
there is. Whoever was away for long, or whose clock was put back, finds for each deadline all steps that it has reached
and not climbed yet, and climbs them in order. What is to be said of them is said by `telling`, from the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from followups import ladders
from followups.clocks.telling import tell
from followups.models import Deadline, Escalation, LadderStep
from followups.models.tickets import AT_WORK

# So many deadlines are claimed in one transaction, and their readers told in one go.
BATCH = 1_000


def escalate(*, now: datetime) -> int:
    """Climb what is due and tell whoever is to hear it now. Returns how many deadlines climbed."""
    count = climb(now=now)
    tell(now=now)
    return count


def due(now: datetime) -> QuerySet[Deadline]:
    """Open deadlines whose next step has come, the longest due first."""
    return Deadline.objects.filter(met_at=None, dropped_at=None, next_step_at__lte=now).order_by("next_step_at", "pk")


def climb(*, now: datetime) -> int:
    """Write down every step that a deadline has reached by `now`. Five queries and as many writes as rows need."""
    with transaction.atomic():
        rows = list(
            due(now)
            .select_related("ticket__response", "calendar")
            .select_for_update(of=("self",), no_key=True, skip_locked=True)[:BATCH]
        )
        if not rows:
            return 0
        steps = ladders.ladders_of({row.policy_id for row in rows})
        so_far = ladders.climbed(rows)
        reached: list[Escalation] = []
        for row in rows:
            # One that nobody works on rests, until a verb takes it up again and plans anew.
            before = ladders.ahead(row, steps[row.policy_id], so_far[row.key]) if row.ticket.state in AT_WORK else []
            done = [step for at, step in before if at <= now]
            reached += _reached(row, done, now)
            ladders.set_next(row, before[len(done) :])
        Escalation.objects.bulk_create(reached, batch_size=500, ignore_conflicts=True)
        ladders.keep(rows)
    return len(rows)


def _reached(row: Deadline, steps: Sequence[LadderStep], now: datetime) -> list[Escalation]:
    return [
        Escalation(
            ticket=row.ticket,
            cycle=row.cycle,
            target=row.target,
            ordinal=row.ordinal,
            level=step.level,
            step_id=step.pk,
            happened_at=now,
            untold=(why := why_untold(row, step, now)),
            tell_at=None if why else ladders.tell_from(step, row.calendar.hours, now),
        )
        for step in steps
        # For a ticket without an owner, and this one has one: nothing was reached.
        if not (step.unassigned_only and row.ticket.owner_id is not None)
    ]


def why_untold(row: Deadline, step: LadderStep, now: datetime) -> str:
    """Why a step that is reached is marked and told to nobody; empty where it is told. Pure."""
    why = Escalation.Untold
    if row.ticket.response and row.ticket.response.is_history:
        # Imported from the past, it is late from the start; the pages say so, nobody is mailed about each.
        return why.HISTORY
    if step.is_warning and row.binding_at <= now:
        return why.TOO_LATE
    return ""
