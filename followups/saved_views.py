"""Views people keep: a filter of the queue or of all tickets under a name, for oneself or for a team.

What is kept is the query string, checked by the page's own filters when it is saved and looked at again whenever it is
shown: a view whose touchpoint is gone says so instead of being silently empty.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import django_filters
from django import forms
from django.db import IntegrityError, transaction
from django.db.models import Case, CharField, Exists, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from followups import counting, ticket_search
from followups.filters import TicketFilter
from followups.models import RootCause, SavedView, Team, Ticket
from followups.models.tickets import TicketQuerySet
from followups.queue_views import GROUPS, VIEWS
from followups.reports.forms import ReportForm
from followups.reports.metrics.filters import reporting_day
from followups.reports.metrics.standing import standing_of
from followups.reports.metrics.then import column
from followups.reports.metrics.ways import WITHOUT
from followups.viewing import Viewer
from nps_loop.people.models import User
from surveys.models import Touchpoint

# As tabs; the page of views has them all.
SHOWN = 8
MOST = 50
SORTS = ("due", "answered", "score", "value", "renewal", "number")
# Filters whose value is the slug of a row that may be gone one day.
SLUGS = {"touchpoint": Touchpoint, "team": Team, "root_cause": RootCause}


@dataclass(frozen=True, slots=True)
class ViewTab:
    """A kept view as pages show it. `misfit` says what it asks for that is no more; it then has no count."""

    view: SavedView
    url: str
    count: str
    here: bool
    is_mine: bool
    misfit: str = ""


# --- which, and what each holds --------------------------------------------------------------------------------


def views_for(viewer: Viewer, *pages: str, most: int = 0) -> list[SavedView]:
    """The views of some pages (or of all) this person sees, own ones first. One query."""
    own_first = Case(When(owner=viewer.user, then=0), default=1, output_field=IntegerField())
    views = SavedView.objects.filter(Q(owner=viewer.user) | Q(team__in=viewer.team_ids))
    views = views.filter(page__in=pages) if pages else views
    views = views.select_related("owner", "team").order_by(own_first, "name", "id")
    return list(views[:most] if most else views)


def searches_in(views: Iterable[SavedView]) -> set[str]:
    """What these views search for, to be looked up together with what the page itself is asked."""
    return {text for view in views if (text := QueryDict(view.query).get("q", "").strip())}


class KeptFilter(TicketFilter):
    """The filters of a kept view, without a question to the database for each of its slugs."""

    team = django_filters.BaseInFilter(method="by_slugs")
    touchpoint = django_filters.BaseInFilter(field_name="response__touchpoint__slug", lookup_expr="in")
    root_cause = django_filters.CharFilter(method="by_cause")

    def by_cause(self, tickets: QuerySet[Ticket], name: str, value: str) -> QuerySet[Ticket]:
        causes = Q(root_cause__slug=value) | Q(root_cause__parent__slug=value)
        return tickets.filter(Exists(standing_of(tickets, self.now).filter(causes)))

    def by_slugs(self, tickets: QuerySet[Ticket], name: str, value: list[str]) -> QuerySet[Ticket]:
        teams = Team.objects.filter(slug__in=value)
        return tickets.filter(**{f"{column(tickets, 'team_id')}__in": teams.values("pk")})


def rows_of_tickets_view(view: SavedView, request: HttpRequest, *, now: datetime) -> tuple[QuerySet[Ticket], str]:
    """The tickets of a kept view of /tickets/, and what of it no longer fits. No query."""
    asked = QueryDict(view.query, mutable=True)
    asked.pop("sort", None)
    for name in ("team", "touchpoint"):
        if asked.get(name):
            asked[name] = ",".join(asked.getlist(name))
    seen = Ticket.objects.visible_to(request.user)  # type: ignore[arg-type]
    filters = KeptFilter(asked, queryset=seen, request=request, now=now)
    unknown = [name for name in asked if name not in filters.filters]
    errors = [str(found[0]) for found in filters.form.errors.values()]
    if unknown or errors:
        return seen.none(), next(iter(errors), gettext("It uses a filter that is no more."))
    return filters.qs, ""


def rows_of_queue_view(
    view: SavedView, looks: Mapping[str, TicketQuerySet], searches: Mapping[str, ticket_search.Search], user: User
) -> tuple[QuerySet[Ticket], str]:
    """The tickets of a kept view of the queue, whose views are `looks`. No query."""
    asked = QueryDict(view.query)
    rows = looks.get(asked.get("view", "mine"))
    if rows is None:
        return Ticket.objects.none(), gettext("It uses a view of the queue that is no more.")
    text = asked.get("q", "").strip()
    return (ticket_search.found(rows, searches[text], user, among=0) if text else rows), ""


def gone(views: Iterable[SavedView]) -> dict[int, str]:
    """What kept views ask for that has been deleted: view -> sentence. One query where any names a slug."""
    asked = {view.pk: QueryDict(view.query) for view in views if view.page != SavedView.Page.QUEUE}
    wanted = {
        kind: {slug for query in asked.values() for slug in query.getlist(kind) if slug not in ("", WITHOUT)}
        for kind in SLUGS
    }
    parts: list[QuerySet[Any, Any]] = [
        SLUGS[kind].objects.filter(slug__in=slugs).order_by().values_list(Value(kind, CharField()), "slug")  # type: ignore[attr-defined]
        for kind, slugs in wanted.items()
        if slugs
    ]
    if not parts:
        return {}
    there = set(parts[0].union(*parts[1:], all=True) if parts[1:] else parts[0])
    found = {}
    for pk, query in asked.items():
        missing = [
            slug
            for kind in SLUGS
            for slug in query.getlist(kind)
            if slug not in ("", WITHOUT) and (kind, slug) not in there
        ]
        if missing:
            found[pk] = gettext("“%(value)s” is no more.") % {"value": missing[0]}
    return found


def tabs(
    views: Iterable[SavedView], misfits: Mapping[int, str], counts: Mapping[str, int], viewer: Viewer, here: str = ""
) -> list[ViewTab]:
    """The views as tabs. `counts` has each under `part_of(view)`, but for those of reports: they are no lists.

    `here` is the address that is shown now.
    """
    return [
        ViewTab(
            view=view,
            url=address(view),
            count="" if view.pk in misfits or view.is_of_report else counting.in_words(counts[part_of(view)]),
            here=bool(here) and address(view) == here,
            is_mine=view.owner_id == viewer.user.pk,
            misfit=misfits.get(view.pk, ""),
        )
        for view in views
    ]


def part_of(view: SavedView) -> str:
    return f"view-{view.pk}"


def address(view: SavedView) -> str:
    return f"{reverse(view.page)}?{view.query}"


def written(asked: QueryDict) -> str:
    """A query string in one order, without empty values: two of the same filter are the same text."""
    return urlencode([(name, value) for name, values in sorted(asked.lists()) for value in values if value])


def written_of(asked: Mapping[str, str]) -> str:
    """The same of plain names and values."""
    return urlencode(sorted(asked.items()))


def save_address(page: str, query: str) -> str:
    """Where the view that `query` describes is given a name."""
    return f"{reverse('views')}?{urlencode({'page': page, 'query': query})}"


# --- saving, renaming, deleting --------------------------------------------------------------------------------


class ViewForm(forms.Form):
    """Name, and who sees it. The filter itself comes from the page it was made on and is checked by `kept_query`."""

    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        error_messages={"required": _("Give the view a name, so that you find it again.")},
    )
    team = forms.TypedChoiceField(label=_("Who sees it"), required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = [(str(member.team_id), member.team.name) for member in viewer.memberships]
        self.fields["team"].choices = [("", gettext("Only me")), *teams]  # type: ignore[attr-defined]


class NotKept(Exception):
    """A view that cannot be kept. The message is for the person."""


def kept_query(page: str, query: str, request: HttpRequest, *, orders: Collection[str] = SORTS) -> str:
    """The part of a query string that makes a view: known filters, checked, without the place. Raises NotKept."""
    given = QueryDict(query)
    if page in SavedView.REPORTS:
        return written_of(_of_report(given, request))
    kept = QueryDict(mutable=True)
    if page == SavedView.Page.QUEUE:
        known: set[str] = {"view", "q"}
    else:
        known = {*TicketFilter.base_filters, "sort"}
    for name, values in given.lists():
        if name in known and any(values):
            kept.setlist(name, [value for value in values if value])
    if page == SavedView.Page.QUEUE:
        _check_queue(kept)
    else:
        if kept.get("sort", "due") not in orders:
            kept.pop("sort")
        if not kept:
            kept["live"] = "true"
        filters = TicketFilter(kept, queryset=Ticket.objects.none(), request=request)
        for name, errors in filters.form.errors.items():
            raise NotKept(f"{name}: {errors[0]}")
    text = written(kept)
    if len(text) > 2000:
        raise NotKept(gettext("This filter is too long to be kept."))
    return text


def _of_report(given: QueryDict, request: HttpRequest) -> dict[str, str]:
    """What a report page would do with this, in its own words. Raises NotKept for what it would leave out."""
    form = report_form(given, request)
    for name, errors in form.errors.items():
        raise NotKept(f"{form.fields[name].label}: {errors[0]}")
    return form.kept()


def report_form(given: QueryDict, request: HttpRequest) -> ReportForm:
    """The filters of a report page as this person has them."""
    return ReportForm(given, viewer=request.user, today=reporting_day(timezone.now()))  # type: ignore[arg-type]


def _check_queue(kept: QueryDict) -> None:
    if kept.get("view", "mine") not in {*VIEWS, *GROUPS}:
        raise NotKept(gettext("The queue has no such view."))
    if len(kept.get("q", "")) > ticket_search.LONGEST_SEARCH:
        raise NotKept(gettext("This search is too long to be kept."))
    kept.setdefault("view", "mine")


def keep(viewer: Viewer, *, page: str, query: str, name: str, team: int | None, now: datetime) -> SavedView:
    """Save a view under a name that is free. `query` comes from `kept_query`. Raises NotKept."""
    if SavedView.objects.owned_by(viewer.user).count() >= MOST:
        raise NotKept(gettext("You have %(n)s views. Delete one before you save another.") % {"n": MOST})
    view = SavedView(owner=viewer.user, page=page, query=query, name=name, team_id=team, created_at=now)
    return _saved(view, viewer)


def rename(view: SavedView, viewer: Viewer, *, name: str, team: int | None) -> SavedView:
    """Give an own view another name or other readers. Raises NotKept."""
    view.name, view.team_id = name, team
    return _saved(view, viewer)


def _saved(view: SavedView, viewer: Viewer) -> SavedView:
    if view.team_id is not None and view.team_id not in viewer.team_ids:
        raise NotKept(gettext("You can share a view only with a team of yours."))
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        raise NotKept(gettext("You have a view of this name already.")) from None
    return view
