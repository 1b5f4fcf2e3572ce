"""Migrated databases for tests, made once and copied: running every migration costs seconds, a copy does not."""

import atexit
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import django
import psycopg

ROOT = Path(__file__).resolve().parent.parent
APPS = ("nps_loop", "surveys", "followups")
KEPT = 12


def copy_migrated_sqlite(target: Path) -> None:
    """Write a SQLite database with every migration applied, and nothing else in it, to `target`."""
    kept = Path(tempfile.gettempdir()) / f"nps-loop-migrated-{os.getuid()}"
    kept.mkdir(mode=0o700, exist_ok=True)
    source = kept / f"{_migrations_digest()}.sqlite3"
    with open(kept / "lock", "w") as lock:
        # Several test processes start at once; one of them migrates.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not source.exists():
            # A few are kept, for whoever works on several branches at once.
            for old in sorted(kept.glob("*.sqlite3*"), key=lambda file: file.stat().st_mtime)[:-KEPT]:
                old.unlink()
            unfinished = kept / "unfinished.sqlite3"
            _migrate(f"sqlite:///{unfinished}")
            unfinished.rename(source)
        shutil.copy(source, target)


def copy_migrated_postgres(server: str, name: str) -> str:
    """Make the database `name` on the server of the URL `server`, with every migration applied; return its URL."""
    template = _postgres_template(server)
    with psycopg.connect(beside(server, "postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return beside(server, name)


def drop_postgres(url: str) -> None:
    """Drop the database at `url`, whoever is still connected to it."""
    name = urlsplit(url).path.lstrip("/")
    with psycopg.connect(beside(url, "postgres"), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def postgres_exists(url: str) -> bool:
    """Return whether the database at `url` is there."""
    with psycopg.connect(beside(url, "postgres"), autocommit=True) as connection:
        name = urlsplit(url).path.lstrip("/")
        return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def beside(url: str, name: str) -> str:
    """Return `url` with the database `name` on the same server."""
    parts = urlsplit(url)
    # Without a host, urlunsplit would drop the slashes that say so.
    return urlunsplit(parts._replace(scheme="postgres", path=f"/{name}")) if parts.netloc else f"postgres:///{name}"


def is_postgres(url: str) -> bool:
    """Return whether `url` names a PostgreSQL database."""
    return url.startswith(("postgres", "psql", "pgsql"))


@cache
def _postgres_template(server: str) -> str:
    """Return a migrated database that lives as long as this process."""
    name = f"nps_template_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(beside(server, "postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    atexit.register(drop_postgres, beside(server, name))
    _migrate(beside(server, name))
    return name


def _migrate(url: str) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "nps_loop.settings",
        "ENV_FILE": os.devnull,
        "SECRET_KEY": "only-for-tests",
        "DATABASE_URL": url,
    }
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--skip-checks"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=300)


def _migrations_digest() -> str:
    """Return a digest of everything that decides what a migrated database holds: migrations, seeds they call, triggers."""
    digest = hashlib.sha256(django.__version__.encode())
    for app in APPS:
        for file in sorted((ROOT / app).rglob("*.py")):
            if "migrations" in file.parts or "seed" in file.stem or "triggers" in file.stem or file.name == "apps.py":
                digest.update(file.read_bytes())
    return digest.hexdigest()[:32]
