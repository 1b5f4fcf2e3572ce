"""Each touchpoint for itself: what is said there, how that changed, who answers, and how well loops are closed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from followups.reports import exact
from followups.reports.changes import p_value
from followups.reports.metrics.answers import Scores, nps_groups
from followups.reports.metrics.closure import Counts, Rate, closure_groups
from followups.reports.metrics.comparison import earlier
from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.response_rate import Asked, invitation_counts
from followups.reports.metrics.ways import way_of
from surveys.scoring import Difference, difference


@dataclass(frozen=True, slots=True)
class AtTouchpoint:
    """One touchpoint, an empty `slug` for answers without any.

    `is_sure` says that the change is more than chance even with all touchpoints compared (Holm); without enough
    answers on either side there is no change, and `change.value` is None.
    """

    slug: str
    name: str
    scores: Scores
    before: Scores
    change: Difference
    is_sure: bool
    asked: Asked | None
    counts: Counts

    @property
    def response_rate(self) -> Rate | None:
        return self.asked.rate if self.asked else None

    def as_dict(self) -> dict[str, Any]:
        known = self.change.value is not None
        return {
            "slug": self.slug,
            "name": self.name,
            **self.scores.as_dict(),
            "before": self.before.as_dict(),
            "change": {
                "points": self.change.value,
                "low": self.change.low,
                "high": self.change.high,
                "may_be_chance": not self.is_sure if known else None,
            },
            "response_rate": self.response_rate.as_dict() if self.response_rate else None,
            "rates": {name: self.counts.rate(name).as_dict() for name in ("declared", "told", "confirmed", "on_time")},
        }


@dataclass(frozen=True, slots=True)
class TouchpointsReport:
    """Every touchpoint with an answer, an invitation or a ticket in the cohort, by name."""

    filters: ReportFilters
    before: ReportFilters | None
    now: datetime
    touchpoints: tuple[AtTouchpoint, ...]

    @property
    def compared(self) -> int:
        """How many changes were looked at together."""
        return sum(each.change.value is not None for each in self.touchpoints)

    def as_dict(self) -> dict[str, Any]:
        """For the API: plain types."""
        return {
            "filters": self.filters.as_dict(),
            "compared_with": self.before and {
                "day_from": self.before.day_from.isoformat(),
                "day_to": self.before.day_to.isoformat(),
            },
            "as_of": self.now.isoformat(),
            "touchpoints": [each.as_dict() for each in self.touchpoints],
        }  # fmt: skip


def touchpoints_report(
    filters: ReportFilters, compare: str, *, now: datetime, with_asked: bool = True
) -> TouchpointsReport:
    """Count every touchpoint of one cohort, and the change against that of `compare`. Up to twenty-one queries.

    Who was asked, and answered, is for leads: to others `with_asked` is not so, nor a touchpoint where that is all.
    """
    now = filters.moment(now)
    names: dict[str, str] = {}
    scores = _scores(filters, names, now)
    other = earlier(filters, compare)
    before = _scores(other, names, now) if other else {}
    states: defaultdict[str, Counter[str]] = defaultdict(Counter)
    columns = ("touchpoint__slug", "touchpoint__name", "state")
    for slug, name, state, n in invitation_counts(filters, *columns, now=now) if with_asked else ():
        names.setdefault(slug or "", name or "")
        states[slug or ""][state] += n
    counts = {}
    for group in closure_groups(filters, way_of("touchpoint"), now=now):
        names.setdefault(group.slug, group.name)
        counts[group.slug] = group.counts
    nothing, nobody = Counts.folded([]), Scores.of({})
    changes = {slug: _change(scores.get(slug, nobody), before.get(slug, nobody)) for slug in names}
    compared = [slug for slug, change in changes.items() if change.value is not None]
    corrected = dict(zip(compared, exact.holm([p_value(changes[slug]) for slug in compared]), strict=True))
    found = (
        AtTouchpoint(
            slug=slug,
            name=name,
            scores=scores.get(slug, nobody),
            before=before.get(slug, nobody),
            change=changes[slug],
            is_sure=corrected.get(slug, 1.0) < exact.LEVEL,
            asked=Asked(slug, name, states[slug], Counter()) if with_asked else None,
            counts=counts.get(slug, nothing),
        )
        for slug, name in names.items()
    )
    ordered = sorted(found, key=lambda each: (not each.slug, each.name.casefold(), each.slug))
    return TouchpointsReport(filters, other, now, tuple(ordered))


def _change(now: Scores, before: Scores) -> Difference:
    if not (now.nps.is_enough and before.nps.is_enough):
        return Difference(None, None, None, None, may_be_chance=True)
    return difference(now.nps, before.nps)


def _scores(filters: ReportFilters, names: dict[str, str], now: datetime) -> Mapping[str, Scores]:
    """Scores by slug; the names found on the way are added to `names`."""
    groups = nps_groups(filters, way_of("touchpoint"), now=now)
    for group in groups:
        names.setdefault(group.slug, group.name)
    return {group.slug: group.scores for group in groups}
