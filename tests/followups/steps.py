"""What each place says to do next with a ticket: its own page, the row of a list, the day and the API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.test import Client
from django.utils import timezone, translation

from followups.day_page import DayPage
from followups.forms import Desk, Shelf
from followups.models import Ticket
from followups.next_step import NextStep
from followups.ticket_page import TicketPage, find, read
from followups.ticket_rows import for_rows, rows_of
from followups.viewing import Days, Viewer
from nps_loop.people.models import User


@contextmanager
def reading_as(user: User) -> Iterator[None]:
    """On the clock of this person; in English, which the API speaks to everybody."""
    with timezone.override(user.time_zone), translation.override("en"):
        yield


def on_its_page(user: User, ticket: Ticket, now: datetime) -> NextStep:
    found = find(user, ticket.pk)
    assert found is not None
    case = read(found, Viewer.of(user), now=now)
    return TicketPage(case, Desk(found, user, now, Shelf(found, user))).step


def in_lists(user: User, tickets: list[Ticket], now: datetime) -> dict[int, NextStep]:
    """Ticket -> the step of its row, all of them in one list."""
    viewer = Viewer.of(user)
    shown = list(for_rows().filter(pk__in=[ticket.pk for ticket in tickets]))
    return {row.ticket.pk: row.step for row in rows_of(shown, viewer, Days.around(now, viewer.calendar))}


def in_the_day(user: User, now: datetime) -> dict[int, NextStep]:
    """Ticket -> the step of its line, the first card among them. A call put beside a mail and a promise of one's own on
    the ticket of somebody else are lines besides.
    """
    plan = DayPage(Viewer.of(user), now).plan
    entries = [entry for entry in (plan.first, *plan.then, *plan.following) if entry is not None]
    return {entry.ticket.pk: entry.step for entry in entries if not entry.is_extra}


def in_the_api(user: User, ticket: Ticket) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(f"/api/v1/tickets/{ticket.pk}/").json()["next_step"]


def differences(user: User, tickets: list[Ticket], now: datetime) -> list[str]:
    """Where one of the places says another step than the ticket's own page; empty where all agree."""
    found = []
    with reading_as(user):
        lists, day = in_lists(user, tickets, now), in_the_day(user, now)
        pages = {ticket.pk: on_its_page(user, ticket, now) for ticket in tickets}
    for ticket in tickets:
        page, told = pages[ticket.pk], in_the_api(user, ticket)
        if lists[ticket.pk] != page:
            found.append(f"#{ticket.pk} in a list: {lists[ticket.pk]} instead of {page}")
        if day.get(ticket.pk, page) != page:
            found.append(f"#{ticket.pk} in the day: {day[ticket.pk]} instead of {page}")
        if (told["verb"], told["label"]) != (page.verb, page.label):
            found.append(f"#{ticket.pk} in the API: {told} instead of {page}")
    return found
