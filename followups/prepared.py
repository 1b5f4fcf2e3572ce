"""Questions that are asked again and again with other values: put into SQL once in the life of a process.

Django takes longer to put a question with a few joins into words than PostgreSQL takes to answer it, and PostgreSQL
longer to plan it than to find the rows. What is opened and given for each answer asks the same twenty questions every
time: the process keeps their words, and each connection their plans.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from enum import Enum
from functools import cache
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import DateTimeField, QuerySet, TextField, Value
from django.db.models.sql.compiler import SQLCompiler

from followups.at_once import Words, keep, read_at_once
from nps_loop.bulk import as_array, read_by_driver

# A plan that is kept is one for a few keys; thousands of them have theirs made.
FEW = 100


class Kind(Enum):
    """What a value is: a moment, or keys, which `nps_loop.bulk.among` looks for."""

    MOMENT = "moment"
    KEYS = "keys"


class Given(Value):
    """The place of a value that is not known yet."""

    def __init__(self, name: str, kind: Kind) -> None:
        super().__init__(name, DateTimeField() if kind is Kind.MOMENT else TextField())

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]


class Prepared:
    """Querysets that differ in their values alone. Calling it with those reads all of them, in one query.

    `build` makes the querysets of its named values, on PostgreSQL once, with a `Given` for each; it must not look at
    them, nor at anything else that changes. Elsewhere it is called each time. `values` names them with their kinds.
    """

    def __init__(self, build: Callable[..., Sequence[QuerySet[Any, Any]]], **values: Kind) -> None:
        self._build, self._kinds = build, values
        self._made: tuple[Sequence[QuerySet[Any, Any]], Words] | None = None

    def __call__(self, **values: Any) -> list[list[Any]]:
        """The rows of each queryset. Raises TypeError for columns that JSON cannot carry, where there are several."""
        if connection.vendor != "postgresql":
            lists = self._build(**values)
            read_at_once(*lists)
            return [list(rows) for rows in lists]
        lists, words = self._words()
        with self._cursor(values) as cursor:
            found = words.ask(self._filled_in(words, values), cursor)
        each = zip(lists, words.compilers, found, strict=True)
        return [_rows_of(rows, compiler, its) for rows, compiler, its in each]

    def exists(self, **values: Any) -> bool:
        """Whether the only queryset has a row; it should ask for one at most."""
        (rows,) = self(**values)
        return bool(rows)

    def plain(self, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of the only queryset, a `values_list`, as `nps_loop.bulk.plain_rows` reads them."""
        if connection.vendor != "postgresql":
            return list(*self._build(**values))
        _lists, words = self._words()
        with self._cursor(values) as cursor:
            return read_by_driver(cursor, words.sql, self._filled_in(words, values))

    def _words(self) -> tuple[Sequence[QuerySet[Any, Any]], Words]:
        if self._made is None:
            made = self._build(**{name: Given(name, kind) for name, kind in self._kinds.items()})
            self._made = made, Words.of(made)
        return self._made

    def _filled_in(self, words: Words, values: dict[str, Any]) -> list[Any]:
        given = {
            name: as_array(values[name]) if kind is Kind.KEYS else values[name] for name, kind in self._kinds.items()
        }
        return [given[value.value] if isinstance(value, Given) else value for value in words.values]

    def _cursor(self, values: dict[str, Any]) -> Any:
        keys = max((len(values[name]) for name, kind in self._kinds.items() if kind is Kind.KEYS), default=0)
        if keys > FEW or not settings.DATABASE_PREPARES:
            return connection.cursor()
        connection.ensure_connection()
        wrapper: Any = connections[DEFAULT_DB_ALIAS]
        return wrapper._prepare_cursor(_preparing_cursor()(wrapper.connection))


@cache
def _preparing_cursor() -> Any:
    """A cursor whose statements PostgreSQL plans once for the connection."""
    # SQLite gets along without the driver.
    from django.db.backends.postgresql import base
    from psycopg.errors import FeatureNotSupported

    binding: Any = base.ServerBindingCursor

    class Cursor(binding):
        def execute(self, query: Any, values: Any = None) -> Any:
            # Django tells the driver to prepare nothing, whoever asks.
            self.connection.prepare_threshold = 0
            try:
                return super().execute(query, values)
            except FeatureNotSupported:
                # A migration changed a column since it was planned: whoever asks next has a connection without plans.
                self.connection.close()
                raise
            finally:
                self.connection.prepare_threshold = None

    return Cursor


def _rows_of(rows: QuerySet[Any, Any], compiler: SQLCompiler, found: Sequence[Sequence[Any]]) -> list[Any]:
    """What the queryset makes of rows that are there, while it stays as it is for the next time."""
    if not found:
        return []
    compiler = copy.copy(compiler)
    # Of this thread, and without the detour that finds it: every column asks it how to be read.
    compiler.connection = connections[rows.db]
    rows = rows.all()
    keep(rows, compiler, found)
    return list(rows)
