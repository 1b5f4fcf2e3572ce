"""The Celery application, and `ring`: how the rest of the program says "look now".

The database is the queue. A message only tells a worker to look sooner than the next sweep would, so losing one costs
seconds and never work. That is why publishing may fail, and must fail fast.
"""

import gc
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from celery import Celery, Task, signals
from django.db import close_old_connections, transaction

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nps_loop.settings")

logger = logging.getLogger(__name__)

app = Celery("nps_loop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Celery would close a worker's connections, and the pool they come from, around each task: a new process of
# the database server every time, that knows nothing yet. `_give_back` returns the connection to its pool instead.
app.conf["CELERY_DB_REUSE_MAX"] = sys.maxsize

SWEEP = "followups.tasks.sweep"

# Seconds without a further try after one publish failed: a broker that hangs costs one request its time-out, not all.
QUIET_SECONDS = 30.0
_quiet_until = 0.0


def ring(task: Task, *args: Any, after: int = 0) -> None:
    """Publish `task` with `args` (ids, JSON only) once the running transaction commits; at once outside of one.

    With `after`, a worker looks that many seconds later. Never raises for the broker's sake: what the message announced
    is a row, and the sweep finds it within its interval.
    """
    transaction.on_commit(lambda: _publish(task, args, {"countdown": after} if after else {}))


def _publish(task: Task, args: tuple[Any, ...], options: dict[str, Any]) -> None:
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return
    try:
        task.apply_async(args=args, **options)
    except Exception as error:
        # Whatever the transport raises (and it has many kinds), the row is committed and the answer must go out.
        _quiet_until = time.monotonic() + QUIET_SECONDS
        logger.warning(
            "The broker did not take %s (%s). Publishing pauses for %d s; the sweep does the work meanwhile.",
            task.name,
            type(error).__name__,
            QUIET_SECONDS,
        )


@contextmanager
def without_ringing() -> Iterator[None]:
    """Publish nothing from this process within the block: for a command that plays the past by itself."""
    global _quiet_until
    before, _quiet_until = _quiet_until, float("inf")
    try:
        yield
    finally:
        _quiet_until = before


@signals.worker_process_init.connect
def _settle(**kwargs: Any) -> None:
    """What a worker holds from its start it holds to its end: the collector need not look through it again."""
    gc.freeze()


@signals.task_prerun.connect
@signals.task_postrun.connect
def _give_back(sender: Task, **kwargs: Any) -> None:
    """What a task used goes back to the pool, which hands out none that broke; without a pool it is closed."""
    if not sender.request.is_eager:
        close_old_connections()


@signals.worker_ready.connect
def _look_at_once(**kwargs: Any) -> None:
    """A worker that has just come up looks at what is owed now, rather than at beat's next tick."""
    app.send_task(SWEEP, expires=30)


@signals.task_success.connect
def _note_sweep(sender: Task, **kwargs: Any) -> None:
    """Every sweep that ends well is noted, so that /readyz can tell when they stop."""
    if sender.name == SWEEP:
        from nps_loop.health import note_sweep

        note_sweep(datetime.now(UTC))
