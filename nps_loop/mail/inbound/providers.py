"""Mail by the webhooks of mail providers, as django-anymail reads them: what came in, came back or was called spam."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from nps_loop.mail import suppression, telling
from nps_loop.mail.inbound import keeping
from nps_loop.mail.models import Message, Stream, Suppression

# Providers know mails by numbers of their own: the newest one to the address within this time is the one they mean.
_LATELY = timedelta(days=5)
_FOR_GOOD = ("bounced", "invalid")


def connect() -> None:
    """Hear what django-anymail's webhooks report."""
    from anymail import signals  # type: ignore[import-untyped]

    signals.inbound.connect(mail_came, dispatch_uid="nps_loop.mail.mail_came")
    signals.tracking.connect(mail_went, dispatch_uid="nps_loop.mail.mail_went")


def mail_came(sender: Any, event: Any, esp_name: str, **_kwargs: Any) -> None:
    """Keep a mail that a provider took for us. Raises where it cannot be kept, so that the provider sends it again."""
    noted = event.message.envelope_recipient or ""
    head = f"Delivered-To: {noted}\r\n".encode() if noted and "\n" not in noted and "\r" not in noted else b""
    known_as = f"{esp_name}:{event.event_id}" if event.event_id else ""
    keeping.store(head + event.message.as_bytes(), route=esp_name.lower(), now=timezone.now(), known_as=known_as)


def mail_went(sender: Any, event: Any, esp_name: str, **_kwargs: Any) -> None:
    """A provider says that a mail of ours came back for good, or that its reader called it spam."""
    address = suppression.normalise(event.recipient or "")
    if not address:
        return
    now = timezone.now()
    if event.event_type == "complained":
        for stream in (Stream.SURVEYS, Stream.NEWS):
            suppression.suppress([address], stream, Suppression.Reason.COMPLAINED, origin=esp_name, now=now)
    elif event.event_type == "bounced" and event.reject_reason in _FOR_GOOD:
        came_back(address, event.mta_response or event.description or "", origin=esp_name, now=now)


def came_back(address: str, reason: str, *, origin: str, now: datetime) -> None:
    """Mark the newest mail to `address` as come back; where none is known, remember the address alone.

    Providers repeat themselves: a mail that is marked already stands for the report, and no older one is marked for it.
    """
    left = [Message.State.SENT, Message.State.BOUNCED]
    sent = Message.objects.filter(recipient=address, state__in=left, sent_at__gt=now - _LATELY)
    newest = sent.order_by("-sent_at").values_list("pk", flat=True).first()
    if newest is None or not telling.mark_bounced([newest], reason=f"Came back: {reason[:200]}", now=now):
        suppression.came_back([address], origin=origin, now=now)
