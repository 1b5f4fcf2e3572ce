"""Opening a ticket for a verb: the row is locked, and all that the verb looks at is read with it in one query."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.expressions import RawSQL

from followups.actors import Actor
from followups.at_once import read_at_once
from followups.models import Ticket
from followups.models.tickets import TicketQuerySet
from followups.workflow.around import ALWAYS, Around, with_roles
from followups.workflow.writing import OpenTicket, stale
from nps_loop.at_once import draws_keys, next_key
from nps_loop.people.models import User

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


@contextmanager
def opened(
    ticket: Ticket,
    *,
    actor: Actor,
    now: datetime,
    version: int | None,
    ahead: Collection[str] = (),
    makes: Sequence[type[models.Model]] = (),
    others: Iterable[User | None] = (),
    besides: Sequence[QuerySet[Any]] = (),
    together: QuerySet[Ticket] | None = None,
    may_end: bool = False,
) -> Iterator[OpenTicket]:
    """Lock a ticket for one verb. `version` is the one the page showed; None takes it as it is. Raises Stale.

    `together` are tickets that are locked with it, in the order of their numbers, as everybody does who locks several.
    The rest spares queries: lists of `Around` that the verb looks at `ahead`, models whose rows it `makes`, `others`
    who may be written to, what it looks at `besides`, and whether the conversation may end with it.
    """
    with transaction.atomic():
        asked = _Asked(ticket.pk, (*ALWAYS, *ahead), tuple(makes), tuple(others), tuple(besides), together, may_end)
        work = _locked(asked, actor, now)
        if version is not None and work.ticket.version != version:
            raise stale(work.ticket)
        yield work
        work.let_go()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a verb has read with the lock; the names are those of `opened`."""

    number: int
    names: Collection[str]
    makes: Sequence[type[models.Model]]
    others: Sequence[User | None]
    besides: Sequence[QuerySet[Any]]
    together: QuerySet[Ticket] | None
    may_end: bool

    @property
    def tickets(self) -> TicketQuerySet:
        """What is locked."""
        wanted = Q(pk=self.number)
        if self.together is not None:
            wanted |= Q(pk__in=self.together.order_by().values("pk"))
        return Ticket.objects.filter(wanted).order_by("pk")


def _locked(asked: _Asked, actor: Actor, now: datetime) -> OpenTicket:
    """The ticket under its lock, with all that is read ahead, in one query.

    That query sees the rows as they were when it began, and it may have waited for the lock since. Whoever changes any
    list of `Around` writes the ticket's row too, which leaves a mark on it; where it is another than the query began
    with, all is read again, which nobody can disturb any more. Raises Ticket.DoesNotExist.
    """
    while True:
        around = Around(asked.number, asked.others, asked.besides, asked.together)
        # Without its key, so that others may point new rows at the ticket meanwhile. Else the sweep, which holds a
        # deadline and writes an escalation, and a verb that wants this deadline would wait for each other.
        of = ("self", "conversation") if asked.may_end else ("self",)
        locked = asked.tickets.select_related(*WITH).select_for_update(of=of, no_key=True)
        rows = _with_keys(with_roles(locked, actor), asked.makes).annotate(mark=_mark())
        before = asked.tickets.annotate(mark=_mark()).values_list("pk", "mark")
        read_at_once(rows, before, *around.ask(asked.names), *around.besides)
        known, found = dict(before), {row.pk: row for row in rows}
        if asked.number not in known:
            raise Ticket.DoesNotExist
        if known == {pk: row.mark for pk, row in found.items()}:
            ticket = found.pop(asked.number)
            keys = _keys_of(ticket, asked.makes)
            together = list(found.values())
            return OpenTicket(ticket, actor, now, around=around, keys=keys, is_ending=asked.may_end, together=together)


def _mark() -> Any:
    """What differs once anything was written to a ticket's row. On SQLite nobody writes meanwhile."""
    if connection.vendor != "postgresql":
        return Value("", output_field=TextField())
    return RawSQL('"followups_ticket"."xmin"::text', (), output_field=TextField())


def _with_keys(rows: TicketQuerySet, makes: Sequence[type[models.Model]]) -> TicketQuerySet:
    drawn = {f"key_{n}": next_key(model) for n, model in enumerate(makes) if draws_keys(model)}
    return rows.annotate(**drawn)


def _keys_of(found: Ticket, makes: Sequence[type[models.Model]]) -> dict[type[models.Model], list[int]]:
    keys: dict[type[models.Model], list[int]] = {}
    for n, model in enumerate(makes):
        if draws_keys(model):
            keys.setdefault(model, []).insert(0, getattr(found, f"key_{n}"))
    return keys
