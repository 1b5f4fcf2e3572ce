"""One review on its page: the sheet, and for whoever may, deciding, what becomes of decisions, and the loops drawn."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from followups.forms.reviews import FORMS, DecideForm
from followups.improve.reviews import drawing
from followups.improve.reviews.pack import looks_of, pack_of
from followups.models import Review, ReviewDecision
from followups.reports.metrics import reporting_day
from followups.reviews_page.drawn import draw_cards, draws_elsewhere
from followups.reviews_page.sheet import sheet_of
from followups.viewing import Viewer

# Decision, verb, and the form that was refused.
Changing = tuple[int, str, Any]


def review_page(
    review: Review,
    viewer: Viewer,
    *,
    now: datetime,
    deciding: DecideForm | None = None,
    changing: Changing | None = None,
) -> dict[str, Any]:
    """What the templates print of a review this person may see, with the form that was refused where one was.

    Open decisions can be changed by their owner and by whoever leads; all else besides the sheet is for leads.
    """
    looks = looks_of(review, viewer.user)
    sheet = sheet_of(pack_of(review, looks, now=now), looks)
    known = [each for each in [*sheet.pack.decisions, *sheet.pack.earlier] if each.is_open]
    mine = [each for each in known if looks.leads or each.owner_id == viewer.user.pk]
    page = {"sheet": sheet, "looks": looks, "changes": [(each, _forms_of(each, changing)) for each in mine]}
    if not looks.leads:
        return page
    return page | {
        "deciding": deciding or DecideForm(),
        "cards": draw_cards(review, viewer),
        "elsewhere": draws_elsewhere(review, viewer),
        "agreement": drawing.agreement_of(viewer.user),
        "is_due": review.meeting_on <= reporting_day(now),
    }


def _forms_of(decision: ReviewDecision, changing: Changing | None) -> list[tuple[str, Any, bool]]:
    """(verb, form, whether it was refused just now) of each thing that can become of a decision."""
    refused = changing[:2] if changing else None
    return [
        (verb, changing[2], True)
        if changing and refused == (decision.pk, verb)
        else (verb, form(decision=decision), False)
        for verb, form in FORMS.items()
    ]
