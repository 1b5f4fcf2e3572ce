"""Following a ticket: who does, and what they are told. Never of what they did themselves, never twice of one thing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial

from django.db.models import Q

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


def watchers_of(ticket: Ticket, *, but: Collection[int | None] = ()) -> list[User]:
    """Who follows it and may still read of it: colleagues of its team, whoever looks after the account, administrators.

    Not its owner, who is told anyway, and nobody of `but`. One query.
    """
    of_team = Member.objects.filter(team=ticket.team_id, is_active=True).values("user")
    account_owner = ticket.account.owner_id if ticket.account else None
    may_read = Q(is_superuser=True) | Q(pk__in=of_team) | Q(pk=account_owner)
    left_out = [pk for pk in (*but, ticket.owner_id) if pk is not None]
    found = User.objects.filter(may_read, watching__ticket=ticket, is_active=True).exclude(pk__in=left_out)
    return list(found.order_by("pk"))


def tell_watchers(
    ticket: Ticket,
    words: Words,
    *,
    key: str,
    but: Collection[int | None] = (),
    send_after: datetime | None = None,
) -> list[Draft]:
    """One notice to each watcher, each under a `key` of its own. One query, two where somebody watches."""
    return [
        notices.to_person(
            user, ticket, partial(_as_lines, words), dedupe_key=f"{key}:watcher:{user.pk}", send_after=send_after
        )
        for user in watchers_of(ticket, but=but)
    ]


def _as_lines(words: Words) -> tuple[str, list[str]]:
    subject, line = words()
    return subject, [line]
