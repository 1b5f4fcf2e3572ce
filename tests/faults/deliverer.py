"""A process that hands over mails in a child of its own, and starts another child whenever one is killed.

`python -m tests.faults.deliverer [deaths]` prints a line for each child: its process id, and the point at which it will
kill itself. The first `deaths` children do so, at each of `POINTS` in turn. The parent keeps everything loaded, so that
a new child is at work within milliseconds.
"""

import os
import random
import signal
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.stack_settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.mail import get_connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from nps_loop.mail import delivery, telling  # noqa: E402

# A lease of two seconds, so that what a killed process held comes back while the test runs.
settings.EMAIL_TIMEOUT = 0.25

NOWHERE = "nowhere"
# Before mails are claimed, with a batch claimed, before the server is spoken to about a mail whose try was counted, with
# the server's yes not kept yet, and with it kept but not marked as sent.
POINTS = ("before claim", "claimed", "begun", "after accept", "before mark")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying_at(point: str, chance: random.Random) -> object:
    """Have this process kill itself at `point`, some mails from now; return the connection it has to send with."""
    connection = get_connection()
    mails = chance.randrange(1, 16)
    taken = 0
    claim, send, tell = delivery._Claim.__init__, connection.send_messages, telling.tell_owed

    def claiming(self, now, size):
        if point == "before claim":
            die()
        claim(self, now, size)
        if point == "claimed" and self.messages:
            die()

    def sending(messages):
        nonlocal taken
        taken += 1
        if point == "begun" and taken == mails:
            die()
        sent = send(messages)
        if point == "after accept" and taken == mails:
            die()
        return sent

    def telling_owed(now):
        if point == "before mark" and taken:
            die()
        return tell(now)

    delivery._Claim.__init__, connection.send_messages, telling.tell_owed = claiming, sending, telling_owed
    return connection


def main(deaths: int) -> None:
    parent = os.getpid()
    chance = random.Random(deaths)
    for number in range(10**6):
        point = POINTS[number % len(POINTS)] if number < deaths else NOWHERE
        seed = chance.random()
        child = os.fork()
        if child == 0:
            connection = dying_at(point, random.Random(seed)) if point != NOWHERE else None
            while os.getppid() == parent:
                delivery.deliver_due(timezone.now(), connection=connection)
                time.sleep(0.02)
            os._exit(0)
        print(child, point, flush=True)
        os.waitpid(child, 0)


main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
