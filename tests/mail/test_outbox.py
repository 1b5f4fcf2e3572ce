from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from nps_loop.mail import outbox, suppression
from nps_loop.mail.models import Message, Stream, Suppression
from nps_loop.mail.tasks import deliver
from tests.factories import NOW
from tests.mail.drafts import draft, fresh

State = Message.State
pytestmark = pytest.mark.django_db


def test_a_draft_becomes_a_queued_row_with_a_message_id_of_its_kind(settings):
    settings.REPLY_DOMAIN = "feedback.halden.example"

    first, second = outbox.queue([draft(kind="action_update"), draft("rosa")], now=NOW)

    assert (first.state, first.recipient, first.send_after) == (State.QUEUED, "marta@client.example", NOW)
    assert first.message_id.startswith("<action_update.")
    assert first.message_id.endswith("@feedback.halden.example>")
    assert second.recipient == "rosa@client.example"
    assert fresh(first).text == "We found the comma."


def test_queueing_nothing_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert outbox.queue([], now=NOW) == []


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite splits batches by its parameter limit")
def test_many_drafts_cost_as_many_queries_as_few(django_assert_num_queries):
    for count in (2, 300):
        with django_assert_num_queries(3):
            outbox.queue([draft(f"c{n}", dedupe_key=f"{count}:{n}") for n in range(count)], now=NOW)


def test_a_taken_dedupe_key_gives_the_earlier_mail_back():
    [first] = outbox.queue([draft(dedupe_key="ack:1")], now=NOW)

    again = outbox.queue([draft(dedupe_key="ack:2"), draft(dedupe_key="ack:1", text="other")], now=NOW)

    assert again[1].pk == first.pk
    assert again[1].text == "We found the comma."
    assert Message.objects.count() == 2


def test_one_dedupe_key_twice_in_one_batch_is_one_mail():
    rows = outbox.queue([draft(dedupe_key="k"), draft(dedupe_key="k")], now=NOW)

    assert rows[0].pk == rows[1].pk
    assert Message.objects.count() == 1


def test_a_mail_vanishes_with_the_transaction_that_caused_it():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        outbox.queue([draft()], now=NOW)
        raise ZeroDivisionError

    assert not Message.objects.exists()


def test_what_nobody_wants_is_kept_as_not_sent_with_its_reason():
    suppression.suppress(["marta@client.example"], Stream.NEWS, "unsubscribed", now=datetime(2026, 5, 3, 9, tzinfo=UTC))

    news, case = outbox.queue([draft(stream=Stream.NEWS), draft()], now=NOW)

    assert (news.state, news.reason) == (State.SKIPPED, "Not sent: Marta asked for no more mails on 3 May.")
    assert news.ended_at == NOW
    assert case.state == State.QUEUED


def test_a_callers_reason_to_skip_is_kept_as_a_sentence():
    [row] = outbox.queue([draft(skip="a hold, the words name a lawyer.")], now=NOW)

    assert (row.state, row.reason) == (State.SKIPPED, "Not sent: a hold, the words name a lawyer.")


@pytest.mark.parametrize(
    "address",
    [
        "a@client.example, b@evil.example",
        "a@client.example b@evil.example",
        "a@client.example\nBcc: b@evil.example",
        "a@client.example;b@evil.example",
        "a@b@client.example",
        "no address",
        "@client.example",
    ],
)
def test_anything_but_one_address_is_not_sent(address):
    [row] = outbox.queue([draft(recipient=address)], now=NOW)

    assert row.state == State.SKIPPED
    assert row.reason.endswith("is not one mail address.")


def test_no_address_is_said_in_words():
    [row] = outbox.queue([draft(recipient="  ")], now=NOW)

    assert row.reason == "Not sent: no mail address is known."


def test_addresses_are_kept_without_name_and_in_lower_case():
    [row] = outbox.queue([draft(recipient=" Marta Lindqvist <Marta.L@Client.Example> ")], now=NOW)

    assert row.recipient == "marta.l@client.example"


def test_subject_and_names_stay_on_one_line():
    [row] = outbox.queue(
        [
            draft(
                subject="Your\r\nBcc: all@evil.example\x00\u2028answer",
                recipient_name="Marta\r\nX-Evil: 1",
                from_name="Hanna\nBrandt",
                in_reply_to="<a@b>\r\nX-Evil: 2",
                text="NUL \x00 and a lone \ud800 surrogate",
            )
        ],
        now=NOW,
    )

    kept = fresh(row)
    assert kept.subject == "Your Bcc: all@evil.example answer"
    assert kept.recipient_name == "Marta X-Evil: 1"
    assert kept.from_name == "Hanna Brandt"
    assert kept.in_reply_to == "<a@b> X-Evil: 2"
    assert kept.text == "NUL  and a lone  surrogate"


def test_delivery_is_rung_once_the_caller_commits(django_capture_on_commit_callbacks, monkeypatch):
    rung = []
    monkeypatch.setattr(deliver, "apply_async", lambda args: rung.append(args))

    with django_capture_on_commit_callbacks(execute=True):
        outbox.queue([draft()], now=NOW)
        assert rung == []

    assert rung == [()]


def test_delivery_is_not_rung_for_what_is_sent_later(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        outbox.queue([draft(send_after=NOW + timedelta(seconds=30)), draft(skip="told lately.")], now=NOW)

    assert callbacks == []


def test_a_mail_is_taken_back_while_it_waits_and_only_then():
    waiting, leaving, gone = outbox.queue([draft(), draft(), draft()], now=NOW)
    Message.objects.filter(pk=leaving.pk).update(state=State.SENDING)
    Message.objects.filter(pk=gone.pk).update(state=State.SENT)

    assert outbox.cancel([waiting.pk, leaving.pk, gone.pk], now=NOW) == 1
    assert outbox.cancel([waiting.pk], now=NOW) == 0

    assert [fresh(row).state for row in (waiting, leaving, gone)] == [State.CANCELLED, State.SENDING, State.SENT]


def test_sending_again_lifts_what_came_back_but_no_wish():
    [row] = outbox.queue([draft()], now=NOW)
    Message.objects.filter(pk=row.pk).update(state=State.FAILED, attempts=3, ended_at=NOW, reason="refused")
    suppression.came_back([row.recipient], now=NOW)
    suppression.suppress([row.recipient], Stream.SURVEYS, "unsubscribed", now=NOW)

    assert outbox.send_again([row.pk], now=NOW) == 1
    assert outbox.send_again([row.pk], now=NOW) == 0

    again = fresh(row)
    assert (again.state, again.attempts, again.reason, again.ended_at) == (State.QUEUED, 0, "", None)
    assert again.message_id == row.message_id
    assert list(Suppression.objects.values_list("stream", "reason")) == [("surveys", "unsubscribed")]
