"""The only place that writes a ticket's state. A verb opens the ticket, checks, writes events and lets go.

Inside one transaction: the row is locked and all that the verb looks at is read with it, the version the page showed is
compared, every change leaves one event. On letting go, due time and rank are worked out anew, and everything is written
by one statement, whose UPDATE of the ticket names the version it expects.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext

from followups import deadlines, ladders, silence
from followups.actors import Actor
from followups.messages import notices
from followups.models import (
    Action,
    Conversation,
    Deadline,
    DismissalRequest,
    Event,
    FirstContact,
    LadderStep,
    SlaPolicy,
    Ticket,
)
from followups.models.tickets import AT_WORK, LIVE, ClosedAs, DismissReason, TicketState
from followups.refusals import Forbidden, NotAllowed, Stale
from followups.templatetags.moments import lower_first
from followups.workflow.around import Around, roles_in_hand
from followups.workflow.handing import OF_CONVERSATION, OF_PROMISE, OF_TICKET, Given
from followups.workflow.table import TABLE, VERBS, allows, why_not
from followups.workflow.unwritten import Pending, Unwritten
from nps_loop.at_once import Change, Insert, write_at_once
from nps_loop.mail import outbox


class OpenTicket(Unwritten):
    """A locked ticket that a verb works on. `ticket` always holds the newest values, the database after `flush`."""

    def __init__(
        self,
        ticket: Ticket,
        actor: Actor,
        now: datetime,
        *,
        around: Around | None = None,
        keys: dict[type[models.Model], list[int]] | None = None,
        is_ending: bool = False,
        together: Sequence[Ticket] = (),
    ) -> None:
        super().__init__(ticket, actor, now, around=around or Around(ticket.pk), keys=keys or {}, together=together)
        self.roles = roles_in_hand(ticket, actor)
        self._rows: tuple[list[Deadline], list[Action]] | None = None
        self._climbing = ladders.Read()
        self._was_at_work = ticket.state in AT_WORK
        self._had_owner = ticket.owner_id is not None
        self._has_conversation = is_ending

    # What belongs to it ------------------------------------------------------------------------------------------

    @property
    def deadlines(self) -> list[Deadline]:
        """Deadlines of every cycle, read once."""
        return self._read()[0]

    @property
    def every_action(self) -> list[Action]:
        """Actions of every cycle, read once."""
        return self._read()[1]

    def actions(self, *states: str) -> list[Action]:
        """Actions of the present cycle, in order of their dates."""
        rows = [row for row in self.every_action if row.cycle == self.ticket.cycle]
        return sorted((row for row in rows if not states or row.state in states), key=lambda row: (row.due_at, row.pk))

    def promise(self, action: Action) -> Action:
        """Store a new action."""
        self.every_action.append(self.make(action))
        return action

    @property
    def events(self) -> list[Event]:
        """What happened so far, what was just written included."""
        return [*self.around.events, *self._events]

    @property
    def wish(self) -> DismissalRequest | None:
        """The wish to dismiss it that nobody decided on."""
        return next((wish for wish in self.around.wish if wish.decided_at is None), None)

    def _read(self) -> tuple[list[Deadline], list[Action]]:
        if self._rows is None:
            around = self.around
            self._climbing = around.climbing()
            self._rows = list(around.deadlines), list(around.actions)
        return self._rows

    def climbs_by(self, policy: SlaPolicy) -> None:
        """Deadlines are pinned to another policy now: its ladder counts from here."""
        self._read()
        if all(step.policy_id != policy.pk for step in self._climbing.steps):
            steps = LadderStep.objects.filter(policy=policy).select_related("endpoint").order_by("pk")
            self._climbing.steps.extend(steps)

    # Checks ------------------------------------------------------------------------------------------------------

    def check(self, verb: str) -> None:
        """Raise Forbidden or NotAllowed where state or role does not allow the verb."""
        definition = VERBS[verb]
        if self.actor.kind in (Event.Actor.SYSTEM, Event.Actor.CUSTOMER):
            return
        if not self.roles & definition.roles:
            raise Forbidden(why_not(definition, self.ticket, self.roles))
        if reason := why_not(definition, self.ticket, self.roles):
            raise NotAllowed(reason)

    # Changes -----------------------------------------------------------------------------------------------------

    def write(
        self,
        verb: str,
        *,
        to: str | None = None,
        data: dict[str, Any] | None = None,
        happened_at: datetime | None = None,
        **fields: Any,
    ) -> Event:
        """Change fields, and with `to` the state, under one event. The table decides whether the way exists.

        Raises NotAllowed where the table has no such way.
        """
        ticket, before = self.ticket, self.ticket.state
        if to is not None and to != before:
            if not allows(before, to):
                raise NotAllowed(
                    gettext("A ticket that is %(before)s does not become %(after)s: it becomes that when %(reason)s.")
                    % {
                        "before": lower_first(str(TicketState(before).label)),
                        "after": lower_first(str(TicketState(to).label)),
                        "reason": _sentence_for(to),
                    }
                )
            fields["state"] = to
            if to != TicketState.CLOSED:
                fields.setdefault("closed_as", ClosedAs.NONE)
            if to != TicketState.DISMISSED:
                fields.setdefault("dismissed_as", DismissReason.NONE)
        wish = self._wish_that_ends(before, to)
        if wish is not None:
            data = (data or {}) | {"withdrew": wish.pk}
        fields = silence.fields_after(ticket, verb, fields, now=self.now) | fields
        fields |= {"version": ticket.version + 1, "changed_at": self.now}
        if not self._events:
            self._state = before
        self.set(**fields)
        event = Event(
            ticket=ticket,
            seq=ticket.version,
            cycle=ticket.cycle,
            actor_kind=self.actor.kind,
            actor=self.actor.user,
            program=self.actor.program,
            verb=verb,
            from_state=before if "state" in fields else "",
            to_state=fields.get("state", ""),
            data=data or {},
            happened_at=happened_at or self.now,
            recorded_at=self.now,
        )
        self._events.append(event)
        if wish is not None:
            self._withdraw(wish)
        return event

    def _wish_that_ends(self, before: str, to: str | None) -> DismissalRequest | None:
        """The wish to dismiss that nobody decided on, where the ticket now ends another way."""
        if to is None or to in LIVE or before not in LIVE:
            return None
        return self.wish

    def _withdraw(self, wish: DismissalRequest) -> None:
        """There is nothing left to decide: neither yes nor no. Whoever asked hears it."""
        wish.decided_at, wish.decided_by = self.now, self.actor.user
        self.keep(wish, "decided_at", "decided_by")
        asked_by, number = wish.asked_by, {"number": self.ticket.pk}
        if asked_by is None or not asked_by.is_active or asked_by == self.actor.user:
            return

        def words() -> tuple[str, list[str]]:
            line = gettext("It ended before a lead decided, so your wish to dismiss it is withdrawn.")
            return gettext("Nothing is left to dismiss: #%(number)s") % number, [line]

        key, leaves_at = self.with_it(f"withdrawn-{wish.pk}"), self.leaves_at()
        self.mail_later([notices.to_person(asked_by, self.ticket, words, dedupe_key=key, send_after=leaves_at)])

    def set(self, **fields: Any) -> None:
        """Fields that follow from an event just written (no event of their own)."""
        for name, value in fields.items():
            setattr(self.ticket, name, value)
        self._fields |= fields

    def take_over(self, given: Given) -> None:
        """Write with the rest what handing over has changed, on this ticket too where it was among those."""
        for ticket, event in zip(given.tickets, given.events, strict=True):
            if ticket.pk != self.ticket.pk:
                self.keep(ticket, *OF_TICKET)
                self.add(event)
                continue
            if not self._events:
                self._state = given.before[ticket.pk]
            self._events.append(event)
            self.set(**{name: getattr(ticket, name) for name in OF_TICKET})
        for conversation in given.conversations:
            self.keep(conversation, *OF_CONVERSATION)
        for row in given.promised:
            if row.ticket_id == self.ticket.pk:
                self.changed(row)
            else:
                self.keep(row, *OF_PROMISE)
        members, at = given.last_given()
        self.change(members, last_assigned_at=at)
        self._notices += given.mails
        if self.actor.kind != Event.Actor.SYSTEM:
            self.uncover(given.tickets)

    def end_conversation(self) -> None:
        """The conversation is closed on letting go, where nothing of it is open besides.

        It is locked before, so that an answer coming in meanwhile waits, and then opens another one.
        """
        if not self._has_conversation:
            self._has_conversation = True
            list(Conversation.objects.select_for_update(no_key=True).filter(pk=self.ticket.conversation_id))
        self._ends = True

    def flush(self) -> None:
        """Write what waits to be written, for whoever reads or writes the rows themselves next. Raises Stale."""
        self._plan_ladders()
        writes = self._besides()
        mails = [*self._notices, *self._drawn_up()]
        if mails:
            writes.append(Insert(mails, unless_there=True))
        if self._ends:
            writes.append(self._ending())
        if writes or self._fields:
            # Whoever waits for the lock sees by the row that something around it changed.
            fields = self._fields or {"version": self.ticket.version}
            row = Ticket.objects.filter(pk=self.ticket.pk)
            if self._events:
                self._say_first_contact()
                row = row.filter(version=self._events[0].seq - 1, state=self._state)
                writes.insert(0, Insert(self._events))
            written = write_at_once(Change(row, fields), *writes)
            if written[0] != 1:
                raise stale(Ticket.objects.get(pk=self.ticket.pk))
            if self._ends and written[-1]:
                self.ticket.conversation.closed_at = self.now
        outbox.ring_for([*self._mails, *mails], now=self.now)
        self._forget()

    def hand_out(self) -> Pending:
        """What waits to be written, for whoever writes it together with that of other tickets."""
        self._work_out()
        self._plan_ladders()
        if self._events:
            self._say_first_contact()
        writes = [*self._besides(), *([self._ending()] if self._ends else [])]
        fields = self._fields or ({"version": self.ticket.version} if writes else {})
        mails = [*self._mails, *self._notices]
        pending = Pending(self.ticket, tuple(sorted(fields)), self._events, writes, self._notices, mails, self._drafts)
        self._forget()
        return pending

    def _say_first_contact(self) -> None:
        """The event says whether the first contact was in time, where that may be another thing now."""
        first = Deadline.Target.FIRST_CONTACT
        if any(row.cycle == 0 and row.target == first for row in self._changed.values()):
            self._events[-1].first_contact = FirstContact.of(self.deadlines)

    def what_was(self) -> dict[str, Any]:
        """What taking a mail back gives the ticket again, as an event keeps it: no words."""
        until = self.ticket.snoozed_until
        return {
            "waited": self.ticket.customer_waits,
            "snoozed_until": until.isoformat() if until else None,
            "silence": silence.as_kept(self.ticket),
        }

    def _ending(self) -> Change:
        return Change(self._conversation_that_ends(), {"closed_at": self.now})

    def _conversation_that_ends(self) -> QuerySet[Conversation]:
        others = Ticket.objects.filter(conversation=OuterRef("pk"), state__in=[*LIVE, TicketState.RESOLVED])
        conversation = Conversation.objects.filter(pk=self.ticket.conversation_id)
        return conversation.filter(~Exists(others.exclude(pk=self.ticket.pk)))

    # Deadlines ---------------------------------------------------------------------------------------------------

    def pinned(self) -> tuple[Any, Any]:
        """Policy and calendar versions this ticket was opened under."""
        first = self.deadlines[0]
        return first.policy, first.calendar

    def owe(self, deadline: Deadline) -> Deadline:
        self.deadlines.append(deadline)
        self._owed.append(deadline)
        return deadline

    def next_ordinal(self, target: str) -> int:
        return sum(1 for row in self.deadlines if row.target == target and row.cycle == self.ticket.cycle)

    def meet(self, *targets: str, at: datetime) -> None:
        """Open deadlines of the present cycle that this meets."""
        for deadline in self.deadlines:
            if deadline.is_open and deadline.target in targets and deadline.cycle == self.ticket.cycle:
                deadline.met_at = at
                self.changed(deadline)

    def drop_deadlines(self) -> None:
        """Nothing is owed any more."""
        for deadline in self.deadlines:
            if deadline.is_open:
                deadline.dropped_at = self.now
                self.changed(deadline)

    def _plan_ladders(self) -> None:
        """When the clocks look next at what is another deadline now; at all of them where work rests or goes on."""
        # A step for tickets that nobody has may have been passed while somebody had it.
        turned = self._was_at_work != (self.ticket.state in AT_WORK)
        turned |= self._had_owner and self.ticket.owner_id is None
        self._was_at_work, self._had_owner = self.ticket.state in AT_WORK, self.ticket.owner_id is not None
        other = self.deadlines if turned else [*self._changed.values(), *self._owed]
        for row in other:
            row.ticket = self.ticket
        for row in ladders.plan(other, read=self._climbing if self._rows else None):
            self.changed(row)

    def let_go(self) -> None:
        self._work_out()
        self.flush()

    def _work_out(self) -> None:
        """What is due, and the place in the queue, as they follow from what is owed now."""
        fields = deadlines.due_fields(self.ticket, self.deadlines, self.actions(Action.State.OPEN))
        due_at, snoozed_until = fields["due_at"], self.ticket.snoozed_until
        if snoozed_until and isinstance(due_at, datetime) and due_at < snoozed_until:
            # What is due came nearer: a snooze never passes it.
            fields["snoozed_until"] = due_at
        if any(getattr(self.ticket, name) != value for name, value in fields.items()):
            self.set(**fields)


def _sentence_for(to: str) -> str:
    return next((gettext(said) for (_from, state), said in TABLE.items() if state == to), gettext("its time has come"))


def stale(current: Ticket) -> Stale:
    return Stale(
        gettext(
            "The ticket changed while you were writing. What you wrote is kept; look at what changed, "
            "then send it again."
        ),
        current_version=current.version,
    )
