"""Mails that the server took, told in one batch: the same as one after the other, for the same few queries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from followups.models import Action, ContactAttempt, Deadline, Event, Resolution, Team, Ticket
from followups.workflow.accepting import mail_accepted, mails_accepted
from nps_loop.mail.models import Message
from nps_loop.people.models import User
from tests.factories import (
    NOW,
    make_action,
    make_contact,
    make_deadline,
    make_message,
    make_resolution,
    make_team,
    make_ticket,
    make_user,
    make_verdict,
)

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
AT = NOW + HOUR
KEPT = {
    Ticket: "id",
    Deadline: "ticket",
    ContactAttempt: "ticket",
    Event: "ticket",
    Resolution: "ticket",
}
# Numbers that rows made in one run and not in the other may have.
NOT_THE_SAME = {Event: {"id"}, Deadline: {"id"}}


class Desk:
    """A team with somebody in it, and tickets of theirs in every state in which a mail can arrive."""

    def __init__(self) -> None:
        self.hanna: User = make_user("Hanna Brandt")
        self.team: Team = make_team("Care", lead=make_user(), agents=(self.hanna,))

    def ticket(self, *, phone: str = "", **fields: Any) -> Ticket:
        ticket = make_ticket(
            answer={"contact": make_contact(phone=phone)}, owner=self.hanna, team=self.team, bonus=[], **fields
        )
        make_deadline(ticket)
        make_deadline(ticket, Deadline.Target.RESOLUTION, minutes=15 * 480, clock="team")
        return ticket

    def mail(self, ticket: Ticket, kind: str, **fields: Any) -> Message:
        defaults = {"sent_at": AT, "state": "sending", "cycle": ticket.cycle, "created_at": NOW}
        return make_message(kind=kind, case=ticket.pk, stream="case", **{**defaults, **fields})

    def personal(self, ticket: Ticket, *, cycle: int | None = None, line: str = "") -> Message:
        message = self.mail(ticket, "personal")
        ticket.attempts.create(
            cycle=ticket.cycle if cycle is None else cycle, by=self.hanna, channel="mail", outcome="sent",
            happened_at=NOW, recorded_at=NOW, message=message, line_for_customer=line,
        )  # fmt: skip
        return message

    def try_by_phone(self, ticket: Ticket) -> None:
        ticket.attempts.create(
            cycle=ticket.cycle, by=self.hanna, channel="phone", outcome="no_answer", happened_at=NOW, recorded_at=NOW
        )

    def asked(self, ticket: Ticket, *, unedited: bool) -> Message:
        message = self.personal(ticket, line="Which file was it?")
        data = {"attempt": ContactAttempt.objects.get(message=message).pk, "unedited": unedited}
        Event.objects.create(
            ticket=ticket, seq=ticket.version + 1, cycle=ticket.cycle, actor_kind="person", verb="wait",
            to_state=ticket.state, data=data, happened_at=NOW, recorded_at=NOW,
        )  # fmt: skip
        Ticket.objects.filter(pk=ticket.pk).update(version=ticket.version + 1)
        return message

    def mails_of_every_kind(self) -> list[Message]:
        """One ticket or two for each way in which `accepting` decides."""
        first, late = self.ticket(), self.ticket(state="contacted", first_contact_at=NOW)
        found = [self.personal(first), self.personal(late)]
        make_deadline(late, Deadline.Target.ANSWER, minutes=480)
        again = self.ticket(cycle=1)
        found += [self.personal(again, cycle=0), self.personal(again)]
        wants_a_call, was_called = self.ticket(phone="+46 1", contact_me=True), self.ticket(phone="+46 2")
        wants_a_call.contact.preferred_channel = "phone"
        wants_a_call.contact.save()
        make_verdict(was_called, "call_me", happened_at=NOW)
        self.try_by_phone(was_called)
        pressed = self.ticket(phone="+46 3")
        make_verdict(pressed, "call_me", happened_at=NOW)
        found += [self.personal(wants_a_call), self.personal(was_called), self.personal(pressed)]
        found += [self.asked(self.ticket(state="waiting_on_customer", waiting_from="contacted"), unedited=unedited)
                  for unedited in (True, False)]  # fmt: skip
        planned = self.ticket()
        make_action(planned, self.hanna)
        updated = self.ticket(state="in_action", first_contact_at=NOW)
        make_deadline(updated, Deadline.Target.NEXT_UPDATE, minutes=480, clock="team")
        make_action(updated, self.hanna)
        found += [self.personal(planned), self.personal(updated), self.mail(updated, "action_update")]
        for state in ("resolved", "closed"):
            done = self.ticket(state=state, first_contact_at=NOW, resolved_at=NOW)
            make_action(done, self.hanna, state=Action.State.DONE, done_at=NOW - HOUR)
            make_resolution(done)
            # Two about one ticket, and one of a cycle that is over.
            found += [self.mail(done, "action_update"), self.mail(done, "resolution"), self.personal(done)]
            found.append(self.mail(self.ticket(state=state, cycle=1), "resolution", cycle=0))
        # One that does nothing by arriving, one of a case that is gone, one without its try.
        found += [self.mail(first, "acknowledgement"), self.mail(first, "personal")]
        found.append(make_message(kind="personal", case=10**9, stream="case", sent_at=AT, state="sending"))
        return sorted(found, key=lambda message: (message.case or 0, message.pk))


def what_follows(messages: Sequence[Message], told: Callable[[], None]) -> dict[str, Any]:
    """Rows of all tickets once the mails are told; nothing of it stays."""
    with transaction.atomic():
        told()
        rows = {
            model.__name__: [
                {name: value for name, value in row.items() if name not in NOT_THE_SAME.get(model, set())}
                for row in model.objects.order_by(key, "pk").values()
            ]
            for model, key in KEPT.items()
        }
        transaction.set_rollback(True)
    # Of several changes of one ticket in one moment only the last one says how the ticket stood then.
    last = {row["ticket_id"]: row["seq"] for row in rows["Event"]}
    for row in rows["Event"]:
        if row["seq"] != last[row["ticket_id"]]:
            for name in [name for name in row if name.startswith("then_") or name == "first_contact"]:
                del row[name]
    return rows


def test_told_together_they_do_what_each_does_alone() -> None:
    desk = Desk()
    mails = desk.mails_of_every_kind()

    def one_by_one() -> None:
        for mail in mails:
            mail_accepted(mail, now=AT + HOUR)

    before = what_follows(mails, lambda: None)
    alone = what_follows(mails, one_by_one)
    together = what_follows(mails, lambda: mails_accepted(mails, now=AT + HOUR))

    assert together == alone
    assert len(alone["Event"]) == len(before["Event"]) + 17
    assert {row["verb"] for row in alone["Event"]} >= {"mail-accepted", "start-action"}
    because = [row["data"].get("because") for row in alone["Event"]]
    assert because.count("template") == 1 and because.count("asked_for_a_call") == 2
    assert len([row for row in alone["Deadline"] if row["target"] == "next_update"]) == 2
    told = {
        (row["state"], row["told_at"] is not None) for row in alone["Ticket"] if row["state"] in ("resolved", "closed")
    }
    assert told == {(state, heard) for state in ("resolved", "closed") for heard in (True, False)}
    assert any(row["silence_until"] for row in alone["Ticket"] if row["state"] == "resolved")


def test_each_event_stands_at_the_version_it_made() -> None:
    mails = Desk().mails_of_every_kind()

    mails_accepted(mails, now=AT + HOUR)

    for ticket in Ticket.objects.all():
        seqs = list(ticket.events.order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(ticket.version - len(seqs) + 1, ticket.version + 1))


def queries_for(desk: Desk, count: int) -> int:
    mails = [mail for _n in range(count) for mail in desk.mails_of_every_kind()]
    mails.sort(key=lambda message: (message.case or 0, message.pk))
    with CaptureQueriesContext(connection) as queries:
        mails_accepted(mails, now=AT + HOUR)
    return len([query for query in queries if "SAVEPOINT" not in query["sql"]])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="Constant query counts are promised on PostgreSQL.")
def test_they_cost_three_queries_however_many_they_are() -> None:
    desk = Desk()

    assert queries_for(desk, 1) == 3
    assert queries_for(desk, 4) == 3
