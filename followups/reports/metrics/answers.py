"""What the answers say: NPS with its interval, by period and by whatever ways they can be grouped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from followups.reports.metrics.counting import (
    ScoreCount,
    excluded_counts,
    group_counts,
    kept_answers,
    score_counts,
)
from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.periods import Period, periods
from followups.reports.metrics.ways import Way, way_of
from followups.reports.rollups.days import KeptDays
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


# How an NPS is split where nothing else was asked for.
USUAL_WAYS = ("touchpoint", "segment", "survey_kind")


@dataclass(frozen=True, slots=True)
class Group:
    """The answers of one touchpoint, segment or whatever they were grouped by. An empty `slug` is those without any."""

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
    groups: Mapping[str, tuple[Group, ...]]

    @property
    def nps(self) -> Nps:
        return self.scores.nps

    @property
    def by_touchpoint(self) -> tuple[Group, ...]:
        return self.groups["touchpoint"]

    @property
    def by_segment(self) -> tuple[Group, ...]:
        return self.groups["segment"]

    @property
    def by_kind(self) -> tuple[Group, ...]:
        return self.groups["survey_kind"]

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
            **{f"by_{name}": groups(found) for name, found in self.groups.items()},
        }


def nps_report(filters: ReportFilters, *, now: datetime, by: Sequence[str] = USUAL_WAYS) -> NpsReport:
    """Count the answers of one cohort, of as many days before, and by each of these ways (KeyError: there is none).

    Up to eight queries, and three for each way. `filters.band` does not narrow an NPS.
    """
    now = filters.moment(now)
    kept = kept_answers(filters, now=now)
    counts = score_counts(filters, kept)
    scores = scores_of(counts)
    before = scores_of(score_counts(filters.before(), kept))
    return NpsReport(
        filters=filters,
        now=now,
        scores=scores,
        excluded=excluded_counts(filters, kept),
        before=before,
        change=difference(scores.nps, before.nps),
        by_period=tuple(
            (period, Scores.of(_summed(count for count in counts if period.first <= count.day <= period.last)))
            for period in periods(filters.day_from, filters.day_to)
        ),
        groups={name: _groups(filters, kept, way_of(name)) for name in by},
    )


def scores_of(counts: Iterable[ScoreCount]) -> Scores:
    """Scores added up over days, and their NPS."""
    return Scores.of(_summed(counts))


def scores_over(filters: ReportFilters, *, now: datetime) -> Scores:
    """The scores of one cohort that count. Up to four queries."""
    return scores_of(score_counts(filters, kept_answers(filters, now=filters.moment(now))))


def nps_groups(filters: ReportFilters, way: Way, *, now: datetime) -> tuple[Group, ...]:
    """The answers of a cohort by one way, by name; those in no group come last. Up to five queries."""
    return _groups(filters, kept_answers(filters, now=filters.moment(now)), way)


def _groups(filters: ReportFilters, kept: KeptDays, way: Way) -> tuple[Group, ...]:
    found = group_counts(filters, kept, way)
    names = way.names(found)
    groups = (Group(key, names.get(key, key), Scores.of(counts)) for key, counts in found.items())
    return tuple(sorted(groups, key=lambda group: (not group.slug, group.name.casefold(), group.slug)))


def _summed(counts: Iterable[ScoreCount]) -> Counter[int]:
    total: Counter[int] = Counter()
    for count in counts:
        total[count.score] += count.n
    return total
