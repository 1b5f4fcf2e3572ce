"""What a mail of the customer does to their ticket: it lands by the signed address alone, and only adds their words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from followups import hearing
from followups.actors import Actor
from followups.models import Conversation, Reply, Team, Ticket
from followups.models.tickets import ClosedAs, TicketState
from followups.refusals import NotAllowed
from nps_loop.mail.delivery import deliver_due
from nps_loop.mail.inbound import addresses, keeping, working
from nps_loop.mail.models import Inbound, Message
from nps_loop.people.models import User
from surveys.models import ContactKey
from tests.factories import NOW, make_contact, make_deadline, make_member, make_response, make_ticket, make_user
from tests.mail.inbound.letters import raw, reply_address

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _mail_comes_in(settings, tmp_path) -> None:
    settings.MAIL_COMES_IN, settings.REPLY_DOMAIN, settings.DATA_DIR = True, "reply.example", tmp_path


def come_in(content: bytes, at=NOW) -> Inbound:
    row = keeping.store(content, route="imap", now=at)
    working.read_waiting(at)
    row.refresh_from_db()
    return row


@pytest.fixture
def hanna() -> User:
    person = make_user("Hanna Brandt")
    make_member(Team.objects.get(is_default=True), person)
    return person


def make(hanna: User, state: str = TicketState.ASSIGNED, **fields) -> Ticket:
    contact = make_contact("Marta Lindqvist", email="marta@nordby.example")
    if state in (TicketState.RESOLVED, TicketState.CLOSED):
        fields.setdefault("resolved_at", NOW - timedelta(hours=5))
    team = Team.objects.get(is_default=True)
    ticket = make_ticket(make_response(3, contact=contact), owner=hanna, state=state, team=team, **fields)
    make_deadline(ticket)
    return ticket


def test_an_answer_of_the_customer_stands_with_the_ticket_and_tells_its_owner(hanna) -> None:
    ticket = make(hanna)

    row = come_in(
        raw(
            "It is still broken.\n\nOn Mon, 23 Nov 2026 at 10:00, Care <c@x> wrote:\n> We heard you.",
            to=reply_address(ticket),
        )
    )

    assert (row.kind, row.state, row.case, row.is_known_sender) == ("reply", "landed", ticket.pk, True)
    assert Reply.objects.get(ticket=ticket).text == "It is still broken."
    assert "We heard you." in row.text
    ticket.refresh_from_db()
    assert ticket.customer_waits
    assert Message.objects.filter(stream="staff", recipient=hanna.email).count() == 1


def test_a_waiting_ticket_comes_back(hanna) -> None:
    ticket = make(
        hanna, TicketState.WAITING_ON_CUSTOMER, waiting_from="contacted", waiting_until=NOW + timedelta(days=3)
    )

    come_in(raw("Monday suits me.", to=reply_address(ticket)))

    ticket.refresh_from_db()
    assert ticket.state == TicketState.CONTACTED


@pytest.mark.parametrize("state", [TicketState.RESOLVED, TicketState.CLOSED])
def test_a_meaningful_answer_opens_a_finished_ticket_again(hanna, state: str) -> None:
    ticket = make(hanna, state, closed_at=NOW - timedelta(days=2) if state == TicketState.CLOSED else None)

    come_in(raw("Still broken.", to=reply_address(ticket)))

    ticket.refresh_from_db()
    assert (ticket.state, ticket.cycle) == (TicketState.ASSIGNED, 1)
    assert Message.objects.filter(kind="reopened", recipient="marta@nordby.example").count() == 1


def test_long_after_the_end_it_is_a_new_ticket(hanna) -> None:
    ticket = make(hanna, TicketState.CLOSED, closed_at=NOW - timedelta(days=91))

    row = come_in(raw("Broken again.", to=reply_address(ticket)))

    fresh = Ticket.objects.get(follows=ticket)
    assert row.case == fresh.pk and fresh.replies.get().text == "Broken again."


@pytest.mark.parametrize(
    ("words", "fields", "kind", "state"),
    [
        ("Thank you!", {}, "thanks", "landed"),
        (
            "I am out of office until 30 November 2026.",
            {"Auto_Submitted": "auto-replied", "subject": "Automatic reply"},
            "away",
            "ignored",
        ),
        ("Ticket 4711 was created.", {"Auto_Submitted": "auto-generated"}, "automatic", "ignored"),
        ("> We heard you.", {}, "empty", "ignored"),
    ],
)
@pytest.mark.parametrize("standing", [TicketState.RESOLVED, TicketState.WAITING_ON_CUSTOMER])
def test_thanks_absences_and_machines_change_nothing(hanna, standing, words, fields, kind, state) -> None:
    more = {"waiting_from": "contacted"} if standing == TicketState.WAITING_ON_CUSTOMER else {}
    ticket = make(hanna, standing, **more)

    row = come_in(raw(words, to=reply_address(ticket), **fields))

    ticket.refresh_from_db()
    assert (row.kind, row.state, row.case) == (kind, state, ticket.pk)
    assert (ticket.state, ticket.cycle, ticket.customer_waits) == (standing, 0, False)
    assert not Message.objects.exists()


def test_an_answering_machine_teaches_the_absence(hanna) -> None:
    ticket = make(hanna)

    come_in(
        raw(
            "Ich bin bis 4. Dezember 2026 nicht im Büro.",
            to=reply_address(ticket),
            subject="Abwesenheitsnotiz",
            Auto_Submitted="auto-replied",
        )
    )

    ticket.contact.refresh_from_db()
    assert str(ticket.contact.away_until) == "2026-12-05"


def test_from_another_address_it_is_heard_but_is_no_evidence_and_one_click_adds_the_address(hanna) -> None:
    ticket = make(hanna, TicketState.WAITING_ON_CUSTOMER, waiting_from="contacted")
    private = "Marta <marta@home.example>"

    row = come_in(raw("From home: it works now.", to=reply_address(ticket), sender=private))

    ticket.refresh_from_db()
    assert (row.state, row.is_known_sender, ticket.state) == ("landed", False, TicketState.CONTACTED)
    assert ticket.events.get(verb="log-reply").data["other_address"] is True
    assert Message.objects.filter(stream="staff", recipient=hanna.email).exists()

    assert hearing.add_address(row, ticket, actor=Actor.person(hanna), now=NOW)
    assert not hearing.add_address(row, ticket, actor=Actor.person(hanna), now=NOW)
    assert ContactKey.objects.get(value="marta@home.example").contact == ticket.contact
    again = come_in(raw("And another thing.", to=reply_address(ticket), sender=private), NOW + timedelta(hours=1))
    assert again.is_known_sender


def test_an_address_of_somebody_else_or_of_several_is_not_added(hanna) -> None:
    ticket = make(hanna)
    other = make_contact("Olaf")
    ContactKey.objects.create(kind="email", value="olaf@nordby.example", contact=other)
    for sender, code in [("olaf@nordby.example", "address_taken"), ("info@nordby.example", "shared_mailbox")]:
        row = come_in(raw(f"Words of {sender}", to=reply_address(ticket), sender=sender))
        with pytest.raises(NotAllowed) as refused:
            hearing.add_address(row, ticket, actor=Actor.person(hanna), now=NOW)
        assert refused.value.code == code


def test_nothing_lands_by_subject_in_reply_to_or_a_forged_token(hanna) -> None:
    ticket = make(hanna)
    ours = Message.objects.create(
        kind="personal",
        stream="case",
        case=ticket.pk,
        recipient="marta@nordby.example",
        from_address="c@x.example",
        message_id="<personal.1@reply.example>",
        subject="s",
        text="t",
        state="sent",
    )
    genuine = reply_address(ticket)
    forged = [
        "care@reply.example",
        genuine.replace("@reply.example", "@elsewhere.example"),
        genuine[:10] + ("a" if genuine[10] != "a" else "b") + genuine[11:],
        addresses.make(ticket.conversation_id, ticket.conversation.generation + 1),
        addresses.make(ticket.conversation_id + 999, 1),
    ]
    for number, address in enumerate(forged):
        row = come_in(raw(f"Forged {number}", to=address, subject=f"Re: #{ticket.pk}", In_Reply_To=ours.message_id))
        assert row.state == Inbound.State.QUARANTINED, address

    assert not Reply.objects.exists()


def test_an_address_stops_working_when_its_generation_is_raised(hanna) -> None:
    ticket = make(hanna)
    address = reply_address(ticket)
    Conversation.objects.update(generation=2)

    assert come_in(raw(to=address)).state == Inbound.State.QUARANTINED


def test_an_answer_to_a_personal_mail_is_evidence_of_contact(hanna) -> None:
    ticket = make(hanna)
    Message.objects.create(
        kind="personal",
        stream="case",
        case=ticket.pk,
        recipient="marta@nordby.example",
        from_address="c@x.example",
        message_id="<personal.1@reply.example>",
        subject="s",
        text="t",
        state="sent",
    )

    come_in(raw("Thursday, please.", to=reply_address(ticket), In_Reply_To="<personal.1@reply.example>"))

    ticket.refresh_from_db()
    assert (ticket.state, ticket.first_contact_at) == (TicketState.CONTACTED, NOW)


def test_words_of_the_list_put_it_on_hold(hanna) -> None:
    ticket = make(hanna)

    come_in(raw("My lawyer will write to you.", to=reply_address(ticket)))

    ticket.refresh_from_db()
    assert ticket.on_hold


def test_a_mail_with_settled_in_it_confirms_nothing(hanna) -> None:
    ticket = make(hanna, TicketState.RESOLVED)

    come_in(raw("I confirm that it is settled.", to=reply_address(ticket), sender="x@elsewhere.example"))

    ticket.refresh_from_db()
    assert ticket.closed_as != ClosedAs.CONFIRMED


def test_whoever_writes_more_than_a_person_does_is_shown_to_a_lead_and_the_owner_hears_it_once(hanna) -> None:
    ticket = make(hanna)
    for number in range(hearing.MOST_IN_A_DAY):
        come_in(raw(f"And another thing, number {number}.", to=reply_address(ticket)), NOW + timedelta(minutes=number))

    rows = [
        come_in(raw(f"Please, do answer. {number}", to=reply_address(ticket)), NOW + timedelta(hours=1, minutes=number))
        for number in range(3)
    ]

    assert [(row.state, row.case) for row in rows] == [
        (Inbound.State.QUARANTINED, ticket.pk),
        (Inbound.State.IGNORED, ticket.pk),
        (Inbound.State.IGNORED, ticket.pk),
    ]
    told = Message.objects.filter(recipient=hanna.email, subject__startswith="Many mails of")
    assert told.count() == 1
    assert Reply.objects.filter(ticket=ticket).count() == hearing.MOST_IN_A_DAY


@pytest.mark.full
def test_a_loop_with_another_machine_ends(hanna) -> None:
    ticket = make(hanna, TicketState.RESOLVED)

    for number in range(200):
        at = NOW + timedelta(minutes=number)
        come_in(raw(f"Your request number {number} is important to us.", to=reply_address(ticket)), at)
    deliver_due(NOW + timedelta(days=1))

    mails = Message.objects.filter(recipient="marta@nordby.example")
    assert mails.count() <= 3
    assert Message.objects.filter(recipient=hanna.email).count() <= hearing.MOST_IN_A_DAY + 1
    assert Reply.objects.count() == hearing.MOST_IN_A_DAY


def test_a_mail_that_came_back_voids_what_it_proved_and_stops_mail_to_the_address(hanna) -> None:
    from followups import workflow
    from nps_loop.mail.suppression import suppressed

    ticket = make(hanna)
    workflow.send_message(
        ticket, actor=Actor.person(hanna), now=NOW, version=None, subject="Sorry", body="I call you on Thursday."
    )
    deliver_due(NOW)
    mail = Message.objects.get(kind="personal")
    ticket.refresh_from_db()
    assert ticket.state == TicketState.CONTACTED

    report = (
        "--b\nContent-Type: text/plain\n\nIt failed.\n--b\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; marta@nordby.example\nAction: failed\nStatus: 5.1.1\n"
        f"Diagnostic-Code: smtp; 550 no such user\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {mail.message_id}\n\n--b--"
    )
    row = come_in(
        raw(
            report,
            sender="MAILER-DAEMON@mx.example",
            content_type='multipart/report; report-type=delivery-status; boundary="b"',
        )
    )

    assert (row.kind, row.about, row.case) == ("bounce", mail, ticket.pk)
    ticket.refresh_from_db()
    mail.refresh_from_db()
    assert (ticket.state, mail.state) == (TicketState.ASSIGNED, Message.State.BOUNCED)
    assert "marta@nordby.example" in suppressed(["marta@nordby.example"], "case")


def test_the_mail_that_leaves_is_answered_to_the_signed_address_and_its_row_holds_none(hanna) -> None:
    from django.core import mail as outbox

    from followups import workflow

    ticket = make(hanna)
    workflow.send_message(
        ticket, actor=Actor.person(hanna), now=NOW, version=None, subject="Sorry", body="[[link:reply]] I call."
    )
    deliver_due(NOW)

    sent = next(each for each in outbox.outbox if each.to == ["Marta Lindqvist <marta@nordby.example>"])
    assert sent.reply_to == [reply_address(ticket)]
    row = Message.objects.get(kind="personal")
    token = reply_address(ticket).partition("@")[0]
    assert token not in row.text + row.html + row.reply_to and token not in sent.body
    assert len(token) <= 64
