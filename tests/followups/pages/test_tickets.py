"""/tickets/: filters, chips, search, pages."""

import html
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from followups.models import Ticket
from followups.models.tickets import TicketState
from tests import factories
from tests.factories import NOW
from tests.followups.pages.cast import DAY, Cast, add_ticket
from tests.followups.pages.conftest import logged_in, shown
from tests.followups.pages.test_queue import many


def names(page: str) -> list[str]:
    return re.findall(r'<th scope="row" class="start"><a href="[^"]+">([^<]+)</a>', page)


def chips(page: str) -> list[str]:
    return [chip.strip() for chip in re.findall(r'class="chip chip-on"[^>]*>([^<]+)<', page)]


def test_without_a_filter_everything_open_is_shown_due_first(queue: Cast, hanna: Client) -> None:
    page = shown(hanna, "/tickets/")
    assert names(page)[0] == "Grace Adeyemi"
    assert len(names(page)) == 10
    assert chips(page) == ["Open"]


@pytest.mark.parametrize(
    ("query", "expected", "chip"),
    [
        ("state=waiting_on_customer", ["Henrik Falk"], "State: waiting on customer"),
        ("band=passive", ["Priya Raman"], "Band: passive"),
        ("owner=none", ["Chloé Marin"], "Owner: nobody"),
        ("late=true", ["Grace Adeyemi"], "Late"),
        ("reopened=true", ["Daniel Osei"], "Reopened"),
        ("q=nordby", ["Marta Lindqvist"], "“nordby”"),
        ("touchpoint=invoice", ["Lucía Arrieta"], "Touchpoint: Invoice"),
        ("segment=Key account", ["Marta Lindqvist"], "Segment: Key account"),
    ],
)
def test_each_filter_narrows_the_list_and_shows_as_a_chip(
    queue: Cast, hanna: Client, query: str, expected: list[str], chip: str
) -> None:
    page = shown(hanna, f"/tickets/?{query}")
    assert names(page) == expected
    assert chips(page) == [chip]


def test_a_chip_takes_one_filter_off(queue: Cast, hanna: Client) -> None:
    page = shown(hanna, "/tickets/?band=detractor&q=nordby")
    links = [html.unescape(link) for link in re.findall(r'class="chip chip-on" href="([^"]+)"', page)]
    assert "/tickets/?band=detractor" in links
    assert "/tickets/?q=nordby" in links


def test_saved_views_carry_counts_and_mark_the_present_one(queue: Cast, hanna: Client) -> None:
    page = " ".join(shown(hanna, "/tickets/?live=true&band=detractor").split())
    assert 'aria-current="page">Detractors, open <span class="count">9</span>' in page
    assert 'Renews in 60 days <span class="count">2</span>' in page


@pytest.mark.parametrize(
    ("sort", "first"), [("score", "Grace Adeyemi"), ("value", "Ellen Marchetti"), ("renewal", "Ellen Marchetti")]
)
def test_the_list_can_be_sorted(queue: Cast, hanna: Client, sort: str, first: str) -> None:
    assert names(shown(hanna, f"/tickets/?live=true&sort={sort}"))[0] == first


@pytest.mark.parametrize("sort", ["due", "answered", "score", "value", "renewal", "number"])
def test_pages_go_forward_and_back_without_gap_or_repeat(cast: Cast, hanna: Client, sort: str) -> None:
    many(cast, 60)
    seen: list[str] = []
    page = shown(hanna, f"/tickets/?live=true&sort={sort}")
    pages = [names(page)]
    while following := re.search(r'href="([^"]+)" rel="next"', page):
        page = shown(hanna, html.unescape(following[1]))
        pages.append(names(page))
    seen = [name for each in pages for name in each]
    assert len(seen) == len(set(seen)) == 60
    previous = re.search(r'href="([^"]+)" rel="prev"', page)
    assert previous is not None
    assert names(shown(hanna, html.unescape(previous[1]))) == pages[-2]


@pytest.mark.parametrize("place", ["x", "~", "nan~1", "1~99999999999999999999", "2026-99-99~1", "Infinity~2"])
@pytest.mark.parametrize("sort", ["due", "answered", "value", "renewal"])
def test_a_place_that_is_none_is_the_first_page(queue: Cast, hanna: Client, place: str, sort: str) -> None:
    assert len(names(shown(hanna, "/tickets/", {"live": "true", "sort": sort, "after": place}))) == 10


def test_what_is_no_filter_value_is_named_and_finds_nothing(queue: Cast, hanna: Client) -> None:
    page = shown(hanna, "/tickets/?state=nonsense")
    assert names(page) == []
    assert 'role="alert"' in page


def test_an_empty_list_says_which_filter_to_leave_out(queue: Cast, hanna: Client) -> None:
    page = " ".join(shown(hanna, "/tickets/?band=passive&q=nordby").split())
    assert "Nothing found for “nordby”" in page
    assert "Leave out the band: 1" in page
    assert "Leave out the search: 1" in page


def test_only_what_one_may_see_is_listed(queue: Cast) -> None:
    assert names(shown(logged_in(queue.outsider), "/tickets/")) == []
    assert len(names(shown(logged_in(queue.lead), "/tickets/"))) == 10
    assert len(names(shown(logged_in(queue.admin), "/tickets/"))) == 10


def test_the_back_office_finds_no_names_it_may_not_see(queue: Cast) -> None:
    ticket = queue.tickets["Jonas"]
    factories.make_action(ticket, queue.devika, due_at=NOW + DAY)
    page = shown(logged_in(queue.devika), "/tickets/")
    assert names(page) == ["A customer"]
    assert "Jonas" not in page
    assert "Kessler" not in page


def test_words_on_hold_are_not_shown_to_the_team(cast: Cast) -> None:
    add_ticket(cast, "Vera Kranz", "Kranz", 0, "We gave it to our lawyer.", on_hold=True)
    assert "lawyer" not in shown(logged_in(cast.nils), "/tickets/")
    assert "lawyer" in shown(logged_in(cast.lead), "/tickets/")


def test_closed_tickets_are_found_by_state(cast: Cast, hanna: Client) -> None:
    add_ticket(cast, "Rosa Figueiredo", "F", 3, "", state=TicketState.CLOSED, closed_at=NOW - DAY)
    assert names(shown(hanna, "/tickets/")) == []
    page = shown(hanna, "/tickets/?state=closed")
    assert names(page) == ["Rosa Figueiredo"]
    assert "Settled" in page


def test_a_link_from_a_report_keeps_its_filters_in_the_panel(queue: Cast, hanna: Client) -> None:
    account = queue.marta.account_id
    page = shown(hanna, f"/tickets/?account={account}")
    assert names(page) == ["Marta Lindqvist"]
    assert f'type="hidden" name="account" value="{account}"' in page


def test_the_list_is_for_looking(cast: Cast, hanna: Client) -> None:
    assert hanna.post("/tickets/").status_code == 405
    assert Client().get("/tickets/").status_code == 302


def test_the_list_costs_the_same_with_many_tickets(queue: Cast, hanna: Client) -> None:
    def count(url: str) -> int:
        hanna.get(url)
        with CaptureQueriesContext(connection) as captured:
            shown(hanna, url)
        return len(captured)

    urls = ["/tickets/", "/tickets/?q=again&live=true", "/tickets/?live=true&sort=value"]
    few = [count(url) for url in urls]
    many(queue, 2_000)
    assert [count(url) for url in urls] <= few
    assert max(few) <= 14
    assert Ticket.objects.count() > 2_000
