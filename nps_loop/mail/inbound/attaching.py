"""Files that come with mails: kept within limits, under names of ours, with theirs made harmless."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from nps_loop.mail.inbound import keeping
from nps_loop.mail.inbound.reading import File
from nps_loop.mail.models import Attachment, Inbound

MOST_EACH = 10 * 1024 * 1024
MOST_A_MAIL = 25 * 1024 * 1024
MOST_FILES = 50
_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,59}", re.ASCII)
_ODD = re.compile(r'[\\/:*?"<>|;%\x00-\x1f\x7f]')


def keep(inbound: Inbound, files: Sequence[File]) -> list[Attachment]:
    """Keep the files of one mail and return their rows, saved. What is too large has a row that says so."""
    rows = []
    total = 0
    for place, file in enumerate(files):
        size = len(file.content)
        reason = ""
        if place >= MOST_FILES:
            reason = "Not kept: it came with more than 50 files."
        elif size > MOST_EACH:
            reason = "Not kept: larger than 10 MB."
        elif total + size > MOST_A_MAIL:
            reason = "Not kept: the files of this mail are larger than 25 MB together."
        else:
            total += size
        rows.append(
            Attachment(
                inbound=inbound,
                name=harmless(file.name),
                content_type=_type_of(file),
                size=size,
                digest=hashlib.sha256(file.content).hexdigest(),
                stored_as="" if reason else keeping.write(file.content, "bin"),
                reason=reason,
            )
        )
    return Attachment.objects.bulk_create(rows)


def _type_of(file: File) -> str:
    """What it says it is, where that is a type at all: a stranger wrote it, control characters and all."""
    return file.content_type if _TYPE.fullmatch(file.content_type) else "application/octet-stream"


def harmless(name: str) -> str:
    """A file name that is only a name: no folders, no control characters, none that turns the text around."""
    name = name.replace("\\", "/").rpartition("/")[2]
    name = "".join(char for char in _ODD.sub("_", name) if char.isprintable())
    name = name.strip(" .")
    if len(name) > 120:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[:100]}.{ending[:15]}" if dot else name[:120]
    return name or "file"
