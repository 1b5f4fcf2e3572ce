"""Root causes on their two levels: how many tickets, of which band, at which touchpoint, segment and time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Subquery

from followups.models import RollupKind, RootCause, TicketTally
from followups.reports.metrics.facts import OF_FACTS, with_facts
from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.standing import standing_of
from followups.reports.metrics.ways import way_of
from followups.reports.rollups import tickets as of_tickets
from followups.reports.rollups.cells import Parts, parts
from followups.reports.rollups.days import KeptDays
from surveys.models import Touchpoint

# What causes are told apart by -> where a kept row has it, and where a ticket.
COLUMNS: dict[str, tuple[str, str]] = {
    "band": ("band", "band"),
    "day": ("day", "day"),
    "touchpoint": ("group", "response__touchpoint__slug"),
    "segment": ("group", "response__segment"),
}
# Those that are a way of their own to keep.
WAYS = ("touchpoint", "segment")


@dataclass(frozen=True, slots=True)
class CausesReport:
    """The tickets of one cohort that were declared resolved, by the cause that stands.

    `counts` has tickets by slug of the cause and each of `COLUMNS`, `area_of` the cause of the upper level. `names`
    holds the names of causes, `touchpoints` those of touchpoints, by slug.
    """

    filters: ReportFilters
    now: datetime
    declared: int
    counts: Mapping[str, Counter[tuple[str, Any]]]
    area_of: Mapping[str, str]
    names: dict[str, str]
    touchpoints: dict[str, str]

    @property
    def known(self) -> int:
        """Tickets with a cause."""
        return self.counts["band"].total()

    def by(self, level: str, column: str = "") -> Counter[tuple[Any, ...]]:
        """Tickets by `cause` or `area`, and one of `COLUMNS` or, by area, `cause`."""
        found: Counter[tuple[Any, ...]] = Counter()
        for (cause, value), n in self.counts[column if column in COLUMNS else "band"].items():
            first = cause if level == "cause" else self.area_of[cause]
            found[(first, value) if column in COLUMNS else (first, cause) if column else (first,)] += n
        return found

    def areas(self) -> list[tuple[str, int]]:
        """Causes of the upper level with everything below them, the most frequent first, then by name."""
        return self._sorted(self.by("area"))

    def below(self, area: str) -> list[tuple[str, int]]:
        """The causes of one area, those given as the area itself included, sorted alike."""
        return self._sorted({(cause,): n for (of, cause), n in self.by("area", "cause").items() if of == area})

    def _sorted(self, counts: Any) -> list[tuple[str, int]]:
        rows: Iterable[tuple[str, int]] = ((slug, n) for (slug,), n in counts.items())
        return sorted(rows, key=lambda row: (-row[1], self.names[row[0]].casefold(), row[0]))

    def as_dict(self) -> dict[str, Any]:
        """For the API: plain types."""
        return {
            "filters": self.filters.as_dict(),
            "as_of": self.now.isoformat(),
            "declared": self.declared,
            "with_root_cause": self.known,
            "areas": [
                {
                    "slug": area,
                    "name": self.names[area],
                    "tickets": n,
                    "root_causes": [
                        {"slug": slug, "name": self.names[slug], "tickets": own} for slug, own in self.below(area)
                    ],
                }
                for area, n in self.areas()
            ],
            **{
                f"by_{column}": [
                    {"root_cause": cause, column: value, "tickets": n}
                    for (cause, value), n in sorted(self.by("cause", column).items())
                ]
                for column in ("band", "touchpoint", "segment")
            },
        }


def causes_report(filters: ReportFilters, *, now: datetime) -> CausesReport:
    """Count the causes of one cohort. Up to sixteen queries, whatever the number of tickets."""
    now = filters.moment(now)
    kept = KeptDays.read(RollupKind.TICKETS, filters.day_from, filters.day_to, now=now)
    whole = parts(TicketTally, filters, kept)
    divided = {name: parts(TicketTally, filters, kept, way_of(name)) for name in WAYS}
    found = _from_rows(whole, tuple(COLUMNS), now) if whole.tallies is None else {}
    for name in COLUMNS:
        of = divided.get(name, whole)
        if whole.tallies is not None:
            found |= _from_rows(of, (name,), now)
            if of.tallies is not None:
                _add_kept(found[name], of, COLUMNS[name][0])
    causes = RootCause.objects.order_by().values_list("pk", "slug", "name", "parent__slug", "parent__name")
    known = {cause for cause, _value in found["band"]}
    slugs, area_of, names = {}, {}, {}
    for key, slug, name, area, area_name in causes:
        if key in known:
            slugs[key], area_of[slug], names[slug] = slug, area or slug, name
            names.setdefault(area or slug, area_name or name)
    counts = {
        name: Counter({(slugs[cause], value): n for (cause, value), n in by.items() if cause in slugs})
        for name, by in found.items()
    }
    points = {slug for _cause, slug in counts["touchpoint"]}
    touchpoints = dict(Touchpoint.objects.filter(slug__in=points).values_list("slug", "name"))
    return CausesReport(
        filters,
        now,
        _declared(whole, now),
        counts,
        area_of,
        names,
        {slug: touchpoints.get(slug, "") for slug in points},
    )


def _declared(of: Parts, now: datetime) -> int:
    n = sum(with_facts(part, now=now).filter(OF_FACTS["declared"].q).order_by().count() for part in of.tickets)
    if of.tallies is not None:
        sums = of_tickets.add_up(of.tallies, "way", ("counts",)).values()
        n += sum(each.figures["declared"] for each in sums)
    return n


def _add_kept(found: Counter[tuple[int, Any]], of: Parts, column: str) -> None:
    if of.tallies is not None:
        for value, sums in of_tickets.add_up(of.tallies, column, ("causes",)).items():
            for cause, n in sums.causes.items():
                found[cause, value] += n


def _from_rows(of: Parts, columns: Iterable[str], now: datetime) -> dict[str, Counter[tuple[int, Any]]]:
    """Tickets that are not kept, by key of their cause and each of these columns. A query for each part."""
    found: dict[str, Counter[tuple[int, Any]]] = {name: Counter() for name in columns}
    read = {f"in_{name}": F(COLUMNS[name][1]) for name in found}
    for part in of.tickets:
        declared = with_facts(part, now=now).filter(OF_FACTS["declared"].q).order_by()
        standing = standing_of(part, now).order_by().values("root_cause")[:1]
        rows: Any = declared.annotate(cause=Subquery(standing), **read).filter(cause__isnull=False)
        for row in rows.values("cause", *read).annotate(n=Count("pk")):
            for name, by in found.items():
                value = row[f"in_{name}"]
                by[row["cause"], "" if value is None else value] += row["n"]
    return found
