"""When: the Celery side of the inner loop. A message only says "look now"; what is due stands in the database."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from followups import sweeping


@shared_task
def open_and_assign() -> dict[str, int]:
    """Answers came in."""
    return sweeping.open_and_assign(timezone.now)


@shared_task
def sweep() -> dict[str, int]:
    """Half a minute went by."""
    return sweeping.sweep(timezone.now(), leave_long=True)
