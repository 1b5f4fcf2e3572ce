"""Undo: a mail that has not left is taken back, and what hung on it with it. Delivery may be faster."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from followups import workflow
from followups.actors import Actor
from followups.models import ContactAttempt, Deadline, Event, Resolution, RootCause, Ticket
from followups.models.tickets import TicketState
from followups.refusals import Forbidden, NotAllowed
from nps_loop.mail.delivery import deliver_due
from nps_loop.mail.models import Message
from nps_loop.people.models import User
from tests.factories import NOW

pytestmark = pytest.mark.django_db

UNDO = timedelta(seconds=10)
SECOND = timedelta(seconds=1)
S = TicketState


def at_page(user: User) -> Actor:
    return Actor.person(user, undo=UNDO)


def mail_of(ticket: Ticket, kind: str = "personal") -> Message:
    return Message.objects.filter(case=ticket.pk, kind=kind).latest("pk")


def take_back(ticket: Ticket, user: User, kind: str = "personal", *, after: timedelta = 4 * SECOND) -> Ticket:
    return workflow.take_back(ticket, actor=Actor.person(user), now=NOW + after, message=mail_of(ticket, kind))


def deadlines_of(ticket: Ticket) -> list[tuple[Any, ...]]:
    rows = Deadline.objects.filter(ticket=ticket, dropped_at=None).order_by("pk")
    return [
        (target, ordinal, to_the_minute(due_at), met_at)
        for target, ordinal, due_at, met_at in rows.values_list("target", "ordinal", "due_at", "met_at")
    ]


def to_the_minute(at: datetime | None) -> datetime | None:
    """The team clock stood still for the seconds between asking and taking it back."""
    return at.replace(second=0, microsecond=0) if at else None


def facts(ticket: Ticket) -> dict[str, Any]:
    ticket.refresh_from_db()
    names = ("state", "customer_waits", "snoozed_until", "waiting_from", "wait_count", "resolved_at", "told_at")
    found = {name: getattr(ticket, name) for name in names}
    return found | {"deadlines": deadlines_of(ticket), "due_at": to_the_minute(ticket.due_at)}


def resolve(ticket: Ticket, hanna: User, cause: RootCause) -> Ticket:
    action = ticket.actions.get()
    workflow.complete_action(
        ticket, actor=at_page(hanna), now=NOW, version=None, action=action, what_changed="The imports run."
    )
    return workflow.resolve(
        ticket,
        actor=at_page(hanna),
        now=NOW,
        version=None,
        root_cause=cause,
        what_changed="The imports run.",
        why_it_happened="A comma.",
    )


def test_a_mail_sent_from_a_page_leaves_ten_seconds_later_and_only_then_counts(case: Ticket, hanna: User) -> None:
    workflow.send_message(case, actor=at_page(hanna), now=NOW, version=None, subject="", body="I am sorry.")
    assert mail_of(case).send_after == NOW + UNDO
    deliver_due(NOW + 9 * SECOND)
    case.refresh_from_db()
    assert (case.state, mail_of(case).state) == (S.ASSIGNED, "queued")
    deliver_due(NOW + UNDO)
    case.refresh_from_db()
    assert (case.state, mail_of(case).state) == (S.CONTACTED, "sent")


def test_a_program_and_the_system_wait_for_nobody(case: Ticket, hanna: User) -> None:
    workflow.send_message(case, actor=Actor.person(hanna), now=NOW, version=None, subject="", body="I am sorry.")
    assert mail_of(case).send_after == NOW


def test_a_later_moment_is_kept(case: Ticket, hanna: User) -> None:
    later = NOW + timedelta(hours=3)
    workflow.send_message(
        case, actor=at_page(hanna), now=NOW, version=None, subject="", body="I am sorry.", send_after=later
    )
    assert mail_of(case).send_after == later


def test_a_personal_mail_taken_back_is_void_and_never_leaves(case: Ticket, hanna: User) -> None:
    before = facts(case)
    workflow.send_message(case, actor=at_page(hanna), now=NOW, version=None, subject="", body="I am sorry.")
    take_back(case, hanna)
    deliver_due(NOW + 60 * SECOND)
    assert mail_of(case).state == "cancelled"
    attempt = ContactAttempt.objects.get(ticket=case)
    assert (attempt.voided_at, attempt.evidence_from, attempt.is_evidence) == (NOW + 4 * SECOND, None, False)
    assert facts(case) == before
    event = Event.objects.filter(ticket=case).latest("seq")
    assert (event.verb, event.actor, event.data) == (
        "take-back",
        hanna,
        {"message": mail_of(case).pk, "of": "send-message", "attempt": attempt.pk},
    )


@pytest.mark.parametrize("start", ["contacted", "in_action"])
def test_a_question_taken_back_leaves_the_ticket_as_it_was(
    start: str, hanna: User, request: pytest.FixtureRequest
) -> None:
    ticket: Ticket = request.getfixturevalue(start)
    before = facts(ticket)
    workflow.wait(ticket, actor=at_page(hanna), now=NOW + SECOND, version=None, question="Which file is it?")
    ticket.refresh_from_db()
    assert ticket.state == S.WAITING_ON_CUSTOMER
    take_back(ticket, hanna)
    assert facts(ticket) == before
    assert before["state"] == start


def test_a_customer_who_waited_waits_again(in_action: Ticket, hanna: User) -> None:
    workflow.log_reply(in_action, actor=Actor.person(hanna), now=NOW, version=None, text="And?", to_personal_mail=False)
    before = facts(in_action)
    assert before["customer_waits"] is True
    workflow.wait(in_action, actor=at_page(hanna), now=NOW + SECOND, version=None, question="Which file is it?")
    take_back(in_action, hanna)
    assert facts(in_action) == before


def test_a_resolution_taken_back_is_void_and_all_is_owed_as_before(
    in_action: Ticket, hanna: User, cause: RootCause
) -> None:
    before = facts(in_action)
    resolve(in_action, hanna, cause)
    in_action.refresh_from_db()
    assert in_action.state == S.RESOLVED
    take_back(in_action, hanna, "resolution")
    after = facts(in_action)
    assert after["state"] == S.IN_ACTION
    # The action stays done: only the resolution is undone.
    assert {name: after[name] for name in after if name != "due_at"} == {
        name: before[name] for name in before if name != "due_at"
    }
    assert Resolution.objects.get(ticket=in_action).voided_at == NOW + 4 * SECOND
    deliver_due(NOW + 60 * SECOND)
    in_action.refresh_from_db()
    assert (in_action.state, in_action.told_at, in_action.question_accepted_at) == (S.IN_ACTION, None, None)


def test_it_can_be_resolved_again_after_it(in_action: Ticket, hanna: User, cause: RootCause) -> None:
    resolve(in_action, hanna, cause)
    take_back(in_action, hanna, "resolution")
    workflow.resolve(
        in_action,
        actor=at_page(hanna),
        now=NOW + 30 * SECOND,
        version=None,
        root_cause=cause,
        what_changed="All imports run.",
        why_it_happened="A comma.",
    )
    deliver_due(NOW + 60 * SECOND)
    in_action.refresh_from_db()
    assert in_action.state == S.RESOLVED and in_action.told_at is not None
    assert list(Resolution.objects.filter(voided_at=None).values_list("what_changed", flat=True)) == [
        "All imports run."
    ]


def test_what_was_settled_in_a_talk_goes_back_to_contacted_and_the_talk_stays(
    case: Ticket, hanna: User, cause: RootCause
) -> None:
    settled = workflow.Settlement("Repaired the imports.", cause, "We split at commas.", "mail")
    workflow.log_contact(
        case, actor=at_page(hanna), now=NOW, version=None, channel="phone", outcome="spoke", settled=settled
    )
    take_back(case, hanna, "resolution")
    case.refresh_from_db()
    assert (case.state, case.first_contact_at, case.told_at) == (S.CONTACTED, NOW, None)


def test_the_customers_word_stands_where_it_closed_at_once(in_action: Ticket, hanna: User, cause: RootCause) -> None:
    workflow.log_reply(
        in_action, actor=Actor.person(hanna), now=NOW, version=None, text="It is settled.", says_settled=True
    )
    resolve(in_action, hanna, cause)
    in_action.refresh_from_db()
    assert in_action.state == S.CLOSED
    take_back(in_action, hanna, "resolution")
    in_action.refresh_from_db()
    row = Resolution.objects.get(ticket=in_action)
    assert (in_action.state, row.voided_at, row.told) == (S.CLOSED, None, "not_mailed")
    assert mail_of(in_action, "resolution").state == "cancelled"


def test_delivery_that_was_faster_is_said_and_changes_nothing(case: Ticket, hanna: User) -> None:
    workflow.send_message(case, actor=at_page(hanna), now=NOW, version=None, subject="", body="I am sorry.")
    deliver_due(NOW + UNDO)
    case.refresh_from_db()
    version = case.version
    with pytest.raises(NotAllowed, match="Too late: the mail to Marta Lind has left") as refusal:
        take_back(case, hanna, after=UNDO + SECOND)
    assert refusal.value.code == "has_left"
    case.refresh_from_db()
    assert (case.version, case.state, ContactAttempt.objects.get(ticket=case).voided_at) == (version, S.CONTACTED, None)


def test_done_twice_it_is_taken_back_once(case: Ticket, hanna: User) -> None:
    workflow.send_message(case, actor=at_page(hanna), now=NOW, version=None, subject="", body="I am sorry.")
    take_back(case, hanna)
    with pytest.raises(NotAllowed, match="taken back already"):
        take_back(case, hanna)
    assert Event.objects.filter(ticket=case, verb="take-back").count() == 1


def test_nobody_takes_back_the_mail_of_somebody_else(case: Ticket, hanna: User, ivo: User, tomas: User) -> None:
    workflow.send_message(case, actor=at_page(hanna), now=NOW, version=None, subject="", body="I am sorry.")
    for other in (ivo, tomas):
        with pytest.raises(Forbidden):
            take_back(case, other)
    assert mail_of(case).state == "queued"


def test_an_automatic_mail_is_no_mail_to_take_back(case: Ticket, hanna: User) -> None:
    with pytest.raises(NotAllowed):
        workflow.take_back(
            case, actor=Actor.person(hanna), now=NOW, message=Message.objects.get(kind="acknowledgement")
        )
    assert mail_of(case, "acknowledgement").state == "queued"
