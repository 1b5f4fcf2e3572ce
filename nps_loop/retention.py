"""What is kept for a time only: by kind, once a day, each run with its counts.

Nothing a figure needs is touched: states, times and Message-IDs of mails stay when their words go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from nps_loop.jobs.models import Job, RetentionRun
from nps_loop.mail.erasing import remove_files
from nps_loop.mail.models import Attachment, Inbound, Message
from nps_loop.webhooks.models import Delivery

# Work whose file is all that is held about a person: kept no longer than it takes to hand it over.
EXPORT = "export_contact"
# Rows of one kind that one run deals with: the rest is there the next day.
MOST = 5_000


def run(*, now: datetime) -> int:
    """Forget what is older than its kind is kept. Once a day, whoever comes first; returns how much went."""
    today = timezone.localdate(now)
    row, is_mine = RetentionRun.objects.get_or_create(day=today, defaults={"started_at": now})
    if not is_mine:
        return 0
    counts = {kind: forget(now - timedelta(days=days)) for kind, (forget, days) in _kinds().items() if days}
    RetentionRun.objects.filter(pk=row.pk).update(finished_at=timezone.now(), counts=counts)
    return sum(counts.values())


def _kinds() -> Mapping[str, tuple[Callable[[datetime], int], int]]:
    days = settings.KEPT_DAYS
    return {
        "raw_mails": (_raw_mails, days["raw_mails"]),
        "mail_words": (_mail_words, days["mail_words"]),
        "inbound_words": (_inbound_words, days["mail_words"]),
        "attachments": (_attachments, days["attachments"]),
        "import_files": (_import_files, days["import_files"]),
        "exports": (_exports, days["exports"]),
        "webhook_deliveries": (_deliveries, days["webhook_deliveries"]),
    }


def _raw_mails(before: datetime) -> int:
    """The files of mails as they came; what was read from them stays."""
    old = list(
        Inbound.objects.filter(received_at__lt=before).exclude(stored_as="").exclude(state=Inbound.State.NEW)
        .values_list("pk", "stored_as")[:MOST]
    )  # fmt: skip
    remove_files([name for _pk, name in old])
    return Inbound.objects.filter(pk__in=[pk for pk, _name in old]).update(stored_as="")


def _mail_words(before: datetime) -> int:
    """Text and HTML of mails that are over. Who got what kind when, and whether it arrived, stays."""
    over = Message.objects.filter(created_at__lt=before).exclude(
        state__in=[Message.State.QUEUED, Message.State.SENDING]
    )
    old = over.exclude(text="", html="").order_by("pk").values_list("pk", flat=True)[:MOST]
    return Message.objects.filter(pk__in=list(old)).update(text="", html="")


def _inbound_words(before: datetime) -> int:
    """Text and subject of mails that came in and are done with. What landed on a case stands there as its reply."""
    over = Inbound.objects.filter(received_at__lt=before, state__in=[Inbound.State.LANDED, Inbound.State.IGNORED])
    old = over.exclude(text="", words="", subject="").order_by("pk").values_list("pk", flat=True)[:MOST]
    return Inbound.objects.filter(pk__in=list(old)).update(text="", words="", subject="")


def _attachments(before: datetime) -> int:
    """Files that came with mails. That there was one, its name and its size stay, and say that it is gone."""
    old = list(
        Attachment.objects.filter(inbound__received_at__lt=before).exclude(stored_as="").values_list("pk", "stored_as")
        .order_by("pk")[:MOST]
    )  # fmt: skip
    remove_files([name for _pk, name in old])
    gone = Attachment.objects.filter(pk__in=[pk for pk, _name in old])
    return gone.update(stored_as="", reason="Kept for a time only, and that is over.")


def _import_files(before: datetime) -> int:
    return _files(Job.objects.exclude(kind=EXPORT), before)


def _exports(before: datetime) -> int:
    return _files(Job.objects.filter(kind=EXPORT), before)


def _files(jobs: QuerySet[Job], before: datetime) -> int:
    old = jobs.filter(state__in=[Job.State.DONE, Job.State.FAILED], finished_at__lt=before).exclude(file="")
    gone = 0
    for job in old.order_by("pk")[:MOST]:
        job.file.delete(save=False)
        gone += Job.objects.filter(pk=job.pk).update(file="")
    return gone


def _deliveries(before: datetime) -> int:
    over = Q(state=Delivery.State.DELIVERED) | Q(state=Delivery.State.FAILED)
    old = list(Delivery.objects.filter(over, created_at__lt=before).order_by("pk").values_list("pk", flat=True)[:MOST])
    Delivery.objects.filter(pk__in=old).delete()
    return len(old)
