"""Templates: leads write them, everybody begins from them, and a mail nobody wrote is no evidence of contact."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from followups.models import ContactAttempt, LetterTemplate, Ticket
from followups.models.tickets import TicketState
from nps_loop.mail.delivery import deliver_due
from nps_loop.mail.models import Message
from surveys.models import Contact
from tests.factories import NOW
from tests.followups.pages.cast import Cast, add_marta
from tests.followups.pages.conftest import logged_in, shown

TEXT = (
    "Hello {first_name},\n\n{words}\n\nthank you for writing about {touchpoint}. What should have happened?\n\n{owner}"
)
NEW = {"name": "Thanks", "step": "first_contact", "language": "en", "subject": "", "text": TEXT, "is_active": "on"}


@pytest.fixture
def marta(cast: Cast) -> Ticket:
    LetterTemplate.objects.all().delete()
    ticket = add_marta(cast)
    # Who prefers mail: a mail counts as contact without a call before it.
    Contact.objects.filter(pk=ticket.contact_id).update(preferred_channel="mail")
    return Ticket.objects.get(pk=ticket.pk)


def make(**fields: Any) -> LetterTemplate:
    return LetterTemplate.objects.create(**{"name": "Thanks", "step": "first_contact", "text": TEXT, **fields})


def put_in(
    client: Client, ticket: Ticket, row: LetterTemplate, verb: str = "send-message", **data: Any
) -> HttpResponse:
    data = {"version": ticket.version, "template": row.pk, "use-template": "1", **data}
    return client.post(f"/tickets/{ticket.pk}/{verb}/", data)


def typed(answer: HttpResponse, name: str) -> str:
    found = re.search(rf'<textarea[^>]*name="{name}"[^>]*>\n?(.*?)</textarea>', answer.content.decode(), re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


# --- the page of the leads -------------------------------------------------------------------------------------


def test_a_lead_writes_changes_and_switches_off(cast: Cast, lead: Client, marta: Ticket) -> None:
    assert lead.post("/templates/new/", NEW)["Location"] == "/templates/"
    row = LetterTemplate.objects.get()
    assert (row.changed_by, row.changed_at, row.text.replace("\r", "")) == (cast.lead, NOW, TEXT)
    assert "Thanks" in shown(lead, "/templates/")
    assert lead.post(f"/templates/{row.pk}/", {**NEW, "name": "Thank you", "is_active": ""}).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.is_active) == ("Thank you", False)
    assert "switched off" in shown(lead, "/templates/")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"text": "Hello {frist_name}"}, "Unknown: {frist_name}."),
        ({"subject": "{price}"}, "Unknown: {price}."),
        ({"text": ""}, "Write the text first."),
        ({"step": "never"}, "Select a valid choice"),
        ({"language": "xx"}, "Select a valid choice"),
    ],
)
def test_what_could_not_be_filled_in_is_refused(
    cast: Cast, lead: Client, marta: Ticket, change: dict[str, str], said: str
) -> None:
    answer = lead.post("/templates/new/", NEW | change)
    assert answer.status_code == 400 and said in html.unescape(answer.content.decode())
    assert not LetterTemplate.objects.exists()


def test_two_of_one_name_are_refused(cast: Cast, lead: Client, marta: Ticket) -> None:
    lead.post("/templates/new/", NEW)
    assert lead.post("/templates/new/", NEW).status_code == 400


def test_others_read_them_and_change_nothing(cast: Cast, hanna: Client, marta: Ticket) -> None:
    row = make()
    page = shown(hanna, "/templates/")
    assert "Thanks" in page and "/templates/new/" not in page
    assert hanna.get("/templates/new/").status_code == 403
    assert hanna.post(f"/templates/{row.pk}/", NEW | {"name": "x"}).status_code == 403
    assert logged_in(cast.admin).get(f"/templates/{row.pk}/").status_code == 200
    for address in ("/templates/", "/templates/new/", f"/templates/{row.pk}/"):
        assert Client().get(address).status_code == 302


# --- in the forms of a ticket ----------------------------------------------------------------------------------


def test_a_form_offers_those_in_the_customers_language_that_fit_it(cast: Cast, hanna: Client, marta: Ticket) -> None:
    make(name="First")
    make(name="Passage", step="passage")
    make(name="Frage", language="de")
    make(name="Question", step="question")
    make(name="Off", is_active=False)
    page = hanna.get(f"/tickets/{marta.pk}/").context["page"]
    names = [row.name for _step, rows in page.templates["send_message"] for row in rows]
    assert names == ["First", "Passage"]
    assert [row.name for _step, rows in page.templates["wait"] for row in rows] == ["Question", "Passage"]


def test_choosing_one_fills_the_form_without_a_script(cast: Cast, hanna: Client, marta: Ticket) -> None:
    opening = hanna.get(f"/tickets/{marta.pk}/").context["page"].forms["send_message"].initial["body"]
    answer = put_in(hanna, marta, make(subject="About {touchpoint}"), body=opening, subject="")
    assert answer.status_code == 200
    body = typed(answer, "body")
    assert body.startswith("Hello Marta,\n\n> We waited eleven days")
    assert "about Onboarding, day 30." in body and body.endswith("Hanna Brandt")
    assert 'value="About Onboarding, day 30"' in answer.content.decode()
    assert 'role="alert"' not in answer.content.decode()
    assert not Message.objects.filter(kind="personal").exists()


def test_what_is_typed_is_kept(cast: Cast, hanna: Client, marta: Ticket) -> None:
    answer = put_in(
        hanna, marta, make(name="P", step="passage", text="Call me?"), body="Mine.", subject="S", when="moment"
    )
    assert typed(answer, "body") == "Mine.\n\nCall me?"
    page = answer.content.decode()
    assert 'value="S"' in page and re.search(r'value="moment"[^>]*checked', page)


@pytest.mark.parametrize("key", ["", "x", "999999", "9" * 30])
def test_a_template_that_is_not_offered_changes_nothing(cast: Cast, hanna: Client, marta: Ticket, key: str) -> None:
    data = {"version": marta.version, "use-template": "1", "template": key, "body": "Mine."}
    answer = hanna.post(f"/tickets/{marta.pk}/send-message/", data)
    assert answer.status_code == 200 and typed(answer, "body") == "Mine."


@pytest.mark.parametrize(("more", "counts"), [("", False), ("\r\n \r\n", False), (" I looked: it was a comma.", True)])
def test_a_template_nobody_touched_is_no_evidence_of_contact(
    cast: Cast, hanna: Client, marta: Ticket, more: str, counts: bool
) -> None:
    body = typed(put_in(hanna, marta, make(), body=""), "body")
    sent = hanna.post(
        f"/tickets/{marta.pk}/send-message/",
        # Whatever a browser claims, the server compares.
        {"version": marta.version, "body": body.replace("\n", "\r\n") + more, "is_template_unedited": ""},
    )
    assert sent.status_code == 302
    deliver_due(NOW)
    marta.refresh_from_db()
    assert Message.objects.get(kind="personal").state == "sent"
    assert ContactAttempt.objects.filter(outcome="sent").exists() == counts
    assert (marta.state == TicketState.CONTACTED) == counts


@pytest.mark.parametrize(("more", "counts"), [("", False), ("\r\n \r\n", False), (" Was it the comma?", True)])
def test_a_question_nobody_touched_is_asked_and_is_no_evidence_of_contact(
    cast: Cast, hanna: Client, marta: Ticket, more: str, counts: bool
) -> None:
    Ticket.objects.filter(pk=marta.pk).update(state=TicketState.CONTACTED)
    text = "Dear {first_name}, which of your imports stopped?"
    make(step="question", text=text)
    # Whatever a browser claims, the server compares.
    question = text.replace("{first_name}", "Marta") + more
    data = {"version": marta.version, "question": question, "is_template_unedited": ""}
    assert hanna.post(f"/tickets/{marta.pk}/wait/", data).status_code == 302
    deliver_due(NOW)
    marta.refresh_from_db()
    assert marta.state == TicketState.WAITING_ON_CUSTOMER
    assert Message.objects.get(kind="personal").state == "sent"
    attempt = ContactAttempt.objects.get(outcome="sent")
    # The customer's page shows the question either way.
    assert attempt.line_for_customer.startswith("Dear Marta")
    assert attempt.is_evidence == counts
    assert (marta.first_contact_at is not None) == counts
    page = hanna.get(f"/tickets/{marta.pk}/").content.decode()
    assert ("An unedited template is no contact." in page) != counts


def test_a_gap_in_a_question_is_not_asked(cast: Cast, hanna: Client, marta: Ticket) -> None:
    Ticket.objects.filter(pk=marta.pk).update(state=TicketState.CONTACTED)
    data = {"version": marta.version, "question": "Dear {first_name}, which one?"}
    answer = hanna.post(f"/tickets/{marta.pk}/wait/", data)
    assert answer.status_code == 400
    assert "Still to be filled in by hand: {first_name}." in html.unescape(answer.content.decode())
    assert not Message.objects.filter(kind="personal").exists()


def test_a_gap_is_not_sent(cast: Cast, hanna: Client, marta: Ticket) -> None:
    answer = hanna.post(
        f"/tickets/{marta.pk}/send-message/", {"version": marta.version, "body": "You hear from me {promise}."}
    )
    assert answer.status_code == 400
    assert "Still to be filled in by hand: {promise}." in html.unescape(answer.content.decode())
    assert not Message.objects.filter(kind="personal").exists()


# --- a date in a mail ------------------------------------------------------------------------------------------


def test_a_date_in_a_mail_is_offered_as_an_action(cast: Cast, hanna: Client, marta: Ticket) -> None:
    body = "Hello Marta,\n\nYou will have the corrected list by Friday 27 November. I am sorry."
    hanna.post(f"/tickets/{marta.pk}/send-message/", {"version": marta.version, "body": body})
    page = shown(hanna, f"/tickets/{marta.pk}/")
    assert "The last mail says “by Friday 27 November”" in page
    assert "as soon as the mail counts as contact" in page
    deliver_due(NOW)
    link = re.search(
        r'href="(\?do=add-action&amp;promised=2026-11-27)#add-action"', shown(hanna, f"/tickets/{marta.pk}/")
    )
    assert link is not None
    answer = hanna.get(f"/tickets/{marta.pk}/" + html.unescape(link[1]))
    form = answer.context["page"].forms["add_action"]
    assert form["title"].value() == "You will have the corrected list by Friday 27 November."
    assert (form["due_on"].value(), form["part"].value()) == ("2026-11-27", "evening")
    marta.refresh_from_db()
    data = {
        "version": marta.version,
        "title": form["title"].value(),
        "due_on": "2026-11-27",
        "part": "evening",
        "owner": cast.hanna.pk,
    }
    assert hanna.post(f"/tickets/{marta.pk}/add-action/", data).status_code == 302
    assert "The last mail says “by Friday" not in shown(hanna, f"/tickets/{marta.pk}/")


@pytest.mark.parametrize("day", ["", "x", "2026-11-28", "9999-99-99"])
def test_a_day_no_mail_promised_fills_nothing_in(cast: Cast, hanna: Client, marta: Ticket, day: str) -> None:
    assert hanna.get(f"/tickets/{marta.pk}/?do=add-action&promised={day}").status_code == 200
