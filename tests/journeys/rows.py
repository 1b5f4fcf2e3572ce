"""Rows for every page: a team in the middle of its work, with a ticket in each state and each thing that may happen."""

from __future__ import annotations

from datetime import datetime, timedelta

from followups import clocks, workflow
from followups.actors import Actor
from followups.calendars import due_after
from followups.models import Deadline, SlaPolicy, Verdict
from followups.models.tickets import ClosedAs, TicketState
from followups.replies import Press, press
from nps_loop.mail.delivery import deliver_due
from nps_loop.mail.models import Message, Stream
from surveys.models import Touchpoint
from tests import factories
from tests.followups.pages.cast import DAY, HOUR, add_queue, add_ticket, make_cast
from tests.journeys.places import Cast


def fill(now: datetime) -> Cast:
    """Write it all as of `now`; `deliver_due` hands the mails to the test's own mail server."""
    made = make_cast(now)
    add_queue(made)
    hanna = Actor.person(made.hanna)

    # Resolved by a talk, one of them called settled by the customer.
    for name in ("Rosa Figueiredo", "Anders Moe"):
        ticket = add_ticket(made, name, f"{name.split()[1]} Lines", 3, "Half of the order was missing.")
        settled = workflow.Settlement(
            what_was_done="The missing pallets came on Monday.",
            root_cause=made.causes[1],
            why_it_happened="The loading list was printed twice.",
            told="mail",
        )
        workflow.log_contact(
            ticket, actor=hanna, now=now, version=None, channel="phone", outcome="spoke", settled=settled
        )
    deliver_due(now + timedelta(seconds=1))
    press(
        ticket, Press(Verdict.Choice.SETTLED, cycle=0, words="Thank you, all is here."), now=now + timedelta(minutes=1)
    )

    # Closed in the other ways, and dismissed.
    for at, how in enumerate(
        (ClosedAs.UNCONFIRMED, ClosedAs.NOT_ASKED, ClosedAs.AGREED_TO_DIFFER, ClosedAs.LEFT_IN_PEACE)
    ):
        add_ticket(
            made, f"Customer{at} Silent", f"Company {at}", 4, "It took too long.", answered=20 * DAY, due_in=None,
            state=TicketState.CLOSED, closed_as=how, closed_at=now - DAY, resolved_at=now - 9 * DAY,
        )  # fmt: skip
    add_ticket(made, "Olaf Brekke", "Brekke Marin", 5, "Meant for another company.", due_in=None, state="dismissed")

    # What may be the matter with an open one.
    words = "My lawyer will write to you this week."
    add_ticket(made, "Vera Kranz", "Kranz Pharma", 0, words, on_hold=True, hold_reason="Words for a hold: lawyer")
    add_ticket(made, "Nobody Here", "Port Services", 6, "Invoices in the wrong language.", nobody_to_reach=True)
    asked = add_ticket(made, "Ines Duarte", "Frutas Duarte", 3, "Third claim for the same weeks.", owner=made.nils)
    factories.make_deadline(
        asked, Deadline.Target.RESOLUTION, clock=SlaPolicy.Clock.TEAM, policy=made.policy, calendar=made.team.calendar,
        starts_at=now - 6 * DAY, minutes=8 * 510, due_at=due_after(made.team.calendar.hours, now - 6 * DAY, 8 * 510),
    )  # fmt: skip
    factories.make_dismissal_request(
        asked, reason="abuse", explanation="Insults only.", asked_by=made.nils, asked_at=now - HOUR
    )
    office = add_ticket(
        made, "Petra Lindholm", "Havsbris Fisk", 4, "The credit was promised in September.", owner=made.nils,
        state=TicketState.IN_ACTION, target="action", answer={"share_name": False},
    )  # fmt: skip
    soon = {"due_at": now + 5 * HOUR, "planned_at": now - DAY}
    factories.make_action(
        office, made.devika, title="Send the credit note", **soon, told_at=now - DAY, first_promised_at=now + 5 * HOUR
    )
    factories.make_action(
        office,
        made.hanna,
        title="Check the other invoices",
        state="done",
        done_at=now - HOUR,
        what_changed="All are right.",
        **soon,
    )
    factories.make_away(made.nils, now + DAY, now + 4 * DAY)
    factories.make_away(made.lead, now - DAY, now + 4 * DAY, delegate=made.hanna)

    # What came back overnight, and a happy customer.
    add_ticket(made, "Aki Sato", "Sato Foods", 6, "", due_in=8 * DAY, snoozed_until=now - HOUR)
    late = add_ticket(made, "Bea Moro", "Moro Vini", 5, "", due_in=9 * DAY)
    factories.make_message(case=late.pk, state=Message.State.BOUNCED, ended_at=now - HOUR, reason="550 5.1.1 Unknown.")
    happy = factories.make_contact("Tom Ashdown", account=factories.make_account("Pemberton", owner=made.hanna))
    factories.make_response(10, contact=happy, verbatim="Answered in twenty minutes.", responded_at=now - HOUR)

    # Mails that went otherwise than hoped.
    for state, reason in (
        (Message.State.QUEUED, ""),
        (Message.State.SKIPPED, "Not sent: Vera must not be contacted."),
        (Message.State.FAILED, "The mail server refused it: 550."),
        (Message.State.BOUNCED, "550 5.1.1 The mailbox does not exist any more."),
    ):
        factories.make_message(
            case=asked.pk, state=state, reason=reason, created_at=now, html="<!doctype html><p>Hello</p>",
            kind="personal", ended_at=now if state in ("failed", "bounced") else None,
        )  # fmt: skip
    factories.make_message(stream=Stream.STAFF, kind="notice_lead", recipient=made.lead.email, case=asked.pk)

    # Enough answers for figures.
    point = Touchpoint.objects.get(slug="support-case")
    for at in range(60):
        factories.make_response((10, 9, 9, 7, 4, 8)[at % 6], responded_at=now - at * DAY, touchpoint=point)
    # Whoever is to hear of what runs out has heard of it.
    clocks.escalate(now=now)
    return Cast(made.hanna, made.lead, made.admin, made.devika)
