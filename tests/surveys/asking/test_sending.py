"""Invitations whose moment has come: looked at once more, sent, reminded, ended."""

from datetime import UTC, date, datetime, timedelta

import pytest

from nps_loop.mail import delivery, suppression, telling
from nps_loop.mail.models import Message, Stream, Suppression
from surveys.asking import reminding, sending
from surveys.models import Contact, Invitation, Survey
from tests.factories import (
    DAY,
    HOUR,
    NOW,
    make_account,
    make_brand,
    make_contact,
    make_response,
    make_ticket,
)
from tests.surveys.asking.rows import make_cadence, make_planned

State, Rule, Cause = Invitation.State, Invitation.Rule, Invitation.Cause
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _brand():
    make_brand()


def fresh(row: Invitation) -> Invitation:
    return Invitation.objects.select_related("message", "reminder").get(pk=row.pk)


def sent(**fields) -> Invitation:
    """An invitation that the mail server has taken."""
    row = make_planned(make_cadence(**fields))
    sending.send_due(now=NOW)
    delivery.deliver_due(NOW)
    return fresh(row)


def test_what_is_due_is_queued_and_is_sent_once_the_mail_server_took_it():
    row = make_planned(make_cadence(remind_after_days=5, answer_within_days=20))

    assert sending.send_due(now=NOW) == 1

    queued = fresh(row)
    assert (queued.state, queued.message.state, queued.message.stream) == ("planned", "queued", Stream.SURVEYS)
    assert queued.message.recipient == row.contact.email
    assert sending.send_due(now=NOW) == 0
    delivery.deliver_due(NOW)
    left = fresh(row)
    assert left.state == State.SENT and left.sent_at == left.message.sent_at
    assert (left.remind_at, left.expires_at) == (left.sent_at + 5 * DAY, left.sent_at + 20 * DAY)


def test_what_is_not_due_yet_stays():
    row = make_planned(planned_for=NOW + HOUR)
    assert sending.send_due(now=NOW) == 0
    assert fresh(row).message is None


def stopped_by(row: Invitation) -> str:
    sending.send_due(now=NOW)
    found = fresh(row)
    if found.stopped_by:
        assert (found.state, found.ended_at) == (State.STOPPED, NOW)
        assert not Message.objects.exists()
    return found.stopped_by


def test_nobody_is_asked_while_a_case_of_theirs_is_open():
    contact = make_contact()
    make_ticket(answer={"contact": contact, "responded_at": NOW - 90 * DAY})
    assert stopped_by(make_planned(contact=contact)) == Rule.OPEN_CASE


def test_a_case_that_waits_for_its_customers_yes_is_open():
    contact = make_contact()
    make_ticket(answer={"contact": contact, "responded_at": NOW - 90 * DAY}, state="resolved")
    assert stopped_by(make_planned(contact=contact)) == Rule.OPEN_CASE


def test_a_case_that_is_over_stops_nobody():
    contact = make_contact()
    make_ticket(answer={"contact": contact, "responded_at": NOW - 90 * DAY}, state="closed")
    assert stopped_by(make_planned(contact=contact)) == Rule.NONE


def test_somebody_who_unsubscribed_after_the_planning_is_not_asked():
    row = make_planned()
    suppression.suppress([row.contact.email], Stream.SURVEYS, Suppression.Reason.UNSUBSCRIBED, now=NOW)
    assert stopped_by(row) == Rule.SUPPRESSED


def test_a_survey_that_was_switched_off_sends_nothing():
    assert stopped_by(make_planned(make_cadence(is_sent=False))) == Rule.SWITCHED_OFF


def test_a_moment_long_past_is_not_made_up_for():
    assert stopped_by(make_planned(planned_for=NOW - 15 * DAY)) == Rule.TOO_LATE


def test_a_person_who_was_erased_meanwhile_is_not_asked():
    row = make_planned()
    Invitation.objects.filter(pk=row.pk).update(contact=None)
    assert stopped_by(row) == Rule.ERASED


def test_two_surveys_that_want_one_person_in_the_same_minute_send_one_mail():
    contact = make_contact()
    first, second = make_planned(contact=contact), make_planned(contact=contact)

    sending.send_due(now=NOW)

    assert [fresh(row).stopped_by for row in (first, second)] == ["", Rule.RESTING]
    assert Message.objects.count() == 1


def test_of_one_account_no_more_are_asked_than_the_survey_says():
    survey, account = make_cadence(account_most=2), make_account()
    rows = [make_planned(survey, make_contact(account=account)) for _ in range(4)]
    other = make_planned(survey, make_contact(account=make_account()))

    sending.send_due(now=NOW)

    assert [fresh(row).stopped_by for row in rows] == ["", "", Rule.ACCOUNT_RESTING, Rule.ACCOUNT_RESTING]
    assert fresh(other).stopped_by == ""


def test_in_quiet_hours_of_the_customer_it_waits_for_the_morning():
    survey = make_cadence(quiet_from=19, quiet_until=8)
    row = make_planned(survey, make_contact(time_zone="Asia/Tokyo"))  # half past eleven at night there

    sending.send_due(now=NOW)

    assert (fresh(row).state, fresh(row).planned_for) == (State.PLANNED, datetime(2026, 11, 24, 23, tzinfo=UTC))
    sending.send_due(now=datetime(2026, 11, 24, 23, 1, tzinfo=UTC))
    assert fresh(row).message is not None


def test_whoever_said_to_be_away_is_asked_when_back():
    row = make_planned(contact=make_contact(away_until=date(2026, 12, 1), time_zone="Europe/Berlin"))
    sending.send_due(now=NOW)
    assert fresh(row).planned_for == datetime(2026, 11, 30, 23, tzinfo=UTC)


def test_an_event_is_not_asked_about_weeks_later_because_somebody_was_away():
    survey = make_cadence(kind=Survey.Kind.TRANSACTIONAL)
    contact = make_contact(away_until=date(2026, 12, 20))
    row = make_planned(survey, contact, cause=Cause.EVENT, occasion_at=NOW - DAY)
    assert stopped_by(row) == Rule.TOO_LATE


def test_a_mail_that_cannot_be_delivered_was_no_asking():
    row = sent()
    telling.mark_bounced([row.message_id], reason="no such mailbox", now=NOW)

    found = fresh(row)
    assert (found.state, found.stopped_by, found.remind_at) == (State.STOPPED, Rule.NOT_DELIVERED, None)
    suppression.lift([row.contact.email])
    again = make_planned(contact=row.contact)
    assert stopped_by_only(again) == ""


def stopped_by_only(row: Invitation) -> str:
    sending.send_due(now=NOW)
    return fresh(row).stopped_by


def test_a_case_that_opens_while_the_mail_waits_stops_it_and_the_row_says_so():
    row = make_planned()
    sending.send_due(now=NOW)
    make_ticket(answer={"contact": row.contact, "responded_at": NOW - 90 * DAY})

    delivery.deliver_due(NOW)

    found = fresh(row)
    assert (found.state, found.stopped_by) == (State.STOPPED, Rule.OPEN_CASE)
    assert found.message.state == Message.State.SKIPPED


def test_an_unsubscription_while_the_mail_waits_stops_it_and_the_row_says_so():
    row = make_planned()
    sending.send_due(now=NOW)
    suppression.suppress([row.contact.email], Stream.SURVEYS, Suppression.Reason.UNSUBSCRIBED, now=NOW)

    delivery.deliver_due(NOW)

    assert (fresh(row).state, fresh(row).stopped_by) == (State.STOPPED, Rule.SUPPRESSED)


def test_an_answer_before_we_heard_that_the_mail_left_stays_an_answer():
    row = make_planned(make_cadence(remind_after_days=5))
    sending.send_due(now=NOW)
    Message.objects.update(state=Message.State.SENDING, sent_at=NOW, leased_until=NOW)
    Invitation.objects.filter(pk=row.pk).update(state=State.ANSWERED, ended_at=NOW)

    telling.tell_owed(NOW)

    found = fresh(row)
    assert (found.state, found.sent_at, found.remind_at) == (State.ANSWERED, NOW, None)


def test_sending_many_costs_as_many_queries_as_few(django_assert_max_num_queries):
    survey = make_cadence()
    for _ in range(60):
        make_planned(survey)
    with django_assert_max_num_queries(14):
        assert sending.send_due(now=NOW) == 60


# --- the one reminder --------------------------------------------------------------------------------------------


def test_one_reminder_leaves_and_no_second():
    row = sent(remind_after_days=5)
    at = fresh(row).remind_at

    assert reminding.remind_due(now=at - HOUR) == 0
    assert reminding.remind_due(now=at) == 1
    assert reminding.remind_due(now=at + DAY) == 0
    delivery.deliver_due(at)

    found = fresh(row)
    assert (found.state, found.reminder.kind, found.reminder.state) == ("sent", "invitation_reminder", "sent")
    assert Message.objects.count() == 2


def test_nobody_is_reminded_after_an_answer():
    row = sent(remind_after_days=5)
    Invitation.objects.filter(pk=row.pk).update(state=State.ANSWERED)
    assert reminding.remind_due(now=NOW + 6 * DAY) == 0


@pytest.mark.parametrize("what", ["case", "answer", "unsubscribed"])
def test_a_rule_that_came_up_since_stops_the_reminder_and_not_the_question(what):
    row = sent(remind_after_days=5)
    if what == "case":
        make_ticket(answer={"contact": row.contact, "responded_at": NOW - 90 * DAY})
    elif what == "answer":
        make_response(9, contact=row.contact, responded_at=NOW + DAY)
    else:
        suppression.suppress([row.contact.email], Stream.SURVEYS, Suppression.Reason.UNSUBSCRIBED, now=NOW)

    reminding.remind_due(now=NOW + 6 * DAY)

    found = fresh(row)
    assert (found.state, found.reminder, found.remind_at) == (State.SENT, None, None)
    rule = {"case": "open_case", "answer": "answered_lately", "unsubscribed": "suppressed"}[what]
    assert found.stopped_about == f"no reminder: {rule}"


def test_a_reminder_keeps_a_day_from_another_automatic_mail():
    row = sent(remind_after_days=5)
    at = fresh(row).remind_at
    other = Message.objects.get(pk=row.message_id)
    Message.objects.filter(pk=other.pk).update(sent_at=at - 2 * HOUR)

    reminding.remind_due(now=at)
    delivery.deliver_due(at)

    assert (fresh(row).reminder.state, fresh(row).reminder.send_after) == ("queued", at + 22 * HOUR)


def test_an_answer_while_the_reminder_waits_drops_it():
    row = sent(remind_after_days=5)
    at = fresh(row).remind_at
    reminding.remind_due(now=at)
    Invitation.objects.filter(pk=row.pk).update(state=State.ANSWERED)

    delivery.deliver_due(at)

    found = fresh(row)
    assert (found.state, found.reminder.state) == (State.ANSWERED, "skipped")
    assert found.reminder.reason == "Not sent: this survey was answered meanwhile."


@pytest.mark.parametrize(
    ("survey", "person", "open_case", "reason"),
    [
        ({"is_sent": False}, {}, False, "Not sent: this survey is not sent any more."),
        ({}, {"do_not_contact": True}, False, "Not sent: this person must not be contacted."),
        ({"share": 1}, {}, True, "Not sent: a case of this person is open."),
    ],
)
def test_what_changes_while_the_mail_waits_stops_it(survey, person, open_case, reason):
    row = make_planned()
    sending.send_due(now=NOW)
    Survey.objects.update(**{"is_sent": True, **survey})
    Contact.objects.filter(pk=row.contact_id).update(**{"role": "", **person})
    if open_case:
        make_ticket(answer={"contact": row.contact, "responded_at": NOW - 90 * DAY})

    delivery.deliver_due(NOW)

    found = fresh(row)
    assert (found.state, found.message.state, found.message.reason) == (State.STOPPED, "skipped", reason)


def test_a_question_that_waited_too_long_still_stops_for_an_open_case():
    row = make_planned(cause=Cause.EVENT, occasion_at=NOW - HOUR)
    sending.send_due(now=NOW)
    Invitation.objects.filter(pk=row.pk).update(occasion_at=NOW - 60 * DAY)
    make_ticket(answer={"contact": row.contact, "responded_at": NOW - 90 * DAY})

    delivery.deliver_due(NOW)

    assert fresh(row).message.reason == "Not sent: a case of this person is open."


def test_a_reminder_that_comes_back_takes_the_question_back_from_nobody():
    row = sent(remind_after_days=5)
    reminding.remind_due(now=NOW + 6 * DAY)
    delivery.deliver_due(NOW + 6 * DAY)

    telling.mark_bounced([fresh(row).reminder_id], reason="full", now=NOW + 6 * DAY)

    assert fresh(row).state == State.SENT


# --- the end -----------------------------------------------------------------------------------------------------


def test_what_nobody_answered_in_time_ends():
    row, answered = sent(answer_within_days=20), sent(answer_within_days=20)
    Invitation.objects.filter(pk=answered.pk).update(state=State.ANSWERED)

    assert reminding.expire_due(now=NOW + 19 * DAY) == 0
    assert reminding.expire_due(now=NOW + 20 * DAY + timedelta(minutes=5)) == 1

    assert (fresh(row).state, fresh(answered).state) == (State.EXPIRED, State.ANSWERED)
