"""When mails leave. The sweep calls `delivery.deliver_due` as well, so a lost message costs seconds."""

from celery import shared_task
from django.utils import timezone

from nps_loop.celery import ring
from nps_loop.mail import delivery
from nps_loop.mail.inbound import working

_AT_ONCE = 1_000


@shared_task
def deliver() -> None:
    """Hand over the mails that are due, and look again where there were more than one run takes."""
    counts = delivery.deliver_due(timezone.now(), limit=_AT_ONCE)
    if counts["claimed"] - counts["released"] >= _AT_ONCE:
        ring(deliver)


@shared_task
def read_mail() -> None:
    """A mail came in."""
    working.read_waiting(timezone.now())
