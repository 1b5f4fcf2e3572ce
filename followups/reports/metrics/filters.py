"""Which tickets and answers a report is about, and whose eyes it is for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, Q
from django.utils import timezone

from followups.models import Team, Ticket
from followups.models.tickets import TicketQuerySet
from followups.reports.metrics import then
from followups.reports.metrics.ways import ATTRIBUTE, WITHOUT, way_of
from nps_loop.people.models import User
from surveys.models import Response, Touchpoint
from surveys.models.responses import ResponseQuerySet


def reporting_day(now: datetime) -> date:
    """The day that `now` lies in, in the deployment's reporting zone."""
    return timezone.localtime(now, timezone.get_default_timezone()).date()


@dataclass(frozen=True, slots=True)
class ReportFilters:
    """A cohort: the answers of the days `day_from` to `day_to`, both included, narrowed by whatever else is set.

    Days are in the reporting zone. Team, touchpoint and brand are slugs, `account_owner` and `account` keys; segment,
    region and account owner are those of the time of the answer; "-" asks for answers without. `attributes` are pairs
    of name and value. `band` narrows tickets only: an NPS of one band says nothing. `viewer` is the person who looks;
    None is a program that may read everything. With `as_of` (aware, not in the future) everything is counted as it
    stood at that moment, as far as rows know of it; `docs/architecture.md` says what they do not know.
    """

    day_from: date
    day_to: date
    viewer: User | None = None
    team: str = ""
    touchpoint: str = ""
    segment: str = ""
    account_owner: int | None = None
    band: str = ""
    survey_kind: str = ""
    product: str = ""
    region: str = ""
    account: int | None = None
    business_unit: str = ""
    language: str = ""
    brand: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    as_of: datetime | None = None

    def moment(self, now: datetime) -> datetime:
        """The moment that the report is about. Raises ValueError for one that is still to come."""
        if self.as_of is not None and self.as_of > now:
            raise ValueError("A report cannot be as of a moment that is still to come.")
        return self.as_of or now

    def tickets(self) -> TicketQuerySet:
        """The tickets of the cohort that the viewer may see."""
        return self.all_days().filter(day__gte=self.day_from, day__lte=self.day_to)

    def all_days(self) -> TicketQuerySet:
        """The same tickets whatever their day: for figures about now, such as what is at work."""
        if self.as_of is not None:
            tickets = then.as_of(Ticket.objects.all(), self.as_of)
            if self.viewer is not None:
                tickets = then.visible_to(tickets, self.viewer, self.as_of)
        else:
            tickets = Ticket.objects.all() if self.viewer is None else Ticket.objects.visible_to(self.viewer)
        if self.team:
            tickets = then.in_team(tickets, self.team)
        return tickets.filter(**_given(band=self.band)).filter(self._of_answer(tickets=True))

    @property
    def narrowed(self) -> dict[str, str]:
        """The ways by which the answers are narrowed, with the group asked for; the team apart."""
        given = {name: getattr(self, name) for name in ANSWER_WAYS}
        own = {f"{ATTRIBUTE}{name}": value for name, value in self.attributes}
        return {name: str(value) for name, value in {**given, **own}.items() if value not in ("", None)}

    def _of_answer(self, *, tickets: bool) -> Q:
        """The filters on the answer itself, from the answer or from its ticket."""
        found = Q()
        for name, value in self.narrowed.items():
            found &= way_of(name).narrow(value, tickets=tickets)
        return found

    def answers(self) -> ResponseQuerySet:
        """The answers of the cohort, those left out of NPS included."""
        known = Response.objects.all() if self.as_of is None else Response.objects.as_of(self.as_of)
        of_days = known.filter(day__gte=self.day_from, day__lte=self.day_to)
        return of_days.filter(self._of_answer(tickets=False)).filter(self.answers_for_eyes())

    def answers_for_eyes(self) -> Q:
        """The answers of the team asked for that the viewer may count; for kept counts of answers as well."""
        found = Q()
        if self.viewer is not None and not (self.viewer.is_active and self.viewer.is_superuser):
            own = Team.objects.of(self.viewer) if self.viewer.is_active else Team.objects.none()
            found &= answered_to(own.values("pk"))
        if self.team == WITHOUT:
            found &= answered_to_nobody()
        elif self.team:
            found &= answered_to(Team.objects.filter(slug=self.team).values("pk"))
        return found

    def before(self) -> ReportFilters:
        """The same cohort over as many days just before."""
        return replace(self, day_from=self.day_from - (self.day_to - self.day_from) - DAY, day_to=self.day_from - DAY)

    def between(self, day_from: date, day_to: date) -> ReportFilters:
        """The same cohort over other days, cut to its own."""
        return replace(self, day_from=max(day_from, self.day_from), day_to=min(day_to, self.day_to))

    def as_dict(self) -> dict[str, Any]:
        """What was asked, in plain types; filters that are not set are left out."""
        return {
            "day_from": self.day_from.isoformat(),
            "day_to": self.day_to.isoformat(),
            **_given(**{name: getattr(self, name) for name in ("team", "band", *ANSWER_WAYS)}),
            **_given(attribute=[f"{name}:{value}" for name, value in self.attributes] or None),
            **_given(as_of=self.as_of.isoformat() if self.as_of else None),
        }

    def query(self, **more: object) -> str:
        """The query string that asks a list for this cohort; `more` adds to it or, with None, takes away."""
        asked = {name: value for name, value in {**self.as_dict(), **more}.items() if value is not None}
        return urlencode(asked, doseq=True)


DAY = timedelta(days=1)
# What narrows answers and tickets alike, by the name of its way.
ANSWER_WAYS = (
    "touchpoint", "segment", "account_owner", "survey_kind", "product", "region", "account", "business_unit",
    "language", "brand",
)  # fmt: skip


def _given(**filters: Any) -> dict[str, Any]:
    return {name: value for name, value in filters.items() if value not in ("", None)}


def answered_to(teams: Any) -> Q:
    """Answers that belong to these teams (a query of keys), by facts that every answer has, whatever its score.

    The account owner's team as it was then, else the teams that take the touchpoint, else the team that takes the rest.
    A ticket's own team is no such fact: only the unhappy have one, and handing them over would move them from one NPS
    to another while the happy stay.
    """
    taken = Touchpoint.objects.filter(teams__isnull=False)
    touchpoints = Touchpoint.objects.filter(teams__in=teams)
    default = Team.objects.filter(pk__in=teams, is_default=True)
    elsewhere = Q(touchpoint__isnull=True) | ~Q(touchpoint__in=taken.values("pk"))
    return Q(team_id_then__in=teams) | Q(team_id_then__isnull=True) & (
        Q(touchpoint__in=touchpoints.values("pk")) | elsewhere & Q(Exists(default))
    )


def answered_to_nobody() -> Q:
    """Answers that belong to no team by those facts: no team took them, their touchpoint, or what nobody takes."""
    taken = Touchpoint.objects.filter(teams__isnull=False)
    elsewhere = Q(touchpoint__isnull=True) | ~Q(touchpoint__in=taken.values("pk"))
    default = Team.objects.filter(is_default=True)
    return Q(team_id_then__isnull=True) & elsewhere & ~Q(Exists(default))
