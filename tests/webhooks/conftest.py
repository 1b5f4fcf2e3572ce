"""A program that listens, and behaves as badly as a test asks for."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Listener:
    """`behaviour`: "take", a status, "redirect", "drip" (headers, a byte at a time), "drip-body", "flood" or "hang"."""

    port: int = 0
    behaviour: str = "take"
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)
    sent: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in?from=loop"


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            found.visited.append(self.path)
            self.send_response(200)
            self.end_headers()

        def do_POST(self) -> None:
            found.visited.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            how = found.behaviour
            with contextlib.suppress(OSError):
                self.answer(how)

        def answer(self, how: str) -> None:
            if how == "hang":
                over.wait(30)
            elif how == "drip":
                for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 10_000:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    if over.wait(0.05):
                        return
            elif how == "redirect":
                self.send_response(302)
                self.send_header("Location", "/elsewhere")
                self.end_headers()
            elif how in ("flood", "drip-body"):
                self.send_response(200)
                self.send_header("Content-Length", str(1 << 30))
                self.end_headers()
                piece = b"x" * (65_536 if how == "flood" else 1)
                while found.sent < 1 << 30 and not over.is_set():
                    self.wfile.write(piece)
                    found.sent += len(piece)
                    if how == "drip-body":
                        time.sleep(0.05)
            else:
                self.send_response(200 if how == "take" else int(how))
                self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()
