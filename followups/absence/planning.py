"""An absence planned, changed or ended early, and what follows from it at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from zlib import crc32

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from followups.absence.covering import cover_what_falls_due
from followups.absence.returning import give_back
from followups.models import Away, Member
from followups.refusals import Incomplete, NotAllowed, Stale
from nps_loop.people.models import User

LONGEST = timedelta(days=730)
NOTE_LIMIT = 200


def mates_of(user: User) -> QuerySet[User]:
    """Who could stand in: active members of the teams in which somebody takes tickets."""
    teams = Member.objects.filter(user=user, is_active=True, team__takes_tickets=True).values("team")
    mates = Member.objects.filter(team__in=teams, is_active=True).values("user")
    return User.objects.filter(pk__in=mates, is_active=True).exclude(pk=user.pk)


def stands(away: Away | None) -> str:
    """An absence as a form or a program was shown it; another text once dates, delegate or note changed."""
    if away is None:
        return ""
    dates = f"{away.starts_at.timestamp():.0f}:{away.ends_at.timestamp():.0f}"
    return f"{dates}:{away.delegate_id or 0}:{crc32(away.note.encode()):x}"


def why_not_between(starts_at: datetime, ends_at: datetime, *, now: datetime) -> str:
    """What speaks against an absence of these moments; empty where nothing does. Pure."""
    if ends_at <= starts_at:
        return gettext("It ends before it begins.")
    if ends_at <= now:
        return gettext("This is over already: say until when somebody will be away.")
    if (ends_at - starts_at).days > LONGEST.days:
        return gettext("An absence is two years at most.")
    return ""


def plan(
    user: User,
    *,
    starts_at: datetime,
    ends_at: datetime,
    delegate: User | None,
    note: str,
    now: datetime,
    away: Away | None = None,
    shown: str | None = None,
) -> Away:
    """Keep an absence of this person, a new one or `away` as it shall be from now on, and do what follows from it.

    Raises Incomplete where the moments or the delegate do not fit, NotAllowed where it is over by now, and Stale where
    it does not stand any more as it was `shown` (None: not compared).
    """
    errors = {}
    if why_not := why_not_between(starts_at, ends_at, now=now):
        errors["ends_at"] = why_not
    if delegate is not None and not mates_of(user).filter(pk=delegate.pk).exists():
        errors["delegate"] = gettext("This colleague is in no team of yours that takes tickets.")
    if errors:
        raise Incomplete(errors)
    with transaction.atomic():
        kept = Away(user=user) if away is None else _still_to_come(away, shown=shown, now=now)
        kept.starts_at, kept.ends_at = starts_at, ends_at
        kept.delegate, kept.note = delegate, note.strip()
        kept.save()
    follow(kept, now=now)
    return kept


def _still_to_come(away: Away, *, shown: str | None, now: datetime) -> Away:
    """The same absence, locked, as it stands now. Raises NotAllowed where it is over or gone, and Stale."""
    # Without its key: a sweep that has the assigner's lock, for which `is_back` waits with this one, points at the row.
    locked = Away.objects.select_for_update(of=("self",), no_key=True)
    fresh = locked.select_related("user").filter(pk=away.pk).first()
    if fresh is None or fresh.ends_at <= now:
        raise NotAllowed(gettext("This absence is over."), code="over")
    if shown is not None and shown != stands(fresh):
        raise Stale(gettext("The absence was changed meanwhile."), current_version=stands(fresh))
    return fresh


def is_back(away: Away, *, now: datetime) -> Away:
    """An absence ends before its time: its owner is here, and gets back what others held. One to come is taken off.

    An absence that is over stays as it was.
    """
    if away.starts_at >= now:
        away.delete()
    elif away.ends_at > now:
        away.ends_at = now
        away.save(update_fields=["ends_at"])
        give_back(now=now)
    return away


def cancel(away: Away, *, shown: str | None, now: datetime) -> bool:
    """`is_back` for whoever read the absence before: whether it had begun. Raises NotAllowed and Stale like `plan`."""
    with transaction.atomic():
        fresh = _still_to_come(away, shown=shown, now=now)
        begun = fresh.starts_at < now
        is_back(fresh, now=now)
    return begun


def follow(away: Away, *, now: datetime) -> None:
    """After an absence was made or changed: hand over, or back, what follows from it, at once."""
    give_back(now=now)
    if away.starts_at <= now < away.ends_at:
        cover_what_falls_due(now=now)
