"""Colleagues called by name in a note, and those who follow a ticket: told once, never of their own acts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from followups import workflow
from followups.actors import Actor
from followups.mentions import handles_in, mentions, named_by
from followups.models import Action, Note, Ticket, Watcher
from followups.replies import Press, press
from nps_loop.mail.delivery import deliver_due
from nps_loop.mail.models import Message
from nps_loop.people.models import User
from tests import factories
from tests.factories import NOW
from tests.followups.pages.cast import DAY, Cast, add_marta
from tests.followups.pages.conftest import logged_in, shown


@pytest.fixture
def marta(cast: Cast) -> Ticket:
    return add_marta(cast)


def note(client: Client, ticket: Ticket, text: str) -> HttpResponse:
    return client.post(f"/tickets/{ticket.pk}/note/", {"version": ticket.version, "text": text}, follow=True)


def notices_to(user: User) -> list[str]:
    rows = Message.objects.filter(stream="staff", recipient=user.email).order_by("pk")
    return list(rows.values_list("subject", flat=True))


# --- names in a note -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "handles"),
    [
        ("@nils look", ["nils"]),
        ("see @nils.aker, and @Tomás.", ["nils.aker", "tomás"]),
        ("(@nils) @nils @NILS", ["nils"]),
        ("mail me@nils.example or a@b", []),
        ("@ nobody @@twice", []),
        ("", []),
    ],
)
def test_what_stands_behind_an_at(text: str, handles: list[str]) -> None:
    assert handles_in(text) == handles


def test_names_are_found_with_and_without_accents_and_never_guessed() -> None:
    people = [
        User(pk=1, username="t.ruiz", first_name="Tomás", last_name="Ruiz"),
        User(pk=2, username="nils", first_name="Nils", last_name="Aker"),
        User(pk=3, username="nb", first_name="Nils", last_name="Berg"),
    ]
    found = named_by(["tomas", "tomás.ruiz", "t.ruiz", "nils", "nils.berg", "berg"], people)
    assert {handle: [person.pk for person in rows] for handle, rows in found.items()} == {
        "tomas": [1],
        "tomás.ruiz": [1],
        "t.ruiz": [1],
        # A user name means its person alone.
        "nils": [2],
        "nils.berg": [3],
        "berg": [],
    }


def test_a_colleague_called_in_a_note_is_told_once(cast: Cast, hanna: Client, marta: Ticket) -> None:
    note(hanna, marta, "@nils and again @nils.aker: which depot was it?")
    assert notices_to(cast.nils) == [f"Hanna Brandt calls you in a note (#{marta.pk})"]
    mail = Message.objects.get(recipient=cast.nils.email)
    assert "which depot" not in mail.text and f"/tickets/{marta.pk}/" in mail.text


def test_nobody_is_told_of_ones_own_name(cast: Cast, hanna: Client, marta: Ticket) -> None:
    note(hanna, marta, "Note to @hanna")
    assert notices_to(cast.hanna) == []


def test_who_cannot_see_the_ticket_is_not_told_and_the_writer_hears_it(
    cast: Cast, hanna: Client, marta: Ticket
) -> None:
    page = note(hanna, marta, "@otto please look").content.decode()
    assert "Otto Fern cannot see this ticket, and so was not told." in page
    assert notices_to(cast.outsider) == []
    assert Note.objects.get().text == "@otto please look"


def test_a_name_of_nobody_or_of_several_is_said(cast: Cast, hanna: Client, marta: Ticket) -> None:
    factories.make_user("Nils Berg", username="n.berg")
    User.objects.filter(pk=cast.nils.pk).update(username="n.aker")
    page = note(hanna, marta, "@nils @nobody").content.decode()
    assert "Several colleagues are called @nils" in page and "Nobody here is called @nobody." in page
    assert notices_to(cast.nils) == []


def test_who_has_left_is_called_by_nobody(cast: Cast, hanna: Client, marta: Ticket) -> None:
    User.objects.filter(pk=cast.nils.pk).update(is_active=False)
    assert "Nobody here is called @nils." in note(hanna, marta, "@nils").content.decode()


def test_a_note_without_a_name_asks_for_nobody(cast: Cast, marta: Ticket, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        mentions("mail to a@b.example", marta, by=cast.hanna)


# --- following -------------------------------------------------------------------------------------------------


def follow(client: Client, ticket: Ticket, **data: str) -> HttpResponse:
    return client.post(f"/tickets/{ticket.pk}/follow/", data)


def test_a_button_follows_and_ends_it(cast: Cast, lead: Client, marta: Ticket) -> None:
    assert "Follow this ticket" in shown(lead, f"/tickets/{marta.pk}/")
    assert follow(lead, marta).status_code == 302
    follow(lead, marta)
    assert Watcher.objects.get().reason == "chose"
    page = shown(lead, f"/tickets/{marta.pk}/")
    assert "Follow it no longer" in page and "Tomás Ruiz follows it." in page
    follow(lead, marta, stop="1")
    assert not Watcher.objects.exists()


def test_the_owner_needs_no_button_and_an_outsider_gets_none(cast: Cast, hanna: Client, marta: Ticket) -> None:
    assert "Follow this ticket" not in shown(hanna, f"/tickets/{marta.pk}/")
    assert follow(logged_in(cast.outsider), marta).status_code == 404
    assert hanna.get(f"/tickets/{marta.pk}/follow/").status_code == 405
    assert Client().post(f"/tickets/{marta.pk}/follow/").status_code == 302


def test_whoever_was_only_given_an_action_follows_nothing(cast: Cast, marta: Ticket) -> None:
    factories.make_action(marta, cast.devika)
    assert follow(logged_in(cast.devika), marta).status_code == 404


def resolved(cast: Cast, ticket: Ticket, actor: Actor) -> Ticket:
    act = {"actor": actor, "now": NOW, "version": None}
    workflow.log_contact(ticket, **act, channel="phone", outcome="spoke")
    workflow.add_action(ticket, **act, title="Send the list", owner=cast.hanna, due_on=(NOW + 3 * DAY).date())
    workflow.complete_action(ticket, **act, action=Action.objects.get(ticket=ticket), what_changed="You have it.")
    return workflow.resolve(
        ticket, **act, root_cause=cast.causes[0], what_changed="You have it.", why_it_happened="Nobody owned it."
    )


def watch(ticket: Ticket, *users: User) -> None:
    for user in users:
        Watcher.objects.create(ticket=ticket, user=user, reason=Watcher.Reason.CHOSE, since=NOW)


def test_followers_hear_of_a_resolution_a_reply_and_a_reopening(cast: Cast, marta: Ticket) -> None:
    watch(marta, cast.nils)
    hanna = Actor.person(cast.hanna)
    workflow.log_reply(marta, actor=hanna, now=NOW, version=None, text="And?")
    ticket = resolved(cast, marta, hanna)
    press(ticket, Press("not_yet", ticket.cycle, "Still wrong."), now=NOW)
    n = marta.pk
    assert notices_to(cast.nils) == [f"Marta wrote back (#{n})", f"Resolved: #{n}", f"Open again: #{n}"]


def test_of_a_press_they_hear_once(cast: Cast, marta: Ticket) -> None:
    watch(marta, cast.nils)
    ticket = resolved(cast, marta, Actor.person(cast.hanna))
    press(ticket, Press("call_me", ticket.cycle, "Please call."), now=NOW)
    assert notices_to(cast.nils) == [f"Resolved: #{marta.pk}", f"Open again: #{marta.pk}"]


def test_nobody_is_told_of_their_own_acts(cast: Cast, marta: Ticket) -> None:
    watch(marta, cast.nils)
    nils = Actor.person(cast.nils)
    workflow.log_reply(marta, actor=nils, now=NOW, version=None, text="And?")
    ticket = resolved(cast, marta, nils)
    workflow.reopen(ticket, actor=nils, now=NOW, version=None, reason="Too early")
    assert notices_to(cast.nils) == []


def test_owner_and_leads_are_not_told_twice(cast: Cast, marta: Ticket) -> None:
    watch(marta, cast.hanna, cast.lead)
    ticket = resolved(cast, marta, Actor.person(cast.nils))
    before = len(notices_to(cast.lead)), len(notices_to(cast.hanna))
    press(ticket, Press("not_yet", ticket.cycle, "Still wrong."), now=NOW)
    assert (len(notices_to(cast.lead)), len(notices_to(cast.hanna))) == (before[0] + 1, before[1] + 1)


def test_who_may_not_see_it_any_more_hears_nothing(cast: Cast, marta: Ticket) -> None:
    watch(marta, cast.outsider)
    resolved(cast, marta, Actor.person(cast.hanna))
    assert notices_to(cast.outsider) == []


def test_whoever_looks_after_the_account_hears_of_it(cast: Cast, marta: Ticket) -> None:
    account = marta.account
    assert account is not None
    account.owner = cast.outsider
    account.save()
    watch(marta, cast.outsider)
    resolved(cast, Ticket.objects.get(pk=marta.pk), Actor.person(cast.hanna))
    assert notices_to(cast.outsider) == [f"Resolved: #{marta.pk}"]


def test_a_notice_carries_nobodys_words(cast: Cast, marta: Ticket) -> None:
    watch(marta, cast.nils)
    workflow.log_reply(marta, actor=Actor.person(cast.hanna), now=NOW, version=None, text="My secret words")
    assert not Message.objects.filter(stream="staff", text__contains="secret words").exists()


def test_a_resolution_taken_back_is_told_to_nobody(cast: Cast, hanna: Client, marta: Ticket) -> None:

    watch(marta, cast.nils)
    resolved(cast, marta, Actor.person(cast.hanna, undo=timedelta(seconds=10)))
    mail = Message.objects.get(kind="resolution")
    workflow.take_back(marta, actor=Actor.person(cast.hanna), now=NOW, message=mail)
    deliver_due(NOW + timedelta(minutes=1))
    assert list(Message.objects.filter(recipient=cast.nils.email).values_list("state", flat=True)) == ["cancelled"]
