"""Leaving a stream by the link in a mail: the link belongs to that mail, which knows its address and its stream."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from nps_loop import links
from nps_loop.mail import envelope, hooks, suppression
from nps_loop.mail.models import Message, Stream, Suppression

PURPOSE = envelope.UNSUBSCRIBE


def mail_of(token: str, *, now: datetime) -> Message | None:
    """Return the mail that `token` came with; None for a token that is not ours or whose mail is gone."""
    claim = links.read(token, PURPOSE, now=now)
    return Message.objects.filter(pk=claim.object_id).first() if claim else None


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
