"""Several changes of several tables in one statement: the twin of `followups.at_once`, which reads.

On PostgreSQL each change becomes a data-modifying CTE: whoever writes a ticket, its event, a deadline and a mail waits
for the database once. Elsewhere they are plain statements, one after the other. All parts of one statement see
the rows as they were before it: no row may be changed by two of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, models, router
from django.db.models import BigIntegerField, Expression, Func, QuerySet, Value, sql
from django.db.models.constants import OnConflict
from django.db.models.fields import AutoField

from nps_loop.bulk import update_rows, update_statement

Statement = tuple[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Insert:
    """New rows of one model, as `bulk_create` makes them; with `unless_there` those whose unique key is taken are not.

    Rows that have their key already (see `next_key`) keep it; the others are not told theirs.
    """

    rows: Sequence[models.Model]
    unless_there: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """These fields of these rows of one model, each with its own values."""

    rows: Sequence[models.Model]
    fields: Sequence[str]


@dataclass(frozen=True, slots=True)
class Change:
    """The same values for all rows of a queryset, as `update` writes them."""

    rows: QuerySet[Any]
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delete:
    """All rows of a queryset to which nothing else points."""

    rows: QuerySet[Any]


Write = Insert | Update | Change | Delete


def write_at_once(*writes: Write) -> list[int]:
    """Carry these out, in one statement on PostgreSQL, and return how many rows each of them wrote."""
    using = router.db_for_write(_model(writes[0])) if writes else ""
    if not writes:
        return []
    if connections[using].vendor != "postgresql":
        return [_alone(write) for write in writes]
    written = [0] * len(writes)
    parts: list[tuple[int, Statement]] = []
    for at, write in enumerate(writes):
        try:
            parts += [(at, statement) for statement in _statements(write, using)]
        except EmptyResultSet:
            continue  # Django sees by itself that no row can be meant.
    if not parts:
        return written
    tables = ", ".join(f"w{n} AS ({text} RETURNING 1)" for n, (_at, (text, _params)) in enumerate(parts))
    counts = " UNION ALL ".join(f"SELECT {at}, count(*) FROM w{n}" for n, (at, _statement) in enumerate(parts))  # noqa: S608
    with connections[using].cursor() as cursor:
        cursor.execute(f"WITH {tables} {counts}", [value for _at, (_text, params) in parts for value in params])
        for at, count in cursor.fetchall():
            written[at] += count
    for write in writes:
        if isinstance(write, Insert):
            for row in write.rows:
                row._state.adding, row._state.db = False, using
    return written


def draws_keys(model: type[models.Model]) -> bool:
    """Whether keys of this model can be known before its rows are written."""
    return connections[router.db_for_write(model)].vendor == "postgresql"


def next_key(model: type[models.Model]) -> Expression:
    """The next key of a model's sequence, drawn by whatever query asks for it. PostgreSQL only."""
    table, key = model._meta.db_table, model._meta.pk
    sequence = Func(Value(f'"{table}"'), Value(key.column if key else ""), function="pg_get_serial_sequence")
    return Func(sequence, function="nextval", output_field=BigIntegerField())


def draw_key(model: type[models.Model]) -> int:
    """The next key of a model's sequence, by a query of its own. PostgreSQL only."""
    connection = connections[router.db_for_write(model)]
    text, params = next_key(model).as_sql(sql.Query(model).get_compiler(connection.alias), connection)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {text}", params)
        return int(cursor.fetchone()[0])


def _model(write: Write) -> type[models.Model]:
    if isinstance(write, Change | Delete):
        return write.rows.model
    return type(write.rows[0]) if write.rows else models.Model


def _alone(write: Write) -> int:
    if isinstance(write, Insert):
        if write.rows:
            _model(write)._base_manager.bulk_create(write.rows, batch_size=1_000, ignore_conflicts=write.unless_there)
        return len(write.rows)
    if isinstance(write, Update):
        update_rows(write.rows, write.fields)
        return len(write.rows)
    return write.rows.update(**write.values) if isinstance(write, Change) else write.rows.delete()[0]


def _statements(write: Write, using: str) -> list[Statement]:
    """What PostgreSQL is told, in Django's own words wherever it has them."""
    if isinstance(write, Insert):
        return _inserts(write, using)
    if isinstance(write, Update):
        return [update_statement(write.rows, write.fields)] if write.rows else []
    if isinstance(write, Change):
        changed: Any = write.rows.query.chain(sql.UpdateQuery)
        changed.add_update_values(write.values)
        changed.clear_ordering(force=True)
        changed.clear_select_clause()
        return [changed.get_compiler(using).as_sql()]
    gone = write.rows.query.chain(sql.DeleteQuery)
    gone.clear_ordering(force=True)
    return [gone.get_compiler(using).as_sql()]


def _inserts(write: Insert, using: str) -> list[Statement]:
    if not write.rows:
        return []
    model = _model(write)
    columns = [column for column in model._meta.concrete_fields if not column.generated]
    with_key = [row for row in write.rows if row.pk is not None]
    without = [row for row in write.rows if row.pk is None]
    statements = []
    for rows, of_them in (
        (with_key, columns),
        (without, [column for column in columns if not isinstance(column, AutoField)]),
    ):
        if rows:
            new = sql.InsertQuery(model, on_conflict=OnConflict.IGNORE if write.unless_there else None)
            new.insert_values(of_them, rows)
            statements += new.get_compiler(using).as_sql()
    return statements
