"""Who calls the API: keys of each scope and people of each role, over one small company."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from followups.models import Away, Escalation, Member, Review, Team, Ticket
from nps_loop.people.models import ApiKey, User
from tests.factories import (
    DAY,
    NOW,
    make_action,
    make_admin,
    make_away,
    make_member,
    make_review,
    make_team,
    make_ticket,
    make_user,
)


@pytest.fixture(autouse=True)
def _counts_start_at_nothing() -> Iterator[None]:
    """Requests are counted in memory, and keys of different tests have equal numbers."""
    cache.clear()
    yield
    cache.clear()


class Caller:
    """Somebody who calls: with a key, with a log-in, or with neither."""

    def __init__(self, secret: str = "", user: User | None = None, key: ApiKey | None = None) -> None:
        self.client = Client()
        self.key = key
        self.user = user
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        if user is not None:
            self.client.force_login(user)

    def get(self, path: str, data: dict[str, Any] | None = None, **headers: str) -> Any:
        return self.client.get(path, data, headers={**self.headers, **headers})

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """`body` is sent as it is where it is bytes, else as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(path, raw, content_type="application/json", headers={**self.headers, **named})

    def put(self, path: str, body: Any = None) -> Any:
        return self.client.put(path, body or {}, content_type="application/json", headers=self.headers)

    def delete(self, path: str) -> Any:
        return self.client.delete(path, headers=self.headers)

    def request(self, method: str, path: str, body: Any = None) -> Any:
        if method in ("get", "delete"):
            return getattr(self, method)(path)
        return getattr(self, method)(path, body)


@dataclass
class Cast:
    """One company: two teams with a ticket each, and everybody who may call."""

    team: Team
    other_team: Team
    ticket: Ticket
    other_ticket: Ticket
    agent: User
    mate: User
    lead: User
    outsider: User
    back_office: User
    admin: User
    gone: User
    away: Away
    escalation: Escalation
    review: Review


@pytest.fixture
def cast(db: None) -> Cast:
    agent, mate, lead = make_user("Hanna Brandt"), make_user("Jo Whitfield"), make_user("Lea Ortiz")
    outsider, back_office, gone = make_user("Otto Fern"), make_user("Bea Ofis"), make_user("Gone Away")
    team = make_team("Support", lead=lead, agents=(agent, mate, gone))
    other_team = make_team("Sales", agents=(outsider,))
    make_member(make_team("Billing", takes_tickets=False), back_office)
    Member.objects.filter(user=gone).update(role=Member.Role.AGENT)
    gone.is_active = False
    gone.save()
    ticket = make_ticket(owner=agent, team=team)
    other_ticket = make_ticket(owner=outsider, team=other_team)
    make_action(ticket, owner=back_office)
    away = make_away(agent, timezone.now() + 3 * DAY, timezone.now() + 5 * DAY)
    escalation = Escalation.objects.create(
        ticket=ticket, cycle=0, target="first_contact", level="late", happened_at=NOW, told_at=NOW
    )
    review = make_review()
    review.touchpoint.teams.add(team)
    return Cast(
        team, other_team, ticket, other_ticket, agent, mate, lead, outsider, back_office, make_admin(), gone, away,
        escalation, review,
    )  # fmt: skip


def key_caller(scope: str, **fields: Any) -> Caller:
    key, secret = ApiKey.objects.issue(f"{scope} key", scope, **fields)
    return Caller(secret, key=key)


@pytest.fixture
def ingest(db: None) -> Caller:
    return key_caller("ingest")


@pytest.fixture
def reading(db: None) -> Caller:
    return key_caller("read")


@pytest.fixture
def writing(db: None) -> Caller:
    return key_caller("write")


@pytest.fixture
def anonymous() -> Caller:
    return Caller()
