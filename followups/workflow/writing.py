"""The only place that writes a ticket's state. A verb opens the ticket, checks, writes events and lets go.

Inside one transaction: the row is locked, the version the page showed is compared, every change leaves one event. On
letting go, due time and rank are worked out anew, and all is written at once: one UPDATE that names the version it
expects, one INSERT for its events, and at most one each for deadlines that are new and deadlines that changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery
from django.utils.translation import gettext

from followups import deadlines, ladders, silence
from followups.actors import Actor
from followups.at_once import read_at_once
from followups.messages import notices
from followups.models import (
    Action,
    Deadline,
    DismissalRequest,
    Escalation,
    Event,
    LadderStep,
    Member,
    SlaPolicy,
    Ticket,
)
from followups.models.tickets import AT_WORK, LIVE, ClosedAs, DismissReason, TicketQuerySet, TicketState
from followups.permissions import Role, roles_by, roles_of
from followups.refusals import Forbidden, NotAllowed, Stale
from followups.templatetags.moments import lower_first
from followups.workflow.table import TABLE, VERBS, allows, why_not
from nps_loop.mail import outbox
from nps_loop.mail.models import Message

# What is read with a ticket in hand, so that no verb asks again.
WITH = (
    "response__touchpoint",
    "response__account_owner",
    "contact",
    "account",
    "owner",
    "team__calendar",
    "brand",
    "conversation",
)
# What a verb may change about a deadline.
CHANGED = ("due_at", "promised_at", "met_at", "dropped_at", "next_step_at", "next_step")


class OpenTicket:
    """A locked ticket that a verb works on. `ticket` always holds the newest values, the database after `flush`."""

    def __init__(self, ticket: Ticket, actor: Actor, now: datetime, roles: frozenset[Role]) -> None:
        self.ticket = ticket
        self.actor = actor
        self.now = now
        self.roles = roles
        self._rows: tuple[list[Deadline], list[Action]] | None = None
        self._climbing = ladders.Read()
        self._was_at_work = ticket.state in AT_WORK
        self._had_owner = ticket.owner_id is not None
        self._drafts: list[outbox.Draft] = []
        # What waits to be written: fields of the ticket, the state its row still has, events, deadlines.
        self._fields: dict[str, Any] = {}
        self._state = ticket.state
        self._events: list[Event] = []
        self._owed: list[Deadline] = []
        self._changed: dict[int, Deadline] = {}

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
        self.every_action.append(action)
        action.save()
        return action

    @property
    def events(self) -> list[Event]:
        """What happened so far, what was just written included. One query."""
        return [*self.ticket.events.order_by("seq"), *self._events]

    def _read(self) -> tuple[list[Deadline], list[Action]]:
        if self._rows is None:
            owed = Deadline.objects.filter(ticket=self.ticket).select_related("policy", "calendar").order_by("pk")
            actions = Action.objects.filter(ticket=self.ticket).select_related("owner")
            policies = owed.order_by().values("policy")
            steps = LadderStep.objects.filter(policy__in=policies).select_related("endpoint").order_by("pk")
            told = Escalation.objects.filter(ticket=self.ticket)
            read_at_once(owed, actions, steps, told)
            self._climbing = ladders.Read(list(steps), list(told))
            self._rows = list(owed), list(actions)
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
        return self.ticket.dismissal_requests.select_related("asked_by").filter(decided_at=None).first()

    def _withdraw(self, wish: DismissalRequest) -> None:
        """There is nothing left to decide: neither yes nor no. Whoever asked hears it."""
        wish.decided_at, wish.decided_by = self.now, self.actor.user
        wish.save(update_fields=["decided_at", "decided_by"])
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

    def flush(self) -> None:
        """Write what waits to be written, for whoever reads or writes the rows themselves next. Raises Stale."""
        self._plan_ladders()
        Deadline.objects.bulk_create(self._owed)
        Deadline.objects.bulk_update(self._changed.values(), CHANGED)
        if self._fields:
            row = Ticket.objects.filter(pk=self.ticket.pk)
            if self._events:
                row = row.filter(version=self._events[0].seq - 1, state=self._state)
            if row.update(**self._fields) != 1:
                raise stale(Ticket.objects.get(pk=self.ticket.pk))
        Event.objects.bulk_create(self._events)
        self._owed, self._changed, self._fields, self._events = [], {}, {}, []

    def with_it(self, what: str) -> str:
        """The key of a notice that is taken back together with what was just written."""
        return f"with:{self.ticket.pk}:{self.ticket.version}:{what}"

    def what_was(self) -> dict[str, Any]:
        """What taking a mail back gives the ticket again, as an event keeps it: no words."""
        until = self.ticket.snoozed_until
        return {
            "waited": self.ticket.customer_waits,
            "snoozed_until": until.isoformat() if until else None,
            "silence": silence.as_kept(self.ticket),
        }

    def leaves_at(self, send_after: datetime | None = None) -> datetime | None:
        """When a mail that a person sends leaves: as wished, and never before it could be taken back. None: at once."""
        if not self.actor.undo:
            return send_after
        soonest = self.now + self.actor.undo
        return max(send_after, soonest) if send_after else soonest

    def mail(self, draft: outbox.Draft) -> Message:
        """Queue a mail in this transaction; a reason not to send it is stored with it."""
        return outbox.queue([draft], now=self.now)[0]

    def mail_later(self, drafts: Sequence[outbox.Draft]) -> None:
        """Notices whose rows nobody here needs: queued together on letting go."""
        self._drafts.extend(drafts)

    # Deadlines ---------------------------------------------------------------------------------------------------

    def pinned(self) -> tuple[Any, Any]:
        """Policy and calendar versions this ticket was opened under."""
        first = self.deadlines[0]
        return first.policy, first.calendar

    def owe(self, deadline: Deadline) -> Deadline:
        self.deadlines.append(deadline)
        self._owed.append(deadline)
        return deadline

    def changed(self, deadline: Deadline) -> None:
        """One of these deadlines has other times now."""
        if deadline.pk is not None:
            self._changed[deadline.pk] = deadline

    def forget_rows(self) -> None:
        """Others write to deadlines and actions now: they are read again when somebody asks."""
        self.flush()
        self._rows = None

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
        fields = deadlines.due_fields(self.ticket, self.deadlines, self.actions(Action.State.OPEN))
        due_at, snoozed_until = fields["due_at"], self.ticket.snoozed_until
        if snoozed_until and isinstance(due_at, datetime) and due_at < snoozed_until:
            # What is due came nearer: a snooze never passes it.
            fields["snoozed_until"] = due_at
        if any(getattr(self.ticket, name) != value for name, value in fields.items()):
            self.set(**fields)
        self.flush()
        outbox.announce(self._drafts, now=self.now)


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


@contextmanager
def opened(ticket: Ticket, *, actor: Actor, now: datetime, version: int | None) -> Iterator[OpenTicket]:
    """Lock a ticket for one verb. `version` is the one the page showed; None takes it as it is. Raises Stale."""
    with transaction.atomic():
        # Without its key, so that others may point new rows at the ticket meanwhile. Else the sweep, which holds a
        # deadline and writes an escalation, and a verb that wants this deadline would wait for each other.
        row = Ticket.objects.select_related(*WITH).select_for_update(of=("self",), no_key=True)
        fresh = _with_roles(row, actor).get(pk=ticket.pk)
        if version is not None and fresh.version != version:
            raise stale(fresh)
        work = OpenTicket(fresh, actor, now, _roles(fresh, actor))
        yield work
        work.let_go()


def _with_roles(rows: TicketQuerySet, actor: Actor) -> TicketQuerySet:
    """With what the person who acts is to the ticket, so that it costs no query of its own."""
    if actor.user is None:
        return rows
    membership = Member.objects.filter(team=OuterRef("team"), user=actor.user, is_active=True)
    return rows.annotate(
        membership_of_actor=Subquery(membership.values("role")[:1]),
        actor_has_action=Exists(Action.objects.filter(ticket=OuterRef("pk"), owner=actor.user)),
    )


def _roles(ticket: Ticket, actor: Actor) -> frozenset[Role]:
    if actor.user is None:
        return roles_of(actor, ticket)
    found: Any = ticket
    return roles_by(ticket, actor.user, found.membership_of_actor or "", has_action=found.actor_has_action)
