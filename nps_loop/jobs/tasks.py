"""When: a job was left to do."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from nps_loop.jobs.running import run_waiting


# Longer than other tasks may last: a file of a million rows takes minutes. Whether a job is alive is said by its lease.
@shared_task(soft_time_limit=50 * 60, time_limit=55 * 60)
def run_jobs() -> int:
    return run_waiting(now=timezone.now())
