"""A mail server that misbehaves on request. The local part of a recipient says how."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.network import free_port

AT_RECIPIENT = {
    "busy": "450 4.2.1 Mailbox busy",
    "gone": "550 5.1.1 No such user here",
    "spam": "550 5.7.1 Looks like spam",
    "full": "552 5.2.2 Mailbox full",
    "bye": "421 4.3.2 Going down",
}
AFTER_DATA = {"later": "451 4.3.0 Try again later", "refused": "554 5.6.0 Content refused"}


@dataclass
class Server:
    """What came in whole, by recipient, also where the answer was lost on the way (`drop`)."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    greetings: int = 0

    def to(self, local: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if f"{local}@" in str(mail["To"])]


class _Handler:
    def __init__(self, server: Server) -> None:
        self.server = server

    async def handle_EHLO(self, smtp: SMTP, session: Session, envelope: Envelope, hostname: str, responses):
        session.host_name = hostname
        self.server.greetings += 1
        return responses

    async def handle_RCPT(self, smtp: SMTP, session: Session, envelope: Envelope, address: str, options) -> str:
        local = address.partition("@")[0]
        if local in AT_RECIPIENT:
            return AT_RECIPIENT[local]
        if local == "silent":
            await asyncio.sleep(3)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, smtp: SMTP, session: Session, envelope: Envelope) -> str:
        local = envelope.rcpt_tos[0].partition("@")[0]
        if local in AFTER_DATA:
            return AFTER_DATA[local]
        self.server.mails.append(message_from_bytes(envelope.original_content or b"", policy=policy.default))
        if local.startswith("slow"):
            # Taken, and the answer still to come: the moment in which a crash makes a double.
            await asyncio.sleep(0.03)
        if local == "mute":
            # Taken, and not a word about it.
            await asyncio.sleep(3)
        if local == "drop":
            smtp.transport.abort()
        return "250 OK"


@contextmanager
def misbehaving_server() -> Iterator[Server]:
    server = Server(free_port())
    controller = Controller(_Handler(server), hostname="127.0.0.1", port=server.port, ready_timeout=20)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


@contextmanager
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(5)
        yield listening.getsockname()[1]
