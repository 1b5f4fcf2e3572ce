"""What follows at once from an absence that was planned, changed or ended early."""

from __future__ import annotations

from datetime import datetime

from followups.absence.covering import cover_what_falls_due
from followups.absence.returning import give_back
from followups.models import Away


def is_back(away: Away, *, now: datetime) -> Away:
    """An absence ends before its time: its owner is here, and gets back what others held. One to come is taken off.

    An absence that is over stays as it was.
    """
    if away.starts_at >= now:
        away.delete()
    elif away.ends_at > now:
        away.ends_at = now
        away.save(update_fields=["ends_at"])
        give_back(now=now)
    return away


def follow(away: Away, *, now: datetime) -> None:
    """After an absence was made or changed: hand over, or back, what follows from it, at once."""
    give_back(now=now)
    if away.starts_at <= now < away.ends_at:
        cover_what_falls_due(now=now)
