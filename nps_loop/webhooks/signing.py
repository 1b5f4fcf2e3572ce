"""The three headers of Standard Webhooks, which tell the receiver that a delivery is ours and not a recording. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime


def headers_for(secret: str, delivery: str, body: bytes, *, now: datetime) -> dict[str, str]:
    """What goes with `body`: its id, the moment, and an HMAC over `id.seconds.body`.

    The secret is base64 after `whsec_`; raises ValueError where it is not.
    """
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    seconds = str(int(now.timestamp()))
    signed = b".".join((delivery.encode(), seconds.encode(), body))
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": delivery, "webhook-timestamp": seconds, "webhook-signature": f"v1,{signature}"}
