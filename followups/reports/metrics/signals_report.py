"""Signals compared: questions to whoever leads, never verdicts.

Each person is compared with everybody else of the cohort by Fisher's exact test, and all comparisons made at once are
corrected by Holm's procedure; what is left may be asked about. With under 20 on either side there are counts and no
comparison.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from django.db.models import Count, Q, TextChoices

from followups.models import RollupKind, SignalTally, Team
from followups.reports import exact
from followups.reports.metrics.closure import Rate
from followups.reports.metrics.filters import ReportFilters
from followups.reports.metrics.signals import EXCLUDED, SIGNALS, count_signals, is_of_led_teams, of_led_teams
from followups.reports.rollups import answers as of_answers
from followups.reports.rollups import signals as of_signals
from followups.reports.rollups.cells import parts
from followups.reports.rollups.days import KeptDays
from nps_loop.people.models import User
from surveys.scoring import Band, band, enough


class Compared(TextChoices):
    """What a comparison with everybody else says."""

    MORE = "more"
    LESS = "less"
    CHANCE = "chance"
    FEW = "few"


@dataclass(frozen=True, slots=True)
class Line:
    """One person and one signal: how often, and how often among everybody else.

    `chance` is how often chance alone would set the two as far apart, `corrected` the same after Holm's procedure; both
    None where there are too few to compare.
    """

    signal: str
    person: int
    own: Rate
    others: Rate
    chance: float | None
    corrected: float | None

    @property
    def compared(self) -> Compared:
        if self.corrected is None:
            return Compared.FEW
        if self.corrected >= exact.LEVEL:
            return Compared.CHANCE
        is_more = self.own.count * self.others.of > self.others.count * self.own.of
        return Compared.MORE if is_more else Compared.LESS


# How many were counted of how many, by person; None is what is put down to nobody.
ByPerson = Mapping[int | None, tuple[int, int]]


def compare(found: Mapping[str, ByPerson]) -> list[Line]:
    """Every person with every signal against everybody else. Pure. `found` is by signal."""
    lines = []
    for signal, persons in found.items():
        all_counted, all_n = (sum(of[place] for of in persons.values()) for place in (0, 1))
        for person, (counted, n) in persons.items():
            if person is None or not n:
                continue
            rest, rest_n = all_counted - counted, all_n - n
            comparable = enough(n) and enough(rest_n)
            chance = exact.fisher(counted, n, rest, rest_n) if comparable else None
            lines.append((signal, person, Rate.counted(counted, n), Rate.counted(rest, rest_n), chance))
    corrected = iter(exact.holm([line[4] for line in lines if line[4] is not None]))
    return [Line(*line, corrected=None if line[4] is None else next(corrected)) for line in lines]


@dataclass(frozen=True, slots=True)
class SignalsReport:
    """All signals over one cohort, as known at `now`. `teams` are the slugs it is about; empty: all there are."""

    filters: ReportFilters
    now: datetime
    teams: tuple[str, ...]
    lines: tuple[Line, ...]
    people: Mapping[int, User]

    @property
    def tested(self) -> int:
        """How many comparisons were made, and corrected for."""
        return sum(line.chance is not None for line in self.lines)

    def of(self, signal: str) -> list[Line]:
        """The people of one signal, by name."""
        found = [line for line in self.lines if line.signal == signal]
        return sorted(found, key=lambda line: (self.people[line.person].name.casefold(), line.person))

    def as_dict(self) -> dict[str, Any]:
        """For the API: plain types; rates are fractions of 1, null under 20."""
        return {
            "filters": self.filters.as_dict(),
            "as_of": self.now.isoformat(),
            "compared": self.tested,
            "signals": [
                {
                    "signal": signal,
                    "people": [
                        {
                            "user": self.people[line.person].username,
                            **line.own.as_dict(),
                            "others": line.others.as_dict(),
                            "chance": line.chance,
                            "chance_corrected": line.corrected,
                            "compared": str(line.compared),
                        }
                        for line in self.of(signal)
                    ],
                }
                for signal in SIGNALS
            ],
        }


def signals_report(filters: ReportFilters, *, now: datetime) -> SignalsReport:
    """Count every signal for the teams that the viewer leads; nothing for somebody who leads none.

    Up to ten queries, six more where not every day is kept, and five for whoever owns tickets of other teams. Raises
    ValueError for `filters.as_of`: they are of now alone.
    """
    if filters.as_of is not None:
        raise ValueError("Signals are of now alone.")
    led: dict[int, str] = {}
    if is_of_led_teams(filters):
        led = dict(Team.objects.led_by(filters.viewer).order_by("slug").values_list("pk", "slug"))
        if not led:
            return SignalsReport(filters, now, (), (), {})
    found = {**_of_tickets(filters, list(led), now), EXCLUDED: _of_answers(filters, now)}
    lines = compare(found)
    people = User.objects.in_bulk({line.person for line in lines})
    known = tuple(line for line in lines if line.person in people)
    return SignalsReport(filters, now, tuple(led.values()), known, people)


def _of_tickets(filters: ReportFilters, teams: list[int], now: datetime) -> dict[str, ByPerson]:
    """Every signal of tickets; of these teams only, where there are any."""
    kept = KeptDays.read(RollupKind.SIGNALS, filters.day_from, filters.day_to, now=now)
    cohort = parts(SignalTally, filters, kept)
    if teams:
        cohort = cohort.of_teams(teams)
    found: defaultdict[str, dict[int | None, tuple[int, int]]] = defaultdict(dict)
    known = [] if cohort.tallies is None else of_signals.add_up(cohort.tallies)
    others = (count_signals(tickets.order_by(), now=now) for tickets in cohort.tickets)
    for each in chain(known, *others):
        counted, n = found[each.signal].get(each.person, (0, 0))
        found[each.signal][each.person] = counted + each.counted, n + each.n
    return dict(found)


def _of_answers(filters: ReportFilters, now: datetime) -> ByPerson:
    """Unhappy ones among the answers that each person left out of NPS, and among all others."""
    kept = KeptDays.read(RollupKind.ANSWERS, filters.day_from, filters.day_to, now=now)
    tallies, answers = of_answers.read(filters, kept)
    eyes = of_led_teams(filters)
    is_unhappy = Count("pk", filter=Q(band=Band.DETRACTOR))
    counted = n = 0
    if tallies is not None:
        scores = of_answers.scores(tallies.filter(eyes), None, by_day=False)
        n += sum(scores.values())
        counted += sum(of for (_day, _group, score), of in scores.items() if band(score) == Band.DETRACTOR)
    if answers is not None:
        of_rows = answers.filter(eyes).counted().aggregate(n=Count("pk"), hits=is_unhappy)
        counted, n = counted + of_rows["hits"], n + of_rows["n"]
    left_out = filters.answers().filter(eyes).left_out().order_by().values_list("excluded_by_id")
    found = {person: (hits, of) for person, of, hits in left_out.annotate(n=Count("pk"), hits=is_unhappy)}
    by_nobody, of_nobody = found.get(None, (0, 0))
    return {**found, None: (counted + by_nobody, n + of_nobody)}
