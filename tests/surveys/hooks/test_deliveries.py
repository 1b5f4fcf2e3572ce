"""What survey tools send by themselves: signed, read, recorded once; refused and ignored with a reason."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from followups.models import Ticket
from nps_loop.people.models import IdempotentRequest
from surveys.models import Response, Source
from tests.factories import make_source
from tests.surveys.hooks.test_signing import SECRET, WHSEC, standard

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _counts_start_at_nothing() -> None:
    cache.clear()


def hook(preset: str = Source.Preset.PLAIN, **fields: Any) -> Source:
    return make_source(
        **{"slug": "shop", "channel": Source.Channel.WEBHOOK, "preset": preset, "secrets": [SECRET], **fields}
    )


def send(body: Any, *, slug: str = "shop", secret: str = SECRET, kind: str = "application/json", **headers: str) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Client().post(f"/hooks/{slug}/", raw, content_type=kind, headers={"X-Webhook-Secret": secret, **named})


def sign(source: Source, raw: bytes) -> dict[str, str]:
    from surveys.hooks.presets import PRESETS
    from tests.surveys.hooks.test_signing import plain

    return plain(PRESETS[source.preset].scheme, raw=raw)


def deliver(source: Source, body: Any, kind: str = "application/json") -> Any:
    """Send as the vendor of the source signs."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    if source.preset in (Source.Preset.STANDARD, Source.Preset.FORMBRICKS):
        headers = standard(raw, at=timezone.now())
    else:
        headers = sign(source, raw)
    return Client().post(f"/hooks/{source.slug}/", raw, content_type=kind, headers=headers)


def test_a_delivery_becomes_an_answer_with_everything_it_says() -> None:
    hook()
    answer = send(
        {
            "external_id": 4711, "score": "3", "comment": "Two weeks late.", "email": "marta@kund.se", "name": "Marta Lind",
            "account": "A-17", "contact_me": "yes", "language": "Swedish or so", "attributes": {"plan": "gold", "x": [1]},
            "responded_at": timezone.now().isoformat(),
        }
    )  # fmt: skip
    assert (answer.status_code, answer.json()["status"]) == (201, "recorded")
    row = Response.objects.select_related("contact", "account").get(pk=answer.json()["id"])
    assert (row.source.slug, row.external_id, row.score, row.verbatim) == ("shop", "4711", 3, "Two weeks late.")
    assert row.contact and row.contact.email == "marta@kund.se" and row.contact_me is True
    assert row.account and row.account.external_id == "A-17"
    assert row.attributes == {"plan": "gold"}


def test_the_same_delivery_again_adds_nothing() -> None:
    hook()
    body = {"external_id": "r-1", "score": 3}
    assert [send(body).status_code for _ in range(3)] == [201, 200, 200]
    assert send(body).json()["status"] == "duplicate"
    assert Response.objects.count() == 1


def test_without_an_id_the_same_content_is_the_same_answer() -> None:
    hook()
    body = {"score": 3, "comment": "Late.", "email": "marta@kund.se"}
    assert [send(body).status_code, send(body).status_code] == [201, 200]
    assert send({**body, "comment": "Late again."}).status_code == 201
    assert Response.objects.count() == 2


def test_a_lower_score_in_a_later_delivery_is_a_version_of_the_same_answer() -> None:
    hook()
    send({"external_id": "r-1", "score": 9, "updated_at": 1_764_000_000})
    answer = send({"external_id": "r-1", "score": 2, "comment": "It broke.", "updated_at": 1_764_000_600})
    assert (answer.status_code, answer.json()["status"]) == (200, "updated")
    row = Response.objects.get()
    assert (row.score, row.revision) == (2, 2)


@pytest.mark.parametrize("fields", [{"is_active": False}, {"channel": Source.Channel.API}])
def test_a_source_that_takes_no_deliveries_is_not_there(fields: dict[str, Any]) -> None:
    hook(**fields)
    assert send({"score": 3}).status_code == 404
    assert send({"score": 3}, slug="nobody").status_code == 404
    assert not Response.objects.exists()


@pytest.mark.parametrize("secret", ["", "wrong-secret-of-length", SECRET + " x"])
def test_who_does_not_know_the_secret_is_refused_before_the_body_is_read(secret: str) -> None:
    hook()
    answer = send(b"[" * 100_000, secret=secret)
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["code"] == "authentication_failed"
    assert not Response.objects.exists()


def test_a_source_without_a_secret_lets_nobody_in() -> None:
    hook(secrets=[])
    assert send({"score": 3}, secret="").status_code == 401


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        ({"score": 11}, "score"),
        ({"score": "nine"}, "score"),
        ({"score": 3, "comment": ["x"]}, "comment"),
        ({"score": 3, "contact_me": "perhaps"}, "contact_me"),
        ({"score": 3, "responded_at": "yesterday"}, "responded_at"),
        ({"score": 3, "external_id": "x" * 300}, "external_id"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_recorded(body: dict[str, Any], attr: str) -> None:
    hook()
    answer = send(body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == attr
    assert not Response.objects.exists()


@pytest.mark.parametrize(
    "raw",
    [b"{", b"[" * 100_000, b'{"a": "\\u0000", "score": 1}', b'{"a": "\\ud800", "score": 1}', b"\xff", b"NaN",
     b'{"score": 1e400}', b'{"score": 1, "score": 9}', b'{"x":' * 30 + b"1" + b"}" * 30],
)  # fmt: skip
def test_a_body_that_breaks_parsers_is_refused(raw: bytes) -> None:
    hook()
    assert send(raw).status_code == 400
    assert not Response.objects.exists()


@pytest.mark.parametrize("body", [[], "text", 7, None, {}, {"score": None}, {"score": ""}])
def test_what_holds_no_score_is_taken_and_ignored(body: Any) -> None:
    hook()
    answer = send(body)
    assert (answer.status_code, answer.json()["status"]) == (200, "ignored")
    assert "no score" in answer.json()["reason"]
    assert not Response.objects.exists()


def test_a_body_beyond_a_megabyte_is_refused_unread() -> None:
    hook()
    assert send(b'{"comment": "' + b"x" * 1_100_000 + b'"}').status_code == 413


def test_a_vendor_may_look_whether_the_address_is_there() -> None:
    hook()
    assert Client().head("/hooks/shop/").status_code == 200
    assert Client().head("/hooks/nobody/").status_code == 404
    assert Client().get("/hooks/shop/").status_code == 405


def test_under_an_idempotency_key_the_first_answer_is_given_again() -> None:
    source = hook()
    first, second = (send({"score": 3}, Idempotency_Key="d-1") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content and second["Idempotent-Replayed"] == "true"
    assert send({"score": 4}, Idempotency_Key="d-1").status_code == 422
    assert IdempotentRequest.objects.get().owner == f"source:{source.pk}"
    assert Response.objects.count() == 1


def test_a_mapping_names_other_places_conditions_and_attributes() -> None:
    hook(
        mapping={
            "score": "form.answers[?field.ref==recommend].number",
            "comment": ["form.answers[?field.ref==why].text", "form.note"],
            "email": "form.hidden.mail",
            "attributes.plan": "form.hidden.plan",
            "only_when": {"kind": ["final", "closed"], "form.test": False},
        }
    )
    body = {
        "kind": "final",
        "form": {
            "test": False,
            "note": "Second choice.",
            "answers": [{"field": {"ref": "quiz"}, "number": 1}, {"field": {"ref": "recommend"}, "number": 7}],
            "hidden": {"mail": "marta@kund.se", "plan": "gold"},
        },
    }
    assert send(body).status_code == 201
    row = Response.objects.get()
    assert (row.score, row.verbatim, row.attributes) == (7, "Second choice.", {"plan": "gold"})
    refused = send({**body, "kind": "draft"}).json()
    assert refused["status"] == "ignored" and "this says “draft”" in refused["reason"]
    assert Response.objects.count() == 1


# --- vendors, in their own shapes --------------------------------------------------------------------------------


def test_delighted_s_comment_comes_later_and_other_surveys_are_no_answers() -> None:
    source = hook(Source.Preset.DELIGHTED)

    given = int(timezone.now().timestamp()) - 900

    def event(score: int, updated: int, comment: str | None = None, kind: str = "nps") -> dict[str, Any]:
        person = {"id": "81", "email": "lou@client.example", "name": "Lou Reader"}
        data = {
            "id": "77", "survey_type": kind, "score": score, "comment": comment, "person": person,
            "created_at": given, "updated_at": updated, "person_properties": {"plan": "pro"},
        }  # fmt: skip
        return {"event_type": "survey_response.updated", "event_id": "e", "event_data": data}

    at = given + 300
    assert deliver(source, event(9, at)).status_code == 201
    assert deliver(source, event(3, at + 60, "It broke.")).json()["status"] == "updated"
    assert deliver(source, event(9, at)).json()["status"] == "duplicate"
    row = Response.objects.get()
    assert (row.score, row.verbatim, row.attributes) == (3, "It broke.", {"plan": "pro"})
    ignored = deliver(source, event(1, at + 90, kind="csat"))
    assert ignored.json()["status"] == "ignored" and Response.objects.get().score == 3


def test_wootric_sends_objects_or_forms_and_both_are_one_answer() -> None:
    source = hook(Source.Preset.WOOTRIC)
    said = {
        "id": 5,
        "email": "kim@client.example",
        "score": 7,
        "text": "Fine",
        "created_at": "2026-11-20T10:00:00-07:00",
    }
    body = {"response": said, "event_name": "created", "survey_mode": "NPS"}
    form = "&".join(
        f"response[{name}]={quote(str(value))}"
        for name, value in {**said, "created_at": "2026-11-20 10:00:00 -0700"}.items()
    )
    assert deliver(source, body).status_code == 201
    kind = "application/x-www-form-urlencoded"
    again = deliver(source, f"{form}&event_name=created&survey_mode=NPS".encode(), kind)
    assert (again.status_code, again.json()["status"]) == (200, "duplicate")
    assert Response.objects.get().band == "passive"
    counted_out = {**body, "response": {**said, "id": 6, "excluded_from_calculations": True}}
    assert deliver(source, counted_out).status_code == 201
    assert Response.objects.get(external_id="6").excluded_as == "test"


def test_forms_that_spell_no_object_are_refused() -> None:
    source = hook(Source.Preset.WOOTRIC)
    kind = "application/x-www-form-urlencoded"
    for raw in (b"a=1&a[b]=2", b"a[b]=1&a=2", b"a=1&a=2", b"[a]=1", b"a" + b"[b]" * 30 + b"=1", b"a=%ff",
                b"&".join(b"f%d=1" % n for n in range(1_100))):  # fmt: skip
        assert deliver(source, raw, kind).status_code == 400, raw[:40]


def test_a_form_builder_needs_to_be_told_which_question_is_the_score() -> None:
    source = hook(Source.Preset.TYPEFORM)
    body = {
        "event_type": "form_response",
        "form_response": {
            "token": "t1", "submitted_at": timezone.now().isoformat(), "calculated": {"score": 9},
            "answers": [
                {"type": "number", "number": 2, "field": {"ref": "weather"}},
                {"type": "number", "number": 4, "field": {"ref": "recommend"}},
                {"type": "email", "email": "ana@client.example", "field": {"ref": "mail"}},
            ],
        },
    }  # fmt: skip
    refused = deliver(source, body)
    assert refused.status_code == 409 and "which value is the score" in refused.json()["errors"][0]["detail"]
    assert not Response.objects.exists()
    source.mapping = {"score": "form_response.answers[?field.ref==recommend].number"}
    source.save()
    assert deliver(source, body).status_code == 201
    row = Response.objects.select_related("contact").get()
    assert row.score == 4 and row.contact and row.contact.email == "ana@client.example"


def test_formbricks_is_recorded_once_the_score_is_there() -> None:
    source = hook(
        Source.Preset.FORMBRICKS, secrets=[WHSEC], mapping={"score": 'data.data["q nps"]', "comment": "data.data.why"}
    )
    at = timezone.now() - timedelta(minutes=5)

    def event(name: str, said: dict[str, Any], minutes: int) -> dict[str, Any]:
        data = {"id": "f1", "createdAt": at.isoformat(), "updatedAt": (at + timedelta(minutes=minutes)).isoformat(),
                "data": said, "contact": None, "contactAttributes": {"email": "jo@client.example"}}  # fmt: skip
        return {"event": name, "data": data}

    assert deliver(source, event("responseCreated", {}, 0)).json()["status"] == "ignored"
    assert deliver(source, event("responseUpdated", {"q nps": 2}, 1)).status_code == 201
    assert deliver(source, event("responseFinished", {"q nps": 2, "why": "Slow."}, 2)).json()["status"] == "updated"
    assert deliver(source, event("responseDeleted", {"q nps": 9}, 3)).json()["status"] == "ignored"
    row = Response.objects.get()
    assert (row.score, row.verbatim) == (2, "Slow.")


def test_surveymonkey_only_names_an_answer() -> None:
    source = hook(Source.Preset.SURVEYMONKEY)
    answer = deliver(source, {"event_type": "response_completed", "object_id": "123456"})
    assert answer.status_code == 200 and "fetch it" in answer.json()["reason"]
    assert not Response.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_delivered_detractor_gets_a_ticket() -> None:
    from followups.sweeping import open_and_assign

    hook()
    send({"external_id": "r-1", "score": 2, "email": "marta@kund.se"})
    open_and_assign(timezone.now)
    assert Ticket.objects.get().response_id == Response.objects.get().pk
