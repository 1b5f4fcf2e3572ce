"""A process that hands over mails in a child of its own, and starts another child whenever one is killed.

`python -m tests.faults.deliverer` prints the process id of each child, one a line. The parent keeps everything loaded,
so that a new child is at work within milliseconds.
"""

import os
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.stack_settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from nps_loop.mail.delivery import deliver_due  # noqa: E402

# A lease of two seconds, so that what a killed process held comes back while the test runs.
settings.EMAIL_TIMEOUT = 0.25

parent = os.getpid()
while True:
    child = os.fork()
    if child == 0:
        while os.getppid() == parent:
            deliver_due(timezone.now())
            time.sleep(0.02)
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
