"""What of somebody's own desk can be taken along as a file: the queue and promises, chosen as their pages choose.

The pages lay out verbs and next steps, which reports must not know; so these lists are registered from here.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from followups.actions_page import VIEWS as ACTION_VIEWS
from followups.actions_page import of_each_view
from followups.models import Action, Ticket
from followups.queue_page import GROUPS, of_view
from followups.queue_page import VIEWS as QUEUE_VIEWS
from followups.reports.exports import answers, figures, invitations, listing, mails, tickets
from followups.reports.exports.columns import Column, Columns, Holds, Row
from followups.reports.exports.listing import BadQuestion, Question, in_order, keys_of
from followups.viewing import Days, customer_without_name
from nps_loop.bulk import among, plain_rows
from nps_loop.zones import zone_of

COLUMNS: Columns = (
    Column("promise", _("Promise"), Holds.ID, width=9),
    Column("what", _("What"), width=50),
    Column("state", _("State"), Holds.CODE, dict(Action.State.choices)),
    Column("due_at", _("Due at"), Holds.MOMENT, width=16),
    Column("first_promised_at", _("First promised by"), Holds.MOMENT, width=16),
    Column("told_at", _("Customer told at"), Holds.MOMENT, width=16),
    Column("done_at", _("Done at"), Holds.MOMENT, width=16),
    Column("what_changed", _("What changed"), width=50),
    Column("note", _("Note, only for colleagues"), width=40),
    Column("ticket", _("Ticket"), Holds.ID, width=9),
    Column("customer_name", _("Customer name"), width=24),
    Column("company", _("Company"), width=24),
    Column("score", _("Score"), Holds.NUMBER, width=7),
    Column("comment", _("Comment"), width=60),
)
_SHOWN = (
    "pk", "title", "state", "due_at", "first_promised_at", "told_at", "done_at", "what_changed", "note", "ticket__pk",
    "ticket__contact__name", "ticket__account__name", "ticket__score", "ticket__response__verbatim",
)  # fmt: skip
_BESIDE = ("ticket__team_id", "ticket__owner_id", "ticket__on_hold", "ticket__response__share_name",
           "ticket__response__segment", "ticket__response__region", "ticket__contact__erased_at")  # fmt: skip
_AT = {column.key: place for place, column in enumerate(COLUMNS)}


class QueueListing(tickets.TicketListing):
    """A view of one's own queue: `view` and `q` as on the page."""

    name = "queue"
    title: Any = _("My queue")
    filters = frozenset({"view", "q"})

    def keys(self, question: Question, most: int | None = None) -> array[int]:
        view = question.asked.get("view") or "mine"
        if view not in (*QUEUE_VIEWS, *GROUPS):
            raise BadQuestion({"view": [str(_("There is no such view."))]})
        if question.sees_all:
            # A program that is nobody has no queue of its own.
            return array("q")
        with timezone.override(zone_of(question.viewer.user.time_zone)):
            rows = of_view(question.viewer, view=view, search=question.asked.get("q", ""), now=question.now)
        # Parts of a queue may be put together by UNION-like ORs, each in its order of rank; a file sorts by number.
        return keys_of(Ticket.objects.filter(pk__in=rows.order_by().values("pk")), most)


class PromiseListing:
    """One's own promises, as `/actions/` lists them."""

    name = "promises"
    title: Any = _("My promises")
    columns = COLUMNS
    for_leads = False
    filters = frozenset({"view"})

    def keys(self, question: Question, most: int | None = None) -> array[int]:
        view = question.asked.get("view") or "open"
        if view not in ACTION_VIEWS:
            raise BadQuestion({"view": [str(_("There is no such view."))]})
        if question.sees_all:
            return array("q")
        with timezone.override(zone_of(question.viewer.user.time_zone)):
            days = Days.around(question.now, question.viewer.calendar)
        return keys_of(of_each_view(question.viewer.user, days)[view], most)

    def read(self, question: Question, keys: Sequence[int]) -> list[Row]:
        """One query."""
        rows = Action.objects.filter(among("pk", keys), owner=question.viewer.user).order_by()
        found = plain_rows(rows.values_list(*_SHOWN, *_BESIDE))
        return in_order(keys, ((read[0], _told(read, question)) for read in found))


def _told(read: tuple[Any, ...], question: Question) -> Row:
    row = list(read[: len(_SHOWN)])
    team_id, owner_id, on_hold, share_name, segment, region, erased = read[len(_SHOWN) :]
    whose = tickets.Whose(team_id, owner_id, on_hold)
    if not question.viewer.sees_name(whose, share_name):
        row[_AT["customer_name"]] = customer_without_name(segment or "", region or "")
        row[_AT["company"]] = None
    elif erased is not None:
        row[_AT["customer_name"]] = None
    if not question.viewer.sees_words(whose):
        row[_AT["comment"]] = None
    return tuple(row)


def register() -> None:
    """Make every list known. Called once, when the app starts."""
    for each in (
        tickets.TicketListing(),
        QueueListing(),
        PromiseListing(),
        answers.AnswerListing(),
        invitations.InvitationListing(),
        mails.MailListing(),
        figures.FigureListing(),
    ):
        listing.register(each)
