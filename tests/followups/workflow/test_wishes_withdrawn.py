"""A wish to dismiss ends with its ticket: whichever way that ends, nobody is left to decide on it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from followups import workflow
from followups.actors import Actor
from followups.models import DismissalRequest, RootCause, Ticket
from followups.refusals import NotAllowed
from followups.team_page import cases
from nps_loop.mail.delivery import deliver_due
from nps_loop.mail.models import Message
from nps_loop.people.models import User
from tests.factories import NOW
from tests.followups.workflow.test_taking_back import SECOND, resolve, take_back
from tests.followups.workflow.test_verbs import do, refused

pytestmark = pytest.mark.django_db


def wish() -> DismissalRequest:
    return DismissalRequest.objects.latest("pk")


def told(user: User) -> int:
    return Message.objects.filter(
        stream="staff",
        recipient=user.email,
        subject__contains="Nothing is left to dismiss",
        state__in=("queued", "sent"),
    ).count()


@pytest.fixture
def wished(in_action: Ticket, ivo: User) -> Ticket:
    """Ivo asked to dismiss a case of Hanna's."""
    return do(workflow.ask_dismissal, in_action, ivo, reason="mistake")


def test_resolving_withdraws_it_and_whoever_asked_hears_it(
    wished: Ticket, hanna: User, ivo: User, tomas: User, cause: RootCause
) -> None:
    assert cases.asked(Ticket.objects.all()).count() == 1
    resolve(wished, hanna, cause)
    request = wish()
    assert (request.approved, request.decided_at, request.decided_by) == (None, NOW, hanna)
    event = wished.events.get(verb="resolve")
    assert event.data["withdrew"] == request.pk
    assert told(ivo) == 1 and told(hanna) == 0
    assert not cases.asked(Ticket.objects.all()).exists()
    refused(NotAllowed, workflow.decide_dismissal, wished, tomas, approve=True)


def test_whoever_resolves_their_own_wish_away_needs_no_notice(in_action: Ticket, hanna: User, cause: RootCause) -> None:
    do(workflow.ask_dismissal, in_action, hanna, reason="mistake")
    resolve(in_action, hanna, cause)
    assert wish().decided_at is not None and told(hanna) == 0


def test_a_resolution_taken_back_leaves_the_wish_to_be_decided_on(
    wished: Ticket, hanna: User, ivo: User, tomas: User, cause: RootCause
) -> None:
    resolve(wished, hanna, cause)
    take_back(wished, hanna, "resolution")
    request = wish()
    assert (request.approved, request.decided_at, request.decided_by) == (None, None, None)
    deliver_due(NOW + 60 * SECOND)
    assert told(ivo) == 0
    ticket = do(workflow.decide_dismissal, wished, tomas, approve=True)
    assert ticket.state == "dismissed" and wish().approved is True


def test_left_in_peace_withdraws_it_too(
    open_case: Callable[..., Ticket], hanna: User, ivo: User, cause: RootCause
) -> None:
    case = open_case(2, contact_me=False)
    do(workflow.ask_dismissal, case, ivo, reason="mistake")
    do(workflow.leave_in_peace, case, hanna, root_cause=cause)
    assert (wish().approved, wish().decided_at) == (None, NOW)
    assert told(ivo) == 1


def test_a_wish_that_was_decided_stays_as_it_was(wished: Ticket, hanna: User, tomas: User, cause: RootCause) -> None:
    do(workflow.decide_dismissal, wished, tomas, approve=False)
    resolve(wished, hanna, cause)
    assert (wish().approved, wish().decided_by) == (False, tomas)
    assert "withdrew" not in wished.events.get(verb="resolve").data


def test_after_a_reopening_it_can_be_asked_again(wished: Ticket, hanna: User, ivo: User, cause: RootCause) -> None:
    resolve(wished, hanna, cause)
    workflow.reopen(wished, actor=Actor.person(hanna), now=NOW + SECOND, version=None, reason="Too soon.")
    do(workflow.ask_dismissal, wished, ivo, reason="duplicate")
    assert DismissalRequest.objects.filter(decided_at=None).count() == 1
