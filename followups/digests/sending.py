"""Mailing digests: once per person and week or month, when the first working day of it starts on their own clock.

The sweep runs it. Whoever writes the row of that week or month owes its mail, so two sweeps send one; with nothing to
say there is none, and nobody who is away gets one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext

from followups import calendars
from followups.calendars import WorkingHours
from followups.digests.findings import Finding
from followups.digests.reading import digest_of
from followups.digests.wording import Said, said, sentence
from followups.messages import notices
from followups.messages.notices import MorningLine
from followups.models import Away, Digest, Member, Team
from followups.morning import zone_of
from followups.templatetags.moments import in_full
from followups.viewing import LEADING, USUAL_WEEK
from nps_loop.mail import outbox
from nps_loop.mail.outbox import Draft
from nps_loop.people.models import User
from surveys.models import Brand

logger = logging.getLogger(__name__)

Kind = Digest.Kind
# Digests that start at the same minute are made over a few sweeps, so that none of them takes long.
BATCH = 20


@dataclass(frozen=True, slots=True)
class Due:
    """Whose digest is due, which kind, and the Monday or the first of the month that it stands for."""

    user: User
    kind: Kind
    period: date


def send_digests(*, now: datetime) -> int:
    """Queue the digests that are due; returns how many. One that raises stops no other and is tried again."""
    due = list(_starting(now))
    if not due:
        return 0
    looked_at = set(
        Digest.objects.filter(
            user__in=[each.user for each in due], period__gte=min(each.period for each in due)
        ).values_list("user", "kind", "period")
    )
    sent = tried = 0
    for each in due:
        if (each.user.pk, each.kind, each.period) in looked_at:
            continue
        if tried >= BATCH:
            break
        try:
            sent += _tell(each, now=now)
            tried += 1
        except Exception:
            logger.exception("The %s digest of user %s raised; the others go on.", each.kind, each.user.pk)
    return sent


def starts_period(hours: WorkingHours, kind: str, now: datetime) -> date | None:
    """The Monday (or first of the month) of which today is the first working day, while work goes on; else None. Pure.

    By the wall clock of the hours' zone, so a day on which clocks change is a day like every other.
    """
    day = calendars.day_of(hours, now)
    period = day - timedelta(days=day.weekday()) if kind == Kind.WEEKLY else day.replace(day=1)
    stretches = calendars.working_stretches(hours, day)
    if not stretches or not stretches[0][0] <= now < stretches[-1][1]:
        return None
    earlier = (period + timedelta(days=n) for n in range((day - period).days))
    return None if any(calendars.working_stretches(hours, each) for each in earlier) else period


def _starting(now: datetime) -> Iterator[Due]:
    """Everybody who leads, directs or administers, is there, wants the mail, and whose first day has begun.

    Three queries. The hours are those of a team they lead or belong to, read off their own clock; office hours where
    there is none.
    """
    wants = User.objects.filter(is_active=True, digest_mail=True).exclude(email="")
    wants = wants.exclude(pk__in=Away.objects.at(now).order_by().values("user"))
    hours_by_user: dict[int, WorkingHours] = {}
    leads: dict[int, User] = {}
    members = Member.objects.filter(is_active=True, user__in=wants).select_related("user", "team__calendar")
    for member in members.order_by("user_id", "team_id"):
        leads_here = member.role in LEADING and member.team.takes_tickets
        if leads_here and member.user_id not in leads:
            leads[member.user_id] = member.user
            hours_by_user[member.user_id] = member.team.calendar.hours
        hours_by_user.setdefault(member.user_id, member.team.calendar.hours)
    directed = Team.objects.filter(takes_tickets=True, director__in=wants).select_related("director", "calendar")
    directors: dict[int, User] = {}
    for team in directed.order_by("pk"):
        if team.director is not None:
            directors[team.director.pk] = team.director
            hours_by_user.setdefault(team.director.pk, team.calendar.hours)
    directors |= {user.pk: user for user in wants.filter(is_superuser=True)}
    for kind, people in ((Kind.WEEKLY, leads), (Kind.MONTHLY, directors)):
        for pk in sorted(people):
            zone = zone_of(people[pk]).key
            hours = hours_by_user.get(pk) or WorkingHours(zone, USUAL_WEEK)
            period = starts_period(replace(hours, zone=zone), kind, now)
            if period is not None:
                yield Due(people[pk], kind, period)


def _tell(due: Due, *, now: datetime) -> int:
    """Claim the period and queue its mail; 0 where another sweep has it, or where there is nothing to say.

    Counting comes before the claim, so that it holds no lock; whoever counts in vain has done no harm.
    """
    user = due.user
    with timezone.override(zone_of(user)), translation.override(user.language):
        found = digest_of(user, due.kind, now=now)
        brand = Brand.objects.filter(is_default=True).first()
        draft = draft_of(due, found, brand, now=now) if found and brand is not None else None
    with transaction.atomic():
        if not User.objects.filter(pk=user.pk, is_active=True, digest_mail=True).exists():
            return 0
        _row, is_ours = Digest.objects.get_or_create(
            user=user, kind=due.kind, period=due.period, defaults={"found": len(found), "looked_at": now}
        )
        if not is_ours or draft is None:
            return 0
        outbox.queue([draft], now=now)
    return 1


def draft_of(due: Due, found: list[Finding], brand: Brand, *, now: datetime) -> Draft:
    """The mail, in the language and on the clock that are active."""
    body = said(found)
    return notices.digest(
        due.user,
        brand,
        subject=_subject(due.kind, found),
        heading=gettext("What needs a look, %(day)s") % {"day": in_full(timezone.localtime(now))},
        parts=with_the_rest(body, page_of(due.kind)),
        path=page_of(due.kind),
        is_monthly=due.kind == Kind.MONTHLY,
        dedupe_key=f"digest:{due.kind}:{due.user.pk}:{due.period:%Y-%m-%d}",
    )


def page_of(kind: str) -> str:
    """Where the same is read at any time, and the mail switched off."""
    return f"{reverse('report-digest')}?kind={kind}"


def with_the_rest(body: Said, path: str) -> list[notices.MorningPart]:
    """The parts, and a last line for what did not fit."""
    if not body.left_out:
        return body.parts
    more = ngettext("And %(n)s more", "And %(n)s more", body.left_out) % {"n": body.left_out}
    if not body.parts:
        return [notices.MorningPart(gettext("Needs somebody now"), [MorningLine(more, path)])]
    last = body.parts[-1]
    return [*body.parts[:-1], notices.MorningPart(last.heading, [*last.lines, MorningLine(more, path)])]


def _subject(kind: str, found: list[Finding]) -> str:
    what = {"what": sentence(found[0])}
    return gettext("This month: %(what)s") % what if kind == Kind.MONTHLY else gettext("This week: %(what)s") % what
