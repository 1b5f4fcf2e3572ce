"""The customer corrects a slip of the score: a later version of their own answer, so that both are kept."""

from __future__ import annotations

from datetime import datetime

from surveys.incoming import IncomingResponse
from surveys.models import Response
from surveys.recording.batch import Status, record_responses


def correct_score(response: Response, score: int, *, now: datetime) -> bool:
    """Record that the customer meant `score`, everything else as it stands. Returns whether that is another version.

    Nobody but the customer may ask for this.
    """
    corrected = IncomingResponse(
        row=1,
        score=score,
        external_id=response.external_id,
        responded_at=None if response.undated else response.responded_at,
        version_at=now,
        comment=response.verbatim,
        driver=response.driver,
        language=response.language,
        contact_me=response.contact_me,
        share_name=response.share_name,
        product=response.product,
        attributes=response.attributes,
    )
    [outcome] = record_responses(response.source, [corrected], now=now, follow_up=response.follow_up)
    return outcome.status is Status.UPDATED
