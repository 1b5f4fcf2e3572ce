"""What the sweep does for reviews: prepares and mails the pack before the meeting, reminds of what was decided."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext

from followups import calendars
from followups.improve.reviews.drawing import draw
from followups.messages import notices
from followups.models import Member, Review, ReviewDecision
from followups.models.reviews import OPEN_DECISIONS, UNREMINDED
from followups.reports.metrics import reporting_day
from followups.templatetags.moments import in_full
from nps_loop.mail import outbox
from nps_loop.mail.outbox import Draft
from nps_loop.people.models import User
from surveys.models import Brand

logger = logging.getLogger(__name__)

# Reviews and decisions of one sweep.
BATCH = 200
# Where nobody works on the day something is due, its owner hears of it in the morning all the same.
MORNING = 9 * 60


def prepare_due(*, now: datetime) -> int:
    """Prepare every review whose day for it has come; returns how many. One that raises stops no other."""
    due = Review.objects.filter(state=Review.State.PLANNED, prepare_on__lte=reporting_day(now)).order_by(
        "prepare_on", "pk"
    )
    return sum(_safely(_prepare, pk, now) for pk in due.values_list("pk", flat=True)[:BATCH])


def remind_due(*, now: datetime) -> int:
    """Remind the owners of decisions that are due today or were missed; returns how many."""
    due = ReviewDecision.objects.filter(UNREMINDED, state__in=OPEN_DECISIONS, due_on__lte=reporting_day(now))
    return sum(_safely(_remind, pk, now) for pk in due.order_by("due_on", "pk").values_list("pk", flat=True)[:BATCH])


def _safely(do: Callable[[int, datetime], bool], pk: int, now: datetime) -> int:
    try:
        with transaction.atomic():
            return int(do(pk, now))
    except Exception:
        logger.exception("%s of %s raised; the others go on.", do.__name__.removeprefix("_"), pk)
        return 0


def _prepare(pk: int, now: datetime) -> bool:
    """Claim one review, draw its loops and queue its mails, in one transaction. False where another sweep has it."""
    waiting = Review.objects.filter(pk=pk, state=Review.State.PLANNED)
    if not waiting.update(state=Review.State.PREPARED, prepared_at=now):
        return False
    review = Review.objects.select_related("touchpoint__brand").get(pk=pk)
    draw(review)
    _tell(review, now=now)
    return True


def tell_newcomers(review: Review, *, now: datetime) -> None:
    """Mail the pack to whoever sits at the table of a prepared review and was not told of this day yet."""
    if review.state == Review.State.PREPARED:
        _tell(review, now=now)


def _tell(review: Review, *, now: datetime) -> None:
    """One mail per person and meeting day: the key of each mail sees to that, however often this is called."""
    people = list(review.people.filter(is_active=True).order_by("first_name", "pk"))
    brand, today = _brand(review.touchpoint.brand), reporting_day(now)
    # After an outage of days nobody is asked to prepare for what is over.
    if not people or brand is None or review.meeting_on < today:
        return
    names = ", ".join(person.name for person in people)
    mornings = _mornings(people, today, now)
    outbox.queue([_ready(review, person, brand, names, mornings.get(person.pk)) for person in people], now=now)


def _ready(review: Review, person: User, brand: Brand, names: str, send_after: datetime | None) -> Draft:
    return notices.review_ready(
        person,
        brand,
        touchpoint=review.touchpoint.name,
        days=(review.day_from, review.day_to),
        meeting_on=review.meeting_on,
        names=names,
        path=reverse("review", args=[review.pk]),
        dedupe_key=f"review:{review.pk}:{review.meeting_on:%Y-%m-%d}:{person.pk}",
        send_after=send_after,
    )


def _remind(pk: int, now: datetime) -> bool:
    """Claim one decision for the day it has now, and queue the mail to its owner."""
    waiting = ReviewDecision.objects.filter(UNREMINDED, pk=pk, state__in=OPEN_DECISIONS, due_on__lte=reporting_day(now))
    if not waiting.update(reminded_for=F("due_on")):
        return False
    decision = ReviewDecision.objects.select_related("owner", "review__touchpoint__brand").get(pk=pk)
    brand = _brand(decision.review.touchpoint.brand)
    if not decision.owner.is_active or brand is None:
        return False

    def words() -> tuple[str, Sequence[str]]:
        said = {"what": decision.what, "touchpoint": decision.review.touchpoint.name, "day": in_full(decision.due_on)}
        return gettext("Decided, and due now: %(what)s") % said, [
            gettext("The review of “%(touchpoint)s” decided this, with you, for %(day)s.") % said,
            gettext("Done? Say in one sentence what became of it. Not in time? Move it, with the reason."),
        ]

    draft = notices.to_colleague(
        decision.owner,
        brand,
        words,
        path=reverse("review", args=[decision.review_id]) + f"#decision-{decision.pk}",
        dedupe_key=f"decision:{decision.pk}:{decision.due_on:%Y-%m-%d}",
        send_after=_mornings([decision.owner], decision.due_on, now).get(decision.owner_id),
    )
    outbox.queue([draft], now=now)
    return True


def _mornings(people: Collection[User], day: date, now: datetime) -> dict[int, datetime]:
    """User -> when their first team starts to work on that day; nobody for whom that has passed. One query."""
    members = Member.objects.filter(user__in=people, is_active=True).select_related("team__calendar").order_by("-team")
    found = {}
    for member in members:
        hours = member.team.calendar.hours
        stretches = calendars.working_stretches(hours, day)
        found[member.user_id] = min(
            (start for start, _ in stretches), default=calendars.clock_moment(hours, day, MORNING)
        )
    return {user: starts for user, starts in found.items() if starts > now}


def _brand(own: Brand | None) -> Brand | None:
    return own or Brand.objects.filter(is_default=True).first()
