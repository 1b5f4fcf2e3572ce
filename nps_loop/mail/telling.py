"""Telling the listeners how a mail ended, and giving it its final state in the same transaction.

A mail whose telling is owed is `sending` with `sent_at` (accepted) or `ended_at` (failed, skipped) set; `leased_until`
says from when it is to be told. So the mail server's answer is kept by one UPDATE, and a listener's fault delays only
itself.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from nps_loop.mail import hooks, outbox, suppression
from nps_loop.mail.models import Message

logger = logging.getLogger(__name__)

State = Message.State

OWED = Q(state=State.SENDING) & (Q(sent_at__isnull=False) | Q(ended_at__isnull=False))
_GIVE_UP = timedelta(days=1)
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=1)


def tell_owed(now: datetime, *, limit: int = 500) -> int:
    """Tell what is owed by `now` and return how many mails reached their final state. Safe to run side by side."""
    try:
        return _tell(OWED & Q(leased_until__lte=now), now, limit)
    except Exception:
        # One mail's trouble must not hold up the others: each alone, and those that raise wait longer each time.
        logger.exception("A listener raised for a batch of mails; each is told alone.")
    owed = Message.objects.filter(OWED, leased_until__lte=now).order_by("leased_until")[:limit]
    return sum(_tell_alone(message, now) for message in owed)


def mark_bounced(message_ids: Collection[int], *, reason: str, now: datetime) -> int:
    """Note that accepted mails came back, stop mail to their addresses, tell the listeners; return how many.

    All or nothing: a listener that raises is the caller's to hear.
    """
    with transaction.atomic():
        messages = list(_locked(Q(pk__in=message_ids, state=State.SENT)))
        Message.objects.filter(pk__in=[message.pk for message in messages]).update(
            state=State.BOUNCED, ended_at=now, reason=reason[:300]
        )
        suppression.came_back({message.recipient for message in messages}, origin=reason, now=now)
        for message in messages:
            message.state, message.ended_at, message.reason = State.BOUNCED, now, reason[:300]
        _call(hooks.failed, messages, now)
    return len(messages)


def _tell(which: Q, now: datetime, limit: int) -> int:
    with transaction.atomic():
        # By case, so that two processes that tell at once take the rows of their listeners in one order.
        messages = sorted(_locked(which)[:limit], key=lambda message: (message.case or 0, message.pk))
        for message in messages:
            message.state, message.leased_until = _end_of(message), None
        for state, listeners in (
            (State.SENT, hooks.accepted),
            (State.FAILED, hooks.failed),
            (State.SKIPPED, hooks.skipped),
        ):
            told = [message for message in messages if message.state == state]
            if told:
                _call(listeners, told, now)
                Message.objects.filter(pk__in=[message.pk for message in told]).update(state=state, leased_until=None)
    return len(messages)


def _tell_alone(message: Message, now: datetime) -> int:
    try:
        return _tell(OWED & Q(pk=message.pk), now, 1)
    except Exception:
        age = now - (message.sent_at or message.ended_at or now)
        if age < _GIVE_UP:
            wait = max(_FIRST_WAIT, min(age, _LONGEST_WAIT))
            logger.exception("Mail %d was not told; next try in %d s.", message.pk, wait.total_seconds())
            Message.objects.filter(OWED, pk=message.pk).update(leased_until=now + wait)
            return 0
        logger.exception("Mail %d was never told: its listeners raised for a day.", message.pk)
        return Message.objects.filter(OWED, pk=message.pk).update(state=_end_of(message), leased_until=None)


def _end_of(message: Message) -> str:
    """The final state of a mail whose telling is owed."""
    if message.sent_at:
        return State.SENT
    return State.SKIPPED if message.reason.startswith(outbox.NOT_SENT) else State.FAILED


def _locked(which: Q) -> QuerySet[Message]:
    return Message.objects.select_for_update(skip_locked=True).filter(which).order_by("leased_until", "pk")


def _call(listeners: list[hooks.Listener], messages: list[Message], now: datetime) -> None:
    for listener in listeners:
        listener(messages, now)
