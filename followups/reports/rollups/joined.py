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


def joined(rows: QuerySet[Any], column: str) -> bytes:
    """The bytes that one column of these rows holds together. One query."""
    if connection.vendor == "postgresql":
        return bytes(rows.order_by().aggregate(all=Joined(column))["all"] or b"")
    return b"".join(bytes(data) for data in rows.order_by().values_list(column, flat=True))
