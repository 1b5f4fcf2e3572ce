"""The bonus hours: what they do to the order of the queue, how they are changed, and the bound they keep."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from followups import priority, reranking
from followups.models import BonusHours, Ticket
from followups.models.finding import MOST_HOURS
from nps_loop.jobs.models import Job
from nps_loop.jobs.running import run_waiting
from tests.factories import NOW
from tests.followups.pages.cast import Cast, add_ticket, make_cast
from tests.followups.pages.test_queue import many

REASONS = [["a score of 0 to 2", 6], ["a large account", 6]]


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast(NOW)


def hours(**fields: int) -> BonusHours:
    return BonusHours(pk=1, **fields)


def test_without_a_row_the_shipped_hours_count(db: None) -> None:
    current = BonusHours.current()
    assert {name: getattr(current, name) for name in priority.REASONS.values()} == {
        "lowest_scores": 6, "low_scores": 3, "asked_for_contact": 3, "large_account": 6, "middle_account": 3,
        "renews_soon": 6, "unhappy_again": 6, "rule_high": 6, "rule_urgent": 18,
    }  # fmt: skip
    assert priority.longest_wait(current) == 45


def test_a_change_brings_every_ticket_in_line(cast: Cast) -> None:
    many(cast, 3)
    first, second, third = Ticket.objects.order_by("pk")
    Ticket.objects.filter(pk=first.pk).update(bonus=REASONS, rank=priority.rank(first.due_at, REASONS))
    job = reranking.change_hours(hours(lowest_scores=10, large_account=0), by=cast.admin, now=NOW)
    assert run_waiting(now=NOW) == 1
    job.refresh_from_db()
    assert (job.state, job.result) == (Job.State.DONE, {"looked_at": 3, "changed": 1})
    first.refresh_from_db()
    assert first.bonus == [["a score of 0 to 2", 10], ["a large account", 0]]
    assert first.due_at is not None
    assert first.rank == int((first.due_at - timedelta(hours=10)).timestamp())
    assert [second.rank, third.rank] == list(
        Ticket.objects.filter(pk__in=[second.pk, third.pk]).order_by("pk").values_list("rank", flat=True)
    )


def test_doing_the_job_twice_changes_nothing_more(cast: Cast) -> None:
    many(cast, 2)
    Ticket.objects.update(bonus=REASONS)
    for expected in (2, 0):
        reranking.change_hours(hours(lowest_scores=1), by=cast.admin, now=NOW)
        run_waiting(now=NOW)
        assert Job.objects.order_by("-pk")[0].result["changed"] == expected


def test_a_reason_that_counted_for_nothing_can_count_again(cast: Cast) -> None:
    many(cast, 1)
    Ticket.objects.update(bonus=[["a large account", 0]])
    reranking.change_hours(hours(large_account=12), by=cast.admin, now=NOW)
    run_waiting(now=NOW)
    assert Ticket.objects.get().bonus == [["a large account", 12]]


def test_a_batch_costs_the_same_however_many_tickets_it_holds(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite caps the values of one statement")

    def cost() -> int:
        Ticket.objects.update(bonus=[["a large account", 1]])
        reranking.change_hours(hours(), by=cast.admin, now=NOW)
        with CaptureQueriesContext(connection) as captured:
            run_waiting(now=NOW)
        return len([query for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]])

    add_ticket(cast, "Anna One", "A", 6, "")
    few = cost()
    many(cast, 700)
    assert cost() == few


def test_an_administrator_changes_the_hours_on_the_set_up_pages(cast: Cast) -> None:
    many(cast, 1)
    Ticket.objects.update(bonus=REASONS)
    client = Client()
    client.force_login(cast.admin)
    data = {name: 2 for name in priority.REASONS.values()}
    answer = client.post(reverse("admin:followups_bonushours_add"), data, follow=True)
    assert "Nobody waits longer than 12 hours" in answer.content.decode()
    assert BonusHours.objects.get().lowest_scores == 2
    run_waiting(now=NOW)
    assert Ticket.objects.get().bonus == [["a score of 0 to 2", 2], ["a large account", 2]]
    assert client.get(reverse("admin:followups_bonushours_add")).status_code == 403


def test_hours_beyond_the_bound_are_refused_and_nothing_happens(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.admin)
    data = {name: 2 for name in priority.REASONS.values()} | {"renews_soon": MOST_HOURS + 1}
    assert client.post(reverse("admin:followups_bonushours_add"), data).status_code == 200
    assert not BonusHours.objects.exists()
    assert not Job.objects.exists()


def test_others_change_no_hours(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.lead)
    assert client.post(reverse("admin:followups_bonushours_add"), {}).status_code == 302
    assert not BonusHours.objects.exists()


counted = st.integers(0, MOST_HOURS)
weights = st.builds(
    priority.Weight,
    score=st.integers(0, 10),
    contact_me=st.none() | st.booleans(),
    annual_value=st.none() | st.decimals(0, 10**6, places=2),
    renewal_on=st.none() | st.dates(NOW.date(), NOW.date() + timedelta(days=90)),
    unhappy_before=st.booleans(),
)


@given(
    st.fixed_dictionaries({name: counted for name in priority.REASONS.values()}), weights, weights, st.integers(0, 2000)
)
def test_no_ticket_waits_beyond_the_stated_bound_whatever_the_hours(
    given_hours: dict[str, int], one: priority.Weight, other: priority.Weight, minutes: int
) -> None:
    current = hours(**given_hours)
    due, bound = NOW, timedelta(hours=priority.longest_wait(current))
    later = due + bound + timedelta(minutes=minutes, seconds=1)
    waits = priority.rank(due, priority.bonus(one, NOW.date(), current))
    overtakes = priority.rank(later, priority.bonus(other, NOW.date(), current))
    assert waits < overtakes
