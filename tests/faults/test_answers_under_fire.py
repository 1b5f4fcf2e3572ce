"""Answers by the hundred while workers are killed with `kill -9` and the broker forgets: nothing is lost or doubled."""

from __future__ import annotations

import json
import random
from collections import defaultdict

import pytest

from tests.conftest import SmtpSink, counted
from tests.faults.invariants import broken
from tests.stack import Stack

# The everyday suite fires fewer shots; the full count runs where there is time for it.
ANSWERS = counted(100, full=1_000)
PER_REQUEST = 20

SET_UP = """
from followups.models import Member, Team
from nps_loop.people.models import ApiKey, User
team = Team.objects.get(is_default=True)
for n in range(8):
    user = User.objects.create(username=f"agent{n}", first_name=f"Agent{n}", last_name="Brandt", email=f"agent{n}@halden.example")
    Member.objects.create(team=team, user=user, capacity=1000)
print(ApiKey.objects.issue("test", "ingest")[1])
"""


def answer(n: int) -> dict[str, object]:
    return {
        "external_id": f"a-{n}",
        "score": n % 9,
        "comment": f"The delivery of order {n} came late.",
        "email": f"customer{n}@client{n % 97}.com",
        "name": f"Customer {n}",
    }


def post_all(stack: Stack, key: str, chance: random.Random, *, kill: bool) -> list[int]:
    """Post every answer, shooting at workers and broker between the requests. Returns the ids given."""
    ids = []
    starts = list(range(0, ANSWERS, PER_REQUEST))
    flushes = {starts[len(starts) // 3], starts[2 * len(starts) // 3]}
    for start in starts:
        batch = [answer(n) for n in range(start, start + PER_REQUEST)]
        status, body = stack.post("/api/v1/responses/bulk/", batch, Authorization=f"Bearer {key}")
        assert status in (200, 201, 207), body
        parsed = json.loads(body)
        rows = parsed["outcomes"]
        ids += [row["id"] for row in rows]
        if kill and chance.random() < 0.3:
            stack.restart(chance.choice(["worker", "worker2"]))
        if kill and start in flushes:
            stack.flush_broker()
    return ids


@pytest.mark.stack
@pytest.mark.full
def test_killed_workers_and_a_flushed_broker_lose_and_double_nothing(smtp_sink: SmtpSink) -> None:
    chance = random.Random(20261124)
    with Stack(parts=("web", "worker", "worker2", "beat"), email_url=smtp_sink.url, sweep_seconds=2) as stack:
        key = stack.python(SET_UP).strip().splitlines()[-1]
        ids = post_all(stack, key, chance, kill=True)
        # What a killed worker held comes back when its lease runs out.
        stack.wait(lambda: broken(stack, ids) == [], "every invariant holds", seconds=420)
        copies: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for mail in smtp_sink.mails:
            copies[(*mail.recipients, str(mail.message["Subject"]), mail.part("plain"))].add(
                str(mail.message["Message-ID"])
            )
        assert all(len(message_ids) == 1 for message_ids in copies.values())
        assert broken(stack, [*ids, 10**9]) == ["I1: 1 answers acknowledged and not stored"]


@pytest.mark.stack
@pytest.mark.full
def test_without_the_sweep_a_flushed_broker_leaves_work_undone(smtp_sink: SmtpSink) -> None:
    """So the check above can fail."""
    chance = random.Random(1)
    with Stack(parts=("web",), email_url=smtp_sink.url) as stack:
        key = stack.python(SET_UP).strip().splitlines()[-1]
        ids = post_all(stack, key, chance, kill=False)
        stack.flush_broker()
        stack.start("worker")
        found = broken(stack, ids)
        assert any(sentence.startswith("I2") for sentence in found), found
        # One sweep is all it takes.
        stack.manage("sweep")
        stack.wait(lambda: broken(stack, ids) == [], "one sweep mends it", seconds=60)
