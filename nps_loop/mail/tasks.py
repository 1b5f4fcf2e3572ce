"""When mails leave. The sweep calls `delivery.deliver_due` as well, so a lost message costs seconds."""

from celery import shared_task
from django.utils import timezone

from nps_loop.celery import ring
from nps_loop.mail import delivery
from nps_loop.mail.inbound import polling, working

_AT_ONCE = 1_000


@shared_task
def deliver() -> None:
    """Hand over the mails that are due, and look again where there were more than one run takes."""
    counts = delivery.deliver_due(timezone.now(), limit=_AT_ONCE)
    if counts["claimed"] - counts["released"] >= _AT_ONCE:
        ring(deliver)


@shared_task
def fetch_mail() -> None:
    """Look what came into the mailbox, and read it."""
    polling.poll(timezone.now())
    working.read_waiting(timezone.now())


@shared_task
def read_mail() -> None:
    """A mail came in."""
    working.read_waiting(timezone.now())
