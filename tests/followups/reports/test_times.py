"""Both times on both clocks, against the calendars one ticket at a time."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followups import deadlines
from followups.calendars import WorkingHours, working_time
from followups.models import Calendar, Deadline, Event, Ticket
from followups.reports import metrics
from followups.reports.metrics.counting import TicketCohort
from followups.reports.metrics.working import Meter
from followups.reports.survival import Curve
from tests import factories as make
from tests.api.conftest import key_caller
from tests.factories import DAY, HOUR, NOW
from tests.followups.reports.lives import throw_together

QUARTER = metrics.ReportFilters(date(2026, 8, 27), date(2026, 11, 24))
OFFICE = WorkingHours("Europe/Berlin", (((540, 720), (780, 1050)),) * 5 + ((), ()), frozenset({date(2026, 10, 30)}))


def wait_for_the_customer(ticket: Ticket, *stretches: tuple[datetime, datetime | None]) -> None:
    """The events of a ticket that waited for its customer in these stretches; the last may still run."""
    seq = 0
    for off, on in stretches:
        moves = [("contacted", "waiting_on_customer", off), ("waiting_on_customer", "contacted", on)]
        for from_state, to_state, at in moves:
            # A note in between changes no state.
            for states in ((from_state, to_state), ("", "")):
                if at is not None:
                    seq += 1
                    Event.objects.create(
                        ticket=ticket, seq=seq, actor_kind="system", verb="wait", from_state=states[0],
                        to_state=states[1], happened_at=at, recorded_at=at,
                    )  # fmt: skip


def pinned_together(seed: int, tickets: int = 40) -> None:
    """Tickets in every state, with deadlines by two versions of a calendar, pauses and resolutions."""
    before = set(Ticket.objects.values_list("pk", flat=True))
    throw_together(seed, tickets=tickets, answers=0)
    chance = random.Random(seed)
    other = make.make_calendar(zone="Asia/Kolkata", weekly=[[[600, 1140]]] * 6 + [[]], closed_days=[["2026-11-09", ""]])
    for ticket in Ticket.objects.exclude(pk__in=before).order_by("pk"):
        if chance.random() < 0.7:
            calendar = chance.choice([other, make.make_calendar()])
            make.make_deadline(ticket, Deadline.Target.RESOLUTION, cycle=0, calendar=calendar)
        if ticket.state in ("resolved", "closed"):
            after = ticket.responded_at + chance.randint(0, 400) * HOUR
            ticket.resolved_at = chance.choice([None, min(after, NOW)])
            ticket.closed_at = NOW - HOUR if ticket.state == "closed" else None
            ticket.save()
        if chance.random() < 0.4:
            begins = ticket.responded_at + chance.randint(1, 60) * HOUR
            ends = begins + chance.randint(1, 90) * HOUR
            again = chance.choice([(ends + 5 * HOUR, ends + 30 * HOUR), (ends + 9 * HOUR, None)])
            wait_for_the_customer(ticket, (begins, ends), *([again] if chance.random() < 0.5 else []))


def calendar_of(ticket: Ticket, *targets: str) -> Calendar:
    """The calendar that the first of these deadlines is pinned to, else the team's, else the first there is."""
    for target in targets:
        row = Deadline.objects.filter(ticket=ticket, cycle=0, target=target).first()
        if row:
            return row.calendar
    return ticket.team.calendar if ticket.team else Calendar.objects.order_by("pk")[0]


def one_by_one(now: datetime) -> dict[str, tuple[list[float], list[float]]]:
    """Each curve's happened and waiting seconds, ticket by ticket."""
    found: dict[str, tuple[list[float], list[float]]] = {
        name: ([], []) for name in ("first_contact", "resolution", "first_contact_working", "resolution_working")
    }
    for ticket in metrics.figure_queryset("counted", QUARTER, now=now):
        ended = (ticket.resolved_at or ticket.closed_at) if ticket.state in ("resolved", "closed") else None
        pauses = deadlines.pauses(Event.objects.filter(ticket=ticket).order_by("seq"), now=now)
        contact, end = "first_contact", "resolution"
        for name, at, calendar in (
            (contact, ticket.first_contact_at, calendar_of(ticket, contact, end)),
            (end, ended, calendar_of(ticket, end, contact)),
        ):
            wall = max(((at or now) - ticket.responded_at).total_seconds(), 0)
            worked = working_time(calendar.hours, ticket.received_at, at or now, pauses).total_seconds()
            found[name][at is None].append(wall)
            found[f"{name}_working"][at is None].append(worked)
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(3))
def test_every_wait_equals_that_of_a_loop_over_the_tickets(seed: int) -> None:
    pinned_together(seed)
    report = metrics.times_report(QUARTER, now=NOW)
    expected = one_by_one(NOW)
    for name, (happened, waiting) in expected.items():
        found: Curve = getattr(report, name)
        assert list(found.happened) == pytest.approx(sorted(happened)), name
        assert list(found.waiting) == pytest.approx(sorted(waiting)), name
        assert found.competed == ()
    assert len(expected["resolution"][0]) > 3
    assert report.without_calendar == 0
    assert report.first_contact == metrics.closure_report(QUARTER, now=NOW).first_contact
    assert report.resolution == TicketCohort(QUARTER, now=NOW).resolution()


@pytest.mark.django_db
def test_a_ticket_is_counted_by_the_version_it_was_pinned_to() -> None:
    ticket = make.make_ticket(answer={"responded_at": NOW - 7 * DAY})
    old = make.make_calendar(slug="early", version=1, weekly=[[[600, 660]]] * 5 + [[], []])
    make.make_calendar(slug="early", version=2, weekly=[[[0, 1440]]] * 7)
    make.make_deadline(ticket, Deadline.Target.RESOLUTION, cycle=0, calendar=old)
    report = metrics.times_report(QUARTER, now=NOW)
    # One hour on each of five working days; 168 hours on the clock of the customer.
    assert report.resolution_working.waiting == (5 * 3600,)
    assert report.first_contact_working.waiting == (5 * 3600,)
    assert report.resolution.waiting == (168 * 3600,)


@pytest.mark.django_db
def test_the_team_clock_stands_still_while_the_customer_is_asked_and_the_other_does_not() -> None:
    ticket = make.make_ticket(answer={"responded_at": datetime.fromisoformat("2026-11-23T09:00+00:00")})
    calendar = make.make_calendar(weekly=[[[9 * 60, 17 * 60 + 30]]] * 5 + [[], []])
    make.make_deadline(ticket, Deadline.Target.RESOLUTION, calendar=calendar)
    wait_for_the_customer(ticket, (NOW - 2 * HOUR, None))
    report = metrics.times_report(QUARTER, now=NOW)
    assert report.resolution_working.waiting == (8.5 * 3600 + 3.5 * 3600,)
    assert report.resolution.waiting == (29.5 * 3600,)


@pytest.mark.django_db
def test_reopened_is_not_resolved_until_it_is_resolved_again() -> None:
    answer = {"responded_at": NOW - 9 * DAY}
    make.make_ticket(state="resolved", cycle=1, resolved_at=NOW - DAY, answer=answer)
    make.make_ticket(state="assigned", cycle=1, resolved_at=None, answer=answer)
    found = TicketCohort(QUARTER, now=NOW).resolution()
    assert (found.happened, found.waiting) == ((8 * 86400,), (9 * 86400,))


@pytest.mark.django_db
def test_a_ticket_without_any_calendar_is_named_and_in_no_curve_of_the_team() -> None:
    make.make_ticket()
    Calendar.objects.update(is_active=False)
    report = metrics.times_report(QUARTER, now=NOW)
    assert (report.without_calendar, report.first_contact_working.n, report.first_contact.n) == (1, 0, 1)


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow(django_assert_num_queries: Any) -> None:
    for size in (3, 60):
        pinned_together(size, tickets=size)
        with django_assert_num_queries(7):
            metrics.times_report(QUARTER, now=NOW)


@pytest.mark.django_db
def test_the_api_says_what_the_function_says(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)
    pinned_together(5)
    body = key_caller("read").get("/api/v1/reports/times/").json()
    assert body == metrics.times_report(QUARTER, now=NOW).as_dict()
    first = body["first_contact"]["customer_clock"]
    earliest, latest = first["median_between"]
    assert earliest <= first["median_seconds"]
    assert latest is None or first["median_seconds"] <= latest
    narrow = {"day_from": "2026-11-24", "day_to": "2026-11-24"}
    few = key_caller("read").get("/api/v1/reports/times/", narrow).json()["resolution"]["team_clock"]
    assert few["tickets"] < 20
    assert (few["median_seconds"], few["median_between"]) == (None, None)


minutes = st.integers(0, 60 * 24 * 150)


@given(minutes, minutes, st.lists(minutes, max_size=6))
def test_the_meter_counts_what_the_calendar_counts(start: int, end: int, cuts: list[int]) -> None:
    """Over the autumn's change of the clocks, a closed day and lunch breaks; pauses in any place."""
    base = datetime.fromisoformat("2026-07-01T00:00+00:00")
    moments = sorted(base + timedelta(minutes=cut) for cut in cuts)
    pauses = list(zip(moments[::2], moments[1::2], strict=False))
    worked = Meter(OFFICE, base, base + timedelta(days=150)).worked
    begins, ends = base + timedelta(minutes=start), base + timedelta(minutes=end)
    assert worked(begins, ends, pauses) == working_time(OFFICE, begins, ends, pauses).total_seconds()
