import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mail import dovecot
from tests.mail.dovecot import Dovecot


@pytest.fixture(autouse=True)
def _mail_comes_in(settings, tmp_path: Path) -> None:
    settings.MAIL_COMES_IN = True
    settings.REPLY_DOMAIN = "reply.example"
    settings.DATA_DIR = tmp_path / "data"


@pytest.fixture
def mailbox(settings) -> Iterator[Dovecot]:
    """A real mailbox that this deployment reads; see `tests.mail.dovecot`."""
    if dovecot.MISSING:
        pytest.skip(dovecot.MISSING)
    # Its sockets need a short path.
    base = Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))
    try:
        with dovecot.running_dovecot(base) as server:
            settings.INBOUND_URL = server.url
            yield server
    finally:
        shutil.rmtree(base, ignore_errors=True)
