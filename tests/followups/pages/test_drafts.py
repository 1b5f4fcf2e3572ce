"""What one types is kept on the server, for its writer alone, until the form is sent or it is thrown away."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from followups import drafts
from followups.models import KeptDraft, LetterTemplate, Note, Ticket, Watcher
from nps_loop.mail.models import Message
from tests import factories
from tests.factories import NOW
from tests.followups.pages.cast import PASSWORD, Cast, add_marta
from tests.followups.pages.conftest import logged_in, shown

WORDS = "I am sorry & I look into “it”.\n\n> quoted\n</textarea><script>"


@pytest.fixture
def marta(cast: Cast) -> Ticket:
    return add_marta(cast)


def keep(client: Client, ticket: Ticket, verb: str = "send-message", **data: Any) -> HttpResponse:
    data.setdefault("version", Ticket.objects.get(pk=ticket.pk).version)
    return client.post(f"/tickets/{ticket.pk}/drafts/{verb}/", data)


def form(page: str, verb: str = "send-message") -> str:
    return html.unescape(page.split(f'id="{verb}"')[1].split("</form>")[0])


def test_what_is_typed_is_kept_and_stands_in_the_form_on_return(cast: Cast, hanna: Client, marta: Ticket) -> None:
    answer = keep(hanna, marta, subject="Your imports", body=WORDS, when="moment")
    assert answer.json() == {"said": "Draft kept today 14:30."}
    shown_again = shown(hanna, f"/tickets/{marta.pk}/")
    assert "<script>" not in shown_again.split('id="send-message"')[1].split("</form>")[0]
    again = form(shown_again)
    assert WORDS.split("\n")[0] in again and 'value="Your imports"' in again
    assert "Draft kept today 14:30." in again and "Throw it away" in again
    assert re.search(r'value="moment"[^>]*checked', again)


def test_the_newest_draft_opens_its_fold(cast: Cast, hanna: Client, marta: Ticket) -> None:
    keep(hanna, marta, body=WORDS)
    assert hanna.get(f"/tickets/{marta.pk}/").context["page"].open_fold == "send-message"
    assert hanna.get(f"/tickets/{marta.pk}/?do=snooze").context["page"].open_fold == "snooze"


def test_only_who_wrote_it_sees_it(cast: Cast, hanna: Client, lead: Client, marta: Ticket) -> None:
    keep(hanna, marta, "note", text="Between us")
    assert "Between us" in shown(hanna, f"/tickets/{marta.pk}/")
    assert "Between us" not in shown(lead, f"/tickets/{marta.pk}/")
    assert "Between us" not in shown(logged_in(cast.admin), f"/tickets/{marta.pk}/")


def test_nobody_keeps_anything_on_a_ticket_out_of_scope(cast: Cast, marta: Ticket) -> None:
    assert keep(logged_in(cast.outsider), marta, body=WORDS).status_code == 404
    assert keep(Client(), marta, body=WORDS).status_code == 302
    assert not KeptDraft.objects.exists()


def test_a_get_keeps_nothing_and_an_unknown_form_is_not_found(hanna: Client, cast: Cast, marta: Ticket) -> None:
    assert hanna.get(f"/tickets/{marta.pk}/drafts/send-message/").status_code == 405
    assert keep(hanna, marta, "nonsense", body=WORDS).status_code == 404


def test_without_the_token_nothing_is_kept(cast: Cast, marta: Ticket) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.hanna)
    assert keep(client, marta, body=WORDS).status_code == 403
    assert not KeptDraft.objects.exists()


def test_typed_again_it_is_kept_in_place_of_what_was_there(cast: Cast, hanna: Client, marta: Ticket) -> None:
    keep(hanna, marta, body="One")
    keep(hanna, marta, body="One, two")
    assert KeptDraft.unpacked(KeptDraft.objects.get().typed)["body"] == "One, two"


def test_only_fields_of_the_form_are_kept(cast: Cast, hanna: Client, marta: Ticket) -> None:
    keep(hanna, marta, body="One\x00", csrfmiddlewaretoken="x", anything="y")
    assert KeptDraft.unpacked(KeptDraft.objects.get().typed) == {"body": "One"}


def test_more_than_anybody_types_is_refused(cast: Cast, hanna: Client, marta: Ticket) -> None:
    assert keep(hanna, marta, body="x" * (drafts.MOST + 1)).status_code == 413
    assert not KeptDraft.objects.exists()


def test_the_opening_alone_is_not_worth_keeping(cast: Cast, hanna: Client, marta: Ticket) -> None:
    opening = hanna.get(f"/tickets/{marta.pk}/").context["page"].forms["send_message"].initial["body"]
    keep(hanna, marta, body="Something")
    assert keep(hanna, marta, body=opening).json() == {"said": ""}
    assert not KeptDraft.objects.exists()


def test_it_is_thrown_away_by_a_button(cast: Cast, hanna: Client, marta: Ticket) -> None:
    keep(hanna, marta, body=WORDS)
    answer = keep(hanna, marta, body=WORDS, **{"throw-away": "1"})
    assert answer["Location"] == f"/tickets/{marta.pk}/?do=send-message#send-message"
    assert not KeptDraft.objects.exists()
    assert "The draft is thrown away." in shown(hanna, f"/tickets/{marta.pk}/")


def test_sending_clears_it_and_a_late_keep_does_not_bring_it_back(cast: Cast, hanna: Client, marta: Ticket) -> None:
    version = marta.version
    keep(hanna, marta, body=WORDS)
    assert hanna.post(f"/tickets/{marta.pk}/send-message/", {"version": version, "body": WORDS}).status_code == 302
    assert not KeptDraft.objects.exists()
    assert keep(hanna, marta, body=WORDS, version=version).json() == {"said": ""}
    assert not KeptDraft.objects.exists()


def test_what_is_refused_stays_kept(cast: Cast, hanna: Client, marta: Ticket) -> None:
    keep(hanna, marta, "resolve", what_changed="You have the list.")
    data = {"version": marta.version, "what_changed": "You have the list.", "told": "mail"}
    assert hanna.post(f"/tickets/{marta.pk}/resolve/", data).status_code in (400, 409)
    assert KeptDraft.objects.count() == 1


def test_what_is_typed_about_an_action_belongs_to_that_action(cast: Cast, hanna: Client, marta: Ticket) -> None:
    Ticket.objects.filter(pk=marta.pk).update(state="in_action")
    first, second = (factories.make_action(marta, cast.hanna, title=f"Action {n}") for n in range(2))
    keep(hanna, marta, "complete-action", action=second.pk, what_changed="You have the list.")
    promises = hanna.get(f"/tickets/{marta.pk}/").context["page"].promises
    begun = {row.action.pk: row.forms["complete_action"]["what_changed"].value() for row in promises}
    assert begun == {first.pk: None, second.pk: "You have the list."}


def test_a_draft_whose_form_is_gone_can_still_be_read(cast: Cast, hanna: Client, marta: Ticket) -> None:
    keep(hanna, marta, body="I am sorry and look into it.")
    Ticket.objects.filter(pk=marta.pk).update(state="closed", closed_as="confirmed")
    page = shown(hanna, f"/tickets/{marta.pk}/")
    assert "I am sorry and look into it." in page and "The ticket has moved on since." in page
    keep(hanna, marta, **{"throw-away": "1"})
    assert "I am sorry and look into it." not in shown(hanna, f"/tickets/{marta.pk}/")


def test_drafts_templates_and_followers_cost_the_page_no_query(
    cast: Cast, hanna: Client, marta: Ticket, django_assert_num_queries: Any
) -> None:
    address = f"/tickets/{marta.pk}/"
    with CaptureQueriesContext(connection) as captured:
        hanna.get(address)
        bare = len(captured)
    for verb, field in (("send-message", "body"), ("note", "text"), ("resolve", "what_changed")):
        keep(hanna, marta, verb, **{field: WORDS})
    for n in range(20):
        LetterTemplate.objects.create(name=f"Text {n}", step="passage", text="Hello")
    Watcher.objects.create(ticket=marta, user=cast.nils, reason="chose", since=NOW)
    factories.make_message(case=marta.pk, text="by Friday 27 November", written_by=cast.hanna, created_at=NOW)
    with django_assert_num_queries(bare):
        hanna.get(address)


def test_drafts_are_forgotten_after_thirty_days(cast: Cast, hanna: Client, marta: Ticket) -> None:
    keep(hanna, marta, body=WORDS)
    assert drafts.forget_old(now=NOW + timedelta(days=30)) == 0
    assert drafts.forget_old(now=NOW + timedelta(days=30, seconds=1)) == 1


def test_they_are_erased_with_the_words_of_a_ticket(cast: Cast, hanna: Client, lead: Client, marta: Ticket) -> None:
    keep(hanna, marta, body=WORDS)
    keep(lead, marta, "note", text="Mine")
    assert drafts.erase([marta.pk]) == 2


# --- a log-in that ran out -------------------------------------------------------------------------------------


def test_what_was_sent_without_a_log_in_stands_in_the_form_after_it(cast: Cast, marta: Ticket) -> None:
    client = Client()
    address = f"/tickets/{marta.pk}/send-message/"
    answer = client.post(address, {"version": marta.version, "subject": "Imports", "body": WORDS})
    page = answer.content.decode()
    assert answer.status_code == 401
    assert "Your log-in ran out. What you wrote is kept" in page
    kept = html.unescape(re.search(r'name="kept" value="([^"]*)"', page)[1])  # type: ignore[index]
    assert json.loads(kept) == {"subject": "Imports", "body": WORDS}
    data = {"username": "hanna", "password": "wrong", "next": address, "kept": kept}
    assert 'name="kept"' in client.post("/login/", data).content.decode()
    answer = client.post("/login/", data | {"password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0].startswith(f"/tickets/{marta.pk}/?do=send-message")
    page = answer.content.decode()
    assert "It was not sent yet." in page
    assert "I look into “it”." in form(page) and 'value="Imports"' in form(page)
    assert not Message.objects.filter(kind="personal").exists() and not Note.objects.exists()


def test_it_is_handed_out_once_and_to_who_may_see_the_ticket(cast: Cast, marta: Ticket) -> None:
    client = Client()
    address = f"/tickets/{marta.pk}/send-message/"
    data = {"username": "otto", "password": PASSWORD, "next": address, "kept": json.dumps({"body": WORDS})}
    assert client.post("/login/", data, follow=True).status_code == 404
    assert not KeptDraft.objects.exists()
    data["username"] = "hanna"
    client = Client()
    client.post("/login/", data, follow=True)
    assert KeptDraft.objects.count() == 1
    drafts.throw_away(cast.hanna, marta, "send-message")
    client.get(address)
    assert not KeptDraft.objects.exists()


@pytest.mark.parametrize("kept", ["", "[]", "nonsense", '"x"', "7", "x" * 300_000])
def test_what_is_no_form_is_dropped_at_the_log_in(cast: Cast, marta: Ticket, kept: str) -> None:
    data = {"username": "hanna", "password": PASSWORD, "next": f"/tickets/{marta.pk}/send-message/", "kept": kept}
    assert Client().post("/login/", data, follow=True).status_code == 200
    assert not KeptDraft.objects.exists()


# --- the preview in its frame ----------------------------------------------------------------------------------


def test_the_preview_is_the_mail_in_a_frame_of_its_own(cast: Cast, hanna: Client, marta: Ticket) -> None:
    data = {"version": marta.version, "body": "I am sorry & I look into it.", "preview": "1"}
    page = hanna.post(f"/tickets/{marta.pk}/send-message/", data).content.decode()
    found = re.search(r'<iframe[^>]*src="([^"]+)"[^>]*\ssandbox', page)
    assert found is not None
    frame = hanna.get(found[1])
    assert (
        "sandbox" in frame["Content-Security-Policy"] and "frame-ancestors 'self'" in frame["Content-Security-Policy"]
    )
    assert frame["X-Frame-Options"] == "SAMEORIGIN"
    letter = frame.content.decode()
    assert "I am sorry &amp; I look into it." in letter
    assert "[[link:" not in letter and "href=" not in letter
    assert not Message.objects.filter(kind="personal").exists()


def test_nobody_else_sees_the_preview(cast: Cast, hanna: Client, lead: Client, marta: Ticket) -> None:
    keep(hanna, marta, body=WORDS)
    address = f"/tickets/{marta.pk}/preview/send-message/"
    assert hanna.get(address).status_code == 200
    assert lead.get(address).status_code == 404
    assert logged_in(cast.outsider).get(address).status_code == 404
    assert hanna.get(f"/tickets/{marta.pk}/preview/note/").status_code == 404
    assert Client().get(address).status_code == 302
