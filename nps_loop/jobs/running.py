"""Running long work: claimed with a lease, so that what a dead worker left is taken up by another where it stopped."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.db.models import F, Q
from django.utils import timezone, translation

from nps_loop.celery import ring
from nps_loop.jobs.models import Job
from nps_loop.people.models import User

logger = logging.getLogger(__name__)

# A handler gets the job and a function that keeps its lease (and its progress) alive; it returns the result as JSON.
Handler = Callable[[Job, Callable[..., None]], dict[str, Any]]
handlers: dict[str, Handler] = {}
# Kinds that may last longer than a task that does other things too may run.
long_kinds: set[str] = set()

LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 3


class Unworkable(Exception):
    """The job as a whole cannot be done, and trying again would not help. The message is for a person."""


def register(kind: str, handler: Handler, *, lasts_long: bool = False) -> None:
    """Called by an app when it starts. What `lasts_long` is done by a task of its own, where there are such."""
    handlers[kind] = handler
    if lasts_long:
        long_kinds.add(kind)


def start(
    kind: str,
    *,
    parameters: dict[str, Any],
    created_by: User | None,
    now: datetime,
    file: File[bytes] | None = None,
    file_name: str = "",
    total: int = 0,
) -> Job:
    """Keep a job to do; a worker takes it as soon as the transaction commits, the next sweep at the latest."""
    job = Job(
        kind=kind, parameters=parameters, created_by=created_by, created_at=now, file_name=file_name[:255], total=total
    )
    if file is not None:
        job.file.save(file_name or kind, file, save=False)
    job.save()
    from nps_loop.jobs.tasks import run_jobs

    ring(run_jobs)
    return job


def run_waiting(*, now: datetime, leave_long: bool = False) -> int:
    """Do every job that waits or whose worker died, one after the other. Returns how many were done.

    With `leave_long`, for a task that must soon be over, those of long kinds are left to the task that does only this.
    """
    done = 0
    while (job := _claim(now, leave_long)) is not None:
        _run(job)
        done += 1
    if leave_long and Job.objects.filter(_free(now), kind__in=long_kinds).exists():
        from nps_loop.jobs.tasks import run_jobs

        ring(run_jobs)
    return done


def run_now(job: Job, *, now: datetime) -> None:
    """Do this job here, while somebody waits for it, unless a worker has taken it already."""
    if _take(job, now):
        _run(job)
    job.refresh_from_db()


def _claim(now: datetime, leave_long: bool) -> Job | None:
    free = Job.objects.filter(_free(now))
    if leave_long:
        free = free.exclude(kind__in=long_kinds)
    return next((job for job in free.order_by("pk")[:20] if _take(job, now)), None)


def _free(now: datetime) -> Q:
    return Q(state=Job.State.WAITING) | Q(state=Job.State.RUNNING, leased_until__lt=now)


def _take(job: Job, now: datetime) -> bool:
    """Make a job this process's own; False where another was faster."""
    won = Job.objects.filter(_free(now), pk=job.pk, attempts=job.attempts).update(
        state=Job.State.RUNNING,
        leased_until=now + LEASE,
        started_at=job.started_at or now,
        attempts=F("attempts") + 1,
    )
    if won:
        job.refresh_from_db()
    return bool(won)


def _run(job: Job) -> None:
    def alive(**progress: Any) -> None:
        Job.objects.filter(pk=job.pk).update(leased_until=timezone.now() + LEASE, **progress)

    try:
        handler = handlers.get(job.kind)
        if handler is None:
            raise Unworkable(f"Nobody knows how to do “{job.kind}”.")
        # What it finds is kept in the words of whoever asked for it.
        with translation.override(job.created_by.language if job.created_by else settings.LANGUAGE_CODE):
            result = handler(job, alive)
    except Unworkable as error:
        _end(job, Job.State.FAILED, error=str(error))
    except Exception as error:
        logger.exception("Job %s (%s) raised.", job.pk, job.kind)
        if job.attempts >= MAX_ATTEMPTS:
            _end(job, Job.State.FAILED, error=f"It stopped three times. The last reason: {type(error).__name__}.")
        else:
            Job.objects.filter(pk=job.pk).update(
                state=Job.State.RUNNING, leased_until=timezone.now() + timedelta(seconds=30)
            )
    else:
        _end(job, Job.State.DONE, result=result)


def _end(job: Job, state: str, **fields: Any) -> None:
    Job.objects.filter(pk=job.pk).update(state=state, finished_at=timezone.now(), leased_until=None, **fields)
