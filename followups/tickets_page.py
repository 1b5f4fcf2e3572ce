"""What /tickets/ shows: every ticket a person may see, narrowed by the same filters as in the API."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import DateField, DecimalField, Model, QuerySet, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from followups import counting, keyset, saved_views, ticket_search
from followups.fairness_page import rule_words
from followups.filters import TicketFilter
from followups.given import ANY, GivenIn
from followups.models import Member, SavedView, Ticket
from followups.models.tickets import LIVE, TicketState
from followups.reports.figure_names import figure_in_words, number_of_signal_in_words, with_days
from followups.templatetags.moments import in_full_at
from followups.ticket_rows import Row, for_rows, rows_of
from followups.viewing import Days, Viewer
from nps_loop.people.models import User
from nps_loop.templatetags.look import written
from surveys.models import Touchpoint
from surveys.scoring import Band

PAGE = 25
FAR = date(9999, 12, 31)
# What is neither a filter nor shown as a chip.
ABOUT_THE_PAGE = ("after", "before", "sort", "filters")
# Filters that reports and other pages link with. The panel has no field for them and hands them on.
CARRIED = (
    "team",
    "account",
    "contact",
    "figure",
    "as_of",
    "given",
    "signal",
    "root_cause",
    "driver",
    "survey_kind",
    "account_owner",
    "product",
    "region",
    "business_unit",
    "language",
    "brand",
    "attribute",
    "owned",
    "closed_as",
    "together",
    "rule",
    "hold_rule",
)
ORDERS = {
    order.name: order
    for order in (
        keyset.Order("due", "rank", int),
        keyset.Order("answered", "responded_at", keyset.moment, descending=True),
        keyset.Order("score", "score", int),
        keyset.Order("value", "worth", keyset.amount, descending=True),
        keyset.Order("renewal", "renews", date.fromisoformat),
        keyset.Order("number", "pk", int, descending=True),
    )
}
# Filters that say which number of a report the list is behind.
BEHIND = ("figure", "signal", "given")
# The best match first: how a search sorts that found few enough to rank them.
BEST = keyset.Order("", "place_in_search", int)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set, with the address of the page without it."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class FixedView:
    label: str
    url: str
    count: str
    here: bool


@dataclass(frozen=True, slots=True)
class Tickets:
    """The page. `title` names the figure of a report that it is behind; `count` stops at 500, but not behind a figure.

    `without` says, for an empty list, what leaving one filter out would find.
    """

    title: str
    filters: TicketFilter
    errors: dict[str, str]
    order: str
    orders: list[Choice]
    states: list[Choice]
    bands: list[Choice]
    views: list[FixedView]
    chips: list[Chip]
    count: str
    rows: list[Row]
    before_url: str = ""
    after_url: str = ""
    without: tuple[tuple[str, str, str], ...] = ()
    everything_url: str = ""
    people: tuple[User, ...] = ()
    touchpoints: tuple[Touchpoint, ...] = ()
    chosen_touchpoints: tuple[str, ...] = ()
    only: tuple[tuple[str, str, bool], ...] = ()
    carried: tuple[tuple[str, str], ...] = ()
    kept: tuple[saved_views.ViewTab, ...] = ()
    search_note: str = ""
    save_url: str = ""


def tickets(request: HttpRequest, viewer: Viewer, *, now: datetime) -> Tickets:
    """The page for the query string of `request`. Without one, everything that is open."""
    asked = request.GET.copy()
    if not any(name not in ABOUT_THE_PAGE for name in asked):
        asked["live"] = "true"
    seen = Ticket.objects.visible_to(viewer.user)
    kept = saved_views.views_for(viewer, SavedView.Page.TICKETS, most=saved_views.SHOWN)
    filters = TicketFilter(asked, queryset=seen, request=request, now=now)
    filters.look_up(saved_views.searches_in(kept) | {asked.get("q", "").strip()})
    fields = filters.form.fields
    errors = {str(fields[name].label or name): str(found[0]) for name, found in filters.form.errors.items()}
    # What could not be understood narrows nothing silently: it is named, and the list is empty.
    narrowed = filters.qs if not errors else seen.none()
    search = filters.search_for(text) if not errors and (text := asked.get("q", "").strip()) else None
    order = ORDERS.get(asked.get("sort", "")) or _natural_order(search)
    views = _views(viewer, now)
    held = {each.pk: saved_views.rows_of_tickets_view(each, request, now=now) for each in kept}
    misfits = {pk: reason for pk, (_, reason) in held.items() if reason} | saved_views.gone(kept)
    counts = counting.count_each(
        {"": narrowed, **{name: rows for name, (_, _, rows) in views.items()}}
        | {saved_views.part_of(each): held[each.pk][0] for each in kept}
    )
    # First which tickets, in the order of an index, then all that a row shows of those few.
    chosen = narrowed.order_by()
    found = keyset.page(
        _sortable(chosen.only("rank", "responded_at", "score"), order, search),
        order,
        size=PAGE,
        after=asked.get("after", ""),
        before=asked.get("before", ""),
    )
    places = {ticket.pk: place for place, ticket in enumerate(found.rows)}
    shown = sorted(for_rows().filter(pk__in=places), key=lambda ticket: places[ticket.pk])
    days = Days.around(now, viewer.calendar)
    return Tickets(
        title=_title(filters, asked),
        filters=filters,
        errors=errors,
        order=order.name,
        orders=_orders(asked.get("sort", ""), search),
        states=_choices(TicketState.choices, asked.getlist("state") or _all_live(asked)),
        bands=_choices(Band.choices, asked.getlist("band")),
        views=_fixed_views(views, counts, asked),
        chips=chips_of(filters, asked),
        count=_in_words(counts[""], narrowed, asked),
        rows=rows_of(shown, viewer, days),
        before_url=_url(asked, before=found.before) if found.before else "",
        after_url=_url(asked, after=found.after) if found.after else "",
        without=_without(request, seen, asked, now) if not shown and not errors else (),
        everything_url=f"{reverse('tickets')}?{urlencode({'q': asked['q'], 'sort': 'answered'})}"
        if asked.get("q")
        else reverse("tickets"),
        people=tuple(_colleagues(viewer)),
        touchpoints=tuple(Touchpoint.objects.all()),
        chosen_touchpoints=tuple(asked.getlist("touchpoint")),
        only=tuple(_only(asked)),
        kept=tuple(saved_views.tabs(kept, misfits, counts, viewer, _here(asked))),
        search_note=ticket_search.in_words(search) if search else "",
        save_url=saved_views.save_address(SavedView.Page.TICKETS, _url(asked, filters="").partition("?")[2]),
        carried=tuple((name, value) for name in CARRIED for value in asked.getlist(name) if value),
    )


def _title(filters: TicketFilter, asked: QueryDict) -> str:
    """What is listed: the number of a report and its days, else all that one may see."""
    behind = next((name for name in BEHIND if asked.get(name)), "")
    if not behind or not filters.form.is_valid():
        return gettext("All tickets")
    wanted = filters.form.cleaned_data
    if behind == "given":
        given = GivenIn.parse(wanted["given"])
        return with_days(_given_in_words(given), given.first, given.last)
    return with_days(_value_words(filters, behind, wanted[behind]), wanted["day_from"], wanted["day_to"])


def _given_in_words(given: GivenIn) -> str:
    if given.rule == ANY:
        return gettext("Given")
    return gettext("Given by rule: %(rule)s") % {"rule": rule_words(given.rule)}


def _in_words(count: int, rows: QuerySet[Ticket], asked: QueryDict) -> str:
    """How many were found. Behind a figure of a report it is said exactly, as the report counted them all as well."""
    if count > counting.LIMIT and asked.get("figure"):
        return str(rows.order_by().count())
    return counting.in_words(count)


def _colleagues(viewer: Viewer) -> QuerySet[User]:
    """Who may own what this person sees: members of their teams, everybody who takes tickets for an administrator."""
    members = Member.objects.filter(is_active=True, team__takes_tickets=True)
    if not viewer.user.is_superuser:
        members = members.filter(team__in=viewer.team_ids)
    return User.objects.filter(is_active=True, pk__in=members.values("user"))


def _only(asked: QueryDict) -> list[tuple[str, str, bool]]:
    labels = {
        "contact_me": gettext("Contact me: yes"),
        "customer_waits": gettext("Waits for our answer"),
        "late": gettext("Late"),
        "unassigned": gettext("Nobody has it"),
        "reopened": gettext("Reopened"),
        "together": gettext("Resolved together with others"),
        "snoozed": gettext("Snoozed"),
        "on_hold": gettext("On hold"),
        "nobody_to_reach": gettext("Nobody to reach"),
    }
    return [(name, label, asked.get(name) in ("true", "on", "1", "yes")) for name, label in labels.items()]


def _natural_order(search: ticket_search.Search | None) -> keyset.Order:
    """How the list sorts unasked: what is due first; a search the best match first, one for common words the newest."""
    if search is None:
        return ORDERS["due"]
    return BEST if search.is_ranked else ORDERS["number"]


def _sortable(rows: QuerySet[Ticket], order: keyset.Order, search: ticket_search.Search | None) -> QuerySet[Ticket]:
    """The rows with the value they are sorted by, where that is not a column of their own."""
    if order is BEST and search is not None:
        return rows.annotate(place_in_search=ticket_search.place_in(search))
    if order.field == "worth":
        money = DecimalField(max_digits=14, decimal_places=2)
        return rows.annotate(worth=Coalesce("account__annual_value", Value(Decimal(0), money)))
    if order.field == "renews":
        return rows.annotate(renews=Coalesce("account__renewal_on", Value(FAR, DateField())))
    return rows


def _all_live(asked: QueryDict) -> list[str]:
    return [str(state) for state in LIVE] if asked.get("live") == "true" else []


def _choices(pairs: Iterable[tuple[str, Any]], chosen: list[str]) -> list[Choice]:
    return [Choice(value, str(label), value in chosen) for value, label in pairs]


def _orders(sort: str, search: ticket_search.Search | None) -> list[Choice]:
    labels = {
        "due": gettext("As in the queue"),
        "answered": gettext("Answered"),
        "score": gettext("Score"),
        "value": gettext("Value"),
        "renewal": gettext("Renewal"),
        "number": gettext("Number"),
    }
    unasked = labels["due"]
    if search is not None:
        unasked = gettext("Best match") if search.is_ranked else gettext("Newest")
    else:
        labels.pop("due")
    return [
        Choice("", unasked, sort not in labels),
        *(Choice(name, label, name == sort) for name, label in labels.items()),
    ]


# --- saved views, chips ----------------------------------------------------------------------------------------


def _views(viewer: Viewer, now: datetime) -> dict[str, tuple[str, dict[str, str], QuerySet[Ticket]]]:
    """Name -> label, query string, rows."""
    live = Ticket.objects.visible_to(viewer.user).live()
    today = timezone.localtime(now).date()
    soon = live.filter(account__renewal_on__gte=today, account__renewal_on__lte=today + timedelta(days=60))
    return {
        "open": (gettext("All open"), {"live": "true"}, live),
        "detractors": (
            gettext("Detractors, open"),
            {"live": "true", "band": "detractor"},
            live.filter(band=Band.DETRACTOR),
        ),
        "late": (gettext("Late"), {"late": "true"}, Ticket.objects.visible_to(viewer.user).late(now)),
        "renews": (gettext("Renews in 60 days"), {"live": "true", "sort": "renewal"}, soon),
        "waits": (
            gettext("Wait for our answer"),
            {"customer_waits": "true", "live": "true"},
            live.filter(customer_waits=True),
        ),
        "nobody": (
            gettext("Nobody to reach"),
            {"live": "true", "nobody_to_reach": "true"},
            live.filter(nobody_to_reach=True),
        ),
    }


def _fixed_views(
    views: dict[str, tuple[str, dict[str, str], QuerySet[Ticket]]], counts: dict[str, int], asked: QueryDict
) -> list[FixedView]:
    ignored = ("after", "before", "filters")
    now_asked = {name: asked.getlist(name) for name in asked if name not in ignored and asked[name]}
    return [
        FixedView(
            label,
            f"{reverse('tickets')}?{urlencode(query)}",
            counting.in_words(counts[name]),
            now_asked == {key: [value] for key, value in query.items()},
        )
        for name, (label, query, _) in views.items()
    ]


def _here(asked: QueryDict) -> str:
    """The address of what is shown, as a kept view has it."""
    kept = asked.copy()
    for name in ("after", "before", "filters"):
        kept.pop(name, None)
    return f"{reverse('tickets')}?{saved_views.written(kept)}"


def _url(asked: QueryDict, **changed: str) -> str:
    """The address with these parameters changed; an empty one is left out, and the place starts over."""
    kept = asked.copy()
    for name in ("after", "before"):
        kept.pop(name, None)
    for name, value in changed.items():
        if value:
            kept[name] = value
        else:
            kept.pop(name, None)
    return f"{reverse('tickets')}?{kept.urlencode()}"


def chips_of(filters: TicketFilter, asked: QueryDict) -> list[Chip]:
    if not filters.form.is_valid():
        return []
    found = []
    for name, value in filters.form.cleaned_data.items():
        if name not in asked or value in (None, "", []) or (isinstance(value, QuerySet) and not value):
            continue
        found.append(Chip(_chip_words(filters, name, value), _url(asked, **{name: ""})))
    return found


def _chip_words(filters: TicketFilter, name: str, value: Any) -> str:
    labels = {
        "q": "“%(value)s”",
        "state": gettext("State: %(value)s"),
        "live": gettext("Open"),
        "band": gettext("Band: %(value)s"),
        "owner": gettext("Owner: %(value)s"),
        "team": gettext("Team: %(value)s"),
        "touchpoint": gettext("Touchpoint: %(value)s"),
        "segment": gettext("Segment: %(value)s"),
        "driver": gettext("Reason picked: %(value)s"),
        "root_cause": gettext("Root cause: %(value)s"),
        "late": gettext("Late"),
        "unassigned": gettext("Nobody has it"),
        "snoozed": gettext("Snoozed"),
        "reopened": gettext("Reopened"),
        "on_hold": gettext("On hold"),
        "customer_waits": gettext("Waits for our answer"),
        "contact_me": gettext("Contact me: yes"),
        "nobody_to_reach": gettext("Nobody to reach"),
        "closed_as": gettext("Closed as: %(value)s"),
        "dismissed_as": gettext("Dismissed as: %(value)s"),
        "day_from": gettext("Answered from %(value)s"),
        "day_to": gettext("Answered to %(value)s"),
        "account": gettext("One company"),
        "contact": gettext("One person"),
        "figure": "%(value)s",
        "as_of": gettext("As it stood %(value)s"),
        "rule": gettext("Rule: %(value)s"),
        "hold_rule": gettext("Held by: %(value)s"),
        "given": "%(value)s",
        "signal": "%(value)s",
    }
    words = labels.get(name, f"{filters.form.fields[name].label or name.replace('_', ' ')}: %(value)s")
    if value is False:
        return gettext("not: %(words)s") % {"words": words}
    return words % {"value": _value_words(filters, name, value)} if "%(" in words else words


def _value_words(filters: TicketFilter, name: str, value: Any) -> str:
    if isinstance(value, (list, tuple)):
        if name == "state" and set(value) == set(LIVE):
            return gettext("open")
        labels = dict(getattr(filters.form.fields[name], "choices", ()))
        words = ", ".join(str(labels.get(each, each)) for each in value)
        return words.lower() if name in ("state", "band", "closed_as", "dismissed_as") else words
    if isinstance(value, QuerySet):
        return ", ".join(str(each) for each in value)
    if isinstance(value, Model):
        return str(value)
    if isinstance(value, datetime):
        return in_full_at(value)
    if isinstance(value, date):
        return written(value, "j F Y")
    if name == "figure":
        return figure_in_words(value)
    if name == "signal":
        return number_of_signal_in_words(value)
    if name == "given":
        return _given_in_words(GivenIn.parse(value))
    if name == "owner":
        return {"me": gettext("me"), "none": gettext("nobody")}.get(str(value), str(value))
    return str(value)


def _without(
    request: HttpRequest, seen: QuerySet[Ticket], asked: QueryDict, now: datetime
) -> tuple[tuple[str, str, str], ...]:
    """What an empty list would hold without one of its filters: (what to leave out, count, address)."""
    named = {"touchpoint": gettext("the touchpoint"), "band": gettext("the band"), "state": gettext("the state")} | {
        "live": gettext("the state"),
        "owner": gettext("the owner"),
        "segment": gettext("the segment"),
        "late": gettext("“late”"),
        "day_from": gettext("the first day"),
        "q": gettext("the search"),
    }
    parts: dict[str, QuerySet[Ticket]] = {}
    for name in named:
        if asked.get(name):
            kept = asked.copy()
            kept.pop(name)
            parts[name] = TicketFilter(kept, queryset=seen, request=request, now=now).qs
    counts = counting.count_each(parts)
    return tuple(
        (named[name], counting.in_words(count), _url(asked, **{name: ""})) for name, count in counts.items() if count
    )
