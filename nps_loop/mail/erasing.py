"""What mail holds of a person: what was sent to them, what came from them, its files, and their address in the list."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db.models import Q, QuerySet

from nps_loop.erasing import GONE, Person
from nps_loop.mail import suppression
from nps_loop.mail.models import Attachment, Inbound, Message, Stream

# What a mail of ours says of its recipient. Kind, times, state and Message-ID stay: figures and evidence rest on them.
_WORDS = {"subject": GONE, "text": "", "html": "", "links": {}, "in_reply_to": ""}
ERASED_MAIL = "Not sent: this person was erased."


def erase(person: Person, now: datetime) -> Mapping[str, int]:
    """Empty the mails to and from the person's addresses, and keep those addresses as fingerprints only."""
    suppression.erase(person.addresses, now=now)
    theirs = Q(recipient__in=person.addresses)
    counts = {"mails": erase_mails(Message.objects.filter(theirs).exclude(stream=Stream.STAFF), now=now)}
    return counts | erase_inbound(Inbound.objects.filter(from_address__in=person.addresses))


def erase_mails(mails: QuerySet[Message], *, now: datetime) -> int:
    """Take the words out of `mails`, and the recipient where that is a customer. What waits does not leave any more."""
    waiting = mails.filter(state=Message.State.QUEUED)
    waiting.update(state=Message.State.SKIPPED, ended_at=now, reason=ERASED_MAIL)
    mails.exclude(stream=Stream.STAFF).update(recipient="", recipient_name="")
    # Why it did not arrive names the address now and then.
    mails.exclude(reason__in=["", ERASED_MAIL]).update(reason="Not kept: this person was erased.")
    return mails.update(**_WORDS)


def erase_inbound(mails: QuerySet[Inbound]) -> dict[str, int]:
    """Empty what came in, and delete the files of it. The digest stays, so that the same mail is not taken again."""
    numbers = list(mails.values_list("pk", flat=True))
    attached = Attachment.objects.filter(inbound__in=numbers)
    files = [*Inbound.objects.filter(pk__in=numbers).values_list("stored_as", flat=True)]
    files += attached.values_list("stored_as", flat=True)
    removed = remove_files(files)
    attached.delete()
    Inbound.objects.filter(pk__in=numbers).update(
        stored_as="", message_id="", in_reply_to="", from_address="", from_name="", subject="", text="", words="",
        reason="",
    )  # fmt: skip
    return {"inbound": len(numbers), "files": removed}


def remove_files(names: Collection[str]) -> int:
    """Delete files that incoming mail is kept in; returns how many were there."""
    folder = (Path(settings.DATA_DIR) / "inbound").resolve()
    removed = 0
    for name in names:
        path = (folder / name).resolve()
        if name and path.is_relative_to(folder) and path != folder:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
                removed += 1
    return removed
