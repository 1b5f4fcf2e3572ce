"""Whenever the demo is started, the agent finds something late, something for today and something for later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.utils import timezone

from followups.models import Ticket
from followups.queue_page import queue
from followups.viewing import Viewer
from nps_loop.people.models import User
from nps_loop.samples import company, customers, desk
from nps_loop.samples.answers import DAY, Pool
from nps_loop.samples.loading import SEED, begin_life, bring_alone, plan
from nps_loop.samples.stage import Stage
from nps_loop.samples.truth import ENDS
from nps_loop.samples.words import Voice

# A quiet night, a Saturday late, New Year's morning, the night the clocks go back, a leap day at noon.
MOMENTS = {
    "monday night": datetime(2026, 11, 23, 2, 10, tzinfo=UTC),
    "saturday late": datetime(2026, 11, 21, 20, 50, tzinfo=UTC),
    "new year": datetime(2027, 1, 1, 8, 0, tzinfo=UTC),
    "clocks go back": datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    "leap day": datetime(2028, 2, 29, 12, 0, tzinfo=UTC),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", MOMENTS)
def test_the_desk_is_lively(name: str, settings: Any) -> None:
    settings.MAIL_SERVER = False
    now = MOMENTS[name]
    chance = Random(SEED)
    people = customers.plan(chance)
    answers = desk.plan(Pool(people), Voice(chance), chance, now=now)
    stage = Stage(company.set_up(now=now), begins=now - 8 * DAY, ends=now)
    customers.write(people.firms, people.people, stage.company.people, now=now)
    for answer in answers:
        bring_alone(stage, answer, lambda answer: begin_life(stage, answer))
    for hours in (48, 24, 12, 2, 0):
        stage.at(now - timedelta(hours=hours), stage.sweep)
    stage.run(now)

    agent = User.objects.get(username=company.AGENT)
    with timezone.override(agent.time_zone):
        counts = queue(Viewer.of(agent), view="mine", search="", after="", now=now).counts
    assert counts["late"] == 1
    assert counts["today"] >= 3
    assert counts["next"] + counts["later"] >= 4
    assert counts["waiting"] == 1 and counts["snoozed"] == 1
    # The cafés' team works on weekdays only, so whether its tickets wait hangs on the day.
    states = {answer.key: ENDS[answer.life].state for answer in answers if not answer.is_mokari}
    found = dict(Ticket.objects.order_by().values_list("response__external_id", "state"))
    assert {key: found[key] for key in states} == states


@pytest.mark.parametrize("name", MOMENTS)
def test_a_plan_stays_within_its_three_months(name: str) -> None:
    now = MOMENTS[name]
    planned = plan(SEED, now=now)
    assert all(now - 90 * DAY < answer.at <= now for answer in planned.answers)
    assert len({answer.key for answer in planned.answers}) == len(planned.answers)
    assert {answer.life for answer in planned.answers if answer.opens} <= set(ENDS)
