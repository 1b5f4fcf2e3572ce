"""All that a review pack says, as numbers and rows: counted now, through the same functions as every report.

Who looks decides what is counted. Whoever belongs to a team that takes the touchpoint sees with their own eyes; a guest
at the table reads the sheet as the lead does who asked them in, without the lists behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from followups.improve.reviews.words import worth_reading
from followups.models import Action, Away, Member, Review, ReviewDecision
from followups.models.reviews import OPEN_DECISIONS, people_of
from followups.reports.metrics import (
    Asked,
    Audience,
    Cause,
    ClosureReport,
    Counts,
    Goal,
    NpsReport,
    ReportFilters,
    Scores,
    audience_of,
    closure_report,
    counts_of,
    goal_over,
    nps_report,
    response_rate_report,
    scores_over,
)
from followups.reports.metrics.figures import PROMISES_OPEN, figure_of
from nps_loop.people.models import User
from surveys.models import Response
from surveys.scoring import Band, Difference, difference

QUESTIONS = 3
PROMISES = 3


@dataclass(frozen=True, slots=True)
class Looks:
    """How somebody looks at a review: with whose eyes it is counted, whether the lists are theirs, and if they lead.

    `eyes` is None for a program that may read everything.
    """

    eyes: User | None
    opens: bool
    leads: bool


def looks_of(review: Review, user: User) -> Looks:
    """Of a person who may see the review. Three queries at most."""
    row = Review.objects.filter(pk=review.pk)
    if row.in_teams_of(user).exists():
        return Looks(user, opens=True, leads=row.led_by(user).exists())
    return Looks(_lead_of(review) or user, opens=False, leads=False)


def _lead_of(review: Review) -> User | None:
    """Who planned it, where that person still leads; else the first who does."""
    leading = people_of(review.touchpoint).filter(role__in=[Member.Role.LEAD, Member.Role.DEPUTY], user__is_active=True)
    leads = [member.user for member in leading.select_related("user").order_by("-role", "user_id")]
    return next((lead for lead in leads if lead.pk == review.planned_by_id), leads[0] if leads else None)


def filters_of(review: Review, eyes: User | None) -> ReportFilters:
    """The answers a review is about, as whoever looks may see them."""
    return ReportFilters(day_from=review.day_from, day_to=review.day_to, touchpoint=review.touchpoint.slug, viewer=eyes)


@dataclass(frozen=True, slots=True)
class Table:
    """Who sits at the table, by name, and who of them is away on that day."""

    present: Sequence[User]
    away: Sequence[User]


@dataclass(frozen=True, slots=True)
class Pack:
    """One review as known at `now`. `loops` are those of detractors; causes and promises are of everybody."""

    review: Review
    filters: ReportFilters
    now: datetime
    last: Review | None
    nps: NpsReport
    before: Scores
    before_days: tuple[date, date]
    change: Difference
    loops: Counts
    goal: Goal
    closure: ClosureReport
    asked: Asked | None
    said: Sequence[Response]
    promises: Sequence[Action]
    decisions: Sequence[ReviewDecision]
    earlier: Sequence[ReviewDecision]
    audience: Audience
    table: Table

    @property
    def of_detractors(self) -> ReportFilters:
        return replace(self.filters, band=Band.DETRACTOR.value)

    @property
    def questions(self) -> list[Cause]:
        """The largest causes that nobody has decided about: what there is to decide."""
        open_before = [decision for decision in self.earlier if decision.is_open]
        answered = {each.root_cause.slug for each in [*self.decisions, *open_before] if each.root_cause}
        return [cause for cause in self.closure.causes if cause.slug not in answered][:QUESTIONS]

    def as_dict(self) -> dict[str, Any]:
        """The figures for the API: plain types, null where there are too few answers for one."""
        comparable = self.nps.nps.is_enough and self.before.nps.is_enough
        return {
            "as_of": self.now.isoformat(),
            "nps": {**self.nps.scores.as_dict(), "excluded": self.nps.n_excluded},
            "before": {
                "day_from": self.before_days[0].isoformat(),
                "day_to": self.before_days[1].isoformat(),
                **self.before.as_dict(),
                "change": self.change.value if comparable else None,
                "may_be_chance": self.change.may_be_chance if comparable else None,
            },
            "asked": None if self.asked is None else {"asked": self.asked.asked, "answered": self.asked.answered},
            "loops_of_detractors": {
                **{name: self.loops[name] for name in ("due", "declared", "told", "not_due", "beside")},
                "confirmed": self.loops.rate("confirmed").as_dict(),
                "on_time": self.loops.rate("on_time").as_dict(),
            },
            "promises": {**self.closure.promises.by_name, "kept": self.closure.promises.kept.as_dict()},
            "root_causes": [
                {"slug": cause.slug, "name": cause.name, "tickets": cause.tickets} for cause in self.closure.causes
            ],
            "to_decide": [cause.slug for cause in self.questions],
            "audience": self.audience.as_dict(),
        }


def pack_of(review: Review, looks: Looks, *, now: datetime) -> Pack:
    """Count a review as it stands at `now` (aware). The number of queries is constant. Who was asked is for leads."""
    filters = filters_of(review, looks.eyes)
    detractors = replace(filters, band=Band.DETRACTOR.value)
    earlier = Review.objects.filter(touchpoint=review.touchpoint_id, meeting_on__lt=review.meeting_on)
    last = earlier.held().first()
    nps = nps_report(filters, now=now)
    # Last time's days, where no answer is in both; else as many days just before.
    apart = last is not None and last.day_to < review.day_from
    before_filters = (
        replace(filters, day_from=last.day_from, day_to=last.day_to) if last and apart else filters.before()
    )
    before = scores_over(before_filters, now=now)
    return Pack(
        review=review,
        filters=filters,
        now=now,
        last=last,
        nps=nps,
        before=before,
        before_days=(before_filters.day_from, before_filters.day_to),
        change=difference(nps.nps, before.nps),
        loops=counts_of(detractors, now=now),
        goal=goal_over(detractors, detractors.tickets()),
        closure=closure_report(filters, now=now),
        asked=response_rate_report(filters, now=now).together if looks.leads else None,
        said=worth_reading(filters),
        promises=_open_promises(filters, now),
        decisions=list(review.decisions.select_related("owner", "root_cause")),
        earlier=_earlier(review, last),
        audience=audience_of(filters, now=now),
        table=_table(review),
    )


def _open_promises(filters: ReportFilters, now: datetime) -> list[Action]:
    """The first to fall due of what customers were promised and is not done. Of words on hold nothing is quoted."""
    tickets = figure_of(filters.tickets(), PROMISES_OPEN, now=now).filter(on_hold=False).order_by().values("pk")
    rows = Action.objects.filter(ticket__in=tickets, state=Action.State.OPEN, first_promised_at__isnull=False)
    return list(rows.select_related("owner").order_by("due_at", "pk")[:PROMISES])


def _earlier(review: Review, last: Review | None) -> list[ReviewDecision]:
    """What the last review decided, whatever became of it, and what is still open of those before."""
    rows = ReviewDecision.objects.filter(
        review__touchpoint=review.touchpoint_id, review__meeting_on__lt=review.meeting_on
    ).select_related("owner", "root_cause")
    still_open = rows.filter(state__in=OPEN_DECISIONS)
    found = still_open if last is None else rows.filter(review=last) | still_open
    return list(found.order_by("review__meeting_on", "pk"))


def _table(review: Review) -> Table:
    people = list(review.people.order_by("first_name", "last_name", "pk"))
    zone = timezone.get_default_timezone()
    begins = datetime.combine(review.meeting_on, datetime.min.time(), tzinfo=zone)
    # Away at noon of that day: whoever has only the morning off comes.
    absent = set(
        Away.objects.at(begins + timedelta(hours=12))
        .filter(user__in=[each.pk for each in people])
        .values_list("user", flat=True)
    )
    return Table([each for each in people if each.pk not in absent], [each for each in people if each.pk in absent])
