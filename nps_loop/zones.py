"""Time zones by the names people and programs give them, which are not always names of one."""

from __future__ import annotations

import functools
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@functools.lru_cache(maxsize=1_000)
def zone_of(name: str, fallback: str = "UTC") -> ZoneInfo:
    """The zone of that name; that of `fallback`, which must be one, where it is empty or nobody knows it."""
    try:
        return ZoneInfo(name) if name else ZoneInfo(fallback)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(fallback)
