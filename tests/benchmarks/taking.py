"""A mail server that takes everything, for a process of its own; it knows nothing of Django."""

from __future__ import annotations

import time
from typing import Any

from aiosmtpd.controller import Controller


class _Taking:
    """Takes every mail and keeps only how many there were."""

    def __init__(self, count: Any) -> None:
        self.count = count

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.count.value += 1
        return "250 OK"


def serve(port: int, count: Any, ready: Any) -> None:
    Controller(_Taking(count), hostname="127.0.0.1", port=port, ready_timeout=20).start()
    ready.set()
    while True:
        time.sleep(60)
