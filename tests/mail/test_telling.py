"""Listeners hear how a mail ended, once, in the transaction that ends it; their faults cost no mail."""

from datetime import timedelta

import pytest
from django.db import transaction

from nps_loop.mail import delivery, hooks, suppression, telling
from nps_loop.mail.models import Message, Suppression
from tests.factories import NOW, make_user
from tests.mail.drafts import fresh, queued

State = Message.State
pytestmark = pytest.mark.django_db


class Listener:
    """Keeps what it hears; raises for addresses it cannot stand."""

    def __init__(self, hates: str = "") -> None:
        self.heard: list[tuple[str, str]] = []
        self.hates = hates

    def __call__(self, messages, now):
        for message in messages:
            make_user(email=message.recipient)  # a row of the listener's own
            if self.hates and message.recipient.startswith(self.hates):
                raise ValueError(self.hates)
        self.heard += [(message.recipient.partition("@")[0], message.state) for message in messages]


def test_each_ending_is_told_to_its_listeners_in_one_batch(server):
    accepted, failed, skipped = Listener(), Listener(), Listener()
    hooks.accepted.append(accepted)
    hooks.failed.append(failed)
    hooks.skipped.append(skipped)
    hooks.before_handover.append(
        lambda messages, now: {m.pk: "an old cycle." for m in messages if m.recipient.startswith("old")}
    )
    queued("a", "b", "gone", "old")

    assert delivery.deliver_due(NOW)["told"] == 4
    delivery.deliver_due(NOW + timedelta(hours=1))

    assert accepted.heard == [("a", "sent"), ("b", "sent")]
    assert failed.heard == [("gone", "failed")]
    assert skipped.heard == [("old", "skipped")]


def test_a_listener_that_raises_is_told_again_and_the_mail_is_not_sent_again(server):
    listener = Listener(hates="odd")
    hooks.accepted.append(listener)
    [odd], [fine] = queued("odd"), queued("fine")

    delivery.deliver_due(NOW)

    assert listener.heard == [("fine", "sent")]
    assert fresh(fine).state == State.SENT
    kept = fresh(odd)
    assert (kept.state, kept.sent_at is not None) == (State.SENDING, True)
    # What it had written before it raised is gone with its transaction.
    assert not type(make_user()).objects.filter(email=odd.recipient).exists()

    listener.hates = ""
    delivery.deliver_due(NOW + timedelta(minutes=10))
    assert listener.heard == [("fine", "sent"), ("odd", "sent")]
    assert fresh(odd).state == State.SENT
    assert len(server.to("odd")) == 1


def test_a_listener_that_raises_is_asked_less_and_less_often(server):
    listener = Listener(hates="odd")
    hooks.accepted.append(listener)
    [odd] = queued("odd")
    delivery.deliver_due(NOW)

    waits, at = [], NOW
    for _ in range(5):
        at = fresh(odd).leased_until
        telling.tell_owed(at)
        waits.append(round((fresh(odd).leased_until - at) / timedelta(minutes=1)))

    assert waits == [1, 2, 4, 8, 16]


def test_after_a_day_the_mail_is_marked_all_the_same(server):
    hooks.accepted.append(Listener(hates="odd"))
    [odd] = queued("odd")
    delivery.deliver_due(NOW)

    telling.tell_owed(NOW + timedelta(days=1, minutes=1))

    assert fresh(odd).state == State.SENT


def test_a_crash_after_accepted_costs_the_listener_nothing(server):
    """The process ends after the mail was marked and before anybody was told."""
    listener = Listener()
    hooks.accepted.append(listener)
    [row] = queued()
    Message.objects.filter(pk=row.pk).update(state=State.SENDING, sent_at=NOW, leased_until=NOW)

    delivery.deliver_due(NOW + timedelta(seconds=30))

    assert listener.heard == [("marta", "sent")]
    assert (fresh(row).state, server.mails) == (State.SENT, [])


def test_a_mail_that_came_back_is_told_and_its_address_left_alone(server):
    listener = Listener()
    hooks.failed.append(listener)
    [row] = queued()
    delivery.deliver_due(NOW)

    assert telling.mark_bounced([row.pk], reason="550 5.1.1 unknown", now=NOW) == 1
    assert telling.mark_bounced([row.pk], reason="550 5.1.1 unknown", now=NOW) == 0

    assert listener.heard == [("marta", "bounced")]
    assert (fresh(row).state, fresh(row).reason) == (State.BOUNCED, "550 5.1.1 unknown")
    assert suppression.suppressed([row.recipient], "case")


def test_a_bounce_whose_listener_raises_changes_nothing(server):
    [row] = queued()
    delivery.deliver_due(NOW)
    hooks.failed.append(Listener(hates="marta"))

    with pytest.raises(ValueError, match="marta"), transaction.atomic():
        telling.mark_bounced([row.pk], reason="unknown", now=NOW)

    assert fresh(row).state == State.SENT
    assert not Suppression.objects.exists()
