"""Leaving a stream, or coming back to it, by the link in a mail: the link belongs to that mail, which knows its address
and its stream.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from nps_loop import links
from nps_loop.mail import envelope, hooks, suppression
from nps_loop.mail.models import Message, Stream, Suppression

PURPOSE = envelope.UNSUBSCRIBE


def mail_of(token: str, *, now: datetime) -> Message | None:
    """Return the mail that `token` came with; None for a token that is not ours or whose mail is gone."""
    claim = links.read(token, PURPOSE, now=now)
    # The mail of somebody who was erased has no address any more.
    return Message.objects.filter(pk=claim.object_id).exclude(recipient="").first() if claim else None


def stream_of(message: Message) -> str:
    """Which stream its link leaves: news leaves news; everything else, mail about a case included, leaves surveys."""
    return Stream.NEWS if message.stream == Stream.NEWS else Stream.SURVEYS


def brand_of(message: Message) -> Any:
    """The brand the mail came from, for the page; anything with a `name`."""
    return hooks.brand_of(message.from_address)


def leave(message: Message, *, now: datetime) -> None:
    """Send nothing more on that stream to the address of `message`. Harmless when repeated."""
    suppression.suppress(
        [message.recipient],
        stream_of(message),
        Suppression.Reason.UNSUBSCRIBED,
        origin=f"link in a mail ({message.kind})",
        now=now,
    )


# What a customer chooses. Mail about an own case is none of them: whoever opens a case is answered.
CHOSEN = (Stream.SURVEYS, Stream.NEWS)


@dataclass(frozen=True, slots=True)
class Preference:
    """One stream as its page shows it. `fixed` is why the customer cannot change it, in their words."""

    stream: str
    wanted: bool
    fixed: str = ""


def preferences(message: Message) -> list[Preference]:
    """What the address of `message` gets, per stream. One query."""
    found = suppression.suppressed_on({(message.recipient, stream) for stream in CHOSEN})
    rows = {stream: row for (_address, stream), row in found.items()}
    return [_preference(stream, rows.get(stream)) for stream in CHOSEN]


def choose(message: Message, wanted: Collection[str], *, now: datetime) -> None:
    """Let the address of `message` get the streams in `wanted`, and none of the others. Harmless when repeated.

    What the customer did not ask for (an address that mail comes back from) is not taken back here.
    """
    for each in preferences(message):
        if each.fixed or (each.stream in wanted) == each.wanted:
            continue
        if each.wanted:
            origin = f"preferences, from a mail ({message.kind})"
            reason = Suppression.Reason.UNSUBSCRIBED
            suppression.suppress([message.recipient], each.stream, reason, origin=origin, now=now)
        else:
            suppression.lift([message.recipient], each.stream, only=Suppression.Reason.UNSUBSCRIBED)


def _preference(stream: str, row: Suppression | None) -> Preference:
    if row is None or row.reason == Suppression.Reason.UNSUBSCRIBED:
        return Preference(stream, row is None)
    if row.reason == Suppression.Reason.BOUNCED:
        return Preference(stream, False, gettext("Mail to this address comes back to us."))
    return Preference(stream, False, gettext("We were asked never to write to this address."))
