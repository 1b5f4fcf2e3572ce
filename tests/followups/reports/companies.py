"""Whole companies at random: everything a report may read, in every combination the tables allow.

`make_company(random.Random(seed))` writes them with a statement per table, the same for the same seed. Unlike lives that
the verbs lead, the rows need not follow from each other: a figure has to be right for whatever stands in them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st

from followups.models import (
    Away,
    Conversation,
    Event,
    Member,
    RootCause,
    SetGoal,
    Team,
    Ticket,
)
from followups.models.tickets import ClosedAs, DismissReason, TicketState
from nps_loop.people.models import User
from surveys.models import Account, Contact, Exclusion, Invitation, Response, Revision, Source, Survey, Touchpoint
from surveys.scoring import band
from tests import factories as make
from tests.factories import DAY, HOUR, NOW
from tests.followups.reports.company_work import history, make_work

Anything = TypeVar("Anything")

SEGMENTS = ("Key account", "Mid market", "")
REGIONS = ("Nordics", "Iberia", "")
CLOSINGS = [closing for closing in ClosedAs if closing]
REASONS = [reason for reason in DismissReason if reason]
SETTLED = (TicketState.RESOLVED, TicketState.CLOSED)


@dataclass
class Company:
    """Who is there to look, and the sets that rows are drawn from."""

    chance: random.Random
    agents: list[User] = field(default_factory=list)
    lead: User = None  # type: ignore[assignment]
    admin: User = None  # type: ignore[assignment]
    teams: list[Team] = field(default_factory=list)
    touchpoints: list[Touchpoint] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    surveys: list[Survey] = field(default_factory=list)
    causes: list[RootCause] = field(default_factory=list)
    source: Source = field(default_factory=make.make_source)

    @property
    def viewers(self) -> list[User | None]:
        """Two agents of different teams, the lead of two teams, an administrator, and a key that reads everything."""
        return [self.agents[0], self.agents[-1], self.lead, self.admin, None]

    def any(self, *choices: Anything) -> Anything:
        return self.chance.choice(choices)

    def maybe(self, share: float) -> bool:
        return self.chance.random() < share

    def ago(self, days: int) -> Any:
        """Some moment of the last `days`, at times right on a full hour, as limits are."""
        return NOW - timedelta(hours=self.chance.randint(0, 24 * days), seconds=self.any(0, 0, 1, 1800))


def companies() -> st.SearchStrategy[random.Random]:
    """For `given`: what a company is drawn with."""
    return st.integers(0, 2**32 - 1).map(random.Random)


def make_company(chance: random.Random, *, tickets: int = 30, answers: int = 30) -> Company:
    """Three teams, four touchpoints of none, one and two of them, and whatever else; returns who is who."""
    company = Company(chance)
    _people(company)
    _what_answers_are_about(company)
    given = [_answer(company, low_only=True) for _ in range(tickets)]
    others = [_answer(company, low_only=False) for _ in range(answers)]
    responses = Response.objects.bulk_create([*given, *others])
    Revision.objects.bulk_create(version for row in responses for version in _versions(company, row))
    Exclusion.objects.bulk_create(change for row in responses for change in _exclusions(company, row))
    cases = _tickets(company, responses[:tickets])
    make_work(company, cases)
    Event.objects.bulk_create(event for case in cases for event in history(company, case))
    _invitations(company, responses)
    _goals(company)
    return company


def _people(company: Company) -> None:
    company.agents = [make.make_user() for _ in range(5)]
    company.lead, company.admin = make.make_user("Tomás Rey"), make.make_admin()
    a = company.agents
    company.teams = [
        make.make_team("North", agents=(a[0], a[1]), is_default=company.maybe(0.8)),
        make.make_team("South", agents=(a[2], a[3])),
        make.make_team("East", agents=(a[4], a[0])),
    ]
    for team in company.teams[:2]:
        make.make_member(team, company.lead, role=Member.Role.LEAD, capacity=0)
    Away.objects.bulk_create(
        Away(user=agent, starts_at=NOW - company.any(2, 30) * DAY, ends_at=NOW + company.any(-1, 0, 3) * DAY)
        for agent in a
        if company.maybe(0.3)
    )


def _what_answers_are_about(company: Company) -> None:
    company.touchpoints = [make.make_touchpoint(name) for name in ("Invoice", "Support case", "Release", "Fair")]
    company.teams[1].touchpoints.add(company.touchpoints[0], company.touchpoints[1])
    company.teams[2].touchpoints.add(company.touchpoints[1])
    make.make_brand()
    other = make.make_brand(slug=f"other-{company.agents[0].pk}", name="Mokari")
    Touchpoint.objects.filter(pk=company.touchpoints[2].pk).update(brand=other)
    company.accounts = [
        make.make_account(
            segment=company.any(*SEGMENTS),
            region=company.any(*REGIONS),
            owner=company.any(None, *company.agents),
            business_units=company.any([], ["Sea"], ["Sea", "Air"]),
            annual_value=company.any(None, 12_000, 40_000),
            currency=company.any("EUR", "SEK"),
        )
        for _ in range(4)
    ]
    company.contacts = [make.make_contact(account=company.any(None, *company.accounts)) for _ in range(12)]
    company.surveys = [make.make_survey(kind=kind) for kind in ("relational", "transactional")]
    company.causes = [make.make_root_cause() for _ in range(4)]
    for cause in company.causes[2:]:
        cause.parent = company.any(None, company.causes[0])
        cause.save(update_fields=["parent"])


def _answer(company: Company, *, low_only: bool) -> Response:
    any_, at = company.any, company.ago(80)
    contact = any_(None, *company.contacts)
    account = contact.account if contact else None
    survey = any_(None, *company.surveys)
    score = company.chance.randint(0, 8 if low_only and company.maybe(0.9) else 10)
    number = company.chance.getrandbits(60)
    return Response(
        source=company.source,
        external_id=f"c-{number}",
        score=score,
        band=band(score),
        contact=contact,
        account=account,
        account_owner=any_(account.owner if account else None, None),
        team_id_then=any_(None, None, *(team.pk for team in company.teams)),
        segment=any_(*SEGMENTS),
        region=any_(*REGIONS),
        survey=survey,
        survey_kind=survey.kind if survey else any_("relational", "episodic"),
        touchpoint=any_(None, *company.touchpoints),
        product=any_("", "Plan A", "Ä & B"),
        language=any_("", "en", "de"),
        attributes=any_({}, {"plan": "gold"}, {"plan": "", "seats": 5}, {"plan": "gold", "seats": "5"}),
        responded_at=at,
        received_at=min(at + any_(0, 0, 1, 50) * HOUR, NOW),
        day=at.date(),
        version_at=at,
        content_digest=f"{number:064d}",
        decided_revision=1,
        excluded_as=(left_out := any_("", "", "", "", "test", "own_staff")),
        excluded_by=any_(None, company.lead, *company.agents) if left_out else None,
    )


def _versions(company: Company, row: Response) -> list[Revision]:
    """The version it has now, with one before it or one that came late, at times."""
    now = {"response": row, "content_digest": row.content_digest, "version_at": row.version_at}
    if company.maybe(0.7):
        return [Revision(number=1, score=row.score, received_at=row.received_at, **now)]
    another = company.chance.randint(0, 10)
    second = row.received_at + company.chance.random() * (NOW - row.received_at)
    is_late = company.maybe(0.3)
    first, then = (row.score, another) if is_late else (another, row.score)
    return [
        Revision(number=1, score=first, received_at=row.received_at, **now),
        Revision(number=2, score=then, received_at=second, superseded_on_arrival=is_late, **now),
    ]


def _exclusions(company: Company, row: Response) -> list[Exclusion]:
    """How it came to count or not: from the first on, or by one or two changes."""
    if company.maybe(0.6):
        return []
    moments = sorted(row.received_at + company.chance.random() * (NOW - row.received_at) for _ in range(2))
    was = company.any("", "spam") if row.excluded_as == "" else ""
    changes = [Exclusion(response=row, was=was, to=row.excluded_as, happened_at=moments[1])]
    if company.maybe(0.4):
        changes.insert(0, Exclusion(response=row, was=row.excluded_as, to=was, happened_at=moments[0]))
    return changes


def _tickets(company: Company, responses: Sequence[Response]) -> list[Ticket]:
    brand = make.make_brand()
    threads = Conversation.objects.bulk_create(Conversation(brand=brand) for _ in responses)
    rows = [_ticket(company, response, thread) for response, thread in zip(responses, threads, strict=True)]
    rows = Ticket.objects.bulk_create(rows)
    old = [row for row in rows if row.state == TicketState.CLOSED and company.maybe(0.3)]
    threads = Conversation.objects.bulk_create(Conversation(brand=brand) for _ in old)
    again = []
    for before, thread in zip(old, threads, strict=True):
        assert before.response is not None
        row = _ticket(company, before.response, thread)
        row.response, row.follows = None, before
        again.append(row)
    return [*rows, *Ticket.objects.bulk_create(again)]


def _ticket(company: Company, response: Response, thread: Conversation) -> Ticket:
    any_ = company.any
    state = any_(*TicketState.values, *SETTLED, *SETTLED)
    opened_at = response.received_at
    contacted = response.responded_at + company.chance.randint(1, 90) * HOUR
    changed_at = opened_at + company.chance.random() * (NOW - opened_at)
    closed_at = opened_at + company.chance.random() * (NOW - opened_at) if state == TicketState.CLOSED else None
    return Ticket(
        response=response,
        conversation=thread,
        contact=response.contact,
        account=response.account,
        brand=thread.brand,
        team=any_(None, *company.teams),
        owner=any_(None, *company.agents),
        state=state,
        closed_as=any_(*CLOSINGS) if state == TicketState.CLOSED else "",
        dismissed_as=any_(*REASONS) if state == TicketState.DISMISSED else "",
        cycle=any_(0, 0, 0, 1, 2),
        score=response.score,
        band=any_(response.band, response.band, "passive"),
        nobody_to_reach=company.maybe(0.1),
        left_in_peace=company.maybe(0.1),
        on_hold=company.maybe(0.1),
        opened_at=opened_at,
        responded_at=response.responded_at,
        received_at=response.received_at,
        day=response.day,
        told_at=opened_at if company.maybe(0.5) else None,
        first_contact_at=contacted if contacted < changed_at and company.maybe(0.8) else None,
        closed_at=closed_at,
        resolved_at=any_(None, min(response.responded_at + company.chance.randint(1, 300) * HOUR, changed_at)),
        changed_at=changed_at,
        resolution_due_at=any_(None, NOW, NOW - DAY, response.responded_at + 21 * DAY),
        due_at=any_(None, NOW, NOW - HOUR, NOW + HOUR, NOW + DAY, NOW + 5 * DAY),
        waiting_until=any_(None, NOW + DAY, NOW + 4 * DAY),
        version=3,
    )


def _invitations(company: Company, responses: Sequence[Response]) -> None:
    any_, rows = company.any, []
    answers = iter(company.chance.sample(list(responses), min(8, len(responses))))
    for number in range(40):
        state = any_(*Invitation.State.values)
        planned, contact = company.ago(60), any_(*company.contacts)
        sent = planned + HOUR if state not in ("planned", "stopped") or company.maybe(0.2) else None
        rows.append(
            Invitation(
                survey=any_(*company.surveys), contact=contact, account=contact.account, cause="recovery",
                touchpoint=any_(None, *company.touchpoints), reference=f"n{number}", state=state,
                stopped_by=any_("resting", "open_case") if state == "stopped" else "",
                planned_for=planned, day=planned.date(), created_at=planned, sent_at=sent,
                expires_at=planned + 20 * DAY,
                ended_at=min(planned + any_(2, 25) * DAY, NOW) if state in ("answered", "stopped", "expired") else None,
                recovers=any_(None, *responses[:10]), response=next(answers, None) if state == "answered" else None,
            )
        )  # fmt: skip
    Invitation.objects.bulk_create(rows)


def _goals(company: Company) -> None:
    """Goals of everybody and of teams, some given up again, some from within the days a report is about."""
    any_ = company.any
    rows = []
    for _ in range(any_(0, 10, 25)):
        metric = any_(*SetGoal.Metric.values)
        target = any_(None, any_(-100, 30, 100)) if metric == "nps" else any_(None, 1, 40, 80, 100)
        team = None if metric == "response_rate" else any_(None, None, *company.teams)
        day = (NOW - any_(0, 2, 20, 21, 60, 300) * DAY).date()
        rows.append(SetGoal(metric=metric, team=team, target=target, valid_from=day, set_at=NOW))
    SetGoal.objects.bulk_create(rows)
