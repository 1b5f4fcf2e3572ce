"""The only place that writes a ticket's state. A verb opens the ticket, checks, writes events and lets go.

Inside one transaction: the row is locked, the version the page showed is compared, every change is an UPDATE that names
the version it expects, and each leaves one event. On letting go, due time and rank are worked out anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from followups import deadlines, ladders
from followups.actors import Actor
from followups.models import Action, Deadline, Event, Ticket
from followups.models.tickets import AT_WORK, ClosedAs, DismissReason, TicketState
from followups.permissions import roles_of
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


class OpenTicket:
    """A locked ticket that a verb works on. `ticket` always holds the newest values."""

    def __init__(self, ticket: Ticket, actor: Actor, now: datetime) -> None:
        self.ticket = ticket
        self.actor = actor
        self.now = now
        self.roles = roles_of(actor, ticket)
        self._deadlines: list[Deadline] | None = None
        # As they were read: what differs on letting go has another way before it.
        self._were: dict[int, tuple[bool, datetime, datetime]] = {}
        self._was_at_work = ticket.state in AT_WORK
        self._drafts: list[outbox.Draft] = []

    # What belongs to it ------------------------------------------------------------------------------------------

    @property
    def deadlines(self) -> list[Deadline]:
        """Deadlines of every cycle, read once."""
        if self._deadlines is None:
            self._deadlines = list(
                Deadline.objects.filter(ticket=self.ticket).select_related("policy", "calendar").order_by("pk")
            )
            self._were = {row.pk: _course(row) for row in self._deadlines}
        return self._deadlines

    def actions(self, *states: str) -> list[Action]:
        """Actions of the present cycle, in order of their dates."""
        rows = Action.objects.filter(ticket=self.ticket, cycle=self.ticket.cycle).select_related("owner")
        return list(rows.filter(state__in=states) if states else rows)

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

        Raises NotAllowed where the table has no such way, Stale where somebody else was faster.
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
        fields |= {"version": ticket.version + 1, "changed_at": self.now}
        won = Ticket.objects.filter(pk=ticket.pk, version=ticket.version, state=before).update(**fields)
        if won != 1:
            raise stale(Ticket.objects.get(pk=ticket.pk))
        for name, value in fields.items():
            setattr(ticket, name, value)
        return Event.objects.create(
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

    def set(self, **fields: Any) -> None:
        """Fields that follow from an event just written (no event of their own)."""
        Ticket.objects.filter(pk=self.ticket.pk).update(**fields)
        for name, value in fields.items():
            setattr(self.ticket, name, value)

    def with_it(self, what: str) -> str:
        """The key of a notice that is taken back together with what was just written."""
        return f"with:{self.ticket.pk}:{self.ticket.version}:{what}"

    def what_was(self) -> dict[str, Any]:
        """What taking a mail back gives the ticket again, as an event keeps it: no words."""
        until = self.ticket.snoozed_until
        return {"waited": self.ticket.customer_waits, "snoozed_until": until.isoformat() if until else None}

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
        deadline.save()
        self.deadlines.append(deadline)
        return deadline

    def forget_deadlines(self) -> None:
        """Others wrote to them meanwhile: they are read again when somebody asks."""
        if self._deadlines is not None:
            self._plan_ladders()
        self._deadlines = None

    def next_ordinal(self, target: str) -> int:
        return sum(1 for row in self.deadlines if row.target == target and row.cycle == self.ticket.cycle)

    def meet(self, *targets: str, at: datetime) -> None:
        """Open deadlines of the present cycle that this meets."""
        for deadline in self.deadlines:
            if deadline.is_open and deadline.target in targets and deadline.cycle == self.ticket.cycle:
                deadline.met_at = at
                deadline.save(update_fields=["met_at"])

    def drop_deadlines(self) -> None:
        """Nothing is owed any more."""
        for deadline in self.deadlines:
            if deadline.is_open:
                deadline.dropped_at = self.now
                deadline.save(update_fields=["dropped_at"])

    def _plan_ladders(self) -> None:
        """What became another deadline meanwhile, or all of them where the ticket rests or is taken up again."""
        turned = self._was_at_work != (self.ticket.state in AT_WORK)
        other = [row for row in self.deadlines if turned or self._were.get(row.pk) != _course(row)]
        for row in other:
            row.ticket = self.ticket
        ladders.keep(ladders.plan(other))

    def let_go(self) -> None:
        self._plan_ladders()
        if self._drafts:
            outbox.queue(self._drafts, now=self.now)
        fields = deadlines.due_fields(self.ticket, self.deadlines, self.actions(Action.State.OPEN))
        due_at, snoozed_until = fields["due_at"], self.ticket.snoozed_until
        if snoozed_until and isinstance(due_at, datetime) and due_at < snoozed_until:
            # What is due came nearer: a snooze never passes it.
            fields["snoozed_until"] = due_at
        if any(getattr(self.ticket, name) != value for name, value in fields.items()):
            self.set(**fields)


def _course(row: Deadline) -> tuple[bool, datetime, datetime]:
    return row.is_open, row.due_at, row.binding_at


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
        fresh = Ticket.objects.select_related(*WITH).select_for_update(of=("self",), no_key=True).get(pk=ticket.pk)
        if version is not None and fresh.version != version:
            raise stale(fresh)
        work = OpenTicket(fresh, actor, now)
        yield work
        work.let_go()
