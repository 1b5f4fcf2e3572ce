"""/healthz (this process answers) and /readyz (everything it needs answers too)."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import RedisError

from nps_loop.broker import client

logger = logging.getLogger(__name__)

# A sweep may be late by three intervals before somebody should look: a worker busy with an import is no fault.
SWEEPS_MISSED = 3


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 as long as this process serves requests at all: what a load balancer asks."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when database, migrations, broker and sweep are all well, else 503: what monitoring asks.

    The body names each part with `ok` or what is wrong, and the age of the last sweep in seconds.
    """
    now = datetime.now(UTC)
    checks = {name: check(now) for name, check in CHECKS.items()}
    well = all(outcome.startswith("ok") for outcome in checks.values())
    return JsonResponse({"status": "ok" if well else "failing", "checks": checks}, status=200 if well else 503)


def database(now: datetime) -> str:
    """Return `ok` when the database answers a query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        return f"does not answer ({type(error).__name__})"
    return "ok"


def migrations(now: datetime) -> str:
    """Return `ok` when no migration of this version of the program is waiting to be applied."""
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error as error:
        return f"unknown ({type(error).__name__})"
    return f"{len(pending)} not applied: run manage.py migrate" if pending else "ok"


def broker(now: datetime) -> str:
    """Return `ok` when the broker answers PING within a second."""
    try:
        client(settings.CELERY_BROKER_URL).ping()
    except RedisError as error:
        return f"does not answer ({type(error).__name__})"
    return "ok"


def sweep(now: datetime) -> str:
    """Return `ok` and the age of the last sweep, or for how long beat and a worker have not brought one about."""
    try:
        last = client(settings.CELERY_BROKER_URL).get(_last_sweep_key())
    except RedisError as error:
        return f"unknown ({type(error).__name__})"
    if last is None:
        return "none yet: are worker and beat running?"
    age = now - datetime.fromisoformat(str(last))
    seconds = max(0, round(age.total_seconds()))
    if age > timedelta(seconds=settings.SWEEP_SECONDS * SWEEPS_MISSED):
        return f"last one {seconds} s ago: are worker and beat running?"
    return f"ok, {seconds} s ago"


def note_sweep(now: datetime) -> None:
    """Remember in the broker that a sweep ended at `now` (UTC), for /readyz of every web process."""
    try:
        client(settings.CELERY_BROKER_URL).set(_last_sweep_key(), now.isoformat())
    except RedisError as error:
        logger.warning("The end of a sweep could not be noted in the broker (%s).", type(error).__name__)


def _last_sweep_key() -> str:
    return f"{settings.CELERY_BROKER_TRANSPORT_OPTIONS['global_keyprefix']}last-sweep"


CHECKS: dict[str, Callable[[datetime], str]] = {
    "database": database,
    "migrations": migrations,
    "broker": broker,
    "sweep": sweep,
}
