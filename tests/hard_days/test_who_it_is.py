"""Hard days about who the customer is: unknown, unreachable, several behind one address, or customer of two brands."""

from __future__ import annotations

import pytest

from followups import workflow
from followups.models import Decision, Ticket
from followups.models.tickets import ClosedAs, TicketState
from nps_loop.mail.models import Message
from surveys.models import Brand, Contact, Response
from tests.hard_days.conftest import Play

pytestmark = pytest.mark.django_db(transaction=True)


def test_anonymous(play: Play) -> None:
    """Counted and read, mailed to nobody; resolved without contact, and closed as not asked."""
    scene = play("anonymous")
    ticket = scene.ticket()
    assert (ticket.state, ticket.contact, ticket.nobody_to_reach) == (TicketState.ASSIGNED, None, True)
    assert ticket.owner is not None
    assert scene.customer_mails() == []
    page = scene.page()
    assert "Nobody known" in page and "Nobody can be reached about this answer." in page
    assert "did not know which door to use" in page

    scene.do(lambda: scene.case().resolves())
    assert scene.ticket().state == TicketState.RESOLVED
    assert [mail.reason for mail in scene.customer_mails()] in ([], ["Not sent: nobody knows who gave this answer."])
    scene.pass_time(days=8)
    ticket = scene.ticket()
    assert (ticket.state, ticket.closed_as, ticket.told_at) == (TicketState.CLOSED, ClosedAs.NOT_ASKED, None)


def test_phone_only(play: Play) -> None:
    """Met in the answer, without an address: not acknowledged, and the page says why; called, told in the talk."""
    scene = play("phone-only")
    ticket = scene.ticket()
    assert ticket.contact is not None and ticket.contact.email == "" and ticket.contact.phone
    assert ticket.state == TicketState.ASSIGNED and not ticket.nobody_to_reach
    [acknowledgement] = scene.customer_mails("acknowledgement")
    assert acknowledgement.state == Message.State.SKIPPED
    assert acknowledgement.reason == "Not sent: no mail address of Gwendolyn is known."
    page = scene.page()
    assert "Next: call Gwendolyn" in page and "+44 20 7946 0815" in page
    assert "asked to be contacted" in page and acknowledgement.reason.removeprefix("Not sent: ") in page

    scene.do(lambda: scene.case().settles_in_the_talk("talk"))
    ticket = scene.ticket()
    assert ticket.state == TicketState.RESOLVED and ticket.told_at is not None
    scene.pass_time(days=8)
    assert scene.ticket().closed_as == ClosedAs.NOT_ASKED


def test_do_not_contact(play: Play) -> None:
    """Known as somebody whom nobody may contact: no mail of any kind, no first contact owed, and the page says it."""
    scene = play("do-not-contact")
    ticket = scene.ticket()
    assert ticket.nobody_to_reach and ticket.state == TicketState.ASSIGNED
    assert not ticket.deadlines.filter(target="first_contact").exists()
    assert scene.sent() == []
    page = scene.page()
    assert "Must not be contacted." in page and "Nobody can be reached about this answer." in page
    assert "Call Ferdinand" not in page

    with pytest.raises(workflow.contact.NotAllowed, match="must not be contacted"):
        scene.case().writes()
    scene.do(lambda: scene.case().resolves())
    assert scene.sent() == []


def test_left_in_peace(play: Play) -> None:
    """Asked not to be contacted: one thank-you, read, a cause noted, closed without another word."""
    scene = play("left-in-peace")
    ticket = scene.ticket()
    assert ticket.left_in_peace and ticket.state == TicketState.ASSIGNED
    assert [mail.kind for mail in scene.sent()] == ["left_in_peace_thanks"]
    page = scene.page()
    assert "contact me: no" in page and "asked not to be contacted" in page
    assert "leave it here, as you asked" in scene.loop()

    scene.do(lambda: scene.case().act(workflow.leave_in_peace, root_cause=scene.case().cause))
    ticket = scene.ticket()
    assert (ticket.state, ticket.closed_as, ticket.recovery_on) == (TicketState.CLOSED, ClosedAs.LEFT_IN_PEACE, None)
    assert [mail.kind for mail in scene.sent()] == ["left_in_peace_thanks"]


def test_shared_mailbox(play: Play) -> None:
    """Two people behind one info@ address are two customers: two tickets, two conversations, each greeted by name."""
    scene = play("shared-mailbox")
    first, second = scene.ticket(1), scene.ticket(2)
    assert first.contact is not None and second.contact is not None
    assert first.contact != second.contact and first.contact.email == second.contact.email
    assert first.conversation != second.conversation
    assert first.contact.is_shared_mailbox
    one, other = scene.sent("acknowledgement", 1)[0], scene.sent("acknowledgement", 2)[0]
    assert one.recipient == other.recipient == "info@gasthof-lohse.example"
    assert "Petra" in one.text and "Konrad" not in one.text
    assert "Konrad" in other.text and "Petra" not in other.text
    assert "Petra" in scene.loop(1) and "Petra" not in scene.loop(2)
    assert "Petra Lohse" in scene.page(number=1)


def test_partner(play: Play) -> None:
    """A partner speaks for a customer: the customer's account and its owner get the ticket, the partner gets the mail."""
    scene = play("partner")
    ticket = scene.ticket()
    assert ticket.account is not None and ticket.account.name == "Hafenkontor Sieben"
    assert ticket.owner == scene.user("agent")
    assert ticket.contact is not None and ticket.contact.name == "Bettina Krug"
    assert ticket.contact.account is not None and ticket.contact.account.name == "Krug Facility Partner"
    [mail] = scene.sent("acknowledgement")
    assert mail.recipient == "b.krug@krug-facility.example" and mail.language == "de"
    assert "Nora Feldmann" in mail.text
    page = scene.page()
    assert "Of Krug Facility Partner, speaks here for Hafenkontor Sieben." in page


def test_three_of_one_account(play: Play) -> None:
    """Three unhappy people in three days: one owner, every ticket shows the others, lead and owner hear it once each."""
    scene = play("three-of-one-account")
    tickets = [scene.ticket(number) for number in (1, 2, 3)]
    assert {ticket.owner for ticket in tickets} == {scene.user("chiara")}
    assert len({ticket.conversation_id for ticket in tickets}) == 3
    assert all(scene.sent("acknowledgement", number) for number in (1, 2, 3))
    subject = "A second unhappy person at Hotel Bellaria"
    told = [subject in line for number in (1, 2, 3) for line in scene.staff_mails("lead", number)]
    assert told.count(True) == 1
    page = scene.page(number=3)
    assert "Rosalind Achterberg" in page and "Tobias Achterberg" in page
    assert "Mireille Dubois" in scene.page(number=1)


def test_test_answer(play: Play) -> None:
    """From a test address: kept, left out of NPS with the reason, and nobody is troubled with it."""
    scene = play("test-answer")
    response = scene.response()
    assert response.excluded_as == Response.Exclusion.TEST
    assert response.decisions.get().outcome == Decision.Outcome.EXCLUDED
    assert not Ticket.objects.exists() and not Message.objects.exists()
    assert not Response.objects.counted().exists()


def test_two_brands(play: Play) -> None:
    """A customer of both brands hears of each case under its own brand; one person has one owner and one conversation."""
    scene = play("two-brands")
    hotel, cafe, other = scene.ticket(1), scene.ticket(2), scene.ticket(3)
    assert (hotel.brand.slug, cafe.brand.slug, other.brand.slug) == ("corvane", "mokari", "mokari")
    assert hotel.contact == cafe.contact and hotel.conversation == cafe.conversation and hotel.owner == cafe.owner
    assert Contact.objects.count() == 2
    [first] = scene.sent("acknowledgement", 1)
    assert first.from_address == "service@corvane.example" and "Corvane GmbH" in first.text
    assert "mokari" not in first.text.lower()
    # The second answer of the same person is acknowledged already, by the mail of yesterday.
    assert [mail.state for mail in scene.customer_mails("acknowledgement", 2)] == [Message.State.SKIPPED]
    [mokari] = scene.sent("acknowledgement", 3)
    assert mokari.from_address == "hola@mokari.example" and mokari.language == "es"
    assert Brand.objects.get(slug="mokari").legal_footer in " ".join(mokari.text.split())
    assert "corvane" not in mokari.from_name.lower()
    assert "Mokari" in scene.loop(3) and "Corvane" not in scene.loop(3).replace("Corvane Ibérica", "")

    scene.do(lambda: scene.case(2).reaches_out())
    [personal] = scene.sent("personal", 2)
    assert personal.from_address == "hola@mokari.example"

    # One person, one page: it is about the case whose question is open, in that case's name.
    scene.do(lambda: scene.case(1).reaches_out())
    scene.do(lambda: scene.case(1).promises(1))
    scene.do(lambda: scene.case(1).completes())
    scene.do(lambda: scene.case(1).resolves())
    assert "Corvane GmbH" in scene.loop(1) and "Mokari" not in scene.loop(1)
