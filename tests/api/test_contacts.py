"""Who is who by the API: one customer, two entries that are one, and an answer that is somebody else's."""

from __future__ import annotations

from typing import Any

import pytest

from followups.models import ContactEvent, Ticket
from surveys.models import Contact, ContactKey
from tests.api.conftest import Caller, Cast, key_caller
from tests.factories import make_contact, make_response, make_ticket

URL = "/api/v1/contacts/"


def errors(answer: Any) -> dict[str, str]:
    """Field -> what is said; the one shape of every refusal."""
    return {each["attr"] or "": each["detail"] for each in answer.json()["errors"]}


@pytest.fixture
def marta(cast: Cast) -> Contact:
    contact = cast.ticket.contact
    assert contact is not None
    return contact


@pytest.fixture
def twin(cast: Cast, marta: Contact) -> Contact:
    """Another entry with a ticket of the same team."""
    twin = make_contact("M. Lindqvist", account=marta.account, email="m@client.example")
    make_ticket(make_response(4, contact=twin), owner=cast.agent, team=cast.team)
    return twin


def test_one_customer_with_keys_answers_and_tickets_one_may_see(cast: Cast, marta: Contact) -> None:
    hidden = make_ticket(make_response(2, contact=marta), owner=cast.outsider, team=cast.other_team)
    key = ContactKey.objects.create(kind="external_id", namespace="crm", value="77", contact=marta)
    read = Caller(user=cast.agent).get(f"{URL}{marta.pk}/").json()
    assert (read["id"], read["name"], read["email"]) == (marta.pk, marta.name, marta.email)
    assert {"id": key.pk, "kind": "external_id", "namespace": "crm", "value": "77"} in read["keys"]
    assert set(read["answers"]) == {cast.ticket.response_id, hidden.response_id}
    assert read["tickets"] == [cast.ticket.pk]
    assert key_caller("read").get(f"{URL}{marta.pk}/").json()["tickets"] == [hidden.pk, cast.ticket.pk]


@pytest.mark.parametrize("number", [10**12, 2**63, 10**30])
def test_nobody_of_this_number(cast: Cast, number: int) -> None:
    assert Caller(user=cast.admin).get(f"{URL}{number}/").status_code == 404


def test_a_lead_merges_and_a_second_time_changes_nothing(cast: Cast, marta: Contact, twin: Contact) -> None:
    (ticket,) = Ticket.objects.filter(contact=twin)
    lead = Caller(user=cast.lead)
    done = lead.post(f"{URL}{marta.pk}/merge/", {"other": twin.pk})
    assert done.status_code == 200, done.content
    assert done.json()["moved_tickets"] == [ticket.pk]
    assert done.json()["contact"]["merged"] == [twin.pk]
    assert ticket.pk in done.json()["contact"]["tickets"]
    again = lead.post(f"{URL}{marta.pk}/merge/", {"other": twin.pk})
    assert (again.status_code, again.json()["moved_tickets"]) == (200, [])
    assert ContactEvent.objects.count() == 1
    # The old number leads to whom it went.
    assert lead.get(f"{URL}{twin.pk}/").json()["id"] == marta.pk


def test_a_write_key_merges_as_a_program_and_a_read_key_does_not(cast: Cast, marta: Contact, twin: Contact) -> None:
    refused = key_caller("read").post(f"{URL}{marta.pk}/merge/", {"other": twin.pk})
    assert refused.status_code == 403 and not ContactEvent.objects.exists()
    assert key_caller("write").post(f"{URL}{marta.pk}/merge/", {"other": twin.pk}).status_code == 200
    event = ContactEvent.objects.get()
    assert (event.verb, event.actor) == ("merge", None)


def test_agents_and_their_keys_decide_nothing(cast: Cast, marta: Contact, twin: Contact) -> None:
    for caller in (Caller(user=cast.agent), key_caller("write", user=cast.agent)):
        for verb, body in (
            ("merge", {"other": twin.pk}),
            ("split", {"response": cast.ticket.response_id, "name": "Eva"}),
        ):
            answer = caller.post(f"{URL}{marta.pk}/{verb}/", body)
            assert answer.status_code == 403
            assert errors(answer) == {"": "A lead or an administrator decides this."}
    assert not ContactEvent.objects.exists()


def test_refusals_name_the_field_or_say_why(cast: Cast, marta: Contact, twin: Contact) -> None:
    lead = Caller(user=cast.lead)
    stranger = cast.other_ticket.contact
    assert stranger is not None
    for body in ({}, {"other": None}, {"other": "x"}, {"other": stranger.pk}, {"other": 10**12}, {"other": True}):
        answer = lead.post(f"{URL}{marta.pk}/merge/", body)
        assert (answer.status_code, set(errors(answer))) == (400, {"other"}), body
    same = lead.post(f"{URL}{marta.pk}/merge/", {"other": marta.pk})
    assert (same.status_code, errors(same)[""]) == (409, "This is one and the same person.")
    unknown = lead.post(f"{URL}{marta.pk}/merge/", {"other": twin.pk, "keep": "x"})
    assert (unknown.status_code, set(errors(unknown))) == (400, {"keep"})
    assert not ContactEvent.objects.exists()


def test_two_accounts_have_to_be_meant(cast: Cast, marta: Contact) -> None:
    from tests.factories import make_account

    marta.account = make_account("Nordby")
    marta.save()
    twin = make_contact("Marta L", account=make_account("Sudby"))
    admin = Caller(user=cast.admin)
    refused = admin.post(f"{URL}{marta.pk}/merge/", {"other": twin.pk})
    assert (refused.status_code, set(errors(refused))) == (400, {"across_accounts"})
    assert admin.post(f"{URL}{marta.pk}/merge/", {"other": twin.pk, "across_accounts": True}).status_code == 200


def test_an_answer_is_given_to_somebody_new_or_known(cast: Cast, marta: Contact, twin: Contact) -> None:
    lead = Caller(user=cast.lead)
    body = {"response": cast.ticket.response_id, "name": "Eva Holm", "email": "eva@client.example"}
    done = lead.post(f"{URL}{marta.pk}/split/", body)
    assert done.status_code == 200, done.content
    eva = Contact.objects.get(email="eva@client.example")
    assert (done.json()["id"], done.json()["answers"]) == (eva.pk, [cast.ticket.response_id])
    assert Ticket.objects.get(pk=cast.ticket.pk).contact == eva
    # It is hers now, and no answer of the first one any more.
    gone = lead.post(f"{URL}{marta.pk}/split/", body) if lead.get(f"{URL}{marta.pk}/").status_code == 200 else None
    assert gone is None or (gone.status_code, set(errors(gone))) == (400, {"response"})
    to_twin = lead.post(f"{URL}{eva.pk}/split/", {"response": cast.ticket.response_id, "to": twin.pk})
    assert (to_twin.status_code, to_twin.json()["id"]) == (200, twin.pk)


def test_a_split_that_names_nobody_or_a_foreign_answer_is_refused(cast: Cast, marta: Contact) -> None:
    lead = Caller(user=cast.lead)
    nobody = lead.post(f"{URL}{marta.pk}/split/", {"response": cast.ticket.response_id})
    assert (nobody.status_code, set(errors(nobody))) == (400, {"to"})
    foreign = lead.post(f"{URL}{marta.pk}/split/", {"response": cast.other_ticket.response_id, "name": "Eva"})
    assert (foreign.status_code, set(errors(foreign))) == (400, {"response"})
    bad = lead.post(f"{URL}{marta.pk}/split/", {"response": cast.ticket.response_id, "name": "Eva", "email": "no"})
    assert (bad.status_code, set(errors(bad))) == (400, {"email"})
    assert not ContactEvent.objects.exists()


def test_a_merge_with_a_key_is_answered_once(cast: Cast, marta: Contact, twin: Contact) -> None:
    lead = Caller(user=cast.lead)
    first = lead.post(f"{URL}{marta.pk}/merge/", {"other": twin.pk}, Idempotency_Key="m-1")
    second = lead.post(f"{URL}{marta.pk}/merge/", {"other": twin.pk}, Idempotency_Key="m-1")
    assert second.content == first.content and second["Idempotent-Replayed"] == "true"
