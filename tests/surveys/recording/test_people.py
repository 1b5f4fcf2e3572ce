"""Answers of one person find each other, by keys and never by names."""

import pytest

from surveys.incoming import IncomingResponse
from surveys.models import Account, Contact, ContactKey, Response, Touchpoint
from surveys.recording import record_responses
from tests.factories import NOW, make_account, make_contact, make_member, make_source, make_team, make_user

pytestmark = pytest.mark.django_db


def record(*answers: dict, source=None):
    incoming = [
        IncomingResponse(row=row, **{"score": 3, "row_key": f"row:{Response.objects.count()}:{row}", **fields})
        for row, fields in enumerate(answers)
    ]
    outcomes = record_responses(source or make_source(), incoming, now=NOW)
    rows = Response.objects.in_bulk([outcome.response_id for outcome in outcomes])
    return [rows[outcome.response_id] for outcome in outcomes]


def people(*answers: dict, source=None) -> list[int | None]:
    return [response.contact_id for response in record(*answers, source=source)]


def test_one_address_is_one_person_however_it_is_written():
    first, second = people({"email": "Ada@Client.example"}, {"email": " ada@CLIENT.example"})
    (third,) = people({"email": "ada@client.example", "name": "A. Okafor"}, source=make_source(slug="other"))
    assert first == second == third


def test_an_id_is_a_person_within_its_source():
    first, second = people({"contact_external_id": "C-1"}, {"contact_external_id": "C-1"})
    (elsewhere,) = people({"contact_external_id": "C-1"}, source=make_source(slug="other"))
    assert first == second != elsewhere
    assert ContactKey.objects.count() == 2


def test_large_and_small_letters_of_an_id_differ():
    first, second = people({"contact_external_id": "c-1"}, {"contact_external_id": "C-1"})
    assert first != second


def test_an_id_and_an_address_together_lead_to_the_same_person_later():
    (both,) = people({"contact_external_id": "C-1", "email": "ada@client.example"})
    by_address, by_id = people({"email": "ada@client.example"}, {"contact_external_id": "C-1"})
    assert both == by_address == by_id


def test_two_ids_of_one_source_at_one_address_are_two_people():
    first, second = people(
        {"contact_external_id": "C-1", "email": "family@client.example"},
        {"contact_external_id": "C-2", "email": "family@client.example"},
    )
    (later,) = people({"contact_external_id": "C-2", "email": "family@client.example"})
    assert first != second == later
    assert Contact.objects.get(pk=second).email == "family@client.example"


def test_an_address_known_from_elsewhere_learns_the_id():
    (first,) = people({"email": "ada@client.example"})
    again = people(
        {"contact_external_id": "C-1", "email": "ada@client.example"},
        {"contact_external_id": "C-1"},
    )
    assert again == [first, first]


def test_a_shared_mailbox_under_another_name_is_another_person():
    ada, bo, ada_again, nobody = people(
        {"email": "info@client.example", "name": "Ada Okafor"},
        {"email": "info@client.example", "name": "Bo Lind"},
        {"email": "INFO@client.example", "name": "ada  OKAFOR"},
        {"email": "info@client.example"},
    )
    assert ada == ada_again
    assert len({ada, bo, nobody}) == 3
    assert all(Contact.objects.values_list("is_shared_mailbox", flat=True))


@pytest.mark.parametrize("mailbox", ["office", "buchhaltung", "kontakt", "sales", "support", "ventas", "compta"])
def test_shared_mailboxes_of_four_languages(mailbox):
    ada, bo = people(
        {"email": f"{mailbox}@client.example", "name": "Ada"}, {"email": f"{mailbox}@client.example", "name": "Bo"}
    )
    assert ada != bo


def test_a_name_is_no_key():
    first, second = people({"name": "Michael Williams"}, {"name": "Michael Williams"})
    assert first != second
    assert not ContactKey.objects.exists()


def test_who_leaves_a_phone_number_only_can_be_called():
    (response,) = record({"phone": "+49 40 1"})
    assert response.contact.can_be_reached


def test_an_anonymous_answer_has_nobody():
    assert people({}) == [None]


def test_what_a_person_lacks_is_filled_in_and_what_it_has_stays():
    (pk,) = people({"email": "ada@client.example", "name": "Ada"})
    people({"email": "ada@client.example", "name": "Somebody Else", "phone": "1", "language": "de"})
    contact = Contact.objects.get(pk=pk)
    assert (contact.name, contact.phone, contact.language) == ("Ada", "1", "de")
    assert contact.search_name == "ada ada@client.example"


def test_a_merged_person_is_the_one_it_was_merged_into():
    (pk,) = people({"email": "old@client.example"})
    last = make_contact("Ada")
    middle = make_contact("Ada", merged_into=last)
    Contact.objects.filter(pk=pk).update(merged_into=middle)
    assert people({"email": "old@client.example"}) == [last.pk]


def test_an_answer_stays_with_its_person_when_a_later_version_names_another():
    source = make_source()
    for email in ("ada@client.example", "bo@client.example"):
        record_responses(source, [IncomingResponse(row=1, score=3, external_id="r", email=email)], now=NOW)
    assert Response.objects.get().contact.email == "ada@client.example"


def test_a_later_version_brings_the_person_the_first_one_lacked():
    source = make_source()
    for email in ("", "ada@client.example"):
        record_responses(source, [IncomingResponse(row=1, score=3, external_id="r", email=email)], now=NOW)
    assert Response.objects.get().contact.email == "ada@client.example"


# --- accounts and touchpoints ---


def test_an_answer_keeps_its_account_segment_region_and_owner_as_they_were():
    owner = make_user()
    account = make_account(external_id="A-1", segment="Enterprise", region="EMEA", owner=owner)
    (response,) = record({"account_external_id": "A-1", "email": "ada@client.example"})
    Account.objects.update(segment="Small", region="APAC", owner=None)
    response.refresh_from_db()
    assert (response.account, response.segment, response.region) == (account, "Enterprise", "EMEA")
    assert response.account_owner == owner


def test_an_answer_keeps_the_team_of_its_account_owner_as_it_was():
    owner = make_user()
    service = make_team(agents=(owner,))
    make_member(make_team("Back office", takes_tickets=False), owner)
    account = make_account(external_id="A-1", owner=owner)
    first, second = record({"account_external_id": "A-1"}, {"email": "ada@client.example"})
    assert (first.team_id_then, second.team_id_then) == (service.pk, None)
    service.members.all().delete()
    make_member(make_team(), owner)
    source = make_source(slug="again")
    for comment in ("Late.", "Late again."):
        row = IncomingResponse(row=1, score=3, external_id="r", comment=comment, account_external_id="A-1")
        record_responses(source, [row], now=NOW)
        owner.memberships.all().delete()
    first.refresh_from_db()
    assert first.team_id_then == service.pk
    later = Response.objects.get(external_id="r")
    assert (later.account, later.revision) == (account, 2) and later.team_id_then not in (None, service.pk)


def test_the_account_of_the_person_is_the_account_of_the_answer():
    record({"account_external_id": "A-1", "email": "ada@client.example"})
    (response,) = record({"email": "ada@client.example"})
    assert response.account.external_id == "A-1"


def test_an_account_named_only_is_found_by_its_name_if_one_has_it():
    account = make_account("Nordby Cold Chain", search_name="nordby cold chain")
    found, new, new_again = record(
        {"account_name": "NORDBY cold chain"}, {"account_name": "Other"}, {"account_name": "other"}
    )
    assert found.account == account
    assert new.account == new_again.account
    make_account("Other", search_name="other")
    (third,) = record({"account_name": "Other"})
    assert third.account == new.account


def test_an_account_without_a_search_name_is_found_by_its_name_and_a_name_of_signs_finds_no_other():
    account = make_account("Client & Co", search_name="")
    found, other = record({"account_name": "Client & Co"}, {"account_name": "\u200b\u200d"})
    assert found.account == account
    assert other.account != account


def test_an_account_known_by_its_id_only_learns_its_name():
    record({"account_external_id": "A-1"})
    record({"account_external_id": "A-1", "account_name": "Client"})
    record({"account_external_id": "A-1", "account_name": "Renamed"})
    assert Account.objects.get().name == "Client"


def test_a_touchpoint_is_found_by_slug_or_name_or_made():
    one, two, three, four = record(
        {"touchpoint": "Onboarding, day 30"},
        {"touchpoint": "onboarding-day-30"},
        {"touchpoint": "オンボーディング"},
        {},
    )
    assert one.touchpoint == two.touchpoint
    assert one.touchpoint.name in ("Onboarding, day 30", "onboarding-day-30")
    assert three.touchpoint.name == "オンボーディング"
    assert four.touchpoint is None
    assert Touchpoint.objects.count() == 2


def test_naughty_strings_are_kept_whole():
    texts = [
        "Robert'); DROP TABLE x;--",
        "<script>alert(1)</script>",
        "=1+1",
        "٣",
        "‮test‬",
        "👩‍👩‍👧",
        "%s {0} $x",
        "Ω≈ç√",
    ]
    for text in texts:
        (response,) = record({"comment": text, "name": text, "attributes": {text: text}, "driver": text})
        response.refresh_from_db()
        assert (response.verbatim, response.contact.name, response.attributes) == (text, text, {text: text})
