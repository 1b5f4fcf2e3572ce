"""Tickets by what was heard after closing, of whole days, and read again."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet, Sum

from followups.models import RecoveryTally, Ticket
from followups.reports.metrics.facts import Place, with_facts
from followups.reports.metrics.recovered import BANDS, is_recovered, with_recovery
from followups.reports.rollups.bounds import OVER, Bounds
from followups.reports.rollups.layout import ALL, MOST_GROUPS, Layout
from followups.reports.rollups.packed import packed
from surveys.scoring import Band

LATER = {band.value: f"later_{band.value}" for band in BANDS}


def add_up(tallies: QuerySet[RecoveryTally]) -> tuple[int, int, Counter[tuple[str, str]], Counter[str]]:
    """How many were asked again, how many of them answered, how many changed from band to band, and how many of those
    that are due are recovered, by band then. One query.
    """
    sums = {f"sum_{name}": Sum(name) for name in ("asked_again", "answered_again", "recovered_due", *LATER.values())}
    asked = answered = 0
    changes: Counter[tuple[str, str]] = Counter()
    recovered: Counter[str] = Counter()
    for band, *rest in tallies.order_by().values_list("band").annotate(**sums):
        asked += rest[0]
        answered += rest[1]
        recovered[band] += rest[2]
        for later, n in zip(LATER, rest[3:], strict=True):
            changes[band, later] += n
    return asked, answered, changes, recovered


def size_of(days: Q) -> QuerySet[Ticket]:
    """What has to be read to count these days."""
    return Ticket.objects.filter(days)


def count(
    days: Q, layout: Layout, *, now: datetime
) -> tuple[list[RecoveryTally], dict[date, tuple[str, ...]], dict[date, tuple[datetime | None, datetime | None]]]:
    """The kept rows of the days as they stand at `now`, the ways left out of each, and from when until when each holds:
    a recovered case may come due by itself. One query.
    """
    columns, groupings = layout.groupings(tickets=True)
    cases = with_recovery(with_facts(Ticket.objects.filter(days), now=now), now=now).order_by()
    own = (
        "day",
        "team_id",
        "band",
        "asked_again",
        "answered_again",
        "later_band",
        "place",
        "state",
        "resolution_due_at",
        "account_id",
    )
    bounds = Bounds(now)
    rows: dict[tuple[Any, ...], RecoveryTally] = {}
    saved: defaultdict[tuple[Any, ...], set[int]] = defaultdict(set)
    groups_on: defaultdict[tuple[date, str], set[str]] = defaultdict(set)
    for row in cases.annotate(**columns).values_list(*own, *columns).iterator(chunk_size=5_000):
        day, team, band, asked, answered, later, place, state, until, account = row[: len(own)]
        if not asked and not later:
            continue
        if until is not None and state not in OVER:
            bounds.add(day, until)
        values = row[len(own) :]
        groups = [(ALL, "")]
        groups += [(name, group) for name, groups_of in groupings.items() for group in groups_of(values)]
        for way_name, group in groups:
            key = (day, way_name, team, band, group)
            groups_on[day, way_name].add(group)
            if key not in rows:
                rows[key] = RecoveryTally(day=day, way=way_name, team_id=team, band=band, group=group)
            tally = rows[key]
            if account is not None and band == Band.DETRACTOR and is_recovered(band, later):
                saved[key].add(account)
            tally.asked_again += asked
            tally.answered_again += asked and answered
            tally.recovered_due += place == Place.DUE and is_recovered(band, later)
            if later:
                setattr(tally, LATER[later], getattr(tally, LATER[later]) + 1)
    for key, accounts in saved.items():
        rows[key].saved_accounts = packed(accounts)
    left_out: defaultdict[date, list[str]] = defaultdict(list)
    for (day, way_name), found in groups_on.items():
        if len(found) > MOST_GROUPS:
            left_out[day].append(way_name)
    tallies = [tally for tally in rows.values() if tally.way not in left_out.get(tally.day, ())]
    return tallies, {day: tuple(ways) for day, ways in left_out.items()}, bounds.by_day
