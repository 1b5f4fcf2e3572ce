"""Is this delivery from whom it says? Checked on the raw bytes, before anything reads them. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# How far the clock of whoever signed may be off; what is older could be somebody's recording.
TOLERANCE = timedelta(minutes=5)


class NotSigned(ValueError):
    """Not signed, or not with a secret of this source; the message is a sentence for whoever set the sender up."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a vendor shows that a delivery is theirs.

    `header` holds the signature: `prefix`, then an HMAC by `algorithm` as `encoding` ("hex" or "base64"); with
    `algorithm` "" the secret itself. With `id_header` and `timestamp_header` what is signed is `id.timestamp.body`, and
    the secret is base64 after `whsec_` (Standard Webhooks); the header then may hold several signatures.
    """

    header: str
    algorithm: str = "sha256"
    encoding: str = "hex"
    prefix: str = ""
    id_header: str = ""
    timestamp_header: str = ""


SECRET_ITSELF = Scheme("X-Webhook-Secret", algorithm="")


def check_signature(
    scheme: Scheme, secrets: Sequence[str], headers: Mapping[str, str], raw: bytes, *, now: datetime
) -> None:
    """Raise NotSigned unless `headers` hold a signature over `raw` by one of `secrets` (two while they are changed)."""
    if not any(secrets):
        raise NotSigned("This source has no secret yet. Set one in the set-up and give it to the sender.")
    given = headers.get(scheme.header, "").strip()
    if not given:
        raise NotSigned(f"There is no signature: the header {scheme.header} is missing.")
    signed = raw
    if scheme.timestamp_header:
        signed = _with_id_and_time(scheme, headers, raw, now)
    offered = given.split() if scheme.timestamp_header else [given]
    for secret in filter(None, secrets):
        expected = (scheme.prefix + _signature(scheme, secret, signed)).encode()
        # Each is compared, so that the time taken tells nothing about which secret fits.
        if any([hmac.compare_digest(expected, each.encode("utf-8", "replace")) for each in offered]):
            return
    raise NotSigned(f"The signature in {scheme.header} does not fit this body and the secret of this source.")


def _signature(scheme: Scheme, secret: str, signed: bytes) -> str:
    if not scheme.algorithm:
        return secret
    digest = hmac.new(_key(scheme, secret), signed, getattr(hashlib, scheme.algorithm)).digest()
    return digest.hex() if scheme.encoding == "hex" else base64.b64encode(digest).decode()


def _key(scheme: Scheme, secret: str) -> bytes:
    if not scheme.timestamp_header:
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        raise NotSigned("The secret of this source is not one of this kind: it begins with whsec_.") from None


def _with_id_and_time(scheme: Scheme, headers: Mapping[str, str], raw: bytes, now: datetime) -> bytes:
    delivery, stamp = (headers.get(name, "").strip() for name in (scheme.id_header, scheme.timestamp_header))
    if not delivery or not stamp:
        raise NotSigned(f"The headers {scheme.id_header} and {scheme.timestamp_header} belong to a signature.")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise NotSigned(f"{scheme.timestamp_header} is not in seconds since 1970.")
    # In seconds: a stamp of twelve digits lies beyond the last year that a datetime can hold.
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        raise NotSigned(f"{scheme.timestamp_header} is more than five minutes off: this may be an old delivery again.")
    return b".".join((delivery.encode("utf-8", "replace"), stamp.encode(), raw))
