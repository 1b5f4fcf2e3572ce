"""A real IMAP server: Dovecot from Debian, started by the test in a folder and on a port of its own."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.network import free_port

BINARY = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin") or ""
MISSING = "" if BINARY else "dovecot is not installed (Debian: dovecot-imapd)"
PASSWORD = "only-for-tests"

_CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
mail_location = maildir:{base}/maildir
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
default_internal_user = {internal}
default_login_user = {login}
default_internal_group = {internal_group}
first_valid_uid = 0
first_valid_gid = 0
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}
}}
"""


@dataclass
class Dovecot:
    """A running server with one mailbox, and where it lies."""

    port: int
    base: Path

    @property
    def url(self) -> str:
        """INBOUND_URL of its mailbox."""
        return f"imap://care:{PASSWORD}@127.0.0.1:{self.port}/INBOX"

    @property
    def maildir(self) -> Path:
        return self.base / "maildir"

    def deliver(self, raw: bytes) -> None:
        """Put one mail into the mailbox, as a local delivery agent does."""
        name = f"{int(time.time())}.{secrets.token_hex(8)}.test"
        fresh = self.maildir / "tmp" / name
        fresh.write_bytes(raw.replace(b"\r\n", b"\n"))
        fresh.chmod(0o666)
        fresh.rename(self.maildir / "new" / name)

    def log(self) -> str:
        path = self.base / "log"
        return path.read_text(errors="replace") if path.exists() else ""


class _IntoMaildir:
    """What a mail server takes goes into the mailbox, with the address it was sent to noted as servers do."""

    def __init__(self, mailbox: Dovecot) -> None:
        self.mailbox = mailbox

    async def handle_DATA(self, smtp: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        for recipient in envelope.rcpt_tos:
            self.mailbox.deliver(f"Delivered-To: {recipient}\r\n".encode() + content)
        return "250 OK"


@contextmanager
def running_dovecot(base: Path) -> Iterator[Dovecot]:
    """Start Dovecot in `base`, an empty folder with a short path; it ends with the block."""
    base.mkdir(parents=True, exist_ok=True)
    port = free_port()
    me = pwd.getpwuid(os.getuid())
    # Dovecot serves no mail as root: started by root its processes are those of the users Debian made for it.
    is_root = me.pw_uid == 0
    owner = pwd.getpwnam("dovecot") if is_root else me
    base.chmod(0o755)
    for path in (base / "maildir", *(base / "maildir" / name for name in ("cur", "new", "tmp"))):
        path.mkdir()
        os.chown(path, owner.pw_uid, owner.pw_gid)
    config = base / "dovecot.conf"
    config.write_text(
        _CONFIG.format(
            base=base,
            port=port,
            password=PASSWORD,
            uid=owner.pw_uid,
            gid=owner.pw_gid,
            internal=owner.pw_name,
            login="dovenull" if is_root else me.pw_name,
            internal_group="dovecot" if is_root else me.pw_gid,
        )
    )
    process = subprocess.Popen([BINARY, "-F", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = Dovecot(port, base)
    try:
        _wait_until_it_answers(server, process)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


@contextmanager
def delivering_smtp(mailbox: Dovecot) -> Iterator[int]:
    """A mail server in front of the mailbox: whatever it takes is delivered there. Yields its port."""
    port = free_port()
    controller = Controller(_IntoMaildir(mailbox), hostname="127.0.0.1", port=port, ready_timeout=20)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def _wait_until_it_answers(server: Dovecot, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"Dovecot ended: {server.log()}")
        try:
            with socket.create_connection(("127.0.0.1", server.port), timeout=2) as connection:
                if connection.recv(20).startswith(b"* OK"):
                    return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"Dovecot does not answer: {server.log()}")
