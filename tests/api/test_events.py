"""Events of other programs, and the surveys they lead to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from nps_loop.mail import suppression
from nps_loop.mail.models import Stream, Suppression
from surveys.models import Contact, Invitation, Survey
from tests.api.conftest import Caller
from tests.api.test_bad_input import BODIES, is_a_clear_refusal
from tests.factories import DAY, make_brand, make_contact, make_survey, make_ticket, make_touchpoint

pytestmark = pytest.mark.django_db

EVENT = {"touchpoint": "delivery", "reference": "ORDER-1", "email": "grace@client.example"}


@pytest.fixture(autouse=True)
def survey(db: None) -> Survey:
    make_brand()
    touchpoint = make_touchpoint("Delivery", slug="delivery")
    day = {"quiet_from": 0, "quiet_until": 0, "touchpoint": touchpoint}
    make_survey("After the journey", slug="journey", kind=Survey.Kind.EPISODIC, **day)
    make_survey("Yearly", slug="yearly", **day)
    return make_survey("After delivery", slug="after-delivery", kind=Survey.Kind.TRANSACTIONAL, wait_hours=24, **day)


def test_an_event_plans_the_survey_of_its_touchpoint_for_a_customer_who_need_not_be_known(ingest: Caller) -> None:
    now = timezone.now()
    answer = ingest.post(
        "/api/v1/events/",
        {
            **EVENT,
            "name": "Grace Adeyemi",
            "language": "de",
            "account": "A-9",
            "account_name": "Adeyemi Ltd",
            "phone": "1",
        },
    )

    assert answer.status_code == 201, answer.content
    body = answer.json()
    [planned] = body["invitations"]
    assert (body["status"], planned["survey"], planned["state"], planned["cause"]) == (
        "taken", "after-delivery", "planned", "event",
    )  # fmt: skip
    row = Invitation.objects.get()
    assert (row.pk, row.reference, row.language) == (planned["id"], "ORDER-1", "de")
    assert timedelta(hours=24) <= row.planned_for - now <= timedelta(hours=24, minutes=1)
    assert (row.contact.name, row.contact.email, row.account.external_id) == (
        "Grace Adeyemi", "grace@client.example", "A-9",
    )  # fmt: skip


def test_the_same_reference_told_again_asks_once(ingest: Caller) -> None:
    first = ingest.post("/api/v1/events/", EVENT)
    again = ingest.post("/api/v1/events/", {**EVENT, "name": "Grace"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["status"] == "known"
    assert again.json()["invitations"] == first.json()["invitations"]
    assert Invitation.objects.count() == 1 and Contact.objects.count() == 1


def test_another_customer_may_have_the_same_reference(ingest: Caller) -> None:
    ingest.post("/api/v1/events/", EVENT)
    assert ingest.post("/api/v1/events/", {**EVENT, "email": "tom@client.example"}).status_code == 201


def test_one_request_with_an_idempotency_key_is_done_once(ingest: Caller) -> None:
    first = ingest.post("/api/v1/events/", EVENT, Idempotency_Key="k")
    again = ingest.post("/api/v1/events/", EVENT, Idempotency_Key="k")
    assert (again.status_code, again.content) == (201, first.content)


def test_a_journey_that_ends_is_asked_about_as_well(ingest: Caller) -> None:
    answer = ingest.post("/api/v1/events/", {**EVENT, "journey_ended": True})
    asked = {(row["survey"], row["cause"]) for row in answer.json()["invitations"]}
    assert asked == {("after-delivery", "event"), ("journey", "journey")}


def test_the_answer_names_the_rule_that_stopped_it(ingest: Caller) -> None:
    suppression.suppress(["grace@client.example"], Stream.SURVEYS, Suppression.Reason.UNSUBSCRIBED, now=timezone.now())
    answer = ingest.post("/api/v1/events/", EVENT)

    [stopped] = answer.json()["invitations"]
    assert answer.status_code == 201
    assert (stopped["state"], stopped["stopped_by"], stopped["reason"]) == (
        "stopped", "suppressed", "asked for no more surveys",
    )  # fmt: skip


def test_a_customer_with_an_open_case_is_not_asked(ingest: Caller) -> None:
    contact = make_contact(email="grace@client.example")
    contact.keys.create(kind="email", value="grace@client.example")
    make_ticket(answer={"contact": contact, "responded_at": timezone.now() - 90 * DAY})

    assert ingest.post("/api/v1/events/", EVENT).json()["invitations"][0]["stopped_by"] == "open_case"


def test_what_happened_long_ago_is_not_asked_about(ingest: Caller) -> None:
    happened_at = (timezone.now() - 16 * DAY).isoformat()
    answer = ingest.post("/api/v1/events/", {**EVENT, "happened_at": happened_at})
    assert answer.json()["invitations"][0]["stopped_by"] == "too_late"


def test_where_no_survey_asks_the_answer_says_so(ingest: Caller, survey: Survey) -> None:
    Survey.objects.update(is_sent=False)
    answer = ingest.post("/api/v1/events/", EVENT)
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["invitations"]) == ("ignored", [])
    assert answer.json()["note"] == "No survey that is sent asks about this."


@pytest.mark.parametrize(
    ("change", "attr", "word"),
    [
        ({"touchpoint": "nowhere"}, "touchpoint", "no touchpoint"),
        ({"touchpoint": None}, "touchpoint", "required"),
        ({"reference": ""}, "reference", "required"),
        ({"reference": "x" * 201}, "reference", "201 characters"),
        ({"email": ""}, "email", "Say who"),
        ({"email": "not an address"}, "email", "not an e-mail address"),
        ({"happened_at": "yesterday"}, "happened_at", ""),
        ({"happened_at": "2199-01-01T00:00:00Z"}, "happened_at", "still to come"),
        ({"journey_ended": "yes"}, "journey_ended", "true"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "time zone"),
        ({"language": "klingon?"}, "language", "language"),
        ({"contact_id": "1", "contact_external_id": "2"}, "contact_id", "one of them"),
        ({"score": 3}, "score", "no such field"),
        ({"source": "nope"}, "source", "no source"),
        ({"name": "a\x00b"}, "", "NUL"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named_with_its_field_and_leaves_nothing(
    change: dict[str, Any], attr: str, word: str, ingest: Caller
) -> None:
    answer = ingest.post("/api/v1/events/", {**EVENT, **change})

    assert answer.status_code == 400, answer.content
    [error] = answer.json()["errors"]
    assert word in error["detail"]
    if attr:
        assert error["attr"] == attr
    assert not Invitation.objects.exists() and not Contact.objects.exists()


@pytest.mark.parametrize("name", BODIES)
def test_an_event_that_cannot_be_read_is_refused_with_a_sentence(name: str, ingest: Caller) -> None:
    answer = ingest.post("/api/v1/events/", BODIES[name])
    assert is_a_clear_refusal(answer), (answer.status_code, answer.content[:300])
    answer = ingest.post("/api/v1/events/bulk/", b"[" + BODIES[name] + b"]")
    assert answer.status_code in (200, 400), answer.content[:300]
    assert not Invitation.objects.exists()


def test_a_list_is_taken_row_by_row_at_the_cost_of_few(ingest: Caller) -> None:
    events = [{**EVENT, "email": f"c{n}@client.example"} for n in range(40)]
    events[3] = {**EVENT, "email": "c2@client.example"}
    events[5] = {"touchpoint": "delivery"}

    with CaptureQueriesContext(connection) as found:
        answer = ingest.post("/api/v1/events/bulk/", events)

    body = answer.json()
    assert answer.status_code == 200, answer.content
    assert {name: body[name] for name in ("taken", "known", "ignored", "rejected")} == {
        "taken": 38, "known": 1, "ignored": 0, "rejected": 1,
    }  # fmt: skip
    assert (body["outcomes"][5]["status"], body["outcomes"][5]["field"]) == ("rejected", "reference")
    assert [row["row"] for row in body["outcomes"]] == list(range(1, 41))
    assert Invitation.objects.count() == 38
    assert len(found) < 45


@pytest.mark.parametrize("count", [0, 5_001])
def test_a_list_of_no_or_too_many_events_is_refused_whole(count: int, ingest: Caller) -> None:
    answer = ingest.post("/api/v1/events/bulk/", [{}] * count)
    assert answer.status_code == 400 and "1 to 5,000" in answer.json()["errors"][0]["detail"]
