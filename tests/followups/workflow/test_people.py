"""Two entries of one person become one, an answer of somebody else goes there: with events, once, and back again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from followups import workflow
from followups.actors import Actor
from followups.models import ContactEvent, Conversation, Event, Ticket
from followups.opening import open_awaiting
from followups.refusals import Forbidden, Incomplete, NotAllowed
from followups.replies import ticket_on_page
from nps_loop.mail.models import Message, Suppression
from nps_loop.people.models import User
from surveys.incoming import IncomingResponse
from surveys.models import Contact, ContactKey, Response
from surveys.recording.people import find_people
from tests import factories
from tests.factories import DAY, NOW

pytestmark = pytest.mark.django_db


def snapshot() -> tuple[Any, ...]:
    """Everything a refused merge might have touched."""
    return (
        list(Contact.objects.order_by("pk").values()),
        list(ContactKey.objects.order_by("pk").values()),
        list(Response.objects.order_by("pk").values()),
        list(Ticket.objects.order_by("pk").values()),
        list(Conversation.objects.order_by("pk").values()),
        list(Event.objects.order_by("pk").values()),
        list(Suppression.objects.order_by("pk").values()),
        Message.objects.count(),
        ContactEvent.objects.count(),
    )


def key(contact: Contact, value: str = "", kind: str = "email", namespace: str = "") -> ContactKey:
    return ContactKey.objects.create(kind=kind, namespace=namespace, value=value or contact.email, contact=contact)


@pytest.fixture
def marta(open_case: Callable[..., Ticket]) -> Ticket:
    ticket = open_case(3)
    assert ticket.contact is not None
    key(ticket.contact)
    return ticket


@pytest.fixture
def twin(open_case: Callable[..., Ticket], marta: Ticket) -> Ticket:
    """The same person under another address, with a case and a conversation of their own."""
    contact = factories.make_contact("M. Lind", account=marta.account, email="m.lind@nordby.example", role="Head of IT")
    key(contact)
    return open_case(5, contact=contact)


def persons(marta: Ticket, twin: Ticket) -> tuple[Contact, Contact]:
    assert marta.contact is not None and twin.contact is not None
    return marta.contact, twin.contact


# --- merging ---------------------------------------------------------------------------------------------------


def test_keys_answers_tickets_and_conversation_go_to_who_is_kept(marta: Ticket, twin: Ticket, tomas: User) -> None:
    kept, other = persons(marta, twin)
    moved = workflow.merge(kept, other, actor=Actor.person(tomas), now=NOW)
    assert [ticket.pk for ticket in moved or ()] == [twin.pk]
    other.refresh_from_db()
    kept.refresh_from_db()
    twin.refresh_from_db()
    assert other.merged_into == kept and kept.role == "Head of IT"
    assert set(ContactKey.objects.values_list("contact", flat=True)) == {kept.pk}
    assert set(Response.objects.values_list("contact", flat=True)) == {kept.pk}
    assert twin.contact == kept and twin.conversation_id == marta.conversation_id
    assert Conversation.objects.filter(contact=kept, closed_at=None).count() == 1


def test_each_ticket_concerned_keeps_an_event_with_ids_only(marta: Ticket, twin: Ticket, tomas: User) -> None:
    kept, other = persons(marta, twin)
    workflow.merge(kept, other, actor=Actor.person(tomas), now=NOW)
    for ticket in (marta, twin):
        event = ticket.events.get(verb="merge")
        assert event.actor == tomas and event.data["kept"] == kept.pk and event.data["merged"] == other.pk
        assert all(isinstance(value, int) for value in event.data.values())
    of_person = ContactEvent.objects.get()
    assert (of_person.contact, of_person.other, of_person.verb, of_person.actor) == (kept, other, "merge", tomas)


def test_the_old_link_of_the_customer_leads_to_the_case_in_the_kept_conversation(
    marta: Ticket, twin: Ticket, tomas: User
) -> None:
    old = twin.conversation
    workflow.merge(*persons(marta, twin), actor=Actor.person(tomas), now=NOW)
    old.refresh_from_db()
    assert old.closed_at == NOW
    found = ticket_on_page(old)
    assert found is not None and found.conversation_id == marta.conversation_id


def test_a_person_without_an_open_conversation_takes_over_the_other_s_with_thread_and_link(
    marta: Ticket, twin: Ticket, tomas: User
) -> None:
    kept = factories.make_contact("Marta L.", email="")
    _, other = persons(marta, twin)
    workflow.merge(kept, other, actor=Actor.person(tomas), now=NOW)
    twin.refresh_from_db()
    conversation = Conversation.objects.get(pk=twin.conversation_id)
    assert conversation.contact == kept and conversation.closed_at is None
    kept.refresh_from_db()
    assert kept.email == "m.lind@nordby.example"


def test_one_person_has_one_owner_and_hears_the_new_name(marta: Ticket, twin: Ticket, tomas: User, ivo: User) -> None:
    workflow.assign(twin, actor=Actor.person(tomas), now=NOW, version=None, to=ivo, reason="Knows them.")
    Message.objects.filter(case=twin.pk).update(created_at=NOW)
    before = Message.objects.filter(kind="hand_over").count()
    workflow.merge(*persons(marta, twin), actor=Actor.person(tomas), now=NOW + DAY)
    twin.refresh_from_db()
    marta.refresh_from_db()
    assert twin.owner == marta.owner
    assert Message.objects.filter(kind="hand_over").count() == before + 1


def test_what_is_over_goes_along_without_being_owed_anything(marta: Ticket, twin: Ticket, tomas: User) -> None:
    kept, other = persons(marta, twin)
    over = factories.make_ticket(
        factories.make_response(2, contact=other),
        conversation=factories.make_conversation(other, closed_at=NOW - DAY),
        state="closed",
        nobody_to_reach=True,
    )
    workflow.merge(kept, other, actor=Actor.person(tomas), now=NOW)
    over.refresh_from_db()
    assert (over.contact, over.state, over.deadlines.count()) == (kept, "closed", 0)
    assert over.conversation.contact == kept and over.conversation.closed_at is not None


def test_merging_twice_changes_nothing(marta: Ticket, twin: Ticket, tomas: User) -> None:
    kept, other = persons(marta, twin)
    workflow.merge(kept, other, actor=Actor.person(tomas), now=NOW)
    before = snapshot()
    assert workflow.merge(kept, other, actor=Actor.person(tomas), now=NOW + DAY) is None
    assert snapshot() == before


@pytest.mark.parametrize("why", ["itself", "merged already", "into a merged one", "erased", "another account"])
def test_what_cannot_be_merged_is_refused_and_changes_nothing(
    marta: Ticket, twin: Ticket, tomas: User, why: str
) -> None:
    kept, other = persons(marta, twin)
    third = factories.make_contact("Third", account=marta.account)
    if why == "itself":
        other = kept
    elif why == "merged already":
        Contact.objects.filter(pk=other.pk).update(merged_into=third)
    elif why == "into a merged one":
        Contact.objects.filter(pk=kept.pk).update(merged_into=third)
    elif why == "erased":
        Contact.objects.filter(pk=other.pk).update(erased_at=NOW)
    else:
        Contact.objects.filter(pk=other.pk).update(account=factories.make_account("Elsewhere"))
    before = snapshot()
    with pytest.raises((NotAllowed, Incomplete)):
        workflow.merge(kept, other, actor=Actor.person(tomas), now=NOW)
    assert snapshot() == before


def test_two_accounts_are_one_person_where_somebody_says_so(marta: Ticket, twin: Ticket, tomas: User) -> None:
    kept, other = persons(marta, twin)
    elsewhere = factories.make_account("Elsewhere")
    Contact.objects.filter(pk=other.pk).update(account=elsewhere)
    assert workflow.merge(kept, other, actor=Actor.person(tomas), now=NOW, across_accounts=True)
    kept.refresh_from_db()
    assert kept.account == marta.account


def test_only_leads_and_administrators_merge(marta: Ticket, twin: Ticket, hanna: User, zoe: User) -> None:
    before = snapshot()
    for who in (hanna, zoe):
        with pytest.raises(Forbidden):
            workflow.merge(*persons(marta, twin), actor=Actor.person(who), now=NOW)
    assert snapshot() == before
    assert workflow.merge(*persons(marta, twin), actor=Actor.person(factories.make_admin()), now=NOW)


def test_a_lead_does_not_decide_over_the_open_case_of_another_team(marta: Ticket, twin: Ticket, tomas: User) -> None:
    Ticket.objects.filter(pk=twin.pk).update(team=factories.make_team("Elsewhere"))
    before = snapshot()
    with pytest.raises(NotAllowed, match="an administrator decides"):
        workflow.merge(*persons(marta, twin), actor=Actor.person(tomas), now=NOW)
    assert snapshot() == before


def test_a_later_answer_under_an_old_key_finds_who_is_kept_over_any_chain(
    marta: Ticket, twin: Ticket, tomas: User
) -> None:
    kept, other = persons(marta, twin)
    last = factories.make_contact("Last", account=marta.account, email="last@nordby.example")
    workflow.merge(kept, other, actor=Actor.person(tomas), now=NOW)
    workflow.merge(last, kept, actor=Actor.person(tomas), now=NOW)
    other.refresh_from_db()
    assert other.merged_into == last, "nobody is ever more than one step away"
    incoming = IncomingResponse(row=1, score=3, email="M.Lind@nordby.example", name="M. Lind")
    source = Response.objects.earliest("pk").source
    assert find_people(source, [incoming], accounts=[None], known=[None], now=NOW) == [last]


def test_an_answer_that_was_on_its_way_while_its_person_was_merged_opens_for_who_is_kept(
    marta: Ticket, twin: Ticket, tomas: User
) -> None:
    kept, other = persons(marta, twin)
    workflow.merge(kept, other, actor=Actor.person(tomas), now=NOW)
    late = factories.make_response(4, contact=other, decided_revision=0, received_at=NOW, responded_at=NOW)
    open_awaiting(now=NOW)
    ticket = Ticket.objects.get(response=late)
    late.refresh_from_db()
    assert (late.contact, ticket.contact, ticket.conversation_id) == (kept, kept, marta.conversation_id)


def test_do_not_contact_and_every_wish_win(marta: Ticket, twin: Ticket, tomas: User) -> None:
    kept, other = persons(marta, twin)
    Contact.objects.filter(pk=other.pk).update(do_not_contact=True)
    wish = Suppression.Reason.UNSUBSCRIBED
    Suppression.objects.create(address=other.email, stream="surveys", reason=wish, since=NOW - 9 * DAY)
    Suppression.objects.create(address=kept.email, stream="news", reason=wish, since=NOW - DAY)
    Suppression.objects.create(address=other.email, stream="case", reason=Suppression.Reason.BOUNCED)
    workflow.merge(kept, other, actor=Actor.person(tomas), now=NOW)
    kept.refresh_from_db()
    assert kept.do_not_contact
    rows = set(Suppression.objects.values_list("address", "stream"))
    assert {(kept.email, "surveys"), (other.email, "news")} <= rows
    assert (kept.email, "case") not in rows, "a mail that came back says something of one address"
    assert Suppression.objects.get(address=kept.email, stream="surveys").since == NOW - 9 * DAY


def test_a_mailbox_of_several_takes_on_nobody_s_wish(marta: Ticket, twin: Ticket, tomas: User) -> None:
    kept, other = persons(marta, twin)
    Contact.objects.filter(pk=other.pk).update(email="office@nordby.example", is_shared_mailbox=True)
    Suppression.objects.create(address=kept.email, stream="news", reason="unsubscribed")
    workflow.merge(kept, other, actor=Actor.person(tomas), now=NOW)
    assert not Suppression.objects.filter(address="office@nordby.example").exists()


def test_the_look_says_what_would_happen_and_changes_nothing(marta: Ticket, twin: Ticket, tomas: User) -> None:
    kept, other = persons(marta, twin)
    before = snapshot()
    look = workflow.look_at_merge(kept, other, actor=Actor.person(tomas))
    assert (look.why_not, look.answers, [row.pk for row in look.tickets]) == ("", 1, [twin.pk])
    assert [row.value for row in look.keys] == ["m.lind@nordby.example"]
    assert look.learns == ["role"] and not look.other_account
    assert snapshot() == before
    assert workflow.look_at_merge(kept, kept, actor=Actor.person(tomas)).why_not


# --- taking apart ----------------------------------------------------------------------------------------------


def test_an_answer_of_somebody_new_goes_there_with_its_ticket(marta: Ticket, tomas: User, hanna: User) -> None:
    assert marta.response is not None
    person = workflow.give_answer(
        marta.response, actor=Actor.person(tomas), now=NOW, name="Annika Dahl", email="Annika@Nordby.example"
    )
    marta.refresh_from_db()
    assert (person.name, person.email, person.account) == ("Annika Dahl", "annika@nordby.example", marta.account)
    assert marta.contact == person and marta.response.contact_id is not None
    assert Response.objects.get(pk=marta.response_id).contact == person
    assert marta.conversation.contact == person and marta.owner == hanna
    assert person.keys.get().value == "annika@nordby.example"
    event = marta.events.get(verb="split")
    assert event.data["contact"] == person.pk and all(isinstance(value, int) for value in event.data.values())
    assert ContactEvent.objects.get().verb == "split"


def test_split_gives_back_what_was_merged(marta: Ticket, twin: Ticket, tomas: User) -> None:
    """A wrong merge is undone answer by answer: whose it was is a person again, under the old key."""
    kept, other = persons(marta, twin)
    workflow.merge(kept, other, actor=Actor.person(tomas), now=NOW)
    old = ContactKey.objects.get(value="m.lind@nordby.example")
    assert twin.response is not None
    back = workflow.give_answer(twin.response, actor=Actor.person(tomas), now=NOW, name="M. Lind", keys=[old.pk])
    twin.refresh_from_db()
    old.refresh_from_db()
    assert (twin.contact, old.contact, back.email) == (back, back, "m.lind@nordby.example")
    assert twin.conversation_id != marta.conversation_id
    kept.refresh_from_db()
    assert kept.email != "m.lind@nordby.example"


def test_an_answer_joins_the_open_conversation_of_whom_it_is_from(marta: Ticket, twin: Ticket, tomas: User) -> None:
    _, other = persons(marta, twin)
    assert marta.response is not None
    workflow.give_answer(marta.response, actor=Actor.person(tomas), now=NOW, to=other)
    marta.refresh_from_db()
    assert marta.conversation_id == twin.conversation_id


def test_a_case_that_is_over_gets_a_page_of_its_own_that_has_ended(marta: Ticket, twin: Ticket, tomas: User) -> None:
    kept, other = persons(marta, twin)
    over = factories.make_ticket(
        factories.make_response(2, contact=kept), conversation=marta.conversation, state="closed"
    )
    assert over.response is not None
    workflow.give_answer(over.response, actor=Actor.person(tomas), now=NOW, to=other)
    over.refresh_from_db()
    assert over.conversation_id not in (marta.conversation_id, twin.conversation_id)
    assert over.conversation.closed_at is not None and over.state == "closed"


@pytest.mark.parametrize("why", ["no name", "same person", "merged", "known address", "an agent", "nobody known"])
def test_what_cannot_be_given_is_refused_and_changes_nothing(
    marta: Ticket, twin: Ticket, tomas: User, hanna: User, why: str
) -> None:
    kept, other = persons(marta, twin)
    assert marta.response is not None
    who, answer, fields = tomas, marta.response, {"to": other}
    if why == "no name":
        fields = {}
    elif why == "same person":
        fields = {"to": kept}
    elif why == "merged":
        Contact.objects.filter(pk=other.pk).update(merged_into=kept)
    elif why == "known address":
        fields = {"name": "Somebody", "email": other.email}  # type: ignore[dict-item]
    elif why == "an agent":
        who = hanna
    else:
        answer = factories.make_response(2, contact=None)
    before = snapshot()
    with pytest.raises((NotAllowed, Incomplete, Forbidden)):
        workflow.give_answer(answer, actor=Actor.person(who), now=NOW, **fields)  # type: ignore[arg-type]
    assert snapshot() == before


def test_giving_twice_is_refused_and_changes_nothing(marta: Ticket, twin: Ticket, tomas: User) -> None:
    _, other = persons(marta, twin)
    assert marta.response is not None
    workflow.give_answer(marta.response, actor=Actor.person(tomas), now=NOW, to=other)
    before = snapshot()
    with pytest.raises(NotAllowed):
        workflow.give_answer(marta.response, actor=Actor.person(tomas), now=NOW, to=other)
    assert snapshot() == before


def test_splitting_a_ticket_takes_its_answer_along(marta: Ticket, twin: Ticket, hanna: User) -> None:
    _, other = persons(marta, twin)
    workflow.split(marta, actor=Actor.person(hanna), now=NOW, version=None, contact=other)
    assert Response.objects.get(pk=marta.response_id).contact == other
