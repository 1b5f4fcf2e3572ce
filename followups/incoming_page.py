"""What came in by mail, for leads and administrators: what was set aside and why, and what lies there too long."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from followups.calendars import working_minutes
from followups.hearing import SET_ASIDE
from followups.models import Calendar, Member
from nps_loop.mail import hooks
from nps_loop.mail.models import Attachment, Inbound
from nps_loop.people.models import User

SHOWN = 100
# Whoever wrote waits for us meanwhile.
TOO_LONG_MINUTES = 4 * 60


def sorts_mail(user: User) -> bool:
    """Whether this person looks through what was set aside: administrators, leads and their deputies."""
    leads = [Member.Role.LEAD, Member.Role.DEPUTY]
    return user.is_superuser or Member.objects.filter(user=user, is_active=True, role__in=leads).exists()


def visible_to(user: User) -> QuerySet[Inbound]:
    """Mails that came in which this person may read: those of readable cases; for leads those of no case as well."""
    if user.is_superuser:
        return Inbound.objects.all()
    mine = Q(case__in=hooks.visible_cases(user))
    return Inbound.objects.filter(mine | Q(case=None) if sorts_mail(user) else mine)


def files_visible_to(user: User) -> QuerySet[Attachment]:
    """Files this person may fetch: those of mails they may read, as far as they were kept."""
    return Attachment.objects.filter(inbound__in=visible_to(user).order_by().values("pk")).exclude(stored_as="")


def listed(user: User, view: str) -> list[Inbound]:
    """The newest mails of a view: `aside` (to be looked at) or `all`. One query."""
    rows = visible_to(user).select_related("handled_by").defer("text")
    return list((rows if view == "all" else rows.filter(state__in=SET_ASIDE)).order_by("-pk")[:SHOWN])


def lying_too_long(calendar: Calendar | None, *, now: datetime) -> int:
    """How many mails were set aside more than four working hours ago and nobody decided on, up to 500. One query."""
    oldest: Iterable[datetime] = Inbound.objects.filter(
        state__in=SET_ASIDE, received_at__lt=now - timedelta(minutes=TOO_LONG_MINUTES)
    ).values_list("received_at", flat=True)[:500]
    if calendar is None:
        return len(list(oldest))
    return sum(working_minutes(calendar.hours, at, now) > TOO_LONG_MINUTES for at in oldest)


def dismiss(row: Inbound, *, by: User, now: datetime) -> bool:
    """Nothing follows from this mail; it is kept. Returns False where somebody decided already."""
    waiting = Inbound.objects.filter(pk=row.pk, state__in=SET_ASIDE)
    fields: dict[str, Any] = {"state": Inbound.State.IGNORED, "reason": "Looked at, and nothing follows from it."}
    return waiting.update(**fields, handled_at=now, handled_by=by) == 1
