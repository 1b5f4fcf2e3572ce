"""What the answers say: NPS with its interval, by period, touchpoint, segment and kind of survey."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count

from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.periods import Period, periods
from surveys.models.responses import ResponseQuerySet
from surveys.scoring import Band, Difference, Nps, band, difference, nps


@dataclass(frozen=True, slots=True)
class Scores:
    """How often each score was given, and the NPS of it."""

    counts: Mapping[int, int]
    nps: Nps

    @classmethod
    def of(cls, counts: Mapping[int, int]) -> Scores:
        by_band: Counter[str] = Counter()
        for score, n in counts.items():
            by_band[band(score)] += n
        return cls(
            {score: counts.get(score, 0) for score in range(11)},
            nps(by_band[Band.PROMOTER], by_band[Band.PASSIVE], by_band[Band.DETRACTOR]),
        )

    @property
    def each(self) -> list[int]:
        """Every single score, from low to high: what is shown where there are too few for a figure."""
        return [score for score, n in self.counts.items() for _ in range(n)]

    def as_dict(self) -> dict[str, Any]:
        """Plain types; without enough answers there is no figure."""
        known = self.nps.is_enough
        return {
            "n": self.nps.n,
            "promoters": self.nps.promoters,
            "passives": self.nps.passives,
            "detractors": self.nps.detractors,
            "nps": self.nps.value if known else None,
            "low": self.nps.low if known else None,
            "high": self.nps.high if known else None,
        }


@dataclass(frozen=True, slots=True)
class Group:
    """The answers of one touchpoint, segment or kind of survey. An empty `slug` is those without any."""

    slug: str
    name: str
    scores: Scores


@dataclass(frozen=True, slots=True)
class NpsReport:
    """Everything a page or the API shows about the answers of one cohort."""

    filters: ReportFilters
    now: datetime
    scores: Scores
    excluded: Mapping[str, int]
    before: Scores
    change: Difference
    by_period: tuple[tuple[Period, Scores], ...]
    by_touchpoint: tuple[Group, ...]
    by_segment: tuple[Group, ...]
    by_kind: tuple[Group, ...]

    @property
    def nps(self) -> Nps:
        return self.scores.nps

    @property
    def n_excluded(self) -> int:
        return sum(self.excluded.values())

    def as_dict(self) -> dict[str, Any]:
        """For the API: plain types, points from -100 to 100, null where there are under 20 answers."""
        comparable = self.nps.is_enough and self.before.nps.is_enough

        def groups(found: Iterable[Group]) -> list[dict[str, Any]]:
            return [{"slug": group.slug, "name": group.name, **group.scores.as_dict()} for group in found]

        return {
            "filters": {name: value for name, value in self.filters.as_dict().items() if name != "band"},
            "as_of": self.now.isoformat(),
            **self.scores.as_dict(),
            "scores": {str(score): n for score, n in self.scores.counts.items()},
            "excluded": self.n_excluded,
            "excluded_as": dict(self.excluded),
            "before": self.before.as_dict(),
            "change": {
                "points": self.change.value if comparable else None,
                "low": self.change.low if comparable else None,
                "high": self.change.high if comparable else None,
                "may_be_chance": self.change.may_be_chance if comparable else None,
            },
            "by_period": [
                {"day_from": period.first.isoformat(), "day_to": period.last.isoformat(), **scores.as_dict()}
                for period, scores in self.by_period
            ],
            "by_touchpoint": groups(self.by_touchpoint),
            "by_segment": groups(self.by_segment),
            "by_survey_kind": groups(self.by_kind),
        }


def nps_report(filters: ReportFilters, *, now: datetime) -> NpsReport:
    """Count the answers of one cohort, and of as many days before. Six queries.

    `filters.band` does not narrow an NPS.
    """
    counted = filters.answers().counted().order_by()
    by_day: dict[date, Counter[int]] = {}
    for day, score, n in counted.values_list("day", "score").annotate(n=Count("pk")):
        by_day.setdefault(day, Counter())[score] = n
    excluded = filters.answers().exclude(excluded_as="").order_by().values_list("excluded_as").annotate(n=Count("pk"))
    before = scores_of(filters.before())
    scores = Scores.of(_summed(by_day.values()))
    return NpsReport(
        filters=filters,
        now=now,
        scores=scores,
        excluded=dict(excluded),
        before=before,
        change=difference(scores.nps, before.nps),
        by_period=tuple(
            (
                period,
                Scores.of(_summed(counts for day, counts in by_day.items() if period.first <= day <= period.last)),
            )
            for period in periods(filters.day_from, filters.day_to)
        ),
        by_touchpoint=_groups(counted, "touchpoint__slug", "touchpoint__name"),
        by_segment=_groups(counted, "segment", "segment"),
        by_kind=_groups(counted, "survey_kind", "survey_kind"),
    )


def scores_of(filters: ReportFilters) -> Scores:
    """The scores of one cohort that count, and their NPS. One query."""
    return Scores.of(dict(filters.answers().counted().order_by().values_list("score").annotate(n=Count("pk"))))


def _summed(counts: Iterable[Counter[int]]) -> Counter[int]:
    total: Counter[int] = Counter()
    for part in counts:
        total.update(part)
    return total


def _groups(counted: ResponseQuerySet, slug: str, name: str) -> tuple[Group, ...]:
    """By name; whoever is in no group comes last."""
    found: dict[tuple[str, str], Counter[int]] = {}
    for row in counted.values(*{slug, name}, "score").annotate(n=Count("pk")):
        found.setdefault((row[slug] or "", row[name] or ""), Counter())[row["score"]] = row["n"]
    groups = (Group(key, title, Scores.of(counts)) for (key, title), counts in found.items())
    return tuple(sorted(groups, key=lambda group: (not group.slug, group.name.casefold(), group.slug)))
