"""Tickets by the API: what the list can be narrowed by, its pages, and what one ticket tells to whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from followups.models import Event, Note, Reply, Ticket
from followups.models.tickets import TicketState
from tests.api.conftest import Caller, Cast
from tests.factories import (
    DAY,
    HOUR,
    NOW,
    make_account,
    make_action,
    make_admin,
    make_contact,
    make_deadline,
    make_message,
    make_resolution,
    make_response,
    make_root_cause,
    make_team,
    make_ticket,
    make_touchpoint,
    make_user,
)

pytestmark = pytest.mark.django_db
URL = "/api/v1/tickets/"


@pytest.fixture(autouse=True)
def _now(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def caller(db: None, _now: None) -> Caller:
    return Caller(user=make_admin())


def numbers(caller: Caller, **query: Any) -> set[int]:
    answer = caller.get(URL, query)
    assert answer.status_code == 200, answer.content
    return {row["number"] for row in answer.json()["results"]}


def test_each_filter_finds_its_tickets_and_no_others(caller: Caller) -> None:
    owner, web, cause = make_user("Hanna Brandt"), make_touchpoint(slug="web"), make_root_cause(slug="paper")
    sub = make_root_cause(slug="paper-twice", parent=cause)
    account = make_account("Müller & Söhne", external_id="A-1", search_name="muller & sohne", segment="key")
    grace = make_contact("Grace Okoye", account=account, search_name="grace okoye", phone="1")
    answer = {"verbatim": "Late again", "search_text": "late again", "touchpoint": web, "driver": "speed"}
    north = make_team()
    mine = make_ticket(
        make_response(2, contact=grace, survey_kind="transactional", account_owner=owner, **answer),
        owner=owner, team=north, due_at=NOW - HOUR, on_hold=True, customer_waits=True, contact_me=True,
        changed_at=NOW, rank=5,
    )  # fmt: skip
    other = make_ticket(
        score=7, answer={"responded_at": NOW - 40 * DAY}, nobody_to_reach=True, snoozed_until=NOW + HOUR, rank=1
    )
    closed = make_ticket(score=5, state=TicketState.CLOSED, cycle=1, answer={"search_text": "broken"})
    gone = make_ticket(score=6, state=TicketState.DISMISSED, due_at=NOW + DAY)
    make_resolution(closed, sub, cycle=1)
    everything = {ticket.pk for ticket in (mine, other, closed, gone)}
    expected: dict[tuple[str, str], set[Ticket]] = {
        ("state", "assigned"): {mine},
        ("live", "true"): {mine, other},
        ("live", "false"): {closed, gone},
        ("band", "passive"): {other},
        ("score_min", "6"): {other, gone},
        ("score_max", "2"): {mine},
        ("owner", owner.username): {mine},
        ("owner", str(owner.pk)): {mine},
        ("owner", "none"): {other, closed, gone},
        ("owner", "me"): set(),
        ("team", north.slug): {mine},
        ("account", str(account.pk)): {mine},
        ("account_external_id", "A-1"): {mine},
        ("contact", str(grace.pk)): {mine},
        ("conversation", str(mine.conversation_id)): {mine},
        ("touchpoint", "web"): {mine},
        ("driver", "speed"): {mine},
        ("root_cause", "paper-twice"): {closed},
        ("root_cause", "paper"): {closed},
        ("late", "true"): {mine},
        ("late", "false"): {other, closed, gone},
        ("unassigned", "true"): {other},
        ("snoozed", "true"): {other},
        ("snoozed", "false"): {mine, closed, gone},
        ("reopened", "true"): {closed},
        ("on_hold", "true"): {mine},
        ("customer_waits", "true"): {mine},
        ("contact_me", "true"): {mine},
        ("nobody_to_reach", "true"): {other},
        ("closed_as", "confirmed"): {closed},
        ("dismissed_as", "mistake"): {gone},
        ("day_from", (NOW - 2 * DAY).date().isoformat()): {mine, closed, gone},
        ("day_to", (NOW - 30 * DAY).date().isoformat()): {other},
        ("due_before", NOW.isoformat()): {mine},
        ("changed_since", NOW.isoformat()): {mine},
        ("segment", "key"): {mine},
        ("account_owner", str(owner.pk)): {mine},
        ("survey_kind", "transactional"): {mine},
        ("figure", "cause-paper-twice"): {closed},
        ("figure", "unassigned"): {other},
        ("q", "LATE"): {mine},
        ("q", "again late"): {mine},
        ("q", "late broken"): set(),
        ("q", "Okoye"): {mine},
        ("q", "muller"): {mine},
        ("q", "Müller"): {mine},
        ("q", f"#{closed.pk}"): {closed},
    }
    found = {pair: numbers(caller, **dict([pair])) for pair in expected}
    assert found == {pair: {ticket.pk for ticket in tickets} for pair, tickets in expected.items()}
    assert numbers(caller) == numbers(caller, q="", state="", owner="") == everything
    assert numbers(caller, state=["closed", "dismissed"]) == {closed.pk, gone.pk}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ownr", "me"), ("state", "open"), ("late", "maybe"), ("score_min", "11"), ("touchpoint", "none-such"),
        ("figure", "none-such"), ("ordering", "due_at"), ("page_size", "0"), ("page_size", "201"), ("day_from", "today"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_an_error_and_not_everything(name: str, value: str, caller: Caller) -> None:
    answer = caller.get(URL, {name: value})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == name


def test_pages_follow_each_other_there_and_back_over_equal_ranks(caller: Caller) -> None:
    made = [make_ticket(rank=rank).pk for rank in (3, 1, 1, 1, 1, 2, 1)]
    ordered = [made[i] for i in (1, 2, 3, 4, 6, 5, 0)]
    seen, page = [], caller.get(URL, {"page_size": "2"}).json()
    pages = [page]
    while True:
        seen += [row["number"] for row in page["results"]]
        if page["next"] is None:
            break
        page = caller.client.get(page["next"]).json()
        pages.append(page)
    assert seen == ordered
    assert pages[0]["previous"] is None
    back = caller.client.get(pages[-1]["previous"]).json()
    assert back["results"] == pages[-2]["results"]
    assert back["next"] is not None
    first = caller.client.get(caller.client.get(back["previous"]).json()["previous"]).json()
    assert (first["results"], first["previous"]) == (pages[0]["results"], None)


@pytest.mark.parametrize("order", ["rank", "-opened_at", "changed_at", "-responded_at", "score", "-score", "-number"])
def test_every_order_pages_through_all_tickets_once(order: str, caller: Caller) -> None:
    made = {make_ticket(score=n % 3, rank=n % 2, opened_at=NOW + n % 2 * HOUR).pk for n in range(7)}
    url, seen = f"{URL}?ordering={order}&page_size=3", []
    while url:
        page = caller.client.get(url).json()
        seen += [row["number"] for row in page["results"]]
        url = page["next"]
    assert (len(seen), set(seen)) == (7, made)


def test_a_cursor_is_good_for_its_own_order_only(caller: Caller) -> None:
    for _ in range(3):
        make_ticket()
    following = caller.get(URL, {"page_size": "1"}).json()["next"]
    assert caller.client.get(following).status_code == 200
    assert caller.client.get(following + "&ordering=score").status_code == 400


def test_a_list_costs_the_same_for_few_and_many(cast: Cast) -> None:
    caller = Caller(user=cast.agent)

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert caller.get(URL).status_code == 200
        return len(caught)

    few = queries()
    for _ in range(20):
        make_ticket(owner=cast.agent, team=cast.team)
    assert queries() == few


def fill(ticket: Ticket, by: Any, n: int) -> None:
    for seq in range(1, n + 1):
        Event.objects.create(
            ticket=ticket, seq=seq, actor_kind="person", actor=by, verb="note", happened_at=NOW, recorded_at=NOW
        )
        Note.objects.create(ticket=ticket, by=by, text="Called the depot.", happened_at=NOW)
        make_action(ticket, owner=by)
        make_deadline(ticket, ordinal=seq)
        make_message(case=ticket.pk, text="Dear Grace, [[link:loop]]", written_by=by)
    Reply.objects.create(ticket=ticket, cycle=0, via="mail", text="My lawyer waits.", happened_at=NOW, recorded_at=NOW)


def open_verbs_of(body: dict[str, Any]) -> set[str]:
    return {verb["name"] for verb in body["verbs"] if verb["is_open"]}


def test_one_ticket_tells_everything_at_constant_cost(cast: Cast) -> None:
    caller = Caller(user=cast.agent)
    fresh = caller.get(f"{URL}{cast.ticket.pk}/").json()
    assert fresh["next_step"]["verb"] in open_verbs_of(fresh)
    fill(cast.ticket, cast.agent, 1)
    with CaptureQueriesContext(connection) as few:
        caller.get(f"{URL}{cast.ticket.pk}/")
    Note.objects.all().delete()
    Event.objects.all().delete()
    cast.ticket.deadlines.all().delete()
    fill(cast.ticket, cast.agent, 6)
    with CaptureQueriesContext(connection) as many:
        body = caller.get(f"{URL}{cast.ticket.pk}/").json()
    assert len(many) == len(few)
    assert {name: len(body[name]) for name in ("events", "notes", "deadlines", "messages", "replies")} == {
        "events": 6, "notes": 6, "deadlines": 6, "messages": 7, "replies": 2,
    }  # fmt: skip
    assert body["deadlines"][0]["why"].startswith(
        "48 hours of the customer's time from 2026-11-23 14:30 UTC, by the policy"
    )
    assert "[[link:loop]]" in body["messages"][0]["text"]
    # A personal mail is on its way, as the ticket's page says too.
    assert body["next_step"]["verb"] == ""
    assert "It counts once the mail server has taken it." in body["next_step"]["reason"]
    assert {"log-contact", "note", "snooze"} <= open_verbs_of(body)
    assert all(bool(verb["why_not"]) is not verb["is_open"] for verb in body["verbs"])


def test_words_on_hold_are_read_by_owner_and_lead_only_and_not_found_by_others(cast: Cast) -> None:
    cast.ticket.on_hold = True
    cast.ticket.save()
    cast.ticket.response.verbatim = "My lawyer will write."
    cast.ticket.response.search_text = "my lawyer will write."
    cast.ticket.response.save()
    fill(cast.ticket, cast.agent, 1)

    def reads(user: Any) -> bool:
        caller = Caller(user=user)
        whole = caller.get(f"{URL}{cast.ticket.pk}/").content.decode()
        row = caller.get(URL).json()["results"][0]
        found = bool(numbers(caller, q="lawyer"))
        assert ("lawyer" in whole) is (row["words"] is not None) is found
        return found

    assert [reads(user) for user in (cast.agent, cast.lead, cast.admin, cast.mate, cast.back_office)] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_a_name_is_read_outside_the_team_only_where_the_customer_said_so(cast: Cast) -> None:
    contact = cast.ticket.contact
    contact.name, contact.search_name = "Grace Okoye", "grace okoye"
    contact.save()
    make_message(case=cast.ticket.pk, subject="Your answer, Grace", text="Dear Grace")

    def reads(user: Any) -> bool:
        caller = Caller(user=user)
        shown = "Grace" in caller.get(f"{URL}{cast.ticket.pk}/").content.decode()
        assert shown is ("Grace" in caller.get(URL).content.decode()) is bool(numbers(caller, q="grace"))
        return shown

    assert [reads(user) for user in (cast.agent, cast.mate, cast.back_office)] == [True, True, False]
    cast.ticket.response.share_name = True
    cast.ticket.response.save()
    assert reads(cast.back_office)


def test_who_was_only_given_an_action_reads_the_words_and_that_promise_and_nothing_around_them(cast: Cast) -> None:
    account = make_account("Nordby AB")
    Ticket.objects.filter(pk=cast.ticket.pk).update(account=account, hold_reason="Ask Grace first")
    fill(cast.ticket, cast.agent, 2)
    Note.objects.create(ticket=cast.ticket, by=cast.agent, text="Grace is about to cancel.", happened_at=NOW)
    make_message(case=cast.ticket.pk, subject="About it")

    caller = Caller(user=cast.back_office)
    body = caller.get(f"{URL}{cast.ticket.pk}/").json()
    assert {action["owner"]["id"] for action in body["actions"]} == {cast.back_office.pk}
    assert body["words"] == cast.ticket.response.verbatim
    empty = ("notes", "attempts", "replies", "verdicts", "events", "messages", "resolutions", "dismissal_requests")
    assert {name: body[name] for name in empty} == {name: [] for name in empty}
    assert body["hold_reason"] == "" and body["account"] is None
    assert caller.get(URL).json()["results"][0]["account"] is None
    assert Caller(user=cast.mate).get(f"{URL}{cast.ticket.pk}/").json()["account"]["name"] == "Nordby AB"


def test_times_are_utc_and_late_is_by_now(caller: Caller, time_machine: Any) -> None:
    ticket = make_ticket(due_at=NOW + timedelta(minutes=1))
    assert numbers(caller, late="true") == set()
    time_machine.shift(timedelta(minutes=2))
    assert numbers(caller, late="true") == {ticket.pk}
    assert caller.get(f"{URL}{ticket.pk}/").json()["due_at"] == "2026-11-24T14:31:00Z"


def test_everybody_gets_english_and_utc(cast: Cast) -> None:
    cast.agent.language, cast.agent.time_zone = "de", "Asia/Tokyo"
    cast.agent.save()
    caller = Caller(user=cast.agent)
    url = f"{URL}{cast.ticket.pk}/"
    assert caller.get(url, **{"Accept-Language": "fr"}).json()["responded_at"] == "2026-11-23T14:30:00Z"
    assert caller.post(f"{url}note/", {}).json()["errors"][0]["detail"] == "This field is required."
    caller.post(
        f"{url}log-contact/",
        {"version": 0, "channel": "phone", "outcome": "no_answer", "happened_at": "2026-11-24T14:00"},
    )
    assert caller.get(url).json()["attempts"][0]["happened_at"] == "2026-11-24T14:00:00Z"


def test_the_next_is_given_to_whoever_asks_and_with_none_the_answer_says_why(cast: Cast) -> None:
    waits = make_ticket(team=cast.team)
    agent = Caller(user=cast.agent)
    answer = agent.post("/api/v1/tickets/next/")
    assert answer.status_code == 200, answer.content
    assert answer.json()["number"] == waits.pk and answer.json()["owner"]["username"] == cast.agent.username
    again = agent.post("/api/v1/tickets/next/")
    assert again.status_code == 409
    assert again.json()["errors"][0]["code"] == "nothing_to_take"
    assert "No ticket of your teams" in again.json()["errors"][0]["detail"]
