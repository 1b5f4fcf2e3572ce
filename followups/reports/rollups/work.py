"""Times of tickets on the team clock, of whole days: what a ticket adds to kept rows, and these read again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import QuerySet

from followups.models import TicketTally
from followups.reports.metrics.working import Meters, Stretches
from followups.reports.rollups.joined import joined
from followups.reports.rollups.packed import CODE, EPOCH, code_of, moment_number, seconds_of, unpacked

# The columns of the kept rows; only the report about times reads them.
OF_WORK = ("spoken_work", "unspoken_work", "resolved_work", "unresolved_work")
# Stands for a calendar where a wait stands still, because the customer is asked something.
STILL = 0
ENDLESS = datetime.max.replace(tzinfo=UTC)
# What is dated later than it was counted, by a clock that goes wrong, has working time too.
AHEAD = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Worked:
    """How many of `n` tickets took, or have waited, so many seconds of working time: first contact, then resolution.

    Tickets without any calendar are in none of the four.
    """

    n: int
    spoken: Counter[float]
    unspoken: Counter[float]
    resolved: Counter[float]
    unresolved: Counter[float]

    @classmethod
    def together(cls, each: Iterable[Worked]) -> Worked:
        known = list(each)
        total = cls(sum(worked.n for worked in known), Counter(), Counter(), Counter(), Counter())
        for worked in known:
            total.spoken.update(worked.spoken)
            total.unspoken.update(worked.unspoken)
            total.resolved.update(worked.resolved)
            total.unresolved.update(worked.unresolved)
        return total


def pairs(numbers: Sequence[int]) -> Iterable[tuple[int, int]]:
    """An array of two numbers each."""
    return zip(numbers[::2], numbers[1::2], strict=True)


def worked(tallies: QuerySet[TicketTally], n: int, *, now: datetime) -> Worked:
    """The times on the team clock of the `n` counted tickets in kept rows, rounded to their codes. Two queries."""
    blobs = joined(tallies, *OF_WORK)
    waits = {name: unpacked(blobs[name]) for name in ("unspoken_work", "unresolved_work")}
    begun = (number for found in waits.values() for key, number in pairs(found) if key != STILL)
    meters = Meters(EPOCH + timedelta(seconds=min(begun, default=0)), now)

    def took(name: str) -> Counter[float]:
        return Counter({seconds_of(code): n for code, n in Counter(unpacked(blobs[name], CODE)).items()})

    def waited(name: str) -> Counter[float]:
        found: Counter[int] = Counter()
        until: dict[int, float] = {}
        for calendar, number in pairs(waits[name]):
            if calendar == STILL:
                found[code_of(number)] += 1
            elif (meter := meters.of(calendar)) is not None:
                if calendar not in until:
                    until[calendar] = meter.so_far(now).total_seconds()
                found[code_of(until[calendar] - meter.so_far(EPOCH + timedelta(seconds=number)).total_seconds())] += 1
        return Counter({seconds_of(code): n for code, n in found.items()})

    return Worked(n, took("spoken_work"), waited("unspoken_work"), took("resolved_work"), waited("unresolved_work"))


@dataclass(frozen=True, slots=True)
class Waits:
    """What a ticket adds to the times on the team clock. A pause that still runs has no end."""

    received_at: datetime
    paused: Stretches

    def kept(self, meters: Meters, calendar: int | None, at: datetime | None) -> tuple[Sequence[int], Sequence[int]]:
        """What to add to the arrays of what happened, and of what still waits."""
        meter = meters.of(calendar)
        if meter is None:
            return (), ()
        start = self.received_at
        if at is not None:
            return (code_of(meter.worked(start, at, self.paused)),), ()
        if self.paused and self.paused[-1][1] == ENDLESS:
            stands_at = max(self.paused[-1][0], start)
            return (), (STILL, int(meter.worked(start, stands_at, self.paused[:-1])))
        work = meter.paused(start, meters.until, self.paused)
        key = calendar or meters.default or STILL
        return (), (key, moment_number(meter.later(start, work)))
