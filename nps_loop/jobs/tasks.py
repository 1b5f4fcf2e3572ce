"""When: a job was left to do."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from nps_loop.jobs.running import run_waiting


@shared_task
def run_jobs() -> int:
    return run_waiting(now=timezone.now())
