"""Several lists in one query: each queryset is asked as Django would ask it, and all of them together.

A page that shows eight kinds of rows would otherwise wait eight times for the database to answer. The rows travel as
JSON arrays of their columns; from there on Django makes of them what it always makes, with joins and annotations.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler

# Neither engine takes many more arguments in one call of a function.
MOST_ARGUMENTS = 50

Rows = Sequence[Sequence[Any]]

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


def read_at_once(*lists: QuerySet[Any, Any]) -> None:
    """Evaluate these querysets in one query; each then has its rows at hand and asks no more.

    They may join, annotate, order, limit and unite as usual. Raises TypeError for columns that JSON cannot carry
    (bytes and time spans).
    """
    words = Words.of(lists)
    for rows, compiler, found in zip(lists, words.compilers, words.ask(words.values), strict=True):
        keep(rows, compiler, found)


@dataclass(frozen=True, slots=True)
class Words:
    """Querysets put into SQL together: one statement with its values. `asked`: the places of those that ask at all."""

    compilers: Sequence[SQLCompiler]
    asked: Sequence[int]
    sql: str
    values: Sequence[Any]

    @classmethod
    def of(cls, lists: Sequence[QuerySet[Any, Any]]) -> Words:
        """Raises TypeError for columns that JSON cannot carry, which each of several lists travels as."""
        compilers: list[SQLCompiler] = []
        parts: list[tuple[int, str]] = []
        values: list[Any] = []
        for at, rows in enumerate(lists):
            compilers.append(rows.query.get_compiler(rows.db))
            try:
                sql, params = compilers[-1].as_sql()
            except EmptyResultSet:
                continue
            parts.append((at, sql))
            values.extend(params)
        if len(parts) == 1:
            text = parts[0][1]
        else:
            names = {at: [f"c{n}" for n in range(len(compilers[at].select))] for at, _sql in parts}
            tables = ", ".join(f"p{at} ({', '.join(names[at])}) AS ({sql})" for at, sql in parts)
            chosen = " UNION ALL ".join(f"SELECT {at}, {_as_json(names[at])} FROM p{at}" for at, _sql in parts)  # noqa: S608
            text = f"WITH {tables} {chosen}" if parts else ""
            for at, _sql in parts:
                _check(compilers[at])
        return cls(compilers, [at for at, _sql in parts], text, values)

    def ask(self, values: Sequence[Any], cursor: Any = None) -> list[Rows]:
        """The rows of each queryset, as the engine gives them; by this cursor where one is given."""
        found: list[Rows] = [[] for _ in self.compilers]
        if not self.asked:
            return found
        with connection.cursor() if cursor is None else nullcontext(cursor) as asking:
            asking.execute(self.sql, values)
            fetched = asking.fetchall()
        if len(self.asked) == 1:
            found[self.asked[0]] = fetched
            return found
        readers = {at: _readers(self.compilers[at]) for at in self.asked}
        for at, columns in fetched:
            row = [value for part in json.loads(columns) for value in part]
            for n, read in readers[at]:
                if row[n] is not None:
                    row[n] = read(row[n])
            found[at].append(row)
        return found


def _as_json(names: Sequence[str]) -> str:
    """An array of arrays of the columns, as text, in the words of the engine."""
    array, end = ("json_build_array", "::text") if connection.vendor == "postgresql" else ("json_array", "")
    parts = [", ".join(names[start : start + MOST_ARGUMENTS]) for start in range(0, len(names), MOST_ARGUMENTS)]
    return f"{array}({', '.join(f'{array}({part})' for part in parts)}){end}"


def _kinds(compiler: SQLCompiler) -> list[str]:
    return [expression.output_field.get_internal_type() for expression, _, _ in compiler.select]


def _check(compiler: SQLCompiler) -> None:
    if unreadable := _UNREADABLE.intersection(_kinds(compiler)):
        raise TypeError(f"JSON carries no {', '.join(sorted(unreadable))}: leave it out with defer() or only().")


def _readers(compiler: SQLCompiler) -> list[tuple[int, Callable[[Any], Any]]]:
    """Which columns have to be read again after JSON, and how."""
    if connection.vendor != "postgresql":
        return []
    return [(n, _READ_AGAIN[kind]) for n, kind in enumerate(_kinds(compiler)) if kind in _READ_AGAIN]


def keep(rows: QuerySet[Any, Any], compiler: SQLCompiler, found: Rows) -> None:
    """Let the queryset make its objects from rows that are there already."""
    compiler.execute_sql = lambda *args, **kwargs: [found]  # type: ignore[method-assign,assignment]
    rows.query.get_compiler = lambda *args, **kwargs: compiler  # type: ignore[method-assign]
    len(rows)
