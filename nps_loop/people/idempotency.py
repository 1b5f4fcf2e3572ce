"""One answer per Idempotency-Key: the first request does the work, its repeats within 24 h get what it got.

A claim is a row under a unique constraint, so of many equal requests at once exactly one works. A claim whose request
died gives itself back after LEASE; the work behind it must therefore bear being done again, for which `Claim.name`
stays the same through every retake.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from nps_loop.people.models import IdempotentRequest

LIFE = timedelta(hours=24)
LEASE = timedelta(seconds=60)
LONGEST_KEY = 255


class InFlight(Exception):
    """The first request with this key is still being worked on."""


class OtherRequest(Exception):
    """This key was used for another request."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do the work of one key, since `taken_at`. `name` is the request's own, here and elsewhere."""

    pk: int
    taken_at: datetime
    name: str


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """What the first request with this key was told."""

    status: int
    body: str


def fingerprint(method: str, path: str, body: bytes) -> str:
    """SHA-256 over what makes two requests the same."""
    return hashlib.sha256(b"\n".join([method.encode(), path.encode("utf-8", "surrogatepass"), body])).hexdigest()


def claim(owner: str, key: str, *, path: str, print_: str, now: datetime) -> Claim | FirstAnswer:
    """Take the work of `key`, or return what the first request was told.

    `owner` is whose keys these are ("key:<id>", "user:<id>", "source:<id>"), `print_` the request's `fingerprint`.
    Raises InFlight and OtherRequest.
    """
    # Twice at most: a row too old to count is removed, and whoever then inserts first has it.
    for _attempt in range(2):
        row = IdempotentRequest(owner=owner, key=key, path=path[:255], fingerprint=print_, created_at=now)
        try:
            # Nearly every key is a new one, so it is not looked for first.
            with transaction.atomic():
                row.save(force_insert=True)
            return Claim(row.pk, now, f"{row.pk}-{print_[:16]}")
        except IntegrityError:
            known = IdempotentRequest.objects.filter(owner=owner, key=key).first()
        if known is None:
            continue
        row = known
        if row.created_at <= now - LIFE:
            IdempotentRequest.objects.filter(pk=row.pk, created_at=row.created_at).delete()
            continue
        if row.fingerprint != print_:
            raise OtherRequest
        if row.status is not None:
            return FirstAnswer(row.status, row.body)
        if row.created_at > now - LEASE:
            raise InFlight
        if IdempotentRequest.objects.filter(pk=row.pk, status=None, created_at=row.created_at).update(created_at=now):
            return Claim(row.pk, now, f"{row.pk}-{print_[:16]}")
        raise InFlight
    raise InFlight


def keep(taken: Claim, status: int, body: str) -> None:
    """Store what the first request was told. Whoever lost the claim to a retake stores nothing."""
    _held(taken).update(status=status, body=body)


def give_back(taken: Claim) -> None:
    """The work failed on our side: the next request with this key does it, at once."""
    _held(taken).update(created_at=taken.taken_at - LEASE)


def prune(*, now: datetime) -> int:
    """Forget the keys of the day before; returns how many."""
    return IdempotentRequest.objects.filter(created_at__lte=now - LIFE).delete()[0]


def _held(taken: Claim) -> QuerySet[IdempotentRequest]:
    return IdempotentRequest.objects.filter(pk=taken.pk, status=None, created_at=taken.taken_at)
