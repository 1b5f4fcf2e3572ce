"""Hard days about the end: the mail that comes back, not yet twice, and a colleague who presses settled."""

from __future__ import annotations

from typing import Any

import pytest

from followups import workflow
from followups.models import Verdict
from followups.models.tickets import ClosedAs, TicketState
from nps_loop.mail.models import Message
from nps_loop.mail.telling import mark_bounced
from tests.hard_days.conftest import Play, Scene

pytestmark = pytest.mark.django_db(transaction=True)


def bring_to_resolved(scene: Scene) -> None:
    """Contact, a promise kept, and the question."""
    case = scene.case()
    scene.do(case.reaches_out)
    scene.do(lambda: case.promises(1))
    scene.do(case.completes)
    scene.do(case.resolves)
    assert scene.ticket().state == TicketState.RESOLVED


def test_resolution_mail_bounces(play: Play) -> None:
    """Nobody was told, so it is in action again; the owner hears it and nothing more goes to the dead address."""
    scene = play("resolution-bounces")
    bring_to_resolved(scene)
    assert scene.ticket().told_at is not None
    [question] = scene.sent("resolution")
    scene.do(lambda: mark_bounced([question.pk], reason="550 no such mailbox", now=scene.now))

    ticket = scene.ticket()
    assert (ticket.state, ticket.told_at, ticket.question_accepted_at) == (TicketState.IN_ACTION, None, None)
    assert Message.objects.get(pk=question.pk).state == Message.State.BOUNCED
    assert ticket.deadlines.filter(target="resolution", met_at=None, dropped_at=None).exists()
    assert f"A mail came back (#{ticket.pk})" in scene.staff_mails("chiara")
    page = scene.page()
    assert "was not told, so the ticket is in action again" in page and "550 no such mailbox" in page
    assert "In action" in page

    # The next mail is not even tried.
    with pytest.raises(workflow.contact.NotAllowed, match="came back"):
        scene.case().writes()
    # After the silence that would have closed it, it is still open.
    scene.pass_time(days=9)
    assert scene.ticket().state == TicketState.IN_ACTION


def test_not_yet_twice(play: Play) -> None:
    """Open again each time, with a promise; the second time the lead decides who calls, and may agree to differ later."""
    scene = play("not-yet-twice")
    bring_to_resolved(scene)
    assert "Is it settled" in scene.sent("resolution")[0].subject
    assert scene.press("not_yet", "Still dripping.").status_code == 303
    ticket = scene.ticket()
    assert (ticket.state, ticket.cycle, ticket.customer_waits) == (TicketState.ASSIGNED, 1, True)
    [first] = scene.sent("reopened")
    assert "Still dripping." in first.text and "Nora Feldmann" in first.text
    assert not any("second" in subject for subject in scene.staff_mails("lead"))
    assert "It is open again." in scene.loop()

    # The old page decides nothing any more.
    stale = scene.client().post(scene.link(), {"verdict": "settled", "cycle": "0", "ticket": str(ticket.pk)})
    assert stale.status_code == 409 and scene.ticket().state == TicketState.ASSIGNED

    bring_to_resolved(scene)
    scene.press("not_yet", "The new machine leaks as well.")
    ticket = scene.ticket()
    assert (ticket.state, ticket.cycle) == (TicketState.ASSIGNED, 2)
    assert f"A second “not yet”: who calls Winifred? (#{ticket.pk})" in scene.staff_mails("lead")
    assert len(scene.sent("reopened")) == 2
    page = scene.page()
    assert "Reopened, cycle 3" in page and "The new machine leaks as well." in page and "Still dripping." in page

    bring_to_resolved(scene)
    scene.do(
        lambda: scene.case().act(
            workflow.agree_to_differ, by=scene.user("lead"), text="We cannot take the floor out for you."
        )
    )
    ticket = scene.ticket()
    assert (ticket.state, ticket.closed_as) == (TicketState.CLOSED, ClosedAs.AGREED_TO_DIFFER)
    assert "We cannot take the floor out for you." in scene.sent("agreed_to_differ")[0].text
    assert "here we could not agree" in scene.loop()


def test_colleague_presses_settled(play: Play, settings: Any) -> None:
    """A browser with a staff log-in decides nothing for the customer; the demo lets it through and says who it was."""
    scene = play("colleague-presses")
    bring_to_resolved(scene)
    mails = len(scene.customer_mails())
    refused = scene.press("settled", client=scene.client("lead"))
    assert refused.status_code == 403
    ticket = scene.ticket()
    assert ticket.state == TicketState.RESOLVED and not Verdict.objects.exists()
    assert len(scene.customer_mails()) == mails

    settings.DEMO = True
    assert scene.press("settled", client=scene.client("lead")).status_code == 303
    ticket = scene.ticket()
    assert (ticket.state, ticket.closed_as) == (TicketState.CLOSED, ClosedAs.CONFIRMED)
    assert Verdict.objects.get().in_demo_by == scene.user("lead")
    assert ticket.events.get(verb="settled").data["in_demo_by"] == scene.user("lead").pk
    assert "Settled" in scene.page()
    assert "You have answered already." in scene.loop()
