"""Claim answers that await a decision, decide on them batch by batch, and take apart what raises."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from django.db import transaction
from django.db.models import F, Q, QuerySet

from followups.deciding import rule_on
from followups.messages import letters
from followups.models import Decision, Rule, Ticket
from followups.opening.batch import Batch, SetUp
from followups.opening.changes import answers_that_changed, tell_colleagues_named
from followups.opening.tickets import open_tickets
from followups.prepared import Kind, Prepared
from nps_loop.bulk import among as rows_among
from nps_loop.mail import outbox
from surveys.models import Response
from surveys.models.responses import ResponseQuerySet
from surveys.recording.merging import follow_merges
from surveys.scoring import Band

logger = logging.getLogger(__name__)

BATCH = 200
MAX_ATTEMPTS = 5
WITH = ("contact", "account__owner", "answered_for__owner", "account_owner", "source__brand", "touchpoint__brand")


@dataclass(slots=True)
class Opened:
    """What a run did, of how many answers that it looked at."""

    looked_at: int = 0
    decided: int = 0
    tickets: int = 0
    failed: int = 0

    def add(self, other: Opened) -> None:
        self.looked_at += other.looked_at
        self.decided += other.decided
        self.tickets += other.tickets
        self.failed += other.failed


def open_awaiting(*, now: datetime, response_ids: Collection[int] | None = None) -> Opened:
    """Decide on every answer that awaits it (or on those given), batch by batch, until none is left.

    Safe to run beside itself. Returns how many were decided, tickets opened, answers that raised.
    """
    done = Opened()
    if response_ids is not None:
        ids = sorted(response_ids)
        for start in range(0, len(ids), BATCH):
            done.add(open_some(now=now, most=BATCH, among=Q(pk__in=ids[start : start + BATCH])))
        return done
    while True:
        opened = open_some(now=now, most=BATCH)
        done.add(opened)
        if not opened.decided + opened.failed:
            return done  # Nothing is left, or another worker holds it.


def open_some(*, now: datetime, most: int, among: Q | None = None) -> Opened:
    """Decide on so many of the answers that await it, or of those among them; oldest first."""
    if among is None:
        (ids,) = _oldest(most)(now=now)
    else:
        ids = list(_first_of(_awaiting(now).filter(among), most))
    if not ids:
        return Opened()
    opened = _open_or_take_apart(ids, now=now)
    opened.looked_at = len(ids)
    return opened


def is_awaited(*, now: datetime) -> bool:
    """Whether any answer awaits a decision."""
    return _oldest(1).exists(now=now)


def _awaiting(now: datetime) -> ResponseQuerySet:
    return Response.objects.awaiting_decision(now).filter(decide_attempts__lt=MAX_ATTEMPTS)


def _first_of(answers: ResponseQuerySet, most: int) -> QuerySet[Response, int]:
    return answers.order_by("pk").values_list("pk", flat=True)[:most]


@cache
def _oldest(most: int) -> Prepared:
    return Prepared(lambda now: (_first_of(_awaiting(now), most),), now=Kind.MOMENT)


def _open_or_take_apart(ids: Sequence[int], *, now: datetime) -> Opened:
    try:
        with transaction.atomic():
            return _open_batch(ids, now=now)
    except Exception:
        logger.exception("A batch of %d answers raised; each is tried alone.", len(ids))
    done = Opened()
    for pk in ids:
        try:
            with transaction.atomic():
                done.add(_open_batch([pk], now=now))
        except Exception as error:
            logger.exception("Answer %s could not be decided on.", pk)
            done.failed += 1
            attempts = Response.objects.values_list("decide_attempts", flat=True).get(pk=pk) + 1
            Response.objects.filter(pk=pk).update(
                decide_attempts=attempts,
                decide_after=now + timedelta(seconds=30 * 2**attempts),
                decide_error=f"{type(error).__name__}: {error}"[:300],
            )
    return done


def _open_batch(ids: Sequence[int], *, now: datetime) -> Opened:
    """Decide on these answers. Runs in the caller's transaction; skips what another worker holds."""
    (responses,) = _claimed(ids=ids)
    if not responses:
        return Opened()
    follow_merges(responses)
    (tickets,) = _tickets_of(answers=[row.pk for row in responses])
    existing = {ticket.response_id: ticket for ticket in tickets}
    setup = SetUp.read()
    batch = Batch(
        now=now,
        setup=setup,
        responses=responses,
        rulings={
            row.pk: rule_on(row, setup.rules, has_ticket=row.pk in existing, brand=setup.brand_for(row))
            for row in responses
        },
    )
    opening = [row for row in responses if batch.rulings[row.pk].outcome == Decision.Outcome.OPENED]
    # Tickets are locked before conversations, as the verbs lock them.
    answers_that_changed(batch, existing)
    batch.tickets = open_tickets(batch, opening)
    tell_colleagues_named(batch, on_hold={pk for pk, ticket in existing.items() if ticket.on_hold})
    promoters = [
        row
        for row in responses
        if row.band == Band.PROMOTER
        and batch.rulings[row.pk].outcome == Decision.Outcome.NO_RULE
        and row.decided_revision == 0
        and not batch.rulings[row.pk].disagrees
        and batch.rulings[row.pk].hold_rule is None
    ]
    if promoters:
        batch.drafts += letters.promoter_thanks(promoters, setup.default_brand, now=now)
    outbox.queue(batch.drafts, now=now)
    Decision.objects.bulk_create(
        [
            Decision(
                response=row,
                revision=row.revision,
                outcome=batch.rulings[row.pk].outcome,
                rule=batch.rulings[row.pk].rule,
                hold_rule=batch.rulings[row.pk].hold_rule,
                ticket=batch.tickets.get(row.pk) or existing.get(row.pk),
                decided_at=now,
            )
            for row in responses
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )
    Response.objects.filter(pk__in=[row.pk for row in responses]).update(
        decided_revision=F("revision"), decide_attempts=0, decide_after=None, decide_error=""
    )
    mark_used(batch)
    return Opened(decided=len(responses), tickets=len(batch.tickets))


_claimed = Prepared(
    lambda ids: (
        Response.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
        .select_related(*WITH)
        .filter(rows_among("pk", ids), decided_revision__lt=F("revision"))
        .order_by("pk"),
    ),
    ids=Kind.KEYS,
)
_tickets_of = Prepared(
    lambda answers: (Ticket.objects.filter(rows_among("response", answers)).order_by("pk"),), answers=Kind.KEYS
)


def mark_used(batch: Batch) -> None:
    """Versions that something points to are immutable from here on."""
    rules = {rule.pk for ruling in batch.rulings.values() for rule in (ruling.rule, ruling.hold_rule) if rule}
    unused = [rule.pk for rule in batch.setup.rules if rule.pk in rules and rule.used_at is None]
    if unused:
        Rule.objects.filter(pk__in=unused, used_at=None).update(used_at=batch.now)
