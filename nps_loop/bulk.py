"""Many rows found or changed by one statement, without a parameter, or a CASE, for each of them."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection as default_connection
from django.db import connections, models, router
from django.db.models import BooleanField, F, Func, Q, QuerySet, Value


class _AnyOf(Func):
    """`column = ANY(array)`: a thousand keys as one parameter, where IN has a thousand to be parsed."""

    arg_joiner = " = ANY("
    template = "(%(expressions)s::bigint[]))"
    output_field = BooleanField()


def among(name: str, keys: Collection[int] | Value) -> Q:
    """Rows whose key or foreign key `name` is one of these, as `name__in` says it; on PostgreSQL as one array.

    There a value may stand for the array as well.
    """
    if default_connection.vendor != "postgresql":
        return Q(**{f"{name}__in": list(keys)})  # type: ignore[arg-type]
    given: Any = keys if isinstance(keys, Value) else Value(as_array(keys))
    return Q(_AnyOf(F(name), given))


def as_array(values: Iterable[int]) -> str:
    """Whole numbers as PostgreSQL writes an array of them: the driver would take twenty times as long over a list."""
    return "{" + ",".join(map(str, values)) + "}"


def plain_rows(rows: QuerySet[Any, Any]) -> list[tuple[Any, ...]]:
    """The rows of `values_list`, for thousands of them. They must not hold JSON, which is left as the engine gives it.

    Each moment passes through Python where Django has it read; the driver's own reader gives the same, in UTC as the
    connection is, for a twentieth.
    """
    if default_connection.vendor != "postgresql":
        return list(rows)
    with default_connection.cursor() as cursor:
        return read_by_driver(cursor, *rows.query.sql_with_params())


def read_by_driver(cursor: Any, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """What PostgreSQL answers, with moments as the driver's own reader gives them."""
    from psycopg.types.datetime import TimestamptzLoader  # SQLite gets along without the driver

    cursor.cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
    cursor.execute(sql, values)
    found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def update_rows(rows: Sequence[models.Model], fields: Sequence[str]) -> None:
    """Write these fields of each row, as `bulk_update` does. On PostgreSQL one UPDATE that joins arrays of values.

    `bulk_update` writes a CASE with a WHEN for each row and field: for a thousand rows it costs more to build and to
    parse than to carry out. Elsewhere that is still what is done, for other databases have no arrays.
    """
    if not rows:
        return
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    if connection.vendor != "postgresql":
        model._base_manager.bulk_update(rows, fields, batch_size=500)
        return
    with connection.cursor() as cursor:
        cursor.execute(*update_statement(rows, fields))


def update_statement(rows: Sequence[models.Model], fields: Sequence[str]) -> tuple[str, list[list[Any]]]:
    """What `update_rows` tells PostgreSQL for one row or more: the statement and its arrays."""
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    columns: list[Any] = [model._meta.get_field(name) for name in fields]
    key: Any = model._meta.pk
    arrays = [[row.pk for row in rows]]
    arrays += [
        [column.get_db_prep_save(getattr(row, column.attname), connection) for row in rows] for column in columns
    ]
    quote = connection.ops.quote_name
    types = [each.rel_db_type(connection) if each is key else each.db_type(connection) for each in (key, *columns)]
    table, names = quote(model._meta.db_table), [quote(column.column) for column in columns]
    changes = ", ".join(f"{name} = new.{name}" for name in names)
    given = ", ".join(f"%s::{kind}[]" for kind in types)
    statement = (
        f"UPDATE {table} SET {changes} FROM unnest({given}) AS new({', '.join(['row_key', *names])})"  # noqa: S608
        f" WHERE {table}.{quote(key.column)} = new.row_key"
    )
    return statement, arrays


@contextmanager
def without_collecting() -> Iterator[None]:
    """Leave the collector of cycles alone while thousands of rows are made that all live until the end of the block.

    It would look through everything the process holds, again and again, and find nothing. What the block makes must be
    bounded; counting references frees it as ever.
    """
    runs = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if runs:
            gc.enable()


@contextmanager
def sent_ahead() -> Iterator[None]:
    """Within the block the database works on a change while we go on; whoever asks for rows waits for them as ever.

    What a statement raises comes up with the next question, or at the end of the block. SQLite has nothing to send.
    """
    if default_connection.vendor != "postgresql":
        yield
        return
    default_connection.ensure_connection()
    with default_connection.wrap_database_errors, default_connection.connection.pipeline():
        yield
