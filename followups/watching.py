"""Following a ticket: who does, and what they are told. Never of what they did themselves, never twice of one thing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from functools import partial

from django.db.models import Q, QuerySet

from followups.messages import notices
from followups.models import Member, Ticket, Watcher
from nps_loop.mail.outbox import Draft
from nps_loop.people.models import User

# Subject and sentence, made in the language of whoever reads them.
Words = Callable[[], tuple[str, str]]


def watch(ticket: Ticket, user: User, *, now: datetime) -> bool:
    """Follow a ticket one may see; whether that is new."""
    _row, made = Watcher.objects.get_or_create(
        ticket=ticket, user=user, defaults={"reason": Watcher.Reason.CHOSE, "since": now}
    )
    return made


def unwatch(ticket: Ticket, user: User) -> bool:
    """Follow it no longer, for whatever reason one did; whether there was anything to end."""
    return bool(Watcher.objects.filter(ticket=ticket, user=user).delete()[0])


def following(number: int) -> QuerySet[User]:
    """Who follows a ticket and may still read of it: colleagues of its team, whoever looks after the account,
    administrators.
    """
    its_row = Ticket.objects.filter(pk=number)
    of_team = Member.objects.filter(team__in=its_row.values("team"), is_active=True).values("user")
    may_read = Q(is_superuser=True) | Q(pk__in=of_team) | Q(pk__in=its_row.values("account__owner"))
    return User.objects.filter(may_read, watching__ticket=number, is_active=True).order_by("pk")


def tell_watchers(
    ticket: Ticket,
    words: Words,
    *,
    key: str,
    watchers: Iterable[User] | None = None,
    but: Collection[int | None] = (),
    send_after: datetime | None = None,
) -> list[Draft]:
    """One notice to each watcher, each under a `key` of its own. Not to the owner, who is told anyway, nor to `but`.

    One query, none where the caller has read the `watchers`.
    """
    left_out = {ticket.owner_id, *but}
    return [
        notices.to_person(
            user, ticket, partial(_as_lines, words), dedupe_key=f"{key}:watcher:{user.pk}", send_after=send_after
        )
        for user in (following(ticket.pk) if watchers is None else watchers)
        if user.pk not in left_out
    ]


def _as_lines(words: Words) -> tuple[str, list[str]]:
    subject, line = words()
    return subject, [line]
