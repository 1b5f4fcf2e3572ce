"""Five closed loops drawn at random: the lead reads what the customer was told, and says whether it would do.

They are drawn once, from a seed that is the review's own, so nobody can draw until the result is pleasant. The
customer's answer is shown only once a mark is set, and a mark is set once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, TextChoices, Value, When
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from followups.models import Draw, Resolution, Review, Ticket, Verdict
from followups.models.reviews import teams_taking
from followups.models.tickets import ClosedAs, TicketState
from followups.refusals import Incomplete, NotAllowed
from followups.reports.metrics.closure import Rate
from nps_loop.people.models import User

HOW_MANY = 5
# What ends a loop about which a customer was told something.
CLOSINGS = (ClosedAs.CONFIRMED, ClosedAs.UNCONFIRMED, ClosedAs.NOT_ASKED, ClosedAs.AGREED_TO_DIFFER)
TOLD = (Resolution.Told.MAIL, Resolution.Told.TALK)


class TheirAnswer(TextChoices):
    """What the customer said to what they were told, in the cycle that was drawn."""

    SETTLED = "settled", _("settled")
    NOT_YET = "not_yet", _("not yet")
    SILENT = "silent", _("silent")


def loops_to_draw(review: Review) -> QuerySet[Ticket]:
    """Closed loops of the review's answers in words, whose customer was told what changed. Holds stay out."""
    told = Resolution.objects.filter(ticket=OuterRef("pk"), cycle=OuterRef("cycle"), voided_at=None, told__in=TOLD)
    # Without words there is nothing to read beside what was told.
    return Ticket.objects.exclude(response__verbatim="").filter(
        Exists(told),
        response__touchpoint=review.touchpoint_id,
        day__gte=review.day_from,
        day__lte=review.day_to,
        team__in=teams_taking(review.touchpoint).order_by().values("pk"),
        state=TicketState.CLOSED,
        closed_as__in=CLOSINGS,
        on_hold=False,
    )


def chosen(numbers: Iterable[int], seed: str) -> list[int]:
    """Five of `numbers`, fewer where there are fewer, in the order they were drawn; one seed, one draw. Pure."""
    known = sorted(set(numbers))
    return Random(seed).sample(known, k=min(HOW_MANY, len(known)))  # noqa: S311  (a draw among colleagues, no secret)


def draw(review: Review) -> None:
    """Draw the loops of a review, unless that was done. The caller holds the review's row."""
    if Draw.objects.filter(review=review).exists():
        return
    cycles = dict(loops_to_draw(review).values_list("pk", "cycle"))
    Draw.objects.bulk_create(
        Draw(review=review, ticket_id=number, cycle=cycles[number], position=position)
        for position, number in enumerate(chosen(list(cycles), f"review {review.pk}"), start=1)
    )


def with_their_answer(draws: QuerySet[Draw]) -> QuerySet[Draw]:
    """The draws with `their_answer`. What was said to a later cycle is about something else."""
    said = Verdict.objects.filter(ticket=OuterRef("ticket"), cycle=OuterRef("cycle"))
    in_hand = Q(ticket__cycle=F("cycle"))
    not_yet = Q(Exists(said.filter(choice=Verdict.Choice.NOT_YET))) | in_hand & Q(
        ticket__closed_as=ClosedAs.AGREED_TO_DIFFER
    )
    settled = Q(Exists(said.filter(choice=Verdict.Choice.SETTLED))) | in_hand & Q(ticket__closed_as=ClosedAs.CONFIRMED)
    return draws.annotate(
        their_answer=Case(
            # Whoever first said not yet and then settled, of one and the same telling, is settled.
            When(in_hand & Q(ticket__closed_as=ClosedAs.CONFIRMED), then=Value(TheirAnswer.SETTLED)),
            When(not_yet, then=Value(TheirAnswer.NOT_YET)),
            When(settled, then=Value(TheirAnswer.SETTLED)),
            default=Value(TheirAnswer.SILENT),
            output_field=CharField(),
        )
    )


def drawn_for(review: Review, user: User) -> QuerySet[Draw]:
    """The review's draws whose ticket this person may see, those on hold by now left out."""
    seen = Ticket.objects.visible_to(user).filter(on_hold=False).order_by().values("pk")
    return Draw.objects.filter(review=review, ticket__in=seen)


def mark(review: Review, number: int, given: str, *, by: User, now: datetime) -> None:
    """Keep what a lead says of the draw with this key. Raises NotAllowed where it was marked or is not theirs."""
    if given not in Draw.Mark.values or given == Draw.Mark.NONE:
        raise Incomplete({"mark": gettext("Say yes, no or not sure.")})
    waiting = drawn_for(review, by).filter(pk=number, mark=Draw.Mark.NONE)
    if not waiting.update(mark=given, marked_by=by, marked_at=now):
        raise NotAllowed(gettext("It was marked already. The first mark counts, because the answer stands beside it."))


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often a lead and the customer said the same, over all reviews. `silent` and `unsure` compare with nothing."""

    agreed: Rate
    silent: int
    unsure: int


def agreement_of(user: User) -> Agreement:
    """Marks of this person beside the answers of the customers. One query."""
    marked: QuerySet[Any] = with_their_answer(Draw.objects.filter(marked_by=user)).order_by()
    rows = marked.values_list("mark", "their_answer").annotate(n=Count("pk"))
    return agreement({(given, answer): n for given, answer, n in rows})


def agreement(counts: Mapping[tuple[str, str], int]) -> Agreement:
    """(mark, answer) -> how often, folded: yes goes with settled, no with not yet. Pure."""
    same = {(Draw.Mark.YES, TheirAnswer.SETTLED), (Draw.Mark.NO, TheirAnswer.NOT_YET)}
    unsure = sum(n for (given, _answer), n in counts.items() if given == Draw.Mark.UNSURE)
    sure = {pair: n for pair, n in counts.items() if pair[0] in (Draw.Mark.YES, Draw.Mark.NO)}
    silent = sum(n for (_given, answer), n in sure.items() if answer == TheirAnswer.SILENT)
    agreed = sum(n for pair, n in sure.items() if pair in same)
    return Agreement(Rate.counted(agreed, sum(sure.values()) - silent), silent, unsure)
