"""Mails as rows of a file: which kind went to whom when, and how it went. What they say stays in the mailbox."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from followups.reports.exports.columns import Column, Columns, Holds, Row
from followups.reports.exports.listing import BadQuestion, Question, in_order, keys_of
from nps_loop.bulk import among, plain_rows
from nps_loop.mail import mailbox
from nps_loop.mail.models import Message

COLUMNS: Columns = (
    Column("mail", _("Mail"), Holds.ID, width=9),
    Column("kind", _("Kind"), Holds.CODE, mailbox.KINDS, 22),
    Column("state", _("State"), Holds.CODE, dict(Message.State.choices), 22),
    Column("to_name", _("To"), width=24),
    Column("to_address", _("Address"), width=28),
    Column("subject", _("Subject"), width=50),
    Column("ticket", _("Ticket"), Holds.ID, width=9),
    Column("language", _("Language"), width=9),
    Column("automatic", _("Automatic"), Holds.YES_NO, width=10),
    Column("written_by", _("Written by"), width=18),
    Column("created_at", _("Composed at"), Holds.MOMENT, width=16),
    Column("sent_at", _("Sent at"), Holds.MOMENT, width=16),
    Column("ended_at", _("Ended at"), Holds.MOMENT, width=16),
    Column("attempts", _("Tries"), Holds.NUMBER, width=7),
    Column("reason", _("Reason"), width=40),
)
_SHOWN = (
    "pk", "kind", "state", "recipient_name", "recipient", "subject", "case", "language", "automatic",
    "written_by__first_name", "created_at", "sent_at", "ended_at", "attempts", "reason",
)  # fmt: skip
_WRITTEN_BY = _SHOWN.index("written_by__first_name")


class MailListing:
    """What `/mailbox/` lists."""

    name = "mails"
    title: Any = _("Mails")
    columns = COLUMNS
    for_leads = False
    filters = frozenset({"view", "kind", "q"})

    def keys(self, question: Question, most: int | None = None) -> array[int]:
        form = mailbox.MailboxForm(question.asked)
        wanted = form.wanted()
        if form.errors:
            raise BadQuestion({name: [str(each) for each in found] for name, found in form.errors.items()})
        return keys_of(mailbox.narrowed(mailbox.visible_to(question.viewer.user), mailbox.completed(wanted)), most)

    def read(self, question: Question, keys: Sequence[int]) -> list[Row]:
        """One query."""
        rows = mailbox.visible_to(question.viewer.user).filter(among("pk", keys)).order_by()
        found = plain_rows(rows.values_list(*_SHOWN, "written_by__last_name", "written_by__username"))
        return in_order(keys, ((read[0], _told(read)) for read in found))


def _told(read: tuple[Any, ...]) -> Row:
    *row, last_name, username = read
    if username:
        row[_WRITTEN_BY] = f"{row[_WRITTEN_BY]} {last_name}".strip() or username
    return tuple(row)
