"""How many requests a minute one key or person may make. Counted per process, in memory."""

from __future__ import annotations

import time
from typing import Any

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle


def principal(request: Request) -> str:
    """Who makes this request, as a short name that counts and stored answers go by."""
    return getattr(request.auth, "principal", "") or f"user:{request.user.pk}"


class PerMinute(BaseThrottle):
    """A count per key or person and clock minute.

    One small number in the cache, and not DRF's list of times, which at thousands a minute costs more than the work.
    A view says `requests_a_minute`; without it 600 reads or 300 changes pass.
    """

    reads = 600
    changes = 300

    def allow_request(self, request: Request, view: Any) -> bool:
        kind = "r" if request.method in ("GET", "HEAD", "OPTIONS") else "w"
        usual = self.reads if kind == "r" else self.changes
        limit = getattr(view, "requests_a_minute", None) or usual
        minute = int(time.time() // 60)
        name = f"throttle:{kind}:{limit}:{principal(request)}:{minute}"
        if cache.add(name, 1, timeout=120):
            return True
        try:
            return cache.incr(name) <= limit
        except ValueError:  # run out in between
            return True

    def wait(self) -> float:
        """Seconds until the next clock minute."""
        return 60 - time.time() % 60
