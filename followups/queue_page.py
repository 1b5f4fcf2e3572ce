"""What /queue/ shows: the tickets of one person by rank, in groups by when they are due.

Every queryset here is bounded by a limit and served by a partial index on (owner, rank, id), so the page costs the same
with ten tickets and with ten thousand.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from typing import Any, cast
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from followups import counting, saved_views, ticket_search
from followups.models import Action, SavedView, Ticket, Verdict
from followups.models.tickets import AT_WORK, LIVE, TicketQuerySet, TicketState, falls_due
from followups.queue_views import GROUPS, VIEWS
from followups.templatetags.moments import in_full
from followups.ticket_rows import Row, for_rows, rows_from, rows_of
from followups.viewing import Days, Viewer

# Rows of a page that shows one view, and of each group on the page that shows them all.
PAGE = 50
# Promises of the week beside the list.
PROMISES = 4


@dataclass(frozen=True, slots=True)
class Tab:
    """A saved view with its live count."""

    name: str
    label: str
    url: str
    count: str
    hot: bool
    here: bool
    go: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    label: str
    note: str
    rows: list[Row]
    more: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Queue:
    """The page. `upcoming` is who comes next where the view is empty, `hint` what a view of days holds."""

    view: str
    heading: str
    hint: str
    searched: str
    tabs: list[Tab]
    groups: list[Group]
    counts: dict[str, int]
    next_url: str = ""
    first_url: str = ""
    upcoming: Row | None = None
    views: list[saved_views.ViewTab] = field(default_factory=list)
    search_note: str = ""
    save_url: str = ""
    changes_url: str = ""
    promises: list[Action] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not any(group.rows for group in self.groups)

    @property
    def at_work(self) -> int:
        return self.counts["at_work"]

    @property
    def export_query(self) -> str:
        """What asks for all that this view holds as a file."""
        return _asked(self.view, self.searched)


def parts(viewer: Viewer, days: Days) -> dict[str, TicketQuerySet]:
    """Every view and group as a queryset in the order of rank.

    `late` to `waiting` hold each live ticket once: one that waits for its customer stands where a promise on it falls
    due, and in `waiting` where none does by the next working day. `early` is the part of `next` that is due before
    work starts, `at_work` what counts towards the limit.
    """
    now, mine = days.now, Ticket.objects.owned_by(viewer.user)
    at_work = mine.filter(state__in=AT_WORK)
    asleep = _asleep(days)
    awake = Q(snoozed_until=None) | Q(snoozed_until__lte=now)
    unassigned = Ticket.objects.unassigned()
    found = {
        "late": _late(mine, days),
        "today": _today(mine, days),
        "next": mine.live().filter(falls_due(gt=days.today_ends, lte=days.next_ends)).exclude(asleep),
        "early": mine.live().filter(falls_due(gt=days.today_ends, lt=days.next_opens)).exclude(asleep),
        "later": at_work.filter(Q(due_at=None) | Q(due_at__gt=days.next_ends) | Q(due_at__gte=now) & asleep),
        "waiting": mine.waiting().exclude(falls_due(lt=now)).exclude(awake & falls_due(lte=days.next_ends)),
        "snoozed": mine.snoozed(now),
        "mine": mine.live(),
        "at_work": at_work,
        "team": reduce(operator.or_, _of_each_team(viewer).values(), Ticket.objects.none()),
        "unassigned": unassigned if viewer.user.is_superuser else unassigned.filter(team__in=viewer.team_ids),
    }
    return {name: rows.in_queue_order() for name, rows in found.items()}


def due_today(viewer: Viewer, days: Days) -> TicketQuerySet:
    """Late, or due before today ends: what the mark beside the queue counts, on every page."""
    mine = Ticket.objects.owned_by(viewer.user)
    return _late(mine, days).in_queue_order() | _today(mine, days).in_queue_order()


def _late(tickets: TicketQuerySet, days: Days) -> TicketQuerySet:
    return tickets.live().filter(falls_due(lt=days.now))


def _today(tickets: TicketQuerySet, days: Days) -> TicketQuerySet:
    return tickets.live().filter(falls_due(gte=days.now, lte=days.today_ends)).exclude(_asleep(days))


def _asleep(days: Days) -> Q:
    return Q(snoozed_until__gt=days.now)


def _of_each_team(viewer: Viewer) -> dict[str, TicketQuerySet]:
    """The live tickets of each team of this person, each in the order of its own index; for an administrator all."""
    live = Ticket.objects.live().in_queue_order()
    if viewer.user.is_superuser and not viewer.team_ids:
        return {"": live}
    return {str(team): live.filter(team=team) for team in sorted(viewer.team_ids)}


@dataclass(frozen=True, slots=True)
class Look:
    """What the database is asked for one view of the queue, before any row is drawn. `chosen` are the shown parts."""

    view: str
    search: str
    days: Days
    looks: dict[str, TicketQuerySet]
    kept: list[SavedView]
    misfits: dict[int, str]
    wanted: ticket_search.Search | None
    chosen: dict[str, TicketQuerySet]
    counts: dict[str, int]
    week: QuerySet[Action]

    @property
    def is_grouped(self) -> bool:
        return self.view == "mine" and self.wanted is None

    def first_rows(self, rows: TicketQuerySet, place: tuple[int, int] | None) -> TicketQuerySet:
        """`rows` narrowed to those the page shows after `place`, and one more where a page is full."""
        found = counting.first_of_each(
            rows,
            [
                (from_place(part, place), GROUPS.get(name, PAGE) if self.is_grouped else PAGE + 1)
                for name, part in self.chosen.items()
            ],
        )
        return cast(TicketQuerySet, found.order_by("rank", "id"))


def look_at(
    viewer: Viewer, *, view: str, search: str, now: datetime, beside: Mapping[str, QuerySet[Any]] | None = None
) -> Look:
    """The view with all counts: of the fixed views, the kept ones, what stands beside the list, and `beside`."""
    days = Days.around(now, viewer.calendar)
    looks = parts(viewer, days)
    week = Action.objects.filter(
        ticket__owner=viewer.user, state=Action.State.OPEN, told_at__isnull=False, due_at__lt=now + timedelta(days=7)
    )
    resolved = Ticket.objects.filter(owner=viewer.user, state=TicketState.RESOLVED)
    kept = saved_views.views_for(viewer, SavedView.Page.QUEUE, most=saved_views.SHOWN)
    searches = ticket_search.look_up(saved_views.searches_in(kept) | ({search} if search else set()))
    held = {each.pk: saved_views.rows_of_queue_view(each, looks, searches, viewer.user) for each in kept}
    counts = counting.count_each(
        {**looks, "promises": week, "resolved": resolved}
        | {saved_views.part_of(each): held[each.pk][0] for each in kept}
        | dict(beside or {})
    )
    wanted = searches.get(search)
    if view == "team":
        chosen = _of_each_team(viewer)
    else:
        chosen = {name: looks[name] for name in (GROUPS if view == "mine" and wanted is None else [view])}
    if wanted is not None:
        # In the order of the queue, however well each fits: the question here is whom to call first.
        among = ticket_search.NEWEST if view == "team" else 0
        chosen = {
            name: cast(TicketQuerySet, ticket_search.found(rows, wanted, viewer.user, among=among))
            for name, rows in chosen.items()
        }
    misfits = {pk: reason for pk, (_, reason) in held.items() if reason}
    return Look(view, search, days, looks, kept, misfits, wanted, chosen, counts, week)


def queue(
    viewer: Viewer,
    *,
    view: str,
    search: str,
    after: str,
    now: datetime,
    beside: Mapping[str, QuerySet[Any]] | None = None,
) -> Queue:
    """The page for one view. `after` is the place of the last row seen, as `next_url` has it; nonsense is page one.

    `beside` is counted too, under its own names, for whatever else the whole page shows.
    """
    search = search.strip()
    look = look_at(viewer, view=view, search=search, now=now, beside=beside)
    days, counts, place = look.days, look.counts, read_place(after)
    tickets = list(look.first_rows(for_rows(), place))
    next_url = ""
    if not look.is_grouped and len(tickets) > PAGE:
        tickets = tickets[:PAGE]
        next_url = f"?{_asked(view, search)}&{urlencode({'after': write_place(tickets[-1])})}"
    # One query for what is open on the tickets shown, for the promises beside them, and for what next steps hang on.
    first = look.week.order_by("due_at", "id").values("pk")[:PROMISES]
    wanted = Q(ticket__in=tickets, state=Action.State.OPEN) | Q(pk__in=first)
    actions = (
        Action.objects.filter(wanted)
        .select_related("owner", "ticket__account", "ticket__contact")
        .order_by("due_at", "id")
    )
    rows = rows_from(tickets, actions, viewer, days)
    groups = _grouped(rows, days, counts) if look.is_grouped else [Group(view, "", "", rows)]
    upcoming = None
    if not rows and look.wanted is None and view in ("late", "today", "mine"):
        upcoming = next(iter(rows_of(list(for_rows().filter(pk__in=_upcoming(look.looks)))[:1], viewer, days)), None)
    asked = _asked(view, search)
    return Queue(
        view=view,
        heading=gettext("My queue"),
        hint=_hint(view, counts, days),
        searched=search,
        tabs=_tabs(counts, view, days),
        groups=[group for group in groups if group.rows],
        counts=counts,
        next_url=next_url,
        first_url=f"?{asked}" if place else "",
        upcoming=upcoming,
        views=saved_views.tabs(look.kept, look.misfits, counts, viewer, f"{reverse('queue')}?{asked}"),
        search_note=ticket_search.in_words(look.wanted) if look.wanted and view == "team" else "",
        save_url=saved_views.save_address(SavedView.Page.QUEUE, asked),
        changes_url=f"{reverse('queue-changes')}?{asked}" + (f"&{urlencode({'after': after})}" if place else ""),
        promises=[action for action in actions if _is_of_this_week(action, viewer, now)][:PROMISES],
        verdicts=_said_back(viewer, now),
    )


def numbers_of(viewer: Viewer, *, view: str, search: str, now: datetime, most: int) -> list[int]:
    """The tickets of a whole view in the order of rank, at most so many; none of a view that is not there."""
    rows = of_view(viewer, view=view, search=search, now=now)
    return list(rows.values_list("pk", flat=True)[:most])


def of_view(viewer: Viewer, *, view: str, search: str, now: datetime) -> TicketQuerySet:
    """The tickets of a whole view in the order of rank; none of a view that is not there."""
    rows = parts(viewer, Days.around(now, viewer.calendar)).get(view, Ticket.objects.none())
    if words := search.strip():
        asked, among = ticket_search.look_up({words})[words], ticket_search.NEWEST if view == "team" else 0
        rows = cast(TicketQuerySet, ticket_search.found(rows, asked, viewer.user, among=among))
    return rows


def _asked(view: str, search: str) -> str:
    """The query string of a view, as kept views have it too."""
    return saved_views.written(QueryDict(urlencode({"view": view, "q": search.strip()})))


def _is_of_this_week(action: Action, viewer: Viewer, now: datetime) -> bool:
    """Whether an open action is a promise to a customer of this person, due within a week: as `Look.week` has it."""
    is_told = action.told_at is not None and action.due_at < now + timedelta(days=7)
    return is_told and action.ticket.owner_id == viewer.user.pk


def _upcoming(looks: dict[str, TicketQuerySet]) -> list[int]:
    """Who comes next when nothing is due: the first awake ticket of the days after today."""
    return list((looks["next"] | looks["later"]).order_by("rank", "id").values_list("pk", flat=True)[:1])


def _said_back(viewer: Viewer, now: datetime) -> list[Verdict]:
    """The last words of customers on this person's cases, of a week."""
    return list(
        Verdict.objects.filter(
            ticket__owner=viewer.user,
            happened_at__gte=now - timedelta(days=7),
            choice__in=[Verdict.Choice.SETTLED, Verdict.Choice.NOT_YET],
        )
        .select_related("ticket__contact")
        .order_by("-happened_at", "-id")[:3]
    )


# --- pages by place --------------------------------------------------------------------------------------------


def write_place(ticket: Ticket) -> str:
    return f"{ticket.rank}.{ticket.pk}"


def read_place(text: str) -> tuple[int, int] | None:
    """Rank and id of the last row seen; None where the text is no place."""
    rank, _, number = text.partition(".")
    try:
        place = int(rank), int(number)
    except ValueError:
        return None
    # Beyond 64 bits no row can lie, and SQLite would refuse the comparison.
    return place if all(abs(value) < 2**62 for value in place) else None


def from_place(rows: TicketQuerySet, place: tuple[int, int] | None) -> TicketQuerySet:
    """Rows after this place in the order of rank. The bound on rank alone is what the index reads by."""
    if place is None:
        return rows
    rank, number = place
    return rows.filter(rank__gte=rank).exclude(rank=rank, pk__lte=number)


def neighbour(ticket: Ticket, viewer: Viewer, *, back: bool) -> Ticket | None:
    """The ticket before or after this one in the queue of the person who looks; None at either end."""
    mine = Ticket.objects.filter(owner=viewer.user, state__in=LIVE)
    if back:
        rows = mine.filter(rank__lte=ticket.rank).exclude(rank=ticket.rank, pk__gte=ticket.pk).order_by("-rank", "-id")
    else:
        rows = from_place(mine, (ticket.rank, ticket.pk)).order_by("rank", "id")
    return rows.only("pk").first()


# --- tabs and groups -------------------------------------------------------------------------------------------


def view_labels() -> dict[str, str]:
    return {
        "late": gettext("Late"),
        "today": gettext("Today"),
        "next": gettext("Next working day"),
        "later": gettext("Later"),
        "waiting": gettext("Waiting on customer"),
        "snoozed": gettext("Snoozed"),
        "mine": gettext("All mine"),
        "team": gettext("My team"),
        "unassigned": gettext("Unassigned"),
    }


def _tabs(counts: dict[str, int], view: str, days: Days) -> list[Tab]:
    labels, base = view_labels(), reverse("queue")
    return [
        Tab(
            name=name,
            label=labels[name],
            url=base if name == "mine" else f"{base}?view={name}",
            count=counting.in_words(counts[name]),
            hot=name == "late" and counts[name] > 0,
            here=name == view,
            go={"late": "l", "next": "n", "waiting": "w"}.get(name, ""),
        )
        for name in VIEWS
    ]


def _grouped(rows: Iterable[Row], days: Days, counts: dict[str, int]) -> list[Group]:
    """The rows under their headings. A group that holds more than it shows says how many more."""
    found: dict[str, list[Row]] = {name: [] for name in GROUPS}
    for row in rows:
        found[group_of(row, days)].append(row)
    labels, base = view_labels(), reverse("queue")
    snoozed = sum(1 for row in found["later"] if row.ticket.snoozed_until and row.ticket.snoozed_until > days.now)
    groups = []
    for name, members in found.items():
        note = counting.in_words(counts[name])
        if name == "today":
            note = gettext("%(count)s, until %(clock)s") % {"count": note, "clock": days.today_ends_at}
        elif name == "next":
            note = f"{note}, {in_full(days.next_day)}"
            if counts["early"]:
                note = f"{note}. {days.early_words(counts['early'])}"
        elif name == "later" and snoozed:
            note = ngettext("%(count)s, %(n)s of them snoozed", "%(count)s, %(n)s of them snoozed", snoozed) % {
                "count": note,
                "n": snoozed,
            }
        elif name == "waiting":
            note = gettext("%(count)s, not counted towards your limit") % {"count": note}
        more = counts[name] - len(members)
        groups.append(
            Group(
                name=name,
                label=labels[name],
                note=note,
                rows=members[: GROUPS[name]],
                more=counting.in_words(more) if more > 0 else "",
                url=f"{base}?view={name}",
            )
        )
    return groups


def group_of(row: Row, days: Days) -> str:
    """The group a ticket of its owner's queue stands in, by the same bounds as `parts`."""
    is_waiting = row.ticket.state == TicketState.WAITING_ON_CUSTOMER
    due_at = row.due_at
    if due_at is not None and due_at < days.now:
        return "late"
    is_asleep = row.ticket.snoozed_until is not None and row.ticket.snoozed_until > days.now
    if due_at is None or due_at > days.next_ends or is_asleep:
        return "waiting" if is_waiting else "later"
    return "today" if due_at <= days.today_ends else "next"


def _hint(view: str, counts: Mapping[str, int], days: Days) -> str:
    """What the view of a day holds, in a sentence; empty for the others, whose names say it."""
    return {"today": days.today_hint, "next": days.next_hint(counts["early"])}.get(view, "")
