"""/contacts/<id>/merge/ and /responses/<id>/whose/: leads look first, then say who is who."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from followups.models import Event, Ticket
from surveys.models import Contact, ContactKey, Response
from tests import factories
from tests.factories import NOW
from tests.followups.pages.cast import DAY, Cast, add_marta, add_ticket
from tests.followups.pages.conftest import logged_in, shown


def text(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.fixture
def marta(cast: Cast) -> Ticket:
    ticket = add_marta(cast)
    ContactKey.objects.create(kind="email", value="marta@nordby.example", contact=ticket.contact)
    return ticket


@pytest.fixture
def twin(cast: Cast, marta: Ticket) -> Ticket:
    ticket = add_ticket(cast, "M. Lindqvist", "Nordby Cold Chain", 6, "Still silent.")
    ContactKey.objects.create(kind="email", value="m.lindqvist@nordby.example", contact=ticket.contact)
    return ticket


def test_a_lead_finds_the_other_entry_looks_and_says_so(cast: Cast, lead: Client, marta: Ticket, twin: Ticket) -> None:
    path = f"/contacts/{marta.contact_id}/merge/"
    assert "M. Lindqvist" in shown(lead, path)
    assert "M. Lindqvist" in shown(lead, path, {"q": "lindqvist"})
    assert "Nobody you may see is known as “zzz”." in html.unescape(shown(lead, path, {"q": "zzz"}))
    before = Event.objects.count()
    look = text(shown(lead, path, {"with": str(twin.contact_id)}))
    assert "1 answer goes to Marta." in look and "m.lindqvist@nordby.example" in look
    assert f"1 ticket goes along, with an event on it. #{twin.pk}" in look
    assert Event.objects.count() == before
    done = lead.post(path, {"with": twin.contact_id}, follow=True)
    assert "M. Lindqvist is one person with Marta Lindqvist now." in done.content.decode()
    assert set(Response.objects.values_list("contact", flat=True)) == {marta.contact_id}
    again = lead.post(path, {"with": twin.contact_id}, follow=True)
    assert "That was done before. Nothing changed." in again.content.decode()


def test_two_accounts_have_to_be_said(cast: Cast, lead: Client, marta: Ticket) -> None:
    other = add_ticket(cast, "Marta Lindqvist", "Larkfield Dairy", 2, "Here too.")
    path = f"/contacts/{marta.contact_id}/merge/"
    refused = lead.post(path, {"with": other.contact_id})
    assert refused.status_code == 400 and "They stand under two accounts." in refused.content.decode()
    assert Contact.objects.filter(merged_into__isnull=False).count() == 0
    assert lead.post(path, {"with": other.contact_id, "across_accounts": "on"}).status_code == 302


def test_what_cannot_be_put_together_says_why(cast: Cast, lead: Client, marta: Ticket, twin: Ticket) -> None:
    path = f"/contacts/{marta.contact_id}/merge/"
    same = shown(lead, path, {"with": str(marta.contact_id)})
    assert "This is one and the same person." in same and "It is one person</button>" not in same
    Ticket.objects.filter(pk=twin.pk).update(team=factories.make_team("Elsewhere", agents=(cast.lead,)))
    refused = lead.post(path, {"with": twin.contact_id})
    assert refused.status_code == 409 and "an administrator decides this" in refused.content.decode()


def test_only_leads_and_administrators_come_here(cast: Cast, hanna: Client, marta: Ticket, twin: Ticket) -> None:
    for path in (f"/contacts/{marta.contact_id}/merge/", f"/responses/{marta.response_id}/whose/"):
        assert hanna.get(path).status_code == 403
        assert hanna.post(path, {"with": twin.contact_id, "name": "X"}).status_code == 403
        assert logged_in(cast.outsider).get(path).status_code == 404
        assert Client().get(path).status_code == 302
        assert logged_in(cast.admin).get(path).status_code == 200
    assert "/merge/" not in shown(hanna, f"/contacts/{marta.contact_id}/")
    assert "/merge/" in shown(logged_in(cast.lead), f"/contacts/{marta.contact_id}/")


def test_whom_one_may_not_see_is_neither_found_nor_merged(cast: Cast, lead: Client, marta: Ticket) -> None:
    place = factories.make_account("Secret Ltd")
    secret = factories.make_contact("Marta Lindqvist", account=place, search_name="marta lindqvist")
    silent = factories.make_contact("Marta Lindqvist-Berg", account=marta.account, search_name="marta lindqvist-berg")
    factories.make_response(9, contact=silent, share_name=False)
    path = f"/contacts/{marta.contact_id}/merge/"
    for page in (shown(lead, path), shown(lead, path, {"q": "lindqvist"}), shown(lead, path, {"with": str(secret.pk)})):
        assert "Secret Ltd" not in page and "Lindqvist-Berg" not in page
    lead.post(path, {"with": secret.pk})
    secret.refresh_from_db()
    assert secret.merged_into is None


def test_an_answer_goes_to_whom_it_is_from(cast: Cast, lead: Client, marta: Ticket, twin: Ticket) -> None:
    path = f"/responses/{marta.response_id}/whose/"
    page = shown(lead, path)
    assert "I mind silence" in page and "M. Lindqvist" in page
    done = lead.post(path, {"to": twin.contact_id})
    assert done["Location"] == f"/contacts/{twin.contact_id}/"
    marta.refresh_from_db()
    assert marta.contact == twin.contact


def test_an_answer_goes_to_somebody_new_with_the_keys_that_are_theirs(cast: Cast, lead: Client, marta: Ticket) -> None:
    path = f"/responses/{marta.response_id}/whose/"
    key = ContactKey.objects.get(value="marta@nordby.example")
    nobody = lead.post(path, {"name": " "})
    assert nobody.status_code == 400 and "Say whose answer it is" in nobody.content.decode()
    taken = lead.post(path, {"name": "Annika Dahl", "email": "marta@nordby.example"})
    assert taken.status_code == 400 and "Annika Dahl" in taken.content.decode()
    assert not Contact.objects.filter(name="Annika Dahl").exists()
    assert lead.post(path, {"name": "Annika Dahl", "keys": [key.pk]}).status_code == 302
    person = Contact.objects.get(name="Annika Dahl")
    key.refresh_from_db()
    marta.refresh_from_db()
    assert (key.contact, marta.contact, person.email) == (person, person, "marta@nordby.example")


def test_an_answer_under_another_team_s_ticket_is_not_found(cast: Cast, lead: Client, marta: Ticket) -> None:
    other = factories.make_ticket(
        factories.make_response(2, contact=marta.contact, verbatim="SECRETWORDS", responded_at=NOW - DAY),
        team=factories.make_team("Elsewhere"),
    )
    assert lead.get(f"/responses/{other.response_id}/whose/").status_code == 404
    assert lead.post(f"/responses/{other.response_id}/whose/", {"name": "X"}).status_code == 404


@pytest.mark.parametrize("path", ["/contacts/999999/merge/", "/responses/999999/whose/"])
def test_a_number_nobody_has_is_not_found(cast: Cast, lead: Client, path: str) -> None:
    assert lead.get(path).status_code == 404
