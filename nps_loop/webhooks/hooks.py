"""What webhooks tell the apps above them, which register here when they start; this app imports none of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from nps_loop.webhooks.models import Endpoint

# Endpoints were switched off because they failed for too long; told in the transaction that switches them off.
given_up: list[Callable[[Sequence[Endpoint], datetime], None]] = []
