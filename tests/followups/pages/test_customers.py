"""/contacts/<id>/ and /accounts/<id>/: one person and one company, for those who work with them."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from followups import workflow
from followups.actors import Actor
from followups.models import ContactEvent, Ticket
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
    assert "Mail about the own case yes always, while a case is open" in page
    assert "News, you said we did yes not refused" in page


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
    assert "What you wrote: Twice." in again.content.decode()
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


def test_mails_go_both_ways_and_over_every_address(cast: Cast, hanna: Client, marta: Ticket) -> None:
    ContactKey.objects.create(kind="email", value="m@nordby.example", contact=marta.contact)
    factories.make_message(recipient="m@nordby.example", subject="To the other address", state="sent", sent_at=NOW)
    factories.make_message(recipient="else@nordby.example", subject="About the case", case=marta.pk, state="sent")
    workflow.log_reply(marta, actor=Actor.person(cast.hanna), now=NOW, version=None, text="Thank you, Friday is fine.")
    page = text(shown(hanna, f"/contacts/{marta.contact_id}/"))
    for words in ("To the other address", "About the case", "Marta wrote", "Thank you, Friday is fine."):
        assert words in page, words


def test_words_on_hold_are_neither_in_answers_nor_in_replies_of_colleagues(
    cast: Cast, hanna: Client, marta: Ticket
) -> None:
    workflow.log_reply(marta, actor=Actor.person(cast.hanna), now=NOW, version=None, text="SECRETREPLY")
    workflow.hold(marta, actor=Actor.person(cast.hanna), now=NOW, version=None, reason="A lawyer.")
    for path in (f"/contacts/{marta.contact_id}/", f"/accounts/{marta.account_id}/"):
        page = text(shown(logged_in(cast.nils), path))
        assert "SECRETREPLY" not in page and "eleven days" not in page
        assert "eleven days" in text(shown(hanna, path))


def test_promises_say_whether_they_were_kept(cast: Cast, hanna: Client, marta: Ticket) -> None:
    told = {"told_at": NOW - 5 * DAY}
    day = NOW - 2 * DAY
    for title, done_at in (("Send the list", day - HOUR), ("Call the depot", day + HOUR)):
        factories.make_action(
            marta, cast.nils, title=title, state="done", done_at=done_at, first_promised_at=day, **told
        )
    page = text(shown(hanna, f"/contacts/{marta.contact_id}/"))
    assert f"Somebody gets in touch #{marta.pk} Hanna Brandt" in page
    assert re.search(rf"Send the list #{marta.pk} Nils Aker [^#]* kept", page)
    assert re.search(rf"Call the depot #{marta.pk} Nils Aker [^#]* later than told", page)
    assert "1 of 2" in text(shown(hanna, f"/accounts/{marta.account_id}/"))


def test_scores_are_drawn_without_a_style(cast: Cast, hanna: Client, marta: Ticket) -> None:
    factories.make_response(8, contact=marta.contact, responded_at=NOW - 300 * DAY)
    for path in (f"/contacts/{marta.contact_id}/", f"/accounts/{marta.account_id}/"):
        page = shown(hanna, path)
        drawn = page.split('<svg class="spark"')[1].split("</svg>")[0]
        assert "style=" not in page and 'role="img"' in drawn and "aria-label=" in drawn


def test_a_ticket_of_another_team_has_no_number_that_leads_nowhere(cast: Cast, hanna: Client, marta: Ticket) -> None:
    erik = factories.make_contact("Erik Solheim", account=marta.account)
    other = factories.make_ticket(
        factories.make_response(2, contact=erik), team=factories.make_team("Elsewhere"), account=marta.account
    )
    page = shown(logged_in(cast.nils), f"/accounts/{marta.account_id}/")
    assert f"/tickets/{marta.pk}/" in page and f"/tickets/{other.pk}/" not in page


def test_who_never_answered_is_named_only_to_whoever_looks_after_the_company(
    cast: Cast, hanna: Client, marta: Ticket
) -> None:
    factories.make_contact("Silent Sam", account=marta.account, search_name="silent sam")
    path = f"/accounts/{marta.account_id}/"
    assert "Known there and never heard: Silent Sam." in text(shown(hanna, path))
    page = text(shown(logged_in(cast.nils), path))
    assert "Silent Sam" not in page and "1 more is known there and never answered." in page


def test_before_the_renewal_the_page_says_with_whom_to_begin(cast: Cast, hanna: Client, marta: Ticket) -> None:
    page = text(shown(hanna, f"/accounts/{marta.account_id}/"))
    assert "Marta Lindqvist: the 3 is open. Nobody has spoken to this customer yet." in page
    workflow.log_contact(marta, actor=Actor.person(cast.hanna), now=NOW, version=None, channel="phone", outcome="spoke")
    page = text(shown(hanna, f"/accounts/{marta.account_id}/"))
    assert "Nobody has spoken" not in page and "Hanna Brandt, today." in page


def test_tries_are_counted_beside_not_yet(cast: Cast, hanna: Client, marta: Ticket) -> None:
    for hours in (3, 1):
        workflow.log_contact(
            marta,
            actor=Actor.person(cast.hanna),
            now=NOW - hours * HOUR,
            version=None,
            channel="phone",
            outcome="no_answer",
        )
    assert "Not yet. 2 tries, the last today 13:30." in text(shown(hanna, f"/accounts/{marta.account_id}/"))


@pytest.mark.parametrize("page", ["contacts", "accounts"])
def test_a_long_history_costs_no_more_queries_than_a_short_one(
    cast: Cast, hanna: Client, marta: Ticket, page: str, django_assert_num_queries: Any
) -> None:
    path = f"/{page}/{marta.contact_id if page == 'contacts' else marta.account_id}/"
    fill(cast, marta, 1)
    shown(hanna, path)
    with CaptureQueriesContext(connection) as few:
        shown(hanna, path)
        count = len(few)
    fill(cast, marta, 12)
    with django_assert_num_queries(count):
        shown(hanna, path)
    assert count <= 22, count


def fill(cast: Cast, marta: Ticket, times: int) -> None:
    """More of everything: answers, tickets, people, tries, mails, promises and replies."""
    for n in range(times):
        answer = factories.make_response(4, contact=marta.contact, responded_at=NOW - (n + 9) * DAY)
        ticket = factories.make_ticket(
            answer, owner=cast.hanna, team=cast.team, conversation=marta.conversation, account=marta.account
        )
        factories.make_deadline(ticket, policy=cast.policy, promised_at=NOW)
        factories.make_action(ticket, cast.nils, told_at=NOW - DAY, first_promised_at=NOW)
        factories.make_message(recipient=marta.contact.email, case=ticket.pk, state="sent")
        factories.make_verdict(ticket)
        workflow.log_reply(ticket, actor=Actor.person(cast.hanna), now=NOW, version=None, text="Fine.")
        workflow.log_contact(
            ticket, actor=Actor.person(cast.nils), now=NOW, version=None, channel="phone", outcome="no_answer"
        )
        person = factories.make_contact(account=marta.account)
        factories.make_response(9, contact=person, share_name=True)
        factories.make_contact("Silent", account=marta.account)
        ContactKey.objects.create(kind="external_id", namespace="crm", value=f"{answer.pk}", contact=marta.contact)
        ContactEvent.objects.create(contact=marta.contact, other=person, verb="merge", happened_at=NOW)
