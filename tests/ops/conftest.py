"""Running the program as an operator does: as a process with an environment of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.databases import ROOT

SETTINGS = (
    "SECRET_KEY",
    "DATABASE_URL",
    "REDIS_URL",
    "EMAIL_URL",
    "ALLOWED_HOSTS",
    "SITE_URL",
    "DEBUG",
    "DEMO",
    "PORT",
    "DJANGO_ALLOW_ASYNC_UNSAFE",  # what a browser test of the same process needs, and no deployment has
)
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def manage(tmp_path: Path) -> Run:
    """Call `manage(*arguments, **settings)`: a management command in an environment that has only these settings."""

    def run(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment(tmp_path, **settings),
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.fixture
def setting(tmp_path: Path) -> Callable[..., str]:
    """Call `setting(name, **settings)`: what the settings module makes of an environment with only these settings."""

    def read(name: str, **settings: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", f"from nps_loop import settings; print(settings.{name})"],
            cwd=ROOT,
            env=environment(tmp_path, **settings),
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        ).stdout.strip()

    return read


def environment(data: Path, **settings: str) -> dict[str, str]:
    """Return this process's environment without any of its settings, with `settings` and the folder `data` instead."""
    kept = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    kept |= {"DJANGO_SETTINGS_MODULE": "nps_loop.settings", "ENV_FILE": os.devnull, "DATA_DIR": str(data)}
    return kept | settings
