"""In which order a day is worked: what to do first, then until work ends, and on the next working day. Pure.

A call waits for the customer's good time; what is late waits for nothing. What can be done at any time is for now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext

from followups.calendars import WorkingHours
from followups.good_time import Window, good_time, next_window, zone_of
from followups.models import Action, Ticket
from followups.models.tickets import TicketState
from followups.next_step import CALL, NextStep
from followups.templatetags.moments import as_promised, moment
from followups.ticket_rows import Row
from followups.viewing import Days


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the day. `at` is the moment it is for: over where `kind` is late, now where it is now."""

    row: Row
    kind: Literal["late", "now", "at", "by"]
    at: datetime
    step: NextStep
    title: str
    reason: str
    is_planned: bool = False
    # When, for what is due on another day than its list is about: the evening or the weekend before.
    before: str = ""
    # Besides what the queue has in this group: a call that was put here, a promise on a ticket of somebody else.
    is_extra: bool = False
    # Whoever promised it finishes it; the owner of the ticket looks whether it will be ready.
    is_others: bool = False

    @property
    def ticket(self) -> Ticket:
        return self.row.ticket

    @property
    def when(self) -> str:
        """The moment in a word: `late`, `now`, `15:00`, `by 17:30`, `today 20:00`."""
        if self.before:
            return self.before
        clock = formats.date_format(timezone.localtime(self.at), "H:i")
        return {
            "late": gettext("late"),
            "now": gettext("now"),
            "at": clock,
            "by": gettext("by %(clock)s") % {"clock": clock},
        }[self.kind]

    @property
    def url(self) -> str:
        """The ticket, with the fold of the step open."""
        address = reverse("ticket", args=[self.ticket.pk])
        return f"{address}?do={self.step.verb}#{self.step.verb}" if self.step.verb else address


@dataclass(frozen=True, slots=True)
class Given:
    """What a plan is made of: rows of tickets by their group of the queue, and what is known about them besides."""

    late: Sequence[Row] = ()
    today: Sequence[Row] = ()
    following: Sequence[Row] = ()
    # Tickets of any group by id, for tries and for promises made on tickets of others.
    rows: Mapping[int, Row] = field(default_factory=dict)
    # Ticket -> when this person meant to try again.
    tries: Mapping[int, datetime] = field(default_factory=dict)
    # Promises of this person's own on tickets that stand in none of the groups.
    promises: Sequence[Action] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    first: Entry | None
    then: list[Entry]
    following: list[Entry]


def plan(given: Given, days: Days, zone: str, hours: WorkingHours, user_id: int) -> Plan:
    """The day as it lies ahead. Times of calls are the customer's, or where those are not known, those of `zone`."""
    maker = _Maker(given, days, zone, hours, user_id)
    now = [maker.now(row) for row in (*given.late, *given.today)]
    now += maker.tries_before(days.today_ends, besides=now)
    now += [maker.promise(action) for action in given.promises if action.due_at <= days.today_ends]
    later = [maker.later(row) for row in given.following if maker.waits_until(row) >= days.today_ends]
    later += maker.tries_after(days.today_ends, besides=later)
    later += [maker.promise(action) for action in given.promises if action.due_at > days.today_ends]
    later += maker.moved(given.today)
    later = [maker.dated(entry) for entry in later]
    ordered = sorted(now, key=_in_order)
    first = _first(ordered)
    return Plan(first, [entry for entry in ordered if entry is not first], sorted(later, key=_in_order))


def _in_order(entry: Entry) -> tuple[datetime, datetime, int, int]:
    due_at = entry.ticket.due_at
    return entry.at, due_at or entry.at, entry.ticket.rank, entry.ticket.pk


def _first(entries: Iterable[Entry]) -> Entry | None:
    """The one to act on now: of the late ones, else of those that can be done now, the one the queue has on top."""
    ready = [entry for entry in entries if entry.kind in ("late", "now") and entry.step.verb and not entry.is_others]
    late = [entry for entry in ready if entry.kind == "late"]
    return min(late or ready, key=lambda entry: (entry.ticket.rank, entry.ticket.pk), default=None)


class _Maker:
    def __init__(self, given: Given, days: Days, zone: str, hours: WorkingHours, user_id: int) -> None:
        self.given, self.days, self.zone, self.hours, self.user_id = given, days, zone, hours, user_id

    def now(self, row: Row) -> Entry:
        """A ticket that is late or due today."""
        now = self.days.now
        due_at = row.due_at or now
        entry = self._entry(row, "now", now)
        if due_at < now:
            entry = replace(entry, kind="late", at=due_at)
        if entry.step.is_written:
            return replace(entry, kind="by", at=due_at, title=gettext("A mail is written"))
        if entry.step.verb == CALL:
            return self._call(entry, due_at)
        if entry.kind == "now" and entry.step.verb in ("complete-action", ""):
            return replace(entry, kind="by", at=due_at)
        return entry

    def _call(self, entry: Entry, due_at: datetime) -> Entry:
        """A call at its good time; where none comes before it is due, or where it is late, at once."""
        now = self.days.now
        window, words = self._good_time(entry.ticket)
        planned = self.given.tries.get(entry.ticket.pk)
        if entry.kind == "late":
            if window and window[0] > now:
                said = gettext("It is not the good time (%(words)s), but it is late already.") % {"words": words}
                return replace(entry, reason=f"{entry.reason} {said}")
            return entry
        if planned is not None and now < planned < self.days.today_ends:
            return self._planned(entry, planned)
        if window is None:
            return entry
        if window[0] <= now:
            return replace(entry, reason=f"{entry.reason} {self._until(entry.ticket, window)}")
        if window[0] < min(due_at, self.days.today_ends):
            return replace(
                entry, kind="at", at=window[0], reason=f"{entry.reason} {self._between(entry.ticket, window)}"
            )
        said = gettext("The good time (%(words)s) does not come before it is due.") % {"words": words}
        return replace(entry, reason=f"{entry.reason} {said}")

    def later(self, row: Row) -> Entry:
        """A ticket that is due on the next working day."""
        entry = self._entry(row, "by", row.due_at or self.days.next_ends)
        if (planned := self.given.tries.get(row.ticket.pk)) is not None:
            return self._planned(entry, planned)
        # What is due before work starts waits for no good time of that day.
        window, _words = self._good_time(row.ticket, self.days.next_begins)
        if entry.step.verb == CALL and window and window[0] < min(self.days.next_ends, entry.at):
            return replace(entry, kind="at", at=window[0], reason=self._between(row.ticket, window))
        return entry

    def dated(self, entry: Entry) -> Entry:
        """With its day, where that comes before the next working day."""
        if entry.kind == "late" or entry.at >= self.days.next_begins:
            return entry
        return replace(entry, before=moment(entry.at, self.days.now))

    def moved(self, rows: Iterable[Row]) -> list[Entry]:
        """Calls that wait for the good time of the next working day, beside the mail that goes today."""
        found = []
        for row in rows:
            window, _words = self._good_time(row.ticket)
            call = row.step.then
            if call is None or window is None:
                continue
            if window[0] >= self.days.today_ends:
                window, _words = self._good_time(row.ticket, self.days.next_begins)
            if (
                window
                and self.days.next_begins <= window[0] < self.days.next_ends
                and row.ticket.pk not in self.given.tries
            ):
                entry = Entry(row, "at", window[0], call, call.label, "")
                found.append(replace(entry, reason=self._between(row.ticket, window), is_planned=True, is_extra=True))
        return found

    def waits_until(self, row: Row) -> datetime:
        """When this person meant to try again; the end of the plan where they did not say."""
        return self.given.tries.get(row.ticket.pk, self.days.next_ends)

    def tries_before(self, end: datetime, besides: Iterable[Entry]) -> list[Entry]:
        return self._tries([number for number, at in self.given.tries.items() if at < end], besides)

    def tries_after(self, start: datetime, besides: Iterable[Entry]) -> list[Entry]:
        return self._tries([number for number, at in self.given.tries.items() if at >= start], besides)

    def _tries(self, numbers: Iterable[int], besides: Iterable[Entry]) -> list[Entry]:
        known = {entry.ticket.pk for entry in besides}
        rows = [self.given.rows[number] for number in numbers if number in self.given.rows and number not in known]
        entries = [(self._entry(row, "at", self.waits_until(row)), self.waits_until(row)) for row in rows]
        return [replace(self._planned(entry, at), is_extra=True) for entry, at in entries]

    def _planned(self, entry: Entry, at: datetime) -> Entry:
        """A try at the moment this person chose; a call no earlier than the good time of that day."""
        now = self.days.now
        is_now, at = at <= now, max(at, now)
        said = gettext("You meant to try again now.") if is_now else gettext("You meant to try again then.")
        window, words = self._good_time(entry.ticket, at)
        if entry.step.verb == CALL and window is not None:
            day_ends = self.days.today_ends if at < self.days.today_ends else self.days.next_ends
            if window[0] <= at:
                said = f"{said} {self._until(entry.ticket, window)}"
            elif window[0] < day_ends:
                is_now, at = False, window[0]
                said = f"{said} {self._between(entry.ticket, window)}"
            else:
                is_now = False
                known = gettext("Good time: %(words)s.") % {"words": words}
                said = f"{said} {known}"
        return replace(entry, kind="now" if is_now else "at", at=at, reason=said, is_planned=True)

    def promise(self, action: Action) -> Entry:
        """A promise of this person's own on a ticket that somebody else has, or that waits for its customer."""
        row = self.given.rows[action.ticket_id]
        kind: Literal["late", "by"] = "late" if action.due_at < self.days.now else "by"
        owner = row.ticket.owner
        said = gettext("Your promise. %(name)s has the ticket.") % {"name": owner.name} if owner else ""
        if owner and owner.pk == self.user_id:
            said = gettext("Your promise. Waiting for an answer does not move it.")
        step = NextStep("complete-action", gettext("Finish action"), "task")
        return Entry(row, kind, action.due_at, step, action.title, said, is_extra=True)

    def _entry(self, row: Row, kind: Literal["late", "now", "at", "by"], at: datetime) -> Entry:
        step = row.step
        if step.verb != "complete-action" or row.promise is None:
            # The good time to call is said by this person's clock, where the call is put.
            return Entry(row, kind, at, step, step.label, step.because if step.verb == CALL else step.reason)
        words = {"name": row.promise.owner.name, "when": as_promised(row.promise.due_at, self.days.now)}
        if row.promise.owner_id == self.user_id:
            waits = row.ticket.state == TicketState.WAITING_ON_CUSTOMER
            reason = (
                gettext("Your promise. Waiting for an answer does not move it.")
                if waits
                else gettext("You promised it %(when)s. Then the customer can be asked.") % words
            )
        else:
            reason = gettext("%(name)s is on it, promised %(when)s.") % words
        is_mine = row.promise.owner_id == self.user_id
        return Entry(row, kind, at, step, row.promise.title, reason, is_others=not is_mine)

    def _good_time(self, ticket: Ticket, at: datetime | None = None) -> tuple[Window | None, str]:
        contact = ticket.contact
        known = good_time(contact.good_time) if contact and contact.good_time else None
        if known is None or contact is None:
            return None, ""
        return next_window(known, at or self.days.now, contact.time_zone, self.zone, self.hours), contact.good_time

    def _until(self, ticket: Ticket, window: Window) -> str:
        words = {"end": _clock(window[1])}
        if _is_elsewhere(ticket, window[1]):
            return gettext("Good time until %(end)s on your clock.") % words
        return gettext("Good time until %(end)s.") % words

    def _between(self, ticket: Ticket, window: Window) -> str:
        words = {"start": _clock(window[0]), "end": _clock(window[1])}
        if _is_elsewhere(ticket, window[0]):
            return gettext("Good time %(start)s to %(end)s on your clock.") % words
        return gettext("Good time %(start)s to %(end)s.") % words


def _is_elsewhere(ticket: Ticket, at: datetime) -> bool:
    """Whether the customer's clock shows another hour than the reader's."""
    zone = zone_of(ticket.contact.time_zone if ticket.contact else "", timezone.get_current_timezone_name())
    return at.astimezone(ZoneInfo(zone)).utcoffset() != timezone.localtime(at).utcoffset()


def _clock(at: datetime) -> str:
    return formats.date_format(timezone.localtime(at), "H:i")
