"""Which version of an answer is the newest: by the vendor's own time, not by the order of arrival. Pure.

Vendors send a score first and the comment later, repeat deliveries, and deliver out of order. So a version may be new,
the same as one we hold, or an older one that comes late.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from surveys.incoming import IncomingResponse


class Place(StrEnum):
    NEWEST = "newest"
    SAME = "same"
    LATE = "late"


def content_digest(incoming: IncomingResponse) -> str:
    """SHA-256 over everything an answer says; the time of the version and the place in a file are not part of it."""
    said = (
        incoming.score,
        incoming.comment,
        incoming.driver,
        incoming.contact_me,
        incoming.share_name,
        incoming.product,
        incoming.language,
        incoming.touchpoint,
        incoming.answered_for,
        incoming.responded_at.timestamp() if incoming.responded_at else None,
        (incoming.email, incoming.contact_external_id, incoming.name, incoming.phone),
        (incoming.account_external_id, incoming.account_name),
        sorted(incoming.attributes.items()),
    )
    return hashlib.sha256(json.dumps(said, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


@dataclass(slots=True)
class Versions:
    """What is held of one answer.

    `newest_is_stated` tells whether the vendor gave the newest version a time of its own; `known` are the digests of
    all versions; `top` is the highest revision number.
    """

    newest: str
    newest_at: datetime
    newest_is_stated: bool
    known: set[str] = field(default_factory=set)
    top: int = 1

    def place(self, digest: str, incoming: IncomingResponse, now: datetime) -> Place:
        """Where this version belongs; does not change anything.

        A vendor's time decides where there is one. Where there is none, what comes last counts, but a version that was
        already held before is a repeat and not a return to it.
        """
        if digest == self.newest:
            return Place.SAME
        stated = incoming.version_at
        if stated is not None and stated > self.newest_at:
            return Place.NEWEST
        if digest in self.known:
            return Place.SAME
        at = version_time(incoming, now)
        if at < self.newest_at and (stated is not None or self.newest_is_stated):
            return Place.LATE
        return Place.NEWEST


def version_time(incoming: IncomingResponse, now: datetime) -> datetime:
    """The vendor's time of this version, else of the answer, else now; never later than now, whatever it says."""
    return min(incoming.version_at or incoming.responded_at or now, now)
