"""What the reader of a report has before them: page, cohort, groups, and the time compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from django.http import Http404
from django.utils.translation import gettext

from followups.reports import metrics
from followups.reports.exports.answers import report_filters
from followups.reports.exports.listing import BadQuestion, Question
from followups.reports.forms import GROUPS
from followups.reports.metrics.accounts import OF_TICKETS
from followups.reports.metrics.ways import NAMES
from followups.viewing import Viewer

# Ways to group at once, as in the API.
MOST_WAYS = 5
# Pages that are for leads alone, and those that are of now alone.
FOR_LEADS, OF_NOW = ("people", "goals"), ("goals",)


@dataclass(frozen=True)
class Asked:
    """One question. What several reports need is counted once.

    `by` are the ways to group that were asked for, `compare` a value of `Compare`, `figure` one of the companies'.
    """

    page: str
    filters: metrics.ReportFilters
    by: tuple[str, ...]
    compare: str
    figure: str
    viewer: Viewer
    leads: bool
    now: datetime

    @cached_property
    def nps(self) -> metrics.NpsReport:
        """Grouped as the pages do by themselves, and as asked."""
        ways = tuple(dict.fromkeys((*metrics.USUAL_WAYS, *self.by)))
        return metrics.nps_report(self.filters, now=self.now, by=ways)

    @cached_property
    def closure(self) -> metrics.ClosureReport:
        return metrics.closure_report(self.filters, now=self.now)

    @cached_property
    def earlier(self) -> metrics.Earlier | None:
        return metrics.earlier_report(self.filters, self.compare, now=self.now)

    @cached_property
    def of_before(self) -> metrics.ReportFilters | None:
        """The cohort compared with."""
        return metrics.earlier(self.filters, self.compare)

    @property
    def closure_ways(self) -> tuple[str, ...]:
        """What closure is grouped by: as asked, else as the page does by itself."""
        return self.by or (GROUPS[0][0],)


def asked_of(question: Question, pages: Mapping[str, object]) -> Asked:
    """Read a question about one of `pages`, or about all reports together.

    Raises BadQuestion naming what makes no sense, and Http404 for a page that is not for this reader.
    """
    asked, errors = question.asked, {}
    page = asked.get("page", "")
    if page and page not in pages:
        errors["page"] = [_one_of(pages)]
    leads = question.sees_all or question.viewer.leads
    if page in FOR_LEADS and not leads:
        raise Http404
    by = tuple(dict.fromkeys(name.strip() for name in asked.get("by", "").split(",") if name.strip()))
    if reason := _wrong_with(by):
        errors["by"] = [reason]
    compare = asked.get("compare") or metrics.Compare.BEFORE.value
    if compare not in metrics.Compare.values:
        errors["compare"] = [_one_of(metrics.Compare.values)]
    figure = asked.get("figure", "")
    if figure and figure not in OF_TICKETS:
        errors["figure"] = [_one_of(OF_TICKETS)]
    filters = report_filters(question)
    if filters.as_of is not None and page in OF_NOW:
        errors["as_of"] = [gettext("This report is of now alone. Leave the moment out.")]
    if errors:
        raise BadQuestion(errors)
    if question.sees_all:
        filters = replace(filters, viewer=None)
    return Asked(page, filters, by, compare, figure, question.viewer, leads, question.now)


def _one_of(known: Iterable[str]) -> str:
    return gettext("There is no such choice. Take one of: %(known)s.") % {"known": ", ".join(known)}


def _wrong_with(by: tuple[str, ...]) -> str:
    if len(by) > MOST_WAYS:
        return gettext("At most %(n)s ways at once.") % {"n": MOST_WAYS}
    for name in by:
        try:
            metrics.way_of(name)
        except KeyError:
            known = ", ".join((*NAMES, "attribute:<name>"))
            return gettext("There is no way %(name)s to group. Take one of: %(known)s.") % {
                "name": name[:60],
                "known": known,
            }
    return ""
