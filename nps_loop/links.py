"""Links that customers get: HMACs of (purpose, object, generation), expiring, revoked by raising the generation.

A token carries its object, generation and expiry in the open and proves them with a keyed hash; the purpose is part of
the proof only. Nothing is stored, so a stored mail never holds a working link: `[[link:name]]` stands there until
hand-over. Who owns a purpose registers in `targets` how its objects are found.
"""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

_SALT = "nps_loop.links"
# Object, generation, expiry in seconds since 1970 (0: none); then 160 bits of proof. 36 bytes are 48 characters without
# padding, so that every character counts and each token has one spelling.
_CLAIM = struct.Struct(">QII")
_PROOF_BYTES = 20
_TOKEN = re.compile(r"[A-Za-z0-9_-]{48}", re.ASCII)
_PLACEHOLDER = re.compile(r"\[\[link:([a-z0-9_]+)\]\]")
_BEGINNING = datetime.fromtimestamp(0, UTC)
_HREF = re.compile(r"""\shref=(["'])\[\[link:[a-z0-9_]+\]\][^"']*\1""")


@dataclass(frozen=True, slots=True)
class LinkClaim:
    """What a genuine token says. Whether the generation is still the object's own is for `is_current` to say."""

    purpose: str
    object_id: int
    generation: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Target:
    """What a link leads to, as it is now: its generation, and scheme and host of its brand (empty: SITE_URL)."""

    generation: int
    host: str = ""


# Purpose -> (object ids -> those that exist). The page of a purpose is /<purpose>/<token>/.
targets: dict[str, Callable[[Iterable[int]], Mapping[int, Target]]] = {}
# Purpose -> how long a link works from hand-over on. A purpose that is not here ends by its object's state.
lifetimes: dict[str, timedelta] = {}


def make(purpose: str, object_id: int, generation: int, *, expires_at: datetime | None = None) -> str:
    """Return the token for one object: 48 characters that are safe in a URL. `expires_at` is aware, kept to seconds."""
    claim = _CLAIM.pack(object_id, generation, int(expires_at.timestamp()) if expires_at else 0)
    return base64.urlsafe_b64encode(claim + _proof(purpose, claim, settings.SECRET_KEY)).decode("ascii")


def read(token: str, purpose: str, *, now: datetime | None = None) -> LinkClaim | None:
    """Return what `token` says if it was made for `purpose` with a secret of ours and has not expired; else None.

    `now` defaults to the clock. Asks no database: compare the generation with the object's (`is_current`) before
    acting.
    """
    if not _TOKEN.fullmatch(token or ""):
        return None
    raw = base64.urlsafe_b64decode(token)
    claim, proof = raw[:-_PROOF_BYTES], raw[-_PROOF_BYTES:]
    secrets = [secret for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS) if secret]
    # Every secret is tried, whichever fits, so that time tells nothing.
    if not any([constant_time_compare(proof, _proof(purpose, claim, secret)) for secret in secrets]):
        return None
    object_id, generation, expiry = _CLAIM.unpack(claim)
    expires_at = datetime.fromtimestamp(expiry, UTC) if expiry else None
    if expires_at and expires_at <= (now or datetime.now(UTC)):
        return None
    return LinkClaim(purpose, object_id, generation, expires_at)


def is_ours(token: str, purpose: str) -> bool:
    """Return whether `token` was once made for `purpose` with a secret of ours, run out or not: then it is no guess."""
    return read(token, purpose, now=_BEGINNING) is not None


def is_current(claim: LinkClaim) -> bool:
    """Return whether the object of `claim` exists and still has the generation the link was made for."""
    target = targets[claim.purpose]([claim.object_id]).get(claim.object_id)
    return target is not None and target.generation == claim.generation


def url(purpose: str, object_id: int, target: Target, *, now: datetime) -> str:
    """Return the full address of one object's page, on its brand's host or else SITE_URL; never from a request."""
    lifetime = lifetimes.get(purpose)
    token = make(purpose, object_id, target.generation, expires_at=now + lifetime if lifetime else None)
    return f"{(target.host or settings.SITE_URL).rstrip('/')}/{purpose}/{token}/"


def look_up(wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Target]:
    """Return (purpose, object id) -> Target for those of `wanted` that exist; one call per purpose."""
    by_purpose: dict[str, set[int]] = {}
    for purpose, object_id in wanted:
        by_purpose.setdefault(purpose, set()).add(object_id)
    return {
        (purpose, object_id): target
        for purpose, object_ids in by_purpose.items()
        if purpose in targets
        for object_id, target in targets[purpose](sorted(object_ids)).items()
    }


def fill(text: str, html: str, urls: Mapping[str, str]) -> tuple[str, str]:
    """Put `urls` (placeholder name -> address) where their placeholders stand, in a mail's text and HTML.

    A placeholder of another name stays as it is: it can only be somebody's words.
    """
    return (
        _PLACEHOLDER.sub(lambda found: urls.get(found[1], found[0]), text),
        _PLACEHOLDER.sub(lambda found: escape(urls[found[1]]) if found[1] in urls else found[0], html),
    )


def deaden(text: str, html: str, names: Collection[str]) -> tuple[str, str]:
    """Return a mail's text and HTML for a reader who must not follow its links: they are shown, and lead nowhere."""
    shown = {name: f"{settings.SITE_URL}/…/" for name in names}
    return fill(text, _HREF.sub("", html), shown)


def _proof(purpose: str, claim: bytes, secret: str) -> bytes:
    """HMAC-SHA256 over purpose and claim, under a key of our own salt; its first 160 bits."""
    message = purpose.encode() + b"\x00" + claim
    return salted_hmac(_SALT, message, secret=secret, algorithm="sha256").digest()[:_PROOF_BYTES]
