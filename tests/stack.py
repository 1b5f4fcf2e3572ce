"""The whole system as processes of their own: web, worker, beat, on a database and a broker made for one test.

with Stack(email_url=smtp_sink.url) as stack:
    requests to stack.url ...
    stack.kill("worker"); stack.start("worker")
    stack.rows("SELECT state FROM followups_ticket")
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import psycopg

from nps_loop.broker import client, socket_path, start_embedded
from nps_loop.supervising import Child, spawn, wait_for
from tests.databases import ROOT, copy_migrated_postgres, copy_migrated_sqlite, drop_postgres, is_postgres
from tests.network import free_port

SECRET = "only-for-tests-" + "x" * 40
# The last is what a browser test of this process needs, and no deployment has.
NOT_HANDED_ON = ("DEMO", "DEBUG", "DATABASE_URL", "DJANGO_ALLOW_ASYNC_UNSAFE")


class Stack:
    """Web, worker and beat under a supervisor that a test can command. Everything is gone when the block ends.

    `parts` says which processes to start ("web", "worker", "beat"); more workers are called "worker2" and so on, more beats "beat2".
    `sweep_seconds` is the interval of beat's sweep.
    With DATABASE_URL and REDIS_URL set the stack runs on them: an own database, an own key prefix.
    """

    def __init__(
        self,
        *,
        parts: Sequence[str] = ("web", "worker", "beat"),
        email_url: str = "",
        sweep_seconds: int = 2,
        env: dict[str, str] | None = None,
    ) -> None:
        self.parts = parts
        self.children: dict[str, Child] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="nps-loop-stack-")
        self.folder = Path(self._folder.name)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.prefix = f"nps_stack_{uuid.uuid4().hex[:8]}:"
        self.database = ""
        self.broker_url = os.environ.get("REDIS_URL") or f"redis+socket://{socket_path(self.folder)}"
        self.env = {
            **{name: value for name, value in os.environ.items() if name not in NOT_HANDED_ON},
            "DJANGO_SETTINGS_MODULE": "tests.stack_settings",
            "ENV_FILE": os.devnull,
            "DATA_DIR": str(self.folder),
            "SECRET_KEY": SECRET,
            "SITE_URL": self.url,
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "REDIS_KEY_PREFIX": self.prefix,
            "SWEEP_SECONDS": str(sweep_seconds),
            "EMAIL_URL": email_url,
            **(env or {}),
        }

    def __enter__(self) -> Self:
        try:
            self.database = self._make_database()
            self.env["DATABASE_URL"] = self.database
            if not os.environ.get("REDIS_URL"):
                self.start("broker")
            for part in self.parts:
                self.start(part)
            if "web" in self.parts:
                self.wait(lambda: self.get("/healthz")[0] == 200, "web answers", seconds=60)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        for child in reversed(self.children.values()):
            if child.name.startswith("broker"):
                continue
            child.process.send_signal(signal.SIGCONT)
            child.stop(5)
        if os.environ.get("REDIS_URL"):
            server = client(self.broker_url, seconds=5)
            for key in server.scan_iter(f"{self.prefix}*", count=1000):
                server.delete(key)
        elif broker := self.children.get("broker"):
            broker.process.send_signal(signal.SIGCONT)
            broker.stop(5)
        if is_postgres(self.database):
            drop_postgres(self.database)
        self._folder.cleanup()

    def start(self, part: str) -> Child:
        """Start "broker", "web", "beat" or "worker..." and return it; it may have run and ended before."""
        if part == "broker":
            child = start_embedded(self.folder)
            assert child is not None, "a broker answers on the socket of this stack already"
        else:
            child = spawn(part, self._command(part), env=self.env, log=self.folder / f"{part}.log")
        self.children[part] = child
        return child

    def kill(self, part: str, sig: int = signal.SIGKILL) -> None:
        """Send `sig` to `part` and all its own children; after SIGKILL wait until it is gone."""
        child = self.children[part]
        os.killpg(child.process.pid, sig)
        if sig == signal.SIGKILL:
            child.process.wait()

    def restart(self, part: str) -> None:
        """Kill `part` and start it anew."""
        self.kill(part)
        self.start(part)

    def pass_days(self, days: int) -> None:
        """Stop everything, and start it again so many days later."""
        parts = [part for part in self.children if part != "broker"]
        for part in parts:
            self.children.pop(part).stop(10)
        self.env["STACK_DAYS_AHEAD"] = str(int(self.env.get("STACK_DAYS_AHEAD", "0")) + days)
        for part in parts:
            self.start(part)
        if "web" in parts:
            self.wait(lambda: self.get("/healthz")[0] == 200, "web answers", seconds=60)

    def flush_broker(self) -> None:
        """Remove every message of this stack, as a broker that lost its memory."""
        server = client(self.broker_url, seconds=5)
        if os.environ.get("REDIS_URL"):
            for key in server.scan_iter(f"{self.prefix}*", count=1000):
                server.delete(key)
        else:
            server.flushall()

    def manage(self, *arguments: str, check: bool = True, **options: Any) -> "subprocess.CompletedProcess[str]":
        """Run a management command against this stack's database and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=300,
            **options,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def python(self, code: str) -> str:
        """Run `code` with Django set up on this stack's database and return what it printed."""
        return self.manage("shell", "--no-imports", "-v", "0", "-c", code).stdout

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query (`%s` for parameters) on this stack's database, from outside of the program."""
        if self.database.startswith("sqlite"):
            with _sqlite(self.database.removeprefix("sqlite:///")) as connection:
                return list(connection.execute(sql.replace("%s", "?"), parameters))
        with psycopg.connect(self.database) as server:
            return list(server.execute(sql, parameters))  # type: ignore[arg-type]

    def get(self, path: str) -> tuple[int, str]:
        """Return status and body of a GET; status 0 when nobody answers."""
        return self.request("GET", path)

    def post(self, path: str, body: Any, **headers: str) -> tuple[int, str]:
        """POST `body` as JSON; `headers` with underscores for hyphens. Status 0 when nobody answers."""
        return self.request("POST", path, body, **headers)

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """Send one request and return status and body; status 0 and the reason when nobody answers."""
        request = urllib.request.Request(self.url + path, method=method)
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except OSError as error:
            return 0, str(error)

    def wait(self, condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
        """Wait until `condition()`; fail with `what` and the last words of every process after `seconds`."""
        if wait_for(condition, seconds):
            return
        logs = "\n\n".join(f"{child.name}:\n{child.last_lines()}" for child in self.children.values())
        raise AssertionError(f"not within {seconds} s: {what}\n\n{logs}")

    def _command(self, part: str) -> list[str]:
        python = [sys.executable, "-m"]
        if part == "web":
            bind = ["--bind", f"127.0.0.1:{self.port}", "--worker-class", "gthread", "--workers", "2", "--threads", "4"]
            return [*python, "gunicorn", "nps_loop.wsgi", *bind, "--graceful-timeout", "2", "--log-level", "warning"]
        if part.startswith("beat"):
            # Each remembers for itself when it last rang, as on machines of their own.
            own = ["--schedule", str(self.folder / f"{part}-schedule")]
            return [*python, "celery", "-A", "nps_loop", "beat", "--pidfile=", "--max-interval", "1", *own]
        quiet = ["--without-gossip", "--without-mingle"]
        return [
            *python,
            "celery",
            "-A",
            "nps_loop",
            "worker",
            "--concurrency",
            "2",
            "--hostname",
            f"{part}@stack",
            *quiet,
        ]

    def _make_database(self) -> str:
        url = os.environ.get("DATABASE_URL", "")
        if is_postgres(url):
            return copy_migrated_postgres(url, f"nps_stack_{uuid.uuid4().hex[:8]}")
        target = self.folder / "stack.sqlite3"
        copy_migrated_sqlite(target)
        return f"sqlite:///{target}"


@contextmanager
def _sqlite(path: str) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, timeout=20)
    try:
        yield connection
    finally:
        connection.close()
