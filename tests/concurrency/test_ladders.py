"""Several ticks at once, and one beside whoever says that they look after it: each step is told once."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from followups import clocks
from followups.acknowledging import acknowledge
from followups.models import Deadline, Escalation
from nps_loop.mail.models import Message
from nps_loop.people.models import User
from tests.concurrency.test_tickets import at_once
from tests.factories import DAY, NOW, make_deadline, make_response, make_team, make_ticket, make_user

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time"),
]


def late(count: int) -> list[Deadline]:
    lead, hanna = make_user("Tomas Rey"), make_user("Hanna Brandt")
    team = make_team(lead=lead, agents=(hanna,), director=make_user())
    return [
        make_deadline(make_ticket(owner=hanna, team=team, response=make_response(2, responded_at=NOW - 4 * DAY)))
        for _ in range(count)
    ]


def test_without_a_claim_every_tick_would_climb_the_same() -> None:
    """The race exists: those who look first and write later all find the same step before them."""
    late(1)

    def naive(_n: int) -> int:
        return len(clocks.climbing.due(NOW))

    assert at_once(3, naive) == [1, 1, 1]


def test_three_ticks_at_once_climb_each_step_once_and_tell_it_once() -> None:
    rows = late(12)
    counts = at_once(3, lambda _n: clocks.escalate(now=NOW))
    assert sum(counts) == 12
    clocks.escalate(now=NOW)
    for row in rows:
        levels = list(Escalation.objects.about(row.key).order_by("pk").values_list("level", flat=True))
        assert levels == ["soon", "late", "director"]
    assert not Escalation.objects.filter(told_at=None, untold="").exists()
    keys = list(Message.objects.values_list("dedupe_key", flat=True))
    assert len(keys) == len(set(keys))


def test_who_looks_after_it_and_a_tick_at_the_same_time_agree() -> None:
    (row,) = late(1)
    clocks.escalate(now=row.due_at)
    told = Escalation.objects.about(row.key).get(level="late")
    lead = User.objects.get(email=Message.objects.get(subject__startswith="Late").recipient)

    def act(n: int) -> Any:
        if n:
            return clocks.escalate(now=NOW)
        return acknowledge(told, user=lead, now=NOW)

    assert at_once(2, act)[0] is True
    # Whoever came first: the director was told before somebody looked after it, or never.
    director = Escalation.objects.about(row.key).filter(level="director").first()
    assert director is None or director.acknowledged_at or director.untold == "acknowledged"
    row.refresh_from_db()
    clocks.escalate(now=NOW + 9 * DAY)
    assert Escalation.objects.about(row.key).filter(level="director").count() <= 1
