"""Invitations as rows of a file: whom we asked, whom not, and the rule that said so. For leads."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from followups.invitations_page import InvitationsForm, chosen
from followups.persons import known_among
from followups.reports.exports.columns import Column, Columns, Holds, Row
from followups.reports.exports.listing import BadQuestion, Question, in_order, keys_of
from followups.viewing import customer_without_name
from nps_loop.bulk import among, plain_rows
from surveys.models import Invitation

COLUMNS: Columns = (
    Column("invitation", _("Invitation"), Holds.ID, width=10),
    Column("survey", _("Survey"), width=24),
    Column("state", _("State"), Holds.CODE, dict(Invitation.State.choices)),
    Column("not_asked_because", _("Not asked because"), Holds.CODE, dict(Invitation.Rule.choices), 30),
    Column("cause", _("Cause"), Holds.CODE, dict(Invitation.Cause.choices), 22),
    Column("customer_name", _("Customer name"), width=24),
    Column("email", _("E-mail"), width=28),
    Column("company", _("Company"), width=24),
    Column("segment", _("Segment")),
    Column("region", _("Region")),
    Column("touchpoint", _("Touchpoint")),
    Column("day", _("Planned for"), Holds.DAY, width=11),
    Column("sent_at", _("Sent at"), Holds.MOMENT, width=16),
    Column("ended_at", _("Ended at"), Holds.MOMENT, width=16),
    Column("expires_at", _("Can be answered until"), Holds.MOMENT, width=16),
    Column("case", _("Ticket it follows"), Holds.ID, width=10),
)
_SHOWN = (
    "pk", "survey__name", "state", "stopped_by", "cause", "contact__name", "contact__email", "account__name",
    "account__segment", "account__region", "touchpoint__name", "day", "sent_at", "ended_at",
    "expires_at", "case",
)  # fmt: skip
_AT = {column.key: place for place, column in enumerate(COLUMNS)}


class InvitationListing:
    """What `/surveys/invitations/` lists."""

    name = "invitations"
    title: Any = _("Invitations")
    columns = COLUMNS
    for_leads = True
    filters = frozenset(InvitationsForm.base_fields)

    def keys(self, question: Question, most: int | None = None) -> array[int]:
        form = InvitationsForm(question.asked)
        if not form.is_valid():
            raise BadQuestion({name: [str(each) for each in found] for name, found in form.errors.items()})
        return keys_of(chosen(form.narrowed), most)

    def read(self, question: Question, keys: Sequence[int]) -> list[Row]:
        """Two queries: the invitations, and which of their customers the viewer works with."""
        viewer = question.viewer
        rows = Invitation.objects.filter(among("pk", keys)).order_by()
        found = plain_rows(rows.values_list(*_SHOWN, "contact_id", "contact__erased_at"))
        known: set[int] | None = None
        if not viewer.user.is_superuser:
            contacts = {read[-2] for read in found} - {None}
            known = known_among(contacts, viewer)
        return in_order(keys, ((read[0], _told(read, known)) for read in found))


def _told(read: tuple[Any, ...], known: set[int] | None) -> Row:
    *row, contact, erased = read
    if known is not None and contact is not None and contact not in known:
        row[_AT["customer_name"]] = customer_without_name(row[_AT["segment"]] or "", row[_AT["region"]] or "")
        row[_AT["email"]] = row[_AT["company"]] = None
    if erased is not None:
        row[_AT["customer_name"]] = row[_AT["email"]] = None
    return tuple(row)
