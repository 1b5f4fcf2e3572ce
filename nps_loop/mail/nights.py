"""When it is night where somebody lives, and when that is over. Pure; clocks that jump in spring included."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

# Hours of the reader's own clock in which no automatic mail leaves, whoever sends it. A sender may keep longer ones.
NIGHT_FROM, NIGHT_UNTIL = 21, 8


def is_quiet(moment: datetime, zone: ZoneInfo, quiet_from: int = NIGHT_FROM, quiet_until: int = NIGHT_UNTIL) -> bool:
    """Whether the (aware) `moment` lies in the quiet hours of a clock in `zone`.

    Hours are 0 to 24. Where they end before they begin they go over midnight; the same hour twice means none at all.
    """
    hour = moment.astimezone(zone).hour
    if quiet_from <= quiet_until:
        return quiet_from <= hour < quiet_until
    return hour >= quiet_from or hour < quiet_until


def after_the_quiet(
    moment: datetime, zone: ZoneInfo, quiet_from: int = NIGHT_FROM, quiet_until: int = NIGHT_UNTIL
) -> datetime:
    """`moment` (UTC) where it is not in the quiet hours, else when they end: the first moment that is not."""
    if not is_quiet(moment, zone, quiet_from, quiet_until):
        return moment.astimezone(UTC)
    local = moment.astimezone(zone)
    for days in (0, 1):
        naive = datetime.combine(local.date(), time()) + timedelta(days=days, hours=quiet_until)
        end = naive.replace(tzinfo=zone).astimezone(UTC)
        # The hour that is skipped in spring does not exist: what is written for it lies an hour later.
        if end > moment and not is_quiet(end, zone, quiet_from, quiet_until):
            return end
    # Quiet from the hour it ends until midnight and from midnight on: the whole day is quiet, which nobody means.
    return moment.astimezone(UTC)
