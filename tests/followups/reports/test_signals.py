"""Signals: each by its definition, compared with everybody else, and the very tickets behind each number."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from followups import replies
from followups.models import Action, ActionMove, ContactAttempt, Event, Resolution, Team, Ticket
from followups.models.tickets import TicketState
from followups.reports.metrics import ReportFilters
from followups.reports.metrics import signals as metrics
from followups.reports.metrics.signals import SIGNALS, Behind
from followups.reports.metrics.signals_report import Compared, compare, signals_report
from followups.reports.page.signals import question, signals_page
from followups.workflow import ending
from nps_loop.people.models import User
from tests import factories as make
from tests.factories import DAY, HOUR, NOW
from tests.followups.reports.anchors import anchors
from tests.followups.reports.lives import throw_together
from tests.followups.reports.test_reports_page import client_of, clock, counted_behind, page  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAYS = ReportFilters(day_from=NOW.date() - 90 * DAY, day_to=NOW.date())
MINUTE = timedelta(minutes=1)


@pytest.fixture
def nils(db: None) -> User:
    """Belongs with Hanna to a team that Tomás leads."""
    nils, hanna = make.make_user("Nils Aker", username="nils"), make.make_user("Hanna Brandt", username="hanna")
    make.make_team(
        "Key accounts",
        lead=make.make_user("Tomás Ruiz", username="tomas"),
        agents=(nils, hanna),
    )
    return nils


def a_ticket(owner: str, **fields: Any) -> Ticket:
    return make.make_ticket(
        owner=User.objects.get(username=owner), team=Team.objects.get(name="Key accounts"), answer={"responded_at": NOW - 30 * DAY},
        **fields,
    )  # fmt: skip


def resolved(owner: str, at: Any = NOW - 9 * DAY, *, by: str = "", told: bool = True, **fields: Any) -> Ticket:
    """A closed ticket that was resolved at a moment of its own."""
    ticket = a_ticket(owner, state=TicketState.CLOSED, resolved_at=at, told_at=at if told else None)
    by_user = User.objects.get(username=by or owner)
    make.make_resolution(ticket, happened_at=at, by=by_user, **fields)
    return ticket


def counts(signal: str, **filters: Any) -> dict[str, tuple[int, int]]:
    """User name -> how many were counted of how many."""
    report = signals_report(replace(DAYS, **filters), now=NOW)
    return {report.people[line.person].username: (line.own.count, line.own.of) for line in report.of(signal)}


# --- each by its definition ------------------------------------------------------------------------------------


def test_not_told_is_put_down_to_whoever_resolved(nils: User) -> None:
    resolved("hanna", told=False, by="nils")
    resolved("hanna")
    assert counts("not_told") == {"nils": (1, 1), "hanna": (0, 1)}


def test_in_bulk(nils: User) -> None:
    resolved("nils", together=True)
    resolved("nils")
    assert counts("together") == {"nils": (1, 2)}


@pytest.mark.parametrize(
    ("minutes", "hurried"),
    [([0, 2, 4], 3), ([0, 2, 7], 0), ([0, 2], 0), ([0, 1, 2, 3, 60], 4), ([0, 5, 10], 0), ([0, 3, 5, 8, 10], 5)],
)
def test_three_within_five_minutes_are_in_a_hurry(nils: User, minutes: list[int], hurried: int) -> None:
    for minute in minutes:
        resolved("nils", NOW - 9 * DAY + minute * MINUTE)
        resolved("hanna", NOW - 9 * DAY + minute * HOUR)
    assert counts("in_a_hurry") == {"nils": (hurried, len(minutes)), "hanna": (0, len(minutes))}


def test_what_was_resolved_at_once_is_no_hurry_and_hurries_nobody(nils: User) -> None:
    for minute in range(3):
        resolved("nils", NOW - 9 * DAY + minute * MINUTE, together=True)
    resolved("nils", NOW - 9 * DAY)
    assert counts("in_a_hurry") == {"nils": (0, 4)}


@pytest.mark.parametrize(("tries", "counted"), [(2, 1), (3, 1), (4, 0)])
def test_not_reached_after_no_more_tries_than_there_must_be(nils: User, tries: int, counted: int) -> None:
    ticket = resolved("nils", told=False)
    Resolution.objects.filter(ticket=ticket).update(told=Resolution.Told.NOT_REACHED)
    for n in range(tries):
        ContactAttempt.objects.create(
            ticket=ticket, cycle=0, by=nils, channel="phone", outcome="no_answer", happened_at=NOW - (20 - n) * DAY,
            recorded_at=NOW,
        )  # fmt: skip
    assert counts("not_reached") == {"nils": (counted, 1)}


def test_the_fewest_tries_and_the_verb_are_those_of_the_rules(nils: User) -> None:
    ticket = a_ticket("nils")

    def tried(n: int) -> list[ContactAttempt]:
        return [
            ContactAttempt(ticket=ticket, cycle=0, outcome=outcome, happened_at=NOW - day * DAY)
            for day, outcome in zip(range(n), metrics.TRIES * n, strict=False)
        ]

    assert ending.nobody_reached(ticket, tried(metrics.FEWEST_TRIES)) == ""
    assert ending.nobody_reached(ticket, tried(metrics.FEWEST_TRIES - 1)) != ""
    assert set(metrics.TRIES) == ending.TRIES
    assert metrics.CORRECTED == replies.CORRECTED


def test_not_asked_is_a_choice_and_no_mail_that_was_stopped(nils: User) -> None:
    resolved("nils", told=True)
    chosen = Resolution.Told.NOT_MAILED
    Resolution.objects.filter(ticket=resolved("nils")).update(told=chosen, no_mail_reason="Asked for none.")
    Resolution.objects.filter(ticket=resolved("nils")).update(told=chosen, message=make.make_message())
    assert counts("not_asked") == {"nils": (1, 3)}


def test_moved_dates_that_a_customer_had_been_told(nils: User) -> None:
    first = NOW - 5 * DAY
    told, untold, kept, earlier = (
        make.make_action(a_ticket("nils"), nils, first_promised_at=first, due_at=first + days, state=Action.State.DONE,
                         done_at=first)
        for days in (2 * DAY, timedelta(0), timedelta(0), -DAY)
    )  # fmt: skip
    moves = ((told, first, first + 2 * DAY), (untold, first - 3 * DAY, first), (earlier, first, first - DAY))
    for action, from_at, to_at in moves:
        ActionMove.objects.create(action=action, from_at=from_at, to_at=to_at, reason="More.", happened_at=first - DAY)
    assert kept.pk
    make.make_action(a_ticket("hanna"))
    assert counts("moved") == {"nils": (1, 4)}


def test_wishes_to_dismiss_and_who_agreed(nils: User) -> None:
    lead = User.objects.get(username="tomas")
    refused, withdrawn, open_one = (a_ticket("nils") for _ in range(3))
    make.make_dismissal_request(refused, approved=False, asked_by=nils, decided_by=lead)
    make.make_dismissal_request(withdrawn, asked_by=nils, decided_at=NOW)
    make.make_dismissal_request(open_one, asked_by=User.objects.get(username="hanna"))
    agreed = a_ticket("nils", state=TicketState.DISMISSED)
    make.make_dismissal_request(agreed, approved=True, asked_by=nils, decided_by=lead)
    assert counts("dismissal_asked") == {"nils": (2, 3), "hanna": (1, 1)}
    assert counts("dismissal_approved") == {"tomas": (1, 2)}


@pytest.mark.parametrize(
    ("after", "to", "counted"), [(HOUR, 9, 1), (24 * HOUR, 9, 1), (25 * HOUR, 9, 0), (-HOUR, 9, 0), (HOUR, 2, 0), (HOUR, 10, 1)]
)  # fmt: skip
def test_scores_raised_within_a_day_of_a_talk(nils: User, after: timedelta, to: int, counted: int) -> None:
    ticket = a_ticket("nils")
    talk = NOW - 3 * DAY
    ContactAttempt.objects.create(
        ticket=ticket, cycle=0, by=nils, channel="phone", outcome="spoke", happened_at=talk, recorded_at=talk,
        evidence_from=talk,
    )  # fmt: skip
    Event.objects.create(
        ticket=ticket, seq=1, actor_kind="customer", verb=replies.CORRECTED, data={"from": 3, "to": to},
        happened_at=talk + after, recorded_at=talk + after,
    )  # fmt: skip
    assert counts("corrected") == {"nils": (counted, 1)}


def test_unhappy_answers_that_somebody_left_out_of_nps(nils: User) -> None:
    lead = User.objects.get(username="tomas")
    for score in (0, 3, 9):
        make.make_response(score, excluded_as="spam", excluded_by=lead)
    make.make_response(2, excluded_as="own_staff")
    make.make_response(2, excluded_by=lead)  # left out once, and let count again
    make.make_response(10)
    report = signals_report(DAYS, now=NOW)
    (line,) = report.of("excluded")
    assert (line.own.count, line.own.of, line.others.count, line.others.of) == (2, 3, 2, 3)


# --- comparing -------------------------------------------------------------------------------------------------


def parts(**people: tuple[int, int]) -> dict[int | None, tuple[int, int]]:
    return dict(enumerate(people.values(), 1))


def test_one_who_does_it_far_more_often_than_others_is_asked_about() -> None:
    lines = compare({"moved": parts(nils=(15, 30), hanna=(3, 40), jo=(4, 40))})
    assert lines[0].compared == Compared.MORE
    assert lines[0].others.count == 7 and lines[0].others.of == 80
    assert question(lines[0], "Nils Aker").startswith("Dates were moved on 15 of 30 tickets with Nils Aker’s promises")


def test_what_would_stand_out_alone_may_be_chance_among_many() -> None:
    """Ten people compared by ten signals: a difference of 1 in 100 is bound to be there."""
    alone = compare({"moved": {1: (12, 30), None: (12, 80)}})
    assert alone[0].compared == Compared.MORE
    quiet = {f"signal-{n}": parts(a=(5, 30), b=(5, 30), c=(5, 30), d=(5, 30), e=(5, 30)) for n in range(10)}
    among = compare({"moved": {1: (12, 30), None: (12, 80)}, **quiet})
    assert among[0].chance == alone[0].chance
    assert among[0].compared == Compared.CHANCE


def test_under_twenty_on_either_side_there_are_only_counts() -> None:
    lines = compare({"moved": parts(nils=(19, 19), hanna=(0, 200)), "together": parts(nils=(20, 20), hanna=(0, 19))})
    assert [line.compared for line in lines] == [Compared.FEW] * 4
    assert lines[0].own.rate is None and lines[0].own.count == 19 and lines[0].chance is None


def test_random_people_who_are_all_alike_are_rarely_asked_about() -> None:
    """In 300 companies in which nobody differs from anybody, at most one in twenty may be asked about somebody."""
    chance = random.Random(7)
    wrong = 0
    for _ in range(300):
        found = {
            name: {person: (sum(chance.random() < 0.2 for _ in range(40)), 40) for person in range(1, 6)}
            for name in ("moved", "together", "not_told")
        }
        wrong += any(line.compared in (Compared.MORE, Compared.LESS) for line in compare(found))
    assert wrong <= 300 * 0.05


def test_nobody_is_compared_with_what_is_put_down_to_nobody_left_out() -> None:
    (line,) = compare({"not_told": {1: (1, 30), None: (20, 40)}})
    assert (line.others.count, line.others.of) == (20, 40)
    assert line.compared == Compared.LESS


# --- the page --------------------------------------------------------------------------------------------------


@pytest.fixture
def lead() -> User:
    """Leads both teams of random tickets; people resolve, move and exclude at random."""
    throw_together(11, tickets=90, answers=40)
    chance = random.Random(3)
    people = list(User.objects.all())
    for resolution in Resolution.objects.all():
        resolution.by = chance.choice([*people, None])
        resolution.happened_at = NOW - chance.randint(0, 40) * MINUTE
        resolution.together = chance.random() < 0.2
        resolution.told = chance.choice(Resolution.Told.values)
        resolution.save()
    lead = make.make_user("Tomás Ferreira")
    for team in Team.objects.exclude(slug="customer-care"):
        make.make_member(team, lead, role="lead", capacity=0)
    for response in metrics_answers():
        response.excluded_by = lead
        response.save()
    return lead


def metrics_answers() -> Any:
    return DAYS.answers().exclude(excluded_as="").order_by("pk")[:9]


@pytest.mark.parametrize("who", ["lead", "admin"])
def test_every_number_opens_exactly_as_many(lead: User, who: str) -> None:
    user = lead if who == "lead" else make.make_admin()
    answer = client_of(user).get("/reports/signals/")
    assert answer.status_code == 200
    numbers = [found for found in anchors(answer.content.decode()) if re.fullmatch(r"\d+", found.words)]
    assert len(numbers) > 40
    assert {urlsplit(found.href).path for found in numbers} == {"/tickets/", "/reports/answers/"}
    for found in numbers:
        assert counted_behind(found.href, user) == int(found.words), found


def test_a_lead_counts_the_teams_led_and_no_others(lead: User) -> None:
    from followups.models import Member

    other = Team.objects.exclude(slug="customer-care").order_by("pk").last()
    assert other is not None
    Member.objects.filter(team=other, user=lead).update(role="agent")
    report = signals_report(replace(DAYS, viewer=lead), now=NOW)
    expected = Ticket.objects.filter(team__slug__in=report.teams, owner__isnull=False).count()
    asked = sum(line.own.of for line in report.of("dismissal_asked"))
    assert other.slug not in report.teams
    assert 0 < asked <= expected + Ticket.objects.filter(team__slug__in=report.teams, owner=None).count()
    numbers = [found for found in anchors(page_of(lead)) if re.fullmatch(r"\d+", found.words)]
    for found in numbers:
        assert counted_behind(found.href, lead) == int(found.words), found


def page_of(user: User, query: str = "") -> str:
    answer = client_of(user).get(f"/reports/signals/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_is_for_leads(nils: User) -> None:
    assert client_of(nils).get("/reports/signals/").status_code == 404
    assert Client().get("/reports/signals/").status_code == 302
    assert client_of(User.objects.get(username="tomas")).get("/reports/signals/").status_code == 200
    assert client_of(User.objects.get(username="tomas")).post("/reports/signals/").status_code == 405
    assert signals_report(replace(DAYS, viewer=nils), now=NOW).lines == ()


def test_the_page_asks_and_judges_nobody(nils: User) -> None:
    for n in range(60):
        resolved("nils" if n < 25 else "hanna", NOW - (9 + n / 50) * DAY - n * HOUR, together=n < 20)
    text = page_of(User.objects.get(username="tomas"))
    assert "Nils Aker resolved 20 of 25 tickets in bulk, everybody else 0 of 35." in text
    assert "What did these customers have in common?" in text
    api = client_of(User.objects.get(username="tomas")).get("/api/v1/reports/signals/").json()
    found = {(each["signal"], person["user"]): person for each in api["signals"] for person in each["people"]}
    assert found["together", "nils"]["count"] == 20 and found["together", "nils"]["compared"] == "more"
    assert found["together", "hanna"]["compared"] == "less"
    assert api["compared"] == sum(person["chance"] is not None for person in found.values())


def test_names_with_markup_are_shown_as_they_are(nils: User) -> None:
    User.objects.filter(username="nils").update(first_name="O'Brien & Söhne", last_name="<x>")
    for n in range(60):
        resolved("nils" if n < 25 else "hanna", NOW - (9 + n / 50) * DAY - n * HOUR, together=n < 20)
    text = page_of(User.objects.get(username="tomas"))
    assert "<x>" not in text and "O&#x27;Brien &amp; Söhne &lt;x&gt; resolved 20 of 25" in text


def test_the_number_of_queries_does_not_grow(django_assert_num_queries: Callable[..., Any]) -> None:
    lead = make.make_user()
    for size in (5, 60):
        throw_together(size, tickets=size, answers=size)
        for team in Team.objects.exclude(members__user=lead):
            make.make_member(team, lead, role="lead")
        with django_assert_num_queries(12):
            signals_report(replace(DAYS, viewer=lead), now=NOW)


def test_every_signal_has_its_words_and_its_question(nils: User) -> None:
    laid_out = signals_page(signals_report(DAYS, now=NOW))
    assert len(laid_out.without) == len(SIGNALS)
    (line,) = compare({"moved": {1: (1, 2)}})
    for signal in SIGNALS:
        said = question(replace(line, signal=signal), "Jo")
        assert "Jo" in said and said.endswith("?")


@pytest.mark.parametrize(
    "text", ["", "moved", "moved.1", "no.1.all", "moved.x.all", "moved.1.some", "moved.--1.all", f"moved.{'9' * 19}.all", "moved.١.all"]
)  # fmt: skip
def test_a_number_that_was_made_up_is_refused(text: str, nils: User) -> None:
    with pytest.raises(ValueError):
        Behind.parse(text)
    assert client_of(nils).get("/tickets/", {"signal": text}).status_code == 200
    assert client_of(nils).get("/api/v1/tickets/", {"signal": text}).status_code == (400 if text else 200)
