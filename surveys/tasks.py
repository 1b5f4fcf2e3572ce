"""When: the Celery side of asking. What is due stands in the database, and the sweep looks as well."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from nps_loop.celery import ring
from surveys.asking import sending

_AT_ONCE = 1_000


@shared_task
def ask() -> None:
    """Something happened that a survey asks about: send what is due, and look again where there is more."""
    if sending.send_due(now=timezone.now(), limit=_AT_ONCE) >= _AT_ONCE:
        ring(ask)
