"""The morning mail: the day ahead, once per person and working day, when work starts on their own clock.

The sweep runs it. Whoever raises `morning_mail_on` to a day owes that day's mail, so two sweeps send one; with nothing
to say there is none, and nobody who is away gets one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext

from followups import calendars
from followups.calendars import WorkingHours
from followups.day_page import DayPage
from followups.day_page.back import SaidToMe
from followups.day_page.plan import Entry
from followups.landing import page_of
from followups.messages import notices
from followups.messages.notices import MorningLine, MorningPart
from followups.models import Away, Member
from followups.templatetags.moments import moment
from followups.viewing import Viewer
from nps_loop.mail import outbox
from nps_loop.people.models import User
from nps_loop.templatetags.look import span_in_words
from surveys.models import Brand

logger = logging.getLogger(__name__)

# People whose day starts at the same minute are told over a few sweeps, so that none of them takes long.
BATCH = 50
# A mail that could not be sent in the morning is none any more: the page has had the day since.
LATEST = timedelta(hours=4)
# Lines of each part, and of all of them together in words: a mail of this kind is read in half a minute.
LATE, TODAY, BACK, SAID = 4, 5, 3, 3
WORDS = 140
NAME, QUOTE = 48, 70


@dataclass(frozen=True, slots=True)
class Morning:
    """Whose day starts, in which zone, and which day it is there."""

    user: User
    zone: ZoneInfo
    day: date


def send_mornings(*, now: datetime) -> int:
    """Queue the mails of everybody whose working day has started; returns how many. One that raises stops no other."""
    sent = looked_at = 0
    for morning in _starting(now):
        if looked_at >= BATCH:
            break
        try:
            sent += _tell(morning, now=now)
            looked_at += 1
        except Exception:
            logger.exception("The morning mail of user %s raised; the others go on.", morning.user.pk)
    return sent


def _starting(now: datetime) -> Iterator[Morning]:
    """Everybody who works tickets, is there, wants the mail, and whose day has just started. One query.

    The hours are those of the team, read off the person's own clock; of several teams the first counts.
    """
    members = (
        Member.objects.filter(is_active=True, team__takes_tickets=True, user__is_active=True, user__morning_mail=True)
        .exclude(user__email="")
        .exclude(user__in=Away.objects.at(now).values("user"))
        .select_related("user", "team__calendar")
        .order_by("user_id", "team_id")
    )
    known: dict[int, WorkingHours] = {}
    seen: set[int] = set()
    for member in members:
        if member.user_id in seen:
            continue
        seen.add(member.user_id)
        calendar = member.team.calendar
        hours = known.setdefault(calendar.pk, calendar.hours)
        zone = zone_of(member.user)
        theirs = replace(hours, zone=zone.key)
        day = calendars.day_of(theirs, now)
        stretches = calendars.working_stretches(theirs, day)
        told = member.user.morning_mail_on
        if stretches and (told is None or told < day) and stretches[0][0] <= now < stretches[0][0] + LATEST:
            yield Morning(member.user, zone, day)


def zone_of(user: User) -> ZoneInfo:
    """The zone of somebody's clock; the deployment's where theirs is none."""
    try:
        return ZoneInfo(user.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(timezone.get_default_timezone_name())


def _tell(morning: Morning, *, now: datetime) -> int:
    """Claim the day and queue its mail; 0 where another sweep has it, or where there is nothing to say."""
    user = morning.user
    with transaction.atomic():
        unclaimed = Q(morning_mail_on=None) | Q(morning_mail_on__lt=morning.day)
        wants = User.objects.filter(pk=user.pk, is_active=True, morning_mail=True)
        if not wants.filter(unclaimed).update(morning_mail_on=morning.day):
            return 0
        with timezone.override(morning.zone), translation.override(user.language):
            viewer = Viewer.of(user)
            page = DayPage(viewer, now)
            parts = _parts(page)
            brand = Brand.objects.filter(is_default=True).first()
            if not parts or brand is None:
                return 0
            own = reverse("home")
            path = own if page_of(user, viewer.memberships) == own else reverse("day")
            draft = notices.morning(
                user,
                brand,
                subject=_subject(page),
                heading=page.heading,
                parts=parts,
                path=path,
                dedupe_key=f"morning:{user.pk}:{morning.day:%Y-%m-%d}",
            )
        outbox.queue([draft], now=now)
    return 1


def _subject(page: DayPage) -> str:
    late, today = page.counts["late"], page.counts["today"]
    said = [gettext("%(n)s late") % {"n": late}] if late else []
    said += [gettext("%(n)s due today") % {"n": today}] if today else []
    if not said and page.came_back:
        n = len(page.came_back)
        said = [ngettext("%(n)s ticket came back", "%(n)s tickets came back", n) % {"n": n}]
    return gettext("Your day: %(what)s") % {"what": ", ".join(said) or gettext("what customers said")}


def _parts(page: DayPage) -> list[MorningPart]:
    """What the mail says, worst first; each line leads to where it can be dealt with. Empty: nothing to say."""
    entries = [entry for entry in (page.plan.first, *page.plan.then) if entry is not None]
    late = [entry for entry in entries if entry.kind == "late"]
    today = [entry for entry in entries if entry.kind != "late"]
    back = [MorningLine(f"{_named(row.name, row.account)}: {row.words}", row.path) for row in page.came_back]
    found = [
        _part(gettext("Late"), _entries(late, page), LATE, _all_of(late, page, "late"), "late"),
        _part(gettext("Today"), _entries(today, page), TODAY, _all_of(today, page, "today"), "today"),
        _part(gettext("Came back"), back, BACK, len(back)),
        _part(gettext("What customers said"), [_said(row) for row in page.said], SAID, len(page.said)),
    ]
    return _within(WORDS, [part for part in found if part.lines])


def _entries(entries: list[Entry], page: DayPage) -> list[MorningLine]:
    return [_entry(entry, page.now) for entry in entries]


def _all_of(entries: list[Entry], page: DayPage, view: str) -> int:
    """How many there are: those of the queue, of which the page reads only the first, and what was put beside them."""
    return max(page.counts[view] + sum(entry.is_extra for entry in entries), len(entries))


def _part(heading: str, lines: list[MorningLine], most: int, total: int, view: str = "") -> MorningPart:
    """The first lines; how many more there are is a line that leads to them."""
    shown = lines[:most]
    more = total - len(shown)
    if more > 0:
        path = f"{reverse('queue')}?view={view}" if view else reverse("day")
        shown.append(MorningLine(ngettext("And %(n)s more", "And %(n)s more", more) % {"n": more}, path))
    return MorningPart(heading, shown)


def _within(words: int, parts: list[MorningPart]) -> list[MorningPart]:
    """The parts cut to so many words, from the end: what is worst stays. The page has the rest."""
    kept: list[MorningPart] = []
    left = words
    for part in parts:
        lines = []
        for line in part.lines:
            left -= len(line.text.split())
            if left < 0:
                break
            lines.append(line)
        if lines:
            kept.append(MorningPart(part.heading, lines))
    return kept


def _entry(entry: Entry, now: datetime) -> MorningLine:
    ticket = entry.ticket
    company = ticket.account.name if ticket.account and entry.row.is_named else ""
    title = _clipped(entry.title)
    who = _named("" if entry.row.short_name in entry.title else entry.row.name, company)
    if entry.kind == "late":
        when = gettext("late by %(span)s") % {"span": span_in_words(now - entry.at)}
    elif entry.kind == "now" and ticket.due_at:
        when = gettext("due %(when)s") % {"when": moment(ticket.due_at, now)}
    else:
        when = entry.when
    return MorningLine(f"{', '.join(filter(None, (title, who)))}: {when}", entry.url)


def _said(row: SaidToMe) -> MorningLine:
    """Who said what. A hold keeps the words inside the application."""
    kinds = {"settled": gettext("settled"), "not_yet": gettext("not yet"), "reply": gettext("reply")}
    kind = str(row.score) if row.score is not None else kinds.get(row.kind, row.about)
    said = f"{_named(row.name, row.account)}: {kind}"
    words = "" if row.is_held else Truncator(row.words).chars(QUOTE)
    return MorningLine(f"{said}. “{words}”" if words else said, row.path)


def _named(name: str, company: str) -> str:
    return ", ".join(_clipped(part) for part in (name, company) if part)


def _clipped(text: str) -> str:
    return Truncator(" ".join(text.split())).chars(NAME)
