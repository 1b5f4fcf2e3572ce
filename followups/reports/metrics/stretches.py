"""Tickets by how long something took, or has not happened yet: the rows of the table under a curve, as figures.

The figure `spoken-24-48` is the tickets spoken to from 24 up to 48 hours after the answer, `unspoken-24-48` those
nobody has spoken to and whose answer is so old by now; without a last number there is no end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q

NAMED = re.compile(r"(?P<happened>spoken|unspoken)-(?P<start>\d{1,5})-(?P<end>\d{0,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Hours on the customer clock from `start` up to but not including `end` (None: and longer)."""

    start: int
    end: int | None

    def named(self, happened: str) -> str:
        """The name of the figure: `happened` is "spoken" or "unspoken"."""
        return f"{happened}-{self.start}-{'' if self.end is None else self.end}"

    def spoken_to(self) -> Q:
        """First contact so long after the answer. One that is dated before it took no time."""
        found = Q(first_contact_at__isnull=False)
        if self.start:
            found &= Q(first_contact_at__gte=F("responded_at") + timedelta(hours=self.start))
        if self.end is not None:
            found &= Q(first_contact_at__lt=F("responded_at") + timedelta(hours=self.end))
        return found

    def waiting(self, now: datetime) -> Q:
        """Nobody has spoken to them, for so long by now."""
        found = Q(first_contact_at__isnull=True)
        if self.start:
            found &= Q(responded_at__lte=now - timedelta(hours=self.start))
        if self.end is not None:
            found &= Q(responded_at__gt=now - timedelta(hours=self.end))
        return found


def condition(name: str, *, now: datetime) -> Q | None:
    """The condition a figure of this kind puts on tickets that count; None for another kind of name."""
    found = NAMED.fullmatch(name)
    if found is None:
        return None
    stretch = Stretch(int(found["start"]), int(found["end"]) if found["end"] else None)
    return stretch.spoken_to() if found["happened"] == "spoken" else stretch.waiting(now)
