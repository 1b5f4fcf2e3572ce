"""Every pair of states: the ways that exist can be gone, the others are refused."""

from __future__ import annotations

import itertools

import pytest

from followups.actors import Actor
from followups.models import Event, Ticket
from followups.models.tickets import ClosedAs, DismissReason, TicketState
from followups.refusals import NotAllowed
from followups.workflow.locking import opened
from followups.workflow.table import TABLE, allows
from tests.factories import NOW, make_deadline, make_ticket, make_user

pytestmark = pytest.mark.django_db

# The ways as the product promises them, written out once more so that a slip in the table shows.
WAYS = {
    "new": {"assigned", "dismissed"},
    "assigned": {"contacted", "resolved", "closed", "dismissed"},
    "contacted": {"in_action", "resolved", "waiting_on_customer", "assigned", "dismissed"},
    "in_action": {"resolved", "waiting_on_customer", "assigned", "dismissed"},
    "waiting_on_customer": {"contacted", "in_action", "assigned", "dismissed"},
    "resolved": {"closed", "assigned", "in_action", "contacted"},
    "closed": {"assigned"},
    "dismissed": {"assigned"},
}


def in_state(state: str) -> Ticket:
    ticket = make_ticket(
        state=state,
        owner=make_user(),
        closed_as=ClosedAs.CONFIRMED if state == "closed" else "",
        dismissed_as=DismissReason.TEST if state == "dismissed" else "",
    )
    make_deadline(ticket)
    return ticket


@pytest.mark.parametrize(("start", "end"), list(itertools.product(TicketState.values, repeat=2)))
def test_a_way_is_open_exactly_where_the_table_has_it(start: str, end: str) -> None:
    ticket = in_state(start)
    fields = {"closed": {"closed_as": ClosedAs.CONFIRMED}, "dismissed": {"dismissed_as": DismissReason.TEST}}.get(
        end, {}
    )
    if start == end:
        assert not allows(start, end)
        return
    if end in WAYS[start]:
        with opened(ticket, actor=Actor.system(), now=NOW, version=ticket.version) as work:
            work.write("test", to=end, **fields)
        ticket.refresh_from_db()
        assert ticket.state == end
        event = Event.objects.filter(ticket=ticket).last()
        assert event is not None
        assert (event.from_state, event.to_state, event.seq) == (start, end, ticket.version)
    else:
        with pytest.raises(NotAllowed), opened(ticket, actor=Actor.system(), now=NOW, version=None) as work:
            work.write("test", to=end, **fields)
        ticket.refresh_from_db()
        assert ticket.state == start
        assert not Event.objects.filter(ticket=ticket, verb="test").exists()


def test_the_table_holds_each_way_once_with_a_sentence() -> None:
    assert {start: {end for begin, end in TABLE if begin == start} for start in TicketState.values} == WAYS
    assert all(TABLE.values())
