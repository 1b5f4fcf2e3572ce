"""Tickets by day, team, band and group: figures, promises, causes, goals and waits of whole days, and read again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import F, Max, Min, Q, QuerySet, Sum

from followups.models import Action, Deadline, SlaPolicy, Ticket, TicketTally
from followups.models.tickets import TicketState
from followups.reports.metrics.facts import FACTS, OF_FACTS, Place, with_facts
from followups.reports.metrics.figures import OF_REOPENING, reopened
from followups.reports.metrics.promised import promises
from followups.reports.metrics.standing import standing_resolutions
from followups.reports.metrics.stretches import first_contact_at, resolved_at
from followups.reports.metrics.working import Meters, calendars_of, pauses_by_ticket
from followups.reports.rollups.bounds import OVER, Bounds
from followups.reports.rollups.joined import Joined
from followups.reports.rollups.layout import ALL, COUNTED, MOST_GROUPS, OF_PROMISE, Layout
from followups.reports.rollups.packed import (
    CODE,
    LANE,
    added,
    code_of,
    moment_number,
    packed,
    seconds_of,
    unpacked,
    waited,
)
from followups.reports.rollups.work import AHEAD, ENDLESS, Waits
from surveys.scoring import Band

BLOBS = ("counts", "causes", "spoken", "unspoken", "resolved", "unresolved")
# Bytes of what one ticket adds to an array, whose order says nothing.
WIDTHS = {
    "causes": 4, "spoken": 2, "unspoken": 4, "resolved": 2, "unresolved": 4,
    "spoken_work": 2, "unspoken_work": 8, "resolved_work": 2, "unresolved_work": 8,
}  # fmt: skip

_PLACE_OF = {name: at for at, name in enumerate(COUNTED)}


@dataclass(slots=True)
class Sums:
    """Kept rows added up."""

    tickets: int = 0
    blobs: dict[str, bytes] = field(default_factory=dict)
    lowest_goal: int | None = None
    highest_goal: int | None = None
    shortest: int | None = None
    longest: int | None = None
    on_team_clock: int = 0

    @property
    def figures(self) -> dict[str, int]:
        """Tickets by figure of `OF_FACTS`."""
        counts = dict(zip(COUNTED, added(self.blobs["counts"], len(COUNTED)), strict=True))
        return {name: counts[name] for name in OF_FACTS}

    @property
    def promises(self) -> Counter[str]:
        """Promises by what became of them."""
        counts = dict(zip(COUNTED, added(self.blobs["counts"], len(COUNTED)), strict=True))
        return Counter({kept: counts[name] for kept, name in OF_PROMISE.items()})

    @property
    def reopening(self) -> Counter[str]:
        """Tickets by figure of `OF_REOPENING`."""
        counts = dict(zip(COUNTED, added(self.blobs["counts"], len(COUNTED)), strict=True))
        return Counter({name: counts[name] for name in OF_REOPENING})

    @property
    def causes(self) -> Counter[int]:
        """Declared tickets by the key of their root cause."""
        return Counter(unpacked(self.blobs["causes"]))

    def waits(self, *, resolved: bool, now: datetime) -> tuple[Counter[float], Counter[float]]:
        """How many of the counted tickets took so many seconds, and how many have waited for so long."""
        done, open_ = ("resolved", "unresolved") if resolved else ("spoken", "unspoken")
        happened = Counter(unpacked(self.blobs[done], CODE))
        waiting = waited(unpacked(self.blobs[open_]), now)
        return (
            Counter({seconds_of(code): n for code, n in happened.items()}),
            Counter({seconds_of(code): n for code, n in waiting.items()}),
        )

    @classmethod
    def together(cls, sums: Iterable[Sums]) -> Sums:
        known = list(sums)
        total = cls(
            tickets=sum(each.tickets for each in known),
            blobs={name: b"".join(each.blobs[name] for each in known if name in each.blobs) for name in BLOBS},
            on_team_clock=sum(each.on_team_clock for each in known),
        )
        for name, end in (("lowest_goal", min), ("shortest", min), ("highest_goal", max), ("longest", max)):
            given = [value for each in known if (value := getattr(each, name)) is not None]
            setattr(total, name, end(given) if given else None)
        return total


def add_up(tallies: QuerySet[TicketTally], by: str, blobs: tuple[str, ...] = BLOBS) -> dict[Any, Sums]:
    """The sums of kept rows by one of their columns, of these blobs. One query."""
    plain = {
        "n": Sum("tickets"),
        "team_clock": Sum("on_team_clock"),
        "low": Min("lowest_goal"),
        "high": Max("highest_goal"),
        "short": Min("shortest"),
        "long": Max("longest"),
    }
    if connection.vendor == "postgresql":
        joined = {f"all_{name}": Joined(name) for name in blobs}
        rows = tallies.order_by().values_list(by).annotate(**plain, **joined)
        return {
            key: Sums(
                n, {name: bytes(data) for name, data in zip(blobs, rest, strict=True)}, low, high, short, long, clock
            )
            for key, n, clock, low, high, short, long, *rest in rows
        }
    columns = ("tickets", "on_team_clock", "lowest_goal", "highest_goal", "shortest", "longest", *blobs)
    found: defaultdict[Any, list[Sums]] = defaultdict(list)
    for key, n, clock, low, high, short, long, *rest in tallies.order_by().values_list(by, *columns):
        found[key].append(Sums(n, dict(zip(blobs, rest, strict=True)), low, high, short, long, clock))
    return {key: Sums.together(sums) for key, sums in found.items()}


# --- counting ----------------------------------------------------------------------------------------------------


def size_of(days: Q) -> QuerySet[Ticket]:
    """What has to be read to count these days."""
    return Ticket.objects.filter(days)


class _Cell:
    """A kept row in the making."""

    __slots__ = (
        "accounts", "causes", "counts", "goals", "minutes", "n", "on_team_clock", "resolved", "resolved_work", "spoken",
        "spoken_work", "unresolved", "unresolved_work", "unspoken", "unspoken_work",
    )  # fmt: skip

    def __init__(self) -> None:
        self.n = self.counts = self.on_team_clock = 0
        self.causes: list[int] = []
        self.spoken: list[int] = []
        self.unspoken: list[int] = []
        self.resolved: list[int] = []
        self.unresolved: list[int] = []
        self.goals: list[int] = []
        self.minutes: list[int] = []
        self.spoken_work: list[int] = []
        self.unspoken_work: list[int] = []
        self.resolved_work: list[int] = []
        self.unresolved_work: list[int] = []
        self.accounts: set[int] = set()

    def add(self, of: _OfTicket) -> None:
        self.n += 1
        self.counts += of.counts
        self.causes += of.causes
        self.goals += of.goals
        self.minutes += of.minutes
        self.on_team_clock += of.on_team_clock
        for codes, moments, happened, number in (
            (self.spoken, self.unspoken, of.spoken, of.since),
            (self.resolved, self.unresolved, of.resolved, of.since),
        ):
            if not of.counted:
                continue
            if happened is None:
                moments.append(number)
            else:
                codes.append(happened)
        self.spoken_work += of.spoken_work
        self.unspoken_work += of.unspoken_work
        self.resolved_work += of.resolved_work
        self.unresolved_work += of.unresolved_work
        if of.due_account is not None:
            self.accounts.add(of.due_account)

    def row(self, day: date, way: str, team: int | None, band: str, group: str) -> TicketTally:
        return TicketTally(
            day=day,
            way=way,
            team_id=team,
            band=band,
            group=group,
            tickets=self.n,
            counts=self.counts.to_bytes(LANE * len(COUNTED), "little"),
            causes=packed(self.causes),
            spoken=packed(self.spoken, CODE),
            unspoken=packed(self.unspoken),
            resolved=packed(self.resolved, CODE),
            unresolved=packed(self.unresolved),
            spoken_work=packed(self.spoken_work, CODE),
            unspoken_work=packed(self.unspoken_work),
            resolved_work=packed(self.resolved_work, CODE),
            unresolved_work=packed(self.unresolved_work),
            due_accounts=packed(self.accounts),
            lowest_goal=min(self.goals, default=None),
            highest_goal=max(self.goals, default=None),
            shortest=min(self.minutes, default=None),
            longest=max(self.minutes, default=None),
            on_team_clock=self.on_team_clock,
        )


@dataclass(slots=True)
class _OfTicket:
    """What one ticket adds to each row it is in. `counts` holds its counters as one number, a lane each."""

    counts: int
    counted: bool
    since: int
    spoken: int | None
    resolved: int | None
    causes: list[int]
    goals: list[int]
    minutes: list[int]
    on_team_clock: int
    spoken_work: Sequence[int] = ()
    unspoken_work: Sequence[int] = ()
    resolved_work: Sequence[int] = ()
    unresolved_work: Sequence[int] = ()
    due_account: int | None = None


def count(
    days: Q, layout: Layout, *, now: datetime
) -> tuple[list[TicketTally], dict[date, tuple[str, ...]], dict[date, tuple[datetime | None, datetime | None]]]:
    """The kept rows of the days as they stand at `now`, the ways left out of each, and from when until when each holds.

    Seven queries.
    """
    columns, groupings = layout.groupings(tickets=True)
    bounds = Bounds(now)
    hanging = _hanging_on(days, now, bounds)
    ways_of: defaultdict[str, defaultdict[tuple[Any, ...], _Cell]] = defaultdict(lambda: defaultdict(_Cell))
    of_days = Ticket.objects.filter(days)
    of_contact, of_resolution = calendars_of(of_days)
    times = {"contact_at": first_contact_at(of_days), "ended_at": resolved_at(of_days)}
    rows = with_facts(of_days, now=now).order_by().annotate(until=F("resolution_due_at"), **times, **columns)
    rows = rows.annotate(again=reopened(of_days, now), of_contact=of_contact, of_resolution=of_resolution)
    beside = (
        "pk", "day", "team_id", "band", "state", "responded_at", "received_at", "until", "contact_at", "ended_at",
        "again", "of_contact", "of_resolution", "account_id",
    )  # fmt: skip
    own = (*beside, *FACTS)
    meters = Meters(of_days.aggregate(first=Min("received_at"))["first"] or now, now + AHEAD)
    paused = pauses_by_ticket(of_days.order_by().values("pk"), ENDLESS)
    lanes_of: dict[tuple[Any, ...], int] = {}
    for row in rows.values_list(*own, *columns).iterator(chunk_size=5_000):
        number, day, team, band, state, responded_at, received_at, until, contact_at, ended_at = row[:10]
        again, of_contact, of_resolution, account = row[10 : len(beside)]
        facts, values = row[len(beside) : len(own)], row[len(own) :]
        if facts not in lanes_of:
            lanes_of[facts] = _lanes(dict(zip(FACTS, facts, strict=True)))
        named = dict(zip(FACTS, facts, strict=True))
        if until is not None and state not in OVER:
            bounds.add(day, until)
        of = _of_ticket(hanging, number, named, lanes_of[facts])
        of.since = moment_number(responded_at)
        of.spoken = code_of((contact_at - responded_at).total_seconds()) if contact_at else None
        of.resolved = code_of((ended_at - responded_at).total_seconds()) if ended_at else None
        if band == Band.DETRACTOR and OF_FACTS["due"].holds(named):
            of.due_account = account
        if of.counted:
            of.counts += _of_reopening(again=again, state=state)
            waits = Waits(received_at, paused.get(number, ()))
            of.spoken_work, of.unspoken_work = waits.kept(meters, of_contact, contact_at)
            of.resolved_work, of.unresolved_work = waits.kept(meters, of_resolution, ended_at)
        ways_of[ALL][day, team, band, ""].add(of)
        for name, groups_of in groupings.items():
            cells = ways_of[name]
            for group in groups_of(values):
                cells[day, team, band, group].add(of)
    tallies: list[TicketTally] = []
    left_out: defaultdict[date, list[str]] = defaultdict(list)
    for name, cells in ways_of.items():
        groups: defaultdict[date, set[str]] = defaultdict(set)
        for day, _team, _band, group in cells:
            groups[day].add(group)
        for day, found in groups.items():
            if len(found) > MOST_GROUPS:
                left_out[day].append(name)
        tallies += [
            cell.row(day, name, team, band, group)
            for (day, team, band, group), cell in cells.items()
            if name not in left_out.get(day, ())
        ]
    return tallies, {day: tuple(ways) for day, ways in left_out.items()}, bounds.by_day


@dataclass(slots=True)
class _Hanging:
    """What hangs on tickets, by ticket."""

    promises: Mapping[int, list[str]]
    causes: Mapping[int, list[int]]
    targets: Mapping[int, list[tuple[int | None, int, str]]]


def _hanging_on(days: Q, now: datetime, bounds: Bounds) -> _Hanging:
    tickets = Ticket.objects.filter(days).order_by().values("pk")
    of_promises: defaultdict[int, list[str]] = defaultdict(list)
    columns = ("ticket_id", "ticket__day", "kept", "state", "first_promised_at")
    made = promises(now=now).filter(ticket__in=tickets).order_by().values_list(*columns)
    for ticket, day, kept, state, first in made.iterator(chunk_size=5_000):
        of_promises[ticket].append(kept)
        if state == Action.State.OPEN:
            bounds.add(day, first)
    causes: defaultdict[int, list[int]] = defaultdict(list)
    standing = standing_resolutions().filter(ticket__in=tickets, root_cause__isnull=False).order_by()
    for ticket, cause in standing.values_list("ticket_id", "root_cause_id").iterator(chunk_size=5_000):
        causes[ticket].append(cause)
    targets: defaultdict[int, list[tuple[int | None, int, str]]] = defaultdict(list)
    first_ones = Deadline.objects.filter(ticket__in=tickets, cycle=0, target=Deadline.Target.FIRST_CONTACT).order_by()
    asked = first_ones.values_list("ticket_id", "policy__goal_percent", "minutes", "clock")
    for ticket, percent, minutes, clock in asked.iterator(chunk_size=5_000):
        targets[ticket].append((percent, minutes, clock))
    return _Hanging(of_promises, causes, targets)


def _of_ticket(hanging: _Hanging, number: int, facts: Mapping[str, Any], counts: int) -> _OfTicket:
    if facts["place"] != Place.REMOVED:
        for kept in hanging.promises.get(number, ()):
            counts += 1 << 8 * LANE * _PLACE_OF[OF_PROMISE[kept]]
    targets = hanging.targets.get(number, ())
    return _OfTicket(
        counts=counts,
        counted=OF_FACTS["counted"].holds(facts),
        since=0,
        spoken=None,
        resolved=None,
        causes=hanging.causes.get(number, []) if OF_FACTS["declared"].holds(facts) else [],
        goals=[percent for percent, _minutes, _clock in targets if percent is not None],
        minutes=[minutes for _percent, minutes, _clock in targets],
        on_team_clock=sum(clock == SlaPolicy.Clock.TEAM for _percent, _minutes, clock in targets),
    )


def _lanes(facts: Mapping[str, Any]) -> int:
    return sum(1 << 8 * LANE * _PLACE_OF[name] for name, figure in OF_FACTS.items() if figure.holds(facts))


def _of_reopening(*, again: bool, state: str) -> int:
    resolved = again or state in (TicketState.RESOLVED, TicketState.CLOSED)
    found = {"reopened": again, "ever_resolved": resolved}
    return sum(1 << 8 * LANE * _PLACE_OF[name] for name in OF_REOPENING if found[name])
