"""Two planners and two senders at once: nobody is planned or asked twice."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection

from followups import recovering
from nps_loop.jobs.models import Job
from nps_loop.mail import delivery
from nps_loop.mail.models import Message, Stream
from surveys.asking import planning, reminding, sending
from surveys.asking.events import take_events
from surveys.models import Invitation
from tests.concurrency.test_tickets import at_once
from tests.factories import DAY, NOW, make_brand, make_contact, make_message, make_survey, make_ticket, make_touchpoint
from tests.surveys.asking.rows import make_cadence, make_planned

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time"),
]


def test_two_ticks_start_one_round_and_two_planners_plan_everybody_once() -> None:
    survey = make_cadence()
    contacts = [make_contact() for _ in range(60)]

    at_once(4, lambda _n: planning.start_rounds(now=NOW))
    at_once(3, lambda _n: planning.plan_batch(survey, contacts, date(2026, 11, 25), "round:x", now=NOW))

    assert Job.objects.count() == 1
    assert Invitation.objects.count() == 60


def test_two_senders_ask_nobody_twice_though_two_surveys_want_them() -> None:
    make_brand()
    contacts = [make_contact() for _ in range(30)]
    for survey in (make_cadence(), make_cadence()):
        for contact in contacts:
            make_planned(survey, contact)

    at_once(4, lambda _n: sending.send_due(now=NOW))
    sending.send_due(now=NOW)

    assert Message.objects.count() == 30
    assert Message.objects.values("recipient").distinct().count() == 30
    assert Invitation.objects.filter(stopped_by="resting").count() == 30


def test_two_ticks_remind_once_and_ask_again_once() -> None:
    make_brand()
    for _ in range(20):
        make_planned(sent_at=NOW - 6 * DAY, remind_at=NOW, expires_at=NOW + 9 * DAY)
        make_ticket(state="closed", recovery_on=date(2026, 11, 24), answer={"responded_at": NOW - 90 * DAY})

    at_once(3, lambda _n: reminding.remind_due(now=NOW))
    at_once(3, lambda _n: recovering.plan_questions(now=NOW))

    assert Message.objects.filter(kind="invitation_reminder").count() == 20
    assert Invitation.objects.filter(cause="recovery").count() == 20


def test_one_event_told_by_several_at_once_is_one_invitation_of_one_person() -> None:
    make_survey(kind="transactional", touchpoint=make_touchpoint(slug="delivery"))
    event: dict[str, Any] = {"touchpoint": "delivery", "reference": "O-1", "email": "grace@client.example"}

    told = at_once(4, lambda _n: take_events([event], now=NOW))

    assert Invitation.objects.count() == 1
    assert {taken[0].invitations[0].pk for taken in told} == set(Invitation.objects.values_list("pk", flat=True))


def test_two_deliverers_send_one_person_one_automatic_mail() -> None:
    for n in range(40):
        make_message(kind="news", stream=Stream.NEWS, recipient=f"c{n % 10}@client.example", send_after=NOW)

    at_once(4, lambda _n: delivery.deliver_due(NOW, limit=5))
    delivery.deliver_due(NOW)

    sent = list(Message.objects.filter(state=Message.State.SENT).values_list("recipient", flat=True))
    assert sorted(sent) == sorted(set(sent)) and len(sent) == 10
