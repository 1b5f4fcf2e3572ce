"""The open queue: what it hears without a reload, and the way back to the row one left from."""

from __future__ import annotations

import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from followups.models import Ticket
from tests.followups.pages.cast import HOUR, Cast, add_ticket
from tests.followups.pages.conftest import logged_in, shown
from tests.followups.pages.test_queue import many


def test_the_queue_hears_counts_and_versions_of_the_rows_it_shows(queue: Cast, hanna: Client) -> None:
    page = shown(hanna, "/queue/")
    found = hanna.get("/queue/changes/?view=mine").json()
    rows = dict(re.findall(r'id="t(\d+)" data-version="(\d+)"', page))
    assert {number: str(version) for number, version in found["rows"].items()} == rows
    assert found["counts"]["late"] == "1"
    assert found["counts"]["mine"] == "9"
    assert 'data-changes="/queue/changes/?view=mine"' in page


def test_nothing_is_sent_while_nothing_changed(queue: Cast, hanna: Client) -> None:
    first = hanna.get("/queue/changes/?view=late")
    again = hanna.get("/queue/changes/?view=late", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    grace = queue.tickets["Grace"]
    Ticket.objects.filter(pk=grace.pk).update(version=grace.version + 1)
    changed = hanna.get("/queue/changes/?view=late", headers={"If-None-Match": first["ETag"]})
    assert changed.json()["rows"] == {str(grace.pk): grace.version + 1}
    add_ticket(queue, "Anna One", "A", 6, "", due_in=-2 * HOUR)
    assert len(hanna.get("/queue/changes/?view=late").json()["rows"]) == 2


def test_only_ones_own_queue_is_heard_of_and_no_name_or_word_travels(queue: Cast) -> None:
    answer = logged_in(queue.outsider).get("/queue/changes/")
    assert json.loads(answer.content)["rows"] == {}
    assert answer["Cache-Control"] == "no-store"
    assert Client().get("/queue/changes/").status_code == 302
    assert logged_in(queue.hanna).post("/queue/changes/").status_code == 405


@pytest.mark.parametrize("query", ["view=nonsense", "after=x", "q=%00", "view=team&q=again"])
def test_no_question_breaks_it(queue: Cast, hanna: Client, query: str) -> None:
    assert hanna.get(f"/queue/changes/?{query}").status_code == 200


def test_hearing_of_changes_is_cheap_at_any_size(queue: Cast, hanna: Client) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            hanna.get("/queue/changes/?view=later")
        return len(captured)

    few = count()
    many(queue, 500)
    assert count() == few <= 6


# --- the way back ----------------------------------------------------------------------------------------------


def back(page: str) -> str:
    return re.search(r'class="crumbs"><a href="([^"]+)"', page)[1].replace("&amp;", "&")  # type: ignore[index]


def test_the_way_back_leads_to_the_same_page_of_the_list_and_to_the_row(queue: Cast, hanna: Client) -> None:
    number = queue.tickets["Grace"].pk
    assert back(shown(hanna, f"/tickets/{number}/")) == f"/queue/#t{number}"
    shown(hanna, "/queue/?view=late&q=grace&after=1.1")
    assert back(shown(hanna, f"/tickets/{number}/")) == f"/queue/?view=late&q=grace&after=1.1#t{number}"
    shown(hanna, "/tickets/?band=detractor&sort=score")
    assert back(shown(hanna, f"/tickets/{number}/")) == f"/tickets/?band=detractor&sort=score#t{number}"
    assert f'<tr id="t{number}" ' in shown(hanna, "/tickets/?band=detractor&sort=score")


def test_the_way_back_holds_after_something_was_done(queue: Cast, hanna: Client) -> None:
    ticket = queue.tickets["Grace"]
    shown(hanna, "/queue/?view=late")
    page = hanna.post(f"/tickets/{ticket.pk}/note/", {"version": ticket.version, "text": "Rang"}, follow=True)
    assert back(page.content.decode()) == f"/queue/?view=late#t{ticket.pk}"


@pytest.mark.parametrize(
    "carried", ["https://evil.example/", "//evil.example/queue/", "/admin/", "javascript:alert(1)", '/queue/?"><b>', ""]
)
def test_the_way_back_leads_nowhere_else(queue: Cast, hanna: Client, carried: str) -> None:
    hanna.cookies["list"] = carried
    found = back(shown(hanna, f"/tickets/{queue.tickets['Grace'].pk}/"))
    assert found.startswith("/queue/")
    assert "<" not in found and '"' not in found


def test_a_row_says_why_it_stands_where_it_stands(queue: Cast, hanna: Client) -> None:
    ticket = queue.tickets["Marta"]
    Ticket.objects.filter(pk=ticket.pk).update(bonus=[["a score of 0 to 2", 6], ["a large account", 0]])
    page = shown(hanna, "/queue/")
    assert "<dt>Moved up</dt><dd>6 h for a score of 0 to 2</dd><dt>Stands as if due</dt>" in page
    page = shown(hanna, f"/tickets/{ticket.pk}/")
    assert "<dt>A score of 0 to 2</dt><dd>6 h earlier</dd>" in page
    assert "A large account" not in page


def test_my_team_shows_the_tickets_of_all_in_it(queue: Cast) -> None:
    page = shown(logged_in(queue.nils), "/queue/?view=team")
    assert page.count('class="row-link"') == 10
    assert "Hanna Brandt" in page
    assert shown(logged_in(queue.outsider), "/queue/?view=team").count('class="row-link"') == 0
    assert shown(logged_in(queue.admin), "/queue/?view=team").count('class="row-link"') == 10


# --- all tickets -----------------------------------------------------------------------------------------------


def test_all_tickets_hear_the_versions_of_the_rows_they_show_and_of_no_others(queue: Cast, hanna: Client) -> None:
    page = shown(hanna, "/tickets/")
    address = re.search(r'data-changes="(/tickets/changes/[^"]+)"', page)[1]  # type: ignore[index]
    answer = hanna.get(address)
    rows = dict(re.findall(r'<tr id="t(\d+)" data-version="(\d+)"', page))
    assert {number: str(version) for number, version in answer.json()["rows"].items()} == rows
    assert answer["Cache-Control"] == "no-store"
    assert hanna.get(address, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert logged_in(queue.outsider).get(address).json() == {"counts": {}, "rows": {}}
    assert Client().get(address).status_code == 302
    for nonsense in ("", "x,,-1", "9" * 30, "1" * 18):
        assert hanna.get(f"/tickets/changes/?shown={nonsense}").json()["rows"] == {}
