"""The bytes of many kept rows, one after the other."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import BinaryField, QuerySet
from django.db.models.aggregates import Aggregate


class Joined(Aggregate):
    """The bytes of all rows, one after the other; PostgreSQL only."""

    function = "string_agg"
    template = "%(function)s(%(expressions)s, ''::bytea)"
    output_field = BinaryField()


def joined(rows: QuerySet[Any], *columns: str) -> dict[str, bytes]:
    """The bytes that each of these columns holds in all rows together. One query."""
    if connection.vendor == "postgresql":
        found = rows.order_by().aggregate(**{f"all_{name}": Joined(name) for name in columns})
        return {name: bytes(found[f"all_{name}"] or b"") for name in columns}
    read = list(rows.order_by().values_list(*columns))
    return {name: b"".join(bytes(row[at]) for row in read) for at, name in enumerate(columns)}
