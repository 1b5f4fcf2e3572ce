"""Owners who do nothing: reminded, then the lead is told, then somebody else gets it. Each once in a silence, in order.

What counts as doing, and when a step is due, stands in `silence`. A sweep takes what is due by its index, locks it,
looks again and moves each ticket on by one step, so two sweeps do it once and an outage skips nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext, ngettext

from followups import silence
from followups.actors import Actor
from followups.assignment import Pool, assign_waiting
from followups.messages import notices
from followups.models import Away, Conflict, Event, Team, Ticket
from followups.models.tickets import AT_WORK, LIVE, TicketQuerySet, TicketState
from followups.silence import Step
from followups.workflow.handing import assignment_lock
from followups.workflow.letting_go import event_of, release_all
from followups.workflow.locking import WITH
from nps_loop.mail import outbox
from nps_loop.people.models import User

BATCH = 200
# More than this many for one reader in one sweep are one mail.
DIGEST_OVER = 3
COLUMNS = ("silent_at", "silent_step")

# Subject and line of a notice about one ticket, in the language that is active.
About = Callable[[Ticket], tuple[str, str]]


def look_after_the_left_alone(*, now: datetime) -> int:
    """Take the step that is due on every ticket whose owner has done nothing for too long. Returns how many.

    A batch costs a fixed number of queries; where nothing is due, one.
    """
    if not Ticket.objects.left_alone(now).exists():
        return 0
    done = _remind_and_tell(now)
    with assignment_lock():
        taken = _take_away(now)
    if taken:
        assign_waiting(now=now)
    return done + taken


def _longest_due(now: datetime) -> TicketQuerySet:
    return Ticket.objects.left_alone(now).order_by("silent_at", "pk")


def _remind_and_tell(now: datetime) -> int:
    """The first two steps, and what needs none now: an owner who is away, a team that takes no more steps."""
    with transaction.atomic():
        # What another sweep holds is left to it.
        due = _longest_due(now).select_related(*WITH)
        rows = list(due.select_for_update(of=("self",), no_key=True, skip_locked=True)[:BATCH])
        away = _away_until(rows, now)
        nudged: list[Ticket] = []
        told: list[Ticket] = []
        moved: list[Ticket] = []
        events = []
        for row in rows:
            step = silence.next_step(row.team, row.silent_step) if row.team else None
            if step is None:
                row.silent_at = None
            elif row.owner_id in away:
                # Nobody is silent who is not there: the time to the step begins when they are back.
                row.silent_at = silence.next_at(row.team, row.silent_step, away[row.owner_id])
            elif step == Step.REASSIGN:
                continue
            else:
                (nudged if step == Step.NUDGE else told).append(row)
                events.append(_taken(row, step, now))
            moved.append(row)
        Event.objects.bulk_create(events, batch_size=1000)
        Ticket.objects.bulk_update(moved, [*COLUMNS, "version", "changed_at"], batch_size=500)
        outbox.queue([*_to_owners(nudged, now), *_to_leads(told, _owner_is_silent)], now=now)
    return len(nudged) + len(told)


def _taken(row: Ticket, step: Step, now: datetime, **more: Any) -> Event:
    """The event of a step, and the ticket on its way to the next one."""
    data = {"step": int(step), "since": row.worked_at.isoformat() if row.worked_at else None, **more}
    row.silent_step, row.silent_at = int(step), silence.next_at(row.team, step, now)
    return event_of(row, "left-alone", data, actor=Actor.system(), now=now)


def _away_until(rows: Iterable[Ticket], now: datetime) -> dict[int | None, datetime]:
    absences = Away.objects.at(now).filter(user__in={row.owner_id for row in rows}).order_by()
    return dict(absences.values_list("user").annotate(Max("ends_at")))


# --- taking it away --------------------------------------------------------------------------------------------


def _take_away(now: datetime) -> int:
    """The last step: back to the pool, which gives it to whoever did not have it, while anybody else can take it.

    The conversation goes along. Where nobody else is free, or the owner is at work with the same customer on another
    ticket, it stays and the lead is told. The caller holds the assigner's lock.
    """
    due_ones = _longest_due(now).select_related("team")[:BATCH]
    conversations = {row.conversation_id for row in due_ones if _is_to_be_taken(row, now)}
    if not conversations:
        return 0
    held = Ticket.objects.filter(conversation__in=conversations, state__in=[*LIVE, TicketState.RESOLVED])
    # Whole conversations at once and in order; then each is looked at again, as it stands now.
    mates = list(held.select_related(*WITH).select_for_update(of=("self",), no_key=True).order_by("pk"))
    away = _away_until(mates, now)
    rows = [mate for mate in mates if _is_to_be_taken(mate, now) and mate.owner_id not in away]
    pool = Pool.at(now)
    together: dict[int, list[Ticket]] = {}
    for mate in mates:
        together.setdefault(mate.conversation_id, []).append(mate)
    complaints = Conflict.objects.filter(ticket__in=[mate.pk for mate in mates])
    barred = set(complaints.values_list("ticket__conversation", "user"))
    leaving: dict[int, Ticket] = {}
    staying, lost, events = [], [], []
    for row in rows:
        others = together[row.conversation_id]
        if any(_is_busy_on(other) for other in others if other.pk != row.pk):
            because = "same_customer"
        elif not _somebody_else(pool, row, barred):
            because = "nobody_else"
        else:
            lost.append((row, row.owner))
            leaving |= {other.pk: other for other in others if other.owner_id is not None}
            continue
        events.append(_taken(row, Step.REASSIGN, now, because=because))
        staying.append(row)
    Event.objects.bulk_create(events, batch_size=1000)
    Ticket.objects.bulk_update(staying, [*COLUMNS, "version", "changed_at"], batch_size=500)
    drafts = _to_leads(staying, _stays)
    drafts += [_it_was_taken(row, owner) for row, owner in lost if owner and owner.is_active]
    release_all(list(leaving.values()), {"because": "silent"}, actor=Actor.system(), now=now)
    outbox.queue(drafts, now=now)
    return len(rows)


def _is_to_be_taken(ticket: Ticket, now: datetime) -> bool:
    """Whether the last step is due on a ticket, as it stands in memory."""
    due = ticket.state in AT_WORK and ticket.owner_id is not None and ticket.silent_at and ticket.silent_at <= now
    return bool(due and ticket.team and silence.next_step(ticket.team, ticket.silent_step) == Step.REASSIGN)


def _is_busy_on(ticket: Ticket) -> bool:
    """Whether its owner did something on it lately enough that no step was due."""
    return ticket.state in AT_WORK and ticket.owner_id is not None and ticket.silent_step == 0


def _somebody_else(pool: Pool, ticket: Ticket, barred: Collection[tuple[int, int]]) -> bool:
    """Whether anybody else of the team has room, whom the words do not complain about."""
    return any(
        not row.is_full
        for row in pool.by_team.get(ticket.team_id or 0, [])
        if row.key != ticket.owner_id and (ticket.conversation_id, row.key) not in barred
    )


# --- who hears what --------------------------------------------------------------------------------------------


def _to_owners(rows: Sequence[Ticket], now: datetime) -> list[outbox.Draft]:
    by_owner: dict[int, list[Ticket]] = {}
    for row in rows:
        if row.owner is not None and row.owner.is_active:
            by_owner.setdefault(row.owner.pk, []).append(row)
    return [draft for theirs in by_owner.values() for draft in _told(theirs[0].owner, theirs, _nothing_done)]


def _to_leads(rows: Sequence[Ticket], about: About) -> list[outbox.Draft]:
    by_team: dict[int | None, list[Ticket]] = {}
    for row in rows:
        by_team.setdefault(row.team_id, []).append(row)
    return [
        draft
        for team_id, theirs in by_team.items()
        for lead in notices.leads_of(team_id)
        for draft in _told(lead, theirs, about)
    ]


def _told(reader: User | None, rows: Sequence[Ticket], about: About) -> list[outbox.Draft]:
    """A mail for each, or one for all where there are many."""
    if reader is None:
        return []
    if len(rows) <= DIGEST_OVER:
        return [
            notices.to_person(reader, row, partial(_alone, about, row), dedupe_key=f"{_key(row)}:{reader.pk}")
            for row in rows
        ]
    key = f"{_key(rows[0])}:{reader.pk}:{len(rows)}"
    return [notices.to_person(reader, rows[0], partial(_together, about, rows), dedupe_key=key)]


def _key(row: Ticket) -> str:
    return f"left-alone:{row.pk}:{row.version}"


def _alone(about: About, row: Ticket) -> tuple[str, list[str]]:
    subject, line = about(row)
    return f"{subject}: #{row.pk}", [line, _how_it_ends()]


def _together(about: About, rows: Sequence[Ticket]) -> tuple[str, list[str]]:
    subject, _line = about(rows[0])
    count = ngettext("%(n)s ticket", "%(n)s tickets", len(rows)) % {"n": len(rows)}
    lines = [f"#{row.pk}: {about(row)[1]}" for row in rows[:20]]
    more = len(rows) - 20
    if more > 0:
        lines.append(ngettext("And %(count)s more.", "And %(count)s more.", more) % {"count": more})
    return f"{subject}: {count}", [*lines, _how_it_ends()]


def _how_it_ends() -> str:
    return gettext("A contact, a try, a mail, something promised or a hand-over ends it. A note or a snooze does not.")


def _hours(row: Ticket, step: Step) -> int:
    return silence.hours_of(row.team).get(step, 0) if row.team else 0


def _nothing_done(row: Ticket) -> tuple[str, str]:
    hours = _hours(row, Step.NUDGE)
    words = ngettext(
        "Nothing was done on it for %(n)s working hour.",
        "Nothing was done on it for %(n)s working hours.",
        hours,
    )
    return gettext("Nothing was done on it for a while"), words % {"n": hours}


def _owner_is_silent(row: Ticket) -> tuple[str, str]:
    hours, name = _hours(row, Step.TELL_LEAD), row.owner.name if row.owner else ""
    words = ngettext(
        "%(name)s has done nothing on it for %(n)s working hour.",
        "%(name)s has done nothing on it for %(n)s working hours.",
        hours,
    )
    return gettext("Left alone by its owner"), words % {"n": hours, "name": name}


def _stays(row: Ticket) -> tuple[str, str]:
    name = {"name": row.owner.name if row.owner else ""}
    words = gettext("%(name)s has done nothing on it, and it stays there: nobody else could take it now.")
    return gettext("Left alone, and nobody else can take it"), words % name


def _it_was_taken(row: Ticket, owner: User) -> outbox.Draft:
    hours = _hours(row, Step.REASSIGN)

    def words() -> tuple[str, list[str]]:
        line = ngettext(
            "Nothing was done on it for %(n)s working hour, so somebody else gets it.",
            "Nothing was done on it for %(n)s working hours, so somebody else gets it.",
            hours,
        )
        return gettext("#%(number)s is with somebody else now") % {"number": row.pk}, [line % {"n": hours}]

    return notices.to_person(owner, row, words, dedupe_key=f"{_key(row)}:taken")


# --- settings --------------------------------------------------------------------------------------------------


def set_hours(
    team: Team, *, nudge_after: int | None, tell_lead_after: int | None, reassign_after: int | None, now: datetime
) -> None:
    """Change when a team takes its steps; what is at work follows the new hours from when each silence began.

    What is due by then is due now. Steps already taken are not taken again.
    """
    team.nudge_after, team.tell_lead_after, team.reassign_after = nudge_after, tell_lead_after, reassign_after
    team.save(update_fields=["nudge_after", "tell_lead_after", "reassign_after"])
    after = 0
    running = Ticket.objects.filter(team=team, state__in=AT_WORK, owner__isnull=False).order_by("pk")
    while True:
        with transaction.atomic():
            rows = list(running.filter(pk__gt=after).select_for_update(no_key=True)[:BATCH])
            if not rows:
                return
            for row in rows:
                row.team = team
                row.silent_at = silence.due_from(row, now=now)
            Ticket.objects.bulk_update(rows, ["silent_at"], batch_size=500)
        after = rows[-1].pk
