"""What can be exported, and how: first which rows, as keys, then a batch of them at a time.

The keys are the choice: eight bytes a row, in the order of their numbers, so that a million cost 8 MB and a job that is
taken up again goes on with the very rows it began with. What each row holds is read in batches by key, and whether its
reader may see it is asked anew with each batch.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from django.db.models import QuerySet
from django.http import Http404, QueryDict

from followups.reports.exports.columns import Columns, Row
from followups.viewing import Viewer

# Rows a batch: one batch is in memory at a time, and costs a fixed number of queries.
BATCH = 2_000


class BadQuestion(Exception):
    """What was asked for cannot be understood; `errors` says why, by field."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(errors)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks for which rows: the query string of the list, and the moment it is asked."""

    viewer: Viewer
    asked: QueryDict
    now: datetime
    # What was worked out for it and is asked for again.
    known: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def sees_all(self) -> bool:
        """A program whose key speaks for nobody in particular, which reads what an administrator reads."""
        return self.viewer.user.pk is None


class Listing(Protocol):
    """One kind of list. `name` is its word in addresses, `filters` is what it can be narrowed by."""

    name: str
    title: Any
    columns: Columns
    for_leads: bool
    filters: frozenset[str]

    def keys(self, question: Question, most: int | None = None) -> array[int]:
        """The rows asked for that the viewer may see, at most so many. Raises BadQuestion."""

    def read(self, question: Question, keys: Sequence[int]) -> list[Row]:
        """These rows, in this order; those that are gone, or out of sight by now, are left out."""


listings: dict[str, Listing] = {}


def register(listing: Listing) -> None:
    """Called by an app when it starts."""
    listings[listing.name] = listing


def listing_for(name: str, viewer: Viewer) -> Listing:
    """The list of this name. Raises Http404 for none, and for one that is only for leads."""
    found = listings.get(name)
    if found is None or (found.for_leads and not viewer.leads):
        raise Http404
    return found


def batches(
    listing: Listing, question: Question, keys: Sequence[int], start: int = 0
) -> Iterator[tuple[int, list[Row]]]:
    """(keys dealt with so far, rows), batch by batch from the place `start` on."""
    for place in range(start, len(keys), BATCH):
        some = keys[place : place + BATCH]
        yield place + len(some), listing.read(question, some)


def keys_of(rows: QuerySet[Any], most: int | None) -> array[int]:
    """The keys of these rows in the order of their numbers. One query, of which a batch at a time is in memory."""
    found = rows.order_by("pk").values_list("pk", flat=True)
    return array("q", found[:most] if most is not None else found.iterator(chunk_size=10_000))


def in_order(keys: Sequence[int], rows: Iterable[tuple[int, Row]]) -> list[Row]:
    """Rows by key, in the order of `keys`."""
    found = dict(rows)
    return [found[key] for key in keys if key in found]
