"""Keyed fingerprints: how we know an erased address or number again without keeping it.

The key (a pepper) is a random row of this deployment's own and no setting, so that a new SECRET_KEY changes none of
them. Without the row nobody can tell from a fingerprint whose it is; with it only somebody who guesses the address.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from nps_loop.mail.models import Pepper

_known: bytes | None = None


def fingerprint(*parts: str) -> str:
    """HMAC-SHA256 over `parts` in hexadecimal, the same for good within this deployment."""
    return hmac.new(_pepper(), "\x1f".join(parts).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def keep_pepper() -> bytes:
    """See to it that the row is there before anything is stored that only it can find again. Returns it."""
    global _known
    fresh = _known.hex() if _known is not None else secrets.token_hex(32)
    row, _made = Pepper.objects.get_or_create(pk=1, defaults={"value": fresh})
    _known = bytes.fromhex(row.value)
    return _known


def _pepper() -> bytes:
    """Asked for once in the life of a process: the row never changes."""
    return keep_pepper() if _known is None else _known
