"""What time alone brings about, each once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from followups import clocks, workflow
from followups.actors import Actor
from followups.assignment import assign_waiting
from followups.clocks import returning
from followups.models import Away, Calendar, Escalation, RootCause, Team, Ticket
from followups.opening import open_awaiting
from followups.refusals import Incomplete
from followups.workflow.accepting import mail_accepted
from followups.workflow.keeping import mail_failed
from nps_loop.mail.delivery import deliver_due
from nps_loop.mail.models import Message
from nps_loop.people.models import User
from surveys.models import Contact
from tests.factories import (
    NOW,
    make_account,
    make_contact,
    make_deadline,
    make_member,
    make_response,
    make_ticket,
    make_user,
    make_verdict,
)

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def hanna() -> User:
    return make_user("Hanna Brandt")


@pytest.fixture
def lead() -> User:
    return make_user("Tomás Rey")


@pytest.fixture
def case(hanna: User, lead: User) -> Ticket:
    team = Team.objects.get(is_default=True)
    make_member(team, hanna)
    make_member(team, lead, role="lead", capacity=0)
    account = make_account("Nordby", owner=hanna)
    contact = make_contact("Marta Lind", account=account, email="m@nordby.example", phone="+46 1")
    response = make_response(3, contact=contact, received_at=NOW, responded_at=NOW - HOUR, decided_revision=0)
    open_awaiting(now=NOW)
    assign_waiting(now=NOW)
    return Ticket.objects.get(response=response)


def resolved(case: Ticket, hanna: User) -> Ticket:
    settled = workflow.Settlement("Repaired.", RootCause.objects.get(slug="product-fault"), "We split.", "mail")
    return workflow.log_contact(
        case, actor=Actor.person(hanna), now=NOW, version=None, channel="phone", outcome="spoke", settled=settled
    )


def accept(case: Ticket, kind: str) -> None:
    message = Message.objects.filter(case=case.pk, kind=kind).latest("pk")
    Message.objects.filter(pk=message.pk).update(state="sent", sent_at=NOW)
    message.refresh_from_db()
    mail_accepted(message, now=NOW)
    case.refresh_from_db()


def test_silence_counts_from_acceptance_and_skips_closed_days(case: Ticket, hanna: User) -> None:
    calendar = Calendar.objects.get()
    Calendar.objects.filter(pk=calendar.pk).update(closed_days=[["2026-11-25", "A holiday"]])
    case = resolved(case, hanna)
    assert case.silence_until is None
    accept(case, "resolution")
    assert case.silence_until is not None and case.remind_at is not None
    # Tuesday 24 November plus seven working days, without the Wednesday: Friday 4 December.
    assert case.silence_until.date().isoformat() == "2026-12-04"
    assert case.remind_at.date().isoformat() == "2026-12-01"


def test_one_reminder_then_unconfirmed(case: Ticket, hanna: User) -> None:
    case = resolved(case, hanna)
    accept(case, "resolution")
    assert case.remind_at is not None and case.silence_until is not None
    assert clocks.remind_once(now=case.remind_at - HOUR) == 0
    reminded_at, silent_at = case.remind_at, case.silence_until
    clocks.remind_once(now=reminded_at)
    clocks.remind_once(now=reminded_at + HOUR)
    assert Message.objects.filter(kind="reminder").count() == 1
    assert clocks.close_the_silent(now=silent_at - HOUR) == 0
    clocks.close_the_silent(now=silent_at)
    case.refresh_from_db()
    assert (case.state, case.closed_as) == ("closed", "unconfirmed")
    assert case.recovery_on is not None


def test_without_a_deliverable_question_it_closes_as_not_asked(case: Ticket, hanna: User) -> None:
    assert case.contact is not None
    case.contact.email = ""
    case.contact.save()
    case = resolved(case, hanna)
    assert case.silence_until is not None
    clocks.close_the_silent(now=case.silence_until)
    case.refresh_from_db()
    assert (case.state, case.closed_as, case.told_at) == ("closed", "not_asked", None)


def test_a_resolution_mail_that_bounces_takes_it_back_into_action(case: Ticket, hanna: User) -> None:
    case = resolved(case, hanna)
    accept(case, "resolution")
    message = Message.objects.get(kind="resolution")
    mail_failed(message, now=NOW + HOUR)
    case.refresh_from_db()
    assert (case.state, case.told_at, case.silence_until) == ("in_action", None, None)
    assert Message.objects.filter(recipient=hanna.email, subject__startswith="A mail came back").exists()
    assert case.deadlines.filter(target="resolution", met_at=None, dropped_at=None).exists()


def test_a_personal_mail_is_evidence_once_accepted_and_none_once_it_bounced(case: Ticket, hanna: User) -> None:
    case = workflow.send_message(
        case, actor=Actor.person(hanna), now=NOW, version=None, subject="", body="I looked into it. May I call?"
    )
    assert case.state == "assigned"
    accept(case, "personal")
    assert case.state == "contacted" and case.first_contact_at is not None
    mail_failed(Message.objects.get(kind="personal"), now=NOW + HOUR)
    case.refresh_from_db()
    assert (case.state, case.first_contact_at) == ("assigned", None)
    first_contact = case.deadlines.get(target="first_contact")
    assert first_contact.is_open and case.due_at == first_contact.binding_at


def personal_mail(case: Ticket, hanna: User) -> Ticket:
    body = "I looked into it and found the reason."
    case = workflow.send_message(case, actor=Actor.person(hanna), now=NOW, version=None, subject="", body=body)
    accept(case, "personal")
    return case


def resolve_after_action(case: Ticket, hanna: User) -> Ticket:
    who = {"actor": Actor.person(hanna), "now": NOW, "version": None}
    day = (NOW + 2 * DAY).date()
    case = workflow.add_action(case, title="Repair it.", owner=hanna, due_on=day, **who)
    case = workflow.complete_action(case, action=case.actions.get(), what_changed="Repaired.", **who)
    cause = RootCause.objects.get(slug="product-fault")
    return workflow.resolve(case, root_cause=cause, what_changed="Repaired.", why_it_happened="We split.", **who)


def test_a_resolved_ticket_whose_only_contact_bounced_goes_back_into_action(case: Ticket, hanna: User) -> None:
    case = resolve_after_action(personal_mail(case, hanna), hanna)
    mail_failed(Message.objects.get(kind="personal"), now=NOW + HOUR)
    case.refresh_from_db()
    assert (case.state, case.resolved_at, case.first_contact_at) == ("in_action", None, None)
    assert case.deadlines.get(target="first_contact").is_open
    assert not case.resolutions.filter(voided_at=None).exists()


def test_a_talk_after_the_last_action_tells_the_customer_and_one_before_it_does_not(case: Ticket, hanna: User) -> None:
    me, cause = Actor.person(hanna), RootCause.objects.get(slug="product-fault")
    day = (NOW + 2 * DAY).date()

    def close_without_mail(case: Ticket, hour: int, *, speak: bool) -> Ticket:
        who = {"actor": me, "version": None}
        talk = {"channel": "phone", "outcome": "spoke"}
        case = workflow.log_contact(case, now=NOW + hour * HOUR, **talk, **who)
        case = workflow.add_action(case, now=NOW + hour * HOUR, title="Repair it.", owner=hanna, due_on=day, **who)
        action = case.actions.get(state="open")
        later = NOW + (hour + 1) * HOUR
        case = workflow.complete_action(case, now=later, action=action, what_changed="Repaired.", **who)
        if speak:
            case = workflow.log_contact(case, now=later + HOUR, **talk, **who)
        words = {"what_changed": "Repaired.", "why_it_happened": "We split.", "no_mail_reason": "She wants no mail."}
        return workflow.resolve(case, now=later + 2 * HOUR, root_cause=cause, send_mail=False, **words, **who)

    assert close_without_mail(case, 0, speak=False).told_at is None
    case = workflow.reopen(case, actor=me, now=NOW + 5 * HOUR, version=None, reason="It is not repaired.")
    assert close_without_mail(case, 5, speak=True).told_at == NOW + 7 * HOUR


@pytest.mark.parametrize("arrives_first", [True, False])
def test_a_mail_about_what_the_last_action_changed_tells_the_customer_until_it_comes_back(
    case: Ticket, hanna: User, arrives_first: bool
) -> None:
    who = {"actor": Actor.person(hanna), "version": None, "now": NOW}
    workflow.log_contact(case, channel="phone", outcome="spoke", **who)
    workflow.add_action(case, title="Repair it.", owner=hanna, due_on=(NOW + DAY).date(), **who)
    accept(case, "action_update")
    who["now"] = NOW + HOUR
    workflow.complete_action(case, action=case.actions.get(), what_changed="Repaired.", tell_customer=True, **who)
    words = {"what_changed": "Repaired.", "why_it_happened": "We split.", "no_mail_reason": "It was mailed."}
    cause = RootCause.objects.get(slug="product-fault")

    def resolve() -> None:
        assert workflow.resolve(case, root_cause=cause, send_mail=False, **words, **who).state == "resolved"

    def arrive() -> None:
        mail = Message.objects.filter(case=case.pk, kind="action_update").latest("pk")
        Message.objects.filter(pk=mail.pk).update(state="sent", sent_at=NOW + 2 * HOUR)
        mail.refresh_from_db()
        mail_accepted(mail, now=NOW + 2 * HOUR)

    for step in (arrive, resolve) if arrives_first else (resolve, arrive):
        step()
    case.refresh_from_db()
    assert case.told_at == NOW + 2 * HOUR
    Message.objects.filter(case=case.pk, kind="action_update").update(state="bounced")
    mail_failed(Message.objects.filter(kind="action_update").latest("pk"), now=NOW + 3 * HOUR)
    case.refresh_from_db()
    assert case.told_at is None


def test_the_recovery_question_is_planned_for_a_day_of_the_reporting_zone(
    case: Ticket, hanna: User, settings: Any
) -> None:
    settings.TIME_ZONE = "Pacific/Auckland"
    who = {"actor": Actor.person(hanna), "now": NOW, "version": None}
    case = workflow.log_reply(resolved(case, hanna), text="It works.", says_settled=True, **who)
    # Half past two in the afternoon of the 24th is the small hours of the 25th there.
    assert str(case.recovery_on) == "2026-12-25"


def test_a_bounce_leaves_a_deadline_met_by_the_contact_that_came_after_it(case: Ticket, hanna: User) -> None:
    case = personal_mail(case, hanna)
    talk = {"channel": "phone", "outcome": "spoke"}
    workflow.log_contact(case, actor=Actor.person(hanna), now=NOW + HOUR, version=None, **talk)
    mail_failed(Message.objects.get(kind="personal"), now=NOW + 2 * HOUR)
    case.refresh_from_db()
    assert (case.state, case.first_contact_at) == ("contacted", NOW + HOUR)
    assert case.deadlines.get(target="first_contact").met_at == NOW + HOUR


def test_a_customer_whose_answer_bounced_still_waits_for_it(case: Ticket, hanna: User) -> None:
    workflow.log_reply(case, actor=Actor.person(hanna), now=NOW, version=None, text="Well?")
    case = personal_mail(case, hanna)
    assert not case.customer_waits
    mail_failed(Message.objects.get(kind="personal"), now=NOW + HOUR)
    case.refresh_from_db()
    assert case.customer_waits and case.deadlines.get(target="answer").is_open


def test_a_mail_written_before_the_customer_came_back_answers_nothing_of_it(case: Ticket, hanna: User) -> None:
    body = "I looked into it and found the reason."
    case = resolved(case, hanna)
    case = workflow.send_message(case, actor=Actor.person(hanna), now=NOW, version=None, subject="", body=body)
    case = workflow.log_reply(case, actor=Actor.person(hanna), now=NOW, version=None, text="It is not settled.")
    accept(case, "personal")
    assert (case.state, case.cycle, case.customer_waits) == ("assigned", 1, True)
    assert case.deadlines.get(target="answer").is_open


def test_an_unedited_template_is_no_evidence(case: Ticket, hanna: User) -> None:
    case = workflow.send_message(
        case, actor=Actor.person(hanna), now=NOW, version=None, subject="", body="Hello.", is_template_unedited=True
    )
    accept(case, "personal")
    assert case.state == "assigned"


def test_where_a_call_was_asked_for_a_mail_counts_only_after_a_try(case: Ticket, hanna: User) -> None:
    case.verdicts.create(cycle=0, choice="call_me", happened_at=NOW)
    me = Actor.person(hanna)
    workflow.send_message(case, actor=me, now=NOW, version=None, subject="", body="I looked into it.")
    accept(case, "personal")
    assert case.state == "assigned"
    workflow.log_contact(case, actor=me, now=NOW, version=None, channel="phone", outcome="no_answer")
    workflow.send_message(case, actor=me, now=NOW, version=None, subject="", body="I tried to call you.")
    accept(case, "personal")
    assert case.state == "contacted"


def test_waiting_comes_back_by_itself_and_the_team_clock_stood_still(case: Ticket, hanna: User) -> None:
    me = Actor.person(hanna)
    case = workflow.log_contact(case, actor=me, now=NOW, version=None, channel="phone", outcome="spoke")
    due = case.deadlines.get(target="resolution").due_at
    case = workflow.wait(case, actor=me, now=NOW, version=None, question="Which file was it?")
    assert case.state == "waiting_on_customer" and case.waiting_until is not None
    clocks.bring_back_waiting(now=case.waiting_until - HOUR)
    case.refresh_from_db()
    assert case.state == "waiting_on_customer"
    clocks.bring_back_waiting(now=case.waiting_until)
    case.refresh_from_db()
    assert case.state == "contacted"
    assert case.deadlines.get(target="resolution").due_at >= due + 6 * DAY
    assert case.resolution_due_at == case.deadlines.get(target="resolution").due_at


def test_a_question_that_came_back_is_not_waited_for(case: Ticket, hanna: User) -> None:
    me = Actor.person(hanna)
    workflow.log_contact(case, actor=me, now=NOW, version=None, channel="phone", outcome="spoke")
    for question in ("Which file was it?", "And which day?"):
        workflow.wait(case, actor=me, now=NOW, version=None, question=question)
        accept(case, "personal")
        if question.startswith("Which"):
            workflow.resume(case, actor=me, now=NOW, version=None)
    first, second = Message.objects.filter(kind="personal").order_by("pk")
    mail_failed(first, now=NOW + HOUR)
    case.refresh_from_db()
    assert case.state == "waiting_on_customer"
    mail_failed(second, now=NOW + HOUR)
    case.refresh_from_db()
    assert (case.state, case.waiting_until) == ("contacted", None)
    assert case.events.get(seq=case.version).data["because"] == "not-delivered"


@pytest.mark.django_db(transaction=True)
def test_a_question_that_is_held_back_at_the_last_look_is_not_waited_for(case: Ticket, hanna: User) -> None:
    me = Actor.person(hanna)
    workflow.log_contact(case, actor=me, now=NOW, version=None, channel="phone", outcome="spoke")
    case = workflow.wait(case, actor=me, now=NOW, version=None, question="Which file was it?")
    Contact.objects.update(do_not_contact=True)
    deliver_due(NOW)
    case.refresh_from_db()
    assert (case.state, case.waiting_until) == ("contacted", None)
    assert Message.objects.get(kind="personal").state == "skipped"
    assert Message.objects.filter(recipient=hanna.email, subject__startswith="A mail did not leave").exists()


def test_a_ticket_that_raises_holds_up_no_other(case: Ticket, hanna: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returning, "BATCH", 1)
    who = {"actor": Actor.person(hanna), "now": NOW, "version": None}
    response = make_response(2, contact=make_contact("Ola Berg"), received_at=NOW, responded_at=NOW - HOUR)
    broken = make_ticket(response, owner=hanna, state="waiting_on_customer", waiting_until=NOW, waiting_from="closed")
    workflow.log_contact(case, channel="phone", outcome="spoke", **who)
    workflow.wait(case, question="Which one?", until=NOW + HOUR, **who)
    assert clocks.bring_back_waiting(now=NOW + DAY) == 0
    monkeypatch.setattr(returning, "BATCH", 2)
    assert clocks.bring_back_waiting(now=NOW + DAY) == 1
    case.refresh_from_db(), broken.refresh_from_db()
    assert (case.state, broken.state) == ("contacted", "waiting_on_customer")


def test_the_third_question_is_told_to_the_lead(case: Ticket, hanna: User, lead: User) -> None:
    me = Actor.person(hanna)
    workflow.log_contact(case, actor=me, now=NOW, version=None, channel="phone", outcome="spoke")
    for _n in range(3):
        assert not Message.objects.filter(recipient=lead.email).exists()
        workflow.wait(case, actor=me, now=NOW, version=None, question="Which file was it?")
        workflow.resume(case, actor=me, now=NOW, version=None)
    assert (
        Message.objects.filter(recipient=lead.email, subject__startswith="Waiting for the customer a third").count()
        == 1
    )


def test_each_escalation_fires_once(case: Ticket, hanna: User, lead: User) -> None:
    assert case.promised_at is not None
    late = max(case.promised_at, NOW + 48 * HOUR) + HOUR
    for _twice in range(2):
        clocks.escalate(now=case.promised_at - HOUR)
        clocks.escalate(now=late)
    levels = Escalation.objects.filter(ticket=case, target="first_contact").values_list("level", flat=True)
    assert sorted(levels) == ["late", "soon"]
    assert Message.objects.filter(recipient=hanna.email, subject__startswith="Due within three hours").count() == 1
    assert Message.objects.filter(recipient=lead.email, subject__startswith="Late").count() == 1


def test_each_time_that_passes_is_told_whatever_else_passes_in_the_same_sweep(case: Ticket, lead: User) -> None:
    other = make_ticket(make_response(2, contact=make_contact("Ola Berg")), owner=case.owner, team=case.team)
    make_deadline(case, "answer", due_at=NOW + 3 * DAY)
    make_deadline(other, due_at=NOW + 2 * DAY + 12 * HOUR)
    for hours in (50, 72):
        clocks.escalate(now=NOW + hours * HOUR)
    late = Message.objects.filter(recipient=lead.email, subject__startswith="Late")
    assert sorted(late.values_list("case", flat=True)) == [case.pk, case.pk, other.pk]


def test_many_late_at_once_are_one_mail(hanna: User, lead: User) -> None:
    team = Team.objects.get(is_default=True)
    make_member(team, hanna)
    make_member(team, lead, role="lead", capacity=0)
    for n in range(9):
        contact = make_contact(f"Marta {n}", email=f"m{n}@nordby.example")
        make_response(3, contact=contact, received_at=NOW, responded_at=NOW - HOUR, decided_revision=0)
    open_awaiting(now=NOW)
    assign_waiting(now=NOW)
    clocks.escalate(now=NOW + 5 * DAY)
    assert Message.objects.filter(recipient=lead.email).count() == 1


def test_a_promise_in_danger_warns_its_owner_and_a_broken_one_tells_the_lead_once_per_date(
    case: Ticket, hanna: User, lead: User
) -> None:
    ivo = make_user("Ivo Lenz")
    me = Actor.person(hanna)
    workflow.log_contact(case, actor=me, now=NOW, version=None, channel="phone", outcome="spoke")
    day = (NOW + 2 * DAY).date()
    workflow.add_action(case, actor=me, now=NOW, version=None, title="Send the list.", owner=ivo, due_on=day)
    action = case.actions.get()
    for _twice in range(2):
        clocks.warn_of_promises_in_danger(now=action.due_at - HOUR)
        clocks.tell_of_broken_promises(now=action.due_at - HOUR)
    assert Message.objects.filter(recipient=ivo.email, subject__startswith="Promised, and due soon").count() == 1
    assert not Message.objects.filter(recipient=lead.email).exists()
    for _twice in range(2):
        clocks.tell_of_broken_promises(now=action.due_at + HOUR)
    assert Message.objects.filter(recipient=lead.email, subject__startswith="A promise was not kept").count() == 1
    moved = (NOW + 6 * DAY).date()
    now = action.due_at + HOUR
    workflow.move_action(case, actor=me, now=now, version=None, action=action, due_on=moved, reason="More was broken.")
    action.refresh_from_db()
    clocks.tell_of_broken_promises(now=action.due_at + HOUR)
    assert Message.objects.filter(recipient=lead.email, subject__startswith="A promise was not kept").count() == 2


def test_a_reply_to_an_automatic_mail_is_no_contact_and_owes_an_answer(case: Ticket, hanna: User) -> None:
    case = workflow.log_reply(case, actor=Actor.person(hanna), now=NOW, version=None, text="Read case 88213 first.")
    assert (case.state, case.customer_waits, case.first_contact_at) == ("assigned", True, None)
    assert case.deadlines.filter(target="answer", met_at=None).exists()


def test_a_reply_to_a_personal_mail_is_contact(case: Ticket, hanna: User) -> None:
    case = workflow.log_reply(
        case, actor=Actor.person(hanna), now=NOW, version=None, text="Yes, call me.", to_personal_mail=True
    )
    assert case.state == "contacted" and case.customer_waits


@pytest.mark.parametrize("to_personal_mail", [True, False])
def test_who_says_that_it_is_settled_waits_for_nothing(case: Ticket, hanna: User, to_personal_mail: bool) -> None:
    words = {"text": "It works again.", "says_settled": True, "to_personal_mail": to_personal_mail}
    case = workflow.log_reply(case, actor=Actor.person(hanna), now=NOW, version=None, **words)
    assert not case.customer_waits
    assert not case.deadlines.filter(target="answer").exists()


def test_who_says_so_instead_of_answering_a_question_waits_for_nothing(case: Ticket, hanna: User) -> None:
    who = {"actor": Actor.person(hanna), "now": NOW, "version": None}
    case = workflow.log_contact(case, channel="phone", outcome="spoke", **who)
    case = workflow.wait(case, question="Which one?", **who)
    case = workflow.log_reply(case, text="It works again.", says_settled=True, **who)
    assert (case.state, case.customer_waits) == ("contacted", False)


def test_yes_by_mail_before_resolving_confirms_on_resolving(case: Ticket, hanna: User) -> None:
    who = {"actor": Actor.person(hanna), "version": None}
    workflow.log_reply(case, text="It works again, thank you.", says_settled=True, now=NOW - HOUR, **who)
    case = resolved(case, hanna)
    assert (case.state, case.closed_as) == ("closed", "confirmed")
    assert case.events.last().data["confirmed_by"] == "reply"


def test_who_said_settled_before_resolving_is_told_once_the_mail_arrived(case: Ticket, hanna: User) -> None:
    make_verdict(case, "settled", happened_at=NOW - HOUR / 2)
    case = resolved(case, hanna)
    assert (case.state, case.told_at) == ("closed", None)
    accept(case, "resolution")
    assert case.told_at == NOW


def test_whoever_writes_again_after_settled_has_the_last_word(case: Ticket, hanna: User) -> None:
    make_verdict(case, "settled", happened_at=NOW - HOUR / 2)
    who = {"actor": Actor.person(hanna), "version": None}
    workflow.log_reply(case, text="No, it broke again.", now=NOW - HOUR / 4, **who)
    assert resolved(case, hanna).state == "resolved"


def test_a_reply_is_not_logged_before_the_answer(case: Ticket, hanna: User) -> None:
    words = {"actor": Actor.person(hanna), "version": None, "text": "Well?", "to_personal_mail": True}
    with pytest.raises(Incomplete, match="before the customer answered"):
        workflow.log_reply(case, now=NOW, happened_at=NOW - DAY, **words)


def test_yes_by_mail_confirms(case: Ticket, hanna: User) -> None:
    case = resolved(case, hanna)
    case = workflow.log_reply(
        case, actor=Actor.person(hanna), now=NOW, version=None, text="All settled, thank you.", says_settled=True
    )
    assert (case.state, case.closed_as) == ("closed", "confirmed")
    assert case.events.last().data["confirmed_by"] == "reply"


def test_a_ticket_that_is_reopened_has_the_owner_of_its_conversation(case: Ticket, hanna: User) -> None:
    case = resolved(case, hanna)
    accept(case, "resolution")
    assert case.silence_until is not None
    clocks.close_the_silent(now=case.silence_until)
    fresh = make_response(3, contact=case.contact, received_at=NOW, responded_at=NOW - HOUR, decided_revision=0)
    open_awaiting(now=NOW)
    words = {"actor": Actor.customer(), "now": NOW, "version": None, "text": "It is back."}
    case = workflow.log_reply(case, **words)
    conversation = Ticket.objects.get(response=fresh).conversation
    assert (case.conversation, case.owner, conversation.owner) == (conversation, hanna, hanna)

    User.objects.filter(pk=hanna.pk).update(is_active=False)
    Ticket.objects.filter(pk=case.pk).update(state="resolved")
    case = workflow.log_reply(case, **words)
    conversation.refresh_from_db()
    assert (case.owner, conversation.owner) == (None, None)


def test_absences_do_not_stop_what_runs(case: Ticket, hanna: User) -> None:
    Away.objects.create(user=hanna, starts_at=NOW - HOUR, ends_at=NOW + 9 * DAY)
    case = resolved(case, hanna)
    assert case.state == "resolved"
