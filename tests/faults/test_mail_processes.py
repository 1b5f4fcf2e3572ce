"""Mail under several processes and under `kill -9`: none lost, rarely doubled, and then with the same Message-ID.

The deliverers are real processes on a database of their own, SQLite or PostgreSQL; the mail server is a real one.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.databases import ROOT
from tests.mail.servers import Server, misbehaving_server
from tests.stack import Stack

QUEUE = """
from datetime import UTC, datetime
from nps_loop.mail.outbox import Draft, queue
queue([
    Draft(kind="personal", stream="case", recipient=f"slow{{n}}@client.example", from_address="care@halden.example",
          subject="Your answer", text="We found the comma.", automatic=False)
    for n in range({count})
], now=datetime(2026, 1, 1, tzinfo=UTC))
"""


@pytest.fixture
def server() -> Iterator[Server]:
    with misbehaving_server() as server:
        yield server


@pytest.fixture
def stack(server: Server) -> Iterator[Stack]:
    with Stack(parts=(), email_url=f"smtp://127.0.0.1:{server.port}") as stack:
        yield stack


@contextmanager
def deliverers(stack: Stack, count: int, *, deaths: int = 0) -> Iterator[list["subprocess.Popen[str]"]]:
    """`count` processes that hand over mails, gone at the end; each prints its child's process id, and where it dies."""
    command = [sys.executable, "-m", "tests.faults.deliverer", str(deaths)]
    options = {"cwd": ROOT, "env": stack.env, "stdout": subprocess.PIPE, "text": True, "start_new_session": True}
    processes = [subprocess.Popen(command, **options) for _ in range(count)]
    try:
        yield processes
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            process.stdout.close()


def child_of(process: "subprocess.Popen[str]") -> int:
    return int(process.stdout.readline().split()[0])


def states(stack: Stack) -> dict[str, int]:
    return dict(stack.rows("SELECT state, count(*) FROM mail_message GROUP BY state"))


def copies(server: Server) -> Counter[str]:
    return Counter(str(mail["To"]) for mail in server.mails)


@pytest.mark.stack
def test_deliverers_side_by_side_send_every_mail_once(stack, server):
    stack.python(QUEUE.format(count=150))

    with deliverers(stack, 3):
        stack.wait(lambda: states(stack) == {"sent": 150}, "every mail is sent", seconds=120)

    assert set(copies(server).values()) == {1}
    assert len({str(mail["Message-ID"]) for mail in server.mails}) == 150


@pytest.mark.stack
@pytest.mark.full
def test_kill_9_in_the_middle_loses_no_mail_and_repeats_under_one_message_id(stack, server):
    count, chance = 120, random.Random(7)
    stack.python(QUEUE.format(count=count))
    kills = 0

    with deliverers(stack, 2) as processes:
        children = [child_of(process) for process in processes]
        end = time.monotonic() + 180
        arrived = 0
        while states(stack) != {"sent": count}:
            assert time.monotonic() < end, states(stack)
            if len(server.mails) >= arrived + chance.randrange(3, 9):
                # Mails are flowing: the child that dies holds some, and often one that is just being taken.
                time.sleep(chance.uniform(0, 0.04))
                victim = chance.randrange(2)
                os.kill(children[victim], signal.SIGKILL)
                kills += 1
                children[victim] = child_of(processes[victim])
                arrived = len(server.mails)
            time.sleep(0.01)

    sent = copies(server)
    ids = {(str(mail["To"]), str(mail["Message-ID"])) for mail in server.mails}
    doubled = sum(sent.values()) - count
    print(f"{kills} kills, {doubled} of {count} mails doubled")
    assert kills >= 8
    assert len(sent) == count, "a mail was lost"
    assert len(ids) == count, "a repeated mail had another Message-ID"
    assert doubled <= kills
    assert stack.rows("SELECT count(*) FROM mail_message WHERE sent_at IS NULL") == [(0,)]


@pytest.mark.stack
@pytest.mark.full
def test_killed_at_every_point_of_a_hand_over_no_mail_is_lost_and_each_kill_doubles_one_at_most(stack, server):
    count, deaths = 800, 10
    for first in range(0, count, 400):
        stack.python(QUEUE.format(count=f"{first}, {first + 400}"))

    with deliverers(stack, 2, deaths=deaths) as processes:
        stack.wait(lambda: states(stack) == {"sent": count}, "every mail is sent", seconds=240)
        told = [process.stdout.readline().split(maxsplit=1)[1].strip() for process in processes for _ in range(deaths)]
        # One that is said to live on has been started: everybody before it is dead.
        lives = [process.stdout.readline().split(maxsplit=1)[1].strip() for process in processes]

    assert lives == ["nowhere", "nowhere"]
    assert len(told) == 20
    assert Counter(told) == dict.fromkeys(("before claim", "claimed", "begun", "after accept", "before mark"), 4)
    sent = copies(server)
    doubled = {address: times for address, times in sent.items() if times > 1}
    print(
        f"{len(told)} kills ({dict(Counter(told))}): {len(sent)} of {count} arrived, {sum(sent.values()) - count} doubled"
    )
    assert len(sent) == count, "a mail was lost"
    # Only a yes that was not kept yet makes a mail leave again, and every such kill had one mail in hand.
    assert sum(sent.values()) - count == told.count("after accept")
    assert set(doubled.values()) <= {2}
    assert len({(str(mail["To"]), str(mail["Message-ID"])) for mail in server.mails}) == count
    kept = stack.rows("SELECT recipient, message_id FROM mail_message WHERE sent_at IS NOT NULL AND state = 'sent'")
    assert {(str(mail["To"]), str(mail["Message-ID"])) for mail in server.mails} == set(kept)
