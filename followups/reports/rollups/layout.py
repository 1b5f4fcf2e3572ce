"""What rollups hold: the ways that answers and tickets are grouped by, and the figures counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zlib import crc32

from django.db.models.expressions import Combinable

from followups.models import RollupKind
from followups.reports.metrics.facts import OF_FACTS
from followups.reports.metrics.figures import OF_REOPENING
from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.promised import Kept
from followups.reports.metrics.signals import OF_TICKETS
from followups.reports.metrics.ways import ATTRIBUTE, WITHOUT, ByBusinessUnit, Column, Way, way_of
from followups.reports.rollups.once import once
from surveys.models import ReportableAttribute

# Raised where the meaning of what is kept changes: then every day is counted anew.
VERSION = 2
# The slice of all rows.
ALL = ""
# Accounts are no way to keep: there are about as many of them on a day as answers.
_WAYS = (
    "touchpoint", "survey_kind", "product", "segment", "region", "business_unit", "account_owner", "language", "brand",
)  # fmt: skip
WAYS: dict[str, tuple[str, ...]] = {
    RollupKind.ANSWERS: _WAYS,
    RollupKind.TICKETS: (*_WAYS, "person"),
    RollupKind.RECOVERY: _WAYS,
    RollupKind.INVITATIONS: (),
    RollupKind.SIGNALS: (),
}
# A way with more groups on a day is not kept for that day: it would save nothing.
MOST_GROUPS = 300

OF_PROMISE = {kept.value: f"promise-{kept.value}" for kept in Kept}
# The counters of a row of tickets, in the order in which they are kept.
COUNTED: tuple[str, ...] = (*sorted(OF_FACTS), *sorted(OF_PROMISE.values()), *OF_REOPENING)
FIGURES: dict[str, tuple[str, ...]] = {RollupKind.TICKETS: COUNTED, RollupKind.SIGNALS: tuple(OF_TICKETS)}


Groups = Callable[[Sequence[Any]], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Slice:
    """The kept rows of one way; `group` narrows them to one, None keeps all."""

    way: str
    group: str | None = None


@dataclass(frozen=True)
class Layout:
    """The ways of one kind, those by declared attributes included."""

    kind: str
    names: tuple[str, ...]

    @classmethod
    def now(cls, kind: str) -> Layout:
        """As declared at present. One query; none for what is kept by no way: invitations and signals."""
        if not WAYS[kind]:
            return cls(kind, ())
        rows = ReportableAttribute.objects.order_by("name").values_list("name", flat=True)
        declared = once("declared", lambda: tuple(rows))
        return cls(kind, (*WAYS[kind], *(ATTRIBUTE + name for name in declared)))

    @cached_property
    def number(self) -> int:
        """Another one wherever other ways or figures are kept."""
        counted = FIGURES.get(self.kind, ())
        return crc32("\n".join((str(VERSION), self.kind, *self.names, "", *counted)).encode())

    @cached_property
    def ways(self) -> dict[str, Way]:
        return {name: way_of(name) for name in self.names}

    def groupings(self, *, tickets: bool) -> tuple[dict[str, Combinable], dict[str, Groups]]:
        """What to read of a row to know its groups by every way, and for each way the groups of these values."""
        columns: dict[str, Combinable] = {}
        found: dict[str, Groups] = {}
        for number, (name, way) in enumerate(self.ways.items()):
            own = way.columns(tickets=tickets)
            found[name] = _groups_of(way, tuple(own), len(columns))
            # Two attributes are read under the same name.
            columns |= {f"way_{number}_{column}": read for column, read in own.items()}
        return columns, found

    def slice_for(self, filters: ReportFilters, way: Way | None = None) -> Slice | None:
        """Where the cohort is kept by this way; None where only the rows themselves know, as of any past moment.

        One filter besides team, touchpoint's team and band can be read, and one way to group: two of them only
        together, where they are the same and an answer is in one group of it.
        """
        if filters.as_of is not None:
            return None
        by = ALL if way is None or way.name == "team" else self._own_name(way.name)
        if by and by not in self.names:
            return None
        narrowed = filters.narrowed
        if not narrowed:
            return Slice(by)
        if len(narrowed) > 1:
            return None
        ((name, value),) = narrowed.items()
        if name not in self.names or by not in (ALL, name) or (by and isinstance(way, ByBusinessUnit)):
            return None
        return Slice(name, group_asked_for(self.ways[name], value))

    def _own_name(self, name: str) -> str:
        # The person of an answer is its account's owner.
        return "account_owner" if name == "person" and self.kind == RollupKind.ANSWERS else name


def _groups_of(way: Way, names: tuple[str, ...], first: int) -> Groups:
    """The groups of a row, from the values of its columns from the first on; those that say the same are asked once."""
    known: dict[tuple[Any, ...], tuple[str, ...]] = {}

    def groups(values: Sequence[Any]) -> tuple[str, ...]:
        own = tuple(values[first : first + len(names)])
        if own not in known:
            known[own] = way.groups(dict(zip(names, own, strict=True)))
        return known[own]

    return groups


def group_asked_for(way: Way, value: str) -> str:
    """The group that a filter's value asks for; one that nothing is in, where the value is no group."""
    if value == WITHOUT:
        return ""
    if isinstance(way, Column) and way.number and value.isascii() and value.isdigit():
        return str(int(value))
    return value
