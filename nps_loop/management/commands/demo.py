"""`manage.py demo`: the whole system on this machine, with sample answers, until Ctrl-C."""

import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from django.conf import settings
from django.core.management import get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, connections

from nps_loop.broker import NoBroker, start_embedded
from nps_loop.supervising import Child, spawn, stop_all, wait_for

READY_SECONDS = 60.0
LOGINS = ("agent", "lead", "admin")


class Command(BaseCommand):
    help = "Loads sample answers into an empty database, starts web, worker, beat and broker, and stops them on Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--empty", action="store_true", help="start without sample answers and without live ones")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            # The demo's settings differ (no mail server, own secret), and settings are read once: start over with them.
            os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "DEMO": "1"})  # noqa: S606
        port = int(os.environ.get("PORT", "8000"))
        lock = _take_lock(settings.DATA_DIR / "demo.lock", port)
        _check_free(port)
        for sig in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sig, _interrupt)
        children: list[Child] = []
        try:
            self._prepare(children, samples=not options["empty"])
            self._start(children, port)
            if not options["empty"]:
                self._feed(children)
            self._announce(port)
            self._watch(children)
        except KeyboardInterrupt:
            self.stdout.write("\nStopping ...")
        finally:
            # From here on nothing may interrupt: a second Ctrl-C would leave programs behind.
            for sig in (signal.SIGINT, signal.SIGTERM):
                signal.signal(sig, signal.SIG_IGN)
            stop_all(children)
            lock.close()

    def _prepare(self, children: list[Child], samples: bool) -> None:
        """Bring the database up to date, and fill it where it is empty and `samples` are wanted."""
        self._run(children, "Collecting static files", "collectstatic", "--no-input")
        file = Path(settings.DATABASES["default"]["NAME"]) if connection.vendor == "sqlite" else None
        if samples and file and not file.exists():
            # Filled under another name first: a demo stopped half-way starts over instead of showing half a company.
            unfinished = file.with_name(f"unfinished-{file.name}")
            for left in file.parent.glob(f"{unfinished.name}*"):
                left.unlink()
            aside = {"DATABASE_URL": f"sqlite:///{unfinished}"}
            self._run(children, "Preparing the database", "migrate", **aside)
            self._run(children, "Loading sample answers (once, about a minute)", "load_samples", **aside)
            unfinished.rename(file)
            return
        self._run(children, "Preparing the database", "migrate")
        if samples and not _has_answers():
            self._run(children, "Loading sample answers (once, about a minute)", "load_samples")
        # The programs started from here on are the only ones to hold connections.
        connections.close_all()

    def _run(self, children: list[Child], what: str, command: str, *options: str, **env: str) -> None:
        """Run one management command to its end. Raises CommandError with its last words when it fails."""
        self.stdout.write(f"{what} ...")
        self.stdout.flush()
        log = settings.DATA_DIR / "log" / f"{command}.log"
        words = [sys.executable, "manage.py", command, "--skip-checks", *options]
        child = spawn(command, words, env={**os.environ, **env}, log=log)
        children.append(child)
        if child.process.wait():
            raise CommandError(f"manage.py {command} failed; the end of {log}:\n{child.last_lines()}")
        children.remove(child)

    def _start(self, children: list[Child], port: int) -> None:
        if not settings.REDIS_URL:
            try:
                broker = start_embedded(settings.DATA_DIR)
            except NoBroker as missing:
                raise CommandError(str(missing)) from missing
            if broker is not None:
                children.append(broker)
        logs = settings.DATA_DIR / "log"
        for name, command in _commands(port).items():
            children.append(spawn(name, command, log=logs / f"{name}.log"))
        ready = wait_for(lambda: _is_ready(port) or not all(child.running for child in children), READY_SECONDS)
        if not ready or not all(child.running for child in children):
            self._fail(children)

    def _feed(self, children: list[Child]) -> None:
        """Let a few more answers come in, one by one, so that one sees tickets appear and find their owner."""
        if "feed_samples" in get_commands():
            command = [sys.executable, "manage.py", "feed_samples"]
            children.append(spawn("feeder", command, log=settings.DATA_DIR / "log" / "feeder.log"))

    def _announce(self, port: int) -> None:
        self.stdout.write(f"\n  nps_loop is running at http://127.0.0.1:{port}\n")
        self.stdout.write(f"  Log in as {', '.join(LOGINS)}; the password is demo.")
        self.stdout.write("  What customers were mailed is under /mailbox/. Ctrl-C stops everything.\n")
        self.stdout.flush()

    def _watch(self, children: list[Child]) -> None:
        """Return never while all is well; the feeder alone may come to its end."""
        while all(child.running for child in children if child.name != "feeder"):
            time.sleep(0.5)
        self._fail(children)

    def _fail(self, children: list[Child]) -> None:
        for child in children:
            if not child.running and child.name != "feeder":
                raise CommandError(f"{child.name} ended by itself; the end of {child.log}:\n{child.last_lines()}")
        raise CommandError(f"Not ready after {READY_SECONDS:.0f} s; see the logs in {settings.DATA_DIR / 'log'}")


def _commands(port: int) -> dict[str, list[str]]:
    """Return what to start, in this order; the same programs as in deploy/, smaller."""
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "--app", "nps_loop"]
    return {
        "web": [
            *[*python, "gunicorn", "nps_loop.wsgi", "--bind", f"127.0.0.1:{port}", "--log-level", "warning"],
            *["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--graceful-timeout", "3"],
        ],
        "worker": [*celery, "worker", "--concurrency", "2", "--without-gossip", "--without-mingle"],
        "beat": [*celery, "beat", "--pidfile="],
    }


def _check_free(port: int) -> None:
    """Raise CommandError when something listens on `port` already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as taken:
            raise CommandError(f"Port {port} is taken. Choose another one: PORT=8001 python3 dev.py demo") from taken


def _take_lock(path: Path, port: int) -> TextIO:
    """Return the open lock of this folder's demo. Raises CommandError when a demo of this folder runs already."""
    import fcntl

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = open(path, "a+")  # noqa: SIM115  (held open as long as the demo runs)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as held:
        file.seek(0)
        raise CommandError(f"A demo of this folder runs already ({file.read().strip()}). Stop it first.") from held
    file.truncate(0)
    file.write(f"process {os.getpid()}, http://127.0.0.1:{port}")
    file.flush()
    return file


def _has_answers() -> bool:
    from surveys.models import Response

    return Response.objects.exists()


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
