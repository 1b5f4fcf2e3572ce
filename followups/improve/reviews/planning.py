"""Planning a review, changing it, calling it off, and saying that it was held."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from followups import calendars
from followups.calendars import WorkingHours
from followups.improve.reviews.preparing import tell_newcomers
from followups.models import Member, Review
from followups.models.reviews import people_of, teams_taking
from followups.refusals import Incomplete, NotAllowed
from followups.reports.metrics import reporting_day
from nps_loop.counted_years import FIRST_DAY, LAST_DAY, OUTSIDE
from nps_loop.people.models import User
from surveys.models import Touchpoint

# The pack is prepared so many working days before the meeting: time to read it, and not so early that it is stale.
WORKING_DAYS_BEFORE = 2
# Where no team takes the touchpoint there is no calendar to count by.
DAYS_BEFORE = timedelta(days=4)
LONGEST = timedelta(days=2 * 366)
FURTHEST = timedelta(days=2 * 366)


def quarter_before(day: date) -> tuple[date, date]:
    """First and last day of the last whole quarter before `day`."""
    begins = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    last = begins - timedelta(days=1)
    return last.replace(month=last.month - 2, day=1), last


def prepare_day(touchpoint: Touchpoint, meeting_on: date) -> date:
    """The day from which the pack is prepared: two working days before, by the calendar of the team that takes it."""
    team = teams_taking(touchpoint).select_related("calendar").order_by("is_default", "pk").first()
    hours: WorkingHours | None = team.calendar.hours if team else None
    try:
        return (
            calendars.add_working_days(hours, meeting_on, -WORKING_DAYS_BEFORE) if hours else meeting_on - DAYS_BEFORE
        )
    except ValueError:
        # A calendar in which nobody ever works.
        return meeting_on - DAYS_BEFORE


def leading(touchpoint: Touchpoint) -> list[User]:
    """Leads and deputies of the teams that take this touchpoint who are still here. One query."""
    members = people_of(touchpoint).filter(role__in=[Member.Role.LEAD, Member.Role.DEPUTY])
    return list(User.objects.filter(is_active=True, pk__in=members.order_by().values("user")))


def plan(
    touchpoint: Touchpoint,
    *,
    day_from: date,
    day_to: date,
    meeting_on: date,
    people: Collection[User] | None = None,
    by: User | None,
    now: datetime,
) -> Review:
    """Plan a review of the answers of `day_from` to `day_to`. Raises Incomplete, by field, where days do not fit.

    Without `people`, whoever leads a team that takes the touchpoint sits at the table.
    """
    _check(day_from, day_to, meeting_on, now)
    if people is None:
        people = leading(touchpoint)
    try:
        with transaction.atomic():
            review = Review.objects.create(
                touchpoint=touchpoint,
                day_from=day_from,
                day_to=day_to,
                meeting_on=meeting_on,
                prepare_on=prepare_day(touchpoint, meeting_on),
                planned_by=by,
                planned_at=now,
            )
            review.people.set(people)
    except IntegrityError:
        raise _taken() from None
    return review


def change(
    review: Review, *, day_from: date, day_to: date, meeting_on: date, people: Collection[User], now: datetime
) -> Review:
    """Other days, other people. A pack for another meeting day is prepared anew, and whoever joins is told at once.

    What was drawn stays drawn. Raises Incomplete where days do not fit, NotAllowed where the review was held.
    """
    _check(day_from, day_to, meeting_on, now)
    try:
        with transaction.atomic():
            row = Review.objects.select_for_update().get(pk=review.pk)
            if row.is_held:
                raise _held()
            if meeting_on != row.meeting_on:
                row.state, row.prepared_at = Review.State.PLANNED, None
                row.prepare_on = prepare_day(row.touchpoint, meeting_on)
            row.day_from, row.day_to, row.meeting_on = day_from, day_to, meeting_on
            row.save(update_fields=["day_from", "day_to", "meeting_on", "prepare_on", "state", "prepared_at"])
            row.people.set(people)
            tell_newcomers(row, now=now)
    except IntegrityError:
        raise _taken() from None
    return row


def call_off(review: Review) -> None:
    """Take a review off again. Raises NotAllowed once it was held, or something was decided or marked for it."""
    with transaction.atomic():
        row = Review.objects.select_for_update().filter(pk=review.pk).first()
        if row is None:
            return
        if row.is_held:
            raise _held()
        if row.decisions.exists() or row.draws.exclude(mark="").exists():
            raise NotAllowed(
                gettext("Something was decided or marked for it already, so it stays. Give it another day.")
            )
        row.delete()


def hold(review: Review, *, by: User, now: datetime) -> None:
    """Say that the meeting took place. Raises NotAllowed before its day, and where it was said already."""
    if review.meeting_on > reporting_day(now):
        raise NotAllowed(gettext("Its day has not come yet."))
    waiting = Review.objects.filter(pk=review.pk).exclude(state=Review.State.HELD)
    if not waiting.update(state=Review.State.HELD, held_at=now, held_by=by):
        raise _held()


def _check(day_from: date, day_to: date, meeting_on: date, now: datetime) -> None:
    errors = {}
    if not FIRST_DAY <= day_from <= LAST_DAY:
        errors["day_from"] = str(OUTSIDE)
    elif day_to < day_from:
        errors["day_to"] = gettext("The last day lies before the first.")
    elif day_to - day_from > LONGEST:
        errors["day_to"] = gettext("Two years at most.")
    today = reporting_day(now)
    if meeting_on < today:
        errors["meeting_on"] = gettext("This day is over.")
    elif meeting_on - today > FURTHEST:
        errors["meeting_on"] = gettext("Two years ahead at most.")
    elif meeting_on < day_from:
        errors["meeting_on"] = gettext("The meeting lies before the answers it is about.")
    if errors:
        raise Incomplete(errors)


def _taken() -> Incomplete:
    return Incomplete({"meeting_on": gettext("There is a review of this touchpoint on that day already.")})


def _held() -> NotAllowed:
    return NotAllowed(gettext("This review was held already."))
