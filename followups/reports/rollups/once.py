"""What several figures of one page ask alike is asked once: which days are kept, by which ways, and for whose eyes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")
_KNOWN: ContextVar[dict[Hashable, Any] | None] = ContextVar("known", default=None)


@contextmanager
def read_once() -> Iterator[None]:
    """For as long as this lasts, `once` remembers. It decorates what answers one request."""
    token = _KNOWN.set({})
    try:
        yield
    finally:
        _KNOWN.reset(token)


def once(key: Hashable, read: Callable[[], T]) -> T:
    """What `read` gives, the first time within `read_once`; outside of it every time."""
    known = _KNOWN.get()
    if known is None:
        return read()
    if key not in known:
        known[key] = read()
    found: T = known[key]
    return found
