"""A company that measures one touchpoint, with answers, cases and a review of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.test import Client

from followups.models import Review, RootCause, Team, Ticket
from nps_loop.people.models import User
from surveys.models import Response, Touchpoint
from tests import factories as make
from tests.factories import DAY, NOW

TODAY = NOW.date()
DAY_FROM, DAY_TO = date(2026, 8, 24), date(2026, 11, 22)
WORDS = "We waited eleven days for an answer, and then it was the wrong one."


@dataclass
class Company:
    touchpoint: Touchpoint
    team: Team
    lead: User
    hanna: User
    outsider: User
    guest: User
    admin: User
    causes: list[RootCause]


def make_company() -> Company:
    lead, hanna, outsider, guest = (
        make.make_user(name) for name in ("Tomás Ferreira", "Hanna Brandt", "Otto Fern", "Ivo Lenz")
    )
    touchpoint = make.make_touchpoint("Onboarding, day 30", slug="onboarding")
    team = make.make_team("Onboarding", lead=lead, agents=(hanna,))
    team.touchpoints.add(touchpoint)
    make.make_team("Elsewhere", lead=outsider, is_default=True)
    make.make_member(make.make_team("Product", takes_tickets=False), guest)
    causes = [make.make_root_cause(name) for name in ("Imports fail without a word", "Set-up explained twice")]
    return Company(touchpoint, team, lead, hanna, outsider, guest, make.make_admin(), causes)


def make_review(company: Company, **fields: Any) -> Review:
    """Of the answers of thirteen weeks, two days from now; the lead and Hanna sit at the table."""
    people = fields.pop("people", (company.lead, company.hanna))
    meeting_on = fields.pop("meeting_on", TODAY + timedelta(days=2))
    if fields.get("state") == Review.State.HELD:
        fields.setdefault("held_at", NOW)
    review = Review.objects.create(
        touchpoint=fields.pop("touchpoint", company.touchpoint),
        meeting_on=meeting_on,
        **{
            "day_from": DAY_FROM,
            "day_to": DAY_TO,
            "prepare_on": meeting_on - timedelta(days=2),
            "planned_by": company.lead,
            "planned_at": NOW - DAY,
            **fields,
        },
    )
    review.people.set(people)
    return review


def answer(company: Company, score: int, days_ago: int = 10, **fields: Any) -> Response:
    defaults: dict[str, Any] = {"touchpoint": company.touchpoint, "verbatim": WORDS}
    return make.make_response(score, responded_at=NOW - days_ago * DAY, **{**defaults, **fields})


def closed(company: Company, score: int = 3, *, cause: int | None = 0, **fields: Any) -> Ticket:
    """A loop that was closed, its customer told by mail and settled unless `closed_as` says otherwise."""
    told = fields.pop("answer", {})
    name = fields.pop("name", "Marta Lindqvist")
    contact = fields.pop("contact", None) or make.make_contact(
        name, email=f"{company.team.pk}-{_next()}@client.example"
    )
    ticket = make.make_ticket(
        answer(company, score, contact=contact, **told),
        owner=company.hanna,
        team=company.team,
        **{
            "state": "closed",
            "told_at": NOW,
            "closed_at": NOW,
            "resolved_at": NOW,
            "first_contact_at": NOW - 9 * DAY,
            **fields,
        },
    )
    make.make_resolution(
        ticket,
        None if cause is None else company.causes[cause],
        what_changed="Every import that fails writes to its owner.",
        why_it_happened="Nobody was told when one failed.",
    )
    return ticket


_numbers = iter(range(1, 10**9))


def _next() -> int:
    return next(_numbers)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def at(day: date, hour: int = 12) -> datetime:
    return NOW.replace(year=day.year, month=day.month, day=day.day, hour=hour)
