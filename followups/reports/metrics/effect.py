"""What speaking to customers in time does to their next answer: who was spoken to when, and what they said later.

Everybody is looked at from the moment their first contact was due. By then somebody had spoken to them (*in time*) or
not; of the others, somebody spoke to some before they answered again (*late*), and to the rest not (*never*, so far).
What they answered before that moment belongs to neither, or those who are quick to answer would all count as never.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Case, DateTimeField, Exists, F, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce

from followups.models import Deadline, FirstContact
from followups.reports.effect import Estimate, by_stratum, matched_difference
from followups.reports.metrics.figures import figure_of
from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.then import is_then
from surveys.models import Response
from surveys.scoring import Band, band

# A later answer says something about a contact for so long after the first.
LATER = timedelta(days=365)

IN_TIME, LATE, NEVER = "in_time", "late", "never"
GROUPS = (IN_TIME, LATE, NEVER)
COMPARED = (IN_TIME, LATE)

# What a customer adds to an NPS.
POINTS = {Band.PROMOTER: 100.0, Band.PASSIVE: 0.0, Band.DETRACTOR: -100.0}


@dataclass(frozen=True, slots=True)
class Group:
    """Tickets of one group, those heard again, and the plain means of what these said; None without any."""

    tickets: int
    heard_again: int
    mean_first: float | None
    mean_later: float | None

    def as_dict(self) -> dict[str, Any]:
        return {
            "tickets": self.tickets,
            "heard_again": self.heard_again,
            "mean_first_score": self.mean_first,
            "mean_later_score": self.mean_later,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """One group against those never spoken to: the difference of later scores, and that of later NPS in points."""

    score: Estimate
    nps: Estimate

    def as_dict(self) -> dict[str, Any]:
        return {"score": _plain(self.score), "nps": _plain(self.nps)}


@dataclass(frozen=True, slots=True)
class EffectReport:
    """The groups of one cohort, and each of `COMPARED` against never, matched. No experiment, only like with like.

    Tickets whose first contact is not due yet are in no group; they and tickets without such a target are counted.
    """

    filters: ReportFilters
    now: datetime
    groups: Mapping[str, Group]
    compared: Mapping[str, Comparison]
    not_due: int
    without_target: int

    def as_dict(self) -> dict[str, Any]:
        """For the API: plain types; differences are null while there are too few to compare."""
        return {
            "filters": self.filters.as_dict(),
            "as_of": self.now.isoformat(),
            "groups": {name: self.groups[name].as_dict() for name in GROUPS},
            "not_due": self.not_due,
            "without_target": self.without_target,
            "against_never": {name: self.compared[name].as_dict() for name in COMPARED},
        }


def _plain(found: Estimate) -> dict[str, Any]:
    return {
        "difference": found.value,
        "low": found.low,
        "high": found.high,
        "smallest_detectable": found.smallest,
        "verdict": found.verdict.value,
        "n": found.treated,
        "n_never": found.others,
        "unmatched": found.unmatched_treated,
        "unmatched_never": found.unmatched_others,
        "strata": found.strata,
    }


@dataclass(frozen=True, slots=True)
class _Case:
    group: str
    stratum: Hashable
    first: int
    later: int | None


def effect_report(filters: ReportFilters, *, now: datetime) -> EffectReport:
    """Compare the customers of one cohort by when they were first spoken to. One query."""
    now = filters.moment(now)
    cases: list[_Case] = []
    not_due = without_target = 0
    for row in _rows(filters, now).iterator(chunk_size=5_000):
        if row["due"] is None:
            without_target += 1
        elif row["due"] > now:
            not_due += 1
        else:
            cases.append(_case(row))
    by_group = {name: [case for case in cases if case.group == name] for name in GROUPS}
    return EffectReport(
        filters=filters,
        now=now,
        groups={name: _group(its) for name, its in by_group.items()},
        compared={name: _compared(by_group[name] + by_group[NEVER], name) for name in COMPARED},
        not_due=not_due,
        without_target=without_target,
    )


def _rows(filters: ReportFilters, now: datetime) -> Any:
    """One row per ticket that counts: its first answer, its first contact, and what was heard after that was due.

    The later answer is that to the recovery question; where there is none, the next that counts of the same person.
    """
    target = Deadline.objects.filter(ticket=OuterRef("pk"), cycle=0, target=Deadline.Target.FIRST_CONTACT)
    known = Response.objects.all() if filters.as_of is None else Response.objects.as_of(filters.as_of)
    counted = known.counted().filter(responded_at__gt=OuterRef("due")).order_by("responded_at", "pk")
    score = counted.column("score")
    asked = counted.filter(invitation__recovers=OuterRef("response"))
    again = counted.filter(contact=OuterRef("contact"))
    first = known.counted().filter(pk=OuterRef("response"))
    tickets = figure_of(filters.tickets(), "counted", now=now).filter(Exists(first))
    met: Any = Subquery(target.order_by("ordinal").values("met_at")[:1])
    if is_then(tickets):
        # What was met then may be owed again since, where a mail came back.
        met = Case(
            When(then_first_contact=FirstContact.NONE, then=Value(None)),
            default=Coalesce(met, F("then_first_contact_at")),
            output_field=DateTimeField(),
        )
    return (
        tickets.annotate(
            due=Subquery(target.order_by("ordinal").values("due_at")[:1]),
            met=met,
            first_score=Subquery(first.values(score)[:1]),
        )
        .annotate(
            asked_score=Subquery(asked.values(score)[:1]),
            asked_at=Subquery(asked.values("responded_at")[:1]),
            again_score=Subquery(again.values(score)[:1]),
            again_at=Subquery(again.values("responded_at")[:1]),
        )
        .order_by()
        .values(
            "day",
            "responded_at",
            "first_score",
            "response__survey_kind",
            "response__segment",
            "due",
            "met",
            "asked_score",
            "asked_at",
            "again_score",
            "again_at",
        )
    )


def _case(row: Mapping[str, Any]) -> _Case:
    score, at = row["asked_score"], row["asked_at"]
    if score is None:
        score, at = row["again_score"], row["again_at"]
    if at is not None and at > row["responded_at"] + LATER:
        score = at = None
    met = row["met"]
    if met is not None and met <= row["due"]:
        group = IN_TIME
    else:
        # Whoever was spoken to after answering again had not been when they answered.
        group = LATE if met is not None and (at is None or met < at) else NEVER
    first = row["first_score"]
    stratum = (first, row["response__survey_kind"], row["response__segment"], _quarter(row["day"]))
    return _Case(group, stratum, first, score)


def _quarter(day: date) -> tuple[int, int]:
    return day.year, (day.month - 1) // 3


def _group(cases: Iterable[_Case]) -> Group:
    known = list(cases)
    heard = [(case.first, case.later) for case in known if case.later is not None]
    n = len(heard)
    return Group(
        tickets=len(known),
        heard_again=n,
        mean_first=sum(first for first, _ in heard) / n if n else None,
        mean_later=sum(later for _, later in heard) / n if n else None,
    )


def _compared(cases: Iterable[_Case], treated: str) -> Comparison:
    heard = [(case.stratum, case.group == treated, case.later) for case in cases if case.later is not None]
    return Comparison(
        score=matched_difference(by_stratum((stratum, group, float(later)) for stratum, group, later in heard)),
        nps=matched_difference(by_stratum((stratum, group, POINTS[band(later)]) for stratum, group, later in heard)),
    )
