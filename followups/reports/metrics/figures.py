"""Every figure about tickets by its name, as the set of tickets that it counts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import (
    Exists,
    OuterRef,
    Q,
    QuerySet,
)

from followups.models import (
    Action,
    Event,
    Resolution,
)
from followups.models.tickets import TicketState
from followups.reports.metrics import stretches
from followups.reports.metrics.facts import OF_FACTS, Tickets, of_ticket, without_removed
from followups.reports.metrics.of_now import OF_NOW, WITHOUT_VALUE, of_now
from followups.reports.metrics.promised import OF_PROMISES, promises
from followups.reports.metrics.reachable import Hears, with_hearing
from followups.reports.metrics.recovered import FROM, OF_RECOVERY, with_recovery
from followups.reports.metrics.standing import standing_of
from followups.reports.metrics.then import column, is_then
from surveys.scoring import Band

# --- recovery of everybody who is due --------------------------------------------------------------------------

# Name -> band, and whether only the recovered are meant. Of those heard again is the larger rate, and whoever asks only
# the happy again lifts it; of all who are due, nobody can.
OF_DUE_BAND: dict[str, tuple[Band, bool]] = {
    **{f"due_{band.value}": (band, False) for band in FROM},
    **{f"recovered_due_{band.value}": (band, True) for band in FROM},
}


# --- what was won back, and what came back ----------------------------------------------------------------------

# An account is saved where a detractor of the cohort recovered.
OF_SAVED: dict[str, Q] = {
    "saved": OF_RECOVERY["recovered_detractor"] & Q(account__isnull=False),
    "saved_without_value": OF_RECOVERY["recovered_detractor"] & Q(account__isnull=False) & WITHOUT_VALUE,
}

# Customers, or we, took up again what had been resolved; a dismissal that a lead takes back is none of these.
OF_REOPENING: tuple[str, ...] = ("ever_resolved", "reopened")


def reopened(tickets: QuerySet[Any], now: datetime) -> Exists:
    """Whether each of these tickets was taken up again, as a condition."""
    events = Event.objects.filter(
        ticket=OuterRef("pk"),
        from_state__in=(TicketState.RESOLVED, TicketState.CLOSED),
        to_state=TicketState.ASSIGNED,
    )
    return Exists(events.filter(recorded_at__lte=now) if is_then(tickets) else events)


def _of_reopening(tickets: Tickets, name: str, now: datetime) -> Tickets:
    found = Q(reopened(tickets, now))
    if name == "ever_resolved":
        found |= of_ticket(tickets, state__in=(TicketState.RESOLVED, TicketState.CLOSED))
    return OF_FACTS["counted"].of(tickets, now=now).filter(found)


# Tickets declared resolved for a root cause whose customer can be told the news, or cannot and why.
HEARS = {f"hears_{hears.value}": hears for hears in Hears}
# Tickets with an action that is still open and whose date the customer was told.
PROMISES_OPEN = "promises_open"

FIGURES: tuple[str, ...] = (
    *OF_FACTS, *OF_PROMISES, *OF_NOW, *OF_RECOVERY, *OF_DUE_BAND, *OF_SAVED, *OF_REOPENING, *HEARS,
    PROMISES_OPEN,
)  # fmt: skip

# `cause-<slug>` is a figure as well: the tickets declared resolved for this root cause; `causes-<slug>` those for this
# one or one below it; `cause_but-<slug>.<slug>` and `causes_but-` those for another than these. `with_cause` has all
# that have one.
CAUSE, CAUSE_BUT, CAUSES, CAUSES_BUT = OF_CAUSES = ("cause-", "cause_but-", "causes-", "causes_but-")
WITH_CAUSE = {"with_cause": True, "without_cause": False}


def is_figure(name: str) -> bool:
    """Whether `figure_of` knows this name."""
    return (
        name in FIGURES
        or name in WITH_CAUSE
        or name.startswith(OF_CAUSES)
        or stretches.NAMED.fullmatch(name) is not None
    )


def figure_of(tickets: Tickets, name: str, *, now: datetime) -> Tickets:
    """Those of the tickets that the figure `name` counts. Raises KeyError for a name that is none.

    For figures of a cohort the caller narrows the days (and whatever else) as the report did: `day_from`, `day_to`, …
    """
    if name in OF_NOW:
        return tickets.filter(of_now(tickets, name, now))
    if name in OF_RECOVERY:
        return tickets.filter(pk__in=with_recovery(tickets, now=now).filter(OF_RECOVERY[name]).order_by().values("pk"))
    if name in OF_SAVED:
        return tickets.filter(pk__in=with_recovery(tickets, now=now).filter(OF_SAVED[name]).order_by().values("pk"))
    if name in OF_REOPENING:
        return _of_reopening(tickets, name, now)
    if name in OF_DUE_BAND:
        band, recovered = OF_DUE_BAND[name]
        if recovered:
            tickets = figure_of(tickets, f"recovered_{band.value}", now=now)
        return OF_FACTS["due"].of(tickets, now=now).filter(band=band)
    if name in OF_PROMISES:
        kept = promises(now=now, then=is_then(tickets)).filter(Q(ticket=OuterRef("pk")) & Q(kept__in=OF_PROMISES[name]))
        return without_removed(tickets, now=now).filter(Exists(kept))
    if name == PROMISES_OPEN:
        told = promises(now=now, then=is_then(tickets))
        still_open = told.filter(**{"ticket": OuterRef("pk"), column(tickets, "state"): Action.State.OPEN})
        return without_removed(tickets, now=now).filter(Exists(still_open))
    if name in HEARS:
        return with_hearing(figure_of(tickets, "with_cause", now=now)).filter(hears=HEARS[name])
    if name.startswith(OF_CAUSES) or name in WITH_CAUSE:
        given = Exists(_resolutions_of(tickets, name, now))
        declared = OF_FACTS["declared"].of(tickets, now=now)
        return declared.filter(given) if WITH_CAUSE.get(name, True) else declared.filter(~given)
    if (stretch := stretches.condition(tickets, name, now=now)) is not None:
        return OF_FACTS["counted"].of(tickets, now=now).filter(stretch)
    return OF_FACTS[name].of(tickets, now=now)


def _resolutions_of(tickets: QuerySet[Any], name: str, now: datetime) -> QuerySet[Resolution]:
    """The standing resolutions, for a ticket outside, with a cause that a figure of causes is about."""
    given = standing_of(tickets, now).filter(root_cause__isnull=False)
    kind, _dash, slugs = name.partition("-")
    found = Q(root_cause__slug__in=slugs.split("."))
    if kind.startswith("causes"):
        found |= Q(root_cause__parent__slug__in=slugs.split("."))
    if name.startswith(OF_CAUSES):
        return given.exclude(found) if kind.endswith("_but") else given.filter(found)
    return given
