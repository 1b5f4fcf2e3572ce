"""The settings of `tests.stack`: a deployment's, with static files served from where they lie and quick recovery."""

import os
from datetime import UTC, datetime, timedelta

import time_machine

from nps_loop.settings import *  # noqa: F403
from nps_loop.settings import CELERY_BROKER_TRANSPORT_OPTIONS, STORAGES

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = True
# The tasks of a killed worker come back after seconds instead of minutes; nothing in a test runs for longer.
# A mail that a killed worker held is free again after eight of these.
EMAIL_TIMEOUT = 4
CELERY_BROKER_TRANSPORT_OPTIONS |= {"visibility_timeout": 10, "unacked_restore_interval": 1}
# Nobody of these tests changes their mind.
UNDO_SECONDS = 0

# Weeks later, for everything that runs from then on (`Stack.pass_days`).
if days := int(os.environ.get("STACK_DAYS_AHEAD", "0")):
    time_machine.travel(datetime.now(UTC) + timedelta(days=days), tick=True).start()
