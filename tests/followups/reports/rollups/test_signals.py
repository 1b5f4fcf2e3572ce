"""Signals read from kept days are those of the rows: whoever looks, however narrowed, whatever changed, at any time."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from django.apps import apps
from django.db import connection

from followups.models import (
    Action,
    ActionMove,
    ContactAttempt,
    DismissalRequest,
    Event,
    Resolution,
    RollupDay,
    RollupMark,
    Ticket,
)
from followups.models.tickets import TicketState
from followups.reports.metrics import ReportFilters, signals_report
from followups.reports.rollups import keeping
from nps_loop.people.models import User
from surveys.models import Response
from tests import factories as make
from tests.factories import DAY, HOUR, NOW
from tests.followups.reports.companies import Company, make_company
from tests.followups.reports.rollups.figures import count_everything, from_rows_only
from tests.followups.reports.rollups.test_figures import taken_back

pytestmark = pytest.mark.django_db

QUARTER = ReportFilters(NOW.date() - timedelta(days=90), NOW.date())
MINUTE = timedelta(minutes=1)


@pytest.fixture
def company() -> Company:
    """Has something of every signal, and every day of it is kept."""
    found = make_company(random.Random(5), tickets=150, answers=40)
    three_in_a_hurry()
    count_everything()
    return found


def three_in_a_hurry() -> None:
    """Of the standing resolutions the newest three lie minutes apart, and by another person the two before those."""
    first, second = User.objects.order_by("pk")[:2]
    rows = newest(5)
    for n, resolution in enumerate(rows):
        by, at = (first, NOW - 2 * n * MINUTE) if n < 3 else (second, NOW - 2 * DAY - 2 * n * MINUTE)
        Resolution.objects.filter(pk=resolution.pk).update(by=by, together=False, happened_at=at)


def newest(n: int) -> list[Resolution]:
    """Of tickets that count as declared."""
    settled = Ticket.objects.filter(state=TicketState.CLOSED, nobody_to_reach=False, left_in_peace=False, cycle=0)
    declared = settled.filter(day__gte=QUARTER.day_from).exclude(closed_as="left_in_peace")
    standing = Resolution.objects.filter(voided_at=None, cycle=0, ticket__in=declared)
    return list(standing.order_by("-happened_at", "pk")[:n])


def _a_third() -> None:
    """The same person resolves one more, in between."""
    one = Resolution.objects.get(happened_at=NOW - 2 * DAY - 6 * MINUTE)
    other = Ticket.objects.exclude(pk__in=Resolution.objects.filter(voided_at=None).values("ticket"))[0]
    make.make_resolution(other, happened_at=one.happened_at - MINUTE, by=one.by)


def lines(filters: ReportFilters = QUARTER, now: datetime = NOW) -> Any:
    found = signals_report.signals_report(filters, now=now).lines
    return sorted(found, key=lambda line: (line.signal, line.person))


def count_marked(now: datetime) -> None:
    keeping.count_days("signals", keeping.due_days("signals", now=now), now=now)


def differing(now: datetime) -> list[keeping.Difference]:
    return keeping.check("signals", keeping.days_there("signals"), now=now)[1]


def same_either_way(*some: ReportFilters, now: datetime = NOW) -> None:
    for filters in some:
        shown = lines(filters, now)
        with from_rows_only():
            assert shown == lines(filters, now), filters


def test_they_are_those_of_the_rows_for_everybody(company: Company) -> None:
    lead = replace(QUARTER, viewer=company.lead)
    some = (QUARTER, lead, replace(QUARTER, viewer=company.admin), replace(QUARTER, band="passive"))
    same_either_way(*some, replace(lead, band="detractor"), replace(QUARTER, survey_kind="relational"))
    same_either_way(replace(lead, day_from=NOW.date() - timedelta(days=40), day_to=NOW.date() - timedelta(days=9)))
    assert {line.signal for line in lines() if line.own.count} == set(signals_report.SIGNALS)


def test_no_row_is_looked_at_where_every_day_is_kept(company: Company) -> None:
    last = Ticket.objects.order_by("-day").values_list("day", flat=True)[0]
    with patch.object(signals_report, "count_signals", side_effect=AssertionError("rows were read")):
        for viewer in (None, company.admin):
            assert lines(replace(QUARTER, viewer=viewer, day_from=last - 30 * DAY, day_to=last))


CHANGES: dict[str, Callable[[], Any]] = {
    "nobody is told": lambda: Ticket.objects.update(told_at=None),
    "tickets are handed over": lambda: Ticket.objects.update(owner=None),
    "tickets come due": lambda: Ticket.objects.update(resolution_due_at=NOW - HOUR),
    "tickets are dismissed": lambda: Ticket.objects.filter(state=TicketState.CLOSED).update(
        state=TicketState.DISMISSED, closed_as="", dismissed_as="test"
    ),
    "others resolved": lambda: Resolution.objects.update(by=User.objects.order_by("-pk").first()),
    "resolved one by one": lambda: Resolution.objects.update(together=False),
    "resolved at once": lambda: Resolution.objects.update(together=True),
    "resolved later": lambda: Resolution.objects.filter(pk=newest(1)[0].pk).update(happened_at=NOW + HOUR),
    "one of a hurry is void": lambda: Resolution.objects.filter(pk=newest(2)[1].pk).update(voided_at=NOW),
    "one of a hurry is another's": lambda: Resolution.objects.filter(pk=newest(2)[1].pk).update(by=None),
    "resolved otherwise": lambda: Resolution.objects.update(told="not_reached"),
    "resolved without a mail": lambda: Resolution.objects.update(told="not_mailed", message=None),
    "all resolutions go": lambda: Resolution.objects.all()._raw_delete("default"),
    "a third is resolved in between": _a_third,
    "nobody tried": lambda: ContactAttempt.objects.all()._raw_delete("default"),
    "tries were talks": lambda: ContactAttempt.objects.update(outcome="spoke", voided_at=None),
    "talks are void": lambda: ContactAttempt.objects.update(voided_at=NOW),
    "talks were long ago": lambda: ContactAttempt.objects.update(happened_at=NOW - 900 * DAY),
    "scores were lowered": lambda: Event.objects.filter(verb="correct-score").update(data={"from": 6, "to": 2}),
    "scores were not corrected": lambda: Event.objects.filter(verb="correct-score").update(verb="note"),
    "others wished to dismiss": lambda: DismissalRequest.objects.update(asked_by=User.objects.order_by("-pk").first()),
    "wishes are taken back": lambda: DismissalRequest.objects.update(decided_at=NOW, approved=None),
    "others decided": lambda: DismissalRequest.objects.update(decided_by=User.objects.order_by("-pk").first()),
    "leads refused": lambda: DismissalRequest.objects.filter(decided_at__isnull=False).update(approved=False),
    "promises are none": lambda: Action.objects.update(first_promised_at=None),
    "promises were made long ago": lambda: Action.objects.update(first_promised_at=NOW - 80 * DAY),
    "dates were moved to an earlier one": lambda: ActionMove.objects.update(to_at=NOW - 900 * DAY),
    "no date was moved": lambda: ActionMove.objects.all()._raw_delete("default"),
    "answers are taken in again": lambda: Response.objects.update(excluded_as=""),
    "others left answers out": lambda: Response.objects.exclude(excluded_as="").update(
        excluded_by=User.objects.order_by("-pk").first()
    ),
}


@pytest.mark.usefixtures("company")
def test_no_change_is_missed_by_whatever_way_it_is_written() -> None:
    before = lines()
    for name, change in CHANGES.items():
        with taken_back():
            change()
            with from_rows_only():
                after = lines()
            assert before != after, name
            assert lines() == after, name
            count_marked(NOW)
            assert lines() == after, name
            assert not differing(NOW), name


@pytest.mark.usefixtures("company")
def test_what_no_signal_reads_marks_nothing() -> None:
    with taken_back():
        Event.objects.exclude(verb="correct-score").update(data={"x": 1})
        ContactAttempt.objects.update(note="x")
        Resolution.objects.update(what_changed="x")
        assert not RollupMark.objects.filter(kind="signals").exists()


@pytest.mark.usefixtures("company")
def test_they_change_by_themselves_as_time_passes() -> None:
    for later in (HOUR, -HOUR, 3 * DAY, 30 * DAY, -10 * DAY):
        with taken_back():
            same_either_way(QUARTER, now=NOW + later)
            count_marked(NOW + later)
            assert not differing(NOW + later)
            same_either_way(QUARTER, now=NOW + later)


def test_they_are_counted_where_tickets_were_there_before_they_were_kept(company: Company) -> None:
    RollupDay.objects.filter(kind="signals").delete()
    migration = import_module("followups.migrations.0024_kept_signals")
    migration.mark_every_day(apps, SimpleNamespace(connection=connection))
    count_marked(NOW)
    assert set(RollupDay.objects.filter(kind="signals").values_list("day", flat=True)) == set(
        Ticket.objects.values_list("day", flat=True)
    )
