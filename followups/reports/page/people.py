"""The table of people: counts with their intervals, ordered by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext

from followups.reports import sentences
from followups.reports.metrics import ClosureReport, Person, reporting_day
from followups.reports.page.figures import RateFigure, rate_of
from followups.reports.page.links import Links
from nps_loop.people.models import User


@dataclass(frozen=True, slots=True)
class PersonRow:
    user: User
    away_until: date | None
    at_work: int
    at_work_href: str
    capacity: int
    due: int
    on_time: RateFigure
    on_time_count: str
    confirmed_count: str
    confirmed_href: str
    not_yet: int
    not_yet_href: str


def person_row(person: Person, links: Links, closure: ClosureReport) -> PersonRow:
    counts, key = person.counts, {"owner": person.user.pk}
    of = gettext("%(count)s of %(all)s")
    on_time = rate_of(
        counts.rate("on_time"), "on_time", "", "bar", links.tickets("on_time", **key), closure.goal.percent
    )
    return PersonRow(
        user=person.user,
        away_until=reporting_day(person.away.ends_at) if person.away else None,
        at_work=person.at_work,
        at_work_href=links.tickets_now("at_work", **key),
        capacity=person.capacity,
        on_time=on_time,
        due=counts["due"],
        on_time_count=of % {"count": counts["on_time"], "all": counts["due"]},
        confirmed_count=of % {"count": counts["confirmed"], "all": counts["due"]},
        confirmed_href=links.tickets("confirmed", **key),
        not_yet=counts["said_not_yet"],
        not_yet_href=links.tickets("said_not_yet", **key),
    )


def people_note(people: Sequence[Person]) -> str:
    index = sentences.load_fairness([(p.at_work, p.capacity) for p in people if p.away is None and p.capacity])
    order = gettext("This table is ordered by name and ranks nobody.")
    if index is None or len(people) < 2:
        return order
    return f"{gettext('Load per limit: fairness index %(index)s of 1.') % {'index': f'{index:.2f}'}} {order}"


@dataclass(frozen=True, slots=True)
class Together:
    """The last row: everybody above, added up."""

    at_work: int
    capacity: int
    on_time: str
    confirmed: str
    not_yet: int


def together(people: Sequence[Person]) -> Together:
    def total(name: str) -> int:
        return sum(person.counts[name] for person in people)

    of, due = gettext("%(count)s of %(all)s"), total("due")
    return Together(
        at_work=sum(person.at_work for person in people),
        capacity=sum(person.capacity for person in people),
        on_time=of % {"count": total("on_time"), "all": due},
        confirmed=of % {"count": total("confirmed"), "all": due},
        not_yet=total("said_not_yet"),
    )
