"""Response rate with an honest denominator: who was asked, who was not and by which rule, and who answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Sum

from followups.models import RollupKind
from followups.reports.metrics.closure import Rate
from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.ways import WITHOUT
from followups.reports.rollups import invitations as kept_invitations
from followups.reports.rollups.days import KeptDays, within
from surveys.models import Invitation
from surveys.models.invitations import InvitationQuerySet

State = Invitation.State
# What narrows invitations: they have no score, and belong to no team, product or language yet.
NARROWED_BY = (
    "day_from",
    "day_to",
    "touchpoint",
    "segment",
    "survey_kind",
    "account_owner",
    "region",
    "account",
    "as_of",
)
# It left and did not come back.
ASKED = (State.SENT, State.ANSWERED, State.EXPIRED)


@dataclass(frozen=True, slots=True)
class Asked:
    """The invitations of one survey: `by_state` and, of those not sent, `by_rule`."""

    slug: str
    name: str
    by_state: Mapping[str, int]
    by_rule: Mapping[str, int]

    @property
    def asked(self) -> int:
        return sum(self.by_state.get(state, 0) for state in ASKED)

    @property
    def answered(self) -> int:
        return self.by_state.get(State.ANSWERED, 0)

    @property
    def not_asked(self) -> int:
        return self.by_state.get(State.STOPPED, 0)

    @property
    def waiting(self) -> int:
        return self.by_state.get(State.PLANNED, 0)

    @property
    def rate(self) -> Rate:
        """Answered, of those asked, whoever can still answer included; Wilson interval."""
        return Rate.counted(self.answered, self.asked)

    def as_dict(self) -> dict[str, Any]:
        return {
            "asked": self.asked,
            "still_open": self.by_state.get(State.SENT, 0),
            "not_asked": self.not_asked,
            "not_asked_by_rule": dict(self.by_rule),
            "waiting": self.waiting,
            "answered": self.answered,
            "response_rate": self.rate.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class ResponseRateReport:
    """Invitations planned for the days of one cohort, altogether and by survey."""

    filters: ReportFilters
    now: datetime
    together: Asked
    by_survey: tuple[Asked, ...]

    def as_dict(self) -> dict[str, Any]:
        """For the API: plain types. A rate of under 20 is null, its counts are not."""
        named = {name: value for name, value in self.filters.as_dict().items() if name in NARROWED_BY}
        return {
            "filters": named,
            "as_of": self.now.isoformat(),
            **self.together.as_dict(),
            "by_survey": [{"slug": each.slug, "name": each.name, **each.as_dict()} for each in self.by_survey],
        }


def invitations_of(filters: ReportFilters) -> InvitationQuerySet:
    """The invitations planned for the days of `filters`, narrowed by what is in `NARROWED_BY`."""
    known = Invitation.objects.all() if filters.as_of is None else Invitation.objects.as_of(filters.as_of)
    rows = known.filter(day__gte=filters.day_from, day__lte=filters.day_to)
    if filters.touchpoint == WITHOUT:
        rows = rows.filter(touchpoint=None)
    elif filters.touchpoint:
        rows = rows.filter(touchpoint__slug=filters.touchpoint)
    if filters.survey_kind:
        rows = rows.filter(survey__kind=filters.survey_kind)
    if filters.segment:
        wanted = "" if filters.segment == WITHOUT else filters.segment
        rows = rows.filter(account__segment=wanted)
    if filters.region:
        rows = rows.filter(account__region="" if filters.region == WITHOUT else filters.region)
    if filters.account is not None:
        rows = rows.filter(account=filters.account)
    if filters.account_owner is not None:
        rows = rows.filter(account__owner=filters.account_owner)
    return rows


def response_rate_report(filters: ReportFilters, *, now: datetime) -> ResponseRateReport:
    """Count the invitations of one cohort. Up to three queries."""
    now = filters.moment(now)
    names: dict[str, str] = {}
    states: dict[str, Counter[str]] = {}
    rules: dict[str, Counter[str]] = {}
    columns = ("survey__slug", "survey__name", "state", "stopped_by")
    for slug, name, state, rule, n in invitation_counts(filters, *columns, now=now):
        names[slug] = name
        states.setdefault(slug, Counter())[state] += n
        if rule:
            rules.setdefault(slug, Counter())[rule] += n
    by_survey = [Asked(slug, names[slug], states[slug], rules.get(slug, Counter())) for slug in names]
    return ResponseRateReport(
        filters=filters,
        now=now,
        together=Asked("", "", sum(states.values(), Counter()), sum(rules.values(), Counter())),
        by_survey=tuple(sorted(by_survey, key=lambda each: (each.name.casefold(), each.slug))),
    )


def invitation_counts(filters: ReportFilters, *columns: str, now: datetime) -> Iterator[tuple[Any, ...]]:
    """Rows of these columns of invitations and how many there are, from kept counts where they hold. Some come twice.

    Kept are day, survey, touchpoint, `state` and `stopped_by`. Up to three queries.
    """
    rest = invitations_of(filters)
    if filters.as_of is not None:
        then = (f"then_{name}" if name in ("state", "stopped_by") else name for name in columns)
        yield from rest.order_by().values_list(*then).annotate(n=Count("pk"))
        return
    if kept_invitations.can_be_read(filters):
        kept = KeptDays.read(RollupKind.INVITATIONS, filters.day_from, filters.day_to, now=now)
        good, others = kept.split(filters.day_from, filters.day_to, "")
        if good:
            tallies = kept_invitations.read(filters, good).order_by()
            yield from tallies.values_list(*columns).annotate(n=Sum("invitations"))
        if not others:
            return
        rest = rest.filter(within(others))
    yield from rest.order_by().values_list(*columns).annotate(n=Count("pk"))
