"""Questions that are kept: each time they find what Django would find, whatever the values, and take one query."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, close_old_connections, connection
from pytest_django import Settings

from followups.models import Away, Member, Ticket
from followups.prepared import FEW, Kind, Prepared
from nps_loop.bulk import among
from nps_loop.people.models import User
from tests.factories import HOUR, NOW, make_team, make_ticket, make_user

pytestmark = pytest.mark.django_db


def lists(numbers: Any, now: Any) -> tuple[Any, ...]:
    return (
        Ticket.objects.filter(among("pk", numbers)).select_related("contact", "response").order_by("-pk"),
        Member.objects.filter(among("user", numbers)).select_related("team__calendar").order_by("pk"),
        Away.objects.at(now).values_list("user", "ends_at"),
        Away.objects.filter(starts_at__gt=now - timedelta(hours=2)).order_by("pk"),
    )


KEPT = Prepared(lists, numbers=Kind.KEYS, now=Kind.MOMENT)
ONE = Prepared(lambda numbers: lists(numbers, NOW)[:1], numbers=Kind.KEYS)
PLAIN = Prepared(
    lambda now: (Away.objects.at(now).order_by("pk").values_list("user", "ends_at"),),
    now=Kind.MOMENT,
)


@pytest.fixture
def numbers() -> list[int]:
    team = make_team(agents=(make_user(), make_user()))
    for hours, user in enumerate(User.objects.order_by("pk")):
        Away.objects.create(user=user, starts_at=NOW - hours * HOUR, ends_at=NOW + (3 - hours) * HOUR)
    tickets = [make_ticket(team=team) for _ in range(3)]
    return sorted({*(ticket.pk for ticket in tickets), *Member.objects.values_list("user", flat=True)})


def told(rows: Any) -> list[Any]:
    """Every column of the rows, and what was read with them."""
    return [
        row
        if isinstance(row, tuple)
        else ({name: value for name, value in vars(row).items() if name != "_state"}, row._state.fields_cache)
        for row in rows
    ]


def planned() -> int:
    """How many questions about absences this connection keeps the plans of; SQLite keeps none."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%followups_away%'")
        return int(cursor.fetchone()[0])


def check(numbers: list[int], now: datetime) -> None:
    assert [told(found) for found in KEPT(numbers=numbers, now=now)] == [told(rows) for rows in lists(numbers, now)]
    assert [told(found) for found in ONE(numbers=numbers)] == [told(lists(numbers, now)[0])]
    assert PLAIN.plain(now=now) == list(Away.objects.at(now).order_by("pk").values_list("user", "ends_at"))


def test_each_time_they_find_what_is_there_by_then(numbers: list[int]) -> None:
    # Often enough that the server would have gone over to a plan for any value.
    for turn in range(8):
        check(numbers[turn % 2 :], NOW + turn * HOUR)
        make_ticket()
    assert any(ONE(numbers=numbers))


def test_nothing_is_found_of_nothing(numbers: list[int]) -> None:
    check([], NOW)
    assert KEPT(numbers=[], now=NOW + 99 * HOUR) == [[], [], [], []]


def test_many_keys_find_what_few_would(numbers: list[int]) -> None:
    check([*numbers, *range(10**9, 10**9 + FEW)], NOW)


def test_no_plan_is_kept_where_a_pooler_knows_none(numbers: list[int], settings: Settings) -> None:
    settings.DATABASE_PREPARES = False
    before = planned()
    # Never asked before, so that no test before this one had it planned.
    assert Prepared(lambda now: lists([], now)[3:], now=Kind.MOMENT)(now=NOW - 9 * HOUR)[0]
    check(numbers, NOW)
    assert planned() == before


def test_several_lists_take_one_query(numbers: list[int], django_assert_num_queries: Any) -> None:
    KEPT(numbers=numbers, now=NOW)
    with django_assert_num_queries(1):
        found = KEPT(numbers=numbers, now=NOW)
        assert [row.response.score for row in found[0]] and [row.team.calendar for row in found[1]]


def test_rows_are_new_each_time(numbers: list[int]) -> None:
    (first,), (second,) = ONE(numbers=numbers), ONE(numbers=numbers)
    first[0].score = 99
    assert second[0].score != 99 and first[0] is not second[0]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps no plans")
def test_the_server_plans_once() -> None:
    PLAIN(now=NOW)
    assert (once := planned())
    for hour in range(7):
        PLAIN(now=NOW + hour * HOUR)
    assert planned() == once


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps no plans")
@pytest.mark.django_db(transaction=True)
def test_a_column_that_was_changed_meanwhile_fails_one_question_and_not_the_next() -> None:
    names = Prepared(lambda: (User.objects.order_by("pk").values_list("first_name"),))
    make_user("Hanna Holm")
    assert names() == [[("Hanna",)]]
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as migrating:
        try:
            migrating.execute("ALTER TABLE people_user ALTER first_name TYPE varchar(199)")
            with pytest.raises(DatabaseError):
                names()
            close_old_connections()
            assert names() == [[("Hanna",)]]
        finally:
            close_old_connections()
            migrating.execute("ALTER TABLE people_user ALTER first_name TYPE varchar(150)")
