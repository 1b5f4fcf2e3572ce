"""Rows that take long to make and that several tests read: for one module, or kept in a folder and put back for others."""

from __future__ import annotations

import fcntl
import os
import pickle
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.db import connection, transaction

from nps_loop.mail import fingerprints

T = TypeVar("T")


@contextmanager
def for_a_module(blocker: Any) -> Iterator[None]:
    """What is written within is there for each test that runs before the end, and what a test writes is taken back.

    For tests that leave transactions to `django_db`: theirs lie within this one, which is never committed.
    """
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def as_it_was(folder: Path) -> Iterator[None]:
    """Whatever is committed within, the database holds at the end what it held before, which `folder` keeps meanwhile."""
    _keep(folder)
    yield
    _put_back(folder)


def folder_of_the_run(factory: pytest.TempPathFactory) -> Path:
    """A folder that all test processes of one run share, and no other run."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def made_once(folder: Path, make: Callable[[], T]) -> T:
    """Fill the database with what `make` writes: by `make` the first time in a run, from then on from what was kept.

    Whatever the database held goes. Returns what `make` returned.
    """
    folder.mkdir(exist_ok=True)
    with open(folder / "lock", "w") as lock:
        # Several test processes may ask at once; one of them makes it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        returned = folder / "returned"
        if not returned.exists():
            made = make()
            # A process that has asked for the key of its fingerprints never looks whether the row is still there.
            fingerprints.keep_pepper()
            _keep(folder)
            returned.write_bytes(pickle.dumps(made))
            return made
    _put_back(folder)
    found: T = pickle.loads(returned.read_bytes())
    return found


def _keep(folder: Path) -> None:
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(folder / "rows")) as kept:
            connection.connection.backup(kept)
    else:
        (folder / "rows").write_bytes(pickle.dumps(_copied_out()))
    if (files := Path(settings.DATA_DIR) / "inbound").exists():
        shutil.copytree(files, folder / "inbound", dirs_exist_ok=True)


def _put_back(folder: Path) -> None:
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(folder / "rows")) as kept:
            kept.backup(connection.connection)
    else:
        _copy_in(pickle.loads((folder / "rows").read_bytes()))
    if (files := folder / "inbound").exists():
        shutil.copytree(files, Path(settings.DATA_DIR) / "inbound", dirs_exist_ok=True)
    # What this process knows by heart of the rows that were there before.
    ContentType.objects.clear_cache()
    fingerprints._known = None
    fingerprints.keep_pepper()


# --- PostgreSQL --------------------------------------------------------------------------------------------------

# By table: its columns as COPY names them, and what it says.
Copied = dict[str, tuple[str, bytes]]


def _copied_out() -> Copied:
    found: Copied = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.django_table_names(only_existing=True, include_views=False):
            cursor.execute(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'",
                [table],
            )
            columns = ", ".join(connection.ops.quote_name(name) for (name,) in cursor.fetchall())
            with cursor.copy(f'COPY "{table}" ({columns}) TO STDOUT') as rows:
                found[table] = columns, b"".join(rows)
    return found


def _copy_in(copied: Copied) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for table in copied:
            # What triggers would write is among the rows.
            cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
        cursor.execute("TRUNCATE {} RESTART IDENTITY".format(", ".join(f'"{table}"' for table in copied)))
        for table, (columns, rows) in copied.items():
            with cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy:
                copy.write(rows)
        models: list[Any] = apps.get_models(include_auto_created=True)
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
        # A table with keys still to be looked up cannot be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in copied:
            cursor.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')
