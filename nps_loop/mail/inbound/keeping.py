"""Keeping a mail before anybody reads it: the bytes as a file, and a row that says they are still to be read."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction

from nps_loop.celery import ring
from nps_loop.mail.models import Inbound

# 25 MB of attachments are a third more in base64; what is larger is kept up to here, and its end is lost.
MOST_BYTES = 36 * 1024 * 1024
_NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{40}\.(eml|bin)", re.ASCII)


def store(raw: bytes, *, route: str, now: datetime, known_as: str = "") -> Inbound:
    """Keep one mail as it came and return its row; the row of the first time where these bytes came before.

    `route` says how it came ("imap", "pipe", a provider); `known_as` is the provider's name for a mail whose bytes
    differ each time they are sent. The file is on the disk before the row says so: whoever dies in between leaves a
    file that nobody knows, never a row without its mail. Raises OSError where nothing can be written; then the mail
    stays where it was.
    """
    raw = raw[:MOST_BYTES]
    digest = hashlib.sha256(known_as.encode() or raw).hexdigest()
    known = Inbound.objects.filter(digest=digest).first()
    if known is not None:
        return known
    name = write(raw, "eml")
    try:
        with transaction.atomic():
            row = Inbound.objects.create(digest=digest, route=route[:40], stored_as=name, received_at=now)
    except IntegrityError:
        # Somebody else took the same mail in this moment.
        remove(name)
        return Inbound.objects.get(digest=digest)
    _ring_reading()
    return row


def write(content: bytes, ending: str) -> str:
    """Write `content` under a random name that only this program's user may read, and return the name."""
    token = secrets.token_hex(20)
    name = f"{token[:2]}/{token}.{ending}"
    path = folder() / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return name


def path_of(name: str) -> Path:
    """Return where the file of that name lies. Raises ValueError for a name that is none of ours."""
    if not _NAME.fullmatch(name):
        raise ValueError("not a name of a kept file")
    return folder() / name


def remove(name: str) -> None:
    """Delete a kept file; one that is gone already is no fault."""
    with contextlib.suppress(FileNotFoundError):
        path_of(name).unlink()


def folder() -> Path:
    return Path(settings.DATA_DIR) / "inbound"


def _ring_reading() -> None:
    from nps_loop.mail.tasks import read_mail  # tasks import the modules that stand above this one

    ring(read_mail)
