"""Calendars and policies in use are followed, never changed: the next version of one takes its place for new tickets.

What is due on open tickets stays as it was worked out, unless somebody asks for a recount (`followups.recounting`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext

from followups import calendars, ladders
from followups.models import Calendar, LadderStep, SlaPolicy, Team
from followups.refusals import Incomplete, Stale
from nps_loop.people.models import User

# Public holidays are kept for the year before, so that what came in then is counted right, and for three to come.
YEARS_AHEAD = 3
# So long before the last of these years ends, the page asks for more.
RENEW_BEFORE_YEARS = 1
# Pages have the slug in their address, where this word is the page that makes a new one.
NOT_A_SLUG = "new"

Version = TypeVar("Version", Calendar, SlaPolicy)


@dataclass(frozen=True, slots=True)
class Hours:
    """What somebody says about a calendar; the days on which it is closed follow from it.

    `weekly` holds seven days of [from, to] in minutes from midnight, `own_days` pairs of ISO date and name.
    """

    name: str
    zone: str
    weekly: list[list[list[int]]]
    country: str = ""
    subdivision: str = ""
    worked_holidays: list[str] = field(default_factory=list)
    own_days: list[list[str]] = field(default_factory=list)


def holiday_years(now: datetime) -> range:
    """The years whose public holidays a version made now keeps."""
    return range(now.year - 1, now.year + YEARS_AHEAD + 1)


def closed_days_of(hours: Hours, years: Iterable[int]) -> list[list[str]]:
    """Every closed day as [ISO date, name], in order: public holidays we do not work on, and our own days.

    Raises Incomplete for a country or a part of it whose holidays nobody knows.
    """
    closed: dict[str, str] = {}
    if hours.country:
        try:
            found = calendars.closed_days(hours.country, hours.subdivision, years)
        except ValueError:
            where = "subdivision" if hours.subdivision else "country"
            raise Incomplete(
                {where: gettext("No public holidays are known for this. Leave it empty, and write the days below.")}
            ) from None
        closed = {day.isoformat(): name for day, name in found if name not in hours.worked_holidays}
    closed.update(dict(hours.own_days))
    return [[day, name] for day, name in sorted(closed.items())]


def save_calendar(
    current: Calendar | None, hours: Hours, *, teams: Sequence[Team], shown: int, by: User, now: datetime
) -> Calendar:
    """Make a calendar, or the next version of `current`, for these teams; one that nothing used yet is changed itself.

    `shown` is the version the form was filled from. Teams of `current` keep it, whichever version it has. Raises Stale
    where another version came meanwhile, Incomplete where the hours make no calendar or a team would have none.
    """
    years = holiday_years(now)
    values: dict[str, Any] = {
        "name": hours.name,
        "zone": hours.zone,
        "weekly": hours.weekly,
        "country": hours.country.upper(),
        "subdivision": hours.subdivision,
        "worked_holidays": hours.worked_holidays,
        "own_days": hours.own_days,
        "closed_days": closed_days_of(hours, years),
        "holidays_until": years[-1] if hours.country else None,
        "is_active": True,
    }
    if not any(hours.weekly):
        raise Incomplete({"monday": gettext("Somebody has to work on some day.")})
    with transaction.atomic():
        kept = _locked(Calendar.objects.filter(slug=current.slug), shown) if current else None
        before = set(Team.objects.filter(calendar=kept).values_list("pk", flat=True)) if kept else set()
        if left := before - {team.pk for team in teams}:
            names = ", ".join(Team.objects.filter(pk__in=left).values_list("name", flat=True))
            raise Incomplete(
                {
                    "teams": gettext("%(teams)s would have no hours. Tick it in another calendar first.")
                    % {"teams": names}
                }
            )
        made = next_version(kept, values, by=by, now=now) if kept else _first_version(Calendar, values, by=by, now=now)
        Team.objects.filter(pk__in=[team.pk for team in teams]).update(calendar=made)
    return made


def renew_holidays(current: Calendar, *, shown: int, by: User, now: datetime) -> Calendar:
    """The next version, with the public holidays of the years to come and else the same. Raises as saving does."""
    hours = Hours(
        name=current.name,
        zone=current.zone,
        weekly=current.weekly,
        country=current.country,
        subdivision=current.subdivision,
        worked_holidays=current.worked_holidays,
        own_days=current.own_days,
    )
    return save_calendar(current, hours, teams=list(current.teams.all()), shown=shown, by=by, now=now)


def save_policy(current: SlaPolicy | None, values: dict[str, Any], *, shown: int, by: User, now: datetime) -> SlaPolicy:
    """Make a policy, or the next version of `current`; one that nothing used yet is changed itself. Raises Stale."""
    with transaction.atomic():
        kept = _locked(SlaPolicy.objects.filter(slug=current.slug), shown) if current else None
        if kept is None:
            made = _first_version(SlaPolicy, values, by=by, now=now)
            LadderStep.objects.bulk_create(ladders.shipped(made))
            return made
        made = next_version(kept, values, by=by, now=now)
        if made.pk != kept.pk:
            ladders.copy(kept, made)
        return made


def next_version(row: Version, values: dict[str, Any], *, by: User, now: datetime) -> Version:
    """The version of `row` that holds these values beside what it says already, in the name of whoever asks.

    `row` itself while nothing used it, else a copy under the next number, which takes its place. The caller has locked
    `row` in this transaction, and knows that it is the newest. A ladder is not copied.
    """
    values = values | {"made_at": now, "made_by": by}
    if row.used_at is None:
        for name, value in values.items():
            setattr(row, name, value)
        row.save()
        return row
    kind = type(row)
    fields = [field for field in kind._meta.concrete_fields if not field.primary_key and field.name not in values]
    kept = {field.attname: getattr(row, field.attname) for field in fields}
    made = kind(**kept | values | {"version": row.version + 1, "used_at": None})
    kind._default_manager.filter(pk=row.pk).update(is_active=False)
    made.save()
    return made


def newest_versions(kind: type[Calendar] | type[SlaPolicy]) -> QuerySet[Any]:
    """The newest version of each calendar or policy."""
    rows: QuerySet[Any] = kind._default_manager.all()
    return rows.filter(pk__in=rows.order_by().values("slug").annotate(newest=Max("pk")).values("newest"))


def runs_out(calendar: Calendar, now: datetime) -> bool:
    """Whether its public holidays end soon, so that deadlines begin to run through days on which nobody works."""
    return calendar.holidays_until is not None and calendar.holidays_until <= now.year + RENEW_BEFORE_YEARS


def holiday_names(country: str, subdivision: str, now: datetime) -> list[str]:
    """Names of the public holidays of these years, in the order of the calendar; empty for an unknown country."""
    try:
        found = calendars.closed_days(country, subdivision, holiday_years(now))
    except ValueError:
        return []
    by_name: dict[str, tuple[int, int]] = {}
    for day, name in found:
        by_name.setdefault(name, (day.month, day.day))
    return sorted(by_name, key=lambda name: by_name[name])


def next_closed(calendar: Calendar, today: date, count: int = 3) -> list[tuple[date, str]]:
    """The next days on which nobody works though it is a day of the week for it."""
    found = ((date.fromisoformat(day), name) for day, name in calendar.closed_days)
    coming = sorted((day, name) for day, name in found if day >= today and calendar.weekly[day.weekday()])
    return coming[:count]


def _locked(versions: QuerySet[Version], shown: int) -> Version:
    """The newest version, locked. Raises Stale where it is not the one that was shown."""
    list(versions.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    # Asked once the lock is held: whoever had it before may have made another.
    newest = versions.order_by("-version").first()
    if newest is None or newest.version != shown:
        raise Stale(
            gettext("Somebody made another version meanwhile. Look at it, then change what still has to change."),
            current_version=newest.version if newest else 0,
        )
    return newest


def _first_version(kind: type[Version], values: dict[str, Any], *, by: User, now: datetime) -> Version:
    made = kind(slug=_free_slug(kind, values["name"]), made_at=now, made_by=by, **values)
    made.save()
    return made


def _free_slug(kind: type[Any], name: str) -> str:
    wish = slugify(name)[:50] or kind._meta.model_name
    taken = {NOT_A_SLUG, *kind._default_manager.filter(slug__startswith=wish).values_list("slug", flat=True)}
    return next(slug for slug in (wish, *(f"{wish}-{n}" for n in range(2, len(taken) + 3))) if slug not in taken)
