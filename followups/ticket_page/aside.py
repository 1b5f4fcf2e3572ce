"""Beside the work: why it is due when it is due, who the customer is, what they said before. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import formats, timezone
from django.utils.translation import gettext, ngettext

from followups import calendars, deadlines
from followups.models import Action, Deadline, SlaPolicy
from followups.models.tickets import TicketState
from followups.next_step import runs_on
from followups.templatetags.moments import as_promised, lower_first, moment, on_day, span
from followups.ticket_page.case import Case
from nps_loop.templatetags.look import written
from surveys.models import Contact, Response

Target = Deadline.Target
# A table of single days is read up to this many; beyond it only the sum is.
DAYS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Why something is due when it is: the sum line by line, its result, and the team clock one click below."""

    heading: str
    pairs: list[tuple[str, str]]
    result: tuple[str, str]
    promise: str = ""
    note: str = ""
    worked: str = ""
    working_days: list[tuple[str, str]] = field(default_factory=list)
    pinned: str = ""
    kept: str = ""


def why_due(case: Case) -> Arithmetic | None:
    """The arithmetic of what is due first; None where nothing is owed."""
    ticket, now = case.ticket, case.now
    if promise := runs_on(ticket, case.open_actions):
        return _of_action(case, promise)
    if ticket.state == TicketState.WAITING_ON_CUSTOMER and ticket.waiting_until:
        return Arithmetic(
            heading=gettext("Why it waits until %(when)s") % {"when": moment(ticket.waiting_until, now)},
            pairs=[(gettext("Team clock"), gettext("stands still until then"))],
            result=(gettext("Comes back by itself"), moment(ticket.waiting_until, now)),
            note=gettext("It comes back earlier with an answer, or when somebody takes it up again."),
        )
    if ticket.due_at is None or not ticket.is_live:
        return None
    if ticket.due_for == "action" and case.open_actions:
        return _of_action(case, case.open_actions[0])
    owed = [row for row in case.current_deadlines if row.is_open and row.target == ticket.due_for]
    return _of_deadline(case, owed[0]) if owed else None


def _of_action(case: Case, action: Action) -> Arithmetic:
    now = case.now
    moves = [row for row in case.of_kind("move") if row.number == action.pk]
    pairs = [(gettext("By whom"), action.owner.name)]
    if action.first_promised_at:
        pairs.append((gettext("First told"), as_promised(action.first_promised_at, now)))
    if moves:
        words = ngettext("%(n)s time", "%(n)s times", len(moves)) % {"n": len(moves)}
        pairs.append((gettext("Moved"), words))
    waits = case.ticket.waiting_until if case.ticket.state == TicketState.WAITING_ON_CUSTOMER else None
    return Arithmetic(
        heading=gettext("Why it is due %(when)s") % {"when": moment(action.due_at, now)},
        promise=action.title,
        note=gettext("The team clock stands still until %(when)s, the promise does not.") % {"when": moment(waits, now)}
        if waits
        else "",
        pairs=pairs,
        result=(gettext("Promised “%(when)s”") % {"when": as_promised(action.due_at, now)}, moment(action.due_at, now)),
        kept=_kept(case),
    )


def _of_deadline(case: Case, owed: Deadline) -> Arithmetic:
    ticket, now = case.ticket, case.now
    on_customer_clock = owed.clock == SlaPolicy.Clock.CUSTOMER
    name = ticket.contact.short_name if ticket.contact else gettext("The customer")
    target = {
        Target.FIRST_CONTACT: gettext("First contact, %(band)s") % {"band": lower_first(ticket.get_band_display())},
        Target.ANSWER: gettext("Answer owed in"),
        Target.NEXT_UPDATE: gettext("Next update"),
        Target.RESOLUTION: gettext("Resolution"),
    }[Target(owed.target)]
    began = {
        Target.ANSWER: gettext("%(name)s wrote") % {"name": name},
        Target.NEXT_UPDATE: gettext("Last heard from us"),
    }.get(Target(owed.target), gettext("Answered") if on_customer_clock else gettext("Received"))
    pairs = [(began, moment(owed.starts_at, now)), (target, _length(owed))]
    stretches = deadlines.pauses(case.events, now=now)
    paused = sum((end - start for start, end in stretches if start >= owed.starts_at), timedelta())
    if paused and not on_customer_clock:
        pairs.append((gettext("Paused, waiting for %(name)s") % {"name": name}, span(paused)))
    ends = gettext("Customer clock ends") if on_customer_clock else gettext("Team clock ends")
    result = (ends, moment(owed.due_at, now))
    note = ""
    if owed.promised_at:
        pairs.append(result)
        words = as_promised(owed.promised_at, now)
        result = (gettext("Promised “%(when)s”") % {"when": words}, moment(owed.promised_at, now))
        note = gettext("The queue shows the earlier of the two.")
    if on_customer_clock:
        note += " " + gettext("%(name)s’s clock runs day and night and never pauses.") % {"name": name}
    worked, days = _working_time(owed, ticket.received_at, stretches, now)
    return Arithmetic(
        heading=gettext("Why it is due %(when)s") % {"when": moment(ticket.due_at, now)},
        pairs=pairs,
        result=result,
        note=note.strip(),
        worked=worked,
        working_days=days,
        pinned=gettext("Policy %(policy)s and calendar %(calendar)s, fixed when the ticket opened.")
        % {"policy": owed.policy, "calendar": owed.calendar},
        kept=_kept(case),
    )


def _length(owed: Deadline) -> str:
    if owed.clock == SlaPolicy.Clock.CUSTOMER:
        return "+ " + span(timedelta(minutes=owed.minutes)) if owed.minutes % 1440 else _hours(owed.minutes)
    day = deadlines.working_day_minutes(owed.calendar.hours)
    if owed.minutes % day:
        return gettext("%(span)s of working time") % {"span": span(timedelta(minutes=owed.minutes))}
    days = owed.minutes // day
    return ngettext("%(n)s working day", "%(n)s working days", days) % {"n": days}


def _hours(minutes: int) -> str:
    return f"+ {minutes // 60}\u00a0h"


def _working_time(
    owed: Deadline, since: datetime, stretches: Sequence[tuple[datetime, datetime]], now: datetime
) -> tuple[str, list[tuple[str, str]]]:
    """The team's working time so far, and day by day while that is few lines."""
    hours = owed.calendar.hours
    worked = timedelta(minutes=calendars.working_minutes(hours, since, now, stretches))
    zone = ZoneInfo(hours.zone)
    first, last = since.astimezone(zone).date(), now.astimezone(zone).date()
    rows = []
    if (last - first).days < DAYS_SHOWN:
        for offset in range((last - first).days + 1):
            day = first + timedelta(days=offset)
            begins, ends = _day(day, zone)
            length = calendars.working_minutes(hours, max(since, begins), min(now, ends), stretches)
            words = span(timedelta(minutes=length)) if length else gettext("closed")
            rows.append((written(day, "D j M"), words))
    return span(worked), rows


def _day(day: object, zone: ZoneInfo) -> tuple[datetime, datetime]:
    start = datetime(day.year, day.month, day.day, tzinfo=zone)  # type: ignore[attr-defined]
    return start, start + timedelta(days=1)


def _kept(case: Case) -> str:
    """How first contact went, once it was made, and what else was late and done after all."""
    return " ".join(filter(None, [_first_contact(case), *_recovered(case)]))


def _recovered(case: Case) -> list[str]:
    return [
        gettext("%(target)s was done after all, %(span)s late.")
        % {"target": str(row.get_target_display()).capitalize(), "span": span(row.recovered_after)}
        for row in case.current_deadlines
        if row.target != Target.FIRST_CONTACT and row.recovered_after
    ]


def _first_contact(case: Case) -> str:
    row = next((d for d in case.deadlines if d.target == Target.FIRST_CONTACT and d.met_at), None)
    if row is None or row.met_at is None:
        return ""
    words = {"when": moment(row.met_at, case.now), "span": span(row.met_at - case.ticket.responded_at)}
    if row.met_at <= row.due_at:
        return gettext("First contact was kept: %(when)s, after %(span)s.") % words
    return gettext("First contact came late: %(when)s, after %(span)s.") % words


# --- the customer ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Point:
    """One score on the little line of scores. Lengths are percentages, as SVG attributes take them."""

    x: int
    y: int
    score: int
    band: str
    label: str
    when: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Scores:
    """A customer's scores over time, oldest first, with the sentence a screen reader says instead."""

    points: list[Point]
    line: str
    words: str


def scores(name: str, answers: Sequence[Response]) -> Scores | None:
    """The last scores of one person; None where there are fewer than two. `answers` come newest first."""
    rows = list(reversed(answers[:5]))
    if len(rows) < 2:
        return None
    points = []
    dates = [timezone.localtime(answer.responded_at) for answer in rows]
    within_a_year = dates[-1] - dates[0] < timedelta(days=330)
    for at, answer in enumerate(rows):
        x = 5 + round(90 * at / (len(rows) - 1))
        when = written(dates[at], "j M" if within_a_year else "M Y")
        anchor = "start" if at == 0 else "end" if at == len(rows) - 1 else "middle"
        points.append(Point(x, 92 - 8 * answer.score - 8, answer.score, answer.band[0], "", when, anchor))
    said = ", ".join(
        gettext("%(score)s in %(month)s")
        % {"score": answer.score, "month": formats.date_format(timezone.localtime(answer.responded_at), "F Y")}
        for answer in rows
    )
    return Scores(
        points=points,
        line=" ".join(f"{point.x},{point.y}" for point in points),
        words=gettext("Scores of %(name)s: %(list)s") % {"name": name, "list": said},
    )


def about_contact(contact: Contact, now: datetime) -> str:
    """Role, language, time there and good time to call, as one or two sentences."""
    parts = [contact.role] if contact.role else []
    languages = {"en": gettext("English"), "de": gettext("German"), "es": gettext("Spanish"), "fr": gettext("French")}
    if contact.language:
        spoken = languages.get(contact.language.split("-")[0].lower(), contact.language)
        parts.append(gettext("writes %(language)s") % {"language": spoken})
    if there := time_there(contact, now):
        parts.append(there)
    sentence = ", ".join(parts)
    return sentence[:1].upper() + sentence[1:] + "." if sentence else ""


def time_there(contact: Contact, now: datetime) -> str:
    """`14:30 there, Stockholm`; empty where the zone is not known."""
    if not contact.time_zone:
        return ""
    try:
        zone = ZoneInfo(contact.time_zone)
    except (KeyError, ValueError, OSError):
        return ""
    city = contact.time_zone.rpartition("/")[2].replace("_", " ")
    clock = formats.date_format(now.astimezone(zone), "H:i")
    return gettext("%(clock)s there, %(city)s") % {"clock": clock, "city": city}


def last_promise(case: Case) -> tuple[str, str]:
    """What the customer was told last, and when: ("Hanna Brandt: the list, by Friday evening.", "Sun 20:43")."""
    ticket, now = case.ticket, case.now
    told = [action for action in case.open_actions if action.told_at]
    if told:
        action = max(told, key=lambda row: row.told_at or row.planned_at)
        words = {"who": action.owner.name, "what": action.title, "when": as_promised(action.due_at, now)}
        return gettext("%(who)s: %(what)s, %(when)s.") % words, moment(action.told_at, now)
    if ticket.promised_at:
        who = ticket.owner.name if ticket.owner else gettext("Somebody")
        told_so = [row for row in case.messages if row.kind in ("acknowledgement", "reopened") and row.sent_at]
        acknowledged = told_so[-1] if told_so else None
        words = {"who": who, "when": as_promised(ticket.promised_at, now)}
        answers = ticket.customer_waits or ticket.cycle > 0
        said = (gettext("%(who)s answers %(when)s.") if answers else gettext("%(who)s gets in touch %(when)s.")) % words
        return said, moment(acknowledged.sent_at, now) if acknowledged else ""
    return gettext("None yet."), ""


def how_it_went(answer: Response) -> str:
    """What became of somebody's answer, for the line below their name."""
    ticket = getattr(answer, "ticket", None)
    if ticket is None:
        return gettext("No ticket.")
    if ticket.state != TicketState.CLOSED:
        owner = ticket.owner.name if ticket.owner else gettext("nobody yet")
        return f"{ticket.get_state_display()}, {owner}."
    closed = on_day(ticket.closed_at, timezone.now()) if ticket.closed_at else ""
    words = {
        "confirmed": gettext("Said “settled”, %(day)s."),
        "unconfirmed": gettext("Closed without a word, %(day)s."),
        "not_asked": gettext("Closed, not asked, %(day)s."),
        "agreed_to_differ": gettext("Agreed to differ, %(day)s."),
        "left_in_peace": gettext("Left in peace, %(day)s."),
    }[ticket.closed_as]
    return words % {"day": closed}
