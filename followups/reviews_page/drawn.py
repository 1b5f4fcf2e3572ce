"""Before the meeting: what five customers said, what each was told, and whether the lead would have been satisfied."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Prefetch

from followups.improve.reviews.drawing import TheirAnswer, drawn_for, with_their_answer
from followups.models import Action, Draw, Resolution, Review
from followups.viewing import Viewer, name_of


@dataclass(frozen=True, slots=True)
class DrawCard:
    """One loop that was drawn. `their_answer` is empty until a mark is set."""

    draw: Draw
    who: str
    words: str
    language: str
    told: list[str]
    why: str
    their_answer: str
    is_marked: bool


def draw_cards(review: Review, viewer: Viewer) -> list[DrawCard]:
    """Those of the review's draws whose ticket this person may see, in the order they were drawn. Three queries."""
    done = Action.objects.filter(state=Action.State.DONE).order_by("done_at", "pk")
    resolved = Resolution.objects.filter(voided_at=None)
    draws = (
        with_their_answer(drawn_for(review, viewer.user))
        .select_related("marked_by", "ticket__response", "ticket__contact", "ticket__account")
        .prefetch_related(
            Prefetch("ticket__actions", queryset=done), Prefetch("ticket__resolutions", queryset=resolved)
        )
        .order_by("position")
    )
    return [_card(row, viewer) for row in draws]


def draws_elsewhere(review: Review, viewer: Viewer) -> int:
    """How many were drawn that this person may not see: of another team, or on hold by now. One query."""
    return Draw.objects.filter(review=review).exclude(pk__in=drawn_for(review, viewer.user).values("pk")).count()


def _card(draw: Draw, viewer: Viewer) -> DrawCard:
    ticket = draw.ticket
    resolution = next((row for row in ticket.resolutions.all() if row.cycle == draw.cycle), None)
    told = [
        action.what_changed for action in ticket.actions.all() if action.cycle == draw.cycle and action.what_changed
    ]
    if resolution and resolution.what_changed and resolution.what_changed not in told:
        told.append(resolution.what_changed)
    answer = ticket.response
    marked = draw.mark != Draw.Mark.NONE
    return DrawCard(
        draw=draw,
        who=name_of(ticket, viewer),
        words=answer.verbatim if answer else "",
        language=answer.language if answer else "",
        told=told,
        why=resolution.why_it_happened if resolution else "",
        their_answer=str(TheirAnswer(draw.their_answer).label) if marked else "",  # type: ignore[attr-defined]
        is_marked=marked,
    )
