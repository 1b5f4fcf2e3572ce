"""Every verb of the ticket page: it works, is refused, is no GET, and done twice does nothing twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from followups import workflow
from followups.actors import Actor
from followups.forms import FORMS
from followups.models import Action, ContactAttempt, Deadline, DismissalRequest, Note, Reply, Resolution, Ticket
from followups.models.tickets import ClosedAs, TicketState
from nps_loop.mail.models import Message
from surveys.models import Contact
from tests import factories
from tests.factories import NOW
from tests.followups.pages.cast import DAY, HOUR, Cast, add_marta, add_ticket
from tests.followups.pages.conftest import logged_in, shown

S = TicketState


@pytest.fixture
def marta(cast: Cast) -> Ticket:
    return add_marta(cast)


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def post(client: Client, ticket: Ticket, verb: str, **data: Any) -> HttpResponse:
    """Send the form of a verb as the page shows it now."""
    data.setdefault("version", fresh(ticket).version)
    return client.post(f"/tickets/{ticket.pk}/{verb}/", data)


def mails() -> int:
    return Message.objects.exclude(stream="staff").count()


def spoken(cast: Cast, ticket: Ticket) -> Ticket:
    """The same ticket after a talk."""
    return workflow.log_contact(
        ticket, actor=Actor.person(cast.hanna), now=NOW, version=None, channel="phone", outcome="spoke"
    )


def in_action(cast: Cast, ticket: Ticket) -> Action:
    """An action promised to the customer on this ticket."""
    workflow.add_action(
        spoken(cast, ticket),
        actor=Actor.person(cast.hanna),
        now=NOW,
        version=None,
        title="Send the list",
        owner=cast.devika,
        due_on=(NOW + 3 * DAY).date(),
    )
    return Action.objects.get(ticket=ticket)


def resolved(cast: Cast, ticket: Ticket) -> Ticket:
    action = in_action(cast, ticket)
    actor = Actor.person(cast.hanna)
    workflow.complete_action(
        ticket, actor=actor, now=NOW, version=None, action=action, what_changed="You have the list."
    )
    return workflow.resolve(
        ticket,
        actor=actor,
        now=NOW,
        version=None,
        root_cause=cast.causes[0],
        what_changed="You have the list.",
        why_it_happened="Nobody owned it.",
    )


# --- log-contact -----------------------------------------------------------------------------------------------


def test_a_talk_is_logged_and_stops_the_clock(cast: Cast, hanna: Client, marta: Ticket) -> None:
    answer = post(
        hanna, marta, "log-contact", channel="phone", outcome="spoke", note="Calm.", line_for_customer="By Friday."
    )
    assert answer.status_code == 302
    attempt = ContactAttempt.objects.get(ticket=marta)
    assert (attempt.outcome, attempt.note, attempt.line_for_customer) == ("spoke", "Calm.", "By Friday.")
    assert fresh(marta).state == S.CONTACTED
    assert "It is contacted." in hanna.get(answer["Location"]).content.decode()


def test_a_try_leaves_the_ticket_assigned(cast: Cast, hanna: Client, marta: Ticket) -> None:
    post(hanna, marta, "log-contact", channel="phone", outcome="left_message")
    assert fresh(marta).state == S.ASSIGNED


def test_no_answer_try_tomorrow_needs_no_typing(cast: Cast, hanna: Client, marta: Ticket) -> None:
    assert post(hanna, marta, "log-contact", quick="no-answer-tomorrow").status_code == 302
    attempt = ContactAttempt.objects.get(ticket=marta)
    assert (attempt.channel, attempt.outcome) == ("phone", "no_answer")
    assert attempt.next_try_at is not None
    assert attempt.next_try_at.isoformat() == "2026-11-25T09:00:00+00:00"


@pytest.mark.parametrize(("hours", "said"), [(3, True), (30, False)])
def test_whoever_tries_again_tomorrow_reads_what_is_due_before_that(
    cast: Cast, hanna: Client, marta: Ticket, hours: int, said: bool
) -> None:
    due_at = NOW + timedelta(hours=hours)
    marta.deadlines.update(promised_at=due_at, due_at=due_at)
    post(hanna, marta, "log-contact", quick="no-answer-tomorrow")
    page = shown(hanna, f"/tickets/{marta.pk}/")
    assert "next try tomorrow." in page
    assert ("It stays due today 17:30, before that." in page) == said


def test_a_talk_that_settles_it_is_one_form_and_one_submit(cast: Cast, hanna: Client, marta: Ticket) -> None:
    answer = post(
        hanna,
        marta,
        "log-contact",
        channel="phone",
        outcome="spoke",
        settled_what="Switched on offline mode.",
        settled_cause=cast.causes[0].pk,
        settled_why="We never told you.",
        settled_told="talk",
    )
    assert answer.status_code == 302
    assert fresh(marta).state == S.RESOLVED
    assert Action.objects.get(ticket=marta).state == Action.State.DONE
    assert Resolution.objects.get(ticket=marta).told == Resolution.Told.TALK
    assert Message.objects.get(case=marta.pk, kind="resolution").state == Message.State.QUEUED


def test_settling_with_nothing_filled_in_does_not_pass_for_a_mere_talk(
    cast: Cast, hanna: Client, marta: Ticket
) -> None:
    assert "Log, resolve and ask Marta" in shown(hanna, f"/tickets/{marta.pk}/?do=log-contact")
    answer = post(hanna, marta, "log-contact", channel="phone", outcome="spoke", settled="yes")
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "Choose the root cause." in page and "Say why it happened." in page
    assert '<details class="more-form" open>' in page
    assert fresh(marta).state == S.ASSIGNED


def test_half_a_settlement_says_what_lacks_and_keeps_the_rest(cast: Cast, hanna: Client, marta: Ticket) -> None:
    answer = post(
        hanna, marta, "log-contact", channel="phone", outcome="spoke", settled_what="Switched it on.", note="Calm."
    )
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "Choose the root cause." in page
    assert "Say why it happened." in page
    assert "Switched it on." in page
    assert "Calm." in page
    assert fresh(marta).state == S.ASSIGNED
    assert mails() == 0
    assert not ContactAttempt.objects.exists()


def test_a_talk_in_the_future_is_refused(cast: Cast, hanna: Client, marta: Ticket) -> None:
    answer = post(hanna, marta, "log-contact", channel="phone", outcome="spoke", happened_at="2026-11-25T09:00")
    assert answer.status_code == 400
    assert "this time is still to come" in answer.content.decode()


def test_log_and_open_next_goes_on_in_the_queue(cast: Cast, hanna: Client, marta: Ticket) -> None:
    other = add_ticket(cast, "Zoe Last", "Z", 5, "", due_in=5 * DAY)
    answer = post(hanna, marta, "log-contact", channel="phone", outcome="spoke", then="next")
    assert answer["Location"] == f"/tickets/{other.pk}/"


# --- writing, asking, replies ----------------------------------------------------------------------------------


def test_a_mail_is_queued_and_the_clock_waits_for_the_server(cast: Cast, hanna: Client, marta: Ticket) -> None:
    answer = post(hanna, marta, "send-message", subject="Your imports", body="Dear Marta,\n\nI am sorry.\n\nHanna")
    assert answer.status_code == 302
    mail = Message.objects.get(case=marta.pk, kind="personal")
    assert (mail.subject, mail.state, mail.written_by) == ("Your imports", "queued", cast.hanna)
    assert fresh(marta).state == S.ASSIGNED


def test_a_mail_on_its_way_is_not_asked_for_again(cast: Cast, hanna: Client, marta: Ticket) -> None:
    Contact.objects.filter(pk=marta.contact_id).update(preferred_channel="mail", phone="")
    assert "Next: write to Marta" in shown(hanna, f"/tickets/{marta.pk}/")
    post(hanna, marta, "send-message", body="I am sorry.")
    page = shown(hanna, f"/tickets/{marta.pk}/")
    assert "The mail to Marta is on its way." in page and "Next: write to Marta" not in page


@pytest.mark.parametrize(("leaves", "in_time"), [("2026-11-24T15:30", True), ("2026-11-27T09:00", False)])
def test_a_mail_that_leaves_later_is_enough_where_that_is_in_time(
    cast: Cast, hanna: Client, marta: Ticket, leaves: str, in_time: bool
) -> None:
    Contact.objects.filter(pk=marta.contact_id).update(preferred_channel="mail", phone="")
    post(hanna, marta, "send-message", body="I am sorry.", send_after=leaves)
    page = shown(hanna, f"/tickets/{marta.pk}/")
    assert "Your mail to Marta leaves now." not in page
    assert ("Your mail to Marta leaves today 15:30." in page) == in_time
    assert ("The mail to Marta leaves today 15:30." in page) == in_time
    assert ("Next: write to Marta" in page) != in_time


def test_the_opening_alone_is_no_mail_and_is_not_sent(cast: Cast, hanna: Client, marta: Ticket) -> None:
    page = hanna.get(f"/tickets/{marta.pk}/").context["page"]
    opening = page.forms["send_message"].initial["body"]
    assert "Dear Marta," in opening
    assert "> " in opening
    answer = post(hanna, marta, "send-message", subject="", body=f"{opening}\n \n")
    assert answer.status_code == 400
    assert "So far this is only the opening" in answer.content.decode()
    assert mails() == 0 and not ContactAttempt.objects.filter(channel="mail").exists()


def test_a_preview_shows_the_mail_and_sends_nothing(cast: Cast, hanna: Client, marta: Ticket) -> None:
    answer = post(hanna, marta, "send-message", subject="Your imports", body="I am sorry, Marta.", preview="1")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "As Marta will see it" in page
    assert page.count("I am sorry, Marta.") == 2
    assert "(link to the page of the case)" in page and "(link to end the surveys)" in page
    assert mails() == 0


def test_an_empty_mail_is_refused_and_nothing_is_sent(cast: Cast, hanna: Client, marta: Ticket) -> None:
    assert post(hanna, marta, "send-message", subject="Hello", body="  ").status_code == 400
    assert mails() == 0


def test_whoever_must_not_be_contacted_is_not_written_to(cast: Cast, hanna: Client, marta: Ticket) -> None:
    marta.contact.do_not_contact = True
    marta.contact.save()
    answer = post(hanna, marta, "send-message", subject="Hello", body="Something I wrote.")
    assert answer.status_code == 409
    assert "must not be contacted" in answer.content.decode()
    assert "Something I wrote." in answer.content.decode()
    assert not Message.objects.filter(kind="personal", state="queued").exists()


def test_a_reply_is_logged_word_for_word(cast: Cast, hanna: Client, marta: Ticket) -> None:
    post(hanna, marta, "log-reply", text="Thank you.\nMarta", to_personal_mail="on")
    reply = Reply.objects.get(ticket=marta)
    assert reply.to_personal_mail
    assert reply.text.replace("\r\n", "\n") == "Thank you.\nMarta"


def test_a_question_waits_and_comes_back(cast: Cast, hanna: Client, marta: Ticket) -> None:
    spoken(cast, marta)
    assert post(hanna, marta, "wait", question="Which depot was it?").status_code == 302
    assert fresh(marta).state == S.WAITING_ON_CUSTOMER
    assert Message.objects.filter(case=marta.pk, kind="personal").count() == 1
    assert post(hanna, marta, "resume").status_code == 302
    assert fresh(marta).state == S.CONTACTED


def test_a_question_hides_no_promise_that_falls_due_meanwhile(cast: Cast, hanna: Client, marta: Ticket) -> None:
    in_action(cast, marta)
    post(hanna, marta, "wait", question="Which depot was it?", until="2026-12-01T12:00")
    page = shown(hanna, f"/tickets/{marta.pk}/")
    assert "Next: finish action" in page and "Waiting for an answer does not move it." in page
    assert "The team clock stands still until" in page
    assert "Take it up again" in page
    row = shown(hanna, "/queue/?view=waiting")
    assert "Finish action" in row and "paused" not in row


def test_a_question_answered_before_the_promise_is_due_just_waits(cast: Cast, hanna: Client, marta: Ticket) -> None:
    in_action(cast, marta)
    post(hanna, marta, "wait", question="Which depot was it?", until="2026-11-25T09:00")
    assert "Waiting for Marta" in shown(hanna, f"/tickets/{marta.pk}/")
    row = shown(hanna, "/queue/?view=waiting")
    assert "paused" in row and "?do=#" not in row
    assert '<span class="muted small inline">1 ticket</span>' in shown(hanna, "/tickets/?state=waiting_on_customer")


# --- actions ---------------------------------------------------------------------------------------------------


def test_an_action_is_promised_and_told(cast: Cast, hanna: Client, marta: Ticket) -> None:
    spoken(cast, marta)
    answer = post(
        hanna,
        marta,
        "add-action",
        title="Send the list",
        owner=cast.devika.pk,
        due_on="2026-11-27",
        part="evening",
        tell_customer="on",
    )
    assert answer.status_code == 302
    action = Action.objects.get(ticket=marta)
    assert (action.owner, action.due_at.isoformat()) == (cast.devika, "2026-11-27T17:30:00+00:00")
    assert fresh(marta).state == S.IN_ACTION
    assert Message.objects.filter(case=marta.pk, kind="action_update").count() == 1


def test_an_action_without_a_date_keeps_what_was_typed(cast: Cast, hanna: Client, marta: Ticket) -> None:
    spoken(cast, marta)
    answer = post(hanna, marta, "add-action", title="Send the list", owner=cast.devika.pk, part="evening")
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "Say by which day." in page
    assert ">\nSend the list</textarea>" in page
    assert f'<option value="{cast.devika.pk}" selected>' in page
    assert mails() == 0


def test_an_action_is_done_moved_and_left_out(cast: Cast, hanna: Client, marta: Ticket) -> None:
    action = in_action(cast, marta)
    post(hanna, marta, "move-action", action=action.pk, due_on="2026-12-01", part="midday", reason="One file is late.")
    assert Action.objects.get(pk=action.pk).due_at.isoformat() == "2026-12-01T13:00:00+00:00"
    assert Message.objects.filter(case=marta.pk, kind="delay").count() == 1
    post(hanna, marta, "complete-action", action=action.pk, what_changed="You have the list.")
    assert Action.objects.get(pk=action.pk).state == Action.State.DONE
    page = shown(hanna, f"/tickets/{marta.pk}/")
    assert f"Done on #{marta.pk}." in page and "takes it from here" not in page
    answer = post(hanna, marta, "drop-action", action=action.pk, reason="Too late.")
    assert answer.status_code == 409
    assert "This action is done already." in answer.content.decode()


def test_a_promised_contact_is_put_off_in_one_click_while_it_is_in_danger(
    cast: Cast, hanna: Client, marta: Ticket
) -> None:
    Ticket.objects.filter(pk=marta.pk).update(due_at=cast.now + HOUR, promised_at=cast.now + HOUR)
    Deadline.objects.filter(ticket=marta, target="first_contact").update(promised_at=cast.now + HOUR)
    page = hanna.get(f"/tickets/{marta.pk}/?do=delay").content.decode()
    assert "Send the delay mail first" in page
    offered = re.search(r'name="due_on" value="([\d-]+)"', page)
    part = re.search(r'name="part" value="(\w+)"[^>]*checked', page)
    assert offered and part
    answer = post(hanna, marta, "delay", due_on=offered[1], part=part[1], reason="")
    assert answer.status_code == 302
    assert Message.objects.filter(case=marta.pk, kind="delay").count() == 1
    shown_now = shown(hanna, f"/tickets/{marta.pk}/")
    assert "is told the new time" in shown_now and "told Marta a later time" in shown_now
    refused = post(hanna, marta, "delay", due_on=offered[1], part=part[1], reason="Typed already.")
    assert refused.status_code == 400
    assert "This is not later than what was promised." in refused.content.decode()
    assert "Typed already." in refused.content.decode()
    assert Message.objects.filter(case=marta.pk, kind="delay").count() == 1


def test_where_nothing_is_promised_nothing_is_put_off(cast: Cast, hanna: Client, marta: Ticket) -> None:
    spoken(cast, marta)
    assert 'id="delay"' not in hanna.get(f"/tickets/{marta.pk}/").content.decode()
    assert post(hanna, marta, "delay", due_on="2026-12-01", part="midday", reason="").status_code == 409
    assert mails() == 0


def test_an_action_of_another_ticket_is_refused(cast: Cast, hanna: Client, marta: Ticket) -> None:
    in_action(cast, marta)
    other = add_ticket(cast, "Anna One", "A", 5, "")
    foreign = factories.make_action(other)
    answer = post(hanna, marta, "complete-action", action=foreign.pk, what_changed="Done.")
    assert answer.status_code == 400
    assert Action.objects.get(pk=foreign.pk).state == Action.State.OPEN


# --- ending ----------------------------------------------------------------------------------------------------


def resolution(cast: Cast) -> dict[str, Any]:
    return {
        "root_cause": cast.causes[0].pk,
        "what_changed": "You have the list.",
        "why_it_happened": "Nobody owned it.",
        "told": "mail",
    }


def test_resolving_asks_the_customer(cast: Cast, hanna: Client, marta: Ticket) -> None:
    action = in_action(cast, marta)
    answer = post(
        hanna,
        marta,
        "resolve",
        **resolution(cast),
        **{f"becomes_{action.pk}": "done", f"words_{action.pk}": "You have the list."},
    )
    assert answer.status_code == 302
    assert fresh(marta).state == S.RESOLVED
    assert Action.objects.get(pk=action.pk).state == Action.State.DONE
    assert Message.objects.filter(case=marta.pk, kind="resolution", state="queued").count() == 1


def test_an_action_may_be_dropped_while_resolving_another_is_done(cast: Cast, hanna: Client, marta: Ticket) -> None:
    first = in_action(cast, marta)
    second = factories.make_action(fresh(marta), cast.devika, title="Move the depots")
    post(
        hanna,
        marta,
        "resolve",
        **resolution(cast),
        **{
            f"becomes_{first.pk}": "done",
            f"words_{first.pk}": "You have the list.",
            f"becomes_{second.pk}": "drop",
            f"words_{second.pk}": "You asked us to wait until spring.",
        },
    )
    assert fresh(marta).state == S.RESOLVED
    assert Action.objects.get(pk=second.pk).dropped_reason == "You asked us to wait until spring."


def test_resolving_with_an_action_open_changes_nothing(cast: Cast, hanna: Client, marta: Ticket) -> None:
    action = in_action(cast, marta)
    before = fresh(marta).version
    answer = post(hanna, marta, "resolve", **resolution(cast))
    assert answer.status_code == 400
    assert "Send the list" in answer.content.decode()
    assert fresh(marta).version == before
    assert not Message.objects.filter(kind="resolution").exists()
    # Dropped without a reason: the drop and the resolution fail together.
    answer = post(hanna, marta, "resolve", **resolution(cast), **{f"becomes_{action.pk}": "drop"})
    assert answer.status_code == 400
    assert "Say why it is left out." in answer.content.decode()
    assert fresh(marta).version == before
    assert Action.objects.get(pk=action.pk).state == Action.State.OPEN


def test_each_action_nothing_is_decided_about_is_marked_and_the_first_has_the_focus(
    cast: Cast, hanna: Client, marta: Ticket
) -> None:
    first = in_action(cast, marta)
    second = factories.make_action(fresh(marta), cast.devika, title="Move the depots")
    page = post(hanna, marta, "resolve", told="mail").content.decode()
    assert "5 things are missing or not right yet" in page
    for action in (first, second):
        about = f"resolve-becomes_{action.pk}-about"
        group = f'<fieldset class="field" role="radiogroup" aria-invalid="true" aria-describedby="{about}">'
        assert group in page and f'<span class="error" id="{about}">' in page
    assert page.count("Say that it is done, or drop it.") == 2 and "it lacks" not in page
    due_first = min((first, second), key=lambda action: (action.due_at, action.pk))
    assert re.findall(r'<input type="radio" name="(\w+)"[^>]* autofocus>', page) == [f"becomes_{due_first.pk}"]


def test_the_focus_is_on_the_first_field_that_is_wrong(cast: Cast, hanna: Client, marta: Ticket) -> None:
    spoken(cast, marta)
    page = post(hanna, marta, "add-action", title="Send the list", owner=cast.devika.pk, part="evening")
    assert re.search(r'<input type="date" name="due_on"[^>]* autofocus', page.content.decode())


def test_the_resolution_mail_can_be_read_first(cast: Cast, hanna: Client, marta: Ticket) -> None:
    action = in_action(cast, marta)
    queued = mails()
    answer = post(
        hanna,
        marta,
        "resolve",
        **resolution(cast),
        **{f"becomes_{action.pk}": "done", f"words_{action.pk}": "All fourteen imports are repaired."},
        preview="1",
    )
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "As Marta will see it" in page
    assert "Nobody owned it." in page
    assert "[[link" not in page
    assert mails() == queued
    assert fresh(marta).state == S.IN_ACTION


def test_without_contact_it_is_not_resolved(cast: Cast, hanna: Client, marta: Ticket) -> None:
    answer = post(hanna, marta, "resolve", **resolution(cast))
    assert answer.status_code == 400
    assert "Before this can be resolved it lacks a first contact." in answer.content.decode()
    assert mails() == 0


def test_a_resolved_ticket_opens_again_with_a_reason(cast: Cast, hanna: Client, marta: Ticket) -> None:
    resolved(cast, marta)
    assert post(hanna, marta, "reopen", reason=" ").status_code == 400
    assert post(hanna, marta, "reopen", reason="It failed again.").status_code == 302
    assert (fresh(marta).state, fresh(marta).cycle) == (S.ASSIGNED, 1)


def test_left_in_peace_sends_nothing(cast: Cast, hanna: Client) -> None:
    ticket = add_ticket(cast, "Anna One", "A", 5, "", left_in_peace=True, contact_me=False)
    assert post(hanna, ticket, "leave-in-peace", root_cause=cast.causes[0].pk, note="Read.").status_code == 302
    assert fresh(ticket).closed_as == ClosedAs.LEFT_IN_PEACE
    assert mails() == 0


def test_only_a_lead_who_is_not_the_owner_agrees_to_differ(cast: Cast, hanna: Client, marta: Ticket) -> None:
    resolved(cast, marta)
    factories.make_verdict(marta, "not_yet", cycle=0, text="No.")
    assert post(hanna, marta, "agree-to-differ", text="Because.").status_code == 409
    assert post(logged_in(cast.lead), marta, "agree-to-differ", text="Because.").status_code == 302
    assert fresh(marta).closed_as == ClosedAs.AGREED_TO_DIFFER


def test_a_dismissal_of_a_detractor_is_a_wish_a_lead_decides(cast: Cast, hanna: Client, marta: Ticket) -> None:
    assert post(hanna, marta, "ask-dismissal", reason="duplicate", explanation="See #1.").status_code == 302
    assert fresh(marta).state == S.ASSIGNED
    assert DismissalRequest.objects.get(ticket=marta).explanation == "See #1."
    page = logged_in(cast.lead).get(f"/tickets/{marta.pk}/").content.decode()
    assert "Hanna Brandt asks to dismiss this ticket: Duplicate of another ticket." in page
    assert post(hanna, marta, "decide-dismissal", approve="yes").status_code == 409
    assert post(logged_in(cast.lead), marta, "decide-dismissal", approve="yes").status_code == 302
    assert fresh(marta).state == S.DISMISSED


def test_a_lead_may_say_no_to_a_dismissal(cast: Cast, hanna: Client, marta: Ticket) -> None:
    post(hanna, marta, "ask-dismissal", reason="spam")
    assert post(logged_in(cast.lead), marta, "decide-dismissal", approve="no").status_code == 302
    assert fresh(marta).state == S.ASSIGNED
    assert "asks to dismiss" not in logged_in(cast.lead).get(f"/tickets/{marta.pk}/").content.decode()


# --- whose and when --------------------------------------------------------------------------------------------


def test_a_ticket_changes_hands_with_a_reason(cast: Cast, hanna: Client, marta: Ticket) -> None:
    answer = post(hanna, marta, "assign", to=cast.nils.pk)
    assert answer.status_code == 400
    assert "Say why it changes hands." in answer.content.decode()
    assert post(hanna, marta, "assign", to=cast.nils.pk, reason="I am away.").status_code == 302
    assert fresh(marta).owner == cast.nils


def test_an_unassigned_ticket_is_taken_with_one_click(cast: Cast, hanna: Client) -> None:
    ticket = add_ticket(cast, "Anna One", "A", 5, "", owned=False)
    page = hanna.get(f"/tickets/{ticket.pk}/").content.decode()
    assert f'name="to" value="{cast.hanna.pk}"' in page
    assert post(hanna, ticket, "assign", to=cast.hanna.pk).status_code == 302
    assert (fresh(ticket).owner, fresh(ticket).state) == (cast.hanna, S.ASSIGNED)


def test_a_ticket_is_given_back(cast: Cast, hanna: Client, marta: Ticket) -> None:
    assert post(hanna, marta, "release", reason="Not my region.").status_code == 302
    assert fresh(marta).owner is None


def test_snoozing_never_passes_what_is_due(cast: Cast, hanna: Client, marta: Ticket) -> None:
    assert post(hanna, marta, "snooze", until="2026-11-24T16:30").status_code == 302
    assert fresh(marta).snoozed_until is not None
    assert post(hanna, marta, "snooze", until="2026-11-30T09:00").status_code == 400
    assert post(hanna, marta, "snooze").status_code == 400
    assert post(hanna, marta, "snooze", wake="on").status_code == 302
    assert fresh(marta).snoozed_until is None


def test_a_hold_is_put_by_anyone_and_lifted_by_a_lead(cast: Cast, hanna: Client, marta: Ticket) -> None:
    assert post(hanna, marta, "hold", reason="A lawyer wrote.").status_code == 302
    assert fresh(marta).on_hold
    assert post(hanna, marta, "unhold").status_code == 409
    assert post(logged_in(cast.lead), marta, "unhold").status_code == 302
    assert not fresh(marta).on_hold


def test_a_note_stands_among_colleagues(cast: Cast, hanna: Client, marta: Ticket) -> None:
    assert post(hanna, marta, "note", text="They moved depots.").status_code == 302
    assert Note.objects.get(ticket=marta).text == "They moved depots."
    assert post(hanna, marta, "note", text="   ").status_code == 400


def test_two_tickets_of_one_company_get_one_owner(cast: Cast, hanna: Client, marta: Ticket) -> None:
    other = add_ticket(cast, "Annika Dahl", "Nordby Cold Chain", 6, "", owner=cast.nils)
    stranger = add_ticket(cast, "Anna One", "A", 5, "")
    assert post(hanna, marta, "join", other=stranger.pk).status_code == 400
    assert post(hanna, marta, "join", other=other.pk).status_code == 302
    assert fresh(marta).owner == fresh(other).owner


def test_an_answer_of_nobody_known_is_joined_to_who_it_was(cast: Cast, hanna: Client, marta: Ticket) -> None:
    response = factories.make_response(2, contact=None)
    ticket = factories.make_ticket(response, owner=cast.hanna, team=cast.team, nobody_to_reach=True)
    factories.make_deadline(ticket)
    assert post(hanna, ticket, "join", other=marta.pk).status_code == 302
    assert fresh(ticket).contact == marta.contact
    assert fresh(ticket).conversation_id == fresh(marta).conversation_id


def test_an_answer_that_is_another_persons_is_split_off(cast: Cast, hanna: Client, marta: Ticket) -> None:
    annika = factories.make_contact("Annika Dahl", account=marta.account)
    factories.make_response(9, contact=annika, responded_at=NOW - DAY)
    stranger = factories.make_contact("Anna One")
    assert ">Annika Dahl</option>" in hanna.get(f"/tickets/{marta.pk}/").content.decode()
    assert post(hanna, marta, "split", contact=stranger.pk).status_code == 400
    assert post(hanna, marta, "split", contact=annika.pk).status_code == 302
    assert fresh(marta).contact == annika


# --- all of them -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", sorted(FORMS))
def test_looking_never_does_anything(cast: Cast, hanna: Client, marta: Ticket, verb: str) -> None:
    before = fresh(marta).version
    page = hanna.get(f"/tickets/{marta.pk}/{verb}/")
    assert page["Location"] == f"/tickets/{marta.pk}/?do={verb}"
    assert hanna.get(f"/tickets/{marta.pk}/{verb}/?show=mails")["Location"] == f"/tickets/{marta.pk}/?show=mails"
    assert fresh(marta).version == before


@pytest.mark.parametrize("verb", sorted(FORMS))
def test_nobody_acts_on_a_ticket_out_of_scope(cast: Cast, marta: Ticket, verb: str) -> None:
    before = fresh(marta).version
    data = {"version": before, "text": "x", "body": "x", "reason": "x", "channel": "phone", "outcome": "spoke"}
    assert logged_in(cast.outsider).post(f"/tickets/{marta.pk}/{verb}/", data).status_code == 404
    # Nobody logged in gets the log-in page, which holds what was typed.
    assert Client().post(f"/tickets/{marta.pk}/{verb}/", data).status_code == 401
    assert fresh(marta).version == before


@pytest.mark.parametrize("verb", sorted(FORMS))
def test_an_empty_form_is_refused_in_words_and_breaks_nothing(
    cast: Cast, hanna: Client, marta: Ticket, verb: str
) -> None:
    before = fresh(marta).version
    answer = hanna.post(f"/tickets/{marta.pk}/{verb}/", {})
    assert answer.status_code == 400
    assert "This page is too old. Load it again." in answer.content.decode()
    assert fresh(marta).version == before
    assert mails() == 0


def test_a_verb_nobody_knows_is_not_found(cast: Cast, hanna: Client, marta: Ticket) -> None:
    assert hanna.post(f"/tickets/{marta.pk}/delete/", {"version": 2}).status_code == 404


def talk(cast: Cast) -> dict[str, Any]:
    return {"channel": "phone", "outcome": "spoke"}


TWICE: dict[str, Callable[[Cast], dict[str, Any]]] = {
    "log-contact": talk,
    "send-message": lambda cast: {"subject": "A", "body": "Something."},
    "hold": lambda cast: {"reason": "A lawyer."},
    "assign": lambda cast: {"to": cast.nils.pk, "reason": "Away."},
    "ask-dismissal": lambda cast: {"reason": "spam"},
    "snooze": lambda cast: {"until": "2026-11-24T16:30"},
    "log-reply": lambda cast: {"text": "Thanks."},
}


@pytest.mark.parametrize("verb", sorted(TWICE))
def test_the_same_form_sent_twice_does_it_once(cast: Cast, hanna: Client, marta: Ticket, verb: str) -> None:
    data = TWICE[verb](cast) | {"version": fresh(marta).version}
    assert hanna.post(f"/tickets/{marta.pk}/{verb}/", data).status_code == 302
    after, sent = fresh(marta).version, Message.objects.count()
    assert hanna.post(f"/tickets/{marta.pk}/{verb}/", data).status_code == 409
    assert fresh(marta).version == after
    assert Message.objects.count() == sent


@pytest.mark.parametrize("version", ["", "x", "-1", "99999999999999999999999", "1.5"])
def test_a_version_that_is_none_is_refused(cast: Cast, hanna: Client, marta: Ticket, version: str) -> None:
    answer = hanna.post(f"/tickets/{marta.pk}/note/", {"version": version, "text": "Kept words."})
    assert answer.status_code in (302, 400)
    answer = hanna.post(f"/tickets/{marta.pk}/hold/", {"version": version, "reason": "Kept words."})
    assert answer.status_code in (400, 409)
    assert "Kept words." in answer.content.decode()
