"""The systemd units in deploy/: their commands start as they stand there, and together they serve."""

import re
import shlex
import sys
from configparser import RawConfigParser
from pathlib import Path

import pytest

from nps_loop.supervising import Child, spawn
from tests.databases import ROOT
from tests.stack import Stack

UNITS = sorted((ROOT / "deploy").glob("*.service"))


def unit(path: Path) -> RawConfigParser:
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(path)
    return parser


def test_there_is_a_unit_for_each_program() -> None:
    assert [path.name for path in UNITS] == ["nps-loop-beat.service", "nps-loop-web.service", "nps-loop-worker.service"]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_runs_without_rights_and_comes_back(path: Path) -> None:
    service = unit(path)["Service"]
    assert service["User"] == "nps-loop"
    assert service["NoNewPrivileges"] == "true"
    assert service["ProtectSystem"] == "strict"
    assert service["Restart"] == "always"
    assert service["WorkingDirectory"] == "/opt/nps-loop"


@pytest.mark.stack
@pytest.mark.full
def test_the_units_commands_start_and_serve_together() -> None:
    # A deployment's own settings, with hashed and compressed static files.
    with Stack(parts=(), env={"DJANGO_SETTINGS_MODULE": "nps_loop.settings"}) as stack:
        stack.manage("collectstatic", "--noinput")
        started: list[Child] = []
        try:
            for path in UNITS:
                command = unit(path)["Service"]["ExecStart"]
                command = command.replace("/opt/nps-loop/.venv/bin/", f"{Path(sys.executable).parent}/")
                command = command.replace("127.0.0.1:8000", f"127.0.0.1:{stack.port}").replace("%H", "this-host")
                started.append(spawn(path.stem, shlex.split(command), env=stack.env, log=stack.folder / path.stem))
            stack.children |= {child.name: child for child in started}
            stack.wait(lambda: stack.get("/readyz")[0] == 200, "the units serve", seconds=60)
            assert all(child.running for child in started)
            status, page = stack.get("/login/")
            assert status == 200
            (style,) = re.findall(r'href="(/static/app\.[0-9a-f]{12}\.css)"', page)
            assert stack.get(style)[0] == 200
        finally:
            for child in started:
                child.stop()
