"""Deliveries that are theirs, and those that only look like it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from surveys.hooks.presets import PRESETS, STANDARD_WEBHOOKS
from surveys.hooks.signing import SECRET_ITSELF, NotSigned, Scheme, check_signature
from surveys.models import Source

NOW = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
BODY = '{"score": 3, "comment": "Zu spät"}'.encode()
SECRET = "a-secret-of-some-length"
WHSEC = "whsec_" + base64.b64encode(b"twenty-four bytes of key").decode()


def standard(raw: bytes = BODY, *, secret: str = WHSEC, delivery: str = "msg_1", at: datetime = NOW) -> dict[str, str]:
    """Headers as Standard Webhooks wants them."""
    stamp = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, b".".join([delivery.encode(), stamp.encode(), raw]), hashlib.sha256).digest()
    return {
        "webhook-id": delivery,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def plain(scheme: Scheme, secret: str = SECRET, raw: bytes = BODY) -> dict[str, str]:
    digest = hmac.new(secret.encode(), raw, scheme.algorithm).digest()
    text = digest.hex() if scheme.encoding == "hex" else base64.b64encode(digest).decode()
    return {scheme.header: scheme.prefix + text}


HMACS = [
    Source.Preset.DELIGHTED, Source.Preset.TYPEFORM, Source.Preset.WOOTRIC, Source.Preset.SURVEYMONKEY,
]  # fmt: skip


@pytest.mark.parametrize("preset", HMACS)
def test_each_vendor_s_signature_is_known(preset: str) -> None:
    scheme = PRESETS[preset].scheme
    check_signature(scheme, [SECRET], plain(scheme), BODY, now=NOW)


@pytest.mark.parametrize("preset", HMACS)
def test_a_changed_byte_or_another_secret_is_refused(preset: str) -> None:
    scheme = PRESETS[preset].scheme
    for place in range(len(BODY)):
        changed = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
        with pytest.raises(NotSigned, match="does not fit"):
            check_signature(scheme, [SECRET], plain(scheme), changed, now=NOW)
    with pytest.raises(NotSigned, match="does not fit"):
        check_signature(scheme, ["another-secret-of-length"], plain(scheme), BODY, now=NOW)


def test_two_secrets_are_live_while_one_is_replaced() -> None:
    scheme = PRESETS[Source.Preset.DELIGHTED].scheme
    for secret in (SECRET, "the-new-secret-of-length"):
        check_signature(scheme, [SECRET, "the-new-secret-of-length"], plain(scheme, secret), BODY, now=NOW)


def test_a_secret_sent_as_it_is_is_compared_whole() -> None:
    check_signature(SECRET_ITSELF, [SECRET], {"X-Webhook-Secret": SECRET}, BODY, now=NOW)
    for wrong in (SECRET[:-1], SECRET.upper(), SECRET + "x", "ä"):
        with pytest.raises(NotSigned):
            check_signature(SECRET_ITSELF, [SECRET], {"X-Webhook-Secret": wrong}, BODY, now=NOW)


@pytest.mark.parametrize("secrets", [[], [""], ["", ""]])
@pytest.mark.parametrize("given", ["", " "])
def test_no_secret_lets_nothing_in(secrets: list[str], given: str) -> None:
    with pytest.raises(NotSigned, match="no secret yet"):
        check_signature(SECRET_ITSELF, secrets, {"X-Webhook-Secret": given}, BODY, now=NOW)


@pytest.mark.parametrize("secrets", [[SECRET], ["", SECRET]])
def test_no_signature_is_refused(secrets: list[str]) -> None:
    with pytest.raises(NotSigned, match="X-Webhook-Secret is missing"):
        check_signature(SECRET_ITSELF, secrets, {}, BODY, now=NOW)


def test_standard_webhooks_sign_id_time_and_body() -> None:
    check_signature(STANDARD_WEBHOOKS, [WHSEC], standard(), BODY, now=NOW)
    several = standard()
    several["webhook-signature"] = f"v1,AAAA v2,BBBB {several['webhook-signature']}"
    check_signature(STANDARD_WEBHOOKS, [WHSEC], several, BODY, now=NOW)
    for name in ("webhook-id", "webhook-timestamp"):
        with pytest.raises(NotSigned):
            check_signature(STANDARD_WEBHOOKS, [WHSEC], {**standard(), name: "1"}, BODY, now=NOW)
        with pytest.raises(NotSigned, match="belong to a signature"):
            check_signature(STANDARD_WEBHOOKS, [WHSEC], {**standard(), name: ""}, BODY, now=NOW)


@pytest.mark.parametrize("minutes", [-6, 6, 60 * 24 * 365])
def test_a_rightly_signed_old_delivery_is_refused(minutes: int) -> None:
    with pytest.raises(NotSigned, match="five minutes off"):
        check_signature(STANDARD_WEBHOOKS, [WHSEC], standard(at=NOW - timedelta(minutes=minutes)), BODY, now=NOW)


@pytest.mark.parametrize("stamp", ["0", "253402300800", "9" * 12])
def test_a_time_at_the_end_of_the_calendar_is_an_old_delivery_and_no_fault(stamp: str) -> None:
    with pytest.raises(NotSigned, match="five minutes off"):
        check_signature(STANDARD_WEBHOOKS, [WHSEC], {**standard(), "webhook-timestamp": stamp}, BODY, now=NOW)


@pytest.mark.parametrize("stamp", ["soon", "-5", "1e9", "٣٣٣", "9" * 400])
def test_a_time_that_is_none_is_refused(stamp: str) -> None:
    with pytest.raises(NotSigned, match="seconds since 1970"):
        check_signature(STANDARD_WEBHOOKS, [WHSEC], {**standard(), "webhook-timestamp": stamp}, BODY, now=NOW)


def test_a_secret_of_another_kind_is_named() -> None:
    with pytest.raises(NotSigned, match="whsec_"):
        check_signature(STANDARD_WEBHOOKS, ["not base64 at all!"], standard(), BODY, now=NOW)
