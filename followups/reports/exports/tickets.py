"""Tickets as rows of a file, with the filters of `/tickets/` and the API."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from followups.filters import TicketFilter
from followups.models import Ticket
from followups.models.tickets import ClosedAs, DismissReason, TicketState
from followups.reports.exports.columns import Column, Columns, Holds, Row
from followups.reports.exports.listing import BadQuestion, Question, in_order, keys_of
from followups.viewing import Viewer, customer_without_name
from nps_loop.bulk import among, plain_rows
from surveys.scoring import Band

DUE_FOR = {
    "first_contact": _("first contact"),
    "answer": _("answer to a customer"),
    "next_update": _("next update"),
    "resolution": _("resolution"),
    "action": _("action"),
}

COLUMNS: Columns = (
    Column("number", _("Ticket"), Holds.ID, width=9),
    Column("score", _("Score"), Holds.NUMBER, width=7),
    Column("band", _("Band"), Holds.CODE, dict(Band.choices), width=10),
    Column("state", _("State"), Holds.CODE, dict(TicketState.choices)),
    Column("closed_as", _("Closed as"), Holds.CODE, {code: label for code, label in ClosedAs.choices if code}),
    Column("dismissed_as", _("Dismissed as"), Holds.CODE, {c: label for c, label in DismissReason.choices if c}),
    Column("customer_name", _("Customer name"), width=24),
    Column("email", _("E-mail"), width=28),
    Column("phone", _("Phone"), width=18),
    Column("company", _("Company"), width=24),
    Column("account_id", _("Account id"), Holds.ID),
    Column("annual_value", _("Annual value"), Holds.NUMBER),
    Column("currency", _("Currency"), width=8),
    Column("renewal_on", _("Renewal"), Holds.DAY, width=11),
    Column("segment", _("Segment")),
    Column("region", _("Region")),
    Column("comment", _("Comment"), width=60),
    Column("language", _("Language"), width=9),
    Column("driver", _("Driver")),
    Column("touchpoint", _("Touchpoint")),
    Column("contact_me", _("Contact me"), Holds.YES_NO, width=10),
    Column("team", _("Team")),
    Column("owner", _("Owner"), width=18),
    Column("cycle", _("Times reopened"), Holds.NUMBER, width=9),
    Column("on_hold", _("On hold"), Holds.YES_NO, width=8),
    Column("nobody_to_reach", _("Nobody to reach"), Holds.YES_NO, width=10),
    Column("customer_waits", _("Customer awaits an answer"), Holds.YES_NO, width=10),
    Column("day", _("Day of the answer"), Holds.DAY, width=11),
    Column("answered_at", _("Answered at"), Holds.MOMENT, width=16),
    Column("received_at", _("Received at"), Holds.MOMENT, width=16),
    Column("opened_at", _("Opened at"), Holds.MOMENT, width=16),
    Column("due_at", _("Due at"), Holds.MOMENT, width=16),
    Column("due_for", _("Due for"), Holds.CODE, DUE_FOR),
    Column("promised_at", _("Promised by"), Holds.MOMENT, width=16),
    Column("first_contact_at", _("First contact at"), Holds.MOMENT, width=16),
    Column("resolved_at", _("Resolved at"), Holds.MOMENT, width=16),
    Column("told_at", _("Customer told at"), Holds.MOMENT, width=16),
    Column("closed_at", _("Closed at"), Holds.MOMENT, width=16),
    Column("changed_at", _("Changed at"), Holds.MOMENT, width=16),
)

# What is read of each ticket: what a row shows, in the order of COLUMNS, between what says who may see it.
_SHOWN = (
    "pk", "score", "band", "state", "closed_as", "dismissed_as", "contact__name", "contact__email", "contact__phone",
    "account__name", "account__external_id", "account__annual_value", "account__currency", "account__renewal_on",
    "response__segment", "response__region", "response__verbatim", "response__language", "response__driver",
    "response__touchpoint__name", "contact_me", "team__name", "owner__first_name", "cycle", "on_hold",
    "nobody_to_reach", "customer_waits", "day", "responded_at", "received_at", "opened_at", "due_at", "due_for",
    "promised_at", "first_contact_at", "resolved_at", "told_at", "closed_at", "changed_at",
)  # fmt: skip
_AT = {column.key: place for place, column in enumerate(COLUMNS)}
_BESIDE = ("team_id", "owner_id", "response__share_name", "owner__last_name", "owner__username", "account__segment",
           "account__region", "contact__erased_at")  # fmt: skip


class Whose(NamedTuple):
    """What decides about one ticket who may see what of it; stands where a Ticket stands in `Viewer`."""

    team_id: int | None
    owner_id: int | None
    on_hold: bool


class TicketListing:
    """Every ticket somebody may see, narrowed by the filters of the page and the API."""

    name = "tickets"
    title: Any = _("Tickets")
    columns = COLUMNS
    for_leads = False
    filters = frozenset(TicketFilter.base_filters)

    def chosen(self, question: Question) -> QuerySet[Ticket]:
        """The tickets asked for. Raises BadQuestion."""
        request = HttpRequest()
        request.user = question.viewer.user
        seen = Ticket.objects.visible_to(question.viewer.user)
        filters = TicketFilter(question.asked, queryset=seen, request=request, now=question.now)
        if not filters.is_valid():
            raise BadQuestion({name: [str(each) for each in found] for name, found in filters.errors.items()})
        return filters.qs

    def keys(self, question: Question, most: int | None = None) -> array[int]:
        return keys_of(self.chosen(question), most)

    def read(self, question: Question, keys: Sequence[int]) -> list[Row]:
        """One query."""
        rows = Ticket.objects.visible_to(question.viewer.user).filter(among("pk", keys))
        return in_order(keys, _told(plain_rows(rows.order_by().values_list(*_SHOWN, *_BESIDE)), question.viewer))


def _told(found: Iterable[tuple[Any, ...]], viewer: Viewer) -> Iterable[tuple[int, Row]]:
    """The rows as the viewer may read them: name and company, address and number, words."""
    name, email, phone, company = _AT["customer_name"], _AT["email"], _AT["phone"], _AT["company"]
    segment, comment, owner, on_hold = _AT["segment"], _AT["comment"], _AT["owner"], _AT["on_hold"]
    own = len(_SHOWN)
    for read in found:
        row = list(read[:own])
        team_id, owner_id, share_name, last_name, username, account_segment, account_region, erased = read[own:]
        whose = Whose(team_id, owner_id, row[on_hold])
        if not row[segment] and not row[segment + 1]:
            row[segment], row[segment + 1] = account_segment, account_region
        if not viewer.works_on(whose):
            # Contact data of other teams never; the name only where the customer agreed to it.
            row[email] = row[phone] = None
            if not viewer.sees_name(whose, share_name):
                row[name] = customer_without_name(row[segment] or "", row[segment + 1] or "")
                row[company:segment] = [None] * (segment - company)
        if erased is not None:
            row[name] = row[email] = row[phone] = None
        if not viewer.sees_words(whose):
            row[comment] = None
        row[owner] = f"{row[owner]} {last_name}".strip() or username if owner_id else None
        yield row[0], tuple(row)
