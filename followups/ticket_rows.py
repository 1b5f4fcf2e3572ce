"""A ticket as a row of a list: clock and arithmetic, words, and the next step. The same in every list."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from followups import calendars
from followups.at_once import read_at_once
from followups.covered import with_cover
from followups.models import Action, Calendar, Ticket
from followups.models.tickets import TicketQuerySet, TicketState
from followups.next_step import Around, NextStep, next_step, runs_on
from followups.templatetags.moments import as_promised, moment, span
from followups.viewing import Days, Viewer, name_of, short_name_of, time_left
from followups.why_here import why_here

# Two lines hold about 200 characters; nothing longer has to travel to the page.
WORDS_SHOWN = 320
# A renewal this many days ahead or fewer is shown.
RENEWS_SOON = 60


@dataclass(frozen=True, slots=True)
class Row:
    """One ticket of a list, ready to be drawn."""

    ticket: Ticket
    name: str
    short_name: str
    is_named: bool
    words: str
    words_hidden: bool
    due_at: datetime | None
    left: timedelta | None
    clock_label: str
    tip: list[tuple[str, str]]
    step: NextStep
    renews_in: int | None
    promise: Action | None = None


def for_rows() -> TicketQuerySet:
    """Tickets with all that a row shows."""
    rows = Ticket.objects.for_list().select_related("team__calendar")
    return with_cover(rows.defer("response__search_text", "response__attributes"))


def rows_of(tickets: list[Ticket], viewer: Viewer, days: Days) -> list[Row]:
    """The rows of these tickets. One query, for the actions that are open on them and what next steps hang on."""
    if not tickets:
        return []
    actions = Action.objects.filter(ticket__in=tickets, state=Action.State.OPEN).select_related("owner")
    return rows_from(tickets, actions.order_by("due_at", "id"), viewer, days)


def rows_from(tickets: list[Ticket], actions: QuerySet[Action], viewer: Viewer, days: Days) -> list[Row]:
    """The rows of these tickets, with `actions` open on them (and perhaps on others), the first due first. One query,
    and `actions` are read by it too.
    """
    around = Around(tickets)
    read_at_once(actions, *around.lists)
    of_ticket: dict[int, list[Action]] = defaultdict(list)
    for action in actions:
        of_ticket[action.ticket_id].append(action)
    return [_row(ticket, of_ticket[ticket.pk], around, viewer, days) for ticket in tickets]


def _row(ticket: Ticket, actions: list[Action], around: Around, viewer: Viewer, days: Days) -> Row:
    seen = viewer.sees_words(ticket)
    calendar = ticket.team.calendar if ticket.team else None
    waiting = ticket.state == TicketState.WAITING_ON_CUSTOMER
    promise = _promise(ticket, actions)
    due_at = ticket.due_at
    if waiting:
        due_at = promise.due_at if promise else None
    return Row(
        ticket=ticket,
        name=name_of(ticket, viewer),
        short_name=short_name_of(ticket, viewer),
        is_named=viewer.sees_name(ticket, ticket.response.share_name if ticket.response else None),
        words=ticket.response.verbatim[:WORDS_SHOWN] if ticket.response and seen else "",
        words_hidden=not seen,
        due_at=due_at,
        left=time_left(days.now, due_at, days, calendar) if due_at and due_at >= days.now else None,
        clock_label=_clock_label(ticket, promise, days.now),
        tip=_tip(ticket, promise, calendar, days.now),
        step=next_step(ticket, around.of(ticket, actions), viewer, now=days.now),
        renews_in=renews_in(ticket, days.now),
        promise=promise,
    )


def renews_in(ticket: Ticket, now: datetime) -> int | None:
    """Days to the renewal of the account, where it is near enough to matter."""
    renewal = ticket.account.renewal_on if ticket.account else None
    days = (renewal - timezone.localtime(now).date()).days if renewal else -1
    return days if 0 <= days <= RENEWS_SOON else None


def stays_in_sight(ticket: Ticket, now: datetime) -> str:
    """Why a ticket cannot be snoozed at all: no moment lies between now and what was due; empty where one does."""
    if ticket.due_at and ticket.due_at <= now and not ticket.snoozed_until:
        return gettext("It is late already, so it stays in sight.")
    return ""


def due_words(ticket: Ticket) -> str:
    """What is due first, as the clock says it."""
    return {
        "first_contact": gettext("first contact"),
        "answer": gettext("answer to a customer"),
        "next_update": gettext("next update"),
        "resolution": gettext("resolution"),
    }.get(ticket.due_for, "")


def _promise(ticket: Ticket, actions: list[Action]) -> Action | None:
    """The action the clock is about, where it is about one."""
    if ticket.state == TicketState.WAITING_ON_CUSTOMER:
        return runs_on(ticket, actions)
    return actions[0] if ticket.due_for == "action" and actions else None


def _clock_label(ticket: Ticket, promise: Action | None, now: datetime) -> str:
    if promise:
        return promise.title if len(promise.title) <= 40 else f"{promise.title[:39].rstrip()}…"
    if ticket.state == TicketState.WAITING_ON_CUSTOMER:
        return gettext("back %(when)s") % {"when": moment(ticket.waiting_until, now)} if ticket.waiting_until else ""
    return due_words(ticket)


def _tip(ticket: Ticket, promise: Action | None, calendar: Calendar | None, now: datetime) -> list[tuple[str, str]]:
    """The arithmetic behind the clock, as pairs of term and words."""
    pairs: list[tuple[str, str]] = []
    waiting = ticket.state == TicketState.WAITING_ON_CUSTOMER
    if waiting:
        pairs.append((gettext("Comes back"), moment(ticket.waiting_until, now)))
    if promise:
        pairs += [
            (gettext("Promise"), promise.title),
            (gettext("Promised"), as_promised(promise.due_at, now)),
            (gettext("Ends"), moment(promise.due_at, now)),
        ]
    elif ticket.due_at and not waiting:
        if ticket.promised_at == ticket.due_at:
            pairs.append((gettext("Promised"), as_promised(ticket.promised_at, now)))
        pairs.append((gettext("Ends"), moment(ticket.due_at, now)))
    if placed := why_here(ticket, now):
        pairs += [(gettext("Moved up"), placed.moved_up), (gettext("Stands as if due"), placed.stands)]
    if ticket.snoozed_until and ticket.snoozed_until > now:
        pairs.append((gettext("Snoozed until"), moment(ticket.snoozed_until, now)))
    pairs.append((gettext("Customer clock"), span(now - ticket.responded_at)))
    if calendar is not None and not ticket.wait_count:
        worked = timedelta(minutes=calendars.working_minutes(calendar.hours, ticket.received_at, now))
        pairs.append((gettext("Team clock"), gettext("%(span)s worked") % {"span": span(worked)}))
    if ticket.contact and ticket.contact.good_time:
        pairs.append((gettext("Good time"), ticket.contact.good_time))
    return pairs
