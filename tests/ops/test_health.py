"""/healthz says that a process serves; /readyz that everything it needs does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django import Settings

from nps_loop.health import note_sweep
from tests.conftest import Broker


@pytest.fixture
def well(db: None, redis_server: Broker, settings: Settings) -> Iterator[Settings]:
    """A system in which everything works: a broker, and a sweep a moment ago."""
    settings.CELERY_BROKER_URL = redis_server.url
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": redis_server.prefix}
    note_sweep(datetime.now(UTC))
    yield settings
    redis_server.clear()


def asked(client: Client) -> tuple[int, dict[str, Any]]:
    response = client.get("/readyz")
    return response.status_code, response.json()["checks"]


def test_healthz_needs_neither_database_nor_broker(client: Client) -> None:
    # Without the `db` fixture a query would fail the test.
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-store" in response["Cache-Control"]


def test_all_is_well(client: Client, well: Settings) -> None:
    status, checks = asked(client)
    assert status == 200
    assert checks.pop("sweep").startswith("ok, ")
    assert checks == {"database": "ok", "migrations": "ok", "broker": "ok", "mailbox": "ok, none is read"}


def test_a_broker_that_does_not_answer_is_named(client: Client, well: Settings, tmp_path: Any) -> None:
    well.CELERY_BROKER_URL = f"redis+socket://{tmp_path}/nobody.sock"
    status, checks = asked(client)
    assert status == 503
    assert checks["broker"] == "does not answer (ConnectionError)"
    assert checks["database"] == "ok"


def test_a_beat_that_stopped_is_named_with_its_age(client: Client, well: Settings) -> None:
    note_sweep(datetime.now(UTC) - timedelta(minutes=10))
    status, checks = asked(client)
    assert status == 503
    assert checks["sweep"] == "last one 600 s ago: are worker and beat running?"


def test_before_the_first_sweep_it_is_not_ready(client: Client, well: Settings, redis_server: Broker) -> None:
    redis_server.clear()
    status, checks = asked(client)
    assert status == 503
    assert checks["sweep"].startswith("none yet")


def test_a_pending_migration_is_named(client: Client, well: Settings) -> None:
    MigrationRecorder(connection).migration_qs.filter(app="people").delete()
    status, checks = asked(client)
    assert status == 503
    assert "manage.py migrate" in checks["migrations"]


def test_neither_page_changes_anything_or_takes_a_post(client: Client, db: None) -> None:
    assert client.post("/healthz").status_code == 405
    assert client.post("/readyz").status_code == 405
