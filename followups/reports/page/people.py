"""The table of people: counts with their intervals, ordered by name. It ranks nobody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext

from followups.reports import charts, sentences
from followups.reports.linking import linked, said
from followups.reports.metrics import ClosureReport, Counts, Person, Rate, reporting_day
from followups.reports.page import tables
from followups.reports.page.closing import CauseBar
from followups.reports.page.links import Links
from followups.reports.page.tables import Cell, Row, Table
from followups.templatetags.moments import on_day


@dataclass(frozen=True, slots=True)
class TeamTable:
    note: str
    table: Table


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Everything /reports/people/ prints. `loads` is what each carries, as bars of their own limit."""

    note: str
    loads: list[CauseBar]
    table: Table
    details: Table


@dataclass(frozen=True, slots=True)
class _Lists:
    """What numbers about persons open: only tickets of the teams that the viewer leads are counted here."""

    links: Links
    teams: list[str]

    def of(self, figure: str, person: Person | None) -> str:
        who = {"owned": "true"} if person is None else {"owner": str(person.user.pk)}
        return self.links.of_teams(self.teams, self.links.tickets(figure, **who))

    def now(self, figure: str, person: Person | None) -> str:
        who = {"owned": "true"} if person is None else {"owner": str(person.user.pk)}
        return self.links.of_teams(self.teams, self.links.tickets_now(figure, **who))


def team_table(persons: Sequence[Person], closure: ClosureReport, links: Links, teams: list[str]) -> TeamTable:
    """A row for each person and one for all together."""
    lists, goal = _Lists(links, teams), closure.goal.percent
    head = [
        gettext("Person"),
        gettext("At work, of limit"),
        gettext("First contact in time"),
        gettext("with interval")
        if goal is None
        else gettext("with interval, goal at %(goal)s") % {"goal": f"{goal}{sentences.NBSP}%"},
        gettext("Customer confirmed"),
        gettext("Said not yet"),
    ]

    def cells(person: Person | None) -> list[Cell]:
        in_time = _rate(persons, person, "on_time")
        return [
            _load(persons, person, lists.now("at_work", person), closure),
            tables.part_of(in_time, lists.of("on_time", person)),
            tables.rate_gauge(in_time, goal),
            tables.part_of(_rate(persons, person, "confirmed"), lists.of("confirmed", person)),
            tables.count(_n(persons, person, "said_not_yet"), lists.of("said_not_yet", person)),
        ]

    return TeamTable(
        people_note(persons, links), Table(gettext("Team figures"), head, _rows(persons, cells), frozenset({3}))
    )


def people_page(persons: Sequence[Person], closure: ClosureReport, links: Links, teams: list[str]) -> PeoplePage:
    """The same and more, for the page that is only about people."""
    lists = _Lists(links, teams)
    names = {
        "due": gettext("Due"),
        "declared": gettext("Declared"),
        "told": gettext("Told"),
        "confirmed": gettext("Confirmed"),
        "agreed_to_differ": gettext("Agreed to differ"),
        "still_open": gettext("Still open"),
        "not_contacted": gettext("Never spoken to"),
        "dismissed": gettext("Dismissed"),
    }

    def cells(person: Person | None) -> list[Cell]:
        found = [tables.count(_n(persons, person, name), lists.of(name, person)) for name in names]
        return [*found, tables.rate_gauge(_rate(persons, person, "confirmed"))]

    team = team_table(persons, closure, links, teams)
    head = [gettext("Person"), *names.values(), gettext("Confirmed, with interval")]
    return PeoplePage(
        note=team.note,
        loads=[_bar(person, lists) for person in persons],
        table=team.table,
        details=Table(gettext("What became of their tickets"), head, _rows(persons, cells)),
    )


def _rows(persons: Sequence[Person], cells: Callable[[Person | None], list[Cell]]) -> list[Row]:
    rows = [Row(person.user.name, cells(person), initials=person.user.initials) for person in persons]
    return [*rows, Row(gettext("Together"), cells(None), strong=True)]


def _n(persons: Sequence[Person], person: Person | None, name: str) -> int:
    return (person.counts if person else together(persons))[name]


def _rate(persons: Sequence[Person], person: Person | None, name: str) -> Rate:
    return (person.counts if person else together(persons)).rate(name)


def _load(persons: Sequence[Person], person: Person | None, href: str, closure: ClosureReport) -> Cell:
    shown = [person] if person else persons
    at_work, limit = sum(each.at_work for each in shown), sum(each.capacity for each in shown)
    words = gettext("%(count)s of %(all)s") % {"count": at_work, "all": limit} if limit else str(at_work)
    note = ""
    if person and person.away:
        day = on_day(reporting_day(person.away.ends_at), closure.now)
        note = gettext("away until %(day)s") % {"day": day}
    return Cell(words, href, note=note)


def _bar(person: Person, lists: _Lists) -> CauseBar:
    share = person.at_work / person.capacity if person.capacity else 0
    return CauseBar(
        name=person.user.name,
        href=lists.now("at_work", person),
        tickets=person.at_work,
        width=charts.percent(min(share, 1)),
        kind="bar-2" if share <= 1 else "bar-bad",
        share="",
        added=gettext("limit %(n)s") % {"n": person.capacity} if person.capacity else gettext("no limit"),
    )


def together(persons: Sequence[Person]) -> Counts:
    """What is counted of all of them."""
    return Counts.added(person.counts.by_name for person in persons)


def evenness(persons: Sequence[Person]) -> float | None:
    """How even the load of whoever is here lies on their limits, 1 for even; None where nobody carries anything."""
    loads = [(person.at_work, person.capacity) for person in persons if person.away is None and person.capacity]
    return sentences.load_fairness(loads)


def people_note(persons: Sequence[Person], links: Links) -> str:
    """How evenly the load lies, with the bars that it is reckoned from, and that this is no ranking."""
    index = evenness(persons)
    order = gettext("This table is ordered by name and ranks nobody.")
    if index is None or len(persons) < 2:
        return order
    even = said(
        gettext("Load per limit: evenness %(index)s, where 1 is even."),
        index=linked(f"{index:.2f}", f"{reverse('report-people')}?{links.filters.query()}#loads-h"),
    )
    return sentences.joined([even, order])
