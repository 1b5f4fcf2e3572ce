"""Undo and delivery reach for one mail: one of them gets it, and the ticket follows from which."""

from __future__ import annotations

from datetime import timedelta

import pytest

from followups import drafts, workflow
from followups.actors import Actor
from followups.assignment import assign_waiting
from followups.models import ContactAttempt, Event, KeptDraft, Team, Ticket
from followups.models.tickets import TicketState
from followups.opening import open_awaiting
from followups.refusals import NotAllowed
from nps_loop.mail.delivery import deliver_due
from nps_loop.mail.models import Message
from nps_loop.people.models import User
from tests.concurrency.test_tickets import at_once, waiting
from tests.factories import NOW, make_member, make_user

pytestmark = pytest.mark.django_db(transaction=True)

UNDO = timedelta(seconds=10)


def sent_by(hanna: User, ticket: Ticket) -> Message:
    workflow.send_message(
        ticket, actor=Actor.person(hanna, undo=UNDO), now=NOW, version=None, subject="", body="I am sorry."
    )
    return Message.objects.filter(case=ticket.pk, kind="personal").latest("pk")


@pytest.fixture
def hanna() -> User:
    hanna = make_user("Hanna Brandt")
    make_member(Team.objects.get(is_default=True), hanna, capacity=50)
    return hanna


def test_a_mail_is_taken_back_or_delivered_and_never_both(hanna: User) -> None:
    waiting(12)
    open_awaiting(now=NOW)
    assign_waiting(now=NOW)
    deliver_due(NOW)
    tickets = list(Ticket.objects.order_by("pk"))
    mails = [sent_by(hanna, ticket) for ticket in tickets]

    def act(n: int) -> object:
        if n == 0:
            return deliver_due(NOW + UNDO)
        return [_take_back(hanna, ticket, mail) for ticket, mail in zip(tickets, mails, strict=True)]

    at_once(2, act)
    deliver_due(NOW + 2 * UNDO)
    for ticket, mail in zip(tickets, mails, strict=True):
        mail.refresh_from_db()
        ticket.refresh_from_db()
        attempt = ContactAttempt.objects.get(message=mail)
        taken_back = Event.objects.filter(ticket=ticket, verb="take-back").exists()
        if mail.state == Message.State.CANCELLED:
            assert taken_back and attempt.voided_at and not attempt.is_evidence and mail.sent_at is None
            assert ticket.state == TicketState.ASSIGNED
        else:
            assert mail.state == Message.State.SENT and not taken_back and attempt.is_evidence
            assert ticket.state == TicketState.CONTACTED


def _take_back(hanna: User, ticket: Ticket, mail: Message) -> bool:
    try:
        workflow.take_back(ticket, actor=Actor.person(hanna), now=NOW + UNDO, message=mail)
    except NotAllowed:
        return False
    return True


def test_of_six_presses_of_undo_one_counts(hanna: User) -> None:
    waiting(1)
    open_awaiting(now=NOW)
    assign_waiting(now=NOW)
    ticket = Ticket.objects.get()
    mail = sent_by(hanna, ticket)
    assert at_once(6, lambda _n: _take_back(hanna, ticket, mail)).count(True) == 1
    assert Event.objects.filter(verb="take-back").count() == 1


def test_two_windows_that_keep_a_draft_at_once_keep_one(hanna: User) -> None:
    waiting(1)
    open_awaiting(now=NOW)
    ticket = Ticket.objects.get()
    for words in ("first", "second"):
        kept = at_once(6, lambda _n, words=words: drafts.keep(hanna, ticket, "note", {"text": words}, now=NOW))
        assert not [result for result in kept if isinstance(result, Exception)]
        assert KeptDraft.objects.count() == 1
