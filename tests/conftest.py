"""What every test may ask for: a broker, a mail server, a running system, a browser."""

import gc
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.db.models.signals import post_migrate
from django.utils import translation
from hypothesis import HealthCheck, settings

from nps_loop.broker import NoBroker, client, socket_path, start_embedded
from tests import chromium
from tests.databases import copy_migrated_sqlite
from tests.network import free_port

# A shared machine is slow at times; a property is wrong or right, not late.
settings.register_profile("default", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The full counts: ten times as many examples, answers and lives. `.ci/run` takes them on PostgreSQL.
settings.register_profile("full", parent=settings.get_profile("default"), max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


FULL = os.environ.get("HYPOTHESIS_PROFILE") == "full"


def counted(everyday: int, full: int) -> int:
    """How often something is done: the full count where there is time for it, fewer every day."""
    return full if FULL else everyday


def pytest_configure(config: pytest.Config) -> None:
    """Say to the processes beside this one whether files were named; they are told their files one way or the other."""
    if not hasattr(config, "workerinput"):
        named = config.args_source is not pytest.Config.ArgsSource.TESTPATHS
        os.environ["TESTS_LEFT_OUT"] = "" if FULL or named else "full"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest; leave out what is marked `full`, unless the counts are full or its file was named."""
    # Begun last, one process would sit at it while the others have nothing left to take from it.
    items.sort(key=lambda item: item.get_closest_marker("longest") is None)
    if not os.environ["TESTS_LEFT_OUT"]:
        return
    left_out = [item for item in items if item.get_closest_marker("full")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("full")]


def pytest_collection_finish() -> None:
    """Thousands of tests stay for as long as the run does: the collector need not walk them again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Nobody shall think that all was run when it was not."""
    if os.environ["TESTS_LEFT_OUT"]:
        terminalreporter.write_line("Left out: the long tests, marked `full`. HYPOTHESIS_PROFILE=full runs them too.")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Put a copy of a migrated SQLite database where the run expects to make one."""
    if connection.vendor == "sqlite":
        copy_migrated_sqlite(Path(connection.settings_dict["TEST"]["NAME"]))


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest) -> bool:
    """The copy is there already; its folder goes with the run."""
    return connection.vendor == "sqlite" or bool(request.config.getvalue("reuse_db"))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """A process asks for its pepper once: not in the middle of a test that counts queries."""
    from followups.models import RollupMark
    from nps_loop.mail import fingerprints

    with django_db_blocker.unblock():
        fingerprints.fingerprint()

    def forget_marks(**_: object) -> None:
        """What a flush deletes marks its days, and the marks may be deleted before that."""
        RollupMark.objects.all().delete()

    post_migrate.connect(forget_marks, sender=apps.get_app_config("followups"), weak=False)


@pytest.fixture(autouse=True)
def _broker_not_avoided(monkeypatch: pytest.MonkeyPatch) -> None:
    """A publish that failed in one test must not silence the broker in the next."""
    monkeypatch.setattr("nps_loop.celery._quiet_until", 0.0)


@pytest.fixture(autouse=True)
def _language_not_kept() -> None:
    """The language of the last request stays with its thread, which is the one of the next test."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def _requests_not_counted_on() -> None:
    """Requests are counted by user and minute; where time stands still, the next test's user has the same key."""
    cache.clear()


@dataclass(frozen=True)
class Broker:
    """A broker for tests: its Celery URL, the prefix that keeps its keys apart and the process if we started it."""

    url: str
    prefix: str
    pid: int | None

    def clear(self) -> None:
        """Remove our keys: all of a server of our own, only those with our prefix of somebody else's."""
        server = client(self.url, seconds=5)
        if self.pid is not None:
            server.flushall()
        else:
            for key in server.scan_iter(f"{self.prefix}*", count=1000):
                server.delete(key)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """The broker of this test process: REDIS_URL with a key prefix of its own, else a server started for it."""
    prefix = f"nps_test_{uuid.uuid4().hex[:8]}:"
    if url := os.environ.get("REDIS_URL"):
        broker = Broker(url, prefix, None)
        yield broker
        broker.clear()
        return
    folder = tmp_path_factory.mktemp("broker")
    try:
        child = start_embedded(folder)
    except NoBroker as missing:
        pytest.skip(str(missing))
    assert child is not None
    yield Broker(f"redis+socket://{socket_path(folder)}", prefix, child.process.pid)
    child.stop()


@dataclass
class SmtpSink:
    """A mail server that keeps what it is given; `answer` decides the reply to each mail after its data."""

    port: int
    mails: list["Received"] = field(default_factory=list)
    answer: str = "250 OK"

    @property
    def url(self) -> str:
        """EMAIL_URL of this server."""
        return f"smtp://127.0.0.1:{self.port}"

    def wait_for(self, count: int, seconds: float = 10.0) -> list["Received"]:
        """Return the mails once there are `count` of them; fails after `seconds`."""
        end = time.monotonic() + seconds
        while len(self.mails) < count:
            assert time.monotonic() < end, f"{len(self.mails)} of {count} mails after {seconds} s"
            time.sleep(0.02)
        return list(self.mails)


@dataclass(frozen=True)
class Received:
    """One mail as the server took it."""

    sender: str
    recipients: list[str]
    message: EmailMessage

    def part(self, kind: str) -> str:
        """Return the body of `kind` ("plain" or "html") as text."""
        body = self.message.get_body((kind,))
        assert body is not None, f"no {kind} part"
        return str(body.get_content())


class _Handler:
    def __init__(self, sink: SmtpSink) -> None:
        self.sink = sink

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.sink.answer.startswith("2"):
            content = envelope.original_content or b""
            message = message_from_bytes(content, policy=policy.default)
            self.sink.mails.append(Received(str(envelope.mail_from), list(envelope.rcpt_tos), message))
        return self.sink.answer


@contextmanager
def running_sink() -> Iterator[SmtpSink]:
    """A real SMTP server on a free port of this machine, for as long as the block runs."""
    sink = SmtpSink(free_port())
    controller = Controller(_Handler(sink), hostname="127.0.0.1", port=sink.port, ready_timeout=20)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    """A real SMTP server of this test's own."""
    with running_sink() as sink:
        yield sink


@pytest.fixture(scope="session")
def _chromium() -> Iterator[Any]:
    executable = chromium.program()
    if executable is None:
        pytest.skip("no Chromium on PATH (apt install chromium)")
    with chromium.launched(executable) as browser:
        yield browser


@pytest.fixture
def browser(_chromium: Any) -> Iterator[Any]:
    """Debian's Chromium under Playwright (its `Browser`); skips by name where there is none."""
    yield _chromium
    for context in _chromium.contexts:
        context.close()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real input beside this checkout; skips by name where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data" / "real"
    if not folder.is_dir():
        pytest.skip(f"no real input in {folder.parent.parent.name}/data/real")
    return folder
