"""Whom a round considers: members with their load, their limits and their hours, and who is left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from django.db.models import Count, QuerySet

from followups.assignment.waiting import Waiting
from followups.availability import (
    after_working_days,
    by_user,
    next_at_work,
    stretches_between,
    working_time_of,
)
from followups.calendars import Stretch, WorkingHours
from followups.conflicts import name_words
from followups.models import Event, Member, Team, Ticket, WorkPattern
from followups.models.tickets import AT_WORK
from followups.prepared import Kind, Prepared
from nps_loop.people.models import User

HOUR = timedelta(hours=1)
# Shares go by the hours people are at work in this many working days of their team.
WORKING_DAYS_AHEAD = 5
# Absences are read this far ahead: longer than any first-contact time, and than those working days with holidays.
AHEAD = timedelta(days=35)


@dataclass(slots=True)
class Candidate:
    """A member who may be given tickets, with the load as it grows during a round.

    `hours` at work in the next working days weigh the capacity. `left` is how many more tickets the rate caps of this
    person allow in their windows, None where there is no such cap. `works_from` is when they are next at work.
    """

    user: User
    team: Team
    capacity: int
    languages: frozenset[str]
    load: int
    last_assigned_at: datetime | None
    skills: frozenset[str] = frozenset()
    hours: float = 1.0
    left: int | None = None
    works_from: datetime | None = None
    # Worked out anew with each ticket: a round asks for them for everybody in a team, ten thousand times.
    key: int = field(init=False)
    place: tuple[int, int] = field(init=False)
    is_full: bool = field(init=False)
    order: tuple[float, float, int] = field(init=False)

    def __post_init__(self) -> None:
        self.key = self.user.pk
        self.place = self.key, self.team.pk
        self._weigh()

    def take(self, now: datetime) -> None:
        """One ticket more."""
        self.load += 1
        self.last_assigned_at = now
        if self.left is not None:
            self.left -= 1
        self._weigh()

    def _weigh(self) -> None:
        """Least load for capacity and hours first, then longest since the last ticket, then id."""
        self.is_full = self.load >= self.capacity or (self.left is not None and self.left <= 0)
        given = self.last_assigned_at.timestamp() if self.last_assigned_at else 0.0
        weight = self.capacity * self.hours
        # Whoever works none of these hours comes after everybody who does.
        self.order = (self.load / weight if weight else float("inf"), given, self.key)

    @property
    def why_full(self) -> str:
        return "full" if self.load >= self.capacity else "rate_cap"

    def is_there_by(self, due_at: datetime | None) -> bool:
        """Whether they are at work before the first contact is due; everybody is where nothing is due."""
        return due_at is None or self.works_from is None or self.works_from < due_at


@dataclass(frozen=True, slots=True)
class MadeUp:
    """Desks that are not in the database: what each person has, and when they were given tickets."""

    load: Mapping[int, int]
    given_at: Mapping[int, Sequence[datetime]]

    def last_given(self, user: int) -> datetime | None:
        given = self.given_at.get(user)
        return given[-1] if given else None


@dataclass(slots=True)
class Pool:
    """Everybody a round considers. Several memberships of one person share one load, and all their caps count."""

    by_team: dict[int, list[Candidate]] = field(default_factory=dict)
    by_user: dict[int, list[Candidate]] = field(default_factory=dict)
    excluded: dict[int, tuple[str, str]] = field(default_factory=dict)
    exclusions: list[dict[str, object]] = field(default_factory=list)
    team_of_touchpoint: dict[int, int] = field(default_factory=dict)
    names: dict[int, tuple[str, ...]] = field(default_factory=dict)
    name_parts: frozenset[str] = frozenset()

    @classmethod
    def at(cls, now: datetime, *, desks: MadeUp | None = None) -> Pool:
        """Read members with loads and weeks, absences, and rates where anybody has a cap. One or two queries.

        With `desks`, what people have and were given is taken from there.
        """
        pool = cls()
        ask = _who_is_there if desks else _who_is_there_with_what
        members, teams, away_rows, *loads = ask(now=now, until=now + AHEAD)
        by_key = {team.pk: team for team in teams}
        for member in members:
            member.team = by_key[member.team_id]
        load = Counter(desks.load if desks else dict(*loads))
        absences = by_user(away_rows)
        left = _left_of_rates(members, now, desks)
        hours = _Hours(now)
        for member in members:
            away = max((ends for begins, ends in absences.get(member.user_id, ()) if begins <= now), default=None)
            code, until = "", ""
            if not member.user.is_active:
                code = "inactive"
            elif away is not None:
                code, until = "away", away.isoformat()
            elif member.capacity == 0:
                code = "no_capacity"
            if member.user.is_active and (member.user.first_name or member.user.last_name):
                pool.names[member.user_id] = (member.user.first_name, member.user.last_name)
            if code:
                pool.excluded[member.user_id] = (code, until)
                pool.exclusions.append({"user": member.user_id, "team": member.team_id, "code": code, "until": until})
                continue
            ahead, works_from = hours.of(member, absences.get(member.user_id, ()))
            candidate = Candidate(
                user=member.user,
                team=member.team,
                capacity=member.capacity,
                languages=frozenset(member.languages),
                load=load[member.user_id],
                last_assigned_at=desks.last_given(member.user_id) if desks else member.last_assigned_at,
                skills=frozenset(member.skills),
                hours=ahead,
                left=left.get(member.user_id),
                works_from=works_from,
            )
            pool.by_team.setdefault(member.team_id, []).append(candidate)
            pool.by_user.setdefault(member.user_id, []).append(candidate)
        pool.name_parts = name_words(pool.names)
        return pool

    def read_touchpoints(self) -> None:
        """Whose each touchpoint is: asked where an account's owner may be passed over. One query."""
        points = Team.touchpoints.through.objects.filter(team__takes_tickets=True).order_by("team")
        self.team_of_touchpoint = dict(points.values_list("touchpoint", "team"))

    def of_user(self, user_id: int, team_id: int | None) -> Candidate | None:
        """This person as a member of the ticket's team, else of their first one; None where they take no tickets."""
        rows = self.by_user.get(user_id, [])
        return next((row for row in rows if row.team.pk == team_id), rows[0] if rows else None)

    def teams_for(self, ticket: Waiting, *, owner_passed_over: bool) -> list[int]:
        """Teams that may take a ticket, in the order in which they are asked."""
        own = ticket.team or 0
        # Where a rule named the team, it stays with that one.
        point = ticket.touchpoint if owner_passed_over and not ticket.team_by_rule else None
        return list(dict.fromkeys([self.team_of_touchpoint.get(point or 0, own), own]))

    def least_loaded(
        self, ticket: Waiting, team_id: int, *, cap_yields: bool, but: frozenset[int] = frozenset()
    ) -> Candidate | None:
        """Of a team but some: who has the skills; first who writes the customer's language, where such a one is free.

        Somebody who is not at work before the first contact is due only where nobody else can take it. Where the cap
        yields and nobody there has the skills, they yield too.
        """
        members = self.by_team.get(team_id, [])
        if but:
            members = [row for row in members if row.key not in but]
        if ticket.skills:
            skilled = [row for row in members if ticket.skills <= row.skills]
            members = skilled or (members if cap_yields else [])
        asked = [row for row in members if not row.is_full]
        if not asked and cap_yields:
            asked = members
        language, due_at = ticket.language, ticket.due_at
        if language and len(asked) > 1:
            asked = [row for row in asked if not row.languages or language in row.languages] or asked
        if due_at is not None and len(asked) > 1:
            asked = [row for row in asked if row.is_there_by(due_at)] or asked
        return min(asked, key=_ORDER, default=None)

    def why_not(self, user_id: int, *, is_active: bool = True) -> tuple[str, str]:
        """Code and end of what keeps this person from taking a ticket; empty where nothing does."""
        if not is_active:
            return ("inactive", "")
        if rows := self.by_user.get(user_id):
            return (rows[0].why_full, "") if all(row.is_full for row in rows) else ("", "")
        return self.excluded.get(user_id, ("no_team", ""))

    def given(self, user_id: int, now: datetime) -> None:
        for row in self.by_user[user_id]:
            row.take(now)

    def snapshot(self) -> list[dict[str, object]]:
        """What the round stores of whom it considered, as it begins."""
        found: list[dict[str, object]] = []
        for row in (row for rows in self.by_team.values() for row in rows):
            facts: dict[str, object] = {"user": row.key, "team": row.team.pk, "load": row.load}
            facts |= {"capacity": row.capacity, "hours": round(row.hours, 1)}
            found.append(facts if row.left is None else facts | {"left": max(row.left, 0)})
        return found


_ORDER = attrgetter("order")


def _members() -> QuerySet[Member]:
    """Active members of teams that take tickets."""
    return Member.objects.filter(is_active=True, team__takes_tickets=True).order_by("team__name", "pk")


def _there(now: Any, until: Any) -> tuple[QuerySet[Any, Any], ...]:
    """Members, without their teams, those teams, and their absences until then."""
    return (
        _members().select_related("user__work_pattern"),
        Team.objects.filter(takes_tickets=True).select_related("calendar"),
        stretches_between(_members().order_by().values("user"), start=now, end=until),
    )


def _loads() -> QuerySet[Ticket, tuple[int, int]]:
    """What each has at work, over all teams."""
    at_work = Ticket.objects.filter(owner__in=_members().order_by().values("user"), state__in=AT_WORK)
    return at_work.order_by().values_list("owner").annotate(n=Count("pk"))


_MOMENTS = {"now": Kind.MOMENT, "until": Kind.MOMENT}
_who_is_there = Prepared(_there, **_MOMENTS)
_who_is_there_with_what = Prepared(lambda now, until: (*_there(now, until), _loads()), **_MOMENTS)


def _left_of_rates(members: Sequence[Member], now: datetime, desks: MadeUp | None) -> dict[int, int]:
    """User -> how many more tickets their rate caps allow; of several caps the tightest. One query where there are any.

    What a person took or was handed counts like what a round gave.
    """
    caps: dict[int, list[tuple[int, datetime]]] = {}
    for member in members:
        if member.rate_cap is not None:
            window = now - timedelta(hours=member.rate_window_hours)
            caps.setdefault(member.user_id, []).append((member.rate_cap, window))
    if not caps:
        return {}
    given = desks.given_at if desks else _given_since(min(at for rows in caps.values() for _cap, at in rows), caps, now)
    return {
        user: min(cap - sum(at > window for at in given.get(user, ())) for cap, window in rows_of)
        for user, rows_of in caps.items()
    }


def _given_since(since: datetime, users: Iterable[int], now: datetime) -> dict[int, list[datetime]]:
    given: dict[int, list[datetime]] = {}
    rows = Event.objects.filter(verb="assign", recorded_at__gt=since, happened_at__lte=now, data__to__in=list(users))
    for to, at in rows.order_by().values_list("data__to", "happened_at"):
        given.setdefault(int(to), []).append(at)
    return given


class _Hours:
    """Hours ahead and the next moment at work; those without a week or absence of their own share their team's."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.usual: dict[int, tuple[float, datetime | None]] = {}

    def of(self, member: Member, absences: Iterable[Stretch]) -> tuple[float, datetime | None]:
        absences = list(absences)
        pattern: WorkPattern | None = getattr(member.user, "work_pattern", None)
        if pattern is not None or absences:
            return self._count(member.team.calendar.hours, pattern.hours if pattern else None, absences)
        calendar = member.team.calendar
        if calendar.pk not in self.usual:
            self.usual[calendar.pk] = self._count(calendar.hours, None, ())
        return self.usual[calendar.pk]

    def _count(
        self, team: WorkingHours, own: WorkingHours | None, absences: Sequence[Stretch]
    ) -> tuple[float, datetime | None]:
        end = after_working_days(team, self.now, WORKING_DAYS_AHEAD)
        if end is None:
            return 1.0, None  # The calendar has no hours at all: nobody in it has fewer than the others.
        ahead = working_time_of(team, own, absences, start=self.now, end=end) / HOUR
        return ahead, next_at_work(team, own, absences, start=self.now) or datetime.max.replace(tzinfo=self.now.tzinfo)
