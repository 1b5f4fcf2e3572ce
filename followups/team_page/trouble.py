"""What went wrong behind a team's cases: answers nobody could decide on, mails that did not arrive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from followups.models import Ticket
from followups.opening import MAX_ATTEMPTS
from followups.reports.metrics import answered_to
from nps_loop.mail.models import Message, Stream
from surveys.models import Response

# A mail that failed longer ago was seen, or will not be sent any more.
LATELY = timedelta(days=7)
SHOWN = 10


@dataclass(frozen=True, slots=True)
class FailedMail:
    message: Message
    name: str


def stuck_answers(teams: Any) -> list[Response]:
    """Answers of these teams (a queryset) that a fault keeps from being decided on, the oldest first. One query."""
    return list(
        Response.objects.awaiting_decision()
        .filter(decide_attempts__gte=MAX_ATTEMPTS)
        .filter(answered_to(teams.order_by().values("pk")))
        .select_related("contact", "account")
        .defer("search_text", "attributes")
        .order_by("pk")[:SHOWN]
    )


def failed_mails(tickets: Any, *, now: datetime) -> list[FailedMail]:
    """Mails to customers about these tickets (a queryset) that came back or could not leave, the newest first."""
    messages = list(
        Message.objects.filter(
            state__in=(Message.State.FAILED, Message.State.BOUNCED),
            stream=Stream.CASE,
            ended_at__gte=now - LATELY,
            case__in=tickets.order_by().values("pk"),
        )
        .defer("text", "html")
        .order_by("-ended_at", "-pk")[:SHOWN]
    )
    found = Ticket.objects.select_related("contact").in_bulk([message.case for message in messages])
    return [FailedMail(message, str(found[message.case].contact or message.recipient)) for message in messages]
