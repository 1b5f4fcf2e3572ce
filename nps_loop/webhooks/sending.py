"""One POST to an address that a person typed in: bounded in time and size, and never into our own network.

The name is resolved here and the connection is made to the address that was checked, so that a name which answers
differently the second time leads nowhere else. Redirects are not followed: they are failures. The whole exchange, from
the first question to the name server to the last byte read, takes no longer than it is given.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

# What is read of an answer. Nobody looks at it; it is read so that the other side can finish its sentence.
MOST_READ = 64 * 1024


class NotSendable(ValueError):
    """This address is not one we send to; the message says why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try went: the HTTP status, or what went wrong before there was one."""

    status: int | None = None
    error: str = ""

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """The other side says that it will never listen here again."""
        return self.status == http.client.GONE


def checked(url: str) -> SplitResult:
    """The parts of an address we may send to. Raises NotSendable. Names are not looked up yet."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise NotSendable("This is no web address.") from None
    allowed = ("https", "http") if settings.WEBHOOKS_TO_PRIVATE_ADDRESSES else ("https",)
    if parts.scheme not in allowed:
        raise NotSendable("The address begins with https://.")
    if not parts.hostname:
        raise NotSendable("This address names no host.")
    if parts.username or parts.password:
        raise NotSendable("Leave name and password out of the address: the signature says who sends.")
    if _is_literal(parts.hostname) and not _is_public(parts.hostname):
        raise NotSendable("This address lies in a private network.")
    return parts


def post(url: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> Outcome:
    """POST `body` and say how it went within `seconds`. Never raises for the other side's sake."""
    end = time.monotonic() + seconds
    try:
        parts = checked(url)
        return _exchange(parts, _public_address(parts, end), body, headers, end)
    except NotSendable as reason:
        return Outcome(error=str(reason))
    except TimeoutError:
        return Outcome(error=f"No answer within {seconds:g} seconds.")
    except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
        if time.monotonic() >= end:
            return Outcome(error=f"No answer within {seconds:g} seconds.")
        return Outcome(error=f"{type(error).__name__}: {error}"[:300])


def _exchange(
    parts: SplitResult, address: tuple[str, int], body: bytes, headers: Mapping[str, str], end: float
) -> Outcome:
    host = parts.hostname or ""
    plain = socket.create_connection(address, timeout=_left(end))
    # A time-out of a socket starts anew with every byte. Whoever drips would hold us for ever, so at the end the
    # connection is shut from outside, which wakes whoever reads.
    cut = threading.Event()
    watch = _watch(plain, end, cut)
    line = plain
    try:
        if parts.scheme == "https":
            line = ssl.create_default_context().wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
            watch.cancel()
            watch = _watch(line, end, cut)
            line.do_handshake()
        connection = http.client.HTTPConnection(host, parts.port or (443 if parts.scheme == "https" else 80))
        connection.sock = line
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, {**headers, "Host": parts.netloc, "Connection": "close"})
        answer = connection.getresponse()
        status = answer.status
        answer.read(MOST_READ)
        if cut.is_set():
            raise TimeoutError
        return Outcome(status, "" if 200 <= status < 300 else f"It answered {status} {answer.reason}.")
    finally:
        watch.cancel()
        line.close()


def _public_address(parts: SplitResult, end: float) -> tuple[str, int]:
    """The first address of the host, where all of them are public. Raises NotSendable, OSError or TimeoutError."""
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    found: queue.Queue[list[str] | OSError] = queue.Queue()

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.put([str(row[4][0]) for row in rows])
        except (OSError, UnicodeError) as error:
            found.put(error if isinstance(error, OSError) else OSError(str(error)))

    # The resolver knows no time-out, so it is asked beside us; one that hangs is left to itself.
    threading.Thread(target=look_up, daemon=True).start()
    try:
        addresses = found.get(timeout=_left(end))
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(addresses, OSError):
        raise addresses
    if not addresses:
        raise OSError("This name has no address.")
    if not all(_is_public(address) for address in addresses):
        raise NotSendable("This name leads into a private network.")
    return addresses[0], port


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_public(address: str) -> bool:
    if settings.WEBHOOKS_TO_PRIVATE_ADDRESSES:
        return True
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        # Some hold an address of the old protocol, and lead to where that one is.
        behind = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF) if found in _NAT64 else None
        found = found.ipv4_mapped or found.sixtofour or behind or found
    return found.is_global and not found.is_multicast


# Addresses of the old protocol, spoken to through a gateway.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _watch(line: socket.socket, end: float, cut: threading.Event) -> threading.Timer:
    def shut() -> None:
        cut.set()
        with contextlib.suppress(OSError):
            socket.socket.shutdown(line, socket.SHUT_RDWR)

    watch = threading.Timer(_left(end), shut)
    watch.daemon = True
    watch.start()
    return watch
