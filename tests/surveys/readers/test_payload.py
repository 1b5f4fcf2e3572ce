"""A posted object becomes an answer, or a list of what is wrong with it."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from surveys.incoming import IncomingResponse
from surveys.readers.payload import read_payload
from tests.factories import NOW


def read(body: object, zone=UTC):
    return read_payload(1, body, zone=zone, now=NOW)


def wrong(body: object) -> dict[str, str]:
    rejections = read(body)
    assert isinstance(rejections, list), rejections
    return {rejection.field: rejection.reason for rejection in rejections}


def test_the_smallest_answer_is_a_score():
    assert read({"score": 3}) == IncomingResponse(row=1, score=3)


@pytest.mark.parametrize("score", [9, 9.0, "9", " 9.0 ", "9 - very likely"])
def test_scores_that_are_accepted(score):
    assert read({"score": score}).score == 9


@pytest.mark.parametrize("score", [None, "", "NA", True, 7.5, 11, -1, [9], {"a": 1}, "nine", float("nan"), 10**400])
def test_scores_that_are_refused_with_a_reason(score):
    assert wrong({"score": score})["score"]


def test_every_field_arrives():
    answer = read(
        {
            "score": "8",
            "external_id": 5435,
            "comment": "  Eleven days.  ",
            "driver": "Support",
            "email": "Ada@Client.example",
            "customer_id": 17,
            "name": "Ada",
            "phone": "+49 40 1",
            "language": "de-at",
            "account_id": "A-1",
            "company": "Client",
            "touchpoint": "onboarding",
            "contact_me": False,
            "share_name": None,
            "answered_for": "A-2",
            "product": "Box",
            "responded_at": "2026-11-23T09:00:00+01:00",
            "updated_at": 1795424400,
            "attributes": {"plan": "Enterprise", "seats": 12, "trial": False, "none": None},
            "region": "EMEA",
        }
    )
    assert answer == IncomingResponse(
        row=1,
        score=8,
        external_id="5435",
        comment="Eleven days.",
        driver="Support",
        email="Ada@Client.example",
        contact_external_id="17",
        name="Ada",
        phone="+49 40 1",
        language="de-AT",
        account_external_id="A-1",
        account_name="Client",
        touchpoint="onboarding",
        contact_me=False,
        share_name=None,
        answered_for="A-2",
        product="Box",
        responded_at=datetime(2026, 11, 23, 8, tzinfo=UTC),
        version_at=datetime.fromtimestamp(1795424400, UTC),
        attributes={"plan": "Enterprise", "seats": "12", "trial": "no", "region": "EMEA"},
    )


def test_a_naive_time_is_in_the_zone_of_the_source():
    answer = read({"score": 1, "responded_at": "2026-11-23T09:00:00"}, zone=ZoneInfo("Europe/Berlin"))
    assert answer.responded_at == datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_each_field_at_fault_is_named():
    found = wrong(
        {
            "score": 12,
            "comment": 5,
            "contact_me": "no",
            "responded_at": "03/11/2026",
            "language": "the usual",
            "attributes": [1],
            "extra": {"deep": [1]},
        }
    )
    assert set(found) == {"score", "comment", "contact_me", "responded_at", "language", "attributes", "extra"}


@pytest.mark.parametrize("body", [None, [], "score", 9, True, [[[]]]])
def test_what_is_no_object_is_refused(body):
    assert wrong(body)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"score": 1, "comment": "a\x00b"}, "comment"),
        ({"score": 1, "comment": json.loads('"\\ud800"')}, "comment"),
        ({"score": 1, "attributes": {json.loads('"\\udfff"'): "x"}}, "attributes"),
        ({"score": 1, "attributes": {"x": "\x00"}}, "attributes"),
        ({"score": 1, "external_id": "x" * 251}, "external_id"),
        ({"score": 1, "comment": "x" * 50_001}, "comment"),
        ({"score": 1, "attributes": {str(n): n for n in range(101)}}, "attributes"),
        ({"score": 1, "responded_at": "2027-11-24T00:00:00Z"}, "responded_at"),
        ({"score": 1, "responded_at": "1970-01-01T00:00:00Z"}, "responded_at"),
        ({"score": 1, "responded_at": 10**30}, "responded_at"),
        ({"score": 1, "external_id": 10**400}, "external_id"),
        ({"score": 1, "customer_id": "1", "contact_id": "2"}, "contact_id"),
    ],
)
def test_what_no_database_takes_is_refused_by_field(body, field):
    assert list(wrong(body)) == [field]


def test_a_whole_emoji_is_text():
    assert read({"score": 1, "comment": "\U0001f621 née 中文"}).comment == "\U0001f621 née 中文"
