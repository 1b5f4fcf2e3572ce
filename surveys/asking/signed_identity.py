"""Who answers by an open link, signed by the page that shows it: HMAC-SHA256 with a secret of the survey's source.

The signed text is four lines, joined by a line feed: seconds since 1970, mail address, external id, name. Each but the
first may be empty, not all of address and id. Documented, with a sample, in docs/api.md.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.utils.crypto import constant_time_compare

from surveys.asking.answering import Identity
from surveys.identity import normalise_email
from surveys.incoming import LIMITS

# A page may stand open for a while before somebody answers; a signature found in a log is of no use the day after.
LIVES = timedelta(days=1)
# Clocks differ.
AHEAD = timedelta(minutes=5)
FIELDS = ("at", "email", "external_id", "name", "signature")


class Refused(Exception):
    """The identity was signed by somebody else, is too old, or names nobody."""


def signature(secret: str, *, at: int, email: str = "", external_id: str = "", name: str = "") -> str:
    """64 hexadecimal digits. `at` is seconds since 1970."""
    said = "\n".join([str(at), email, external_id, name])
    return hmac.new(secret.encode(), said.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def read(sent: Mapping[str, str], secrets: Sequence[str], *, now: datetime) -> Identity | None:
    """The identity that the query of a page names, or None where it names none. Raises Refused."""
    given = {name: str(sent.get(name, "")) for name in FIELDS}
    if not any(given.values()):
        return None
    at = given["at"]
    if not (at.isascii() and at.isdigit() and len(at) <= 12):
        raise Refused
    named = {name: given[name] for name in ("email", "external_id", "name")}
    expected = [signature(secret, at=int(at), **named) for secret in secrets if secret]
    if not any([constant_time_compare(given["signature"], one) for one in expected]):
        raise Refused
    age = now.timestamp() - int(at)
    if not -AHEAD.total_seconds() <= age <= LIVES.total_seconds():
        raise Refused
    email, external_id, name = normalise_email(named["email"]), named["external_id"].strip(), named["name"].strip()
    if (named["email"] and not email) or not (email or external_id):
        raise Refused
    limits = (LIMITS["email"], LIMITS["contact_external_id"], LIMITS["name"])
    if any(
        "\x00" in text or "\n" in text or len(text) > limit
        for text, limit in zip((email, external_id, name), limits, strict=True)
    ):
        raise Refused
    return Identity(email=email, external_id=external_id, name=name)
