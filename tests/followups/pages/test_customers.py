"""/contacts/<id>/ and /accounts/<id>/: one person and one company, for those who work with them."""

import re

import pytest
from django.test import Client

from followups import workflow
from followups.actors import Actor
from followups.models import Ticket
from nps_loop.mail.models import Suppression
from surveys.models import Contact, ContactKey
from tests import factories
from tests.factories import NOW
from tests.followups.pages.cast import DAY, HOUR, Cast, add_marta
from tests.followups.pages.conftest import logged_in, shown


@pytest.fixture
def marta(cast: Cast) -> Ticket:
    return add_marta(cast)


def text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_a_person_is_shown_with_everything_they_said(cast: Cast, hanna: Client, marta: Ticket) -> None:
    factories.make_response(
        7, contact=marta.contact, responded_at=NOW - 365 * DAY, verbatim="Good, but late.", is_history=True
    )
    page = text(shown(hanna, f"/contacts/{marta.contact_id}/"))
    for words in (
        "Marta Lindqvist",
        "I mind silence",
        "Good, but late.",
        "2 answers",
        "08:00 to 10:00",
        "Next: call Marta",
    ):
        assert words in page, words


def test_what_happened_is_told_across_tickets_and_mails(cast: Cast, hanna: Client, marta: Ticket) -> None:
    workflow.log_contact(
        marta, actor=Actor.person(cast.hanna), now=NOW - HOUR, version=None, channel="phone", outcome="no_answer"
    )
    factories.make_message(recipient=marta.contact.email, subject="It arrived", state="sent", sent_at=NOW - DAY)
    page = text(shown(hanna, f"/contacts/{marta.contact_id}/"))
    assert "Hanna Brandt tried, no answer" in page
    assert "It arrived" in page
    assert "Marta answered with 3" in page


def test_what_may_be_sent_names_the_reason_why_not(cast: Cast, hanna: Client, marta: Ticket) -> None:
    Suppression.objects.create(
        address=marta.contact.email, stream="surveys", reason=Suppression.Reason.UNSUBSCRIBED, since=NOW - DAY
    )
    page = text(shown(hanna, f"/contacts/{marta.contact_id}/"))
    assert "Surveys no asked for no more, since Mon 23 Nov" in page
    assert "Mail about the own case yes not refused" in page


def test_a_merged_person_leads_to_who_remains(cast: Cast, hanna: Client, marta: Ticket) -> None:
    twin = Contact.objects.create(name="M. Lindqvist", merged_into=marta.contact)
    ContactKey.objects.create(kind="email", value="m@nordby.example", contact=marta.contact)
    assert hanna.get(f"/contacts/{twin.pk}/")["Location"] == f"/contacts/{marta.contact_id}/"
    assert "m@nordby.example" in shown(hanna, f"/contacts/{marta.contact_id}/")


def test_a_ticket_is_opened_by_hand_with_a_reason(cast: Cast, hanna: Client, marta: Ticket) -> None:
    answer = factories.make_response(9, contact=marta.contact, responded_at=NOW - DAY, verbatim="Lovely.")
    response = hanna.post(f"/responses/{answer.pk}/open-ticket/", {"reason": "Asked for a call in person."})
    assert response.status_code == 302
    assert Ticket.objects.filter(response=answer).exists()
    again = hanna.post(f"/responses/{answer.pk}/open-ticket/", {"reason": "Twice."}, follow=True)
    assert "This answer has a ticket already." in again.content.decode()
    assert hanna.get(f"/responses/{answer.pk}/open-ticket/").status_code == 405


def test_what_no_database_stores_is_left_out_of_a_reason(cast: Cast, hanna: Client, marta: Ticket) -> None:
    answer = factories.make_response(9, contact=marta.contact, responded_at=NOW - DAY)
    hanna.post(f"/responses/{answer.pk}/open-ticket/", {"reason": "\x00"})
    assert not Ticket.objects.filter(response=answer).exists()
    hanna.post(f"/responses/{answer.pk}/open-ticket/", {"reason": "Asked\x00 for a call."})
    assert Ticket.objects.get(response=answer).notes.get().text == "Asked for a call."


def test_a_ticket_is_not_opened_without_a_reason_or_out_of_scope(cast: Cast, hanna: Client, marta: Ticket) -> None:
    answer = factories.make_response(9, contact=marta.contact, responded_at=NOW - DAY)
    hanna.post(f"/responses/{answer.pk}/open-ticket/", {"reason": " "})
    assert logged_in(cast.outsider).post(f"/responses/{answer.pk}/open-ticket/", {"reason": "Mine."}).status_code == 404
    assert not Ticket.objects.filter(response=answer).exists()


def test_people_and_companies_out_of_scope_are_not_found(cast: Cast, marta: Ticket) -> None:
    for client in (logged_in(cast.outsider), logged_in(cast.devika)):
        assert client.get(f"/contacts/{marta.contact_id}/").status_code == 404
        assert client.get(f"/accounts/{marta.account_id}/").status_code == 404
    assert Client().get(f"/contacts/{marta.contact_id}/").status_code == 302


def test_whoever_looks_after_a_company_sees_it(cast: Cast, marta: Ticket) -> None:
    marta.account.owner = cast.outsider
    marta.account.save()
    assert "Marta Lindqvist" in shown(logged_in(cast.outsider), f"/accounts/{marta.account_id}/")


@pytest.mark.parametrize("path", ["/contacts/999999/", "/accounts/999999/", "/contacts/99999999999999999999/"])
def test_a_number_nobody_has_is_not_found(cast: Cast, hanna: Client, path: str) -> None:
    assert hanna.get(path).status_code == 404


def test_a_company_shows_who_said_what_and_who_spoke_to_whom(cast: Cast, hanna: Client, marta: Ticket) -> None:
    erik = factories.make_contact("Erik Solheim", account=marta.account, role="Fleet")
    factories.make_response(9, contact=erik, responded_at=NOW - 21 * DAY, verbatim="The new map is a joy.")
    page = text(shown(hanna, f"/accounts/{marta.account_id}/"))
    assert "Marta Lindqvist Head of Operations, 2 days ago" in page
    assert "Not yet. Assigned, Hanna Brandt." in page
    assert "€184k" in page
    assert "37 days" in page
    assert "Not enough answers for an NPS." in page


def test_others_at_the_company_have_no_name_without_consent(cast: Cast, marta: Ticket) -> None:
    erik = factories.make_contact("Erik Solheim", account=marta.account)
    factories.make_response(9, contact=erik, responded_at=NOW - 21 * DAY, verbatim="A joy.", share_name=False)
    page = shown(logged_in(cast.nils), f"/accounts/{marta.account_id}/")
    assert "Marta Lindqvist" in page
    assert "Erik Solheim" not in page
    assert "A customer, key account, Nordics" in page


def test_another_teams_case_of_the_same_person_shows_neither_words_nor_mails(
    cast: Cast, hanna: Client, marta: Ticket
) -> None:
    assert marta.contact is not None
    elsewhere = factories.make_team("Elsewhere")
    secret = factories.make_response(1, contact=marta.contact, verbatim="SECRETWORDS of another case.")
    other = factories.make_ticket(secret, team=elsewhere, owner=None)
    factories.make_message(recipient=marta.contact.email, subject="SECRETSUBJECT", case=other.pk, state="sent")
    page = text(shown(hanna, f"/contacts/{marta.contact_id}/"))
    assert "I mind silence" in page
    assert "SECRETWORDS" not in page and "SECRETSUBJECT" not in page
