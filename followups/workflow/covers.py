"""What a ticket that somebody holds for an absent colleague means when it changes hands."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from followups.models import Action, Cover, Ticket


def covers_of(tickets: Collection[int], *, now: datetime) -> tuple[QuerySet[Cover], dict[str, Any]]:
    """Covers of these tickets, and what they become: whoever gives or takes a ticket by hand decides who has it from
    now on, and nobody stands in for anybody any more.
    """
    covers = Cover.objects.open().filter(ticket__in=sorted(tickets), action=None)
    return covers, {"back_at": now, "outcome": Cover.Outcome.GIVEN}


def covered_without_a_promise(tickets: Sequence[Ticket]) -> set[int]:
    """Tickets that somebody holds only while a colleague is away, and on which nothing promised changes hands.

    Their customers are not told of a name that may be another one next week. Two queries, none without tickets.
    """
    if not tickets:
        return set()
    covered = dict(
        Cover.objects.open()
        .filter(ticket__in=[ticket.pk for ticket in tickets], action=None)
        .values_list("ticket", "absent")
    )
    if not covered:
        return set()
    told = Action.objects.filter(ticket__in=covered, state=Action.State.OPEN, told_at__isnull=False)
    promised = {pk for pk, owner in told.values_list("ticket", "owner") if owner == covered[pk]}
    return (
        {ticket.pk for ticket in tickets if ticket.pk in covered}
        - promised
        - {ticket.pk for ticket in tickets if ticket.promised_at is not None}
    )
