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


class TimeOf(StrEnum):
    """What the time of a version is: the vendor's for this version, the vendor's for the answer, or our receipt."""

    VERSION = "version"
    ANSWER = "answer"
    RECEIPT = "receipt"

    @classmethod
    def incoming(cls, incoming: IncomingResponse) -> TimeOf:
        if incoming.version_at is not None:
            return cls.VERSION
        return cls.RECEIPT if incoming.responded_at is None else cls.ANSWER


@dataclass(slots=True)
class Versions:
    """What is held of one answer: digest and time of the newest version, digests of all, highest revision number."""

    newest: str
    newest_at: datetime
    newest_time_of: TimeOf
    known: set[str] = field(default_factory=set)
    top: int = 1

    def place(self, digest: str, incoming: IncomingResponse, now: datetime) -> Place:
        """Where this version belongs; does not change anything.

        A vendor's time decides wherever two can be compared. Otherwise what comes last counts, but a version that was
        already held before is a repeat and not a return to it.
        """
        if digest == self.newest:
            return Place.SAME
        at = version_time(incoming, now)
        is_stated = incoming.version_at is not None
        if is_stated and at > self.newest_at:
            return Place.NEWEST
        if digest in self.known:
            return Place.SAME
        is_comparable = self.newest_time_of is TimeOf.VERSION or (is_stated and self.newest_time_of is TimeOf.ANSWER)
        return Place.LATE if is_comparable and at < self.newest_at else Place.NEWEST


def version_time(incoming: IncomingResponse, now: datetime) -> datetime:
    """The vendor's time of this version, else of the answer, else now; never later than now, whatever it says."""
    return min(incoming.version_at or incoming.responded_at or now, now)
