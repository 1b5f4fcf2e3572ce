"""/team/fairness/ and "give me the next": for whom they are, what they say, and the tickets behind each number."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from followups import workflow
from followups.actors import Actor
from followups.assignment import assign_waiting
from followups.fairness_page import fairness_page
from followups.given import GivenIn
from followups.models import Event, Ticket
from tests import factories
from tests.factories import NOW
from tests.followups.pages.cast import Cast
from tests.followups.pages.conftest import logged_in, shown
from tests.followups.test_assignment import waiting


def give(cast: Cast, count: int) -> list[Ticket]:
    """So many tickets of the cast's team, given by a round."""
    tickets = waiting(count)
    Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets]).update(team=cast.team)
    assign_waiting(now=NOW)
    return tickets


def text(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def page_of(cast: Cast, **asked: Any) -> Any:
    return fairness_page([cast.team], asked, now=NOW)


def test_it_is_for_leads(cast: Cast, hanna: Client) -> None:
    assert hanna.get("/team/fairness/").status_code == 404
    assert logged_in(cast.lead).get("/team/fairness/").status_code == 200
    assert logged_in(cast.admin).get("/team/fairness/").status_code == 200


def test_each_number_opens_the_tickets_that_it_counted(cast: Cast) -> None:
    give(cast, 5)
    theirs = Ticket.objects.filter(owner=cast.nils).first()
    assert theirs is not None
    workflow.assign(theirs, actor=Actor.person(cast.lead), now=NOW, version=None, to=cast.hanna, reason="Hers.")
    lead = logged_in(cast.lead)
    page = page_of(cast)
    assert sum(line.given.n for line in page.shares.lines) >= 5
    for line in page.shares.lines:
        for count in (line.given, line.load, *dict(line.by_rule).values()):
            assert bool(count.href) == bool(count.n)
            if count.href:
                found = lead.get(count.href).content.decode()
                assert len(set(re.findall(r'class="start"><a href="/tickets/(\d+)/', found))) == count.n, count


def test_what_was_given_before_or_after_is_not_counted(cast: Cast) -> None:
    give(cast, 3)
    Event.objects.filter(verb="assign").update(happened_at=NOW - timedelta(days=60), recorded_at=NOW)
    assert sum(line.given.n for line in page_of(cast).shares.lines) == 0
    first = (NOW - timedelta(days=61)).date()
    Event.objects.filter(verb="assign").update(recorded_at=NOW - timedelta(days=60))
    assert sum(line.given.n for line in page_of(cast, day_from=str(first)).shares.lines) == 3


def test_a_part_timer_is_weighed_by_the_hours_at_work(cast: Cast) -> None:
    factories.make_work_pattern(cast.nils, 0, 1)
    page = page_of(cast)
    hours = {line.user: line.hours_ahead for line in page.shares.lines}
    assert hours[cast.hanna] == 42.5 and hours[cast.nils] == 16


def test_a_period_that_cannot_be_is_refused_beside_its_field(cast: Cast) -> None:
    page = text(shown(logged_in(cast.lead), "/team/fairness/?day_from=2026-02-01&day_to=2026-01-01"))
    assert "The last day comes before the first." in page
    for wrong in ("day_from=x", "team=nobody", "day_from=0001-01-01&day_to=9999-12-31", "day_to=9999-12-31"):
        assert logged_in(cast.lead).get(f"/team/fairness/?{wrong}").status_code == 200


@pytest.mark.parametrize(
    "given", ["x", "1.any.2026-01-01", "1.no.2026-01-01.2026-01-02", "1.any.2026-01-01.9999-12-31"]
)
def test_a_list_that_names_no_giving_is_refused(cast: Cast, given: str) -> None:
    assert logged_in(cast.lead).get(f"/tickets/?given={given}").status_code in (200, 400)
    with pytest.raises(ValueError):
        from followups.given import bounds

        found = GivenIn.parse(given)
        bounds(found.first, found.last)


def test_a_lead_of_two_even_teams_with_unlike_much_to_do_is_not_alarmed(cast: Cast) -> None:
    """Both teams are evenly loaded, one has a tenth of the other's tickets, and nobody can get the others'."""
    people = tuple(factories.make_user(name) for name in ("Ada Quiet", "Bo Quiet"))
    quiet = factories.make_team("Quiet", lead=cast.lead, agents=people, calendar=cast.team.calendar)
    for team, owners, n in ((cast.team, (cast.hanna, cast.nils), 20), (quiet, people, 2)):
        for ticket in (factories.make_ticket(team=team) for _ in range(n)):
            workflow.assign(
                ticket, actor=Actor.person(cast.admin), now=NOW, version=None, to=owners[ticket.pk % 2], reason="So."
            )
    start = str((NOW - timedelta(days=27)).date())
    found = fairness_page([cast.team, quiet], {"day_from": start}, now=NOW).shares
    assert [each.n for each in found.evenness] == [0, 22]
    assert [(each.team, each.evenness[1].n) for each in found.by_team] == [(cast.team, 20), (quiet, 2)]
    for even in (found.evenness[1], *(each.evenness[1] for each in found.by_team)):
        assert even.spread is not None and even.spread.within_chance
    page = text(shown(logged_in(cast.lead), "/team/fairness/"))
    assert "All teams together" in page and "worth a look" not in page
    assert "All teams together" not in text(shown(logged_in(cast.lead), f"/team/fairness/?team={quiet.slug}"))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="constant query counts are promised on PostgreSQL")
def test_it_costs_the_same_queries_whatever_was_given(cast: Cast) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            page_of(cast)
        return len(queries)

    give(cast, 2)
    few = cost()
    give(cast, 12)
    assert cost() == few <= 10


# --- give me the next ------------------------------------------------------------------------------------------


def test_the_button_leads_to_the_ticket_or_says_why_there_is_none(cast: Cast, hanna: Client) -> None:
    assert "Give me the next" in shown(hanna, "/queue/")
    assert "Give me the next" not in shown(logged_in(cast.admin), "/queue/")
    assert hanna.get("/queue/next/").status_code == 405
    [ticket] = waiting(1)
    Ticket.objects.filter(pk=ticket.pk).update(team=cast.team)
    answer = hanna.post("/queue/next/")
    assert answer["Location"] == f"/tickets/{ticket.pk}/"
    ticket.refresh_from_db()
    assert ticket.owner == cast.hanna
    page = hanna.post("/queue/next/", follow=True).content.decode()
    assert "No ticket of your teams waits for somebody." in text(page)
