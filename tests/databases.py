"""Migrated databases for tests, made once and copied: running every migration costs seconds, a copy does not."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
APPS = ("nps_loop", "surveys", "followups")


def copy_migrated_sqlite(target: Path) -> None:
    """Write a SQLite database with every migration applied, and nothing else in it, to `target`."""
    kept = Path(tempfile.gettempdir()) / f"nps-loop-migrated-{os.getuid()}"
    kept.mkdir(mode=0o700, exist_ok=True)
    source = kept / f"{_migrations_digest()}.sqlite3"
    with open(kept / "lock", "w") as lock:
        # Several test processes start at once; one of them migrates.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not source.exists():
            for old in kept.glob("*.sqlite3*"):
                old.unlink()
            unfinished = kept / "unfinished.sqlite3"
            migrate(f"sqlite:///{unfinished}")
            unfinished.rename(source)
        shutil.copy(source, target)


def migrate(url: str) -> None:
    """Apply every migration to the database at `url`, in a process of its own."""
    environment = dict(os.environ, DJANGO_SETTINGS_MODULE="nps_loop.settings", DATABASE_URL=url)
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=environment, check=True, timeout=300
    )


def _migrations_digest() -> str:
    """Return a digest of everything that decides what a migrated database holds: migrations, and seeds they call."""
    digest = hashlib.sha256(django.__version__.encode())
    for app in APPS:
        for file in sorted((ROOT / app).rglob("*.py")):
            if "migrations" in file.parts or "seed" in file.stem or file.name == "apps.py":
                digest.update(file.read_bytes())
    return digest.hexdigest()[:32]
