"""The address a customer answers to: `reply+<token>@REPLY_DOMAIN`, signed, and so the only thing a mail lands by.

The token is lower-case base32, because mail systems change the case of local parts, and short enough for one (64
characters, RFC 5321 4.5.3.1.1). It carries conversation and generation in the open and proves them by a keyed hash;
raising the generation revokes it. Nothing is stored: the address is built as a mail leaves.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

_SALT = "nps_loop.mail.inbound.addresses"
# Conversation and generation, then 160 bits of proof: 32 bytes are 52 characters, with the prefix 58.
_CLAIM = struct.Struct(">QI")
_PROOF_BYTES = 20
_LOCAL = re.compile(r"reply\+([a-z2-7]{52})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """What a genuine reply address says. Whether the generation is still the conversation's own is for others."""

    thread: int
    generation: int


def make(thread: int, generation: int) -> str:
    """Return the address that answers to mails of conversation `thread` go to."""
    claim = _CLAIM.pack(thread, generation)
    return f"reply+{_encoded(claim + _proof(claim, settings.SECRET_KEY))}@{settings.REPLY_DOMAIN}"


def read(address: str) -> ReplyTo | None:
    """Return what `address` says if a secret of ours signed it; None for every other address. Never raises."""
    local, _, domain = address.strip().rpartition("@")
    found = _LOCAL.fullmatch(local)
    if found is None or domain.lower() != settings.REPLY_DOMAIN.lower():
        return None
    token = found[1].lower()
    try:
        raw = base64.b32decode(token.upper() + "====")
    except binascii.Error:
        return None
    if _encoded(raw) != token:
        return None  # bits that carry nothing were changed: each address has one spelling
    claim, proof = raw[:-_PROOF_BYTES], raw[-_PROOF_BYTES:]
    secrets = [secret for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS) if secret]
    # Every secret is tried, whichever fits, so that time tells nothing.
    if not any([constant_time_compare(proof, _proof(claim, secret)) for secret in secrets]):
        return None
    return ReplyTo(*_CLAIM.unpack(claim))


def first_signed(addresses: Iterable[str]) -> tuple[str, ReplyTo] | None:
    """Return the first of `addresses` that we signed, with what it says."""
    for address in addresses:
        if (found := read(address)) is not None:
            return address, found
    return None


def _encoded(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").rstrip("=").lower()


def _proof(claim: bytes, secret: str) -> bytes:
    return salted_hmac(_SALT, claim, secret=secret, algorithm="sha256").digest()[:_PROOF_BYTES]
