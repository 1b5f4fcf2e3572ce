"""The promises behind a figure: what a customer was told by when, who does it, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.http import QueryDict

from followups.models import Action
from followups.reports.metrics import ReportFilters
from followups.reports.metrics.counting import TicketCohort
from followups.reports.metrics.facts import Place, with_facts
from followups.reports.metrics.promised import OF_PROMISES, Kept, promises
from followups.reports.metrics.then import is_then
from followups.viewing import Viewer, name_of

PAGE = 50


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """One promise as this person may read it. `kept` says what became of it."""

    action: Action
    name: str
    kept: str
    is_open_to: bool


@dataclass(frozen=True, slots=True)
class PromisesPage:
    rows: list[PromiseRow]
    n: int
    next_query: str


def promises_page(filters: ReportFilters, viewer: Viewer, asked: QueryDict, *, now: datetime) -> PromisesPage:
    """One page of them, the newest first. Up to seven queries. `after` is the key of the last row seen.

    `figure` is one of `OF_PROMISES`; anything else shows all that are due.
    """
    now, cohort = filters.moment(now), filters.tickets()
    tickets = with_facts(cohort, now=now).exclude(Q(place=Place.REMOVED)).order_by().values("pk")
    wanted = OF_PROMISES.get(asked.get("figure", ""), OF_PROMISES["promises"])
    rows = promises(now=now, then=is_then(cohort)).filter(ticket__in=tickets, kept__in=wanted)
    made = TicketCohort(filters, now=now).promises
    n = sum(made[kept] for kept in wanted)
    after = asked.get("after", "")
    if after.isascii() and after.isdigit() and len(after) < 19:
        rows = rows.filter(pk__lt=int(after))
    related = ("owner", "ticket__contact", "ticket__account", "ticket__response", "ticket__owner")
    found = list(rows.select_related(*related).order_by("-pk")[: PAGE + 1])
    following = asked.copy()
    if len(found) > PAGE:
        following["after"] = str(found[PAGE - 1].pk)
    return PromisesPage(
        rows=[
            PromiseRow(
                action=action,
                name=name_of(action.ticket, viewer),
                kept=str(Kept(action.kept).label),
                is_open_to=viewer.works_on(action.ticket),
            )
            for action in found[:PAGE]
        ],
        n=n,
        next_query=following.urlencode() if len(found) > PAGE else "",
    )
