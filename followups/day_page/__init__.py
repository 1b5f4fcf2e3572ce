"""What / shows to whoever works tickets: the day as it lies ahead, what came back, and what customers said.

Every list is bounded and every part costs the same few queries, with ten tickets and with ten thousand. The parts are
worked out when they are asked for, so the morning mail, which says less, costs less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from django.utils import formats, timezone
from django.utils.translation import gettext, ngettext, pgettext

from followups import calendars, counting, queue_page
from followups.absences_page import Meanwhile, meanwhile_of
from followups.calendars import WorkingHours
from followups.covered import StandIn, held_for_others
from followups.day_page import around, back
from followups.day_page.back import CameBack, SaidToMe
from followups.day_page.plan import Entry, Given, Plan, plan
from followups.forms import Desk, Shelf
from followups.models import Action, Away, ContactAttempt, Event, Ticket
from followups.models.tickets import AT_WORK, TicketQuerySet
from followups.templatetags.moments import in_full
from followups.ticket_page import TicketPage, find, read
from followups.ticket_rows import Row, for_rows, rows_of
from followups.viewing import Days, Viewer, hours_of, name_of
from nps_loop.mail.models import Message

# Rows of today are all shown up to this; the next working day is a look ahead.
TODAY = 20
AHEAD = 6


@dataclass(frozen=True, slots=True)
class Number:
    """A line of the day in numbers."""

    label: str
    count: str
    view: str


@dataclass(frozen=True)
class _Read:
    """What was read about tickets, each table once."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    by_number: dict[int, Row] = field(default_factory=dict)
    attempts: Sequence[ContactAttempt] = ()
    events: Sequence[Event] = ()
    mails: Sequence[Message] = ()
    promises: Sequence[Action] = ()


@dataclass
class DayPage:
    """The day of the person who looks, at `now`, in the language and on the clock that are active."""

    viewer: Viewer
    now: datetime

    # When ------------------------------------------------------------------------------------------

    @cached_property
    def hours(self) -> WorkingHours:
        """The working time of the person's team on the person's own clock."""
        return hours_of(self.viewer.calendar)

    @cached_property
    def days(self) -> Days:
        return Days.around(self.now, self.viewer.calendar)

    @cached_property
    def today(self) -> date:
        return timezone.localtime(self.now).date()

    @cached_property
    def last_day(self) -> date:
        """The working day before today."""
        return calendars.add_working_days(self.hours, self.today, -1)

    @cached_property
    def overnight(self) -> datetime:
        """When work ended on the last working day: since then nobody looked."""
        return calendars.working_day_end(self.hours, self.last_day)

    @cached_property
    def ends_at(self) -> datetime | None:
        """When work ends today; None where it is over, or where nobody works."""
        return self.days.today_ends if self.days.at_work else None

    # What it is called ------------------------------------------------------------------------------------------

    @cached_property
    def heading(self) -> str:
        """`Tuesday afternoon, Hanna`."""
        words = {
            "day": formats.date_format(self.today, "l"),
            "name": self.viewer.user.first_name or self.viewer.user.name,
        }
        hour = timezone.localtime(self.now).hour
        if hour < 12:
            return gettext("%(day)s morning, %(name)s") % words
        if hour < 18:
            return gettext("%(day)s afternoon, %(name)s") % words
        return gettext("%(day)s evening, %(name)s") % words

    @cached_property
    def note(self) -> str:
        """`24 November, 14:30. 1 is late, 4 are due today.`"""
        # Translators: a day without its weekday, in Django's date format, e.g. "24 November".
        day = formats.date_format(self.today, pgettext("date format", "j F"))
        clock = formats.date_format(timezone.localtime(self.now), "H:i")
        return f"{day}, {clock}. {self.count_sentence}"

    @property
    def count_sentence(self) -> str:
        late, today = self.counts["late"], self.counts["today"]
        words = {"late": counting.in_words(late), "today": counting.in_words(today)}
        if late and today:
            is_late = ngettext("%(late)s is late", "%(late)s are late", late) % words
            return ngettext("%(is_late)s, %(today)s is due today.", "%(is_late)s, %(today)s are due today.", today) % {
                **words,
                "is_late": is_late,
            }
        if late:
            return (
                ngettext(
                    "%(late)s is late, nothing else is due today.",
                    "%(late)s are late, nothing else is due today.",
                    late,
                )
                % words
            )
        if today:
            return (
                ngettext("Nothing is late, %(today)s is due today.", "Nothing is late, %(today)s are due today.", today)
                % words
            )
        return gettext("Nothing is due today.")

    @property
    def then_label(self) -> str:
        if self.ends_at is None:
            return gettext("Then, today")
        return gettext("Then, till %(clock)s") % {"clock": formats.date_format(timezone.localtime(self.ends_at), "H:i")}

    @property
    def following_label(self) -> str:
        following = self.days.next_day
        if following == self.today + timedelta(days=1):
            return gettext("Tomorrow")
        return gettext("Next working day, %(day)s") % {"day": in_full(following)}

    @property
    def said_label(self) -> str:
        if self.last_day == self.today - timedelta(days=1):
            return gettext("What customers said since yesterday")
        return gettext("What customers said since %(day)s") % {"day": in_full(self.last_day)}

    # Tickets ------------------------------------------------------------------------------------------

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many tickets each group of the queue holds, and how many promises others made for them."""
        shown = {name: rows for name, rows in self._looks.items() if name != "unassigned"}
        return counting.count_each({**shown, "promised": around.promises_of_others(self.viewer.user)})

    @property
    def mine(self) -> str:
        return counting.in_words(self.counts["mine"])

    @property
    def at_work(self) -> int:
        return self.counts["at_work"]

    @cached_property
    def numbers(self) -> list[Number]:
        labels = {
            "late": gettext("Late"),
            "today": gettext("Today"),
            "next": gettext("Next working day"),
            "later": gettext("Later"),
            "waiting": gettext("Waiting on customer"),
        }
        return [Number(label, counting.in_words(self.counts[name]), name) for name, label in labels.items()]

    @cached_property
    def _looks(self) -> dict[str, TicketQuerySet]:
        return queue_page.parts(self.viewer, self.days)

    @cached_property
    def _read(self) -> _Read:
        """Tickets of today and of the next working day, with what else points to a ticket. Six queries."""
        user, now, days = self.viewer.user, self.now, self.days
        attempts = back.tries(user, self.overnight, days.next_ends)
        events = back.resumed(user, self.overnight)
        mails = back.mails(user, self.overnight)
        promises = list(
            Action.objects.filter(owner=user, state=Action.State.OPEN, due_at__lte=days.next_ends)
            .exclude(ticket__owner=user, ticket__state__in=AT_WORK)
            .order_by("due_at", "id")[:TODAY]
        )
        woken = Ticket.objects.owned_by(user).filter(
            state__in=AT_WORK, snoozed_until__gt=self.overnight, snoozed_until__lte=now
        )
        pointed = {
            *(row.ticket_id for row in attempts),
            *(row.ticket_id for row in events),
            *(row.ticket_id for row in promises),
            *(mail.case for mail in mails if mail.case is not None),
        }
        parts = [(self._looks["late"], TODAY), (self._looks["today"], TODAY), (self._looks["next"], TODAY)]
        parts += [
            (woken.order_by("-snoozed_until", "id"), back.MOST),
            (Ticket.objects.filter(pk__in=pointed), len(pointed) or 1),
        ]
        tickets = list(counting.first_of_each(for_rows(), parts).order_by("rank", "id"))
        rows: dict[str, list[Row]] = {"late": [], "today": [], "next": [], "later": [], "waiting": []}
        found = {row.ticket.pk: row for row in rows_of(tickets, self.viewer, days)}
        for row in found.values():
            if row.ticket.owner_id == user.pk and row.ticket.is_live:
                rows[queue_page.group_of(row, days)].append(row)
        return _Read(rows, found, attempts, events, mails, promises)

    @cached_property
    def plan(self) -> Plan:
        found = self._read
        planned = {row.ticket.pk for name in ("late", "today", "next") for row in found.rows[name]}
        besides = found.by_number.keys() - planned
        given = Given(
            late=found.rows["late"],
            today=found.rows["today"],
            following=found.rows["next"],
            rows=found.by_number,
            tries={row.ticket_id: row.next_try_at for row in found.attempts if row.next_try_at},
            promises=[action for action in found.promises if action.ticket_id in besides],
        )
        return plan(given, self.days, timezone.get_current_timezone_name(), self.hours, self.viewer.user.pk)

    @property
    def then(self) -> list[Entry]:
        return self.plan.then[:TODAY]

    @property
    def then_more(self) -> int:
        """How many of late and today stand only in the queue."""
        shown = [self.plan.first, *self.then]
        here = sum(entry is not None and not entry.is_extra for entry in shown)
        return max(self.counts["late"] + self.counts["today"] - here, 0)

    @property
    def following(self) -> list[Entry]:
        return self.plan.following[:AHEAD]

    @property
    def following_more(self) -> int:
        here = sum(not entry.is_extra for entry in self.following)
        return max(self.counts["next"] - here, 0)

    @property
    def following_note(self) -> str:
        """`5 due, and 1 call you planned`."""
        due, planned = self.counts["next"], sum(entry.is_planned for entry in self.plan.following)
        said = gettext("%(n)s due") % {"n": counting.in_words(due)} if due else ""
        calls = ngettext("%(n)s call planned", "%(n)s calls planned", planned) % {"n": planned} if planned else ""
        both = gettext("%(due)s, and %(planned)s") % {"due": said, "planned": calls}
        found = both if said and calls else said or calls
        early = self.counts["early"]
        return f"{found}. {self.days.early_words(early)}" if early else found

    @cached_property
    def brief(self) -> TicketPage | None:
        """What the page of the first ticket says before somebody reaches out. Eight queries."""
        first = self.plan.first
        ticket = find(self.viewer.user, first.ticket.pk) if first else None
        if ticket is None or ticket.owner_id != self.viewer.user.pk:
            return None
        case = read(ticket, self.viewer, now=self.now)
        return TicketPage(case, Desk(ticket, self.viewer.user, self.now, Shelf(ticket, self.viewer.user)))

    @cached_property
    def upcoming(self) -> Row | None:
        """Who comes next where nobody waits today: of the days ahead, the first of the queue. Two queries."""
        rows = (self._looks["next"] | self._looks["later"]).order_by("rank", "id")
        found = list(for_rows().filter(pk__in=list(rows.values_list("pk", flat=True)[:1])))
        return next(iter(rows_of(found, self.viewer, self.days)), None)

    # What happened ------------------------------------------------------------------------------------------

    @cached_property
    def came_back(self) -> list[CameBack]:
        found = self._read
        own = {n: row.ticket for n, row in found.by_number.items() if row.ticket.owner_id == self.viewer.user.pk}
        woken = [
            ticket
            for ticket in own.values()
            if ticket.snoozed_until and self.overnight < ticket.snoozed_until <= self.now
        ]
        return back.came_back(
            own,
            {number: name_of(ticket, self.viewer) for number, ticket in own.items()},
            attempts=found.attempts,
            events=found.events,
            messages=found.mails,
            snoozed=woken,
            now=self.now,
        )[: back.MOST]

    @cached_property
    def said(self) -> list[SaidToMe]:
        """The words of customers since the last working day began."""
        began = calendars.working_stretches(self.hours, self.last_day)[0][0]
        return back.said(self.viewer, began)

    # Around it ------------------------------------------------------------------------------------------

    @cached_property
    def renewals(self) -> list[around.Renewal]:
        return around.renewals(self.viewer.user, self.now)

    @cached_property
    def promised(self) -> list[Action]:
        """What others promised on tickets of this person, the next due first."""
        return list(around.promises_of_others(self.viewer.user)[: around.SHOWN])

    @cached_property
    def away(self) -> list[Away]:
        return around.away(self.viewer, self.days.next_ends, self.now)

    @cached_property
    def stands_in(self) -> list[StandIn]:
        """For whom this person holds tickets now."""
        return held_for_others(self.viewer.user)

    @cached_property
    def meanwhile(self) -> Meanwhile:
        """What others did with this person's tickets during their last absence, in the first days after it."""
        return meanwhile_of(self.viewer.user, self.now)

    @cached_property
    def figures(self) -> list[around.OwnFigure]:
        working = next((member.team for member in self.viewer.memberships if member.team.takes_tickets), None)
        return around.figures(self.viewer.user, self.now, working.slug if working else "")

    @property
    def has_something_to_say(self) -> bool:
        """Whether the day holds anything at all that is worth a mail."""
        return bool(self.plan.first or self.plan.then or self.came_back or self.said)
