from collections.abc import Iterator

import pytest

from nps_loop import links
from nps_loop.mail import hooks
from tests.mail.servers import Server, misbehaving_server


@pytest.fixture(autouse=True)
def _own_listeners(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mail alone: the apps above are not asked and not told, and a test's own listeners end with it."""
    for name in ("before_handover", "accepted", "failed", "skipped"):
        monkeypatch.setattr(hooks, name, [])
    monkeypatch.setattr(links, "targets", {"unsubscribe": links.targets["unsubscribe"]})
    monkeypatch.setattr(links, "lifetimes", {})


@pytest.fixture
def server(settings) -> Iterator[Server]:
    """A mail server that this deployment sends through; see `tests.mail.servers`."""
    with misbehaving_server() as server:
        settings.MAIL_SERVER = True
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 1
        yield server
