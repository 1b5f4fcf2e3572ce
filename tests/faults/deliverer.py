"""A process that does nothing but hand over mails: `python -m tests.faults.deliverer RUNS`, 0 runs until it is killed."""

import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.stack_settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from nps_loop.mail.delivery import deliver_due  # noqa: E402

# A lease of two seconds, so that what a killed process held comes back while the test runs.
settings.EMAIL_TIMEOUT = 0.25

runs = int(sys.argv[1])
done = 0
while not runs or done < runs:
    deliver_due(timezone.now())
    done += 1
    time.sleep(0.02)
