"""The seconds after sending: what a page says of the mail that is about to leave, and how it is called back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from followups.models import Ticket
from followups.workflow.taking_back import KINDS
from nps_loop.mail.models import Message
from nps_loop.people.models import User

KEY = "undo"


@dataclass(frozen=True, slots=True)
class Leaving:
    """A mail somebody just sent: to whom it goes, and how many seconds are left to call it back."""

    mail: int
    ticket: int
    name: str
    address: str
    seconds: int
    said: str


def just_sent(ticket: Ticket, user: User) -> Message | None:
    """The mail this person sent by the verb that gave back this ticket, if it waits to leave."""
    mine = [row for row in ticket.just_written if row.written_by_id == user.pk and row.kind in KINDS]
    return next((row for row in reversed(mine) if row.state == Message.State.QUEUED), None)


def remember(request: HttpRequest, message: Message, said: str, *, undo: timedelta, now: datetime) -> None:
    """The next pages of this browser say `said` and offer to call the mail back, for as long as an undo lasts."""
    request.session[KEY] = {
        "mail": message.pk,
        "ticket": message.case,
        "name": message.recipient_name or message.recipient,
        "address": message.recipient,
        "said": said,
        "until": (now + undo).isoformat(),
    }


def forget(request: HttpRequest) -> None:
    request.session.pop(KEY, None)


def undoing(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `undo` is what is leaving, or nothing. No query of its own."""
    return {"undo": SimpleLazyObject(lambda: leaving(request, now=timezone.now()))}


def leaving(request: HttpRequest, *, now: datetime) -> Leaving | None:
    kept: Mapping[str, Any] | None = request.session.get(KEY) if hasattr(request, "session") else None
    if kept is None:
        return None
    left = datetime.fromisoformat(kept["until"]) - now
    if left <= timedelta(0):
        return None
    seconds = int(left.total_seconds()) or 1
    return Leaving(kept["mail"], kept["ticket"], kept["name"], kept["address"], seconds, kept["said"])
