"""Reviews of the sample company: one that was held and what it decided, and one that comes up."""

from __future__ import annotations

from datetime import datetime, timedelta

from followups.improve.reviews import deciding, drawing, planning, preparing
from followups.models import Review, ReviewDecision, RootCause
from followups.reports.metrics import reporting_day
from nps_loop.mail.delivery import deliver_due
from nps_loop.samples.company import AGENT, LEAD, Company
from nps_loop.samples.post import HOUR

DAY = timedelta(days=1)
ABOUT = "service-visit"
TABLE = (LEAD, AGENT, "matteo", "chiara", "greta")
# The meeting that was held, and the days of the answers it looked at.
HELD_BEFORE, LOOKED_BACK = 30, 90
Kind = ReviewDecision.Kind


def bring(company: Company, *, now: datetime) -> None:
    """Plan, hold and decide as the pages do, at the time each of it happened; the next pack is prepared already."""
    lead, people = company.people[LEAD], [company.people[login] for login in TABLE]
    point = company.touchpoints[ABOUT]
    met = now - HELD_BEFORE * DAY
    day = reporting_day(met)
    held = planning.plan(
        point,
        day_from=day - LOOKED_BACK * DAY,
        day_to=day - DAY,
        meeting_on=day,
        people=people,
        by=lead,
        now=met - 8 * HOUR,
    )
    preparing.prepare_due(now=met - 7 * HOUR)
    _decide(company, held, met)
    for drawn in held.draws.order_by("position"):
        drawing.mark(held, drawn.pk, "no" if drawn.position == 2 else "yes", by=lead, now=met - HOUR)
    planning.hold(held, by=lead, now=met)
    training, phone, _form = ReviewDecision.objects.filter(review=held).order_by("pk")
    deciding.complete(
        training, outcome="Six technicians did it; the two new ones follow in spring.", version=0, now=now - 6 * DAY
    )
    deciding.move(
        phone,
        due_on=reporting_day(now) + 18 * DAY,
        reason="The phone system is replaced first",
        version=0,
        now=now - 9 * DAY,
    )
    today = reporting_day(now)
    planning.plan(
        point, day_from=day, day_to=today - DAY, meeting_on=today + DAY, people=people, by=lead, now=now - 5 * DAY
    )
    preparing.prepare_due(now=now)
    deliver_due(now)


def _decide(company: Company, held: Review, met: datetime) -> None:
    lead = company.people[LEAD]
    causes = list(RootCause.objects.filter(is_active=True, parent__isnull=False).order_by("position", "pk")[:1])
    for kind, what, login, days, cause in (
        (Kind.TRAINING, "Every technician learns to say what comes next before leaving", "matteo", 20, None),
        (
            Kind.HEAD_COUNT,
            "A second person on the phone on Monday mornings",
            "greta",
            21,
            causes[0] if causes else None,
        ),
        (Kind.PROCESS, "The visit report goes to the customer the same day", AGENT, 45, None),
    ):
        deciding.decide(
            held,
            kind=kind,
            what=what,
            owner=company.people[login],
            due_on=reporting_day(met) + days * DAY,
            root_cause=cause,
            by=lead,
            now=met,
        )
