"""What every report page has around it: its tabs, its filters, what it is compared with, and the views kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from followups import saved_views
from followups.models import SavedView
from followups.reports.forms import ReportForm
from followups.reports.metrics import Compare, ReportFilters, earlier, reporting_day
from followups.reports.sentences import days_in_words
from followups.viewing import Viewer, viewer

# Address by name -> its tab and its heading.
PAGES: dict[str, tuple[Any, Any]] = {
    "reports": (_("Overview"), _("Closing the loop")),
    "report-closure": (_("Closure"), _("How loops are closed")),
    "report-times": (_("Times"), _("How long customers wait")),
    "report-causes": (_("Causes"), _("Why they were unhappy")),
    "report-people": (_("People"), _("Who carries what")),
    "report-touchpoints": (_("Touchpoints"), _("What is said where")),
    "report-accounts": (_("Accounts"), _("Which companies are unhappy")),
}
# What a page asks besides its cohort.
ASKED_ALSO: dict[str, tuple[str, ...]] = {
    "reports": ("compare",),
    "report-closure": ("compare", "by"),
    "report-times": ("compare",),
    "report-touchpoints": ("compare",),
}
# What the export of figures calls each page.
PAGE_OF_EXPORT = {name: name.removeprefix("report-") if name != "reports" else "overview" for name in PAGES}
# Only leads read what each person carries. How a team's tickets fare by owner, its lists tell whoever is in it.
FOR_LEADS = ("report-people",)
# Pages beside the reports: address by name -> label, icon.
BESIDE = (
    ("reviews", _("Review pack"), "file"),
    ("report-goals", _("Goals"), "flag"),
    ("report-signals", _("Signals"), "warn"),
)
BESIDE_FOR_LEADS = ("report-goals", "report-signals")


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    url: str
    here: bool


@dataclass(frozen=True, slots=True)
class Tool:
    label: str
    url: str
    icon: str


@dataclass(frozen=True)
class Frame:
    """The page around a report. `before` names the time it is compared with; empty where with none."""

    name: str
    title: str
    tabs: list[Tab]
    form: ReportForm
    filters: ReportFilters
    viewer: Viewer
    now: datetime
    days: str
    before: str
    before_days: str
    kept: list[saved_views.ViewTab]
    save_url: str
    tools: list[Tool]

    @property
    def known_at(self) -> datetime:
        """The moment the figures are of."""
        return self.filters.moment(self.now)

    @property
    def today_url(self) -> str:
        """The same page as it stands now."""
        return f"{self.address}?{self.filters.query(as_of=None)}"

    @property
    def export_query(self) -> str:
        """Asks for the figures of this page as a file, for the very question that it answers."""
        return urlencode({"page": PAGE_OF_EXPORT[self.name], **self.form.kept()})

    @property
    def address(self) -> str:
        """Of this page, without what it is asked."""
        return reverse(self.name)


def frame(request: HttpRequest, name: str, *, now: datetime) -> Frame:
    """What a request asks of the report page `name`. Six queries: the choices of its filters, and kept views."""
    looking = viewer(request)
    also = ASKED_ALSO.get(name, ())
    form = ReportForm(request.GET, viewer=looking.user, today=reporting_day(now), now=now, also=also)
    filters, query = form.filters(), urlencode(form.kept())
    other = earlier(filters, form.compared_with) if "compare" in form.also else None
    kept = [
        view for view in saved_views.views_for(looking, *PAGES) if looking.leads or view.page not in FOR_LEADS
    ]  # fmt: skip
    here = f"{reverse(name)}?{saved_views.written_of(form.kept())}"
    return Frame(
        name=name,
        title=str(PAGES[name][1]),
        tabs=[
            Tab(str(label), f"{reverse(page)}{'?' if query else ''}{query}", page == name)
            for page, (label, _heading) in PAGES.items()
            if looking.leads or page not in FOR_LEADS
        ],
        form=form,
        filters=filters,
        viewer=looking,
        now=now,
        days=days_in_words(filters.day_from, filters.day_to),
        before="" if other is None else before_words(form.compared_with),
        before_days="" if other is None else days_in_words(other.day_from, other.day_to),
        kept=saved_views.tabs(kept, saved_views.gone(kept), {}, looking, here),
        save_url=saved_views.save_address(SavedView.Page(name), query),
        tools=list(_tools(looking)),
    )


def before_words(compare: str) -> str:
    """How a sentence begins that says what was before."""
    return gettext("A year earlier") if compare == Compare.YEAR else pgettext("an earlier time", "Before")


def _tools(looking: Viewer) -> list[Tool]:
    found = []
    for name, label, icon in BESIDE:
        if name in BESIDE_FOR_LEADS and not looking.leads:
            continue
        found.append(Tool(str(label), reverse(name), icon))
    return found
