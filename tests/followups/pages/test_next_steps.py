"""Fifteen and more situations, and the one thing the ticket's page says to do next: its button and its reason.

Each goes the way an account manager comes by it; only who the customer is, is written down beforehand.
"""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

from django.test import Client

from followups import workflow
from followups.actors import Actor
from followups.models import Ticket
from followups.models.tickets import TicketState
from nps_loop.mail import telling
from nps_loop.mail.delivery import deliver_due
from nps_loop.mail.models import Message
from nps_loop.people.models import User
from surveys.models import Contact
from tests import factories
from tests.factories import NOW
from tests.followups.pages.cast import DAY, HOUR, Cast, add_ticket
from tests.followups.pages.conftest import shown
from tests.followups.steps import differences, in_lists, on_its_page, reading_as

PHONE = {"phone": "+46 8 12 34 56"}
CALLED = PHONE | {"preferred_channel": "phone"}


def marta(cast: Cast, score: int = 3, **fields: Any) -> Ticket:
    return add_ticket(cast, "Marta Lindqvist", "Nordby", score, "Nobody told us.", **fields)


def asked_for_a_call(cast: Cast, **fields: Any) -> Ticket:
    contact = CALLED | fields.pop("contact", {})
    return marta(cast, contact=contact, contact_me=True, answer={"contact_me": True}, **fields)


def without_mail(ticket: Ticket) -> Ticket:
    Contact.objects.filter(pk=ticket.contact_id).update(email="")
    return ticket


def tried(ticket: Ticket, cast: Cast, *ago: timedelta, outcome: str = "no_answer") -> Ticket:
    for each in ago:
        workflow.log_contact(
            ticket, actor=Actor.person(cast.hanna), now=NOW - each, version=None, channel="phone", outcome=outcome
        )
    return ticket


def spoken_to(ticket: Ticket, cast: Cast) -> Ticket:
    return tried(ticket, cast, HOUR, outcome="spoke")


def bounced(ticket: Ticket, cast: Cast) -> Ticket:
    """A mail of this person counted as contact until it came back."""
    hanna = Actor.person(cast.hanna)
    workflow.send_message(ticket, actor=hanna, now=NOW - 2 * HOUR, version=None, subject="", body="I am sorry.")
    deliver_due(NOW - HOUR)
    assert Ticket.objects.get(pk=ticket.pk).state == TicketState.CONTACTED
    telling.mark_bounced([Message.objects.get(kind="personal").pk], reason="550 No such mailbox.", now=NOW)
    assert Ticket.objects.get(pk=ticket.pk).state == TicketState.ASSIGNED
    return ticket


def says(client: Client, ticket: Ticket) -> tuple[str, str, str]:
    """Of the page: the verb its main button leads to (or its form is of), the button, and the heading with the reason.

    Whatever it is, row, day and API have to say the same.
    """
    reader = User.objects.get(pk=client.session["_auth_user_id"])
    assert differences(reader, [ticket], NOW) == []
    page = shown(client, f"/tickets/{ticket.pk}/")
    card = re.search(r'<section class="next.*?</section>', page, re.S)
    assert card is not None
    button = re.search(
        r'<(?:a|button) class="btn btn-primary"[^>]*?(?:href="\?do=([\w-]+)|>).*?</(?:a|button)>', card[0], re.S
    )
    words = html.unescape(" ".join(re.sub(r"<[^>]+>", " ", card[0].partition('<div class="btn-row">')[0]).split()))
    if button is None:
        return "", "", words
    form = re.search(rf'action="/tickets/{ticket.pk}/([\w-]+)/"', card[0])
    label = " ".join(re.sub(r"<[^>]+>", " ", button[0]).split())
    return button[1] or (form[1] if form else ""), label, words


def test_nobody_has_it(cast: Cast, hanna: Client) -> None:
    verb, label, words = says(hanna, marta(cast, owned=False, state=TicketState.NEW))
    assert (verb, label) == ("assign", "Take it")
    assert "Nobody has this ticket yet." in words


def test_asked_to_be_called(cast: Cast, hanna: Client) -> None:
    verb, label, words = says(hanna, asked_for_a_call(cast))
    assert (verb, label) == ("log-contact", "Log the call")
    assert "Next: call Marta Marta asked to be contacted. It is owed by Tuesday evening." in words


def test_no_number_is_known(cast: Cast, hanna: Client) -> None:
    verb, label, words = says(hanna, marta(cast, contact_me=True))
    assert (verb, label) == ("send-message", "Write to Marta")
    assert "Marta asked to be contacted." in words


def test_likes_to_be_written_to(cast: Cast, hanna: Client) -> None:
    verb, _, words = says(hanna, marta(cast, contact=PHONE | {"preferred_channel": "mail"}))
    assert verb == "send-message" and "Nobody has spoken to Marta yet." in words


def test_best_before_ten_and_it_is_due_after_ten_tomorrow(cast: Cast, hanna: Client) -> None:
    ticket = asked_for_a_call(cast, contact={"good_time": "08:00 to 10:00"}, due_in=24 * HOUR)
    verb, _, words = says(hanna, ticket)
    assert verb == "log-contact" and "Good time: 08:00 to 10:00." in words


def test_best_before_ten_and_it_is_due_tonight_after_a_try(cast: Cast, hanna: Client) -> None:
    ticket = tried(asked_for_a_call(cast, contact={"good_time": "08:00 to 10:00"}), cast, 28 * HOUR)
    verb, label, words = says(hanna, ticket)
    assert (verb, label) == ("send-message", "Write to Marta")
    assert "does not come before it is due: write now, call" in words


def test_best_before_ten_and_due_tonight_where_a_mail_would_not_count(cast: Cast, hanna: Client) -> None:
    verb, _, words = says(hanna, asked_for_a_call(cast, contact={"good_time": "08:00 to 10:00"}))
    assert verb == "log-contact"
    assert "The good time (08:00 to 10:00) does not come before it is due." in words


def test_the_good_time_is_now(cast: Cast, hanna: Client) -> None:
    contact = {"good_time": "14:00 to 16:00", "time_zone": "Europe/London"}
    verb, _, words = says(hanna, asked_for_a_call(cast, contact=contact))
    assert verb == "log-contact" and "Now is a good time, until 16:00 there." in words


def test_late_waits_for_no_good_time(cast: Cast, hanna: Client) -> None:
    ticket = asked_for_a_call(cast, contact={"good_time": "08:00 to 10:00"}, due_in=-2 * HOUR)
    verb, _, words = says(hanna, ticket)
    assert verb == "log-contact"
    assert "It was due today 12:30." in words and "but it is late already." in words


def test_unreachable_twice(cast: Cast, hanna: Client) -> None:
    verb, label, words = says(hanna, tried(asked_for_a_call(cast), cast, 26 * HOUR, 2 * HOUR))
    assert (verb, label) == ("send-message", "Write to Marta")
    assert "Tried 2 times without an answer. A mail that you write yourself counts as contact now." in words


def test_unreachable_twice_and_no_mail_can_go(cast: Cast, hanna: Client) -> None:
    ticket = tried(without_mail(asked_for_a_call(cast)), cast, 26 * HOUR, 2 * HOUR)
    verb, _, words = says(hanna, ticket)
    assert verb == "log-contact"
    assert "After three tries on two days it can be resolved without contact." in words


def test_unreachable_three_times_on_two_days_and_no_mail_can_go(cast: Cast, hanna: Client) -> None:
    ticket = tried(without_mail(asked_for_a_call(cast)), cast, 26 * HOUR, 25 * HOUR, 2 * HOUR)
    verb, label, words = says(hanna, ticket)
    assert (verb, label) == ("resolve", "Note that nobody was reached")
    assert "That is three tries on two days" in words


def test_nobody_to_reach(cast: Cast, hanna: Client) -> None:
    verb, label, words = says(hanna, marta(cast, nobody_to_reach=True))
    assert (verb, label) == ("resolve", "Note cause and outcome")
    assert "counts as not told" in words


def test_left_in_peace(cast: Cast, hanna: Client) -> None:
    verb, label, words = says(hanna, marta(cast, left_in_peace=True, contact=CALLED))
    assert (verb, label) == ("leave-in-peace", "Read it, note the cause")
    assert "Marta asked not to be contacted. Nothing is sent" in words


def test_renewal_in_nine_days(cast: Cast, hanna: Client) -> None:
    account = {"renewal_on": (NOW + 9 * DAY).date()}
    verb, _, words = says(hanna, marta(cast, contact=PHONE, account=account))
    assert verb == "log-contact" and "The contract renews in 9 days." in words


def test_renewal_in_nine_days_of_somebody_who_likes_mails(cast: Cast, hanna: Client) -> None:
    contact, account = PHONE | {"preferred_channel": "mail"}, {"renewal_on": (NOW + 9 * DAY).date()}
    verb, _, words = says(hanna, marta(cast, contact=contact, account=account))
    assert verb == "send-message" and "The contract renews in 9 days." in words


def test_renewal_in_nine_weeks(cast: Cast, hanna: Client) -> None:
    verb, _, words = says(hanna, marta(cast, contact=PHONE, account={"renewal_on": (NOW + 63 * DAY).date()}))
    assert verb == "send-message" and "renews in" not in words


def test_on_hold(cast: Cast, hanna: Client) -> None:
    verb, _, words = says(hanna, asked_for_a_call(cast, on_hold=True, hold_reason="lawyer"))
    assert verb == "log-contact"
    assert "It is on hold: agree with your lead before you reach out." in words


def test_the_mail_came_back(cast: Cast, hanna: Client) -> None:
    verb, label, words = says(hanna, bounced(marta(cast, contact=PHONE), cast))
    assert (verb, label) == ("log-contact", "Log the call")
    assert "No mail can go: The last one to marta@nordby.example came back." in words


def test_the_mail_came_back_and_no_number_is_known(cast: Cast, hanna: Client) -> None:
    ticket = bounced(marta(cast), cast)
    verb, label, words = says(hanna, ticket)
    assert (verb, label) == ("log-contact", "Reach Marta another way")
    assert "No mail can go:" in words


def test_a_first_contact_was_made(cast: Cast, hanna: Client) -> None:
    verb, label, words = says(hanna, spoken_to(asked_for_a_call(cast), cast))
    assert (verb, label) == ("add-action", "Plan action")
    assert "Marta now waits to hear what we will do, and by when." in words


def test_a_passive_was_spoken_to(cast: Cast, hanna: Client) -> None:
    verb, label, _ = says(hanna, spoken_to(marta(cast, 7, contact=CALLED), cast))
    assert (verb, label) == ("resolve", "Resolve")


def test_a_promise_is_open(cast: Cast, hanna: Client) -> None:
    ticket = spoken_to(asked_for_a_call(cast), cast)
    plan = {"title": "Send the list", "owner": cast.devika, "due_on": (NOW + DAY).date()}
    workflow.add_action(ticket, actor=Actor.person(cast.hanna), now=NOW, version=None, **plan)
    verb, label, words = says(hanna, ticket)
    assert (verb, label) == ("complete-action", "Finish action")
    assert "“Send the list” is with Devika Rao, by Wednesday evening." in words


def test_a_question_was_asked(cast: Cast, hanna: Client) -> None:
    ticket = spoken_to(asked_for_a_call(cast), cast)
    workflow.wait(ticket, actor=Actor.person(cast.hanna), now=NOW, version=None, question="Which file is it?")
    verb, _, words = says(hanna, ticket)
    assert verb == "" and "Waiting for Marta Marta was asked something. It comes back by itself:" in words


def test_the_customer_has_the_last_word(cast: Cast, hanna: Client) -> None:
    ticket = marta(
        cast, contact=CALLED, state=TicketState.RESOLVED, question_accepted_at=NOW, silence_until=NOW + 9 * DAY
    )
    verb, _, words = says(hanna, ticket)
    assert verb == "" and "Now it is Marta’s turn Marta has the last word." in words


def test_not_yet(cast: Cast, hanna: Client) -> None:
    ticket = asked_for_a_call(cast, cycle=1, customer_waits=True)
    factories.make_verdict(ticket, "not_yet", cycle=0, text="Two are still missing.")
    verb, _, words = says(hanna, ticket)
    assert verb == "log-contact"
    assert "Marta said “not yet”. Marta waits for an answer." in words


def test_words_and_score_do_not_fit(cast: Cast, hanna: Client) -> None:
    ticket = add_ticket(cast, "Marta Lindqvist", "Nordby", 0, "Great service, very happy, thank you!", contact=CALLED)
    verb, _, words = says(hanna, ticket)
    assert verb == "log-contact" and "ask first how Marta read the scale" in words


def test_a_mail_is_written_and_leaves_in_time(cast: Cast, hanna: Client) -> None:
    ticket = marta(cast)
    factories.make_message(case=ticket.pk, kind="personal", send_after=NOW + HOUR / 6)
    verb, _, words = says(hanna, ticket)
    assert verb == "" and "A mail is written The mail to Marta leaves today 14:40." in words


def test_whoever_was_only_given_an_action_is_told_of_that_alone(cast: Cast) -> None:
    ticket = tried(asked_for_a_call(cast), cast, 26 * HOUR, 2 * HOUR)
    factories.make_action(ticket, cast.devika, title="Send the list", due_at=NOW + DAY)
    assert differences(cast.devika, [ticket], NOW) == []
    with reading_as(cast.devika):
        step = on_its_page(cast.devika, ticket, NOW)
    assert step.verb == ""
    assert "Marta" not in step.reason and "Tried" not in step.reason


def test_each_ticket_of_a_list_keeps_its_own_tries_and_mails(cast: Cast, hanna: Client) -> None:
    people = ["Ada", "Bo", "Cy", "Di"]
    called = [add_ticket(cast, f"{name} One", f"{name} Ltd", 3, "Bad.", contact=CALLED) for name in people]
    tried(called[1], cast, 26 * HOUR, 2 * HOUR)
    factories.make_message(
        case=called[2].pk, kind="personal", recipient="cy@cy.example", state=Message.State.BOUNCED, ended_at=NOW
    )
    with reading_as(cast.hanna):
        steps = in_lists(cast.hanna, called, NOW)
    assert [steps[ticket.pk].label for ticket in called] == ["Call Ada", "Write to Bo", "Call Cy", "Call Di"]
    assert differences(cast.hanna, called, NOW) == []
