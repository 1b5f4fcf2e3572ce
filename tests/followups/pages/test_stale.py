"""Somebody else was faster: nothing is written over, nothing typed is lost, and it can be sent again."""

import html
import re

import pytest
from django.test import Client

from followups import workflow
from followups.actors import Actor
from followups.models import ContactAttempt, Note, Ticket
from followups.models.tickets import TicketState
from nps_loop.mail.delivery import deliver_due
from nps_loop.mail.models import Message
from tests.factories import NOW
from tests.followups.pages.cast import HOUR, Cast, add_marta
from tests.followups.pages.conftest import logged_in

TYPED = "Tried again at 14:20, no signal. I write now & call “tomorrow”."


@pytest.fixture
def marta(cast: Cast) -> Ticket:
    return add_marta(cast)


def faster(cast: Cast, marta: Ticket) -> None:
    """Nils logs a talk of this morning while Hanna writes."""
    workflow.log_contact(
        marta,
        actor=Actor.person(cast.nils),
        now=NOW,
        version=None,
        channel="phone",
        outcome="spoke",
        happened_at=NOW - 5 * HOUR,
    )


def late(client: Client, cast: Cast, marta: Ticket, verb: str, **data: object) -> tuple[int, str]:
    """Send a form that showed the ticket before Nils was faster."""
    data["version"] = Ticket.objects.get(pk=marta.pk).version
    faster(cast, marta)
    answer = client.post(f"/tickets/{marta.pk}/{verb}/", data)
    return answer.status_code, answer.content.decode()


def test_a_stale_form_is_refused_with_what_happened_meanwhile(cast: Cast, hanna: Client, marta: Ticket) -> None:
    status, page = late(hanna, cast, marta, "log-contact", channel="phone", outcome="no_answer", note=TYPED)
    assert status == 409
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "Your contact was not saved: the ticket changed while you were writing." in words
    assert "Nils Aker called, they spoke" in words.replace(" ,", ",")
    assert "Contacted" in words
    assert ContactAttempt.objects.count() == 1


def test_everything_typed_is_still_in_the_form(cast: Cast, hanna: Client, marta: Ticket) -> None:
    _, page = late(
        hanna,
        cast,
        marta,
        "log-contact",
        channel="video",
        outcome="left_message",
        note=TYPED,
        line_for_customer="By Friday.",
    )
    form = page.split('id="log-contact"')[1].split("</form>")[0]
    assert html.escape(TYPED, quote=False) in html.unescape(form).replace("&", "&amp;")
    assert "By Friday." in form
    assert re.search(r'value="video"[^>]*checked', form)
    assert re.search(r'value="left_message"[^>]*checked', form)


def test_the_form_that_came_back_can_be_sent_as_it_is(cast: Cast, hanna: Client, marta: Ticket) -> None:
    _, page = late(hanna, cast, marta, "log-contact", channel="phone", outcome="no_answer", note=TYPED)
    form = page.split('id="log-contact"')[1].split("</form>")[0]
    version = re.search(r'name="version" value="(\d+)"', form)
    assert version is not None
    data = {"version": version[1], "channel": "phone", "outcome": "no_answer", "note": TYPED}
    assert hanna.post(f"/tickets/{marta.pk}/log-contact/", data).status_code == 302
    assert ContactAttempt.objects.get(outcome="no_answer").note == TYPED


def test_what_was_typed_can_be_kept_as_a_note(cast: Cast, hanna: Client, marta: Ticket) -> None:
    _, page = late(hanna, cast, marta, "log-contact", channel="phone", outcome="no_answer", note=TYPED)
    assert "Keep it as a note" in page
    kept = re.search(r'name="text" value="([^"]+)"', page)
    assert kept is not None
    data = {"version": Ticket.objects.get(pk=marta.pk).version, "text": html.unescape(kept[1])}
    assert hanna.post(f"/tickets/{marta.pk}/note/", data).status_code == 302
    assert Note.objects.get().text == TYPED


def test_a_stale_mail_is_not_sent(cast: Cast, hanna: Client, marta: Ticket) -> None:
    status, page = late(hanna, cast, marta, "send-message", subject="Your imports", body=TYPED)
    assert status == 409
    assert "Your mail was not sent" in page
    assert not Message.objects.exclude(stream="staff").exists()


def test_what_is_no_longer_possible_is_kept_all_the_same(cast: Cast, hanna: Client, marta: Ticket) -> None:
    version = Ticket.objects.get(pk=marta.pk).version
    workflow.ask_dismissal(
        marta, actor=Actor.person(cast.hanna), now=NOW, version=None, reason="spam", explanation="Not a customer."
    )
    workflow.decide_dismissal(marta, actor=Actor.person(cast.lead), now=NOW, version=None, approve=True)
    answer = hanna.post(f"/tickets/{marta.pk}/send-message/", {"version": version, "subject": "", "body": TYPED})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Dismissed" in page
    assert "call “tomorrow”" in page.split('id="send-message"')[1]


def test_a_note_never_loses_to_a_stale_page(cast: Cast, hanna: Client, marta: Ticket) -> None:
    status, _ = late(hanna, cast, marta, "note", text=TYPED)
    assert status == 302
    assert Note.objects.get().text == TYPED


def test_of_two_at_once_one_wins(cast: Cast, hanna: Client, marta: Ticket) -> None:
    version = Ticket.objects.get(pk=marta.pk).version
    data = {"version": version, "channel": "phone", "outcome": "spoke"}
    answers = [client.post(f"/tickets/{marta.pk}/log-contact/", data) for client in (hanna, logged_in(cast.nils))]
    assert [answer.status_code for answer in answers] == [302, 409]
    assert Ticket.objects.get(pk=marta.pk).state == TicketState.CONTACTED


def test_a_mail_that_was_accepted_meanwhile_makes_no_page_stale(cast: Cast, hanna: Client, marta: Ticket) -> None:
    """Whoever asks a question and takes the ticket up again at once has seen all there is to see."""
    workflow.log_contact(marta, actor=Actor.person(cast.hanna), now=NOW, version=None, channel="phone", outcome="spoke")
    plan = {"title": "Send the list", "owner": cast.hanna, "due_on": (NOW + 48 * HOUR).date()}
    workflow.add_action(marta, actor=Actor.person(cast.hanna), now=NOW, version=None, **plan)
    workflow.wait(marta, actor=Actor.person(cast.hanna), now=NOW, version=None, question="Which file is it?")
    shown = Ticket.objects.get(pk=marta.pk).version
    deliver_due(NOW)
    assert Ticket.objects.get(pk=marta.pk).version > shown
    assert hanna.post(f"/tickets/{marta.pk}/resume/", {"version": shown}).status_code == 302
    assert Ticket.objects.get(pk=marta.pk).state == TicketState.IN_ACTION


def test_a_note_is_kept_whatever_happened_meanwhile(cast: Cast, hanna: Client, marta: Ticket) -> None:
    status, _ = late(hanna, cast, marta, "note", text=TYPED)
    assert status == 302
    assert Note.objects.get().text == TYPED
