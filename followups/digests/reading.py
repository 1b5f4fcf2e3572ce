"""Counting what a digest may say, through the eyes of whoever reads it and over days that its links name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from followups.counting import count_each
from followups.digests import findings
from followups.digests.findings import Comparison, Finding, Kind
from followups.models import Digest, Member, Team
from followups.reports.changes import p_value
from followups.reports.metrics import NpsReport, ReportFilters, figure_queryset, nps_report, reporting_day
from followups.reports.metrics.attainment import goals_report
from followups.reports.metrics.goals import Verdict
from followups.reports.page.goals import opens
from followups.reports.page.links import Links
from followups.viewing import LEADING
from nps_loop.people.models import User
from surveys.scoring import Difference, Nps, difference, nps

# Goals and touchpoints are judged over so many days, up to yesterday: fewer would tell little.
JUDGED = timedelta(days=91)
# A fall of the NPS is looked for in so many days against as many before; a monthly digest takes the month before.
LATELY = timedelta(days=28)
DAY = timedelta(days=1)
# Counts in a digest are exact up to here.
MOST = 100_000


@dataclass(frozen=True, slots=True)
class Fallen:
    """An NPS of now or of one group (`name`), and the one it is compared with."""

    own: Nps
    other: Nps
    name: str = ""


def digest_of(user: User, kind: str, *, now: datetime) -> list[Finding]:
    """What this person's digest says at `now`, worst first; empty where there is nothing to say.

    Weekly it is about the teams they lead; monthly about the teams they direct, for an administrator about everybody.
    The queries grow with the number of these teams, and with nothing else.
    """
    found: list[Finding] = []
    made: list[Comparison] = []
    scopes = scopes_of(user, kind)
    for team in scopes:
        filters = ReportFilters(
            day_from=reporting_day(now) - JUDGED,
            day_to=reporting_day(now) - DAY,
            viewer=user,
            team=team.slug if team else "",
        )
        name = team.name if team and len(scopes) > 1 else ""
        links = Links(filters)
        parts = {kind_.value: figure_queryset(kind_, filters, now=now) for kind_ in findings.OF_NOW}
        paths = {kind_.value: links.tickets_now(kind_) for kind_ in findings.OF_NOW}
        found += findings.of_now(count_each(parts, limit=MOST), paths, name)
        made += [*_goals(filters, name, now), *_touchpoints(filters, name, now), *_falls(filters, kind, name, now)]
    return findings.worst_first([*found, *findings.beyond_chance(made)])


def scopes_of(user: User, kind: str) -> list[Team | None]:
    """The teams a digest is about, by name; None is everybody together. Empty: this person gets none of the kind."""
    if kind == Digest.Kind.MONTHLY and user.is_superuser:
        return [None]
    teams = Team.objects.filter(takes_tickets=True)
    if kind == Digest.Kind.MONTHLY:
        return list(teams.filter(director=user).order_by("name"))
    # An administrator may look at every team, and leads those whose lead or deputy they are.
    led = Member.objects.filter(user=user, is_active=True, role__in=LEADING).order_by().values("team")
    return list(teams.filter(pk__in=led).order_by("name"))


def month_before(day: date) -> tuple[date, date]:
    """First and last day of the month before the one that `day` lies in."""
    last = day.replace(day=1) - DAY
    return last.replace(day=1), last


def _goals(filters: ReportFilters, team: str, now: datetime) -> Iterable[Comparison]:
    """Every goal that holds now, on the days since it does."""
    for row in goals_report(filters, now=now).rows:
        is_of_another_scope = bool(filters.team) and row.team is None
        if is_of_another_scope or row.stretch.last != filters.day_to or row.verdict == Verdict.FEW:
            continue
        whose = row.team.name if row.team and not filters.team else team
        finding = Finding(Kind.GOAL_MISSED, row.measured.n, opens(row), whose, row)
        yield Comparison(finding, row.measured.chance(row.target), row.verdict == Verdict.BELOW)


def _touchpoints(filters: ReportFilters, team: str, now: datetime) -> Iterable[Comparison]:
    """Every touchpoint with enough answers against all other answers, where those are enough too."""
    report = nps_report(filters, now=now)
    for group in report.by_touchpoint:
        own, rest = group.scores.nps, _without(report, group.scores.nps)
        if not group.slug or not own.is_enough or not rest.is_enough:
            continue
        apart = difference(own, rest)
        path = Links(filters).answers(touchpoint=group.slug)
        finding = Finding(Kind.TOUCHPOINT_WORSE, own.n, path, team, Fallen(own, rest, group.name))
        yield Comparison(finding, p_value(apart), _is_worse(apart))


def _falls(filters: ReportFilters, kind: str, team: str, now: datetime) -> Iterable[Comparison]:
    first, last = filters.day_to + DAY - LATELY, filters.day_to
    if kind == Digest.Kind.MONTHLY:
        first, last = month_before(reporting_day(now))
    lately = ReportFilters(day_from=first, day_to=last, viewer=filters.viewer, team=filters.team)
    report = nps_report(lately, now=now)
    if report.nps.is_enough and report.before.nps.is_enough:
        about = Fallen(report.nps, report.before.nps)
        finding = Finding(Kind.NPS_FELL, report.nps.n, Links(lately).answers(), team, about)
        yield Comparison(finding, p_value(report.change), _is_worse(report.change))


def _without(report: NpsReport, own: Nps) -> Nps:
    whole = report.nps
    return nps(whole.promoters - own.promoters, whole.passives - own.passives, whole.detractors - own.detractors)


def _is_worse(apart: Difference) -> bool:
    return apart.value is not None and apart.value < 0 and not apart.may_be_chance
