"""Mail under several processes and under `kill -9`: none lost, rarely doubled, and then with the same Message-ID.

The deliverers are real processes on a database of their own, SQLite or PostgreSQL; the mail server is a real one.
"""

import random
import subprocess
import sys
import time
from collections import Counter

import pytest

from tests.databases import ROOT
from tests.stack import Stack

QUEUE = """
from datetime import UTC, datetime
from nps_loop.mail.outbox import Draft, queue
queue([
    Draft(kind="personal", stream="case", recipient=f"c{{n}}@client.example", from_address="care@halden.example",
          subject="Your answer", text="We found the comma.", automatic=False)
    for n in range({count})
], now=datetime(2026, 1, 1, tzinfo=UTC))
"""


@pytest.fixture
def stack(smtp_sink):
    with Stack(parts=(), email_url=smtp_sink.url) as stack:
        yield stack


def deliverer(stack: Stack, runs: int = 0) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-m", "tests.faults.deliverer", str(runs)], cwd=ROOT, env=stack.env)


def states(stack: Stack) -> dict[str, int]:
    return dict(stack.rows("SELECT state, count(*) FROM mail_message GROUP BY state"))


@pytest.mark.stack
def test_deliverers_side_by_side_send_every_mail_once(stack, smtp_sink):
    stack.python(QUEUE.format(count=150))

    processes = [deliverer(stack) for _ in range(3)]
    try:
        stack.wait(lambda: states(stack) == {"sent": 150}, "every mail is sent", seconds=90)
    finally:
        for process in processes:
            process.kill()
            process.wait()

    assert len(smtp_sink.mails) == 150
    assert len({str(mail.message["Message-ID"]) for mail in smtp_sink.mails}) == 150


@pytest.mark.stack
def test_kill_9_at_any_moment_loses_no_mail_and_repeats_under_one_message_id(stack, smtp_sink):
    count, kills, chance = 120, 0, random.Random(7)
    stack.python(QUEUE.format(count=count))

    processes = [deliverer(stack) for _ in range(2)]
    try:
        end = time.monotonic() + 150
        while states(stack) != {"sent": count}:
            assert time.monotonic() < end, states(stack)
            time.sleep(chance.uniform(0.8, 1.6))
            if kills < 16:
                # The moment differs, the process too: now and then in the middle of a hand-over.
                victim = chance.randrange(2)
                processes[victim].kill()
                processes[victim].wait()
                processes[victim] = deliverer(stack)
                kills += 1
    finally:
        for process in processes:
            process.kill()
            process.wait()

    copies = Counter(mail.recipients[0] for mail in smtp_sink.mails)
    ids = {(mail.recipients[0], str(mail.message["Message-ID"])) for mail in smtp_sink.mails}
    doubled = sum(copies.values()) - count
    print(f"{kills} kills, {doubled} of {count} mails doubled")
    assert kills >= 3
    assert len(copies) == count, "a mail was lost"
    assert len(ids) == count, "a repeated mail had another Message-ID"
    assert doubled <= kills
    assert stack.rows("SELECT count(*) FROM mail_message WHERE sent_at IS NULL") == [(0,)]
