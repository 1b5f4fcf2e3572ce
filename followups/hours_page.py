"""What the pages about calendars and policies show: the newest version of each, its history and what it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext

from followups import versions
from followups.calendars import day_of
from followups.forms.week import week_in_words
from followups.models import Calendar, SlaPolicy, Team
from surveys.scoring import Band


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """A calendar as the list shows it. `earlier` are its versions before, newest first."""

    calendar: Calendar
    week: list[tuple[str, str]]
    teams: list[Team]
    next_closed: list[tuple[date, str]]
    closed_this_year: int
    runs_out: bool
    earlier: list[Calendar]


@dataclass(frozen=True, slots=True)
class PolicyRow:
    policy: SlaPolicy
    bands: list[str]
    earlier: list[SlaPolicy]


def calendars(now: datetime) -> list[CalendarRow]:
    """Every calendar that teams work by first, then the others. Two queries."""
    rows = _by_slug(Calendar.objects.select_related("made_by").order_by("slug", "-version"))
    teams: dict[str, list[Team]] = {}
    for team in Team.objects.select_related("calendar").order_by("name"):
        teams.setdefault(team.calendar.slug, []).append(team)
    found = [_calendar(versions_, teams.get(slug, []), now) for slug, versions_ in rows.items()]
    return sorted(found, key=lambda row: (not row.teams, row.calendar.name.casefold()))


def policies() -> list[PolicyRow]:
    """Every policy, in the order in which tickets are held against them; those switched off last. One query."""
    rows = _by_slug(SlaPolicy.objects.select_related("made_by").order_by("slug", "-version"))
    labels = dict(Band.choices)
    found = [
        PolicyRow(newest, [str(labels[band]) for band in newest.bands if band in labels], earlier)
        for newest, *earlier in rows.values()
    ]
    return sorted(found, key=lambda row: (not row.policy.is_active, row.policy.position, row.policy.name))


def _calendar(rows: Sequence[Calendar], teams: list[Team], now: datetime) -> CalendarRow:
    newest, *earlier = rows
    today = day_of(newest.hours, now)
    return CalendarRow(
        calendar=newest,
        week=week_in_words(newest.weekly, off=gettext("closed")),
        teams=teams,
        next_closed=versions.next_closed(newest, today),
        closed_this_year=sum(day.startswith(f"{today.year}-") for day, _name in newest.closed_days),
        runs_out=versions.runs_out(newest, now),
        earlier=earlier,
    )


def _by_slug(rows: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row.slug, []).append(row)
    return found
