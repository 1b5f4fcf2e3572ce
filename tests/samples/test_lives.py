"""Lives of the sample set that hang on who happens to have the ticket."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from followups.models import Member, Ticket
from followups.models.tickets import ClosedAs, DismissReason
from nps_loop.samples import company, customers
from nps_loop.samples.answers import DAY
from nps_loop.samples.loading import SEED, begin_life, bring_alone, plan
from nps_loop.samples.stage import Stage
from tests.factories import NOW


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("life", "ends_as"), [("differed", ClosedAs.AGREED_TO_DIFFER), ("dismissed_as_duplicate", DismissReason.DUPLICATE)]
)
def test_another_lead_decides_where_the_lead_has_the_ticket(life: str, ends_as: str, settings: Any) -> None:
    settings.MAIL_SERVER = False
    now = NOW + 60 * DAY
    answer = next(each for each in plan(SEED, now=NOW).answers if each.life == life)
    people = customers.plan(Random(SEED))
    stage = Stage(company.set_up(now=now), begins=answer.at - timedelta(days=1), ends=now)
    customers.write(people.firms, people.people, stage.company.people, now=now)
    Member.objects.filter(role=Member.Role.AGENT).update(capacity=0)
    Member.objects.filter(role=Member.Role.LEAD).update(capacity=20)
    bring_alone(stage, answer, lambda answer: begin_life(stage, answer))
    stage.run(now)
    ticket = Ticket.objects.get(response__external_id=answer.key)
    assert Member.objects.filter(user=ticket.owner, team=ticket.team, role=Member.Role.LEAD).exists()
    assert ends_as in (ticket.closed_as, ticket.dismissed_as)
