"""What an open ticket has waiting: new rows, changed ones and mails, until all of it is written by one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import models
from django.db.models import QuerySet

from followups.actors import Actor
from followups.models import Deadline, Event, Ticket
from followups.workflow.around import Around
from followups.workflow.covers import covers_of
from nps_loop.at_once import Change, Insert, Update, Write, draw_key, draws_keys
from nps_loop.mail import outbox
from nps_loop.mail.models import Message

Row = TypeVar("Row", bound=models.Model)

# What a verb may change about a deadline.
CHANGED = ("due_at", "promised_at", "met_at", "dropped_at", "next_step_at", "next_step")


class Unwritten:
    """A locked ticket with all that waits to be written for it. `OpenTicket` decides what that is, and when."""

    def __init__(
        self,
        ticket: Ticket,
        actor: Actor,
        now: datetime,
        *,
        around: Around,
        keys: dict[type[models.Model], list[int]],
        together: Sequence[Ticket],
    ) -> None:
        self.ticket, self.actor, self.now = ticket, actor, now
        # Those that were locked with it, in the order of their numbers.
        self.together = list(together)
        self.around = around
        self.stops = around.stops(ticket, self.together)
        self._keys = keys
        # Fields of the ticket, the state its row still has, events, deadlines, new rows and changed ones by model, and
        # whether the conversation ends with it.
        self._fields: dict[str, Any] = {}
        self._state = ticket.state
        self._events: list[Event] = []
        self._owed: list[Deadline] = []
        self._changed: dict[int, Deadline] = {}
        self._new: dict[type[models.Model], list[models.Model]] = defaultdict(list)
        self._kept: dict[type[models.Model], dict[int, models.Model]] = defaultdict(dict)
        self._columns: dict[type[models.Model], set[str]] = defaultdict(set)
        self._more: list[Write] = []
        self._mails: list[Message] = []
        self._notices: list[Message] = []
        self._drafts: list[outbox.Draft] = []
        self._uncovered: set[int] = set()
        self._ends = False

    def make(self, row: Row) -> Row:
        """A new row whose key is named at once, by an event or by another row. It is written on letting go.

        Where keys cannot be known before (SQLite) it is written here.
        """
        if not draws_keys(type(row)):
            row.save(force_insert=True)
            return row
        drawn = self._keys.get(type(row))
        row.pk = drawn.pop() if drawn else draw_key(type(row))
        return self.add(row)

    def add(self, row: Row) -> Row:
        """A new row to which nothing else points: written on letting go."""
        self._new[type(row)].append(row)
        return row

    def keep(self, row: models.Model, *fields: str) -> None:
        """These fields of another row have new values, which are written on letting go."""
        if row not in self._new.get(type(row), ()):
            self._kept[type(row)][row.pk] = row
            self._columns[type(row)] |= set(fields)

    def change(self, rows: QuerySet[Any], **values: Any) -> None:
        """The same for all rows of a queryset that were not read. No row may be changed in two ways at once."""
        self.also(Change(rows, values))

    def also(self, change: Change) -> None:
        """A change that somebody else prepared is written with the rest."""
        self._more.append(change)

    def uncover(self, tickets: Iterable[Ticket]) -> None:
        """These change hands by hand: nobody stands in for anybody on them any more."""
        self._uncovered |= {ticket.pk for ticket in tickets}

    def changed(self, deadline: Deadline) -> None:
        """One of these deadlines has other times now."""
        if deadline.pk is not None:
            self._changed[deadline.pk] = deadline

    def with_it(self, what: str) -> str:
        """The key of a notice that is taken back together with what was just written."""
        return f"with:{self.ticket.pk}:{self.ticket.version}:{what}"

    def leaves_at(self, send_after: datetime | None = None) -> datetime | None:
        """When a mail that a person sends leaves: as wished, and never before it could be taken back. None: at once."""
        if not self.actor.undo:
            return send_after
        soonest = self.now + self.actor.undo
        return max(send_after, soonest) if send_after else soonest

    def mail(self, draft: outbox.Draft) -> Message:
        """Queue a mail in this transaction; a reason not to send it is stored with it."""
        if draft.dedupe_key is not None:
            # Whether it was queued before is known once it is written.
            return outbox.queue([draft], now=self.now)[0]
        message = self.make(outbox.draw_up([draft], now=self.now, known=self.stops)[0])
        self._mails.append(message)
        self.ticket.just_written.append(message)
        return message

    def mail_later(self, drafts: Sequence[outbox.Draft]) -> None:
        """Notices whose rows nobody here needs: queued together on letting go."""
        self._drafts.extend(drafts)

    def _drawn_up(self) -> list[Message]:
        return outbox.draw_up(self._drafts, now=self.now, known=self.stops) if self._drafts else []

    def _besides(self) -> list[Write]:
        """What waits to be written beside the ticket's own row, its events and notices."""
        writes: list[Write] = [Insert(rows) for rows in self._new.values()]
        writes += [Update(list(rows.values()), sorted(self._columns[model])) for model, rows in self._kept.items()]
        writes += [Insert(self._owed), Update(list(self._changed.values()), CHANGED), *self._more]
        writes = [write for write in writes if not isinstance(write, Insert | Update) or write.rows]
        if self._uncovered:
            writes.append(Change(*covers_of(self._uncovered, now=self.now)))
        return writes

    def _forget(self) -> None:
        """Nothing waits any more."""
        self._owed, self._changed, self._fields, self._events, self._drafts = [], {}, {}, [], []
        self._more, self._mails, self._notices, self._ends = [], [], [], False
        for waiting in (self._new, self._kept, self._columns, self._uncovered):
            waiting.clear()


@dataclass(frozen=True, slots=True)
class Pending:
    """What one open ticket has to write: these fields of its row, events, other rows, notices that are drawn up.

    `mails` have a row already or get one here; `drafts` are still to be drawn up.
    """

    ticket: Ticket
    fields: tuple[str, ...]
    events: Sequence[Event]
    writes: Sequence[Write]
    notices: Sequence[Message]
    mails: Sequence[Message]
    drafts: Sequence[outbox.Draft]
