"""/queue/: order, groups, views, search, pages, and what it costs."""

import html
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from followups.models import Conversation, Ticket
from followups.models.tickets import TicketState
from surveys.models import Contact, Response
from tests import factories
from tests.conftest import counted
from tests.factories import NOW
from tests.followups.pages.cast import DAY, HOUR, Cast, add_ticket
from tests.followups.pages.conftest import logged_in, shown


def names(page: str) -> list[str]:
    """The customers of the rows, from top to bottom."""
    return [piece.split("<")[0] for piece in page.split('class="row-link"')[1:] for piece in [piece.split(">", 1)[1]]]


def heads(page: str) -> list[str]:
    return [piece.split(">", 1)[1].split("<")[0].strip() for piece in page.split('class="group-head"')[1:]]


def test_the_queue_is_grouped_by_when_things_are_due(queue: Cast, hanna: Client) -> None:
    page = shown(hanna, "/queue/")
    assert heads(page) == ["Late", "Today", "Next working day", "Later", "Waiting on customer"]
    assert names(page)[0] == "Grace Adeyemi"
    assert set(names(page)[1:5]) == {"Jonas Weidmann", "Marta Lindqvist", "Daniel Osei", "Lucía Arrieta"}
    assert names(page)[5:] == ["Søren Ibsen", "Ellen Marchetti", "Priya Raman", "Henrik Falk"]


def test_within_a_group_the_rank_decides(cast: Cast, hanna: Client) -> None:
    add_ticket(cast, "Anna One", "A", 6, "", due_in=2 * HOUR)
    second = add_ticket(cast, "Berta Two", "B", 0, "", due_in=3 * HOUR)
    # A bonus of six hours moves it up, past one that is due earlier.
    Ticket.objects.filter(pk=second.pk).update(rank=second.rank - 6 * 3600)
    assert names(shown(hanna, "/queue/")) == ["Berta Two", "Anna One"]


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("late", ["Grace Adeyemi"]),
        ("next", ["Søren Ibsen"]),
        ("waiting", ["Henrik Falk"]),
        ("snoozed", ["Priya Raman"]),
        ("unassigned", ["Chloé Marin"]),
    ],
)
def test_each_view_shows_its_tickets(queue: Cast, hanna: Client, view: str, expected: list[str]) -> None:
    assert names(shown(hanna, f"/queue/?view={view}")) == expected


def test_views_carry_live_counts(queue: Cast, hanna: Client) -> None:
    page = " ".join(shown(hanna, "/queue/").split())
    assert 'Late <span class="count count-hot" data-count="late">1</span>' in page
    assert 'All mine <span class="count" data-count="mine">9</span>' in page
    assert 'Unassigned <span class="count" data-count="unassigned">1</span>' in page


def test_groups_and_views_add_up(queue: Cast, hanna: Client) -> None:
    page = " ".join(shown(hanna, "/queue/").split())
    assert '<dt class="sum">Count towards your limit of 25</dt><dd class="sum">8</dd>' in page
    assert '<dt class="sum">All mine</dt><dd class="sum">9</dd>' in page


def test_unassigned_tickets_of_other_teams_are_not_shown(queue: Cast) -> None:
    assert names(shown(logged_in(queue.outsider), "/queue/?view=unassigned")) == []
    assert names(shown(logged_in(queue.admin), "/queue/?view=unassigned")) == ["Chloé Marin"]


def test_nobody_sees_the_queue_of_somebody_else(queue: Cast) -> None:
    assert "Marta" not in shown(logged_in(queue.nils), "/queue/")


def test_each_row_has_one_next_step(queue: Cast, hanna: Client) -> None:
    page = shown(hanna, "/queue/")
    marta, jonas, ellen = (queue.tickets[name].pk for name in ("Marta", "Jonas", "Ellen"))
    assert f"/tickets/{marta}/?do=log-contact#log-contact" in page
    assert f"/tickets/{jonas}/?do=complete-action#complete-action" in page
    assert f"/tickets/{ellen}/?do=add-action#add-action" in page
    assert page.count("btn-primary") == 1


@pytest.mark.parametrize("asked", ["marta", "NORDBY", "mind silence", "#{pk}"])
def test_search_finds_name_company_words_and_number(queue: Cast, hanna: Client, asked: str) -> None:
    asked = asked.format(pk=queue.marta.pk)
    assert names(shown(hanna, "/queue/", {"q": asked})) == ["Marta Lindqvist"]


def test_a_search_without_result_says_where_else_to_look(queue: Cast, hanna: Client) -> None:
    page = shown(hanna, "/queue/", {"q": "surcharge"})
    assert "Nothing in your queue says “surcharge”" in page
    assert "/tickets/?q=surcharge" in page


def test_an_empty_queue_names_who_comes_next(cast: Cast, hanna: Client) -> None:
    add_ticket(cast, "Søren Ibsen", "Ibsen Køl", 5, "", due_in=22 * HOUR)
    page = shown(hanna, "/queue/?view=today")
    assert "Nobody is waiting for you today" in page
    assert "The next one is Søren Ibsen, by Wednesday midday." in " ".join(page.split())


def test_pages_follow_each_other_without_gap_or_repeat(cast: Cast, hanna: Client) -> None:
    many(cast, 120)
    seen: list[str] = []
    url = "/queue/?view=later"
    for _ in range(3):
        page = shown(hanna, url)
        seen += names(page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        if following is None:
            break
        url = "/queue/" + html.unescape(following[1])
    assert len(seen) == len(set(seen)) == 120


@pytest.mark.parametrize("place", ["x", "1.2.3", "99999999999999999999.1", "nan.1", "-.", "1~2"])
def test_a_place_that_is_none_is_the_first_page(queue: Cast, hanna: Client, place: str) -> None:
    assert names(shown(hanna, "/queue/", {"view": "late", "after": place})) == ["Grace Adeyemi"]


def test_a_view_nobody_knows_is_all_mine(queue: Cast, hanna: Client) -> None:
    assert 'aria-current="page">All mine' in shown(hanna, "/queue/?view=nonsense")


def test_words_on_hold_stay_with_owner_and_lead(cast: Cast) -> None:
    ticket = add_ticket(cast, "Vera Kranz", "Kranz", 0, "We gave it to our lawyer.", owned=False, on_hold=True)
    assert "lawyer" not in shown(logged_in(cast.nils), "/queue/?view=unassigned")
    assert names(shown(logged_in(cast.nils), "/queue/", {"view": "unassigned", "q": "lawyer"})) == []
    assert "lawyer" in shown(logged_in(cast.lead), "/queue/?view=unassigned")
    assert ticket.on_hold


def test_whoever_is_not_logged_in_is_asked_to(db: None) -> None:
    answer = Client().get("/queue/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/")


def test_the_queue_is_for_looking(cast: Cast, hanna: Client) -> None:
    assert hanna.post("/queue/").status_code == 405


def test_times_are_shown_on_the_clock_of_whoever_looks(queue: Cast, hanna: Client) -> None:
    assert "Tuesday 24 November, 14:30" in shown(hanna, "/queue/")
    queue.hanna.time_zone = "Asia/Tokyo"
    queue.hanna.save()
    assert "Tuesday 24 November, 23:30" in shown(hanna, "/queue/")


def test_a_zone_nobody_knows_locks_nobody_out(queue: Cast, hanna: Client) -> None:
    queue.hanna.time_zone = "Mars/Olympus"
    queue.hanna.save()
    assert "My queue" in shown(hanna, "/queue/")


# --- what it costs ---------------------------------------------------------------------------------------------


def many(cast: Cast, count: int) -> None:
    """So many tickets of Hanna's, due one after the other from ten days on."""
    source = factories.make_source()
    contacts = Contact.objects.bulk_create(
        [Contact(name=f"Customer {n:05}", search_name=f"customer {n:05}") for n in range(count)], batch_size=500
    )
    answered = NOW - DAY
    responses = Response.objects.bulk_create(
        [
            Response(
                source=source,
                external_id=f"many-{n}",
                score=3,
                band="detractor",
                verbatim="Again.",
                contact=contact,
                responded_at=answered,
                received_at=answered,
                day=answered.date(),
                version_at=answered,
                content_digest=f"{n:064d}",
                decided_revision=1,
            )
            for n, contact in enumerate(contacts)
        ],
        batch_size=500,
    )
    brand = factories.make_brand()
    conversations = Conversation.objects.bulk_create(
        [Conversation(contact=contact, brand=brand, owner=cast.hanna) for contact in contacts], batch_size=500
    )
    Ticket.objects.bulk_create(
        [
            Ticket(
                response=response,
                conversation=conversation,
                contact_id=response.contact_id,
                brand=brand,
                team=cast.team,
                owner=cast.hanna,
                state=TicketState.ASSIGNED,
                score=3,
                band="detractor",
                opened_at=answered,
                responded_at=answered,
                received_at=answered,
                changed_at=answered,
                day=answered.date(),
                due_at=NOW + 10 * DAY + timedelta(minutes=n),
                due_for="first_contact",
                rank=int((NOW + 10 * DAY).timestamp()) + 60 * n,
            )
            for n, (response, conversation) in enumerate(zip(responses, conversations, strict=True))
        ],
        batch_size=500,
    )


def queries(client: Client, url: str) -> list[str]:
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return [query["sql"] for query in captured.captured_queries if not query["sql"].startswith(("BEGIN", "SAVEPOINT"))]


@pytest.mark.full
def test_the_queue_costs_the_same_with_ten_and_ten_thousand_tickets(queue: Cast, hanna: Client) -> None:
    urls = ["/queue/", "/queue/?view=later", "/queue/?view=today", "/queue/?q=again"]
    few = {url: queries(hanna, url) for url in urls}
    many(queue, counted(3_000, full=10_000))
    for url in urls:
        assert len(queries(hanna, url)) <= len(few[url]) <= 8, "\n".join(few[url])


def test_the_queue_costs_the_same_with_one_and_with_many_promises(queue: Cast, hanna: Client) -> None:
    few = queries(hanna, "/queue/")
    for name in ("Marta", "Grace", "Lucía", "Ellen"):
        Ticket.objects.filter(pk=queue.tickets[name].pk).update(state=TicketState.IN_ACTION)
        factories.make_action(queue.tickets[name], factories.make_user())
    assert len(queries(hanna, "/queue/")) <= len(few)


def test_counts_stop_at_five_hundred(queue: Cast, hanna: Client) -> None:
    many(queue, 600)
    page = " ".join(shown(hanna, "/queue/").split())
    assert 'All mine <span class="count" data-count="mine">500+</span>' in page
