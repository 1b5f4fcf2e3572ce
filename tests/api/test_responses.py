"""Answers in by the API: one, many, again, changed, refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from surveys.models import Account, Contact, Response, Source, Survey
from tests.api.conftest import Caller, key_caller

pytestmark = pytest.mark.django_db
URL = "/api/v1/responses/"
BULK = "/api/v1/responses/bulk/"


def errors(answer: Any) -> dict[str, str]:
    return {error["attr"]: error["detail"] for error in answer.json()["errors"]}


def test_an_answer_is_recorded_with_everything_it_says(ingest: Caller) -> None:
    answer = ingest.post(
        URL,
        {
            "external_id": "r-1", "score": 3, "comment": "Nobody called back.", "responded_at": "2026-11-20T10:00:00+01:00",
            "email": "grace@client.example", "contact_id": "c-9", "name": "Grace Okoye", "phone": "+49 40 123",
            "language": "de", "time_zone": "Europe/Berlin", "account": "A-17", "account_name": "Client AG",
            "touchpoint": "onboarding", "driver": "support", "contact_me": True, "share_name": False,
            "product": "Freight", "attributes": {"plan": "gold", "seats": 12},
        },
    )  # fmt: skip
    assert answer.status_code == 201, answer.content
    assert {name: answer.json()[name] for name in ("status", "source", "external_id", "score", "band", "revision")} == {
        "status": "recorded", "source": "api", "external_id": "r-1", "score": 3, "band": "detractor", "revision": 1,
    }  # fmt: skip
    row = Response.objects.select_related("contact", "account", "touchpoint").get(pk=answer.json()["id"])
    assert (row.verbatim, row.language, row.driver, row.product) == ("Nobody called back.", "de", "support", "Freight")
    assert (row.contact_me, row.share_name, row.attributes) == (True, False, {"plan": "gold", "seats": "12"})
    assert row.contact and (row.contact.name, row.contact.time_zone) == ("Grace Okoye", "Europe/Berlin")
    assert row.account and (row.account.external_id, row.account.name) == ("A-17", "Client AG")
    assert row.touchpoint and row.touchpoint.slug == "onboarding"
    assert row.responded_at.isoformat() == "2026-11-20T09:00:00+00:00"


def test_an_answer_without_a_date_was_given_when_it_came(ingest: Caller) -> None:
    before = timezone.now()
    answer = ingest.post(URL, {"score": 9})
    row = Response.objects.get(pk=answer.json()["id"])
    assert row.responded_at == row.received_at >= before
    assert not row.undated and not row.is_history


def test_the_same_answer_again_is_200_and_adds_nothing(ingest: Caller) -> None:
    body = {"external_id": "r-1", "score": 3, "comment": "Late."}
    first, second = ingest.post(URL, body), ingest.post(URL, body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["status"] == "duplicate"
    assert first.json()["id"] == second.json()["id"]
    assert Response.objects.count() == 1


def test_a_new_version_is_200_and_a_revision(ingest: Caller) -> None:
    ingest.post(URL, {"external_id": "r-1", "score": 9, "updated_at": "2026-11-20T10:00:00Z"})
    answer = ingest.post(URL, {"external_id": "r-1", "score": 2, "updated_at": "2026-11-20T11:00:00Z"})
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["revision"], answer.json()["band"]) == ("updated", 2, "detractor")


def test_without_id_and_key_each_post_is_an_answer_of_its_own(ingest: Caller) -> None:
    body = {"score": 3, "comment": "Late."}
    assert [ingest.post(URL, body).status_code for _ in range(2)] == [201, 201]
    assert Response.objects.count() == 2


def test_what_is_wrong_is_told_field_by_field(ingest: Caller) -> None:
    answer = ingest.post(
        URL,
        {"score": 11, "contact_me": "maybe", "responded_at": "yesterday", "coment": "Late.", "time_zone": "Mars/Base"},
    )
    assert answer.status_code == 400
    assert answer.json()["type"] == "validation_error"
    found = errors(answer)
    assert set(found) == {"score", "contact_me", "responded_at", "coment", "time_zone"}
    assert found["score"] == "A score goes from 0 to 10; this is 11."
    assert found["coment"].startswith("There is no such field. Known: source, external_id, score, comment")
    assert Response.objects.count() == 0


@pytest.mark.parametrize("score", [None, "", "NA", True, 7.5, -1, 11, [], {}, "nine", "９"])
def test_what_is_no_score_is_refused_and_never_taken_for_zero(ingest: Caller, score: Any) -> None:
    answer = ingest.post(URL, {"score": score})
    assert answer.status_code == 400
    assert "score" in errors(answer)
    assert Response.objects.count() == 0


@pytest.mark.parametrize(("score", "kept"), [(9, 9), (9.0, 9), ("9", 9), ("9.0", 9), ("10 - extremely likely", 10)])
def test_scores_are_taken_as_senders_write_them(ingest: Caller, score: Any, kept: int) -> None:
    answer = ingest.post(URL, {"score": score})
    assert (answer.status_code, answer.json()["score"]) == (201, kept)


def test_a_source_must_be_known(ingest: Caller) -> None:
    answer = ingest.post(URL, {"score": 3, "source": "webshop"})
    assert errors(answer) == {"source": "There is no source “webshop” that takes answers. Make it in the set-up."}
    Source.objects.create(slug="webshop", name="Web shop", is_active=False)
    assert ingest.post(URL, {"score": 3, "source": "webshop"}).status_code == 400
    Source.objects.update(is_active=True)
    assert ingest.post(URL, {"score": 3, "source": "webshop"}).json()["source"] == "webshop"


def test_a_key_of_one_source_sends_for_no_other() -> None:
    Source.objects.create(slug="webshop", name="Web shop")
    Source.objects.create(slug="desk", name="Desk")
    caller = key_caller("ingest", source="webshop")
    assert caller.post(URL, {"score": 3}).json()["source"] == "webshop"
    assert set(errors(caller.post(URL, {"score": 3, "source": "desk"}))) == {"source"}


def test_kind_and_survey_choose_the_source(ingest: Caller) -> None:
    Survey.objects.create(slug="onboarding", name="Onboarding", kind=Survey.Kind.EPISODIC)
    by_kind = ingest.post(URL, {"score": 3, "kind": "transactional"}).json()
    by_survey = ingest.post(URL, {"score": 3, "survey": "onboarding"}).json()
    assert (by_kind["source"], by_survey["source"]) == ("api-transactional", "api-onboarding")
    kinds = {row.pk: row.survey_kind for row in Response.objects.all()}
    assert kinds == {by_kind["id"]: "transactional", by_survey["id"]: "episodic"}
    assert set(errors(ingest.post(URL, {"score": 3, "survey": "onboarding", "kind": "relational"}))) == {"kind"}
    assert set(errors(ingest.post(URL, {"score": 3, "survey": "none-such"}))) == {"survey"}


def test_a_test_is_recorded_and_does_not_count(ingest: Caller) -> None:
    answer = ingest.post(URL, {"score": 0, "test": True})
    assert Response.objects.get(pk=answer.json()["id"]).excluded_as == "test"
    assert Response.objects.counted().count() == 0


@pytest.mark.parametrize(
    ("body", "acknowledged"),
    [
        ({}, True),
        ({"acknowledge": False}, False),
        ({"responded_at": (timezone.now() - timedelta(days=2)).isoformat()}, True),
        ({"responded_at": (timezone.now() - timedelta(days=8)).isoformat()}, False),
    ],
)
def test_nobody_is_thanked_unasked_or_for_an_old_answer(
    ingest: Caller, body: dict[str, Any], acknowledged: bool
) -> None:
    answer = ingest.post(URL, {"score": 3, **body})
    assert Response.objects.get(pk=answer.json()["id"]).acknowledge is acknowledged


def test_names_of_other_tools_are_understood_and_contradictions_refused(ingest: Caller) -> None:
    answer = ingest.post(URL, {"score": 3, "verbatim": "Late.", "account_id": "A-1", "customer_id": "c-1"})
    assert answer.status_code == 201
    assert Account.objects.get().external_id == "A-1"
    assert Contact.objects.count() == 1
    assert set(errors(ingest.post(URL, {"score": 3, "account": "A-1", "account_external_id": "A-2"}))) == {"account"}


def test_the_sender_is_told_nothing_about_the_customer_beyond_what_was_sent(ingest: Caller) -> None:
    ingest.post(URL, {"score": 3, "email": "grace@client.example", "name": "Grace Okoye"})
    answer = ingest.post(URL, {"score": 4, "email": "grace@client.example"})
    assert "Grace" not in answer.content.decode()


# --- many ------------------------------------------------------------------------------------------------------


def test_a_bulk_post_tells_what_became_of_each_row_in_order(ingest: Caller) -> None:
    ingest.post(URL, {"external_id": "r-1", "score": 3})
    ingest.post(URL, {"external_id": "r-2", "score": 3})
    answer = ingest.post(
        BULK,
        [
            {"external_id": "r-1", "score": 3},
            {"external_id": "r-3", "score": 10},
            {"score": "many"},
            {"external_id": "r-2", "score": 8},
            "nonsense",
            {"external_id": "r-3", "score": 10},
        ],
    )
    assert answer.status_code == 200
    body = answer.json()
    assert [(row["row"], row["status"], row["field"]) for row in body["outcomes"]] == [
        (1, "duplicate", ""),
        (2, "recorded", ""),
        (3, "rejected", "score"),
        (4, "updated", ""),
        (5, "rejected", ""),
        (6, "duplicate", ""),
    ]
    assert (body["recorded"], body["duplicates"], body["updated"], body["rejected"]) == (1, 2, 1, 2)
    assert body["outcomes"][2]["reason"] == "A score is a whole number from 0 to 10; this is 'many'."
    assert body["outcomes"][2]["id"] is None
    assert Response.objects.count() == 3


def test_rows_that_no_database_stores_are_rejected_alone(ingest: Caller) -> None:
    raw = (
        b'[{"score": 1, "comment": "a\\u0000b"}, {"score": 2}, {"score": 3, "name": "\\ud800"}, {"score": 4, "score": 5},'
        b' {"score": 1e400}, {"score": 3, "attributes": {"a": [[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]}}]'
    )
    body = ingest.post(BULK, raw).json()
    assert [(row["status"], row["field"]) for row in body["outcomes"]] == [
        ("rejected", "comment"),
        ("recorded", ""),
        ("rejected", "name"),
        ("rejected", "score"),
        ("rejected", "score"),
        ("rejected", ""),
    ]
    assert Response.objects.get().score == 2


@pytest.mark.parametrize("body", [[], {}, {"score": 3}, None, "text", 3, [{"score": 3}] * 5_001])
def test_a_bulk_post_is_a_list_of_one_to_five_thousand(ingest: Caller, body: Any) -> None:
    assert ingest.post(BULK, b"null" if body is None else body).status_code == 400
    assert Response.objects.count() == 0


def test_a_bulk_post_may_be_ten_megabytes_and_one_answer_one(ingest: Caller) -> None:
    long = [{"score": 3, "comment": "x" * 40_000}] * 100
    assert ingest.post(BULK, long).json()["recorded"] == 100
    assert ingest.post(BULK, b" " * (10 * 1024 * 1024 + 1)).status_code == 413
    assert ingest.post(URL, b" " * (1024 * 1024 + 1)).status_code == 413


# --- out -------------------------------------------------------------------------------------------------------


def test_answers_are_read_in_pages_and_one_with_its_versions(ingest: Caller, reading: Caller) -> None:
    for score in range(5):
        ingest.post(
            URL, {"external_id": f"r-{score}", "score": score, "comment": f"Grüße {score}", "touchpoint": "web"}
        )
    ingest.post(
        URL, {"external_id": "r-0", "score": 9, "updated_at": (timezone.now() - timedelta(hours=1)).isoformat()}
    )
    page = reading.get(URL, {"page_size": "3"}).json()
    assert [row["external_id"] for row in page["results"]] == ["r-4", "r-3", "r-2"]
    rest = reading.client.get(page["next"], headers=reading.headers).json()
    assert [row["external_id"] for row in rest["results"]] == ["r-1", "r-0"]
    assert rest["next"] is None
    found = reading.get(URL, {"q": "grusse", "band": "detractor", "touchpoint": "web", "score_min": "4"}).json()[
        "results"
    ]
    assert [row["score"] for row in found] == [4]
    one = reading.get(f"{URL}{rest['results'][1]['id']}/").json()
    assert [revision["number"] for revision in one["revisions"]] == [1, 2]


def test_a_filter_nobody_knows_is_an_error(reading: Caller) -> None:
    answer = reading.get(URL, {"touchpiont": "web"})
    assert answer.status_code == 400
    assert errors(answer)["touchpiont"].startswith("There is no such filter. Known: account")
