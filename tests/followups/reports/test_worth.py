"""Accounts at risk and saved, reopened tickets and moved promises, against loops over all rows."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from followups.models import Event, Ticket
from followups.reports import metrics
from surveys.models import Account, Invitation
from tests import factories as make
from tests.api.conftest import key_caller
from tests.factories import DAY, HOUR, NOW
from tests.followups.reports.lives import throw_together
from tests.surveys.asking.rows import make_planned

pytestmark = pytest.mark.django_db
QUARTER = metrics.ReportFilters(date(2026, 8, 27), date(2026, 11, 24))


def event(ticket: Ticket, from_state: str, to_state: str) -> None:
    seq = ticket.events.count() + 1
    Event.objects.create(
        ticket=ticket, seq=seq, cycle=ticket.cycle, actor_kind="system", verb="reopen", from_state=from_state,
        to_state=to_state, happened_at=NOW - HOUR, recorded_at=NOW - HOUR,
    )  # fmt: skip


def at_accounts(seed: int, tickets: int = 60) -> None:
    """Tickets of few accounts, some worth nothing that we know; closed ones were asked again, some are happier."""
    chance = random.Random(seed)
    before = set(Ticket.objects.values_list("pk", flat=True))
    throw_together(seed, tickets=tickets, answers=0)
    survey = make.make_survey()
    accounts = [
        make.make_account(
            annual_value=chance.choice([None, Decimal("1200.50"), Decimal(90_000)]),
            currency=chance.choice(["EUR", "EUR", "CHF"]),
        )
        for _ in range(9)
    ]
    for ticket in Ticket.objects.exclude(pk__in=before).select_related("response"):
        ticket.account = chance.choice([*accounts, None])
        ticket.contact = ticket.response.contact = make.make_contact(account=ticket.account)
        ticket.response.save()
        ticket.save()
        if chance.random() < 0.6:
            answer = make.make_response(chance.choice((1, 8, 10)), contact=ticket.contact, responded_at=NOW - HOUR)
            state, sent = Invitation.State.ANSWERED, NOW - DAY
            make_planned(survey, ticket.contact, recovers=ticket.response, state=state, response=answer, sent_at=sent)
        moves = [("contacted", "resolved"), ("resolved", "assigned"), ("closed", "assigned"), ("dismissed", "assigned")]
        for move in chance.sample(moves, chance.choice((0, 1, 1, 2))):
            event(ticket, *move)


def summed(accounts: set[Account]) -> tuple[int, dict[str, Decimal], int]:
    sums: dict[str, Decimal] = {}
    for account in accounts:
        if account.annual_value is not None:
            sums[account.currency] = sums.get(account.currency, Decimal(0)) + account.annual_value
    return len(accounts), sums, sum(account.annual_value is None for account in accounts)


def opened(name: str) -> set[int]:
    return set(metrics.figure_queryset(name, QUARTER, now=NOW).values_list("pk", flat=True))


@pytest.mark.parametrize("seed", range(3))
def test_accounts_are_counted_once_and_open_their_tickets(seed: int) -> None:
    at_accounts(seed)
    report = metrics.worth_report(QUARTER, now=NOW)
    live = ("new", "assigned", "contacted", "in_action", "waiting_on_customer")
    due = opened("due")
    at_risk, saved, over = set(), set(), set()
    for ticket in Ticket.objects.select_related("account", "response"):
        if ticket.account is None or ticket.band != "detractor":
            continue
        if ticket.state in live:
            at_risk.add(ticket)
        answers = [row.response for row in Invitation.objects.filter(recovers=ticket.response) if row.response]
        if answers and answers[0].score >= 7:
            saved.add(ticket)
        if ticket.pk in due:
            over.add(ticket.account)
    for name, tickets, found in (("at_risk", at_risk, report.at_risk), ("saved", saved, report.saved)):
        accounts = {ticket.account for ticket in tickets}
        assert (found.accounts, found.by_currency, found.without_value) == summed(accounts)
        assert opened(name) == {ticket.pk for ticket in tickets}
        without = {ticket.pk for ticket in tickets if ticket.account.annual_value is None}
        assert opened(f"{name}_without_value") == without
        assert len(tickets) > len(accounts) > 1
    of_saved = {ticket.account for ticket in saved}
    assert report.at_risk_again == len(of_saved & {ticket.account for ticket in at_risk})
    assert (report.saved_rate.count, report.saved_rate.of) == (len(of_saved & over), len(over))


def test_what_is_at_risk_is_so_whatever_the_day_and_what_was_saved_is_of_the_cohort() -> None:
    account = make.make_account(annual_value=Decimal(500))
    long_ago = {"contact": make.make_contact(account=account), "responded_at": NOW - 400 * DAY}
    make.make_ticket(answer=long_ago)
    assert metrics.worth_report(QUARTER, now=NOW).at_risk.by_currency == {"EUR": Decimal(500)}
    Ticket.objects.update(state="resolved")
    assert metrics.worth_report(QUARTER, now=NOW).at_risk.accounts == 0


@pytest.mark.parametrize("seed", range(3))
def test_reopened_and_moved_equal_a_loop_over_the_tickets(seed: int) -> None:
    at_accounts(seed)
    counted = opened("counted")
    reopened, ever = set(), set()
    for ticket in Ticket.objects.filter(pk__in=counted):
        again = any(e.from_state in ("resolved", "closed") and e.to_state == "assigned" for e in ticket.events.all())
        if again:
            reopened.add(ticket.pk)
        if again or ticket.state in ("resolved", "closed"):
            ever.add(ticket.pk)
    report = metrics.reopening_report(QUARTER, now=NOW)
    assert (report.reopened.count, report.reopened.of) == (len(reopened), len(ever))
    assert opened("reopened") == reopened
    assert opened("ever_resolved") == ever
    promises = metrics.closure_report(QUARTER, now=NOW).promises
    assert (report.promises_moved.count, report.promises_moved.of) == (promises["promises_moved"], promises["promises"])
    assert 0 < len(reopened) < len(ever)


def test_a_dismissal_taken_back_is_no_reopening() -> None:
    event(make.make_ticket(state="assigned", cycle=1), "dismissed", "assigned")
    assert metrics.reopening_report(QUARTER, now=NOW).reopened.of == 0


def test_under_twenty_there_is_no_rate_and_from_twenty_on_it_has_an_interval() -> None:
    for n in range(20):
        if n == 19:
            assert metrics.reopening_report(QUARTER, now=NOW).reopened.rate is None
        ticket = make.make_ticket(state="resolved", cycle=1 if n < 4 else 0)
        if n < 4:
            event(ticket, "closed", "assigned")
    found = metrics.reopening_report(QUARTER, now=NOW).reopened
    assert (found.count, found.of, found.rate) == (4, 20, 0.2)
    assert found.low < 0.2 < found.high


def test_everybody_counts_what_they_may_see(django_assert_num_queries: Any) -> None:
    agent = make.make_user()
    north = make.make_team("North", agents=(agent,))
    for team in (north, None):
        account = make.make_account(annual_value=Decimal(10))
        make.make_ticket(team=team, answer={"contact": make.make_contact(account=account)})
    filters = replace(QUARTER, viewer=agent)
    assert metrics.worth_report(filters, now=NOW).at_risk.by_currency == {"EUR": Decimal(10)}
    assert metrics.worth_report(QUARTER, now=NOW).at_risk.by_currency == {"EUR": Decimal(20)}
    at_accounts(9)
    with django_assert_num_queries(9):
        metrics.worth_report(QUARTER, now=NOW)
    with django_assert_num_queries(5):
        metrics.reopening_report(QUARTER, now=NOW)


def test_the_api_says_what_the_functions_say(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)
    at_accounts(4)
    reading = key_caller("read")
    worth = reading.get("/api/v1/reports/worth/").json()
    assert worth == metrics.worth_report(QUARTER, now=NOW).as_dict()
    assert reading.get("/api/v1/reports/reopening/").json() == metrics.reopening_report(QUARTER, now=NOW).as_dict()
    rows = reading.get("/api/v1/tickets/", {"figure": "at_risk", "page_size": 100}).json()["results"]
    assert len({row["account"]["id"] for row in rows}) == worth["at_risk"]["accounts"]
    for name in ("saved", "reopened", "due_detractor"):
        query = {"figure": name, "day_from": "2026-08-27", "day_to": "2026-11-24", "page_size": 100}
        assert {row["number"] for row in reading.get("/api/v1/tickets/", query).json()["results"]} == opened(name)
