"""Wherever a ticket of the sample stands, the same is said to be done next: page, row, day and API."""

from __future__ import annotations

from collections import Counter

import pytest

from followups.models import Ticket
from followups.models.tickets import LIVE
from nps_loop.people.models import User
from tests.factories import NOW
from tests.followups.steps import differences, in_lists, reading_as

pytestmark = [pytest.mark.full, pytest.mark.django_db, pytest.mark.usefixtures("loaded", "at_now")]

RECENT = 20


def test_every_live_ticket_has_one_next_step_for_its_owner() -> None:
    kinds: Counter[str] = Counter()
    for user in User.objects.filter(tickets__state__in=LIVE).distinct():
        tickets = list(Ticket.objects.filter(owner=user, state__in=LIVE).order_by("rank", "pk"))
        assert differences(user, tickets, NOW) == [], user
        with reading_as(user):
            kinds.update(step.verb for step in in_lists(user, tickets, NOW).values())
    assert kinds["log-contact"] and kinds["send-message"] and kinds["complete-action"] and kinds[""]
    assert sum(kinds.values()) > 40


def test_their_leads_and_administrators_read_the_same_of_tickets_old_and_new() -> None:
    for user in (User.objects.get(username="lead"), User.objects.get(username="admin")):
        seen = Ticket.objects.visible_to(user)
        tickets = [*seen.filter(owner=None), *seen.order_by("-changed_at", "-pk")[:RECENT]]
        assert differences(user, list({ticket.pk: ticket for ticket in tickets}.values()), NOW) == [], user
