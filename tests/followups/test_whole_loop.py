"""The inner loop from an answer to a closed loop, through the job modules."""

from __future__ import annotations

from datetime import timedelta

import pytest

from followups import workflow
from followups.actors import Actor
from followups.assignment import assign_waiting
from followups.models import Event, RootCause, Team, Ticket
from followups.models.tickets import ClosedAs, TicketState
from followups.opening import open_awaiting
from followups.replies import Press, press
from nps_loop.mail.delivery import deliver_due
from nps_loop.mail.models import Message
from tests.factories import NOW, make_account, make_contact, make_member, make_response, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_detractor_is_opened_assigned_contacted_resolved_and_confirmed() -> None:
    hanna = make_user("Hanna Brandt", title="Account manager")
    ivo = make_user("Ivo Lenz")
    make_member(Team.objects.get(is_default=True), hanna)
    account = make_account("Nordby Cold Chain", owner=hanna)
    marta = make_contact("Marta Lindqvist", account=account, email="marta@nordby.example", phone="+46 1", language="en")
    response = make_response(
        3,
        contact=marta,
        account=account,
        verbatim="I mind silence. Nobody told us anything.",
        received_at=NOW,
        decided_revision=0,
        responded_at=NOW - timedelta(hours=2),
    )

    assert open_awaiting(now=NOW).tickets == 1
    assert assign_waiting(now=NOW).assigned == 1
    ticket = Ticket.objects.get(response=response)
    assert (ticket.state, ticket.owner) == (TicketState.ASSIGNED, hanna)
    acknowledgement = Message.objects.get(kind="acknowledgement")
    assert "I mind silence." in acknowledgement.text and "Hanna Brandt" in acknowledgement.text
    assert ticket.promised_at is not None

    deliver_due(NOW)
    me = Actor.person(hanna)
    now = NOW + timedelta(hours=1)
    ticket = workflow.log_contact(ticket, actor=me, now=now, version=ticket.version, channel="phone", outcome="spoke")
    assert ticket.state == TicketState.CONTACTED
    day = (now + timedelta(days=2)).date()
    ticket = workflow.add_action(
        ticket, actor=me, now=now, version=ticket.version, title="Repair the imports.", owner=ivo, due_on=day
    )
    assert ticket.state == TicketState.IN_ACTION
    action = ticket.actions.get()
    ticket = workflow.complete_action(
        ticket, actor=Actor.person(ivo), now=now, version=None, action=action, what_changed="All 14 are repaired."
    )
    ticket = workflow.resolve(
        ticket,
        actor=me,
        now=now,
        version=ticket.version,
        root_cause=RootCause.objects.get(slug="product-fault"),
        what_changed="Imports read commas.",
        why_it_happened="Our import split at commas.",
    )
    assert ticket.state == TicketState.RESOLVED
    deliver_due(now + timedelta(seconds=1))
    ticket.refresh_from_db()
    assert ticket.told_at and ticket.question_accepted_at and ticket.silence_until

    assert press(ticket, Press("settled", cycle=0), now=now + timedelta(hours=1))
    ticket.refresh_from_db()
    assert (ticket.state, ticket.closed_as) == (TicketState.CLOSED, ClosedAs.CONFIRMED)
    assert [event.seq for event in ticket.events.all()] == list(range(1, ticket.version + 1))
    assert Event.objects.filter(ticket=ticket).exclude(to_state="").last().to_state == TicketState.CLOSED
    assert list(
        Message.objects.filter(case=ticket.pk, stream="case").order_by("pk").values_list("kind", flat=True)
    ) == [
        "acknowledgement",
        "action_update",
        "resolution",
    ]


def test_words_for_a_hold_in_a_press_stand_in_no_mail() -> None:
    hanna = make_user("Hanna Brandt")
    make_member(Team.objects.get(is_default=True), hanna)
    marta = make_contact("Marta Lindqvist", email="marta@nordby.example")
    make_response(3, contact=marta, received_at=NOW, decided_revision=0, responded_at=NOW - timedelta(hours=2))
    open_awaiting(now=NOW)
    assign_waiting(now=NOW)
    ticket = Ticket.objects.get()
    words = "Now my lawyer will write to you."
    for choice in ("call_me", "somebody_else"):
        assert press(ticket, Press(choice, cycle=0, words=words), now=NOW)
    ticket.refresh_from_db()
    assert ticket.on_hold and ticket.events.filter(verb="hold").count() == 1
    assert not [mail for mail in Message.objects.all() if "lawyer" in mail.text + mail.html]
