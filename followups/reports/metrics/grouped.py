"""The closing of loops by group: one query for each way of grouping, whatever the number of groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from followups.reports.metrics.closure import Counts
from followups.reports.metrics.facts import FACTS, with_facts
from followups.reports.metrics.filters import ReportFilters
from nps_loop.people.models import User
from surveys.models import Survey
from surveys.scoring import Band


@dataclass(frozen=True, slots=True)
class Way:
    """A way of grouping tickets: columns of key and name, the list's filter, and its value for tickets without any."""

    key: str
    name: str
    filter: str
    without: str = "-"


WAYS: Mapping[str, Way] = {
    "team": Way("team__slug", "team__name", "team"),
    "person": Way("owner", "owner", "owner", "none"),
    "touchpoint": Way("response__touchpoint__slug", "response__touchpoint__name", "touchpoint"),
    "segment": Way("response__segment", "response__segment", "segment"),
    "survey_kind": Way("response__survey_kind", "response__survey_kind", "survey_kind"),
    "band": Way("band", "band", "band"),
}


@dataclass(frozen=True, slots=True)
class Grouped:
    """The tickets of one group. `label` is empty for those without any; `value` is what a list is filtered by."""

    way: Way
    label: str
    value: str
    counts: Counts


def closure_by(filters: ReportFilters, by: str, *, now: datetime) -> tuple[Grouped, ...]:
    """The cohort's counts by a way of `WAYS`, by name, those without any last. Raises KeyError.

    One query, and for persons one more for their names.
    """
    way = WAYS[by]
    rows: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in (
        with_facts(filters.tickets(), now=now).order_by().values(*{way.key, way.name}, *FACTS).annotate(n=Count("pk"))
    ):
        rows[str(row[way.key] or ""), str(row[way.name] or "")].append(row)
    labels = _labels(by, [key for key, _ in rows if key])
    groups = (
        Grouped(way, labels.get(key, name) if key else "", key or way.without, Counts.folded(found))
        for (key, name), found in rows.items()
    )
    return tuple(sorted(groups, key=lambda group: (not group.label, group.label.casefold(), group.value)))


def _labels(by: str, keys: list[str]) -> Mapping[str, str]:
    """What groups are called whose name no column of the ticket holds."""
    if by == "person":
        return {str(user.pk): user.name for user in User.objects.filter(pk__in=keys)}
    choices = {"survey_kind": Survey.Kind.choices, "band": Band.choices}.get(by, [])
    return {value: str(label) for value, label in choices}
