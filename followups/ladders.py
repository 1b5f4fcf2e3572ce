"""The ladder of a deadline: which of its steps is next, and when. Steps stand in a row beside the deadline's policy.

The next step and its moment are kept with the deadline, so that the clocks find what is due by an index. Whoever makes,
moves, meets, pauses or promises a deadline works them out anew with `plan`; a verb does so by itself on letting go.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from followups.calendars import (
    WorkingHours,
    add_working,
    day_of,
    next_working_moment,
    subtract_working,
    working_stretches,
)
from followups.deadlines import working_day_minutes
from followups.models import Deadline, Escalation, LadderStep, SlaPolicy
from followups.models.tickets import AT_WORK
from nps_loop.bulk import update_rows
from surveys.scoring import Band

Level, Moment, Unit, Who = Escalation.Level, LadderStep.Moment, LadderStep.Unit, LadderStep.Who
Target = Deadline.Target

Key = tuple[int, int, str, int]

# A search that goes back so far stands in a calendar in which nobody works.
LONGEST_BACK = 20 * 366


def shipped(policy: SlaPolicy) -> list[LadderStep]:
    """What a policy starts with, unsaved: the owner three hours before, the lead when it is due.

    Of first contact: at half of its time, while nobody has it, the lead; and for detractors one working day after any
    time has passed, the director.
    """
    steps = [
        LadderStep(
            policy=policy,
            level=Level.UNOWNED,
            target=Target.FIRST_CONTACT,
            moment=Moment.SHARE,
            amount=50,
            who=Who.LEAD,
            unassigned_only=True,
        ),
        LadderStep(
            policy=policy, level=Level.SOON, moment=Moment.BEFORE, amount=3 * 60, unit=Unit.CLOCK, who=Who.OWNER
        ),
        LadderStep(policy=policy, level=Level.LATE, moment=Moment.AFTER, amount=0, who=Who.LEAD),
    ]
    if Band.DETRACTOR in policy.bands:
        steps.append(
            LadderStep(
                policy=policy, level=Level.DIRECTOR, moment=Moment.AFTER, amount=1, unit=Unit.DAYS, who=Who.DIRECTOR
            )
        )
    return steps


def ladders_of(policies: Collection[int]) -> dict[int, list[LadderStep]]:
    """Policy -> its steps, with the endpoints they speak to; what is shipped where a policy was given none.

    One query, one more where there is a policy without.
    """
    found: dict[int, list[LadderStep]] = {pk: [] for pk in policies}
    for step in LadderStep.objects.filter(policy__in=found).select_related("endpoint").order_by("pk"):
        found[step.policy_id].append(step)
    bare = [pk for pk, steps in found.items() if not steps]
    for policy in SlaPolicy.objects.filter(pk__in=bare) if bare else ():
        found[policy.pk] = shipped(policy)
    return found


def copy(old: SlaPolicy, new: SlaPolicy) -> None:
    """A new version of a policy starts with the ladder of the one it was made from."""
    steps = list(LadderStep.objects.filter(policy=old).order_by("pk")) or shipped(old)
    for step in steps:
        step.pk, step.policy = None, new
        step._state.adding = True
    LadderStep.objects.bulk_create(steps)


# --- when ------------------------------------------------------------------------------------------------------


def reached_at(step: LadderStep, deadline: Deadline) -> datetime:
    """When a deadline reaches a step. Pure; counts in the deadline's calendar.

    Before and after count from what is due first, the promise or the policy's time. A share is of the policy's time: on
    the team clock it is counted back from the end, which the pauses have moved already.
    """
    hours, amount = deadline.calendar.hours, step.amount
    if step.moment == Moment.SHARE:
        left = deadline.minutes * (100 - amount) // 100
        if deadline.clock == SlaPolicy.Clock.CUSTOMER:
            return deadline.due_at - timedelta(minutes=left)
        return subtract_working(hours, deadline.due_at, left)
    due = deadline.binding_at
    if step.unit == Unit.CLOCK:
        return due - timedelta(minutes=amount) if step.moment == Moment.BEFORE else due + timedelta(minutes=amount)
    minutes = amount * working_day_minutes(hours) if step.unit == Unit.DAYS else amount
    return subtract_working(hours, due, minutes) if step.moment == Moment.BEFORE else add_working(hours, due, minutes)


def next_working_morning(hours: WorkingHours, now: datetime) -> datetime:
    """When the next working day begins; today's, where it is still to come."""
    day = day_of(hours, now)
    for _day in range(LONGEST_BACK):
        stretches = working_stretches(hours, day)
        if stretches and stretches[0][0] > now:
            return stretches[0][0]
        day += timedelta(days=1)
    raise ValueError("This calendar has no working time.")


def tell_from(step: LadderStep, hours: WorkingHours, now: datetime) -> datetime:
    """From when a step that is reached now may be told: at once, in working time, or with the next morning's mail."""
    if step.digest:
        return next_working_morning(hours, now)
    return next_working_moment(hours, now) if step.waits else now


def quiet_until(step: LadderStep, hours: WorkingHours, now: datetime) -> datetime | None:
    """When a step that waits for working time, and whose moment is over, may be told; None: now. Pure."""
    if not (step.waits or step.digest):
        return None
    opens = next_working_moment(hours, now)
    return opens if opens > now else None


# --- which -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Climbed:
    """How far up a deadline is: the levels it has reached, and whether somebody said that they look after it."""

    levels: set[str] = field(default_factory=set)
    acknowledged: bool = False


@dataclass(slots=True)
class Read:
    """The steps of a ticket's policies and how far its deadlines are, where they were read with it."""

    steps: list[LadderStep] = field(default_factory=list)
    told: list[Escalation] = field(default_factory=list)

    def ladders_of(self, deadlines: Iterable[Deadline]) -> dict[int, list[LadderStep]]:
        """As the function of this name, without a query."""
        found: dict[int, list[LadderStep]] = {}
        for row in deadlines:
            if row.policy_id not in found:
                steps = [step for step in self.steps if step.policy_id == row.policy_id]
                found[row.policy_id] = steps or shipped(row.policy)
        return found

    def climbed(self, deadlines: Iterable[Deadline]) -> dict[Key, Climbed]:
        """As the function of this name, without a query."""
        found: dict[Key, Climbed] = {row.key: Climbed() for row in deadlines}
        for told in self.told:
            known = found.get((told.ticket_id, told.cycle, told.target, told.ordinal))
            if known is not None:
                known.levels.add(told.level)
                known.acknowledged |= told.acknowledged_at is not None
        return found


def climbed(deadlines: Iterable[Deadline]) -> dict[Key, Climbed]:
    """How far each of these deadlines is. One query."""
    found: dict[Key, Climbed] = {row.key: Climbed() for row in deadlines}
    rows = Escalation.objects.filter(ticket__in={key[0] for key in found})
    for ticket, cycle, target, ordinal, level, acknowledged_at in rows.values_list(
        "ticket", "cycle", "target", "ordinal", "level", "acknowledged_at"
    ):
        if (known := found.get((ticket, cycle, target, ordinal))) is not None:
            known.levels.add(level)
            known.acknowledged |= acknowledged_at is not None
    return found


def ahead(deadline: Deadline, steps: Iterable[LadderStep], so_far: Climbed) -> list[tuple[datetime, LadderStep]]:
    """The steps still before a deadline, in the order it reaches them. Pure."""
    if so_far.acknowledged:
        return []
    found = [
        (reached_at(step, deadline), place, step)
        for place, step in enumerate(steps)
        if step.target in ("", deadline.target) and step.level not in so_far.levels
    ]
    return [(at, step) for at, _place, step in sorted(found, key=lambda each: each[:2])]


def plan(deadlines: Sequence[Deadline], *, fresh: bool = False, read: Read | None = None) -> list[Deadline]:
    """Set next step and its moment on each, and return those that changed; the caller saves them.

    Each comes with its ticket, in the state it has now: one that nobody works on climbs nothing. At most three queries
    for all; `fresh` deadlines have climbed nothing yet, and spare one. Those of one ticket may come with what was
    `read` of it, and then none is asked.
    """
    climbing = [row for row in deadlines if row.is_open and row.ticket.state in AT_WORK]
    so_far: Mapping[Key, Climbed] = {}
    if read is not None:
        ladders, so_far = read.ladders_of(climbing), read.climbed(climbing)
    elif climbing:
        ladders = ladders_of({row.policy_id for row in climbing})
        so_far = {} if fresh else climbed(climbing)
    awake = {id(row) for row in climbing}
    changed = []
    for row in deadlines:
        steps = ladders[row.policy_id] if id(row) in awake else ()
        if set_next(row, ahead(row, steps, so_far.get(row.key) or Climbed())):
            changed.append(row)
    return changed


def set_next(deadline: Deadline, steps: Sequence[tuple[datetime, LadderStep]]) -> bool:
    """Put the first of `steps` on the deadline, or none; whether that is a change. Not saved."""
    at, level = (steps[0][0], steps[0][1].level) if steps else (None, "")
    if (deadline.next_step_at, deadline.next_step) == (at, level):
        return False
    deadline.next_step_at, deadline.next_step = at, level
    return True


def keep(changed: Sequence[Deadline]) -> None:
    """Save what `plan` set."""
    update_rows(changed, ["next_step_at", "next_step"])
