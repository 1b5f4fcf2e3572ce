"""Drafts for tests: name what a test is about, leave out the rest."""

from __future__ import annotations

from typing import Any

from nps_loop.mail.models import Message, Stream
from nps_loop.mail.outbox import Draft, queue
from tests.factories import NOW


def draft(local: str = "marta", **fields: Any) -> Draft:
    """A personal mail about a case to <local>@client.example."""
    defaults: dict[str, Any] = {
        "kind": "personal",
        "stream": Stream.CASE,
        "recipient": f"{local}@client.example",
        "recipient_name": "Marta Lindqvist",
        "from_name": "Hanna Brandt",
        "from_address": "care@halden.example",
        "subject": "Your imports",
        "text": "We found the comma.",
        "html": "<html><head></head><body><p>We found the comma.</p></body></html>",
        "case": 7,
        "automatic": False,
    }
    return Draft(**{**defaults, **fields})


def queued(*locals_: str, **fields: Any) -> list[Message]:
    """One queued mail for each local part, one for Marta where none is given."""
    return queue([draft(local, **fields) for local in locals_ or ("marta",)], now=fields.pop("now", NOW))


def fresh(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)
