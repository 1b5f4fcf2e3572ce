"""Handing deliveries over to the endpoints, from rows that are due.

Claim, then act: a row is claimed by moving its next try past the time one try may take, so that a process which dies
leaves nothing but a lease that runs out. Then the same is sent again under the same `webhook-id`: never lost, rarely
doubled.
"""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from nps_loop.celery import ring
from nps_loop.webhooks import hooks, sending, signing
from nps_loop.webhooks.models import Delivery, Endpoint

logger = logging.getLogger(__name__)

State = Delivery.State

# A try takes no longer than this, and no run begins another one after as long again: a worker is free within twice it.
SECONDS = 5.0
LEASE = timedelta(seconds=60)
# How long after each failure it is tried again; after the last it is given up.
WAITS = (
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5),
    timedelta(hours=10), timedelta(hours=10),
)  # fmt: skip
# An endpoint that has taken nothing for so long is switched off.
GIVEN_UP_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class News:
    """What an endpoint is to hear: the same `key` is said once. `data` holds ids, codes and links, no words."""

    endpoint: Endpoint
    key: str
    kind: str
    data: Mapping[str, Any]


def queue(news: Sequence[News], *, now: datetime) -> None:
    """Keep one row for each, in the caller's transaction; they leave once it commits."""
    rows = [
        Delivery(
            endpoint=each.endpoint,
            key=each.key,
            payload={"type": each.kind, "timestamp": now.isoformat(), "data": dict(each.data)},
            state=State.WAITING if each.endpoint.is_active else State.HELD,
            next_try_at=now,
            created_at=now,
        )
        for each in news
    ]
    if rows:
        Delivery.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
        _ring()


def deliver_due(now: datetime) -> dict[str, int]:
    """Send what is due until the time of a run is used up; counts of `delivered` and `failed`.

    An endpoint that fails is not asked again in this run, so that it takes no other's time.
    """
    counts: Counter[str] = Counter(delivered=0, failed=0)
    begun, unwell = time.monotonic(), set[int]()
    while (spent := time.monotonic() - begun) < SECONDS:
        moment = now + timedelta(seconds=spent)
        delivery = _claim(moment, unwell)
        if delivery is None:
            break
        outcome = _send(delivery, moment)
        if outcome.taken:
            _delivered(delivery, outcome, moment)
            counts["delivered"] += 1
        else:
            unwell.add(delivery.endpoint_id)
            _failed(delivery, outcome, moment)
            counts["failed"] += 1
    else:
        _ring()
    return dict(counts)


def switch_on(endpoints: Sequence[Endpoint], *, now: datetime) -> None:
    """Somebody has seen to them: what was held leaves now, and the count of their failures starts anew."""
    pks = [endpoint.pk for endpoint in endpoints]
    with transaction.atomic():
        Endpoint.objects.filter(pk__in=pks).update(is_active=True, failing_since=None, disabled_at=None)
        Delivery.objects.filter(endpoint__in=pks, state=State.HELD).update(
            state=State.WAITING, next_try_at=now, attempts=0
        )
        _ring()


def switch_off(endpoints: Sequence[Endpoint]) -> None:
    """They are sent nothing any more; what waits is held."""
    pks = [endpoint.pk for endpoint in endpoints]
    with transaction.atomic():
        Endpoint.objects.filter(pk__in=pks).update(is_active=False)
        Delivery.objects.filter(endpoint__in=pks, state=State.WAITING).update(state=State.HELD)


def _claim(now: datetime, unwell: set[int]) -> Delivery | None:
    with transaction.atomic():
        due = Delivery.objects.filter(state=State.WAITING, next_try_at__lte=now).exclude(endpoint__in=unwell)
        found = (
            due.select_related("endpoint")
            .select_for_update(of=("self",), no_key=True, skip_locked=True)
            .order_by("next_try_at", "pk")
            .first()
        )
        if found is None:
            return None
        # Counted before it is made, so that one that kills its process comes to an end as well.
        found.attempts += 1
        found.next_try_at = now + LEASE
        found.save(update_fields=["attempts", "next_try_at"])
        return found


def _send(delivery: Delivery, now: datetime) -> sending.Outcome:
    body = json.dumps(delivery.payload, separators=(",", ":")).encode()
    try:
        signed = signing.headers_for(delivery.endpoint.secret, f"msg_{delivery.pk}", body, now=now)
    except ValueError:
        return sending.Outcome(error="The secret of this endpoint is no secret: make a new one.")
    headers = {**signed, "Content-Type": "application/json", "User-Agent": "nps_loop"}
    return sending.post(delivery.endpoint.url, body, headers, seconds=SECONDS)


def _delivered(delivery: Delivery, outcome: sending.Outcome, now: datetime) -> None:
    with transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).exclude(state=State.DELIVERED).update(
            state=State.DELIVERED, status=outcome.status, error="", delivered_at=now
        )
        Endpoint.objects.filter(pk=delivery.endpoint_id, failing_since__isnull=False).update(failing_since=None)


def _failed(delivery: Delivery, outcome: sending.Outcome, now: datetime) -> None:
    tries = delivery.attempts
    over = tries > len(WAITS)
    changes: dict[str, Any] = {"status": outcome.status, "error": outcome.error[:300]}
    changes |= {"state": State.FAILED} if over else {"next_try_at": now + WAITS[tries - 1]}
    with transaction.atomic():
        # Who lost the lease meanwhile has nothing to say about it.
        Delivery.objects.filter(pk=delivery.pk, state=State.WAITING, attempts=tries).update(**changes)
        Endpoint.objects.filter(pk=delivery.endpoint_id, failing_since=None).update(failing_since=now)
        too_long = Endpoint.objects.filter(pk=delivery.endpoint_id, is_active=True)
        if not outcome.gone:
            too_long = too_long.filter(failing_since__lte=now - GIVEN_UP_AFTER)
        if too_long.update(is_active=False, disabled_at=now):
            Delivery.objects.filter(endpoint=delivery.endpoint_id, state=State.WAITING).update(state=State.HELD)
            given_up = list(Endpoint.objects.filter(pk=delivery.endpoint_id))
            logger.warning("The webhook %s was switched off: %s", delivery.endpoint, outcome.error)
            for tell in hooks.given_up:
                tell(given_up, now)


def _ring() -> None:
    from nps_loop.webhooks.tasks import deliver  # tasks import this module

    ring(deliver)
