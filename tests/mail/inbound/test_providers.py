"""Mail by a provider's webhook, in the provider's own words: kept once, refused without the secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

pytest.importorskip("anymail", reason="django-anymail is not installed (the extra `providers`)")

from nps_loop.mail.inbound import providers, working
from nps_loop.mail.models import Inbound, Message, Suppression
from tests.factories import make_message

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.mail.inbound.provider_urls")]

AUTHORISED = {"authorization": "Basic " + base64.b64encode(b"name:password").decode()}
POSTMARK = {
    "FromFull": {"Email": "marta@nordby.example", "Name": "Marta"},
    "From": "marta@nordby.example",
    "ToFull": [{"Email": "care@reply.example", "Name": ""}],
    "OriginalRecipient": "care@reply.example",
    "Subject": "Re: Hello",
    "MessageID": "22c74902-a0c1-4511-804f2-341342852c90",
    "Date": "Tue, 24 Nov 2026 14:00:00 +0000",
    "TextBody": "It is still broken.",
    "HtmlBody": "",
    "Headers": [{"Name": "Message-ID", "Value": "<1@nordby.example>"}],
    "Attachments": [{"Name": "a.txt", "Content": "aGVsbG8=", "ContentType": "text/plain", "ContentLength": 5}],
}


@pytest.fixture(autouse=True)
def _webhooks(settings) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": "name:password", "MAILGUN_WEBHOOK_SIGNING_KEY": "signing-key"}
    providers.connect()


def post(where: str, data: dict, **fields):
    return Client().post(f"/hooks/mail/{where}/", json.dumps(data), content_type="application/json", **fields)


def test_postmark_hands_over_a_mail_once() -> None:
    for _ in range(2):
        assert post("postmark/inbound", POSTMARK, headers=AUTHORISED).status_code == 200
    working.read_waiting(timezone.now())

    row = Inbound.objects.get()
    assert (row.route, row.words, row.from_address) == ("postmark", "It is still broken.", "marta@nordby.example")
    assert row.attachments.get().name == "a.txt"


def test_without_the_secret_nothing_is_kept() -> None:
    assert post("postmark/inbound", POSTMARK).status_code == 400
    assert not Inbound.objects.exists()


def test_mailgun_hands_over_a_whole_mail() -> None:
    stamp, token = str(int(timezone.now().timestamp())), "t" * 50
    signature = hmac.new(b"signing-key", f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    mail = "From: marta@nordby.example\r\nTo: care@reply.example\r\nSubject: Re: Hello\r\n\r\nStill broken.\r\n"
    data = {"timestamp": stamp, "token": token, "signature": signature, "body-mime": mail,
            "sender": "marta@nordby.example", "recipient": "care@reply.example"}  # fmt: skip

    assert Client().post("/hooks/mail/mailgun/inbound_mime/", data, headers=AUTHORISED).status_code == 200
    working.read_waiting(timezone.now())

    assert (Inbound.objects.get().route, Inbound.objects.get().words) == ("mailgun", "Still broken.")


def test_what_came_back_and_what_was_called_spam_is_heard() -> None:
    mail = make_message(recipient="marta@nordby.example", state="sent", sent_at=timezone.now())
    bounce = {"RecordType": "Bounce", "Type": "HardBounce", "TypeCode": 1, "Email": "marta@nordby.example", "ID": 1,
              "MessageID": "x", "Description": "gone", "Details": "550 5.1.1", "BouncedAt": "2026-11-24T14:00:00Z"}  # fmt: skip
    spam = bounce | {
        "RecordType": "SpamComplaint",
        "Type": "SpamComplaint",
        "TypeCode": 512,
        "Email": "olaf@nordby.example",
    }

    for data in (bounce, spam, bounce):
        assert post("postmark/tracking", data, headers=AUTHORISED).status_code == 200

    mail.refresh_from_db()
    assert mail.state == Message.State.BOUNCED
    assert Suppression.objects.filter(address="marta@nordby.example", reason="bounced", stream="case").exists()
    streams = Suppression.objects.filter(address="olaf@nordby.example").values_list("stream", "reason")
    assert set(streams) == {("surveys", "complained"), ("news", "complained")}


def test_a_report_that_is_repeated_marks_no_older_mail() -> None:
    older = make_message(recipient="marta@nordby.example", state="sent", sent_at=timezone.now() - timedelta(days=1))
    newer = make_message(recipient="marta@nordby.example", state="sent", sent_at=timezone.now())

    for _ in range(2):
        providers.came_back("marta@nordby.example", "550 5.1.1", origin="postmark", now=timezone.now())

    older.refresh_from_db()
    newer.refresh_from_db()
    assert (older.state, newer.state) == (Message.State.SENT, Message.State.BOUNCED)
