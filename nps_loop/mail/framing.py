"""A mail shown in a frame: from an address of its own, with a policy of its own."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse

# The mail's own address with its own policy: nothing is loaded, nothing runs, and no page but ours may frame it. Mails
# are styled inline, which no page of ours is.
_FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)


def framed(response: HttpResponse) -> HttpResponse:
    """`response` as a mail in a frame of ours. In the demo its links open in a tab of their own."""
    popups = " allow-popups allow-popups-to-escape-sandbox" if settings.DEMO else ""
    response["Content-Security-Policy"] = _FRAME_POLICY + popups
    response["Referrer-Policy"] = "no-referrer"
    return response
