"""Whoever is switched off loses what they had at once, in any state."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from followups.leaving import release_from_the_gone
from followups.models import Team, Ticket
from followups.models.tickets import TicketState
from nps_loop.people.models import User
from tests.factories import NOW, make_action, make_admin, make_away, make_member, make_ticket, make_user

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def hanna() -> User:
    user = make_user("Hanna Brandt")
    make_member(Team.objects.get(is_default=True), user)
    return user


def of(owner: User, **fields: Any) -> Ticket:
    ticket = make_ticket(owner=owner, team=Team.objects.get(is_default=True), **fields)
    ticket.conversation.owner = owner
    ticket.conversation.save()
    return ticket


@pytest.mark.parametrize(
    "fields",
    [
        {"state": TicketState.ASSIGNED},
        {"state": TicketState.IN_ACTION, "snoozed_until": NOW + 400 * DAY},
        {"state": TicketState.WAITING_ON_CUSTOMER, "waiting_until": NOW + 400 * DAY},
        {"state": TicketState.RESOLVED},
        {"state": TicketState.CLOSED, "closed_at": None},
        {"state": TicketState.DISMISSED},
    ],
    ids=lambda fields: str(fields["state"]),
)
def test_switching_somebody_off_empties_their_hands_at_once(fields: dict[str, Any], hanna: User) -> None:
    if "closed_at" in fields:
        fields = fields | {"closed_at": timezone.now() - 30 * DAY}
    ticket = of(hanna, changed_at=timezone.now(), **fields)
    hanna.is_active = False
    hanna.save()
    ticket = Ticket.objects.select_related("conversation").get(pk=ticket.pk)
    assert (ticket.owner, ticket.conversation.owner) == (None, None)
    assert ticket.state == fields["state"]
    assert (ticket.snoozed_until, ticket.silent_at) == (None, None)
    assert ticket.events.get(verb="release").data == {"from": hanna.pk, "because": "inactive"}


def test_what_is_over_for_good_keeps_whose_it_was(hanna: User) -> None:
    ticket = of(hanna, state=TicketState.CLOSED, closed_at=NOW - 400 * DAY)
    hanna.is_active = False
    hanna.save()
    ticket.refresh_from_db()
    assert ticket.owner == hanna


def test_switched_off_on_the_set_up_page(hanna: User, client: Client) -> None:
    ticket = of(hanna)
    client.force_login(make_admin())
    page = client.get(reverse("admin:people_user_change", args=[hanna.pk]))
    form = page.context["adminform"].form
    data = {bound.html_name: bound.value() for bound in form if bound.value() not in (None, False)}
    del data["is_active"]
    for name in ("last_login", "date_joined", "groups", "user_permissions"):
        data.pop(name, None)
    assert client.post(reverse("admin:people_user_change", args=[hanna.pk]), data).status_code == 302
    ticket.refresh_from_db()
    assert ticket.owner is None


def test_the_sweep_finds_who_was_switched_off_behind_its_back(hanna: User) -> None:
    ticket = of(hanna)
    User.objects.filter(pk=hanna.pk).update(is_active=False)
    assert release_from_the_gone(now=NOW) == 1
    assert release_from_the_gone(now=NOW) == 0
    ticket.refresh_from_db()
    assert ticket.owner is None


def test_the_sweep_looks_through_no_conversations_and_finds_what_comes_to_life_again(hanna: User) -> None:
    over = of(hanna, state=TicketState.CLOSED, closed_at=NOW - DAY)
    User.objects.filter(pk=hanna.pk).update(is_active=False)
    with CaptureQueriesContext(connection) as queries:
        assert release_from_the_gone(now=NOW) == 0
    assert not any("followups_conversation" in query["sql"] for query in queries)
    Ticket.objects.filter(pk=over.pk).update(state=TicketState.ASSIGNED, closed_at=None, closed_as="")
    assert release_from_the_gone(now=NOW) == 1
    over.conversation.refresh_from_db()
    assert over.conversation.owner is None


def test_promises_on_others_tickets_go_to_whoever_has_the_ticket(hanna: User) -> None:
    ivo = make_user("Ivo Lenz")
    action = make_action(of(ivo, state=TicketState.IN_ACTION), hanna)
    hanna.is_active = False
    hanna.save()
    action.refresh_from_db()
    assert action.owner == ivo


def test_saving_somebody_who_stays_touches_nothing(hanna: User) -> None:
    ticket = of(hanna)
    make_away(hanna, NOW - DAY, NOW + DAY)
    hanna.save()
    ticket.refresh_from_db()
    assert (ticket.owner, ticket.version) == (hanna, 0)
