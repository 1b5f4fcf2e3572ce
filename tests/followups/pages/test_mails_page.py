"""/mails/: leads word the automatic mails, see them as they are sent, send one to themselves, and go back."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from followups import wording_page
from followups.mail_kinds import KINDS
from followups.messages.wording import worded
from followups.models import MailWording
from nps_loop.mail.models import Message
from tests.factories import NOW
from tests.followups.pages.cast import Cast
from tests.followups.pages.conftest import logged_in, shown

NEW = {
    "kind": "acknowledgement",
    "language": "en",
    "subject": "{owner} gets in touch {promise}",
    "opening": "thank you, {first_name}: it is here.",
    "closing": "",
}


def begin(client: Client, **fields: str) -> MailWording:
    answer = client.post("/mails/new/", NEW | fields)
    assert answer.status_code == 302, answer.content.decode()
    row = MailWording.objects.latest("pk")
    assert answer["Location"] == f"/mails/{row.pk}/#preview"
    return row


def do(client: Client, row: MailWording, verb: str, **data: object) -> str:
    answer = client.post(f"/mails/{row.pk}/{verb}/", data, follow=True)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def test_what_is_typed_is_shown_as_the_mail_and_not_saved(cast: Cast, lead: Client, hanna: Client) -> None:
    row = begin(lead)
    typed = {"opening": "good day, {first_name} <b>!", "subject": "{owner} and {nobody}", "closing": ""}
    page = lead.post(f"/mails/{row.pk}/live/", typed)
    assert "good day, Marta &lt;b&gt;!" in page.content.decode() and "sandbox" in page["Content-Security-Policy"]
    words = lead.post(f"/mails/{row.pk}/live/", {**typed, "words": "1"}).json()
    assert "good day, Marta <b>!" in words["text"]
    # What cannot be filled in says what is shipped, until it can.
    assert "nobody" not in words["subject"] and words["subject"]
    row.refresh_from_db()
    assert (row.opening, row.edits) == (NEW["opening"], 1)
    assert hanna.post(f"/mails/{row.pk}/live/", typed).status_code == 403
    assert lead.post("/mails/999999/live/", typed).status_code == 404


@pytest.mark.parametrize("kind", ["action_update", "action_done"])
def test_what_we_do_and_what_was_done_are_worded_apart(cast: Cast, lead: Client, kind: str) -> None:
    row = begin(lead, kind=kind, subject="", opening="so that you can hold us to it, {first_name}:")
    assert "so that you can hold us to it, Marta:" in shown(lead, f"/mails/{row.pk}/")


def test_a_lead_words_a_mail_sees_it_and_puts_it_in_force(cast: Cast, lead: Client) -> None:
    row = begin(lead)
    page = shown(lead, f"/mails/{row.pk}/")
    assert f'src="/mails/{row.pk}/frame/"' in page and "thank you, Marta: it is here." in page
    framed = lead.get(f"/mails/{row.pk}/frame/")
    assert "thank you, Marta: it is here." in framed.content.decode() and "sandbox" in framed["Content-Security-Policy"]
    saved = lead.post(f"/mails/{row.pk}/", {"edits": "1", "opening": "good day, {first_name}."})
    assert saved.status_code == 302
    assert "Mails say this from now on." in do(lead, row, "put-in-force", edits=2)
    row.refresh_from_db()
    assert (row.state, row.opening, row.subject, row.put_in_force_by) == (
        "active",
        "good day, {first_name}.",
        "",
        cast.lead,
    )
    overview = shown(lead, "/mails/")
    assert "version 1" in overview and "As shipped in Deutsch" in html.unescape(overview)


def test_done_twice_it_is_done_once(cast: Cast, lead: Client) -> None:
    row = begin(lead)
    assert lead.post("/mails/new/", NEW).status_code == 409
    do(lead, row, "put-in-force", edits=1)
    assert "There is no such draft any more." in do(lead, row, "put-in-force", edits=1)
    assert "A draft says what version 1 says." in do(lead, row, "go-back")
    assert "A colleague changed the draft meanwhile." in do(lead, row, "go-back")
    assert MailWording.objects.count() == 2
    do(lead, row, "shipped")
    assert "not in force any more" in do(lead, row, "shipped")
    assert not MailWording.objects.in_force().exists()


def test_a_draft_is_thrown_away_and_what_was_in_force_is_not(cast: Cast, lead: Client) -> None:
    row = begin(lead)
    do(lead, row, "put-in-force", edits=1)
    do(lead, row, "discard", edits=1)
    assert MailWording.objects.get().is_in_force
    do(lead, row, "go-back")
    draft = MailWording.objects.drafts().get()
    do(lead, draft, "discard", edits=1)
    assert MailWording.objects.get() == row


def test_what_is_in_force_is_not_saved_over(cast: Cast, lead: Client) -> None:
    row = begin(lead)
    do(lead, row, "put-in-force", edits=1)
    assert lead.post(f"/mails/{row.pk}/", {"edits": "1", "opening": "Other."}).status_code == 409
    row.refresh_from_db()
    assert row.opening == NEW["opening"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"opening": "Hello {frist_name}"}, "Unknown in this mail: {frist_name}."),
        ({"kind": "hand_over"}, "This mail has nothing to word there."),
        ({"subject": "", "opening": " "}, "Every part is empty"),
        ({"kind": "never"}, "Select a valid choice"),
        ({"language": "xx"}, "Select a valid choice"),
        ({"touchpoint": "99999"}, "Select a valid choice"),
        ({"subject": "x" * 201}, "at most 200"),
    ],
)
def test_what_no_mail_could_say_is_refused(cast: Cast, lead: Client, change: dict[str, str], said: str) -> None:
    answer = lead.post("/mails/new/", NEW | change)
    assert answer.status_code == 400 and said in html.unescape(answer.content.decode())
    assert not MailWording.objects.exists()


def test_only_leads_and_administrators_come_here(cast: Cast, hanna: Client, lead: Client) -> None:
    row = begin(lead)
    for path in ("/mails/", "/mails/new/", f"/mails/{row.pk}/", f"/mails/{row.pk}/frame/"):
        assert hanna.get(path).status_code == 403
        assert Client().get(path).status_code == 302
        assert logged_in(cast.admin).get(path).status_code == 200
    for verb in ("put-in-force", "discard", "test", "shipped", "go-back"):
        assert hanna.post(f"/mails/{row.pk}/{verb}/", {"edits": "1"}).status_code == 403
    assert hanna.post("/mails/new/", NEW).status_code == 403
    assert MailWording.objects.get().is_draft and not Message.objects.filter(kind="wording_test").exists()
    assert lead.get("/mails/99/").status_code == 404 == lead.post(f"/mails/{row.pk}/never/").status_code


def test_a_test_goes_to_whoever_asks_and_to_nobody_else(cast: Cast, lead: Client) -> None:
    row = begin(lead)
    before = set(Message.objects.values_list("pk", flat=True))
    data = {"to": "marta@example.com", "recipient": "marta@example.com", "email": "marta@example.com"}
    for _twice in range(2):
        assert f"Sent to {cast.lead.email}, and to nobody else." in do(lead, row, "test", **data)
    [sent] = Message.objects.exclude(pk__in=before)
    assert (sent.recipient, sent.state, sent.case) == (cast.lead.email, "queued", None)
    assert sent.subject.startswith("Test: ") and "[[link" not in sent.html + sent.text


def test_without_an_address_nothing_is_sent(cast: Cast, lead: Client) -> None:
    row = begin(lead)
    type(cast.lead).objects.filter(pk=cast.lead.pk).update(email="")
    assert "No mail address of yours is known" in do(lead, row, "test")
    assert not Message.objects.filter(kind="wording_test").exists()


def test_what_is_shown_is_what_is_sent(cast: Cast, lead: Client) -> None:
    for kind, of_kind in KINDS.items():
        row = begin(lead, kind=kind, **{part: "" for part in ("subject", "opening", "closing")} | {
            of_kind.parts[0]: "Thank you, {first_name}."
        })  # fmt: skip
        sent = worded(row.kind, "en", wording_page.facts_to_show(row, cast.lead, now=NOW), row.parts)
        shown_there = lead.get(f"/mails/{row.pk}/frame/").content.decode()
        assert shown_there == re.sub(r' href="\[\[link:[^"]*"', "", sent.html)
        do(lead, row, "test")
        mail = Message.objects.get(dedupe_key__startswith=f"wording-test:{row.pk}:")
        assert mail.html == wording_page.without_links(sent.html)


def test_the_linter_stands_beside_the_words_and_stops_nothing(cast: Cast, lead: Client) -> None:
    row = begin(lead, subject="Hello", opening="Rest assured, we value your feedback. We have read your answer.")
    page = html.unescape(shown(lead, f"/mails/{row.pk}/"))
    assert "Worth a second look" in page and "“rest assured”" in page.replace("we value your feedback", "rest assured")
    assert "This mail leaves before anybody did." in page and "“{promise}”" in page
    assert "Mails say this from now on." in do(lead, row, "put-in-force", edits=1)


def test_a_letter_on_a_ticket_is_looked_over_and_sent_all_the_same(cast: Cast, hanna: Client) -> None:
    from tests.followups.pages.cast import add_marta

    marta = add_marta(cast)
    body = {"version": marta.version, "subject": "S", "body": "We value your feedback and answer shortly."}
    page = html.unescape(hanna.post(f"/tickets/{marta.pk}/send-message/", body | {"preview": "1"}).content.decode())
    assert "Worth a second look" in page and "Machines write this" in page and "It sounds like a time" in page
    assert not Message.objects.filter(kind="personal").exists()
    assert hanna.post(f"/tickets/{marta.pk}/send-message/", body).status_code == 302
    good = body | {"body": "I send you the list by Friday midday."}
    assert (
        "Worth a second look"
        not in hanna.post(f"/tickets/{marta.pk}/send-message/", good | {"preview": "1"}).content.decode()
    )


def test_the_list_and_the_page_of_a_mail_cost_the_same_however_many_there_are(
    cast: Cast, lead: Client, django_assert_num_queries: object
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            shown(lead, "/mails/")
        return len(asked)

    begin(lead)
    few = cost()
    for language in ("de", "es", "fr"):
        do(lead, begin(lead, language=language), "put-in-force", edits=1)
    assert cost() == few
