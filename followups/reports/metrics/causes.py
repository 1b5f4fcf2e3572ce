"""Root causes on their two levels: how many tickets, of which band, at which touchpoint, segment and time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Subquery

from followups.models import Resolution
from followups.reports.metrics.facts import OF_FACTS, with_facts
from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.standing import standing_of


@dataclass(frozen=True, slots=True)
class Found:
    """How many tickets share a cause and all else that is asked here. `area` is the cause of the upper level."""

    cause: str
    area: str
    band: str
    touchpoint: str
    segment: str
    day: date
    n: int


@dataclass(frozen=True, slots=True)
class CausesReport:
    """The tickets of one cohort that were declared resolved, by the cause that stands.

    `names` holds the names of causes, `touchpoints` those of touchpoints, by slug. Every count is made of `rows`.
    """

    filters: ReportFilters
    now: datetime
    declared: int
    rows: tuple[Found, ...]
    names: dict[str, str]
    touchpoints: dict[str, str]

    @property
    def known(self) -> int:
        """Tickets with a cause."""
        return sum(row.n for row in self.rows)

    def by(self, *columns: str) -> Counter[tuple[Any, ...]]:
        """Tickets by these columns of `Found`."""
        counts: Counter[tuple[Any, ...]] = Counter()
        for row in self.rows:
            counts[tuple(getattr(row, column) for column in columns)] += row.n
        return counts

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
    """Count the causes of one cohort. Two queries."""
    now = filters.moment(now)
    declared = with_facts(filters.tickets(), now=now).filter(OF_FACTS["declared"].q).order_by()
    columns = {
        "root_cause__slug": "", "root_cause__name": "", "root_cause__parent__slug": "", "root_cause__parent__name": "",
        "ticket__band": "", "ticket__response__touchpoint__slug": "", "ticket__response__touchpoint__name": "",
        "ticket__response__segment": "", "ticket__day": None,
    }  # fmt: skip
    standing = standing_of(declared, now).order_by().values("pk")[:1]
    of_these: Any = declared.annotate(standing=Subquery(standing)).filter(standing__isnull=False)
    found = (
        Resolution.objects.filter(pk__in=of_these.values("standing"), root_cause__isnull=False)
        .order_by()
        .values(*columns)
        .annotate(n=Count("pk"))
    )
    rows, names, touchpoints = [], {}, {}
    for row in found:
        cause = row["root_cause__slug"]
        area = row["root_cause__parent__slug"] or cause
        names[cause] = row["root_cause__name"]
        names[area] = row["root_cause__parent__name"] or row["root_cause__name"]
        touchpoint = row["ticket__response__touchpoint__slug"] or ""
        touchpoints[touchpoint] = row["ticket__response__touchpoint__name"] or ""
        rows.append(
            Found(
                cause,
                area,
                row["ticket__band"],
                touchpoint,
                row["ticket__response__segment"] or "",
                row["ticket__day"],
                row["n"],
            )
        )
    return CausesReport(filters, now, declared.count(), tuple(rows), names, touchpoints)
