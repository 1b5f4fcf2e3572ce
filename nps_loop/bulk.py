"""Many rows found or changed by one statement, without a parameter, or a CASE, for each of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection as default_connection
from django.db import connections, models, router
from django.db.models import BooleanField, F, Func, Q, Value


class _AnyOf(Func):
    """`column = ANY(array)`: a thousand keys as one parameter, where IN has a thousand to be parsed."""

    arg_joiner = " = ANY("
    template = "(%(expressions)s::bigint[]))"
    output_field = BooleanField()


def among(name: str, keys: Collection[int]) -> Q:
    """Rows whose key or foreign key `name` is one of these, as `name__in` says it; on PostgreSQL as one array."""
    if default_connection.vendor != "postgresql":
        return Q(**{f"{name}__in": list(keys)})
    given: Any = Value(list(keys))
    return Q(_AnyOf(F(name), given))


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
