"""Work that one process does and all others leave to it, without anybody waiting."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def one_at_a_time(lock: int) -> Iterator[bool]:
    """A transaction in which nobody else holds `lock`, a number of its own for each kind of work.

    False, and nothing to do, where somebody is at it.
    """
    with transaction.atomic():
        if connection.vendor != "postgresql":
            yield True  # IMMEDIATE transactions stand in line by themselves.
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock])
            mine = bool(cursor.fetchone()[0])
        yield mine
