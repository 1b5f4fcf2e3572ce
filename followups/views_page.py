"""What /views/ shows: own views to rename and delete, those of colleagues, and the form that keeps one more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext

from followups import counting, saved_views, tickets_page
from followups.filters import TicketFilter
from followups.models import SavedView, Ticket
from followups.queue_page import parts, view_labels
from followups.reports.page.frame import FOR_LEADS
from followups.saved_views import NotKept, ViewForm, ViewTab
from followups.viewing import Days, viewer


@dataclass(frozen=True)
class Draft:
    """A view that is about to be kept: what it filters, in words, and the form that names it."""

    page: str
    query: str
    words: list[str]
    error: str
    form: ViewForm

    @classmethod
    def of(cls, request: HttpRequest, given: QueryDict) -> Draft:
        """From `page` and `query` as a page linked or the form sent them."""
        asked = given.get("page", "")
        page = SavedView.Page(asked) if asked in SavedView.Page.values else SavedView.Page.TICKETS
        form = ViewForm(given if request.method == "POST" else None, viewer=viewer(request))
        try:
            query = saved_views.kept_query(page, given.get("query", ""), request)
        except NotKept as error:
            return cls(page, "", [], str(error), form)
        return cls(page, query, _in_words(page, QueryDict(query), request), "", form)

    @property
    def is_sound(self) -> bool:
        return not self.error and self.form.is_valid()


@dataclass(frozen=True)
class Own:
    """A view of this person with the form that renames it; `is_open` where that form came back."""

    tab: ViewTab
    form: ViewForm
    is_open: bool


@dataclass(frozen=True)
class Views:
    """The page."""

    draft: Draft | None
    own: list[Own]
    shared: list[ViewTab]


def views_page(
    request: HttpRequest, draft: Draft | None, *, now: datetime, renaming: Mapping[int, ViewForm] | None = None
) -> Views:
    """Every view this person sees with its count. `renaming` holds forms that came back."""
    who, came_back = viewer(request), renaming or {}
    kept = [view for view in saved_views.views_for(who) if who.leads or view.page not in FOR_LEADS]
    looks = parts(who, Days.around(now, who.calendar))
    searches = TicketFilter(None, queryset=Ticket.objects.none(), request=request).look_up(
        saved_views.searches_in(kept)
    )
    held = {
        view.pk: saved_views.rows_of_queue_view(view, looks, searches, who.user)
        if view.page == SavedView.Page.QUEUE
        else saved_views.rows_of_tickets_view(view, request, now=now)
        for view in kept
        if not view.is_of_report
    }
    misfits = {pk: reason for pk, (_, reason) in held.items() if reason} | saved_views.gone(kept)
    counts = counting.count_each({saved_views.part_of(view): held[view.pk][0] for view in kept if view.pk in held})
    tabs = saved_views.tabs(kept, misfits, counts, who)
    return Views(
        draft=draft,
        own=[_own(tab, came_back, request) for tab in tabs if tab.is_mine],
        shared=[tab for tab in tabs if not tab.is_mine],
    )


def _own(tab: ViewTab, came_back: Mapping[int, ViewForm], request: HttpRequest) -> Own:
    form = came_back.get(tab.view.pk) or ViewForm(
        viewer=viewer(request),
        initial={"name": tab.view.name, "team": tab.view.team_id},
    )
    form.auto_id = f"view-{tab.view.pk}-%s"
    return Own(tab, form, tab.view.pk in came_back)


def _in_words(page: str, query: QueryDict, request: HttpRequest) -> list[str]:
    if page == SavedView.Page.QUEUE:
        search = [f"“{query['q']}”"] if query.get("q") else []
        return [view_labels()[query.get("view", "mine")], *search]
    if page in SavedView.REPORTS:
        form = saved_views.report_form(query, request)
        kept = form.kept()
        return [f"{form.fields[name].label}: {form.words_of(name)}" for name in kept] or [gettext("Nothing narrowed")]
    filters = TicketFilter(query, queryset=Ticket.objects.none(), request=request)
    return [chip.words for chip in tickets_page.chips_of(filters, query)]
