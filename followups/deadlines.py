"""By when something must have happened. Rows are worked out from pinned versions of policy and calendar.

Two clocks. The customer clock is wall time from `responded_at` and never pauses. The team clock counts the team's
working time from `received_at`, less the pauses while the customer is asked something. What a customer is told is a
half-day inside the target; the queue shows the earlier of the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from followups import priority
from followups.calendars import WorkingHours, due_after
from followups.models import Action, Calendar, Deadline, Event, SlaPolicy, Ticket
from followups.models.tickets import TicketState
from followups.promises import HalfDay, half_day_ends, promised_half_day

Target = Deadline.Target


class NoPolicy(Exception):
    """The set-up has no active policy for a band, so no deadline can be worked out."""


@dataclass(frozen=True, slots=True)
class Policies:
    """The active policies and the calendar of a team that has none, read once per batch."""

    by_band: dict[str, SlaPolicy]
    default_calendar: Calendar
    by_slug: dict[str, SlaPolicy] = field(default_factory=dict)

    @classmethod
    def active(cls) -> Policies:
        """Two queries. Raises NoPolicy where the set-up lacks a policy or a calendar."""
        return cls.of(active_policies(), first_calendar())

    @classmethod
    def of(cls, policies: Iterable[SlaPolicy], calendars: Iterable[Calendar]) -> Policies:
        """The same of `active_policies` and `first_calendar` where they were read."""
        by_band: dict[str, SlaPolicy] = {}
        by_slug: dict[str, SlaPolicy] = {}
        for policy in policies:
            if policy.version > by_slug.setdefault(policy.slug, policy).version:
                by_slug[policy.slug] = policy
            for band in policy.bands or ["detractor", "passive", "promoter"]:
                by_band.setdefault(band, policy)
        calendar = next(iter(calendars), None)
        if calendar is None or not by_band:
            raise NoPolicy("There is no active policy or calendar: make one in the set-up.")
        return cls(by_band, calendar, by_slug)

    def policy(self, band: str, slug: str = "") -> SlaPolicy:
        """The policy a rule names, in its newest active version; else the one of the band."""
        if slug in self.by_slug:
            return self.by_slug[slug]
        if band not in self.by_band:
            raise NoPolicy(f"There is no active policy for the band {band}.")
        return self.by_band[band]


def active_policies() -> QuerySet[SlaPolicy]:
    """In the order in which a band looks for its policy."""
    return SlaPolicy.objects.filter(is_active=True).order_by("position", "-version")


def first_calendar() -> QuerySet[Calendar]:
    """The calendar of a team that has none; nothing while none is in use."""
    return Calendar.objects.filter(is_active=True).order_by("pk")[:1]


def working_day_minutes(hours: WorkingHours) -> int:
    """Length of a working day of this calendar: that of its first working weekday."""
    for day in hours.weekly:
        if length := sum(end - start for start, end in day):
            return length
    raise ValueError("This calendar has no working time.")


def _on_team_clock(
    ticket: Ticket,
    target: str,
    days: int,
    *,
    policy: SlaPolicy,
    calendar: Calendar,
    starts_at: datetime,
    ordinal: int = 0,
) -> Deadline:
    minutes = days * working_day_minutes(calendar.hours)
    return Deadline(
        ticket=ticket,
        cycle=ticket.cycle,
        target=target,
        ordinal=ordinal,
        clock=SlaPolicy.Clock.TEAM,
        policy=policy,
        calendar=calendar,
        starts_at=starts_at,
        minutes=minutes,
        due_at=due_after(calendar.hours, starts_at, minutes),
    )


def at_opening(ticket: Ticket, policy: SlaPolicy, calendar: Calendar) -> list[Deadline]:
    """First contact and resolution of a ticket that opens. Nobody to reach: no first contact is owed."""
    found = [resolution(ticket, policy, calendar, starts_at=ticket.received_at)]
    if not ticket.nobody_to_reach and not ticket.left_in_peace:
        found.insert(0, first_contact(ticket, policy, calendar))
    return found


def first_contact(
    ticket: Ticket, policy: SlaPolicy, calendar: Calendar, *, asked_at: datetime | None = None
) -> Deadline:
    """From the answer on; or from `asked_at`, where the customer wished for it only then."""
    if policy.first_contact_clock == SlaPolicy.Clock.CUSTOMER:
        starts_at = asked_at or ticket.responded_at
        minutes = 60 * (policy.first_contact_hours or 0)
        return Deadline(
            ticket=ticket,
            cycle=ticket.cycle,
            target=Target.FIRST_CONTACT,
            clock=SlaPolicy.Clock.CUSTOMER,
            policy=policy,
            calendar=calendar,
            starts_at=starts_at,
            minutes=minutes,
            due_at=starts_at + timedelta(minutes=minutes),
        )
    return _on_team_clock(
        ticket,
        Target.FIRST_CONTACT,
        policy.first_contact_working_days or 0,
        policy=policy,
        calendar=calendar,
        starts_at=asked_at or ticket.received_at,
    )


def resolution(ticket: Ticket, policy: SlaPolicy, calendar: Calendar, *, starts_at: datetime) -> Deadline:
    return _on_team_clock(
        ticket, Target.RESOLUTION, policy.resolution_working_days, policy=policy, calendar=calendar, starts_at=starts_at
    )


def answer(ticket: Ticket, policy: SlaPolicy, calendar: Calendar, *, starts_at: datetime, ordinal: int) -> Deadline:
    """What a customer who wrote or pressed is owed."""
    return _on_team_clock(
        ticket,
        Target.ANSWER,
        policy.answer_working_days,
        policy=policy,
        calendar=calendar,
        starts_at=starts_at,
        ordinal=ordinal,
    )


def next_update(
    ticket: Ticket, policy: SlaPolicy, calendar: Calendar, *, starts_at: datetime, ordinal: int
) -> Deadline:
    return _on_team_clock(
        ticket,
        Target.NEXT_UPDATE,
        policy.update_working_days,
        policy=policy,
        calendar=calendar,
        starts_at=starts_at,
        ordinal=ordinal,
    )


def promise_for(deadline: Deadline, zone: str, *, now: datetime) -> HalfDay:
    """The half-day a customer in `zone` is told for this deadline."""
    return promised_half_day(deadline.calendar.hours, deadline.starts_at, deadline.due_at, zone, not_before=now)


def pauses(events: Iterable[Event], *, now: datetime) -> list[tuple[datetime, datetime]]:
    """Stretches in which the customer was asked something, from the events of one ticket in order of seq."""
    found: list[tuple[datetime, datetime]] = []
    since: datetime | None = None
    for event in events:
        if event.to_state == TicketState.WAITING_ON_CUSTOMER and event.from_state != event.to_state:
            since = event.happened_at
        elif since is not None and event.from_state == TicketState.WAITING_ON_CUSTOMER and event.to_state:
            if event.to_state != TicketState.WAITING_ON_CUSTOMER:
                found.append((since, event.happened_at))
                since = None
    if since is not None:
        found.append((since, now))
    return found


def moved_by_pauses(deadlines: Sequence[Deadline], stretches: Sequence[tuple[datetime, datetime]]) -> list[Deadline]:
    """Those open deadlines on the team clock whose due time moves, with the new time set (not saved)."""
    changed = []
    for deadline in deadlines:
        if not deadline.is_open or deadline.clock != SlaPolicy.Clock.TEAM:
            continue
        due_at = due_after(deadline.calendar.hours, deadline.starts_at, deadline.minutes, stretches)
        if due_at != deadline.due_at:
            deadline.due_at = due_at
            changed.append(deadline)
    return changed


def pin_anew(
    deadline: Deadline, policy: SlaPolicy, calendar: Calendar, stretches: Sequence[tuple[datetime, datetime]]
) -> bool:
    """Work an open deadline out by other versions (not saved). Returns whether its due time moved.

    It starts when it started; what the customer was told stays. A later change of the clock itself counts from there.
    """
    was = deadline.due_at
    deadline.policy, deadline.calendar = policy, calendar
    on_customer_clock = deadline.target == Target.FIRST_CONTACT and (
        policy.first_contact_clock == SlaPolicy.Clock.CUSTOMER
    )
    if on_customer_clock:
        deadline.clock, deadline.minutes = SlaPolicy.Clock.CUSTOMER, 60 * (policy.first_contact_hours or 0)
        deadline.due_at = deadline.starts_at + timedelta(minutes=deadline.minutes)
    else:
        days = {
            Target.FIRST_CONTACT: policy.first_contact_working_days or 0,
            Target.ANSWER: policy.answer_working_days,
            Target.NEXT_UPDATE: policy.update_working_days,
            Target.RESOLUTION: policy.resolution_working_days,
        }[Target(deadline.target)]
        deadline.clock = SlaPolicy.Clock.TEAM
        deadline.minutes = days * working_day_minutes(calendar.hours)
        deadline.due_at = due_after(calendar.hours, deadline.starts_at, deadline.minutes, stretches)
    return deadline.due_at != was


def first_due(deadlines: Iterable[Deadline], open_actions: Iterable[Action]) -> tuple[datetime | None, str]:
    """What is due first on a ticket, and what for: a target, or `action`."""
    times = [(deadline.binding_at, str(deadline.target)) for deadline in deadlines if deadline.is_open]
    times += [(action.due_at, "action") for action in open_actions if action.state == Action.State.OPEN]
    return min(times, default=(None, ""))


def due_fields(ticket: Ticket, deadlines: Sequence[Deadline], open_actions: Iterable[Action]) -> dict[str, object]:
    """The ticket's stored due time, promise and rank, as they follow from its rows."""
    due_at, due_for = first_due(deadlines, open_actions)
    promised = [
        deadline.promised_at
        for deadline in deadlines
        if deadline.is_open and deadline.promised_at and deadline.cycle == ticket.cycle
    ]
    fields: dict[str, object] = {
        "due_at": due_at,
        "due_for": due_for,
        "promised_at": min(promised, default=None),
        "rank": priority.rank(due_at, ticket.bonus),
    }
    return fields


def end_of(calendar: Calendar, day: date, part: str) -> datetime:
    """When the `midday` or `evening` of a day ends for a team; on a closed day 13:00 or 17:00 by its zone's clock."""
    ends = half_day_ends(calendar.hours, day)
    if ends:
        return ends[0] if part == "midday" else ends[-1]
    return datetime.combine(day, time(13 if part == "midday" else 17), tzinfo=ZoneInfo(calendar.hours.zone))
