"""What a review decides, and what becomes of it: whoever leads decides, the owner says what came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext

from followups.models import Review, ReviewDecision, RootCause
from followups.models.reviews import OPEN_DECISIONS
from followups.refusals import Incomplete, NotAllowed, Stale
from followups.reports.metrics import reporting_day
from nps_loop.people.models import User

LIMIT = 300
FURTHEST = timedelta(days=5 * 366)


def decide(
    review: Review,
    *,
    kind: str,
    what: str,
    owner: User,
    due_on: date,
    root_cause: RootCause | None = None,
    by: User | None,
    now: datetime,
) -> ReviewDecision:
    """Keep a decision of `review`. Raises Incomplete, by field; NotAllowed where the very same is decided already."""
    what = " ".join(what.split())
    errors = _sentence("what", what) | _day(due_on, now)
    if kind not in ReviewDecision.Kind.values:
        errors["kind"] = gettext("Choose one.")
    if errors:
        raise Incomplete(errors)
    with transaction.atomic():
        # Holding the row, two presses of one button stand in line.
        Review.objects.select_for_update().get(pk=review.pk)
        if ReviewDecision.objects.filter(review=review, what=what, owner=owner, first_due_on=due_on).exists():
            raise NotAllowed(gettext("The very same is decided already."))
        return ReviewDecision.objects.create(
            review=review,
            root_cause=root_cause,
            kind=kind,
            what=what,
            owner=owner,
            due_on=due_on,
            first_due_on=due_on,
            decided_by=by,
            decided_at=now,
            changed_at=now,
        )


def changeable(review: Review, user: User, number: int) -> ReviewDecision | None:
    """The decision `number` as it stands on this review, where this person may say what becomes of it.

    It was taken in this review or in another of its touchpoint; its owner may, and whoever leads. Two queries.
    """
    found = ReviewDecision.objects.filter(pk=number, review__touchpoint=review.touchpoint_id).first()
    if found is None or found.owner_id == user.pk:
        return found
    return found if Review.objects.filter(pk=found.review_id).led_by(user).exists() else None


def complete(decision: ReviewDecision, *, outcome: str, version: int, now: datetime) -> None:
    """It is done; `outcome` says in one sentence what became of it. Raises Incomplete, Stale, NotAllowed."""
    outcome = " ".join(outcome.split())
    _refuse(_sentence("outcome", outcome))
    _change(decision, version, now, state=ReviewDecision.State.DONE, outcome=outcome)


def move(decision: ReviewDecision, *, due_on: date, reason: str, version: int, now: datetime) -> None:
    """Another day, with the reason. The first day stays. Raises Incomplete, Stale, NotAllowed."""
    reason = " ".join(reason.split())
    errors = _sentence("reason", reason) | _day(due_on, now)
    if due_on == decision.due_on:
        errors["due_on"] = gettext("This is the day it has.")
    _refuse(errors)
    _change(decision, version, now, state=ReviewDecision.State.MOVED, due_on=due_on, reason=reason)


def drop(decision: ReviewDecision, *, reason: str, version: int, now: datetime) -> None:
    """It is not done after all, with the reason. Raises Incomplete, Stale, NotAllowed."""
    reason = " ".join(reason.split())
    _refuse(_sentence("reason", reason))
    _change(decision, version, now, state=ReviewDecision.State.DROPPED, reason=reason)


# What can become of a decision, by the word for it in addresses.
VERBS: dict[str, Callable[..., None]] = {"done": complete, "move": move, "drop": drop}


def _change(decision: ReviewDecision, version: int, now: datetime, **values: Any) -> None:
    """Change the decision where it is open and of this version; the row count says who was first."""
    row = ReviewDecision.objects.filter(pk=decision.pk, version=version, state__in=OPEN_DECISIONS)
    if row.update(version=F("version") + 1, changed_at=now, **values):
        return
    stands = ReviewDecision.objects.get(pk=decision.pk)
    if not stands.is_open:
        raise NotAllowed(gettext("It is %(state)s already.") % {"state": stands.get_state_display()})
    raise Stale(
        gettext("Somebody changed it meanwhile. Look at it, then say it again."), current_version=stands.version
    )


def _sentence(field: str, text: str) -> dict[str, str]:
    if not text:
        return {field: gettext("Write something here first.")}
    return {field: gettext("%(n)s characters at most.") % {"n": LIMIT}} if len(text) > LIMIT else {}


def _day(due_on: date, now: datetime) -> dict[str, str]:
    today = reporting_day(now)
    if due_on < today:
        return {"due_on": gettext("This day is over.")}
    return {"due_on": gettext("Five years ahead at most.")} if due_on - today > FURTHEST else {}


def _refuse(errors: dict[str, str]) -> None:
    if errors:
        raise Incomplete(errors)
