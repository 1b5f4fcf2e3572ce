"""One log line per request with an id that every other line of that request carries too."""

import logging
import os
import re
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

logger = logging.getLogger("nps_loop.request")

_request_id: ContextVar[str] = ContextVar("request_id", default="-")
# Whoever holds a customer's link may act for that customer: its token never reaches a log.
_TOKEN = re.compile(r"^/(loop|survey|survey-link|unsubscribe|hooks)/[^/]+")
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUIET = frozenset({"/healthz", "/readyz"})


class RequestFilter(logging.Filter):
    """Puts the id of the request being served on each log record (`-` outside of requests)."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = _request_id.get()
        return True


class RequestLogMiddleware:
    """Gives each request an id (the caller's X-Request-ID where it is plain), returns it and logs the outcome."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        identity = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
        mark = _request_id.set(identity)
        started = time.monotonic()
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = identity
            if request.path not in _QUIET:
                milliseconds = (time.monotonic() - started) * 1000
                logger.info(
                    "%s %s %d %.0fms", request.method, loggable(request.path), response.status_code, milliseconds
                )
            return response
        finally:
            _request_id.reset(mark)


def loggable(path: str) -> str:
    """Return `path` without the token of a customer's or a source's link, and on one line."""
    return _TOKEN.sub(r"/\1/...", path).replace("\n", "%0A").replace("\r", "%0D")


def client_ip(request: HttpRequest) -> str:
    """Return the address a request came from.

    X-Forwarded-For is read only when the direct peer is a proxy that gunicorn trusts too (FORWARDED_ALLOW_IPS, by
    default this machine), and only its last entry, which that proxy wrote itself.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    trusted = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1,::1").split(",")
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if forwarded and (not peer or peer in trusted or "*" in trusted):
        return forwarded.rsplit(",", 1)[-1].strip()
    return peer
