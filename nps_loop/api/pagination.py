"""Cursor pages by key: the next page starts after the last row seen, so rows that come or go shift nothing.

DRF's own cursor steps over equal values by an offset with a ceiling; an import gives thousands of tickets one due
time. Here the row's id is always the second key. Only columns that are never null and no text may be ordered by.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from urllib.parse import urlencode

from django.db.models import Field, Model, Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

LARGEST_KEY = 2**63 - 1


class BadCursor(ValueError):
    """This cursor was not given out for this order."""


@dataclass(frozen=True, slots=True)
class Order:
    """One way to sort: a column that is never null, and a direction. Ties go by id in the same direction."""

    column: str
    descending: bool = False

    @property
    def order_by(self) -> tuple[str, str]:
        sign = "-" if self.descending else ""
        return f"{sign}{self.column}", f"{sign}id"


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one page; cursors are None where nothing lies beyond."""

    rows: list[Any]
    next: str | None
    previous: str | None


def keyset_page(rows: QuerySet[Any], order: Order, cursor: str, size: int) -> Page:
    """`size` rows of `rows` in `order` from `cursor` on ("" for the first page), in one query. Raises BadCursor."""
    backwards, value, key = _decode(rows.model, order, cursor) if cursor else (False, None, None)
    downwards = order.descending is not backwards
    if key is not None:
        beyond = "lt" if downwards else "gt"
        # The first condition alone bounds the index scan; the second steps over equal values.
        rows = rows.filter(
            Q(**{f"{order.column}__{beyond}e": value})
            & (Q(**{f"{order.column}__{beyond}": value}) | Q(**{f"id__{beyond}": key}))
        )
    found = list(rows.order_by(*Order(order.column, downwards).order_by)[: size + 1])
    has_more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    before, after = (has_more, True) if backwards else (key is not None, has_more)
    return Page(
        found,
        next=_encode(order, found[-1], backwards=False) if found and after else None,
        previous=_encode(order, found[0], backwards=True) if found and before else None,
    )


def _encode(order: Order, row: Model, *, backwards: bool) -> str:
    value = getattr(row, order.column)
    shown = value.isoformat() if isinstance(value, date | datetime) else value
    text = json.dumps([order.order_by[0], int(backwards), shown, row.pk], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(model: type[Model], order: Order, cursor: str) -> tuple[bool, Any, int]:
    """(backwards, value, id) of a cursor. Whoever makes one up gets rows they may see anyway, or BadCursor."""
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        name, backwards, shown, key = json.loads(text)
        value = cast("Field[Any, Any]", model._meta.get_field(order.column)).to_python(shown)
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise BadCursor from error
    except Exception as error:  # a field's own ValidationError
        raise BadCursor from error
    if name != order.order_by[0] or backwards not in (0, 1) or type(key) is not int or value is None:
        raise BadCursor
    if abs(key) > LARGEST_KEY or (isinstance(value, int) and abs(value) > LARGEST_KEY):
        raise BadCursor
    # No row lies there, and a moment at the end of the calendar has no counterpart in UTC.
    if isinstance(value, date) and not 1900 < value.year < 9000:
        raise BadCursor
    return bool(backwards), value, key


class KeysetPagination(BasePagination):
    """`?cursor=&page_size=&ordering=` over a view's `orders`: name -> Order, the first being the usual one."""

    usual_size = 50
    largest_size = 200

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        orders: Mapping[str, Order] = view.orders
        self.request = request
        name = request.query_params.get("ordering") or next(iter(orders))
        if name not in orders:
            raise ValidationError({"ordering": [f"Order by one of: {', '.join(orders)}."]})
        try:
            self.page = keyset_page(queryset, orders[name], request.query_params.get("cursor", ""), self._size())
        except BadCursor:
            raise ValidationError({"cursor": ["This cursor is not one of ours, or of another order."]}) from None
        return self.page.rows

    def _size(self) -> int:
        given = self.request.query_params.get("page_size", "")
        if not given:
            return self.usual_size
        if not (given.isascii() and given.isdigit() and len(given) <= 4 and 1 <= int(given) <= self.largest_size):
            raise ValidationError({"page_size": [f"A page holds 1 to {self.largest_size} rows."]})
        return int(given)

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {"next": self._link(self.page.next), "previous": self._link(self.page.previous), "results": data}
        )

    def _link(self, cursor: str | None) -> str | None:
        if cursor is None:
            return None
        query = [(name, value) for name, values in self.request.query_params.lists() for value in values]
        query = [pair for pair in query if pair[0] != "cursor"] + [("cursor", cursor)]
        return self.request.build_absolute_uri(f"{self.request.path}?{urlencode(query)}")

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": dict(link), "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        orders = list(view.orders)
        return [
            _parameter("cursor", {"type": "string"}, "Taken from `next` or `previous` of a page."),
            _parameter("page_size", {"type": "integer", "minimum": 1, "maximum": self.largest_size}, "Rows of a page."),
            _parameter("ordering", {"type": "string", "enum": orders, "default": orders[0]}, "How rows are sorted."),
        ]


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
