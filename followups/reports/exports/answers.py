"""The answers behind a figure as rows of a file, headed as our own import knows its columns."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from followups.persons import known_among
from followups.reports.answers_page import chosen
from followups.reports.exports.columns import Column, Columns, Holds, Row
from followups.reports.exports.listing import BadQuestion, Question, in_order, keys_of
from followups.reports.exports.tickets import Whose
from followups.reports.forms import ReportForm
from followups.reports.metrics import ReportFilters, reporting_day
from followups.viewing import customer_without_name
from nps_loop.bulk import among, plain_rows
from surveys.models import Response, Survey
from surveys.scoring import Band

COLUMNS: Columns = (
    Column("answer_id", _("Answer id"), Holds.ID, width=24),
    Column("responded_at", _("Answer date"), Holds.MOMENT, width=16),
    Column("score", _("Score"), Holds.NUMBER, width=7),
    Column("band", _("Band"), Holds.CODE, dict(Band.choices), width=10),
    Column("comment", _("Comment"), width=60),
    Column("language", _("Language"), width=9),
    Column("driver", _("Driver")),
    Column("customer_name", _("Customer name"), width=24),
    Column("email", _("E-mail"), width=28),
    Column("company", _("Company"), width=24),
    Column("segment", _("Segment")),
    Column("region", _("Region")),
    Column("touchpoint", _("Touchpoint")),
    Column("survey_kind", _("Kind of survey"), Holds.CODE, dict(Survey.Kind.choices)),
    Column("product", _("Product")),
    Column("contact_me", _("Contact me"), Holds.YES_NO, width=10),
    Column("share_name", _("Share name"), Holds.YES_NO, width=10),
    Column("day", _("Day"), Holds.DAY, width=11),
    Column("excluded_as", _("Left out of NPS as"), Holds.CODE, {c: w for c, w in Response.Exclusion.choices if c}),
    Column("ticket", _("Ticket"), Holds.ID, width=9),
)
_SHOWN = (
    "external_id", "responded_at", "score", "band", "verbatim", "language", "driver", "contact__name",
    "contact__email", "account__name", "segment", "region", "touchpoint__name", "survey_kind", "product", "contact_me",
    "share_name", "day", "excluded_as", "ticket__pk",
)  # fmt: skip
_BESIDE = (
    "pk",
    "contact_id",
    "ticket__team_id",
    "ticket__owner_id",
    "ticket__on_hold",
    "contact__erased_at",
    "undated",
)
# What a past moment knew otherwise.
_OF_THEN = frozenset({"score", "band", "excluded_as"})
_AT = {column.key: place for place, column in enumerate(COLUMNS)}


def report_filters(question: Question) -> ReportFilters:
    """The cohort a query string asks for. Raises BadQuestion for what makes no sense."""
    today = reporting_day(question.now)
    form = ReportForm(question.asked, viewer=question.viewer.user, today=today, now=question.now)
    filters = form.filters()
    if form.errors:
        raise BadQuestion({name: [str(each) for each in found] for name, found in form.errors.items()})
    return filters


class AnswerListing:
    """The answers that one figure counted, as `/reports/answers/` lists them."""

    name = "answers"
    title: Any = _("Answers")
    columns = COLUMNS
    for_leads = False
    filters = frozenset(ReportForm.base_fields) | {"score", "excluded", "decided", "account", "left_out_by"}

    def chosen(self, question: Question) -> QuerySet[Response]:
        return chosen(report_filters(question), question.asked)

    def keys(self, question: Question, most: int | None = None) -> array[int]:
        return keys_of(self.chosen(question), most)

    def read(self, question: Question, keys: Sequence[int]) -> list[Row]:
        """Two queries: the answers, and which of their customers the viewer works with; more for the past moment."""
        viewer = question.viewer
        as_of = report_filters(question).as_of if question.asked.get("as_of") else None
        # The cohort chose the keys; here it is only about whose answers the viewer may read, and what they said then.
        visible = ReportFilters(date.min, date.max, viewer=viewer.user, as_of=as_of).answers()
        rows = visible.filter(among("pk", keys)).order_by()
        shown = [rows.column(name) if name in _OF_THEN else name for name in _SHOWN]
        found = plain_rows(rows.values_list(*shown, *_BESIDE))
        known: set[int] | None = None
        if not viewer.user.is_superuser:
            contacts = {read[len(_SHOWN) + 1] for read in found} - {None}
            known = known_among(contacts, viewer)
        return in_order(keys, ((read[len(_SHOWN)], _told(read, question, known)) for read in found))


def _told(read: tuple[Any, ...], question: Question, known: set[int] | None) -> Row:
    """One answer as the viewer may read it, by the rules of the page; `known`: None is everybody."""
    viewer = question.viewer
    row = list(read[: len(_SHOWN)])
    _pk, contact, team_id, owner_id, on_hold, erased, undated = read[len(_SHOWN) :]
    share_name, ticket = row[_AT["share_name"]], row[_AT["ticket"]]
    if ticket is None:
        named = share_name is not False
    else:
        whose = Whose(team_id, owner_id, bool(on_hold))
        named = viewer.sees_name(whose, share_name)
        if not viewer.sees_words(whose):
            row[_AT["comment"]] = None
        if not viewer.works_on(whose):
            row[_AT["ticket"]] = None
    if not named:
        row[_AT["customer_name"]] = customer_without_name(row[_AT["segment"]], row[_AT["region"]])
        row[_AT["company"]] = None
    if not named or (known is not None and contact not in known):
        row[_AT["email"]] = None
    if erased is not None:
        row[_AT["customer_name"]] = row[_AT["email"]] = None
    if undated:
        row[_AT["responded_at"]] = None
    return tuple(row)
