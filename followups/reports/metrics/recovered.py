"""What became of customers after their case was closed: the facts about one ticket, and the figures made of them.

A ticket was *asked again* where its recovery question left and did not come back. The *later answer* is the one to that
question; where there is none, the first answer that counts which the same person gave, after the case was closed, to
the same survey and touchpoint. What changed is the band, from that of the ticket to that of the later answer.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Case, CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from followups.reports.metrics.then import column, is_then
from surveys.models import Invitation, Response
from surveys.scoring import Band

# The bands a ticket begins in, and those that are better.
FROM = {Band.DETRACTOR: (Band.PASSIVE, Band.PROMOTER), Band.PASSIVE: (Band.PROMOTER,)}
BANDS = (Band.DETRACTOR, Band.PASSIVE, Band.PROMOTER)


def _figures() -> dict[str, Q]:
    heard = ~Q(later_band="")
    found = {
        "asked_again": Q(asked_again=True),
        "answered_again": Q(asked_again=True, answered_again=True),
        "heard_again": heard,
    }
    for first, better in FROM.items():
        found[f"heard_again_{first.value}"] = Q(band=first.value) & heard
        found[f"recovered_{first.value}"] = Q(band=first.value, later_band__in=[band.value for band in better])
        for later in BANDS:
            found[f"from_{first.value}_to_{later.value}"] = Q(band=first.value, later_band=later.value)
    return found


# Name of a figure -> the tickets it counts, as a condition on the facts of `with_recovery`.
OF_RECOVERY: dict[str, Q] = _figures()


def is_recovered(first: str, later: str) -> bool:
    """Whether a ticket that began in one band and was heard again in another is recovered."""
    return any(first == band.value and later in {better.value for better in FROM[band]} for band in FROM)


def with_recovery(tickets: QuerySet[Any], *, now: datetime) -> QuerySet[Any]:
    """The tickets with `asked_again`, `answered_again` and `later_band` (empty: nothing was heard).

    Of tickets as of a past moment, `now`, those facts as they were then; who is the same person is known today.
    """
    asked = Invitation.objects.filter(recovers=OuterRef("response"), sent_at__isnull=False)
    came_back = Q(state=Invitation.State.STOPPED)
    answers = Response.objects.all()
    if is_then(tickets):
        asked, came_back = asked.filter(sent_at__lte=now), came_back & ~Q(ended_at__gt=now)
        answers = answers.as_of(now)
    asked = asked.exclude(came_back)
    counted = answers.counted().order_by("responded_at", "pk")
    band = counted.column("band")
    linked = counted.filter(invitation__recovers=OuterRef("response"))
    of_none = Value(0, output_field=BigIntegerField())
    again = (
        counted.annotate(
            of_survey=Coalesce(F("survey_id"), of_none), of_touchpoint=Coalesce(F("touchpoint_id"), of_none)
        )
        .filter(
            contact=OuterRef("contact"),
            responded_at__gt=OuterRef(column(tickets, "closed_at")),
            of_survey=Coalesce(OuterRef("response__survey_id"), of_none),
            of_touchpoint=Coalesce(OuterRef("response__touchpoint_id"), of_none),
        )
        .exclude(of_survey=0, of_touchpoint=0)
    )
    return tickets.annotate(
        asked_again=Exists(asked),
        answered_again=Exists(linked),
        later_band=Coalesce(
            Subquery(linked.values(band)[:1]),
            Case(When(response__isnull=False, then=Subquery(again.values(band)[:1])), output_field=CharField()),
            Value(""),
            output_field=CharField(),
        ),
    )
