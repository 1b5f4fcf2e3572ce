"""Whether an answer counts in NPS. Nothing else about an answer is ever changed by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from nps_loop.people.models import User
from surveys.models import Exclusion, Response

REASON_LIMIT = 200


def exclude(response: Response, *, excluded_as: str, reason: str, by: User | None, now: datetime) -> Response:
    """Leave an answer out of NPS, or with "" let it count again. Its ticket, if any, stays as it is.

    `reason` is a sentence for colleagues, `by` None for a program. Returns the answer as it is then. Reports as of an
    earlier moment than `now` count it as they did.
    """
    with transaction.atomic():
        was = Response.objects.select_for_update(no_key=True).values_list("excluded_as", flat=True).get(pk=response.pk)
        Response.objects.filter(pk=response.pk).update(
            excluded_as=excluded_as, excluded_reason=reason[:REASON_LIMIT], excluded_by=by
        )
        if was != excluded_as:
            Exclusion.objects.create(response=response, was=was, to=excluded_as, happened_at=now)
    response.refresh_from_db(fields=["excluded_as", "excluded_reason", "excluded_by"])
    return response


def exclude_as_test(response_ids: Sequence[int | None]) -> None:
    """Leave out new answers whose sender says that they are a trial. In the transaction that records them."""
    Response.objects.filter(pk__in=[pk for pk in response_ids if pk is not None]).update(
        excluded_as=Response.Exclusion.TEST, excluded_reason="Sent as a test."
    )
