"""What is judged and compared, against a naive recount: signals, goals, the effect of contact, and what changed."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from followups.models import Conversation, Deadline, Ticket
from followups.reports import metrics
from followups.reports.changes import rate_change
from followups.reports.metrics import ReportFilters
from followups.reports.metrics.attainment import goals_report
from followups.reports.metrics.signals_report import signals_report
from surveys.models import Contact, Invitation, Response
from surveys.scoring import band
from tests import factories as make
from tests.conftest import counted
from tests.factories import DAY, HOUR, NOW
from tests.followups.reports.books import Books, about, answers, effect, goals, loops, persons, signals
from tests.followups.reports.books.arithmetic import rate
from tests.followups.reports.checks import Caller, same
from tests.followups.reports.companies import companies, make_company
from tests.followups.reports.test_oracle import TODAY, asked_at_random, once

pytestmark = [pytest.mark.longest, pytest.mark.django_db]


@given(companies())
@settings(once, max_examples=counted(4, 200))
def test_signals_are_those_of_a_naive_recount(chance: random.Random) -> None:
    with transaction.atomic():
        company = make_company(chance, tickets=250, answers=60)
        days = {"day_from": TODAY - timedelta(days=90), "day_to": TODAY}
        everybody = ReportFilters(viewer=chance.choice([company.lead, company.admin, None]), **days)
        asked = chance.choice([everybody, everybody, replace(asked_at_random(company, then=False), **days)])
        books = Books(NOW)
        expected = signals.signals(books, asked)
        found = signals_report(asked, now=NOW).as_dict()
        check_signals(found, expected)
        lines = [line for people in expected.values() for line in people.values()]
        assert found["compared"] == sum(line["chance"] is not None for line in lines)
        with time_machine.travel(NOW, tick=False):
            caller = Caller(asked)
            if persons.leads_somebody(books, asked):
                check_signals(caller.get("reports/signals/").json(), expected)
            else:
                caller.get("reports/signals/", status=404)
        transaction.set_rollback(True)


def check_signals(found: dict[str, Any], expected: dict[str, dict[str, dict[str, Any]]]) -> None:
    for each in found["signals"]:
        people = {line["user"]: line for line in each["people"]}
        assert set(people) == set(expected[each["signal"]]), each["signal"]
        same(people, expected[each["signal"]], each["signal"])


@given(companies())
@settings(once, max_examples=counted(4, 200))
def test_goals_and_how_far_they_are_reached_are_those_of_a_naive_recount(chance: random.Random) -> None:
    with transaction.atomic():
        company = make_company(chance, tickets=60, answers=60)
        asked = asked_at_random(company, then=False)
        books = Books(NOW)
        expected = goals.attainments(books, asked)
        same(goals_report(asked, now=NOW).as_dict()["goals"], expected, "goals")
        with time_machine.travel(NOW, tick=False):
            caller = Caller(asked)
            if persons.leads_somebody(books, asked):
                same(caller.get("reports/goals/").json()["goals"], expected, "goals")
            else:
                caller.get("reports/goals/", status=404)
        transaction.set_rollback(True)


# --- the effect of contact ---------------------------------------------------------------------------------------


def make_heard_again(chance: random.Random, n: int) -> None:
    """Customers of few kinds, spoken to in time, late or never, most of whom answer again at some time."""
    brand, policy, calendar, source = make.make_brand(), make.make_policy(), make.make_calendar(), make.make_source()
    touchpoint = make.make_touchpoint("Invoice")
    strength = chance.choice([0, 0, 3])

    def answer(score: int, at: Any, contact: Any) -> Response:
        number = chance.getrandbits(60)
        return Response(
            source=source, external_id=f"e-{number}", score=score, band=band(score), contact=contact,
            segment=chance.choice(["", "Key account"]), survey_kind=chance.choice(["relational"] * 5 + ["episodic"]),
            touchpoint=touchpoint, responded_at=at, received_at=at, day=at.date(), version_at=at,
            content_digest=f"{number:064d}", decided_revision=1, excluded_as=chance.choice(["", "", "", "", "test"]),
        )  # fmt: skip

    contacts = Contact.objects.bulk_create(
        Contact(name=f"Customer {n}", email=f"heard-{chance.getrandbits(60)}@client.example") for n in range(n)
    )
    first = Response.objects.bulk_create(
        answer(
            chance.randint(4, 5), NOW - chance.choice([1, *(chance.randint(330, 390) for _ in range(9))]) * DAY, contact
        )
        for contact in contacts
    )
    threads = Conversation.objects.bulk_create(Conversation(brand=brand) for _ in first)
    survey = make.make_survey()
    tickets, owed, later, asked = [], [], [], []
    for row, thread in zip(first, threads, strict=True):
        due = row.responded_at + 48 * HOUR
        met = chance.choice([None, None, None, due - HOUR, due, due + HOUR, due + 20 * DAY])
        met = None if met is None or met > NOW else met
        ticket = Ticket(
            response=row, conversation=thread, contact=chance.choice([None, row.contact, row.contact, row.contact]),
            brand=brand, state="assigned", score=row.score, band=row.band, opened_at=row.received_at,
            responded_at=row.responded_at, received_at=row.received_at, day=row.day, first_contact_at=met,
            changed_at=row.received_at, resolution_due_at=due, version=1, left_in_peace=chance.random() < 0.05,
        )  # fmt: skip
        tickets.append(ticket)
        for ordinal in range(chance.choice([0, 1, 1, 1, 1, 2])):
            owed.append(
                Deadline(
                    ticket=ticket, cycle=0, ordinal=ordinal, target="first_contact", clock="customer", policy=policy,
                    calendar=calendar, starts_at=row.responded_at, minutes=48 * 60, due_at=due, met_at=met,
                )
            )  # fmt: skip
        for _ in range(chance.choice([0, 1, 2, 2])):
            at = row.responded_at + chance.choice([HOUR, 48 * HOUR, *(chance.randint(3, 380) * DAY for _ in range(6))])
            score = chance.randint(2, 8) + (strength if met is not None and met <= due else 0)
            if at <= NOW:
                later.append(answer(min(max(score, 0), 10), at, row.contact))
                if chance.random() < 0.3:
                    asked.append((row, later[-1]))
    Ticket.objects.bulk_create(tickets)
    Deadline.objects.bulk_create(owed)
    Response.objects.bulk_create(later)
    Invitation.objects.bulk_create(
        Invitation(
            survey=survey, contact=row.contact, cause="recovery", reference=f"e{number}", state="answered", recovers=row,
            response=heard, planned_for=row.responded_at, day=row.day, sent_at=row.responded_at, ended_at=heard.responded_at,
        )
        for number, (row, heard) in enumerate(asked)
    )  # fmt: skip


@given(companies())
@settings(once, max_examples=counted(4, 200))
def test_the_effect_of_contact_is_that_of_a_naive_matching(chance: random.Random) -> None:
    with transaction.atomic():
        make_heard_again(chance, chance.choice([30, 300, 500]))
        asked = ReportFilters(day_from=TODAY - timedelta(days=540), day_to=TODAY)
        expected = effect.effect(Books(NOW), asked)
        found = metrics.effect_report(asked, now=NOW).as_dict()
        for group, measures in expected["against_never"].items():
            for measure, each in measures.items():
                line = found["against_never"][group][measure]
                # Quantiles are approximate on both sides: no more is held than a hair of the interval's width.
                ends = each.pop("low"), each.pop("high")
                known = [end for end in ends if end is not None]
                hair = 2e-3 * (max(known) - min(known)) if len(known) == 2 else 0.05
                for name, wanted in zip(("low", "high"), ends, strict=True):
                    assert (line[name] is None) == (wanted is None), (group, measure, name)
                    assert wanted is None or line[name] == pytest.approx(wanted, abs=hair), (group, measure, name)
                if known and min(map(abs, known)) <= hair:
                    del each["verdict"]
        same(found, expected, "effect")
        transaction.set_rollback(True)


# --- what changed ------------------------------------------------------------------------------------------------


@given(companies(), st.sampled_from(["before", "year"]), st.booleans())
@settings(once, max_examples=counted(4, 200))
def test_the_time_before_and_every_change_are_those_of_a_naive_recount(
    chance: random.Random, compare: str, then: bool
) -> None:
    with transaction.atomic():
        company = make_company(chance, tickets=60, answers=500)
        everybody = ReportFilters(TODAY, TODAY, viewer=company.admin, as_of=NOW - DAY if then else None)
        asked = chance.choice([everybody, asked_at_random(company, then=then)])
        asked = replace(asked, day_from=TODAY - timedelta(days=35))
        books = Books(asked.as_of or NOW, then=then)
        back = timedelta(weeks=52) if compare == "year" else asked.day_to - asked.day_from + DAY
        before = replace(asked, day_from=asked.day_from - back, day_to=asked.day_to - back)
        found = metrics.earlier_report(asked, compare, now=NOW)
        assert found is not None
        counts, nps = loops.closure(books, before, ()), answers.nps(books, before, ())
        same(dict(found.counts.by_name), {name: counts[name] for name in found.counts.by_name}, "before")
        same(found.scores.as_dict(), {name: nps[name] for name in found.scores.as_dict()}, "before")
        moved = [(each["day_from"], each["day_to"], each["n"]) for each in answers.nps(books, asked, ())["by_period"]]
        assert [
            ((period.first + back).isoformat(), (period.last + back).isoformat()) for period, *_ in found.by_period
        ] == [(first, last) for first, last, _n in moved]
        for period, scores, counted_then in found.by_period:
            part = replace(asked, day_from=period.first, day_to=period.last)
            assert scores.nps.n == answers.nps(books, part, ())["n"]
            assert counted_then["due"] == loops.closure(books, part, ())["due"]
        each = metrics.touchpoints_report(asked, compare, now=NOW).as_dict()["touchpoints"]
        same(each, about.touchpoints(books, asked, compare), f"touchpoints.{compare}")
        transaction.set_rollback(True)


@given(st.integers(0, 400), st.integers(0, 400), st.floats(0, 1), st.floats(0, 1))
def test_a_change_of_a_rate_is_newcombes(of: int, of_before: int, share: float, share_before: float) -> None:
    count, count_before = round(of * share), round(of_before * share_before)
    found, now, then = rate_change(count, of, count_before, of_before), rate(count, of), rate(count_before, of_before)
    if now["rate"] is None or then["rate"] is None:
        assert found.value is None
        assert found.may_be_chance
        return
    apart = now["rate"] - then["rate"]
    low = apart - math.sqrt((now["rate"] - now["low"]) ** 2 + (then["high"] - then["rate"]) ** 2)
    high = apart + math.sqrt((now["high"] - now["rate"]) ** 2 + (then["rate"] - then["low"]) ** 2)
    assert (found.value, found.low, found.high) == pytest.approx((100 * apart, 100 * low, 100 * high), abs=1e-9)
    assert found.may_be_chance == (low <= 0 <= high)
