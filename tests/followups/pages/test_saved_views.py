"""Views: saving, sharing, counts, renaming, deleting, and what becomes of one that no longer fits."""

from __future__ import annotations

import html
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from followups.models import SavedView, Ticket
from surveys.models import Touchpoint
from tests import factories
from tests.followups.pages.cast import Cast
from tests.followups.pages.conftest import logged_in, shown
from tests.followups.pages.test_queue import names as queue_names
from tests.followups.pages.test_tickets import names as ticket_names


def keep(client: Client, name: str, query: str, *, page: str = "tickets", team: object = "") -> str:
    """Save a view and return the page one lands on."""
    data = {"page": page, "query": query, "name": name, "team": str(team)}
    return client.post("/views/", data, follow=True).content.decode()


def flat(page: str) -> str:
    return " ".join(page.split())


def test_a_filter_is_kept_under_a_name_and_shown_with_its_live_count(queue: Cast, hanna: Client) -> None:
    page = shown(hanna, "/tickets/?band=detractor&touchpoint=invoice&after=1~2&filters=on&nonsense=1")
    save = html.unescape(re.search(r'href="([^"]+)">Save this view', page)[1])  # type: ignore[index]
    form = shown(hanna, save)
    assert "Band: detractor" in form
    assert "Touchpoint: Invoice" in form
    query = html.unescape(re.search(r'name="query" value="([^"]+)"', form)[1])  # type: ignore[index]
    assert query == "band=detractor&touchpoint=invoice"
    landed = flat(keep(hanna, "Invoices", query))
    view = SavedView.objects.get()
    assert ticket_names(landed) == ["Lucía Arrieta"]
    assert f'aria-current="page">Invoices <span class="count" data-count="view-{view.pk}">1</span>' in landed
    assert "“Invoices” is kept." in landed


def test_a_view_of_the_queue_keeps_view_and_search(queue: Cast, hanna: Client) -> None:
    landed = keep(hanna, "Nordby", "view=mine&q=nordby", page="queue")
    assert queue_names(landed) == ["Marta Lindqvist"]
    view = SavedView.objects.get()
    assert view.query == "q=nordby&view=mine"
    assert f'Nordby <span class="count" data-count="view-{view.pk}">1</span>' in flat(shown(hanna, "/queue/"))
    assert "Nordby" not in shown(hanna, "/tickets/?state=closed")


@pytest.mark.parametrize(
    ("page", "query", "told"),
    [
        ("tickets", "state=nonsense", "cannot be kept"),
        ("tickets", "touchpoint=gone", "cannot be kept"),
        ("queue", "view=nonsense", "The queue has no such view."),
        ("queue", f"view=mine&q={'x' * 300}", "too long"),
    ],
)
def test_what_is_no_filter_is_not_kept(queue: Cast, hanna: Client, page: str, query: str, told: str) -> None:
    assert told in keep(hanna, "Broken", query, page=page)
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(("name", "told"), [("", "Give the view a name"), ("x" * 61, "60")])
def test_a_name_is_asked_for_and_what_was_filtered_stays(queue: Cast, hanna: Client, name: str, told: str) -> None:
    page = keep(hanna, name, "band=passive")
    assert told in page
    assert 'name="query" value="band=passive"' in page
    assert not SavedView.objects.exists()


def test_two_views_of_one_name_are_refused(queue: Cast, hanna: Client) -> None:
    keep(hanna, "Mine", "band=passive")
    assert "You have a view of this name already." in keep(hanna, "Mine", "band=detractor")
    assert SavedView.objects.get().query == "band=passive"


def test_a_shared_view_is_seen_by_the_team_and_by_nobody_else(queue: Cast, hanna: Client) -> None:
    keep(hanna, "Ours", "band=detractor", team=queue.team.pk)
    keep(hanna, "Only mine", "band=passive")
    nils = flat(shown(logged_in(queue.nils), "/tickets/?state=closed"))
    assert 'title="Shared by Hanna Brandt">Ours' in nils
    assert "Only mine" not in nils
    assert "Ours" not in shown(logged_in(queue.outsider), "/tickets/?state=closed")
    assert "by Hanna Brandt, for Key accounts North" in shown(logged_in(queue.nils), "/views/")


def test_a_shared_view_counts_only_what_its_reader_may_see(queue: Cast, hanna: Client) -> None:
    keep(hanna, "Ours", "band=detractor", team=queue.team.pk)
    view = SavedView.objects.get()
    Ticket.objects.filter(pk=queue.marta.pk).update(team=None)
    assert f'data-count="view-{view.pk}">9</span>' in shown(hanna, "/tickets/")
    assert f'data-count="view-{view.pk}">8</span>' in shown(logged_in(queue.nils), "/tickets/")


def test_a_view_is_shared_only_with_ones_own_team(queue: Cast) -> None:
    keep(logged_in(queue.outsider), "Theirs", "band=detractor", team=queue.team.pk)
    assert not SavedView.objects.exists()


def test_the_owner_renames_and_deletes_a_view(queue: Cast, hanna: Client) -> None:
    keep(hanna, "Mine", "band=passive")
    keep(hanna, "Other", "band=detractor")
    view = SavedView.objects.get(name="Mine")
    hanna.post(f"/views/{view.pk}/rename/", {"name": "Ours", "team": queue.team.pk})
    view.refresh_from_db()
    assert (view.name, view.team) == ("Ours", queue.team)
    page = hanna.post(f"/views/{view.pk}/rename/", {"name": "Other", "team": ""})
    assert "You have a view of this name already." in page.content.decode()
    assert hanna.get(f"/views/{view.pk}/delete/").status_code == 405
    assert "is deleted. No ticket changed." in hanna.post(f"/views/{view.pk}/delete/", follow=True).content.decode()
    assert list(SavedView.objects.values_list("name", flat=True)) == ["Other"]
    assert hanna.post(f"/views/{view.pk}/delete/").status_code == 404


def test_nobody_else_renames_or_deletes_a_view(queue: Cast, hanna: Client) -> None:
    keep(hanna, "Ours", "band=detractor", team=queue.team.pk)
    view = SavedView.objects.get()
    for user in (queue.nils, queue.lead, queue.outsider):
        client = logged_in(user)
        assert client.post(f"/views/{view.pk}/rename/", {"name": "X", "team": ""}).status_code == 404
        assert client.post(f"/views/{view.pk}/delete/").status_code == 404
    view.refresh_from_db()
    assert view.name == "Ours"


def test_a_view_that_no_longer_fits_says_so(queue: Cast, hanna: Client) -> None:
    touchpoint = factories.make_touchpoint("Old thing", slug="old-thing")
    keep(hanna, "Old", "touchpoint=old-thing")
    SavedView.objects.create(owner=queue.hanna, name="Odd", page="tickets", query="state=gone")
    SavedView.objects.create(owner=queue.hanna, name="Queer", page="queue", query="view=gone")
    Touchpoint.objects.filter(pk=touchpoint.pk).delete()
    assert shown(hanna, "/tickets/").count("no longer fits") == 2
    assert shown(hanna, "/queue/").count("no longer fits") == 1
    page = shown(hanna, "/views/")
    assert page.count("no longer fits") == 3
    assert "“old-thing” is no more." in page
    assert 'role="alert"' in shown(hanna, "/tickets/?touchpoint=old-thing")


def test_views_are_for_people_who_are_logged_in(db: None) -> None:
    assert Client().get("/views/").status_code == 302
    assert Client().post("/views/", {"query": ""}).status_code == 302


@pytest.mark.parametrize("url", ["/tickets/", "/queue/", "/views/"])
def test_many_views_cost_no_more_queries_than_one(queue: Cast, hanna: Client, url: str) -> None:
    def count() -> int:
        hanna.get(url)
        with CaptureQueriesContext(connection) as captured:
            shown(hanna, url)
        return len(captured)

    def some(start: int, end: int) -> None:
        for n in range(start, end):
            keep(hanna, f"A{n}", f"touchpoint=invoice&team={queue.team.slug}&q=word{n}")
            keep(hanna, f"B{n}", f"view=late&q=word{n}", page="queue")

    some(0, 1)
    one = count()
    some(1, 6)
    assert count() == one


# --- views of reports ------------------------------------------------------------------------------------------


def test_a_report_is_kept_as_it_was_asked_and_shared_with_a_team(queue: Cast, hanna: Client, lead: Client) -> None:
    page = shown(hanna, "/reports/closure/?touchpoint=invoice&compare=year&by=person&nonsense=1")
    save = html.unescape(re.search(r'href="(/views/[^"]+)"', page)[1])  # type: ignore[index]
    form = shown(hanna, save)
    assert "Reports: closure" in form
    assert "Touchpoint: Invoice" in form and "Compared with: A year earlier" in form and "Grouped by: Person" in form
    query = html.unescape(re.search(r'name="query" value="([^"]+)"', form)[1])  # type: ignore[index]
    assert {"by=person", "compare=year", "touchpoint=invoice"} <= set(query.split("&"))
    landed = keep(hanna, "Invoices by person", query, page="report-closure", team=queue.team.pk)
    view = SavedView.objects.get()
    assert (view.page, view.is_of_report) == ("report-closure", True)
    assert f'chip-on" href="/reports/closure/?{html.escape(view.query)}"' in landed
    assert "Invoices by person" in shown(lead, "/reports/times/")
    assert "Invoices by person" in shown(lead, "/views/")


def test_a_view_of_people_is_no_use_to_whoever_may_not_read_them(queue: Cast, hanna: Client, lead: Client) -> None:
    keep(lead, "Load of the team", "period=month", page="report-people", team=queue.team.pk)
    assert SavedView.objects.get().page == "report-people"
    assert "Load of the team" in shown(lead, "/reports/")
    assert "Load of the team" not in shown(hanna, "/reports/")
    assert "Load of the team" not in shown(hanna, "/views/")


def test_a_kept_report_whose_touchpoint_is_gone_says_so(queue: Cast, hanna: Client) -> None:
    keep(hanna, "Invoices", "touchpoint=invoice", page="reports")
    Touchpoint.objects.filter(slug="invoice").update(slug="renamed")
    assert "“invoice” is no more." in shown(hanna, "/views/")
    assert "no longer fits" in shown(hanna, "/reports/")
    Touchpoint.objects.filter(slug="renamed").update(slug="invoice")


@pytest.mark.parametrize("query", ["touchpoint=nothing", "period=own&day_from=2026-05-01&day_to=2026-04-01"])
def test_a_report_that_would_leave_something_out_is_not_kept(queue: Cast, hanna: Client, query: str) -> None:
    assert "cannot be kept" in keep(hanna, "Odd", query, page="reports")
    assert not SavedView.objects.exists()
