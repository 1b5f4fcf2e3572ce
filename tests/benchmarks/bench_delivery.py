"""How fast mails are handed over, beside Django's own SMTP backend with the very same mails on one kept connection.

`python -m pytest -s tests/benchmarks/bench_delivery.py` prints its figures. The mail server is a process of its own; the
two take turns, so that whatever else the machine does weighs on both.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.mail import get_connection
from django.db import connection

from followups import workflow
from followups.actors import Actor
from followups.models import Ticket
from nps_loop.mail import delivery, envelope
from nps_loop.mail.models import Message
from nps_loop.mail.outbox import Draft, queue
from surveys.asking import sending
from surveys.models import Account
from tests.benchmarks.taking import serve
from tests.factories import (
    NOW,
    make_account,
    make_brand,
    make_contact,
    make_deadline,
    make_team,
    make_ticket,
    make_user,
)
from tests.network import free_port
from tests.surveys.asking.rows import make_cadence, make_planned

pytestmark = [pytest.mark.benchmark, pytest.mark.full, pytest.mark.django_db(transaction=True)]
ROUNDS, EACH = 8, 250


@contextmanager
def mail_server(settings: Any) -> Iterator[Any]:
    """A mail server in a process of its own that this deployment sends through; yields the number it took."""
    fresh = multiprocessing.get_context("spawn")
    count, ready, port = fresh.Value("i", 0), fresh.Event(), free_port()
    process = fresh.Process(target=serve, args=(port, count, ready), daemon=True)
    process.start()
    try:
        assert ready.wait(30)
        settings.MAIL_SERVER = True
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        yield count
    finally:
        process.kill()
        process.join()


def case_mails(account: Account) -> list[Message]:
    """What a wave of unhappy answers brings about: an acknowledgement for each case, with a link to the customer's own page."""
    tickets = [make_ticket(answer={"contact": make_contact(account=account)}, state="assigned") for _ in range(EACH)]
    paragraphs = ["We found the comma that split your orders, and Hanna mends the import by Thursday."] * 4
    return queue(
        [
            Draft(
                kind="acknowledgement", stream="case", case=ticket.pk, recipient=ticket.contact.email,
                recipient_name=ticket.contact.name, from_name="Hanna Brandt", from_address="care@halden.example",
                subject="Your imports", text="\n\n".join([*paragraphs, "[[link:loop]]"]),
                html=f"<html><body><p>{'</p><p>'.join(paragraphs)}</p><a href='[[link:loop]]'>Your case</a></body></html>",
                links={"loop": ("loop", ticket.conversation_id)},
            )
            for ticket in tickets
        ],
        now=NOW,
    )  # fmt: skip


def survey_mails(account: Account) -> list[Message]:
    """Invitations as they are sent: rendered, looked at by the fatigue rules, and kept apart from other mails."""
    survey = make_cadence()
    for _ in range(EACH):
        make_planned(survey, make_contact(account=account, time_zone="Europe/Berlin"))
    sending.send_due(now=NOW)
    return list(Message.objects.filter(stream="surveys", state="queued"))


def personal_mails(account: Account) -> list[Message]:
    """What people wrote on their tickets: each that arrives is evidence of contact, meets a deadline, leaves an event."""
    hanna = make_user("Hanna Brandt")
    team = make_team("Care", agents=(hanna,))
    mails = []
    for _ in range(EACH):
        ticket = make_ticket(answer={"contact": make_contact(account=account)}, owner=hanna, team=team, bonus=[])
        make_deadline(ticket)
        make_deadline(ticket, "resolution", minutes=15 * 480, clock="team")
        body = "\n\n".join(["We found the comma that split your orders, and I mend the import by Thursday."] * 4)
        sent = workflow.send_message(
            ticket, actor=Actor.person(hanna), now=NOW, version=None, subject="Your imports", body=body
        )
        mails += [message for message in sent.just_written if message.kind == "personal"]
    return mails


def composed(rows: Sequence[Message]) -> list[Any]:
    found = envelope.look_up(rows)
    return [envelope.compose(row, envelope.urls(row, found, now=NOW), now=NOW) for row in rows]


@pytest.mark.parametrize("made", [case_mails, survey_mails, personal_mails])
def test_delivery_beside_the_backend_alone(made: Any, settings: Any) -> None:
    make_brand()
    account = make_account()
    ours = backends = 0.0
    with mail_server(settings) as taken:
        bare = get_connection()
        bare.open()
        for number in range(ROUNDS):
            rows = made(account)
            assert len(rows) == EACH
            mails = composed(rows)
            turns = [lambda mails=mails: bare.send_messages(mails), lambda: delivery.deliver_due(NOW)["sent"]]
            spent = [0.0, 0.0]
            for turn in (0, 1) if number % 2 else (1, 0):
                began = time.perf_counter()
                assert turns[turn]() == EACH
                spent[turn] = time.perf_counter() - began
            backends, ours = backends + spent[0], ours + spent[1]
        bare.close()

        assert taken.value == 2 * ROUNDS * EACH
    assert Message.objects.filter(state="sent").count() == ROUNDS * EACH
    if made is personal_mails:
        assert Ticket.objects.filter(state="contacted").count() == ROUNDS * EACH
    total = ROUNDS * EACH
    print(
        f"\n{connection.vendor}, {made.__name__}: {total:,} mails, {total / ours:,.0f} a second delivered, "
        f"{total / backends:,.0f} by the backend alone, ratio {backends / ours:.2f} (wanted: 0.5)"
    )
