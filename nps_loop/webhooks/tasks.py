"""When webhooks leave. The sweep calls `delivery.deliver_due` as well, so a lost message costs seconds."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from nps_loop.webhooks import delivery


@shared_task
def deliver() -> dict[str, int]:
    return delivery.deliver_due(timezone.now())
