"""Pages by place instead of by number: as quick on the last page as on the first, and nothing is shown twice.

A place is the sort value and the id of a row. Rows sort by (value, id); the id settles ties, so no row hides in one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet

M = TypeVar("M", bound=Model)
SEPARATOR = "~"


@dataclass(frozen=True, slots=True)
class Order:
    """How a list sorts. `field` may be an annotation and is never null; `read` turns a place's text into its type."""

    name: str
    field: str
    read: Callable[[str], Any]
    descending: bool = False

    @property
    def fields(self) -> tuple[str, str]:
        sign = "-" if self.descending else ""
        return f"{sign}{self.field}", f"{sign}pk"

    def place_of(self, row: Model) -> str:
        value = getattr(row, self.field)
        return f"{value.isoformat() if isinstance(value, date) else value}{SEPARATOR}{row.pk}"


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Rows with the places before and after them; an empty place is an end of the list."""

    rows: list[M]
    before: str = ""
    after: str = ""


def page(rows: QuerySet[M], order: Order, *, size: int, after: str = "", before: str = "") -> Page[M]:
    """One page of `rows` after or before a place. A place that cannot be read is the beginning. One query."""
    place = _read(after or before, order)
    backwards = bool(before) and place is not None
    found = rows.order_by(*order.fields)
    if backwards:
        found = found.reverse()
    if place is not None:
        found = found.filter(_beyond(order, place, backwards=backwards))
    read = list(found[: size + 1])
    more = len(read) > size
    read = read[:size]
    if backwards:
        read.reverse()
    if not read:
        return Page([])
    is_first = not more if backwards else place is None
    is_last = False if backwards else not more
    return Page(
        read,
        before="" if is_first else order.place_of(read[0]),
        after="" if is_last else order.place_of(read[-1]),
    )


def _beyond(order: Order, place: tuple[Any, int], *, backwards: bool) -> Q:
    value, pk = place
    way = "lt" if order.descending != backwards else "gt"
    # The bound on the value alone is what an index reads by; the rest settles the tie.
    return Q(**{f"{order.field}__{way}e": value}) & (Q(**{f"{order.field}__{way}": value}) | Q(**{f"pk__{way}": pk}))


def _read(text: str, order: Order) -> tuple[Any, int] | None:
    value, _, number = text.rpartition(SEPARATOR)
    try:
        place = order.read(value), int(number)
    except (ValueError, OverflowError, InvalidOperation):
        return None
    # Beyond 64 bits no row can lie, and SQLite would refuse the comparison.
    whole = [part for part in place if isinstance(part, int)]
    return place if all(abs(part) < 2**62 for part in whole) else None


def moment(text: str) -> datetime:
    """Raises ValueError for anything that is no aware moment."""
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def amount(text: str) -> Decimal:
    """Raises InvalidOperation or ValueError for anything that is no finite number."""
    value = Decimal(text)
    if not value.is_finite() or abs(value) > Decimal(10) ** 15:
        raise ValueError(text)
    return value
