"""Deliveries as vendors publish them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nps_loop.api.parsing import Unreadable, read_brackets, read_json
from surveys.hooks import Ignored, NotSetUp, NotSigned, check_signature, receive
from surveys.hooks.presets import PRESETS, STANDARD_WEBHOOKS
from surveys.models import Response, Source
from tests.factories import NOW, make_source

pytestmark = pytest.mark.django_db


def source(preset: str, **fields: Any) -> Source:
    return make_source(slug=preset, channel=Source.Channel.WEBHOOK, preset=preset, secrets=["s"], **fields)


def body(real_data: Path, name: str) -> Any:
    raw = (real_data / "webhooks" / name).read_bytes()
    return read_brackets(raw.strip()) if name.endswith("urlencoded.txt") else read_json(raw)


def test_delighted(real_data: Path) -> None:
    sent = body(real_data, "delighted__survey_response.updated.json")
    where = source("delighted")
    assert receive(where, sent, now=NOW).status == "recorded"
    row = Response.objects.select_related("contact").get()
    assert (row.score, row.band, row.external_id) == (9, "promoter", "5435")
    assert row.responded_at == datetime.fromtimestamp(1732186844, UTC)
    assert receive(where, sent, now=NOW).status == "duplicate"
    sent["event_data"] |= {"score": 2, "updated_at": 1732187555}
    assert receive(where, sent, now=NOW).status == "updated"
    assert Response.objects.get().band == "detractor"


def test_wootric_s_two_bodies_are_one_answer(real_data: Path) -> None:
    where = source("wootric")
    for name in ("wootric__response_created.json", "wootric__response_created.urlencoded.txt"):
        receive(where, body(real_data, name), now=NOW)
    row = Response.objects.get()
    assert (row.external_id, row.score, row.band) == ("1128", 7, "passive")
    assert row.responded_at.replace(microsecond=0) == datetime(2016, 8, 4, 20, 57, 26, tzinfo=UTC)


def test_wootric_s_decline_is_no_answer(real_data: Path) -> None:
    with pytest.raises(Unreadable):
        body(real_data, "wootric__decline_created.as-published-invalid.txt")
    declined = receive(source("wootric"), body(real_data, "wootric__decline_created.urlencoded.txt"), now=NOW)
    assert isinstance(declined, Ignored)
    assert not Response.objects.exists()


@pytest.mark.parametrize("name", ["response_event", "collector_event"])
def test_surveymonkey_holds_no_score(real_data: Path, name: str) -> None:
    told = receive(source("surveymonkey"), body(real_data, f"surveymonkey__{name}.json"), now=NOW)
    assert isinstance(told, Ignored) and "fetch it" in told.reason


def test_typeform_s_scales_are_no_recommendation_until_somebody_says_so(real_data: Path) -> None:
    where, sent = source("typeform"), body(real_data, "typeform__form_response.json")
    with pytest.raises(NotSetUp):
        receive(where, sent, now=NOW)
    assert not Response.objects.exists()
    where.mapping = {"score": "form_response.answers[?field.id==WOTdC00F8A3h].number"}
    receive(where, sent, now=NOW)
    row = Response.objects.select_related("contact").get()
    assert row.score == 3 and row.contact and row.contact.email == "laura@example.com"


@pytest.mark.parametrize("name", ["Created", "Updated", "Finished"])
def test_formbricks_without_the_answer_is_no_answer(real_data: Path, name: str) -> None:
    where = source("formbricks", mapping={"score": "data.data.nps"})
    assert isinstance(receive(where, body(real_data, f"formbricks__response{name}.json"), now=NOW), Ignored)
    assert not Response.objects.exists()


def test_the_published_signature_fits_and_is_too_old(real_data: Path) -> None:
    vector = json.loads((real_data / "webhooks" / "signature_vectors.json").read_text())[0]
    raw, headers = vector["body"].encode(), vector["headers"]
    then = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    check_signature(STANDARD_WEBHOOKS, [vector["secret"]], headers, raw, now=then)
    with pytest.raises(NotSigned, match="five minutes off"):
        check_signature(STANDARD_WEBHOOKS, [vector["secret"]], headers, raw, now=NOW)


def test_typeform_signs_as_its_page_says() -> None:
    raw = b'{"event_id": "x"}'
    signature = "sha256=" + base64.b64encode(hmac.new(b"secret-of-a-form", raw, hashlib.sha256).digest()).decode()
    check_signature(PRESETS["typeform"].scheme, ["secret-of-a-form"], {"Typeform-Signature": signature}, raw, now=NOW)
