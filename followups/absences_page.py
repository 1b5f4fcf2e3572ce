"""What /absences/ shows: one's own, what happened meanwhile, and for leads who of the team is there on which day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from followups.calendars import WorkingHours, working_stretches
from followups.models import Away, Cover, Member, WorkPattern
from followups.viewing import Viewer
from nps_loop.people.models import User

# Days one table shows, and how far ahead it may be looked.
SHOWN = 14
AHEAD = timedelta(days=730)
# What was covered stands on the pages this long after somebody is back.
RECENTLY = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Period:
    """An absence with how much of it is covered now."""

    away: Away
    is_now: bool
    covered: int

    @property
    def ends_within_a_day(self) -> bool:
        """Is somebody back in the middle of a day, by the reader's clock?"""
        return timezone.localtime(self.away.ends_at).time() != time()

    @property
    def lacks_delegate(self) -> bool:
        return self.away.delegate_id is None


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of one person: `away`, `off` (a day they do not work), or empty for at work."""

    day: date
    kind: str


@dataclass(frozen=True, slots=True)
class Line:
    user: User
    cells: list[Cell]
    own_week: bool


@dataclass(frozen=True, slots=True)
class Grid:
    """Who is there on each day, from `first` on. The links lead a table's length back and on."""

    days: list[date]
    lines: list[Line]
    earlier: str
    later: str


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What was held for somebody during their last absence: what came back, what stays, what was over."""

    away: Away | None
    covers: list[Cover]

    @property
    def back(self) -> list[Cover]:
        return [cover for cover in self.covers if cover.outcome == Cover.Outcome.BACK]

    @property
    def elsewhere(self) -> list[Cover]:
        return [cover for cover in self.covers if cover.outcome in (Cover.Outcome.STAYED, Cover.Outcome.GIVEN)]

    @property
    def over(self) -> int:
        return sum(cover.outcome == Cover.Outcome.OVER for cover in self.covers)


@dataclass(frozen=True, slots=True)
class AbsencesPage:
    own: list[Period]
    own_week: WorkPattern | None
    meanwhile: Meanwhile
    leads: bool
    now_away: list[Period]
    next_away: list[Period]
    grid: Grid | None

    @property
    def without_delegate(self) -> int:
        return sum(period.lacks_delegate for period in (*self.now_away, *self.next_away))


def absences_page(viewer: Viewer, *, first: date | None, now: datetime) -> AbsencesPage:
    """The page of this person; for leads and administrators with everybody they plan for. Nine queries at most."""
    own = periods(Away.objects.filter(user=viewer.user, ends_at__gt=now), now)
    week = WorkPattern.objects.filter(user=viewer.user).first()
    meanwhile = meanwhile_of(viewer.user, now)
    if not viewer.leads:
        return AbsencesPage(own, week, meanwhile, False, [], [], None)
    members = list(
        members_led_by(viewer).select_related("user", "team__calendar").order_by("user__first_name", "user_id", "pk")
    )
    users = {member.user_id for member in members}
    theirs = periods(Away.objects.filter(user__in=users - {viewer.user.pk}, ends_at__gt=now), now)
    return AbsencesPage(
        own=own,
        own_week=week,
        meanwhile=meanwhile,
        leads=True,
        now_away=[period for period in theirs if period.is_now],
        next_away=[period for period in theirs if not period.is_now],
        grid=_grid(members, first or timezone.localdate(), now),
    )


def members_led_by(viewer: Viewer) -> QuerySet[Member]:
    """Active members of the teams this person plans for: those led; for an administrator everybody's."""
    members = Member.objects.filter(is_active=True, user__is_active=True)
    return members if viewer.user.is_superuser else members.filter(team__in=viewer.led_team_ids)


def may_plan_for(viewer: Viewer, user: User) -> bool:
    """Oneself, and whoever is in a team one leads."""
    return user.pk == viewer.user.pk or viewer.user.is_superuser or members_led_by(viewer).filter(user=user).exists()


def periods(rows: QuerySet[Away], now: datetime) -> list[Period]:
    """Absences in the order they begin, each with what is covered in it now. One query."""
    held = Count("covers", filter=Q(covers__back_at=None, covers__action=None))
    found = rows.select_related("user", "delegate").annotate(held=held).order_by("starts_at", "pk")
    return [Period(row, row.starts_at <= now, row.held) for row in found]


def meanwhile_of(user: User, now: datetime) -> Meanwhile:
    """What others held during this person's last absence, while that is news. Two queries."""
    last = (
        Away.objects.filter(user=user, ends_at__lte=now, ends_at__gt=now - RECENTLY, covers__isnull=False)
        .order_by("-ends_at")
        .first()
    )
    if last is None:
        return Meanwhile(None, [])
    covers = Cover.objects.filter(away=last, back_at__isnull=False).exclude(outcome=Cover.Outcome.GONE)
    rows = covers.select_related(
        "ticket__contact", "ticket__account", "ticket__owner", "ticket__response", "action__owner", "to"
    )
    return Meanwhile(last, list(rows.order_by("ticket", "pk")[:100]))


# --- the table -------------------------------------------------------------------------------------------------


def _grid(members: Sequence[Member], first: date, now: datetime) -> Grid:
    days = [first + timedelta(days=n) for n in range(SHOWN)]
    here = timezone.get_current_timezone()
    begins, ends = (datetime.combine(day, time(), here) for day in (days[0], days[-1] + timedelta(days=1)))
    users = {member.user_id for member in members}
    weeks = {row.user_id: row.hours for row in WorkPattern.objects.filter(user__in=users)}
    absences: dict[int, list[Away]] = {}
    for row in Away.objects.filter(user__in=users, ends_at__gt=begins, starts_at__lt=ends):
        absences.setdefault(row.user_id, []).append(row)
    teams: dict[int, Member] = {}
    for member in members:
        teams.setdefault(member.user_id, member)
    lines = [
        Line(
            member.user,
            list(_cells(days, member.team.calendar.hours, weeks.get(pk), absences.get(pk, ()))),
            pk in weeks,
        )
        for pk, member in teams.items()
    ]
    today, step = timezone.localdate(now), timedelta(days=SHOWN)
    return Grid(
        days=days,
        lines=lines,
        earlier=(first - step).isoformat() if first - step >= today - AHEAD else "",
        later=(first + step).isoformat() if first + step <= today + AHEAD else "",
    )


def _cells(
    days: Iterable[date], team: WorkingHours, own: WorkingHours | None, absences: Iterable[Away]
) -> Iterable[Cell]:
    hours = WorkingHours(own.zone, own.weekly, team.closed) if own else team
    away = list(absences)
    for day in days:
        at_work = working_stretches(hours, day)
        if not at_work:
            yield Cell(day, "off")
        elif any(row.starts_at < at_work[-1][1] and row.ends_at > at_work[0][0] for row in away):
            yield Cell(day, "away")
        else:
            yield Cell(day, "")


# --- days in a form --------------------------------------------------------------------------------------------


def as_days(away: Away) -> Mapping[str, object]:
    """First and last day of an absence, with the times of day where it is not whole days; by the reader's clock."""
    starts, ends = timezone.localtime(away.starts_at), timezone.localtime(away.ends_at)
    last = (ends - timedelta(seconds=1)).date()
    return {
        "first_day": starts.date(),
        "first_time": starts.time() if starts.time() != time() else None,
        "last_day": last,
        "last_time": ends.time() if ends.time() != time() else None,
    }


def from_days(
    first_day: date,
    first_time: time | None,
    last_day: date,
    last_time: time | None,
    *,
    zone: tzinfo | None = None,
) -> tuple[datetime, datetime]:
    """From when until when, by the clock of `zone`, else the reader's; without times whole days."""
    here = zone or timezone.get_current_timezone()
    starts = datetime.combine(first_day, first_time or time(), here)
    ends = (
        datetime.combine(last_day, last_time, here)
        if last_time
        else datetime.combine(last_day + timedelta(days=1), time(), here)
    )
    return starts, ends
