"""Starting other programs so that none outlives us: the demo's web, worker, beat and broker."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1


class Child:
    """A program started by `spawn`, with the name people know it by and the file its output goes to."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]", log: Path | None) -> None:
        self.name = name
        self.process = process
        self.log = log

    @property
    def running(self) -> bool:
        """Whether the program is still alive."""
        return self.process.poll() is None

    def stop(self, seconds: float = 10.0) -> None:
        """Ask the program to end (SIGTERM); end it for good when it has not after `seconds`."""
        if not self.running:
            return
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            # With its own children: a program that hangs does not end them either.
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def last_lines(self, count: int = 15) -> str:
        """Return the end of what the program printed, for an error message."""
        if self.log is None or not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])


def spawn(name: str, command: Sequence[str], *, env: Mapping[str, str] | None = None, log: Path | None = None) -> Child:
    """Start `command` in a session of its own, its output in `log`, and return it as a `Child`.

    An own session, because Ctrl-C reaches every process of a terminal's group at once, and the broker must go last.
    Raises OSError when the program cannot be started.
    """
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
    with open(log or "/dev/null", "wb") as output:
        process = subprocess.Popen(
            list(command),
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent(),
        )
    return Child(name, process, log)


def stop_all(children: Sequence[Child], seconds: float = 10.0) -> None:
    """Stop `children` last started first, so that nobody loses the broker before having put work back."""
    for child in reversed(children):
        child.stop(seconds)


def wait_for(condition: Callable[[], bool], seconds: float, pause: float = 0.1) -> bool:
    """Return True as soon as `condition()` is, False when it is not within `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


def _end_with_parent() -> Callable[[], object] | None:
    """Return what the child runs before its program starts, so that Linux ends it when we are killed."""
    if not sys.platform.startswith("linux"):
        return None
    # Loaded here and not in the child: between fork and exec nothing may be imported.
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
