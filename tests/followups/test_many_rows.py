"""Many rows by few statements say and do what row by row would: reading, finding, sending ahead, giving in parts."""

from __future__ import annotations

import gc
from collections import Counter
from datetime import UTC

import pytest
from django.db import IntegrityError, connection, transaction

from followups.assignment import assign_waiting, rounds
from followups.models import AssignmentRound, Event, Member, Team, Ticket
from nps_loop.bulk import among, plain_rows, sent_ahead, without_collecting
from nps_loop.mail.models import Message
from tests.concurrency.test_assignment import backlog
from tests.factories import NOW, make_member, make_user

pytestmark = pytest.mark.django_db


def agents(*capacities: int) -> list[Member]:
    team = Team.objects.get(is_default=True)
    return [make_member(team, make_user(), capacity=capacity) for capacity in capacities]


def test_plain_rows_are_those_of_values_list_with_moments_in_utc() -> None:
    backlog(3)
    rows = Ticket.objects.order_by("pk").values_list(
        "pk", "opened_at", "assigned_at", "on_hold", "contact__name", "day"
    )
    found = plain_rows(rows)
    assert found == list(rows)
    assert [row[1].tzinfo for row in found] == [UTC] * 3


def test_among_finds_the_given_keys_and_none_of_the_others() -> None:
    backlog(4)
    first, second, *_others = Ticket.objects.order_by("pk").values_list("pk", flat=True)
    assert set(Ticket.objects.filter(among("pk", [first, second])).values_list("pk", flat=True)) == {first, second}
    assert not Ticket.objects.filter(among("pk", [])).exists()


def test_the_collector_runs_again_after_the_block_even_where_it_raised() -> None:
    with pytest.raises(ZeroDivisionError), without_collecting():
        assert not gc.isenabled()
        1 / 0  # noqa: B018
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with without_collecting():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_a_statement_sent_ahead_raises_undoes_the_transaction() -> None:
    backlog(2)
    with pytest.raises(IntegrityError), transaction.atomic(), sent_ahead(), connection.cursor() as cursor:
        cursor.execute("UPDATE followups_ticket SET rank = 77")
        cursor.execute("UPDATE followups_ticket SET score = 11")
    assert not Ticket.objects.filter(rank=77).exists()


@pytest.mark.parametrize("part", [1, 3, 7, 100])
def test_in_parts_of_any_size_a_round_gives_says_and_mails_the_same(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "FIRST_PART", part)
    one, two, few = agents(12, 12, 3)
    backlog(40)
    assert assign_waiting(now=NOW).assigned == 27

    assert Counter(Ticket.objects.exclude(owner=None).values_list("owner", flat=True)) == {
        one.user_id: 12,
        two.user_id: 12,
        few.user_id: 3,
    }
    stored = AssignmentRound.objects.get()
    assert (stored.tickets, stored.left_waiting) == (27, 13)
    for ticket in Ticket.objects.exclude(owner=None):
        event = Event.objects.get(ticket=ticket, verb="assign")
        assert (
            (event.seq, event.from_state, event.to_state)
            == (ticket.version, "new", "assigned")
            == (2, "new", "assigned")
        )
        assert event.data | {"load": 0} == {"round": stored.pk, "rule": "least_load", "load": 0, "to": ticket.owner_id}
        assert ticket.conversation.owner_id == ticket.owner_id
    loads = Event.objects.filter(verb="assign", data__to=one.user_id).values_list("data__load", flat=True)
    assert sorted(loads) == list(range(12))
    # Who got many hears of them in one mail, who got a few of each.
    assert Counter(Message.objects.values_list("recipient", flat=True)) == {
        one.user.email: 1,
        two.user.email: 1,
        few.user.email: 3,
    }
