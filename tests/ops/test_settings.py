"""Which settings start, which are refused, and what a deployment's settings say to the browser."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ops.conftest import Run

PRODUCTION = {
    "SECRET_KEY": "kXv8c3mJq0Zr5tYwB7nH2sLd9fGaP4uE6iCoV1xKjRzQ-bT5eNhM2y",
    "SITE_URL": "https://loop.example.com",
    "EMAIL_URL": "smtp+tls://user:p%40ss@mail.example.com:587",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
}
Setting = Callable[..., str]


@pytest.mark.parametrize(
    "settings",
    [
        {"SITE_URL": "https://loop.example.com"},
        {"ALLOWED_HOSTS": "loop.example.com"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_a_deployment_without_secret_does_not_start_and_says_how_to_make_one(
    manage: Run, settings: dict[str, str]
) -> None:
    done = manage("check", **settings)
    assert done.returncode != 0
    assert "SECRET_KEY is not set" in done.stderr.splitlines()[-1]
    assert "secrets.token_urlsafe" in done.stderr.splitlines()[-1]


def test_on_a_developers_machine_a_secret_is_made_once_and_only_for_this_account(
    setting: Setting, tmp_path: Path
) -> None:
    first = setting("SECRET_KEY")
    assert len(first) > 50
    assert setting("SECRET_KEY") == first
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_nothing_set_means_local_and_not_debug(setting: Setting) -> None:
    assert setting("DEBUG") == "False"
    assert setting("PRODUCTION") == "False"
    assert setting("ALLOWED_HOSTS") == "['localhost', '127.0.0.1', '[::1]']"
    assert setting("SITE_URL", PORT="8123") == "http://127.0.0.1:8123"


def test_a_complete_deployment_passes_every_deployment_check(manage: Run) -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"SITE_URL": ""}, "nps_loop.W004"),
        ({"SITE_URL": "http://loop.example.com"}, "nps_loop.W001"),
        ({"EMAIL_URL": ""}, "nps_loop.W002"),
        ({"REDIS_URL": ""}, "nps_loop.W003"),
        ({"DEBUG": "on", "ALLOWED_HOSTS": "loop.example.com"}, "nps_loop.E001"),
        ({"SECRET_KEY": "short"}, "security.W009"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_each_setting_that_will_surprise_is_named_with_what_to_do(
    manage: Run, changed: dict[str, str], said: str
) -> None:
    done = manage("check", "--deploy", "--tag", "security", "--fail-level", "WARNING", **(PRODUCTION | changed))
    assert done.returncode == 1
    assert said in done.stderr


def test_the_demo_never_mails_and_never_reads_a_deployments_file(setting: Setting, tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("EMAIL_URL=smtp://mail.example.com\nDATABASE_URL=postgres:///real\nSECRET_KEY=real\n")
    assert setting("MAIL_SERVER", SECRET_KEY="x" * 50, ENV_FILE=str(file), DATABASE_URL="sqlite:///:memory:") == "True"
    assert setting("MAIL_SERVER", DEMO="1", ENV_FILE=str(file), EMAIL_URL="smtp://mail.example.com") == "False"
    assert "real" not in setting("DATABASES", DEMO="1", ENV_FILE=str(file))


def test_the_environment_wins_over_the_file(setting: Setting, tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("TIME_ZONE=Europe/Berlin\nSITE_URL=https://file.example.com\nSECRET_KEY=of-the-file\n")
    assert setting("TIME_ZONE", ENV_FILE=str(file)) == "Europe/Berlin"
    assert setting("TIME_ZONE", ENV_FILE=str(file), TIME_ZONE="America/Lima") == "America/Lima"


def test_every_setting_that_is_read_stands_in_the_example_file() -> None:
    example = (Path(__file__).parents[2] / ".env.example").read_text()
    fixed = (
        "DATABASE_URL REDIS_URL EMAIL_URL SITE_URL SECRET_KEY SECRET_KEY_FALLBACKS DEBUG ALLOWED_HOSTS TIME_ZONE "
        "DEFAULT_FROM_EMAIL REPLY_DOMAIN DATA_DIR"
    )
    for name in fixed.split():
        assert f"\n#{name}=" in example
