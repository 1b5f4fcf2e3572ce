"""A cast for verbs: Hanna owns the case, Ivo is in her team, Tomás leads it, Zoe is nobody to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from followups import workflow
from followups.actors import Actor
from followups.assignment import assign_waiting
from followups.models import RootCause, Team, Ticket
from followups.opening import open_awaiting
from nps_loop.people.models import User
from tests.factories import NOW, make_account, make_contact, make_member, make_response, make_user

HOUR = timedelta(hours=1)


@pytest.fixture
def hanna() -> User:
    return make_user("Hanna Brandt")


@pytest.fixture
def ivo() -> User:
    return make_user("Ivo Lenz")


@pytest.fixture
def tomas() -> User:
    return make_user("Tomás Rey")


@pytest.fixture
def zoe() -> User:
    return make_user("Zoe Adler")


@pytest.fixture
def cause() -> RootCause:
    return RootCause.objects.get(slug="product-fault")


@pytest.fixture
def open_case(hanna: User, ivo: User, tomas: User) -> Callable[..., Ticket]:
    """Make a ticket that Hanna has: `open_case(score=7, contact_me=False)`."""
    team = Team.objects.get(is_default=True)
    make_member(team, hanna)
    make_member(team, ivo)
    make_member(team, tomas, role="lead", capacity=0)
    account = make_account("Nordby Cold Chain", owner=hanna)

    def make(score: int = 3, **fields: Any) -> Ticket:
        contact = fields.pop("contact", None) or make_contact(
            "Marta Lind", account=account, email=f"m{Ticket.objects.count()}@nordby.example", phone="+46 1"
        )
        response = make_response(
            score, contact=contact, received_at=NOW, responded_at=NOW - HOUR, **{"decided_revision": 0, **fields}
        )
        open_awaiting(now=NOW)
        assign_waiting(now=NOW)
        return Ticket.objects.get(response=response)

    return make


@pytest.fixture
def case(open_case: Callable[..., Ticket]) -> Ticket:
    return open_case()


@pytest.fixture
def contacted(case: Ticket, hanna: User) -> Ticket:
    return workflow.log_contact(
        case, actor=Actor.person(hanna), now=NOW, version=case.version, channel="phone", outcome="spoke"
    )


@pytest.fixture
def in_action(contacted: Ticket, hanna: User, ivo: User) -> Ticket:
    return workflow.add_action(
        contacted,
        actor=Actor.person(hanna),
        now=NOW,
        version=contacted.version,
        title="Repair the imports.",
        owner=ivo,
        due_on=(NOW + timedelta(days=3)).date(),
    )


@pytest.fixture
def resolved(case: Ticket, hanna: User, cause: RootCause) -> Ticket:
    settled = workflow.Settlement("Repaired the imports.", cause, "We split at commas.", "mail")
    return workflow.log_contact(
        case,
        actor=Actor.person(hanna),
        now=NOW,
        version=case.version,
        channel="phone",
        outcome="spoke",
        settled=settled,
    )
