"""Fetching mail from a mailbox by IMAP (RFC 3501). A mail is kept before it is marked as read, so a crash loses none.

How far the mailbox has been read stands in a `Position`; what is fetched twice after a crash is known by its digest.
One process reads at a time, by a lease. A server that is away or refuses is noted and shown, and asked again next time.
"""

from __future__ import annotations

import imaplib
import logging
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from nps_loop.mail.inbound import keeping
from nps_loop.mail.models import Position

logger = logging.getLogger(__name__)

# Seconds each answer of the server may take; and how long a mailbox belongs to whoever reads it, renewed by each mail.
TIMEOUT = 20
LEASE = timedelta(minutes=3)
_UID = re.compile(rb"\d+")
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
# Of a mail that is larger than anything is kept of, so much is fetched: enough for its words.
_BEGINNING = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where mail is fetched, as INBOUND_URL says it."""

    host: str
    port: int
    user: str
    password: str
    folder: str
    is_encrypted: bool

    @classmethod
    def of(cls, url: str) -> Mailbox:
        """Read imaps://user:password@host:port/FOLDER. Raises ValueError naming what is missing."""
        parts = urlsplit(url)
        if parts.scheme not in ("imap", "imaps"):
            raise ValueError("INBOUND_URL begins with imaps:// (or imap:// for a server that encrypts later).")
        if not parts.hostname or not parts.username:
            raise ValueError("INBOUND_URL needs a user and a host: imaps://user:password@host/INBOX.")
        encrypted = parts.scheme == "imaps"
        return cls(
            host=parts.hostname,
            port=parts.port or (993 if encrypted else 143),
            user=unquote(parts.username),
            password=unquote(parts.password or ""),
            folder=unquote(parts.path.lstrip("/")) or "INBOX",
            is_encrypted=encrypted,
        )

    @property
    def name(self) -> str:
        """What it is called in rows and on pages; the password is not part of it."""
        return f"{self.user}@{self.host}:{self.port}/{self.folder}"[:200]


def poll(now: datetime, *, limit: int = 200) -> int:
    """Keep up to `limit` mails that came into the mailbox of INBOUND_URL since the last time; return how many.

    0 without INBOUND_URL, and while another process reads it. Never raises for a server's fault: it is noted on the
    `Position` and in the log.
    """
    if not settings.INBOUND_URL:
        return 0
    try:
        mailbox = Mailbox.of(settings.INBOUND_URL)
    except ValueError as wrong:
        logger.error("No mail is fetched: %s", wrong)
        return 0
    position, _ = Position.objects.get_or_create(mailbox=mailbox.name)
    until = now + LEASE
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    if not Position.objects.filter(free, pk=position.pk).update(leased_until=until):
        return 0
    position.refresh_from_db()
    reader = _Reader(position, limit)
    error, is_read = "", False
    try:
        with _connected(mailbox) as server:
            reader.read(server, mailbox.folder)
        is_read = True
    except (imaplib.IMAP4.error, OSError, ssl.SSLError, ValueError) as fault:
        error = _in_words(fault)
        logger.warning("The mailbox %s could not be read: %s", mailbox.name, error)
    finally:
        Position.objects.filter(pk=position.pk, leased_until=position.leased_until).update(
            leased_until=None, error=error, **({"read_at": now} if is_read else {})
        )
    return reader.kept


def state(now: datetime) -> str:
    """How the mailbox is doing, for /readyz. Begins with `ok` always: pages are served whatever the mailbox does."""
    if not settings.INBOUND_URL:
        return "ok, none is read"
    try:
        name = Mailbox.of(settings.INBOUND_URL).name
    except ValueError as error:
        return f"ok, but no mail comes in: {error}"
    position = Position.objects.filter(mailbox=name).first()
    if position is None:
        return "ok, not read yet"
    if position.error:
        return f"ok, but no mail comes in: {position.error}"
    if position.read_at is None:
        return "ok, not read yet"
    return f"ok, read {max(0, round((now - position.read_at).total_seconds()))} s ago"


class _Reader:
    """One turn at the mailbox: keeps each mail, marks it as read, and moves the position on."""

    def __init__(self, position: Position, limit: int) -> None:
        self.kept = 0
        self._position = position
        self._left = limit

    def read(self, server: imaplib.IMAP4, folder: str) -> None:
        answer, _ = server.select(f'"{folder}"')
        if answer != "OK":
            raise imaplib.IMAP4.error(f"no folder {folder}")
        self._begin_anew_where_numbers_do(server)
        for uid in self._new(server):
            raw = _fetched(server, uid)
            if raw is not None:
                keeping.store(raw, route="imap", now=timezone.now())
                self.kept += 1
                server.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)")
            if not self._move_on(uid):
                return

    def _begin_anew_where_numbers_do(self, server: imaplib.IMAP4) -> None:
        """Another UIDVALIDITY means other numbers: all is looked at again; known mails have a digest."""
        _, values = server.response("UIDVALIDITY")
        validity = int(values[0]) if values and values[0] else 0
        if validity != self._position.validity:
            self._position.validity, self._position.read_to = validity, 0
            self._position.save(update_fields=["validity", "read_to"])

    def _new(self, server: imaplib.IMAP4) -> list[int]:
        answer, found = server.uid("SEARCH", f"UID {self._position.read_to + 1}:*")
        if answer != "OK":
            raise imaplib.IMAP4.error("it did not say what is new")
        uids = sorted({int(uid) for line in found if line for uid in _UID.findall(line)})
        # "n:*" names the last mail even where it is an older one.
        return [uid for uid in uids if uid > self._position.read_to][: self._left]

    def _move_on(self, uid: int) -> bool:
        """Note how far it is read and renew the lease; False where it ran out and somebody else has it."""
        position = self._position
        until = timezone.now() + LEASE
        mine = Position.objects.filter(pk=position.pk, leased_until=position.leased_until)
        if not mine.update(read_to=uid, leased_until=until):
            return False
        position.read_to, position.leased_until = uid, until
        return True


@contextmanager
def _connected(mailbox: Mailbox) -> Iterator[imaplib.IMAP4]:
    if mailbox.is_encrypted:
        server: imaplib.IMAP4 = imaplib.IMAP4_SSL(
            mailbox.host, mailbox.port, ssl_context=ssl.create_default_context(), timeout=TIMEOUT
        )
    else:
        server = imaplib.IMAP4(mailbox.host, mailbox.port, timeout=TIMEOUT)
    try:
        if not mailbox.is_encrypted and "STARTTLS" in server.capabilities:
            server.starttls(ssl.create_default_context())
        server.login(mailbox.user, mailbox.password)
        yield server
    finally:
        with suppress(imaplib.IMAP4.error, OSError):
            server.logout()
        with suppress(OSError):
            server.shutdown()


def _fetched(server: imaplib.IMAP4, uid: int) -> bytes | None:
    """The mail as it came; None where somebody deleted it meanwhile."""
    _, sizes = server.uid("FETCH", str(uid), "(RFC822.SIZE)")
    said = next((size for line in sizes if isinstance(line, bytes) and (size := _SIZE.search(line))), None)
    part = f"<0.{_BEGINNING}>" if said and int(said[1]) > keeping.MOST_BYTES else ""
    answer, found = server.uid("FETCH", str(uid), f"(BODY.PEEK[]{part})")
    if answer != "OK":
        raise imaplib.IMAP4.error(f"it did not hand out mail {uid}")
    return next((each[1] for each in found if isinstance(each, tuple)), None)


def _in_words(fault: Exception) -> str:
    """What went wrong, without what a server might repeat of a log-in."""
    if isinstance(fault, TimeoutError):
        return "the server does not answer"
    text = " ".join(str(fault).split())
    password = Mailbox.of(settings.INBOUND_URL).password
    if password:
        text = text.replace(password, "…")
    return f"{type(fault).__name__}: {text}"[:300]
