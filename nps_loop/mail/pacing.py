"""Never two automatic mails to one person within 24 hours, nor in their night. All of them pass here before they leave.

What answers at once what somebody just did (an acknowledgement; see `hooks.at_once`) neither waits nor makes others
wait. A mail that comes too soon is put off and not dropped: it is looked at again when its time comes, and whoever has
something to say against it by then (`hooks.before_handover`) says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import formats, translation

from nps_loop.mail import hooks
from nps_loop.mail.models import Message, Stream
from nps_loop.mail.nights import after_the_quiet, is_quiet
from nps_loop.zones import zone_of

State = Message.State

APART = timedelta(hours=24)
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wait:
    """A mail that has to wait: until when (UTC), and why, as the sentence kept with it."""

    until: datetime
    reason: str


def is_paced(message: Message) -> bool:
    """Whether this mail is one of those that keep their distance."""
    return message.automatic and message.stream != Stream.STAFF and message.kind not in hooks.at_once


def waits(messages: Sequence[Message], *, now: datetime) -> dict[int, Wait]:
    """Mail -> how long it has to wait, for those of these claimed mails that must not leave `now`. Two queries.

    Of several claimed for one address the one claimed first leaves, and of one claim the oldest. Another process that
    claims one later finds ours, because a claim is committed before anybody looks here.
    """
    paced = [message for message in messages if is_paced(message)]
    if not paced:
        return {}
    addresses = {message.recipient for message in paced}
    zones = hooks.zones_of(addresses)
    rivals = _rivals(addresses, now)
    found: dict[int, Wait] = {}
    for message in sorted(paced, key=_place):
        zone = zone_of(zones.get(message.recipient, ""), settings.TIME_ZONE)
        last = max(
            (at for rival in rivals.get(message.recipient, ()) if (at := _counts(rival, message, now))), default=None
        )
        if last is not None and last + APART > now:
            until = after_the_quiet(last + APART, zone)
            found[message.pk] = Wait(until, _too_soon(last))
        elif is_quiet(now, zone):
            found[message.pk] = Wait(after_the_quiet(now, zone), "Waits: it is night where this person is.")
        if message.pk in found:
            # Whoever waits keeps nobody else waiting.
            rivals[message.recipient] = [each for each in rivals.get(message.recipient, ()) if each.pk != message.pk]
    return found


def _rivals(addresses: set[str], now: datetime) -> dict[str, list[Message]]:
    """The automatic mails that these addresses got lately, or that are just leaving for them."""
    lately = Q(sent_at__gt=now - APART, state__in=[State.SENDING, State.SENT]) | Q(
        state=State.SENDING, sent_at=None, ended_at=None
    )
    rows = (
        Message.objects.filter(lately, recipient__in=addresses, automatic=True)
        .exclude(stream=Stream.STAFF)
        .exclude(kind__in=hooks.at_once)
        .only("pk", "recipient", "sent_at", "leased_until", "state")
    )
    found: dict[str, list[Message]] = {}
    for row in rows:
        found.setdefault(row.recipient, []).append(row)
    return found


def _counts(rival: Message, message: Message, now: datetime) -> datetime | None:
    """When `rival` left, or is leaving; None where it is this very mail, or one that gives way to it."""
    if rival.pk == message.pk:
        return None
    if rival.sent_at is not None:
        return rival.sent_at
    return now if _place(rival) < _place(message) else None


def _place(message: Message) -> tuple[datetime, int]:
    """Claims in the order they were made."""
    return message.leased_until or _LATEST, message.pk


def _too_soon(last: datetime) -> str:
    with translation.override("en"):
        return f"Waits: another mail went to this person on {formats.date_format(last, 'j F')}."
