"""`manage.py demo`: one command starts everything, and whatever ends it leaves nothing behind."""

import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.databases import ROOT, copy_migrated_sqlite
from tests.network import free_port
from tests.ops.conftest import environment

pytestmark = pytest.mark.stack
Demo = Callable[[int], "subprocess.Popen[str]"]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """Start a demo on a port in a folder of its own; it is ended with the test."""
    running: list[subprocess.Popen[str]] = []

    def start(port: int) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo", "--empty"],
            cwd=ROOT,
            env=environment(tmp_path, PORT=str(port), DEMO="1", DATABASE_URL=f"sqlite:///{tmp_path}/demo.sqlite3"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append(process)
        return process

    copy_migrated_sqlite(tmp_path / "demo.sqlite3")
    yield start
    for process in running:
        if process.poll() is None:
            process.terminate()
            process.wait(60)
        if process.stdout:
            process.stdout.close()


def until_it_runs(process: "subprocess.Popen[str]") -> str:
    """Return what a demo printed up to the line that says how to stop it."""
    assert process.stdout is not None
    printed = ""
    while "Ctrl-C stops everything" not in printed:
        line = process.stdout.readline()
        assert line, f"the demo ended: {printed}"
        printed += line
    return printed


def programs_of(folder: Path) -> list[str]:
    """Return the command of every process that was started for the data in `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"DATA_DIR={folder}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue  # ended meanwhile
    return found


@pytest.mark.full
def test_it_serves_refuses_a_second_one_and_ends_without_a_trace(demo: Demo, tmp_path: Path) -> None:
    port = free_port()
    first = demo(port)
    printed = until_it_runs(first)
    assert f"http://127.0.0.1:{port}" in printed
    assert "agent, lead, admin" in printed
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/login/") as page:
        assert page.status == 200
    assert len([program for program in programs_of(tmp_path) if "celery" in program]) >= 3  # worker, its pool, beat

    second = demo(free_port())
    out, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert "runs already" in out
    assert "Traceback" not in out

    first.send_signal(signal.SIGINT)
    out, _ = first.communicate(timeout=60)
    assert first.returncode == 0, out
    assert "Traceback" not in out
    assert programs_of(tmp_path) == []


def test_a_taken_port_is_said_before_anything_is_started(demo: Demo, tmp_path: Path) -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        out, _ = (process := demo(port)).communicate(timeout=60)
    assert process.returncode == 1
    assert f"Port {port} is taken" in out
    assert not (tmp_path / "broker.sock").exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends children with their parent")
@pytest.mark.full
def test_killed_it_still_leaves_nothing_behind(demo: Demo, tmp_path: Path) -> None:
    process = demo(free_port())
    until_it_runs(process)
    process.kill()
    process.wait()
    end = time.monotonic() + 60
    while left := programs_of(tmp_path):
        assert time.monotonic() < end, left
        time.sleep(0.2)
