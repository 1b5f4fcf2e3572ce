"""Several lists in one query: each queryset is asked as Django would ask it, and all of them together.

A page that shows eight kinds of rows would otherwise wait eight times for the database to answer. The rows travel as
JSON arrays of their columns; from there on Django makes of them what it always makes, with joins and annotations.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler

# Neither engine takes many more arguments in one call of a function.
MOST_ARGUMENTS = 50

Rows = list[Sequence[Any]]

# PostgreSQL has types that JSON writes as text: how each is read again. SQLite stores what JSON knows, and Django
# reads it as it reads every column there.
_READ_AGAIN: dict[str, Callable[[Any], Any]] = {
    "DateTimeField": datetime.fromisoformat,
    "DateField": date.fromisoformat,
    "TimeField": time.fromisoformat,
    "DecimalField": lambda value: Decimal(str(value)),
    "FloatField": float,
    "UUIDField": uuid.UUID,
    "JSONField": json.dumps,
}
_UNREADABLE = frozenset({"BinaryField", "DurationField"})


def read_at_once(*lists: QuerySet[Any]) -> None:
    """Evaluate these querysets in one query; each then has its rows at hand and asks no more.

    They may join, annotate, order, limit and unite as usual. Raises TypeError for columns that JSON cannot carry
    (bytes and time spans).
    """
    asked: list[tuple[QuerySet[Any], SQLCompiler]] = []
    tables: list[str] = []
    chosen: list[str] = []
    values: list[Any] = []
    for rows in lists:
        compiler = rows.query.get_compiler(rows.db)
        try:
            sql, params = compiler.as_sql()
        except EmptyResultSet:
            _keep(rows, compiler, [])
            continue
        at, names = len(asked), [f"c{n}" for n in range(len(compiler.select))]
        tables.append(f"p{at} ({', '.join(names)}) AS ({sql})")
        chosen.append(f"SELECT {at}, {_as_json(names)} FROM p{at}")  # noqa: S608
        values.extend(params)
        asked.append((rows, compiler))
    if not asked:
        return
    found: list[Rows] = [[] for _ in asked]
    readers = [_readers(compiler) for _, compiler in asked]
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(tables)} {' UNION ALL '.join(chosen)}", values)
        for at, columns in cursor.fetchall():
            row = [value for part in json.loads(columns) for value in part]
            for n, read in readers[at]:
                if row[n] is not None:
                    row[n] = read(row[n])
            found[at].append(row)
    for (rows, compiler), its_rows in zip(asked, found, strict=True):
        _keep(rows, compiler, its_rows)


def _as_json(names: Sequence[str]) -> str:
    """An array of arrays of the columns, as text, in the words of the engine."""
    array, end = ("json_build_array", "::text") if connection.vendor == "postgresql" else ("json_array", "")
    parts = [", ".join(names[start : start + MOST_ARGUMENTS]) for start in range(0, len(names), MOST_ARGUMENTS)]
    return f"{array}({', '.join(f'{array}({part})' for part in parts)}){end}"


def _readers(compiler: SQLCompiler) -> list[tuple[int, Callable[[Any], Any]]]:
    """Which columns have to be read again after JSON, and how."""
    kinds = [expression.output_field.get_internal_type() for expression, _, _ in compiler.select]
    if unreadable := _UNREADABLE.intersection(kinds):
        raise TypeError(f"JSON carries no {', '.join(sorted(unreadable))}: leave it out with defer() or only().")
    if connection.vendor != "postgresql":
        return []
    return [(n, _READ_AGAIN[kind]) for n, kind in enumerate(kinds) if kind in _READ_AGAIN]


def _keep(rows: QuerySet[Any], compiler: SQLCompiler, found: Rows) -> None:
    """Let the queryset make its objects from rows that are there already."""
    compiler.execute_sql = lambda *args, **kwargs: [found]  # type: ignore[method-assign,assignment]
    rows.query.get_compiler = lambda *args, **kwargs: compiler  # type: ignore[method-assign]
    len(rows)
