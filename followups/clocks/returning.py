"""Waiting tickets that come back, silence that closes, the one reminder.

Each ticket is dealt with alone: one that raises is logged and passed over, also by its like, and the others go on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext

from followups.actors import Actor
from followups.messages import notices
from followups.models import Ticket
from followups.models.tickets import TicketState
from followups.workflow.contact import comes_back
from followups.workflow.ending import close_as_silent, remind
from followups.workflow.locking import opened

logger = logging.getLogger(__name__)

BATCH = 200


def bring_back_waiting(*, now: datetime) -> int:
    """Waiting tickets whose day has come go back to where they came from; their owner hears of it."""
    return _each(Ticket.objects.waiting().filter(waiting_until__lte=now).order_by("waiting_until"), _bring_back, now)


def _bring_back(ticket: Ticket, *, now: datetime) -> None:
    with opened(ticket, actor=Actor.system(), now=now, version=None) as work:
        current = work.ticket
        if current.state != TicketState.WAITING_ON_CUSTOMER or not current.waiting_until or current.waiting_until > now:
            return
        comes_back(work, "resume", data={"because": "date"}, at=now)
        if current.owner is not None:
            key = f"back:{current.pk}:{current.version}"
            work.mail_later(
                [notices.to_person(current.owner, current, lambda: _no_answer_from(current), dedupe_key=key)]
            )


def _no_answer_from(ticket: Ticket) -> tuple[str, list[str]]:
    who = {"name": ticket.contact.short_name if ticket.contact else gettext("The customer"), "number": ticket.pk}
    line = gettext("%(name)s was asked a question and has not answered by the day set. The clock runs again.")
    return gettext("No answer from %(name)s (#%(number)s)") % who, [line % who]


def close_the_silent(*, now: datetime) -> int:
    """Resolved tickets whose silence ran out close as unconfirmed, or as not asked."""
    silent = Ticket.objects.filter(state=TicketState.RESOLVED, silence_until__lte=now).order_by("silence_until")
    return _each(silent, close_as_silent, now)


def remind_once(*, now: datetime) -> int:
    """The one reminder of the question."""
    open_questions = Ticket.objects.filter(state=TicketState.RESOLVED, remind_at__lte=now).order_by("remind_at")
    return _each(open_questions, remind, now)


def _each(due: QuerySet[Ticket], act: Callable[..., object], now: datetime) -> int:
    """Let `act` deal with a batch of the tickets that are due, each alone; returns with how many it did."""
    done = 0
    raised: list[int] = []
    while done < BATCH and len(raised) < BATCH:
        # Those that raised are not asked for again, so that they take nobody's place in the batch.
        tickets = list(due.exclude(pk__in=raised)[: BATCH - done])
        if not tickets:
            break
        for ticket in tickets:
            try:
                act(ticket, now=now)
                done += 1
            except Exception:
                logger.exception("What is due on ticket %s raised; the others go on.", ticket.pk)
                raised.append(ticket.pk)
    return done
