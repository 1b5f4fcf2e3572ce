"""Whether an answer counts in NPS. Nothing else about an answer is ever changed by hand."""

from __future__ import annotations

from collections.abc import Sequence

from nps_loop.people.models import User
from surveys.models import Response

REASON_LIMIT = 200


def exclude(response: Response, *, excluded_as: str, reason: str, by: User | None) -> Response:
    """Leave an answer out of NPS, or with "" let it count again. Its ticket, if any, stays as it is.

    `reason` is a sentence for colleagues, `by` None for a program. Returns the answer as it is then.
    """
    Response.objects.filter(pk=response.pk).update(
        excluded_as=excluded_as, excluded_reason=reason[:REASON_LIMIT], excluded_by=by
    )
    response.refresh_from_db(fields=["excluded_as", "excluded_reason", "excluded_by"])
    return response


def exclude_as_test(response_ids: Sequence[int | None]) -> None:
    """Leave out answers whose sender says that they are a trial. In the transaction that records them."""
    Response.objects.filter(pk__in=[pk for pk in response_ids if pk is not None]).update(
        excluded_as=Response.Exclusion.TEST, excluded_reason="Sent as a test."
    )
